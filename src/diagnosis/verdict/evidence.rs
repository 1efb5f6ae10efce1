//! What is known of each server, of the token endpoint's answer and of the client secret: facts, not findings.

use crate::failure::{FailureKind, ProxyFault, ProxyTrouble, TlsFault};
use crate::profile::Protocol;
use crate::report::Stage;
use crate::text::Shown;

/// What is known of one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// What it is for.
    pub role: Role,
    /// Its name or address.
    pub host: Shown,
    /// The TCP port.
    pub port: u16,
    /// How far a connection came.
    pub reach: Reach,
    /// What its certificate was worth.
    pub certificate: Certificate,
    /// The step that it said no to, in words of its own.
    pub refused_at: Option<Stage>,
}

/// What a server is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The token endpoint.
    SignIn,
    /// A mail server.
    Mail(Protocol),
}

/// How far a connection came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It was made.
    Reached,
    /// The host refused it: it answers, and nothing listens there.
    Refused,
    /// Nothing came back.
    Silent,
    /// There is no way to it.
    NoRoute,
    /// There is no such name.
    NoSuchName,
    /// The name could not be looked up.
    NoLookup,
    /// A proxy that the environment names did not lead to it.
    StoppedByProxy,
}

/// What a certificate was worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Certificate {
    /// None was seen.
    NotSeen,
    /// It was accepted.
    Accepted,
    /// An issuer that this machine does not trust.
    UnknownIssuer {
        /// The issuer's name, where there is one.
        issuer: Option<Shown>,
    },
    /// It has expired.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It was refused for another reason.
    Refused,
}

impl Server {
    /// What the steps of a test tell of a server: each with what went wrong, if anything did.
    pub fn seen<'f>(
        role: Role,
        host: impl Into<Shown>,
        port: u16,
        steps: impl IntoIterator<Item = (Stage, Option<&'f FailureKind>)>,
    ) -> Self {
        let (mut reach, mut certificate, mut refused_at) = (Reach::Reached, Certificate::NotSeen, None);
        for (stage, failure) in steps {
            let Some(failure) = failure else {
                if matches!(stage, Stage::Tls | Stage::TokenEndpoint) {
                    certificate = Certificate::Accepted;
                }
                continue;
            };
            reach = Reach::of(stage, failure);
            match failure {
                FailureKind::Tls(fault) => certificate = Certificate::of(fault),
                // What was said behind TLS was said by the one whose certificate was accepted.
                FailureKind::OAuth(_) | FailureKind::NotOAuth { .. } => certificate = Certificate::Accepted,
                FailureKind::Rejected(_) => refused_at = Some(stage),
                _ => {}
            }
        }
        Self { role, host: host.into(), port, reach, certificate, refused_at }
    }

    /// The domain that its operator most likely has registered, or its address.
    #[must_use]
    pub fn site(&self) -> &str {
        let host = self.host.trim_end_matches('.');
        if host.parse::<std::net::IpAddr>().is_ok() {
            return host;
        }
        // Without a list of public suffixes: three labels where the second from the end is as short as in co.uk.
        let labels: Vec<&str> = host.rsplit('.').collect();
        let is_short = |label: Option<&&str>| label.is_some_and(|label| label.len() <= 3);
        let count = if labels.len() > 2 && is_short(labels.get(1)) && is_short(labels.first()) { 3 } else { 2 };
        let len: usize = labels.iter().take(count).map(|label| label.len() + 1).sum();
        &host[host.len() - (len - 1).min(host.len())..]
    }
}

impl Reach {
    fn of(stage: Stage, failure: &FailureKind) -> Self {
        match failure {
            FailureKind::NameNotFound { .. } => Self::NoSuchName,
            FailureKind::NameLookupFailed { .. } => Self::NoLookup,
            FailureKind::ConnectionRefused { .. } => Self::Refused,
            FailureKind::Unreachable { .. } => Self::NoRoute,
            // Where the proxy itself is away, so is the rest of the network.
            FailureKind::Proxy(ProxyTrouble { fault: ProxyFault::NotReached(kind), .. })
                if matches!(**kind, FailureKind::NameLookupFailed { .. } | FailureKind::Unreachable { .. }) =>
            {
                Self::of(stage, kind)
            }
            FailureKind::Proxy(_) => Self::StoppedByProxy,
            FailureKind::TimedOut { .. } if stage == Stage::Dns => Self::NoLookup,
            // Over HTTP the connection and the answer are one step.
            FailureKind::TimedOut { .. } if matches!(stage, Stage::Tcp | Stage::TokenEndpoint) => Self::Silent,
            _ => Self::Reached,
        }
    }

