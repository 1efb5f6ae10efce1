//! The redirect address's listener (RFC 8252 §7.3, §8.3), on this machine alone.
//!
//! Every program on the machine, and every web page in a browser on it, can talk to this port. So a request counts only if
//! its method, path and Host are the expected ones and the reader of its query finds a match; everything else is refused,
//! and the wait goes on.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tiny_http::Method;
use url::{Host, form_urlencoded};

use super::connections::{ConnectionPool, Handle};
use super::pages::Page;
use super::pending_page::PendingPage;
use super::request::{self, Head, NoHead};
use crate::failure::{CallbackRefusal, Failure, FailureKind, Heard};
use crate::profile::RedirectUri;
use crate::text::{Redactor, Shown};
use crate::transcript::{Speaker, Transcript};

/// Tried where any port will do: the system's choice, again and again, because a port that is free on one of localhost's
/// addresses can be taken on the other.
const ANY_PORT: [u16; 16] = [0; 16];
/// A signal handler can set a flag and nothing else, so the flag is looked at this often.
const FLAG_INTERVAL: Duration = Duration::from_millis(100);

/// Listens on the redirect address from [`bind`](Self::bind) until it is dropped: the port is never let go in between.
pub struct LoopbackListener {
    listeners: Vec<TcpListener>,
    redirect: RedirectUri,
    host: String,
    transcript: Transcript,
    refused: Mutex<Vec<CallbackRefusal>>,
    /// Whether any request came.
    has_heard: AtomicBool,
    tell: Option<Box<dyn Fn(CallbackRefusal) + Send + Sync>>,
}

/// A request that is not the response.
pub(super) struct Refused {
    /// The status to answer with.
    pub(super) status: u16,
    /// What was wrong, where it may have come from the person's browser and not from another program.
    pub(super) why: Option<CallbackRefusal>,
}

/// How a query relates to the authorization response that is waited for (RFC 6749 §4.1.2).
pub enum Match<T> {
    /// It is that response, and decides: what it brought, or the error that it reports.
    Response(Result<T, Failure>),
    /// It is not: no state or another one, or not what an authorization server sends. The wait goes on.
    Mismatch(CallbackRefusal),
}

/// Reads a request's query; called on the connections' own threads.
pub type QueryReader<'a, T> = &'a (dyn Fn(&str) -> Match<T> + Sync);

/// Looks whether the response has come another way, as by paste; called several times a second.
pub type Beside<'a, T> = &'a mut dyn FnMut() -> Option<Result<T, Failure>>;

/// What a decisive response brought, and the page that its browser waits for.
type Arrived<T> = (Result<T, Failure>, PendingPage);

/// A sign-in that brought no code, and the browser where one waits.
pub struct FailedWait {
    /// What happened.
    pub failure: Failure,
    /// The browser; answering it does nothing where none is there.
    pub page: PendingPage,
}

impl LoopbackListener {
    /// Listens on the address of `redirect`: on its port, or on any free one where it names none. For `localhost` that
    /// is both 127.0.0.1 and `[::1]`, where this machine has the latter: another process that held it would get the code.
    ///
    /// # Errors
    /// [`FailureKind::Local`] if the address is not this machine's, or its port is taken.
    pub fn bind(redirect: &RedirectUri, transcript: Transcript) -> Result<Self, Failure> {
        let failed =
            |reason: Shown| Failure::new(FailureKind::Local { what: shown!("listen on {}", redirect), reason });
        if !redirect.is_loopback() {
            return Err(failed("it is not an http address of this machine".into()));
        }
        let url = redirect.as_url();
        let both = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let addresses: Vec<IpAddr> = match url.host() {
            Some(Host::Ipv4(address)) => vec![address.into()],
            Some(Host::Ipv6(address)) => vec![address.into()],
            _ => both.to_vec(),
        };
        let listeners = match url.port() {
            Some(port) => bind_all(&addresses, port),
            None => bind_first(&addresses, &ANY_PORT),
        };
        let listeners = listeners.map_err(|error| failed(Shown::of(error)))?;
        let port = listeners[0].local_addr().map_err(|error| failed(Shown::of(error)))?.port();
        let mut url = url.clone();
        let _ = url.set_port(Some(port));
        let name = url.host_str().unwrap_or_default();
        let host = if port == 80 { name.to_owned() } else { format!("{name}:{port}") };
        let redirect = url
            .as_str()
            .parse()
            .map_err(|error: crate::profile::Invalid| failed(Redactor::by_shape(&error.problem)))?;
        Ok(Self {
            listeners,
            redirect,
            host,
            transcript,
            refused: Mutex::default(),
            has_heard: AtomicBool::new(false),
            tell: None,
        })
    }

