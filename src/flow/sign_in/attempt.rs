//! One sign-in, whichever way its tokens come: who signed in is compared with whose mailbox it is, and the grant is kept.

use std::time::Duration;

use secrecy::SecretString;

use super::options::SignInOptions;
use crate::context::Context;
use crate::diagnosis::FailureContext;
use crate::failure::{Failure, FailureKind};
use crate::flow::session::{self, Ready, Session};
use crate::net::HttpClient;
use crate::oauth::{Endpoints, Identity, TokenResponse, identity};
use crate::profile::{Address, App, Mailbox, Scope};
use crate::report::{Check, Finding, FindingCode, Report, Stage};
use crate::secrets::{GrantIdentity, MailboxRecord};
use crate::text::{Redactor, Shown};

/// What stays the same during one sign-in.
pub(super) struct Attempt<'a> {
    pub(super) app: &'a App,
    pub(super) mailbox: &'a Mailbox,
    pub(super) session: &'a Session<'a>,
    /// The session's way to the provider, but --timeout bounds it: for what comes before the person's part.
    pub(super) bounded: &'a HttpClient,
    pub(super) endpoints: &'a Endpoints,
    pub(super) asked: &'a [Scope],
    /// Those of the first token, where one token cannot carry all; else none.
    pub(super) first: &'a [Scope],
    pub(super) how: &'a SignInOptions,
    /// The grant of the last sign-in.
    pub(super) before: Option<&'a MailboxRecord>,
    pub(super) context: &'a Context,
}

/// What a way of signing in brings.
pub(super) struct Tokens<'a> {
    /// The mailbox's lock and space in the store, taken before the tokens were asked for: they exist once, so nothing may
    /// come between them and the store.
    pub(super) ready: Ready<'a>,
    pub(super) answer: TokenResponse,
    /// What the ID token must repeat, where the request could say it.
    pub(super) nonce: Option<SecretString>,
    /// How long the token endpoint took.
    pub(super) elapsed: Duration,
}

impl Attempt<'_> {
    /// What the first token is asked to open.
    pub(super) fn of_first_token(&self) -> &[Scope] {
        if self.first.is_empty() { self.asked } else { self.first }
    }

    /// Whether this is the first sign-in with these settings.
    pub(super) fn is_first(&self) -> bool {
        self.before.is_none_or(|grant| grant.binding != self.session.binding())
    }

    /// From the tokens to the stored grant, and the scopes that were not granted.
    pub(super) fn finish(
        &self,
        tokens: Tokens<'_>,
        report: &mut Report,
    ) -> Result<(MailboxRecord, Vec<Scope>), Failure> {
        let Tokens { ready, answer, nonce, elapsed } = tokens;
        let detail = match &answer.refresh_token {
            Some(_) => "access and refresh token received",
            None => return Err(FailureKind::NoRefreshToken.into()),
        };
        report.checks.push(Check::passed(Stage::Token, elapsed, detail));
        let identity = match &answer.id_token {
            Some(id_token) => Some(identity::verify(self.app, id_token, nonce.as_ref(), self.context.clock.now())?),
            None => None,
        };
        report.checks.push(match &identity {
            Some(identity) => {
                self.compare(identity)?;
                if identity.names.is_empty() {
                    let why = "the provider gives no name or address of who signed in; a test will show it";
                    Check::skipped(Stage::Identity, why)
                } else {
                    Check::passed(
                        Stage::Identity,
                        Duration::ZERO,
                        shown!("{} signed in", Redactor::by_shape(identity.label())),
                    )
                }
            }
            None if !self.is_first() && self.before.is_some_and(|grant| grant.identity.is_some()) => {
                // An answer without a name must not get past the comparison with the first sign-in.
                return Err(FailureKind::IdToken { what: "it is missing, and the last sign-in had one".into() }.into());
            }
            None => Check::skipped(Stage::Identity, "the provider does not say who signed in; a test will show it"),
        });
        let granted = answer.scopes.clone();
        let grant = self.session.establish(ready, &self.endpoints.token, answer, identity.as_ref(), self.asked)?;
        let missing = granted.map_or_else(Vec::new, |granted| session::missing_scopes(self.of_first_token(), &granted));
        Ok((grant, missing))
    }

    /// The most common mistake of all: another account signed in (SECURITY.md I2).
    fn compare(&self, identity: &Identity) -> Result<(), Failure> {
        if self.how.allow_other_account {
            return Ok(());
        }
        let known = self.before.and_then(|grant| grant.identity.as_ref().filter(|_| !self.is_first()));
        refuse_others(identity, known, self.mailbox.signs_in_as())
    }
}

