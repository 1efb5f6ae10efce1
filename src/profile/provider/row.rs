//! What a row of the table of providers holds.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use super::super::channel::Opener;
use super::super::credential::{AppAccess, ClientType, Credential};
use super::super::endpoint::TlsMode;
use super::super::protocol::{Protocol, Side};
use super::cloud::Cloud;
use super::family::Family;
use super::gone::GoneTokens;
use super::page::PagePreset;
use super::task::Task;
use crate::finding_code::FindingCode;

/// A handle to a row of [`super::ALL`]. Code elsewhere reads the row's fields; it cannot ask which row it is.
#[derive(Clone, Copy)]
pub struct Provider(pub(super) &'static Row);

/// All that is known of one provider.
#[derive(Debug)]
pub struct Row {
    /// The word in the profile.
    pub key: &'static str,
    /// The name that people know it by.
    pub title: &'static str,
    /// The accounts and servers behind it, in one line of help.
    pub about: &'static str,
    /// The family of servers that it belongs to.
    pub family: Family,
    /// Its separate installations; the first is the default.
    pub deployments: &'static [Deployment],
    /// Scopes asked for always.
    pub always: &'static [&'static str],
    /// Further parameters of the authorization request.
    pub authorize_params: &'static [(&'static str, &'static str)],
    /// The redirect URI to register.
    pub redirect_uri: &'static str,
    /// The form of its client IDs.
    pub client_ids: ClientIdForm,
    /// The form of its client secrets.
    pub secrets: SecretForm,
    /// How an app is registered.
    pub register: &'static [Step],
    /// How the permissions are added to a registration, where `register` does not say it.
    pub permissions: &'static [Step],
    /// What has to be switched on at the provider before an app can use a protocol, as a step of the registration.
    pub enabling: &'static [(Protocol, &'static str)],
    /// Every task of a set-up, in order; sign-in and test come after them.
    pub tasks: &'static [Task],
    /// The same where no user signs in; a test comes after them.
    pub app_tasks: &'static [Task],
    /// The numbers under which permissions are added by commands, where they have some.
    pub permission_ids: &'static [(&'static str, &'static str)],
    /// The IDs of application permissions, where documents give them; the directory itself tells those of others.
    pub role_ids: &'static [(&'static str, &'static str)],
    /// What serves a mailbox whose mail protocols are switched off, where the provider has it.
    pub alternative: Option<Protocol>,
    /// Where it differs from the standards, or from others.
    pub quirks: Quirks,
}

/// One installation of a provider: a national cloud, or all there is.
#[derive(Debug)]
pub struct Deployment {
    /// Its name.
    pub cloud: Cloud,
    /// Where to sign in.
    pub sign_in: SignInPreset,
    /// Where apps are registered, in words.
    pub portal: &'static str,
    /// Its pages for people; all of them, or none are known.
    pub pages: &'static [PagePreset],
    /// The domains of addresses that are mailboxes here; those below them too.
    pub domains: &'static [&'static str],
    /// The hosts that take mail for the domains of its customers (MX), or the domains above them.
    pub exchangers: &'static [&'static str],
    /// The hosts whose issuers access tokens may name (`iss`), where that is documented; none where it is not.
    pub token_issuers: &'static [&'static str],
    /// For whom federated tokens are asked that prove an app here, where the provider has a name for that; else it is its
    /// issuer (RFC 7523 §3).
    pub token_exchange_audience: Option<&'static str>,
    /// Where the directory of its app registrations answers programs, where it has one.
    pub directory: Option<&'static str>,
    /// Where Exchange's admin API answers programs, where its mailboxes are at Exchange. It is not a documented one.
    pub exchange_admin: Option<&'static str>,
    /// What can be reached with a token.
    pub services: &'static [ServicePreset],
}

/// Where a sign-in takes place.
#[derive(Debug)]
pub enum SignInPreset {
    /// `{authority}/{tenant}/oauth2/v2.0/…`
    Tenant {
        /// Scheme and host.
        authority: &'static str,
        /// The tenant where the profile gives none.
        default_tenant: Option<&'static str>,
    },
    /// Fixed endpoints and issuer.
    Fixed {
        /// The issuer of identity tokens.
        issuer: &'static str,
        /// Other spellings of the issuer in identity tokens.
        issuer_also: &'static [&'static str],
        /// The authorization endpoint.
        authorization: &'static str,
        /// The token endpoint.
        token: &'static str,
        /// The device authorization endpoint (RFC 8628 §3.1), where there is one.
        device_authorization: Option<&'static str>,
    },
    /// The profile names the issuer.
    FromProfile,
}

