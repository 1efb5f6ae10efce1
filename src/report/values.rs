//! What the words of a report say, as values for programs. Field names in JSON are public API.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::trial::protocol_schema;
use crate::profile::{Endpoint, Protocol, Service, TlsMode};
use crate::text::{Redactor, Shown};

/// What the facts of a report say, as values: times in RFC 3339, days as YYYY-MM-DD, both in UTC.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Values {
    /// Whether the app may use the mailbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Who signed in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_in_as: Option<Shown>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorized_at: Option<Timestamp>,
    /// The scopes of the sign-in (RFC 6749 §3.3).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<Shown>,
    /// The scopes that are wanted and that the token does not have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes_missing: Vec<Shown>,
    /// The stored access token, never its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<AccessTokenValue>,
    /// The app's name in the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<Shown>,
    /// The app's client secret, never its value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<ClientSecretValue>,
    /// The app's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateValue>,
    /// Where mail is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incoming: Option<ServiceValue>,
    /// Where mail is sent from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outgoing: Option<ServiceValue>,
}

/// Whether the app may use the mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A user has signed in.
    Authorized,
    /// A user must sign in.
    NotAuthorized,
    /// The app is let in by itself.
    NeedsNoSignIn,
}

/// An access token that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccessTokenValue {
    /// When it expires.
    pub expires_at: Timestamp,
}

/// A client secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientSecretValue {
    /// Whether it is stored; absent where the store was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored: Option<bool>,
    /// The day on which it expires; absent where nothing says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<Date>,
    /// How many days that is from now; negative where it is past.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_left: Option<i32>,
}

/// A certificate of the app's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CertificateValue {
    /// Its subject.
    pub subject: Shown,
    /// Its SHA-1 thumbprint in hexadecimal digits, as portals show it.
    pub thumbprint: Shown,
    /// The last day on which it is valid.
    pub expires_on: Date,
    /// How many days that is from now; negative where it is past.
    pub days_left: i32,
}

/// Where mail is read or sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceValue {
    /// The protocol.
    #[schemars(schema_with = "protocol_schema")]
    pub protocol: Protocol,
    /// The host's name or address.
    pub host: Shown,
    /// The TCP port.
    pub port: u16,
    /// How TLS begins, at a mail server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "tls_mode_schema")]
    pub tls: Option<TlsMode>,
    /// The address of a web service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Shown>,
}

impl Values {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl From<&Service> for ServiceValue {
    fn from(service: &Service) -> Self {
        let endpoint = &service.endpoint;
        let url = match endpoint {
            Endpoint::Server(_) => None,
            Endpoint::Web(url) => Some(Shown::of(url)),
        };
        let tls = endpoint.server().map(|server| server.tls);
        let host = Redactor::by_shape(endpoint.host());
        Self { protocol: service.protocol, host, port: endpoint.port(), tls, url }
    }
}

impl ClientSecretValue {
    /// A secret that expires on `day`, seen on `today`.
    #[must_use]
    pub fn new(stored: Option<bool>, expires_on: Option<Date>, today: Date) -> Self {
        Self { stored, expires_on, days_left: expires_on.map(|day| days_between(today, day)) }
    }
}

/// How many days `day` is after `today`; negative where it is before.
#[must_use]
pub fn days_between(today: Date, day: Date) -> i32 {
    day.since(today).map_or(0, |span| span.get_days())
}

fn tls_mode_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({ "enum": ["implicit", "starttls"] })
}