/// Refuses an account that is neither the one that `known` was nor named as `expected`.
fn refuse_others(identity: &Identity, known: Option<&GrantIdentity>, expected: &Address) -> Result<(), Failure> {
    let name = |label, subject| shown!("{}, subject {}", Redactor::by_shape(label), Redactor::by_shape(subject));
    let is_known = |known: &GrantIdentity| {
        known.issuer == identity.issuer && known.subject == identity.subject && known.tenant == identity.tenant
    };
    match known {
        // The account that was accepted before, under whatever name, is the right one.
        Some(known) if is_known(known) => Ok(()),
        // Without any name there is nothing to compare; the mailbox opening is the proof.
        _ if !identity.names.is_empty() && !identity.is(expected) => {
            let (signed_in, expected) = (Redactor::by_shape(identity.label()), Shown::of(expected));
            Err(FailureKind::OtherAccount { signed_in, expected }.into())
        }
        Some(known) => Err(FailureKind::OtherSubject {
            recorded: name(&known.label, &known.subject),
            signed_in: name(identity.label(), &identity.subject),
        }
        .into()),
        None => Ok(()),
    }
}

/// Where in the sign-in `failure` happened.
pub(super) fn stage_of(failure: &Failure) -> Stage {
    match failure.kind {
        FailureKind::OtherAccount { .. } | FailureKind::OtherSubject { .. } | FailureKind::IdToken { .. } => {
            Stage::Identity
        }
        FailureKind::Store(_) => Stage::SecretStore,
        FailureKind::SignInTimedOut { .. }
        | FailureKind::WrongPaste { .. }
        | FailureKind::OtherIssuer { .. }
        | FailureKind::NoDeviceCode { .. }
        | FailureKind::DeviceCodeExpired { .. } => Stage::Authorize,
        // What the person did at the page, told through the redirect or, with a device code, by the token endpoint.
        FailureKind::OAuth(ref fault)
            if fault.status == 0
                || ["access_denied", "authorization_declined", "expired_token"].contains(&fault.error.as_str()) =>
        {
            Stage::Authorize
        }
        _ => Stage::Token,
    }
}

/// What the provider did not grant.
pub(super) fn scopes_missing(missing: &[Scope], app: &App, mailbox: &Mailbox) -> Finding {
    let about = FailureContext::of_mailbox(app, mailbox);
    Finding::of(FindingCode::SCOPES_NOT_GRANTED).about(about).with("scopes", Shown::join(missing, ", ")).finding()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(subject: &str, names: &[&str]) -> Identity {
        Identity {
            issuer: "https://id.example".into(),
            subject: subject.into(),
            tenant: None,
            names: names.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    fn recorded(subject: &str) -> GrantIdentity {
        GrantIdentity {
            issuer: "https://id.example".into(),
            subject: subject.into(),
            tenant: None,
            label: "shop@contoso.com".into(),
            names: vec!["shop@contoso.com".into()],
        }
    }

    #[test]
    fn who_signed_in_is_held_against_the_address_and_the_first_sign_in() {
        let expected: Address = "shop@contoso.com".parse().unwrap();
        let judged = |identity: &Identity, known: Option<GrantIdentity>| {
            refuse_others(identity, known.as_ref(), &expected).map_err(|failure| failure.kind)
        };
        let shop = identity("1", &["SHOP@contoso.com"]);
        assert_eq!(judged(&shop, None), Ok(()));
        assert_eq!(judged(&shop, Some(recorded("1"))), Ok(()));
        assert!(matches!(judged(&shop, Some(recorded("2"))), Err(FailureKind::OtherSubject { .. })));
        let alice = identity("3", &["alice@contoso.com"]);
        assert!(matches!(judged(&alice, None), Err(FailureKind::OtherAccount { .. })));
        assert_eq!(judged(&alice, Some(recorded("3"))), Ok(()), "she was allowed before");
        let nameless = identity("4", &[]);
        assert_eq!(judged(&nameless, None), Ok(()), "nothing counts against it");
        assert!(matches!(judged(&nameless, Some(recorded("1"))), Err(FailureKind::OtherSubject { .. })));
    }
}
