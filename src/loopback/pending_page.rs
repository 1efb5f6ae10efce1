//! The browser's last page, which waits until the sign-in has come to something (SECURITY.md L6).

use std::net::TcpStream;
use std::sync::Arc;
use std::time::Instant;

use super::connections::CONNECTION_LIMIT;
use super::pages::{FailurePage, Page, SuccessPage};
use super::request;

/// The browser, still waiting for its page. If this is dropped without an answer, the page says that the sign-in was
/// interrupted.
#[must_use = "the browser waits for a page"]
pub struct PendingPage(Option<Arc<TcpStream>>);

impl PendingPage {
    /// The page of this connection, where there still is one.
    pub(super) fn of(stream: Option<Arc<TcpStream>>) -> Self {
        Self(stream)
    }

    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Tells the browser that the mailbox is authorized. Call it when that is true: after the exchange, the checks and
    /// the storing.
    pub fn succeed(mut self, page: &SuccessPage) {
        self.send(200, &Page::success(page));
    }

    /// Tells the browser what went wrong and what to do.
    pub fn fail(mut self, page: &FailurePage) {
        self.send(400, &Page::failure(page));
    }

    fn send(&mut self, status: u16, page: &Page) {
        if let Some(stream) = self.0.take() {
            let deadline = Instant::now() + CONNECTION_LIMIT;
            request::answer(&stream, status, page, true, deadline);
            request::drain(&stream, deadline);
        }
    }
}

impl Drop for PendingPage {
    fn drop(&mut self) {
        self.send(500, &Page::interrupted());
    }
}
