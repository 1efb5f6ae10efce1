//! App registrations, and all by which an app can prove that it is itself.

use jiff::Timestamp;

use super::AppOnly;
use crate::x509::X509;

/// An app registration.
pub struct App {
    pub client_id: &'static str,
    pub name: &'static str,
    /// The registration's ID in the directory.
    pub object_id: String,
    /// The ID of its service principal, which the portal shows under Enterprise applications.
    pub principal_id: String,
    pub confidential: bool,
    pub redirect_uris: Vec<&'static str>,
    pub secrets: Vec<ClientSecret>,
    pub certificates: Vec<KeyCredential>,
    pub federated: Vec<FederatedCredential>,
    /// The application permissions that an administrator has consented to: the audience, and the role. Exchange's are in
    /// `exchange`.
    pub roles: Vec<(&'static str, &'static str)>,
    /// What was set up for it at Exchange.
    pub exchange: AppOnly,
    /// The client IDs of the apps that own it.
    pub owners: Vec<String>,
}

/// A client secret as the portal knows it: its ID is a GUID, its value never is.
#[derive(Clone)]
pub struct ClientSecret {
    pub id: String,
    pub value: String,
    /// What the portal calls it.
    pub name: Option<String>,
    pub starts: Timestamp,
    /// When the sign-in servers know it: the directory needs a while to tell them.
    pub usable_from: Timestamp,
    pub expires: Timestamp,
}

/// A certificate of an app, as the portal lists it.
#[derive(Clone)]
pub struct KeyCredential {
    pub id: String,
    pub name: String,
    pub certificate: X509,
    /// When the sign-in servers know it.
    pub usable_from: Timestamp,
}

/// Whose tokens an app takes for a proof of itself: what a token's `iss`, `sub` and `aud` must be, letter by letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederatedCredential {
    pub name: String,
    pub issuer: String,
    pub subject: String,
    pub audience: String,
}
