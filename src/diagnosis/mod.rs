//! What a failure means: from the bare fact to a cause in plain words and the way out of it.
//!
//! `known` holds what servers say, as data; the other files explain what this machine and the network say. No entry
//! drives the program: the facts do (RFC 6749's `error`, the kind of failure), the texts only explain.

mod known;
mod local;
mod network;
mod oauth;
mod rejection;

use crate::failure::{Failure, FailureKind};
use crate::profile::{App, MailProtocol, Mailbox};
use crate::report::{Confidence, ExitCode, Finding};

/// What a failure was about; its values are filled into the texts.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// The app.
    pub app: Option<&'a App>,
    /// The mailbox.
    pub mailbox: Option<&'a Mailbox>,
    /// The mail protocol that was spoken.
    pub protocol: Option<MailProtocol>,
}

/// Explains `failure`.
#[must_use]
pub fn finding(failure: &Failure, about: About<'_>) -> Finding {
    let mut finding = match &failure.kind {
        FailureKind::Rejected(rejection) => rejection::finding(rejection, failure.server_said.as_deref(), about),
        FailureKind::OAuth(fault) => oauth::finding(fault, about),
        FailureKind::NotOAuth { status, content_type, what } => {
            oauth::not_oauth(*status, content_type.as_deref(), what, about)
        }
        FailureKind::IdToken { .. }
        | FailureKind::OtherAccount { .. }
        | FailureKind::OtherSubject { .. }
        | FailureKind::NoRefreshToken
        | FailureKind::UnsafeUrl { .. }
        | FailureKind::SignInTimedOut { .. }
        | FailureKind::NotAuthorized { .. } => oauth::sign_in(&failure.kind, about),
        FailureKind::Store(fault) => local::store(fault),
        FailureKind::Busy { .. } | FailureKind::Local { .. } => local::finding(&failure.kind),
        FailureKind::Tls(fault) => network::tls(fault, about),
        _ => network::finding(&failure.kind, about),
    };
    if finding.server_said.is_none() {
        finding.server_said.clone_from(&failure.server_said);
    }
    finding
}

/// A finding with the usual values; callers set what differs.
fn plain(code: &'static str, cause: impl Into<String>, exit: ExitCode) -> Finding {
    Finding {
        code,
        cause: cause.into(),
        fix: Vec::new(),
        server_said: None,
        confidence: Confidence::Certain,
        source: None,
        exit,
    }
}

impl About<'_> {
    /// Fills `{address}`, `{user}`, `{mailbox}`, `{app}`, `{tenant}`, `{client_id}`, `{redirect_uri}`, `{portal}` and
    /// `{protocol}`. What is not known stays readable.
    fn fill(&self, text: &str) -> String {
        if !text.contains('{') {
            return text.to_owned();
        }
        let mailbox = |get: &dyn Fn(&Mailbox) -> String, other: &str| self.mailbox.map_or(other.to_owned(), get);
        let app = |get: &dyn Fn(&App) -> String, other: &str| self.app.map_or(other.to_owned(), get);
        text.replace("{address}", &mailbox(&|mailbox| mailbox.address.to_string(), "the mailbox"))
            .replace("{user}", &mailbox(&|mailbox| mailbox.signs_in_as().to_string(), "the mailbox's user"))
            .replace("{mailbox}", &mailbox(&|mailbox| mailbox.name.to_string(), "NAME"))
            .replace("{app}", &app(&|app| app.name.to_string(), "NAME"))
            .replace("{tenant}", &app(&|app| app.tenant_label().to_owned(), "the tenant"))
            .replace("{client_id}", &app(&|app| app.client_id.to_string(), "the client ID"))
            .replace("{redirect_uri}", &app(&|app| app.redirect_uri.to_string(), "the redirect URI"))
            .replace(
                "{portal}",
                app(&|app| app.provider.preset(app.cloud).portal.to_owned(), "the provider's portal").as_str(),
            )
            .replace("{protocol}", &self.protocol.map_or("mail".to_owned(), |protocol| protocol.to_string()))
    }

    fn fill_all(&self, steps: &[&str]) -> Vec<String> {
        steps.iter().map(|step| self.fill(step)).collect()
    }
}

#[cfg(test)]
mod tests;
