//! What a failure means: from the bare fact to a cause in plain words and the way out of it.
//!
//! `catalogue` holds what servers say, as data, and `reading` makes a text fit to be found in it; the other files explain
//! what this machine and the network say. No entry drives the program: the facts do (RFC 6749's `error`, the kind of
//! failure), the texts only explain.

mod about;
pub mod callback;
pub mod catalogue;
mod causes;
mod challenge;
pub mod clock;
mod disk;
pub mod explain;
mod foreign;
mod grant;
mod local;
mod network;
mod oauth;
mod pieces;
pub mod preflight;
mod proxy;
pub mod reading;
mod rejection;
mod resolve;
mod service;
pub mod slips;
mod told;
pub mod trials;
mod unlisted;
pub mod verdict;

pub use about::{FailureContext, OwnToken, Read, TokenFacts};
pub(crate) use disk::steps as disk_steps;
pub use told::Told;

use crate::failure::{Failure, FailureKind, Rejection};
use crate::report::Finding;
use crate::text::Shown;

/// Explains `failure`.
#[must_use]
pub fn finding(failure: &Failure, about: FailureContext<'_>) -> Finding {
    let mut finding = match &failure.kind {
        FailureKind::Rejected(rejection) => rejection::finding(rejection, failure.server_said.as_deref(), about),
        FailureKind::OAuth(fault) => oauth::finding(fault, about),
        FailureKind::NotOAuth { status, content_type, what, retry_after } => {
            let told = foreign::finding(*status, content_type.as_ref(), what, about);
            oauth::with_wait(told, *retry_after)
        }
        FailureKind::IdToken { .. }
        | FailureKind::OtherAccount { .. }
        | FailureKind::OtherSubject { .. }
        | FailureKind::NoRefreshToken
        | FailureKind::NoDeviceCode { .. }
        | FailureKind::DeviceCodeExpired { .. }
        | FailureKind::UnsafeUrl { .. }
        | FailureKind::SignInTimedOut { .. }
        | FailureKind::NoClientSecret { .. }
        | FailureKind::OtherIssuer { .. }
        | FailureKind::WrongPaste { .. }
        | FailureKind::NotAuthorized { .. } => oauth::sign_in(&failure.kind, about),
        FailureKind::GrantLost { fault, at } => grant::lost(fault, *at, about),
        FailureKind::GrantOfAnother { address, client_id, at, profile } => {
            grant::of_another((address, client_id, at), profile.as_ref(), about)
        }
        FailureKind::Credential(fault) => told::credential(fault, about),
        FailureKind::Store(fault) => local::store(fault),
        FailureKind::Busy { .. } | FailureKind::Local { .. } | FailureKind::File { .. } => {
            local::finding(&failure.kind)
        }
        FailureKind::Tls(fault) => network::tls(fault, about),
        FailureKind::Proxy(trouble) => proxy::finding(trouble, about),
        _ => network::finding(&failure.kind, failure.server_said.is_some(), about),
    };
    if finding.server_said.is_none() {
        finding.server_said.clone_from(&failure.server_said);
    }
    // XOAUTH2 and OAUTHBEARER give their reason in a challenge before the final answer (RFC 7628 section 3.2.2).
    if let FailureKind::Rejected(Rejection { challenge: Some(challenge), .. }) = &failure.kind {
        let answer = finding.server_said.take().map_or_else(Shown::default, |answer| shown!("\n{}", answer));
        finding.server_said = Some(shown!("{}{}", challenge, answer));
    }
    finding
}

#[cfg(test)]
mod tests;
