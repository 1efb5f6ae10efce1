//! What an administrator's reading of the tenant shows of the set-up of an app that is let in by itself. It is proof where the
//! answers of mail servers only let guess.

use crate::profile::Protocol;
use crate::text::Shown;

/// What was read; none of it where it was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantSetup {
    /// The permissions that the mailbox needs, and that the app registration does not ask for.
    pub unasked: Option<Vec<Permission>>,
    /// Those that no administrator has consented to.
    pub unconsented: Option<Vec<Permission>>,
    /// The object ID of the app's enterprise application.
    pub object: Option<Shown>,
    /// How Exchange knows the app.
    pub principal: Option<Principal>,
    /// Whether Exchange lists the app's right on the mailbox.
    pub right: Option<bool>,
    /// Which of the mailbox's protocols are on.
    pub switches: Vec<(Protocol, bool)>,
}

/// An application permission that a mailbox needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// The protocol that it is for.
    pub protocol: Protocol,
    /// Its name.
    pub name: &'static str,
    /// Its ID in the directory.
    pub id: Shown,
    /// The application ID of the resource that has it.
    pub api: &'static str,
}

/// How Exchange knows an app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Not at all.
    Missing,
    /// By this object ID, which is not that of its enterprise application.
    Other(Shown),
    /// By that of its enterprise application.
    Known,
}

impl TenantSetup {
    /// Whether the registration asks for all that the mailbox needs.
    #[must_use]
    pub fn is_asked(&self) -> Option<bool> {
        self.unasked.as_ref().map(Vec::is_empty)
    }

    /// Whether an administrator has consented to all of it.
    #[must_use]
    pub fn is_consented(&self) -> Option<bool> {
        self.unconsented.as_ref().map(Vec::is_empty)
    }

    /// Whether Exchange knows the app.
    #[must_use]
    pub fn is_known(&self) -> Option<bool> {
        self.principal.as_ref().map(|principal| *principal == Principal::Known)
    }

    /// Whether `protocol` is on for the mailbox.
    #[must_use]
    pub fn is_on(&self, protocol: Protocol) -> Option<bool> {
        self.switches.iter().find(|(known, _)| *known == protocol).map(|(_, is_on)| *is_on)
    }
}