    /// Whether nothing at all came back, not even a refusal.
    #[must_use]
    pub fn is_nothing(self) -> bool {
        matches!(self, Self::Silent | Self::NoRoute | Self::NoSuchName | Self::NoLookup)
    }
}

impl Certificate {
    fn of(fault: &TlsFault) -> Self {
        match fault {
            TlsFault::UnknownIssuer { issuer, .. } => Self::UnknownIssuer { issuer: issuer.clone() },
            TlsFault::Expired => Self::Expired,
            TlsFault::NotYetValid => Self::NotYetValid,
            TlsFault::SelfSigned
            | TlsFault::WrongUsage
            | TlsFault::WrongHost { .. }
            | TlsFault::Revoked
            | TlsFault::RevocationUnknown => Self::Refused,
            // No certificate came as far as that.
            _ => Self::NotSeen,
        }
    }

    /// Whether its time is over or has not come.
    #[must_use]
    pub fn is_out_of_time(&self) -> bool {
        matches!(self, Self::Expired | Self::NotYetValid)
    }
}

/// What the token endpoint makes of the client and the grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenAnswer {
    /// It was not asked, or could not be reached, or is in trouble itself.
    None,
    /// It takes both.
    Accepted,
    /// It does not accept how the client identifies itself.
    ClientRefused(Reason),
    /// It refuses something else.
    Refused,
}

/// Why a client is refused, as far as the provider says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It does not say.
    Unsaid,
    /// The secret has expired.
    Expired,
    /// The client is a public one, which has no secret.
    Public,
    /// There is no such client.
    NoSuchClient,
}

/// How servers that are not Microsoft's or Google's put it, in lower case; the first row that fits decides.
const REASONS: [(&[&str], Reason); 3] = [
    (&["expired"], Reason::Expired),
    (
        &["public client", "client is public", "not a confidential client", "must not send a client secret"],
        Reason::Public,
    ),
    (
        &["client not found", "unknown client", "no such client", "client does not exist", "client_id not found"],
        Reason::NoSuchClient,
    ),
];

impl TokenAnswer {
    /// By what was received: `Ok` for tokens.
    #[must_use]
    pub fn of(answer: Result<(), &FailureKind>) -> Self {
        let fault = match answer {
            Ok(()) => return Self::Accepted,
            Err(FailureKind::OAuth(fault)) => fault,
            Err(_) => return Self::None,
        };
        if !fault.refuses_client() {
            return Self::Refused;
        }
        let words = fault.description.as_deref().unwrap_or_default().to_lowercase();
        let is_said = |signs: &[&str]| signs.iter().any(|sign| words.contains(sign));
        let reason = REASONS.iter().find(|(signs, _)| is_said(signs)).map_or(Reason::Unsaid, |(_, reason)| *reason);
        // "(e.g., unknown client, no client authentication included)" is a list of what it may be.
        Self::ClientRefused(if words.contains("e.g.") { Reason::Unsaid } else { reason })
    }
}

/// What the store knows of the client secret.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SecretStory {
    /// Whether a token was fetched with it since it was stored.
    pub has_worked: bool,
    /// Whether it was stored only minutes ago.
    pub is_new: bool,
    /// Whether its day has passed, where that day is known.
    pub has_expired: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_what_one_operator_has() {
        for (host, site) in [
            ("imap.shop.example", "shop.example"),
            ("shop.example", "shop.example"),
            ("localhost", "localhost"),
            ("mail.shop.co.uk", "shop.co.uk"),
            ("outlook.office365.com", "office365.com"),
            ("192.0.2.7", "192.0.2.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("mail.t-online.de.", "t-online.de"),
            ("", ""),
        ] {
            let server = Server::seen(Role::SignIn, host, 443, []);
            assert_eq!(server.site(), site, "{host}");
        }
    }
}
