//! What an access token itself says of a refusal, before any server is asked.
//!
//! A JWT (RFC 7519; RFC 9068 for access tokens) is read here, and its signature is not checked: that is the resource
//! server's part (RFC 9068 §4), the token came to us straight from the token endpoint, and nobody is let in by what we
//! read. We only look for what explains a refusal. A token of any other form is opaque, as is its provider's right
//! (RFC 6749 §1.4); nothing is concluded from that.

mod objection;
mod rules;
mod said;

pub use objection::Objection;
pub use said::{Presented, Said};

use jiff::Timestamp;
use secrecy::ExposeSecret;

use crate::jwt;
use crate::profile::{App, MailProtocol, Mailbox};

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

impl Preflight {
    /// Whether the token says itself that it is for the server of `protocol`, and permits what is needed there.
    #[must_use]
    pub fn is_for(&self, protocol: MailProtocol) -> bool {
        let said = self.said.as_ref().is_some_and(|said| !said.audience.is_empty());
        said && self.doors.iter().any(|(door, part)| *door == protocol && part.objections.is_empty())
    }
}

/// One side of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What the token says of it, in a few words; `None` where it is opaque.
    pub detail: Option<String>,
    /// What speaks against it, the most telling first.
    pub objections: Vec<Objection>,
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

#[cfg(test)]
mod tests;
