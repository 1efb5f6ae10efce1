//! The profile: apps and mailboxes, validated and pure. A value of these types needs no second look.

mod access;
mod app;
mod certificate;
mod channel;
mod client_authentication;
mod credential;
mod credential_form;
pub mod date;
mod endpoint;
mod federated;
mod invalid;
mod mailbox;
mod names;
mod naming;
pub mod pages;
pub mod placeholder;
mod protocol;
pub mod provider;
mod reference;
pub mod registration;
mod service_account;
mod spelled;
mod store;
mod web;

pub use access::Access;
pub use app::{
    App, Audience, EndpointSource, IdentityRule, ScopeSet, missing_scopes, permission_name, resource_of,
    same_permission,
};
pub use certificate::{CertificateFiles, CertificateSpec, SigningAlgorithm};
pub use channel::{Channel, Opener};
pub use client_authentication::ClientAuthentication;
pub use credential::{AppAccess, ClientType, Credential, GivenAs, StoredProof};
pub use credential_form::{client_id_doubt, secret_doubt};
pub use endpoint::{Endpoint, ServerEndpoint, TlsMode};
pub use federated::{FederatedFrom, FederatedSource, FederatedSpec, IdentityId};
pub use invalid::Invalid;
pub use mailbox::{Mailbox, Origin, Service};
pub use names::{
    Address, ClientId, HostName, KeyId, Name, ObjectId, PERSONAL_TENANT, Scope, Tenant, is_guid, is_same_client_id,
};
pub use protocol::{Ports, Protocol, Side};
pub use provider::{
    By, Cloud, Deployment, EndpointPreset, Family, HostPreset, InvalidGrant, Page, Provider, SignInPreset,
};
pub use reference::Reference;
pub use service_account::{ServiceAccountSpec, Workload};
pub use store::{CommandSpec, RecordCommand, StoreKind, StoreSpec};
pub use web::{EndpointUrl, RedirectUri, is_loopback};

use std::collections::BTreeMap;

/// A whole profile.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// The app registrations by name.
    pub apps: BTreeMap<Name, App>,
    /// The mailboxes by name; each one's `app` is in `apps`.
    pub mailboxes: BTreeMap<Name, Mailbox>,
    /// The secret store that the profile asks for.
    pub secrets: StoreSpec,
}

impl Profile {
    /// The app that `mailbox` signs in with.
    ///
    /// # Panics
    /// If the mailbox is not one of this profile's: `config` has checked the reference.
    #[must_use]
    pub fn app_of(&self, mailbox: &Mailbox) -> &App {
        &self.apps[&mailbox.app]
    }

    /// The enabled mailboxes that share `app`, by name.
    pub fn mailboxes_of<'a>(&'a self, app: &'a Name) -> impl Iterator<Item = &'a Mailbox> {
        self.mailboxes.values().filter(move |mailbox| mailbox.enabled && mailbox.app == *app)
    }
}