/// One service of a deployment.
#[derive(Debug)]
pub struct ServicePreset {
    /// The protocol.
    pub protocol: Protocol,
    /// The side of a mailbox.
    pub side: Side,
    /// Where it is.
    pub endpoint: EndpointPreset,
    /// Scopes that open it for a user.
    pub delegated: &'static [&'static str],
    /// Scopes that open the mailbox of another user; the same ones where there are none.
    pub shared: &'static [&'static str],
    /// Permissions that include the first of either.
    pub stronger: &'static [&'static str],
    /// What opens it for an app without a user (RFC 6749 §4.4), where it can be opened so.
    pub application: Option<Application>,
    /// The audiences of its access tokens, where tokens are known to name them.
    pub audiences: Option<&'static Audiences>,
}

/// What an app's own token needs.
#[derive(Debug, Clone, Copy)]
pub struct Application {
    /// What to ask for: the one scope that stands for all that the app was given at a resource.
    pub scopes: &'static [&'static str],
    /// The permission that the token then names in `roles`.
    pub role: &'static str,
    /// Whether the server may know the right by a role of its own that no token shows.
    pub is_known_to_server: bool,
}

/// Which audiences (`aud`) of access tokens a service answers to.
#[derive(Debug)]
pub struct Audiences {
    /// The service's name.
    pub title: &'static str,
    /// Its application ID.
    pub app_id: &'static str,
    /// Where its permissions are among all that can be added to an app.
    pub listed_as: &'static str,
    /// Hosts and application IDs that it accepts.
    pub accepted: &'static [&'static str],
    /// Audiences that are mistaken for it, and what they really are.
    pub mistaken: &'static [(&'static str, &'static str)],
}

/// Where a preset service is: as its protocol needs it, a server or a web address.
#[derive(Debug, Clone, Copy)]
pub enum EndpointPreset {
    /// A mail server.
    Server(HostPreset),
    /// A web address.
    Web(&'static str),
}

/// A preset mail server.
#[derive(Debug, Clone, Copy)]
pub struct HostPreset {
    /// Host name.
    pub host: &'static str,
    /// Port.
    pub port: u16,
    /// TLS mode.
    pub tls: TlsMode,
}

/// The form of client IDs. A form is knowledge from outside, and providers change theirs.
#[derive(Debug, Clone, Copy)]
pub enum ClientIdForm {
    /// Anything of RFC 6749 appendix A.1.
    Any,
    /// A GUID.
    Guid,
    /// Anything with this end.
    EndingIn {
        /// The end.
        end: &'static str,
        /// The finding where it is missing.
        code: FindingCode,
    },
}

/// The form of client secrets.
#[derive(Debug, Clone, Copy)]
pub struct SecretForm {
    /// Whether a secret has an ID of its own beside it, a GUID.
    pub has_ids: bool,
    /// The length of the shortest, in characters.
    pub shortest: usize,
}

/// One line of the way to register an app. `{portal}`, `{client_id}`, `{redirect_uri}`, `{scopes}` and `{permissions}`
/// (the last part of each scope that opens a service) are filled in.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The line.
    pub text: &'static str,
    /// The type of client that it applies to; any where there is none.
    pub only: Option<ClientType>,
}

/// Where a provider differs from the standards, or from others.
#[derive(Debug)]
pub struct Quirks {
    /// Whether `prompt=select_account` is sent at a first sign-in.
    pub select_account: SelectAccount,
    /// Whether a refresh names the scopes. By RFC 6749 §6 no scope means all that was granted, and naming one that was
    /// refused would fail.
    pub scopes_on_refresh: bool,
    /// Whether an access token is for one resource (RFC 8707 §2), so that services of two need two. Elsewhere one token
    /// opens everything that was granted.
    pub token_per_resource: bool,
    /// The time until every server of the provider knows a new client secret.
    pub secret_propagation: Duration,
    /// Whether only personal accounts sign in.
    pub is_personal: bool,
    /// Sign-ins by code (RFC 8628).
    pub device: DeviceFlow,
    /// What its apps are known to prove themselves with.
    pub credentials: &'static [Credential],
    /// Its service accounts, where it has some.
    pub service_accounts: Option<ServiceAccounts>,
    /// Whether its mail servers have to know an app that is let in by itself, and which mailboxes are open to it.
    pub enrols_apps: bool,
    /// How it says that a refresh token is gone.
    pub gone: &'static GoneTokens,
}

/// Accounts of programs, which act for the users of an organisation (domain-wide delegation).
#[derive(Debug)]
pub struct ServiceAccounts {
    /// Where the token of another issuer is traded (RFC 8693).
    pub token_exchange: &'static str,
    /// What signs for an account without a key: the address before the version.
    pub signer: &'static str,
    /// The domains of accounts that belong to no organisation, so that nothing can be delegated.
    pub personal: &'static [&'static str],
}

