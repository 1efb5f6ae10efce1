//! What an access token itself says of a refusal, before any server is asked.
//!
//! A JWT (RFC 7519; RFC 9068 for access tokens) is read here, and its signature is not checked: that is the resource
//! server's part (RFC 9068 §4), the token came to us straight from the token endpoint, and no access is given by what we
//! read. We only look for what explains a refusal. A token of any other form is opaque, as is its provider's right
//! (RFC 6749 §1.4); nothing is concluded from that.

mod claims;
mod issue;
mod rules;

pub use claims::{PresentedToken, TokenClaims};
pub use issue::Issue;

use jiff::Timestamp;
use secrecy::ExposeSecret;

use crate::jwt;
use crate::profile::{App, Channel, Mailbox, Protocol};
use crate::text::{Redactor, Shown};

/// What was seen in a token.
#[derive(Clone)]
pub struct Preflight {
    /// What it says; `None` where it is opaque.
    pub claims: Option<TokenClaims>,
    /// Whose it is, from whom, and for how long.
    pub account: Part,
    /// What it opens, for each mail protocol that was asked about.
    pub per_protocol: Vec<(Protocol, Part)>,
}

impl Preflight {
    /// Whether the token says itself that it is for the server of `protocol`, and permits what is needed there.
    #[must_use]
    pub fn is_for(&self, protocol: Protocol) -> bool {
        let claims = self.claims.as_ref().is_some_and(|claims| !claims.audience.is_empty());
        claims && self.per_protocol.iter().any(|(other, part)| *other == protocol && part.issues.is_empty())
    }

    /// The same, without secrets: a token's words are its issuer's, who may write into them what it has seen elsewhere.
    /// The claims are as they were.
    #[must_use]
    pub fn cleaned(mut self, redactor: &Redactor) -> Self {
        self.account.clean(redactor);
        self.per_protocol.iter_mut().for_each(|(_, part)| part.clean(redactor));
        self
    }
}

/// One side of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What the token says of it, in a few words; `None` where it is opaque.
    pub detail: Option<Shown>,
    /// What counts against it, the most telling first.
    pub issues: Vec<Issue>,
}

impl Part {
    fn clean(&mut self, redactor: &Redactor) {
        let texts = self.detail.iter_mut().chain(self.issues.iter_mut().map(|issue| &mut issue.observed));
        texts.for_each(|text| *text = redactor.clean(text));
    }
}

/// Looks at a token of `mailbox`, and at what it opens of `protocols`. Nothing but the arguments is asked.
#[must_use]
pub fn look(
    presented: PresentedToken<'_>,
    app: &App,
    mailbox: &Mailbox,
    protocols: impl IntoIterator<Item = Protocol>,
    now: Timestamp,
) -> Preflight {
    let claims = jwt::read(presented.token.expose_secret()).ok().map(|claims| TokenClaims::read(&claims));
    let account = Part {
        detail: claims.as_ref().map(|claims| claims.account(mailbox.signs_in_as())),
        issues: rules::account(claims.as_ref(), presented, app, mailbox, now),
    };
    let part_of = |protocol| {
        let mut channels: Vec<Channel> = mailbox.channels().filter(|channel| channel.protocol == protocol).collect();
        if channels.is_empty() {
            channels.extend(protocol.sides().iter().map(|side| Channel::own(protocol, *side)));
        }
        let issues = channels
            .into_iter()
            .flat_map(|channel| rules::service(claims.as_ref(), presented.granted, app, mailbox, channel));
        let mut issues: Vec<Issue> = issues.collect();
        // What is wrong with the token for one side is wrong for the other, and need not be said twice.
        issues.dedup();
        Part { detail: claims.as_ref().map(TokenClaims::purpose), issues }
    };
    let per_protocol = protocols.into_iter().map(|protocol| (protocol, part_of(protocol))).collect();
    Preflight { claims, account, per_protocol }
}

#[cfg(test)]
mod tests;
