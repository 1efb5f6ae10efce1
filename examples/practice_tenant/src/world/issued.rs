//! What the tenant's endpoints have issued: codes and tokens, and what each was asked for with.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Whose an access token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// That of the user with this address.
    User(String),
    /// The app's own (RFC 6749 §4.4).
    App,
}

/// How an endpoint speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Microsoft's paths, error bodies and habits.
    Entra,
    /// A plain OpenID provider.
    Oidc,
}

/// An authorization request that passed all checks.
#[derive(Clone)]
pub struct SignIn {
    pub dialect: Dialect,
    pub client_id: String,
    pub redirect_uri: String,
    pub scopes: Vec<String>,
    pub state: String,
    pub nonce: Option<String>,
    pub code_challenge: String,
    pub consented: bool,
}

/// An authorization code.
pub struct Code {
    pub sign_in: SignIn,
    pub user: String,
    pub expires: Timestamp,
    pub redeemed: bool,
}

/// A device code and the user code beside it.
pub struct DeviceCode {
    pub dialect: Dialect,
    pub client_id: String,
    pub user_code: String,
    pub scopes: Vec<String>,
    /// The shortest time between two polls; it grows with each `slow_down`.
    pub interval: Duration,
    /// When the next poll may come.
    pub earliest: Instant,
    pub ends: Instant,
    pub decision: DeviceDecision,
}

/// What has become of a device code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceDecision {
    Open,
    Accepted(String),
    Declined,
    Redeemed,
}

/// A refresh token.
pub struct RefreshToken {
    pub dialect: Dialect,
    pub client_id: String,
    pub user: String,
    pub scopes: Vec<String>,
    pub state: RefreshState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshState {
    Fresh,
    Used,
    Revoked,
}

/// An access token.
pub struct AccessToken {
    pub holder: Holder,
    pub client_id: String,
    /// The resource that it is for, where the provider tells them apart.
    pub audience: String,
    pub scopes: Vec<String>,
    /// Application permissions.
    pub roles: Vec<String>,
    pub expires: Timestamp,
}
