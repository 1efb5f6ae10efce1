//! What an access token itself says of a refusal, before any server is asked.
//!
//! A JWT (RFC 7519; RFC 9068 for access tokens) is read here, and its signature is not checked: that is the resource
//! server's part (RFC 9068 §4), the token came to us straight from the token endpoint, and nobody is let in by what we
//! read. We only look for what explains a refusal. A token of any other form is opaque, as is its provider's right
//! (RFC 6749 §1.4); nothing is concluded from that.

mod rules;
mod said;

pub use said::Said;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::about::About;
use super::catalogue;
use super::known;
use crate::jwt;
use crate::profile::{App, MailProtocol, Mailbox};
use crate::report::{Confidence, ExitCode, Finding};

/// An access token, and what came with it.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// The token.
    pub token: &'a SecretString,
    /// The scopes that the token endpoint said it is good for; none where it did not say.
    pub granted: &'a [String],
    /// When it came, by this machine's clock of then.
    pub received: Timestamp,
    /// When it ends, by what the token endpoint said.
    pub expires: Timestamp,
    /// Who was accepted at the sign-in, by the name for people.
    pub signed_in_as: Option<&'a str>,
}

/// What was seen in a token.
#[derive(Clone)]
pub struct Preflight {
    /// What it says; `None` where it is opaque.
    pub said: Option<Said>,
    /// Whose it is, from whom, and for how long.
    pub account: Part,
    /// What it opens, for each mail protocol that was asked about.
    pub doors: Vec<(MailProtocol, Part)>,
}

/// One side of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What the token says of it, in a few words; `None` where it is opaque.
    pub detail: Option<String>,
    /// What speaks against it, the most telling first.
    pub objections: Vec<Objection>,
}

/// Something in a token for which a server would refuse it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// The catalogue's entry.
    pub code: &'static str,
    /// What was seen, in one sentence. It holds the token's own words, bounded and without control characters.
    pub observed: String,
    /// Whether it is only a guess, which a server that did not even look at the token leaves as open as before.
    pub is_doubt: bool,
}

/// Looks at a token of `mailbox`, and at what it opens of `protocols`. Nothing but the arguments is asked.
#[must_use]
pub fn look(
    presented: Presented<'_>,
    app: &App,
    mailbox: &Mailbox,
    protocols: impl IntoIterator<Item = MailProtocol>,
    now: Timestamp,
) -> Preflight {
    let said = jwt::read(presented.token.expose_secret()).ok().map(|claims| Said::read(&claims));
    let account = Part {
        detail: said.as_ref().map(|said| said.account(mailbox.signs_in_as())),
        objections: rules::account(said.as_ref(), presented, app, mailbox, now),
    };
    let door = |protocol| Part {
        detail: said.as_ref().map(Said::purpose),
        objections: rules::door(said.as_ref(), presented.granted, app, protocol),
    };
    let doors = protocols.into_iter().map(|protocol| (protocol, door(protocol))).collect();
    Preflight { said, account, doors }
}

impl Objection {
    fn new(code: &'static str, observed: String) -> Self {
        Self { code, observed, is_doubt: false }
    }

    fn doubt(code: &'static str, observed: String) -> Self {
        Self { code, observed, is_doubt: true }
    }

    /// What it means, with what was seen before it.
    #[must_use]
    pub fn finding(&self, about: About<'_>) -> Finding {
        let mut finding = match catalogue::entry(self.code) {
            Some(entry) => known::explained(entry, about),
            None => Finding::new(self.code, "", ExitCode::CheckFailed),
        };
        finding.cause = format!("{} {}", self.observed, finding.cause);
        if self.is_doubt && finding.confidence == Confidence::Certain {
            finding.confidence = Confidence::Likely;
        }
        finding
    }
}

#[cfg(test)]
mod tests;