    /// Calls `tell` at the first of each kind of unusable answer, while the wait goes on: the person sees an error in the
    /// browser, and would otherwise learn the cause when the time is over.
    #[must_use]
    pub fn on_refusal(mut self, tell: impl Fn(CallbackRefusal) + Send + Sync + 'static) -> Self {
        self.tell = Some(Box::new(tell));
        self
    }

    /// The redirect address with the port that really listens, and otherwise as registered.
    #[must_use]
    pub fn redirect_uri(&self) -> &RedirectUri {
        &self.redirect
    }

    /// What came instead of the answer so far, each kind once.
    #[must_use]
    pub fn refused(&self) -> Vec<CallbackRefusal> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, refusal: CallbackRefusal) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.contains(&refusal) {
            return;
        }
        refused.push(refusal);
        drop(refused);
        if let Some(tell) = &self.tell {
            tell(refusal);
        }
    }

    /// Waits for a request that `read` takes for the response, until `deadline`, or until `cancelled` is set, or `beside`
    /// has one. No connection is accepted after it returns, so drop the listener then; the page does not need it.
    ///
    /// # Errors
    /// [`FailureKind::SignInTimedOut`] after the deadline or a cancellation, and what `read` and `beside` report.
    pub fn wait<T: Send>(
        &self,
        read: QueryReader<'_, T>,
        deadline: Instant,
        cancelled: &AtomicBool,
        beside: Beside<'_, T>,
    ) -> Result<(T, PendingPage), Box<FailedWait>> {
        let started = Instant::now();
        let (sender, receiver) = mpsc::sync_channel(1);
        let pool = ConnectionPool::default();
        let taken = AtomicBool::new(false);
        let serve = |connection: &Handle<'_>| self.serve(connection, read, &taken, &sender);
        thread::scope(|scope| {
            let serve: &(dyn Fn(&Handle<'_>) + Sync) = &serve;
            let pool = &pool;
            for listener in &self.listeners {
                scope.spawn(move || pool.accept(scope, listener, serve));
            }
            let arrived = loop {
                let left = deadline.saturating_duration_since(Instant::now());
                if left.is_zero() || cancelled.load(Ordering::SeqCst) {
                    break None;
                }
                if let Ok(arrived) = receiver.recv_timeout(left.min(FLAG_INTERVAL)) {
                    break Some(arrived);
                }
                if let Some(result) = beside() {
                    break Some((result, PendingPage::none()));
                }
            };
            pool.close(&self.listeners);
            match arrived {
                Some((Ok(response), page)) => Ok((response, page)),
                Some((Err(failure), page)) => Err(Box::new(FailedWait { failure, page })),
                None => {
                    Err(Box::new(FailedWait { failure: self.timed_out(started.elapsed()), page: PendingPage::none() }))
                }
            }
        })
    }

    fn timed_out(&self, after: Duration) -> Failure {
        let heard = if self.has_heard.load(Ordering::SeqCst) { Heard::Requests } else { Heard::Nothing };
        FailureKind::SignInTimedOut { after, heard, refused: self.refused() }.into()
    }

    fn serve<T>(
        &self,
        connection: &Handle<'_>,
        read: QueryReader<'_, T>,
        taken: &AtomicBool,
        sender: &mpsc::SyncSender<Arrived<T>>,
    ) {
        let head = request::read_head(&connection.stream, connection.deadline, || connection.has_begun());
        if !matches!(head, Err(NoHead::Gone)) {
            self.has_heard.store(true, Ordering::SeqCst);
        }
        let (refused, with_body) = match head {
            Ok(head) => match self.judge(&head, read) {
                Ok(result) if !taken.swap(true, Ordering::SeqCst) => {
                    let stream = connection.detach().then(|| Arc::clone(&connection.stream));
                    self.remark("the sign-in's answer arrived");
                    let _ = sender.send((result, PendingPage::of(stream)));
                    return;
                }
                // The same answer again, as from a reload: the first one decides.
                Ok(_) => (Refused { status: 400, why: None }, true),
                Err(refused) => (refused, head.method != Method::Head),
            },
            Err(NoHead::Gone) => return,
            Err(NoHead::Tls) => {
                self.note(CallbackRefusal::Tls);
                self.remark("a TLS handshake arrived: the browser opened this address with https instead of http");
                request::answer_tls(&connection.stream, connection.deadline);
                connection.is_served();
                return request::drain(&connection.stream, connection.deadline);
            }
            Err(NoHead::Refused(status)) => {
                let why = matches!(status, 413 | 431).then_some(CallbackRefusal::TooLarge);
                (Refused { status, why }, true)
            }
        };
        let Refused { status, why } = refused;
        self.remark(&format!("a request was refused with {status}"));
        if let Some(why) = why {
            self.note(why);
        }
        request::answer(&connection.stream, status, &Page::refusal(status, why), with_body, connection.deadline);
        connection.is_served();
        request::drain(&connection.stream, connection.deadline);
    }

    /// Reads what `head` brings if it is the response that is waited for; else how to refuse it (SECURITY.md L3, L4).
    pub(super) fn judge<T>(&self, head: &Head, read: QueryReader<'_, T>) -> Result<Result<T, Failure>, Refused> {
        let (path, query) = head.target.split_once('?').unwrap_or((&head.target, ""));
        let status = if head.host.as_deref() != Some(self.host.as_str()) {
            // RFC 9110 §15.5.20: a page that reaches us under another name (DNS rebinding) gets nothing.
            421
        } else if head.method != Method::Get {
            405
        } else if path != self.redirect.as_url().path() || query.is_empty() {
            404
        } else {
            return match read(query) {
                Match::Response(result) => Ok(result),
                Match::Mismatch(why) => Err(Refused { status: 400, why: Some(why) }),
            };
        };
        let is_ours = path == self.redirect.as_url().path();
        let why = match status {
            421 if is_ours && has_answer(query) => Some(CallbackRefusal::OtherHost),
            405 if is_ours && head.method == Method::Post => Some(CallbackRefusal::FormPost),
            404 if is_ours => Some(CallbackRefusal::NoQuery),
            404 if has_answer(query) => Some(CallbackRefusal::OtherPath),
            _ => None,
        };
        Err(Refused { status, why })
    }

    fn remark(&self, text: &str) {
        self.transcript.line("HTTP", Speaker::Remark, text);
    }
}

/// Whether this looks like the answer to a sign-in. A browser asks for icons by itself, and programs look at open ports:
/// those are not reported.
fn has_answer(query: &str) -> bool {
    let has = |names: &[&str]| form_urlencoded::parse(query.as_bytes()).any(|(name, _)| names.contains(&name.as_ref()));
    has(&["state"]) && has(&["code", "error"])
}

/// Binds the first of `ports` that is free on every address.
fn bind_first(addresses: &[IpAddr], ports: &[u16]) -> io::Result<Vec<TcpListener>> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for port in ports {
        match bind_all(addresses, *port) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => last = error,
            other => return other,
        }
    }
    Err(last)
}

/// Binds `port` (0: a free one) on every address, or on none. A machine without IPv6 has no second address to hold.
fn bind_all(addresses: &[IpAddr], port: u16) -> io::Result<Vec<TcpListener>> {
    let mut listeners = vec![TcpListener::bind(SocketAddr::new(addresses[0], port))?];
    let port = listeners[0].local_addr()?.port();
    for address in &addresses[1..] {
        match TcpListener::bind(SocketAddr::new(*address, port)) {
            Ok(listener) => listeners.push(listener),
            Err(error) if matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied) => {
                return Err(error);
            }
            Err(_) => {}
        }
    }
    Ok(listeners)
}

#[cfg(test)]
mod tests;