/// When `prompt=select_account` is sent (OpenID Connect Core §3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SelectAccount {
    /// Never: a provider that does not know it may refuse the whole request.
    Never,
    /// Where no other word is sent: the provider takes one only.
    Alone,
    /// Beside other words.
    Beside,
}

/// Sign-ins by code.
#[derive(Debug)]
pub struct DeviceFlow {
    /// The only scopes that can be asked for this way, where not all of them can.
    pub scopes: Option<&'static [&'static str]>,
    /// A warning to people who sign in this way.
    pub advice: Option<&'static str>,
}

impl Provider {
    /// The deployment in `cloud`; none where the provider is not there.
    #[must_use]
    pub fn deployment(self, cloud: Cloud) -> Option<&'static Deployment> {
        self.0.deployments.iter().find(|deployment| deployment.cloud == cloud)
    }

    /// The first of its deployments.
    #[must_use]
    pub fn main(self) -> &'static Deployment {
        &self.0.deployments[0]
    }
}

impl Provider {
    /// Whether its apps are known to prove themselves in this way.
    #[must_use]
    pub fn takes(self, credential: Credential) -> bool {
        self.quirks.credentials.contains(&credential)
    }

    /// Whether a service account may act for the users of `domain`, as far as the domain tells.
    #[must_use]
    pub fn delegates_for(self, domain: &str) -> bool {
        self.quirks.service_accounts.as_ref().is_some_and(|accounts| !is_below(domain, accounts.personal))
    }

    /// Whether an app with this credential is let into mailboxes of `deployment` without a user.
    #[must_use]
    pub fn lets_apps_in(self, deployment: &Deployment, credential: Credential) -> bool {
        match credential.app_access() {
            AppAccess::Never => false,
            AppAccess::ForUsers => self.takes(credential),
            // An issuer that the profile names has rules that only its administrators know.
            AppAccess::ByPermission => {
                deployment.sign_in.needs_issuer()
                    || deployment.services.iter().any(|service| service.application.is_some())
            }
        }
    }
}

impl Deployment {
    /// Whether addresses of `domain` are mailboxes here.
    #[must_use]
    pub fn has_domain(&self, domain: &str) -> bool {
        is_below(domain, self.domains)
    }

    /// Whether `host` takes mail for its customers.
    #[must_use]
    pub fn has_exchanger(&self, host: &str) -> bool {
        is_below(host, self.exchangers)
    }

    /// Its service over `protocol` for `side`.
    #[must_use]
    pub fn service(&self, protocol: Protocol, side: Side) -> Option<&'static ServicePreset> {
        self.services.iter().find(|service| service.protocol == protocol && service.side == side)
    }
}

/// Whether `name` is one of `domains` or below one, without regard to case (RFC 4343).
fn is_below(name: &str, domains: &[&str]) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let is_in = |domain: &str| name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    domains.iter().any(|domain| is_in(domain))
}

impl ServicePreset {
    /// The scopes that it asks of who opens a mailbox.
    #[must_use]
    pub fn scopes(&self, by: Opener) -> &'static [&'static str] {
        match by {
            Opener::Delegate if !self.shared.is_empty() => self.shared,
            Opener::Owner | Opener::Delegate => self.delegated,
            // A service account acts for the mailbox's user, with the user's own scopes.
            Opener::App => self.application.map_or(self.delegated, |application| application.scopes),
        }
    }
}

impl EndpointPreset {
    /// The mail server, where it is one.
    #[must_use]
    pub fn server(self) -> Option<HostPreset> {
        match self {
            Self::Server(server) => Some(server),
            Self::Web(_) => None,
        }
    }

    /// The web address, where it is one.
    #[must_use]
    pub fn web(self) -> Option<&'static str> {
        match self {
            Self::Server(_) => None,
            Self::Web(url) => Some(url),
        }
    }
}

impl SignInPreset {
    /// Whether the profile has to name a tenant.
    #[must_use]
    pub fn needs_tenant(&self) -> bool {
        matches!(self, Self::Tenant { default_tenant: None, .. })
    }

    /// Whether the profile has to name an issuer.
    #[must_use]
    pub fn needs_issuer(&self) -> bool {
        matches!(self, Self::FromProfile)
    }

    /// The issuer for requests without a profile.
    #[must_use]
    pub fn public_issuer(&self) -> Option<String> {
        match self {
            Self::Tenant { authority, default_tenant } => {
                Some(format!("{authority}/{}/v2.0", default_tenant.unwrap_or("common")))
            }
            Self::Fixed { issuer, .. } => Some((*issuer).to_owned()),
            Self::FromProfile => None,
        }
    }
}

impl Deref for Provider {
    type Target = Row;

    fn deref(&self) -> &Row {
        self.0
    }
}

impl PartialEq for Provider {
    fn eq(&self, other: &Self) -> bool {
        self.0.key == other.0.key
    }
}

impl Eq for Provider {}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.key)
    }
}
