//! The seat of the faults: every way in which the sandbox can be told to misbehave, by name.
//!
//! A new fault is a variant of [`Fault`], a row in [`Fault::TABLE`], and one `world.faults.is_on(Fault::…)` where the
//! decision is made: `authorize.rs`, `token.rs`, `door.rs`, `imap.rs`, `pop3.rs`, `smtp.rs`.

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::wire::lock;

/// One named misbehaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// Every client secret counts as expired (AADSTS7000222).
    SecretsExpired,
    /// Every refresh token counts as revoked (AADSTS50173).
    GrantsRevoked,
    /// Every mail server takes every access token for expired.
    AccessTokensExpired,
    /// Every refusal repeats what the client sent, secrets included. Some servers do that.
    RefusalsEcho,
    /// The metadata names no device authorization endpoint.
    NoDeviceCode,
}

impl Fault {
    /// Every fault with its name on the command line and what it does.
    pub(crate) const TABLE: [(Self, &'static str, &'static str); 5] = [
        (Self::SecretsExpired, "secrets-expired", "the token endpoint takes every client secret for expired"),
        (Self::GrantsRevoked, "grants-revoked", "the token endpoint takes every refresh token for revoked"),
        (Self::AccessTokensExpired, "access-tokens-expired", "the mail servers take every access token for expired"),
        (Self::RefusalsEcho, "refusals-echo", "every refusal repeats what was sent, secrets included"),
        (Self::NoDeviceCode, "no-device-code", "the metadata names no device authorization endpoint"),
    ];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }
}

/// The faults that are on just now.
#[derive(Default)]
pub(crate) struct Faults(Mutex<BTreeSet<Fault>>);

impl Faults {
    pub(crate) fn switch_on(&self, fault: Fault) {
        lock(&self.0).insert(fault);
    }

    pub(crate) fn switch_off(&self, fault: Fault) {
        lock(&self.0).remove(&fault);
    }

    pub(crate) fn is_on(&self, fault: Fault) -> bool {
        lock(&self.0).contains(&fault)
    }
}
