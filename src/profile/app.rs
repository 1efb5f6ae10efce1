//! An app: one OAuth client registration, and everything that follows from it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::civil::Date;

use super::provider::ServicePreset;
use super::{
    Access, CertificateSpec, Channel, ClientAuthentication, ClientId, Cloud, Credential, Deployment, Endpoint,
    EndpointPreset, EndpointUrl, FederatedSpec, HostPreset, Name, ObjectId, Opener, Protocol, Provider, RedirectUri,
    Scope, ServerEndpoint, ServiceAccountSpec, Side, StoredProof, Tenant,
};

/// One app of the profile. Many mailboxes can share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Its name in the profile.
    pub name: Name,
    /// The provider of the sign-in.
    pub provider: Provider,
    /// Which of the provider's clouds.
    pub cloud: Cloud,
    /// The Microsoft tenant; none at other providers.
    pub tenant: Option<Tenant>,
    /// The client ID.
    pub client_id: ClientId,
    /// The object ID of its registration, where the profile says so: what it signs a proof with, for a new certificate.
    pub object_id: Option<ObjectId>,
    /// How the app authenticates at the token endpoint.
    pub credential: Credential,
    /// The certificate that it authenticates with, where the credential is one.
    pub certificate: Option<CertificateSpec>,
    /// Where its federated tokens come from, where the credential is one.
    pub federated: Option<FederatedSpec>,
    /// How its service account is used, where the profile says so.
    pub service_account: Option<ServiceAccountSpec>,
    /// Who is let into its mailboxes, where a mailbox does not say so itself.
    pub access: Access,
    /// How the client secret is sent, where the profile says so; else as the provider announces.
    pub client_authentication: Option<ClientAuthentication>,
    /// The day on which the client secret expires, as the portal shows it.
    pub secret_expires: Option<Date>,
    /// Where the browser comes back to.
    pub redirect_uri: RedirectUri,
    /// Where to sign in.
    pub sign_in: EndpointSource,
    /// Another host for the provider's web services than its own.
    pub api_url: Option<EndpointUrl>,
    /// Who must have issued the identity token.
    pub identity: IdentityRule,
    /// What to ask for.
    pub scopes: ScopeSet,
    /// Further parameters of the authorization request, as in Google's `access_type=offline`.
    pub authorize_params: Vec<(String, String)>,
    /// A private CA (PEM) for the sign-in server, trusted beside the system's.
    pub ca_file: Option<PathBuf>,
}

/// Where the endpoints come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointSource {
    /// They are known.
    Known {
        /// The authorization endpoint.
        authorization: EndpointUrl,
        /// The token endpoint.
        token: EndpointUrl,
        /// The device authorization endpoint (RFC 8628 §3.1), where there is one.
        device_authorization: Option<EndpointUrl>,
    },
    /// They are in the issuer's metadata (OpenID Connect Discovery 1.0 §4, RFC 8414).
    Discovered {
        /// The issuer.
        issuer: EndpointUrl,
    },
}

/// What the `iss` of an identity token must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityRule {
    /// Exactly this.
    Issuer(EndpointUrl),
    /// `{authority}/{tid}/v2.0`, where `tid` is the token's own claim; and the configured tenant where that is a GUID.
    Tenant {
        /// Scheme and host of the sign-in, as in `https://login.microsoftonline.com`.
        authority: EndpointUrl,
        /// The configured tenant.
        tenant: Tenant,
    },
}

/// Which scopes open what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScopeSet {
    /// Asked for always: `openid`, `offline_access` …
    pub always: Vec<Scope>,
    /// For each channel.
    pub services: BTreeMap<Channel, Vec<Scope>>,
    /// Whether one access token opens everything that was granted, whatever its resource.
    pub is_one_token: bool,
}

impl ScopeSet {
    /// The scopes that `channel` needs.
    #[must_use]
    pub fn of(&self, channel: Channel) -> &[Scope] {
        self.services.get(&channel).map_or(&[], Vec::as_slice)
    }

    /// What to ask for when `channels` are used: each scope once, in a stable order.
    #[must_use]
    pub fn for_channels(&self, channels: impl IntoIterator<Item = Channel>) -> Vec<Scope> {
        let channels: Vec<Channel> = channels.into_iter().collect();
        // They are about the user who signs in.
        let is_apps_own = !channels.is_empty() && channels.iter().all(|channel| channel.by == Opener::App);
        let mut wanted = if is_apps_own { Vec::new() } else { self.always.clone() };
        for channel in channels {
            for scope in self.of(channel) {
                if !wanted.contains(scope) {
                    wanted.push(scope.clone());
                }
            }
        }
        wanted
    }

    /// What to ask for with the first token, where one cannot carry all that `channels` need; else none.
    #[must_use]
    pub fn of_first_token(&self, channels: impl IntoIterator<Item = Channel>) -> Vec<Scope> {
        let channels: Vec<Channel> = channels.into_iter().collect();
        match self.audiences(channels.iter().copied()).as_slice() {
            [first, _, ..] => {
                self.for_channels(channels).into_iter().filter(|scope| first.admits(scope.as_str())).collect()
            }
            [] | [_] => Vec::new(),
        }
    }

    /// The access tokens that open `channels`, the first channel's first. A channel whose scopes name no resource shares
    /// the first token that has one.
    #[must_use]
    pub fn audiences(&self, channels: impl IntoIterator<Item = Channel>) -> Vec<Audience> {
        let channels: Vec<Channel> = channels.into_iter().collect();
        let own = |channel: &Channel| self.of(*channel).iter().find_map(|scope| resource_of(scope.as_str()));
        let first = channels.iter().find_map(own);
        let mut audiences: Vec<Audience> = Vec::new();
        for channel in channels {
            let resource = own(&channel).filter(|_| !self.is_one_token).or(first);
            match audiences.iter_mut().find(|audience| audience.resource.as_deref() == resource) {
                Some(audience) if audience.protocols.contains(&channel.protocol) => {}
                Some(audience) => audience.protocols.push(channel.protocol),
                None => audiences
                    .push(Audience { resource: resource.map(str::to_owned), protocols: vec![channel.protocol] }),
            }
        }
        audiences
    }
}

/// What one access token is for: a token for several resources does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// The resource (RFC 8707 §2); none where the scopes name none.
    pub resource: Option<String>,
    /// The protocols that the token opens.
    pub protocols: Vec<Protocol>,
}

impl Audience {
    /// Whether a token for it can be good for `scope`: one that names its resource, or none.
    #[must_use]
    pub fn admits(&self, scope: &str) -> bool {
        resource_of(scope).is_none_or(|resource| Some(resource) == self.resource.as_deref())
    }
}

impl App {
    /// The host that issues its tokens, or whose metadata says which does.
    #[must_use]
    pub fn token_host(&self) -> &str {
        match &self.sign_in {
            EndpointSource::Known { token, .. } => token.host(),
            EndpointSource::Discovered { issuer } => issuer.host(),
        }
    }

    /// What all apps of one tenant have in common, and no other has: where they sign in, and which tenant there.
    #[must_use]
    pub fn tenant_key(&self) -> String {
        match &self.identity {
            IdentityRule::Issuer(issuer) => issuer.as_issuer().to_owned(),
            IdentityRule::Tenant { authority, tenant } => format!("{}/{tenant}", authority.as_issuer()),
        }
    }

    /// Where the directory is that knows the app's client secrets: the address before the version, as in
    /// `https://graph.microsoft.com`. None where the provider has none.
    #[must_use]
    pub fn directory(&self) -> Option<EndpointUrl> {
        let preset = self.deployment().directory?;
        self.api_url.clone().or_else(|| preset.parse().ok())
    }

    /// Where Exchange's admin API is that knows the app and its mailboxes: the address before the version. None where the
    /// provider has none.
    #[must_use]
    pub fn exchange_admin(&self) -> Option<EndpointUrl> {
        let preset = self.deployment().exchange_admin?;
        self.api_url.clone().or_else(|| preset.parse().ok())
    }

    /// Where a service of the provider is: at the provider's own place, or at the one that the app names for web services.
    #[must_use]
    pub fn preset_endpoint(&self, service: &ServicePreset) -> Option<Endpoint> {
        Some(match service.endpoint {
            EndpointPreset::Server(HostPreset { host, port, tls }) => {
                ServerEndpoint { host: host.parse().ok()?, port, tls, ehlo_name: None }.into()
            }
            EndpointPreset::Web(url) => Endpoint::Web(self.api_url.clone().or_else(|| url.parse().ok())?),
        })
    }

    /// What of its credential a person hands over and the store keeps; none where that is nothing.
    #[must_use]
    pub fn handed_over(&self) -> Option<&'static str> {
        self.credential.handed_over().filter(|_| !self.is_outside())
    }

    /// What of its credential a rotation replaces, as messages call it.
    #[must_use]
    pub fn rotated(&self) -> &'static str {
        if self.certificate.is_some() { "certificate" } else { "secret" }
    }

    /// What a store holds of its credential; none where nothing is.
    #[must_use]
    pub fn stored(&self) -> Option<StoredProof> {
        self.credential.stored().filter(|_| !self.is_outside())
    }

    /// Whether what it proves itself with comes from outside each time, though its credential could be stored.
    fn is_outside(&self) -> bool {
        let is_keyless =
            |account: &ServiceAccountSpec| account.external_account.is_some() || account.workload.is_some();
        self.service_account.as_ref().is_some_and(is_keyless)
    }

    /// The provider's deployment that it is registered at.
    #[must_use]
    pub fn deployment(&self) -> &'static Deployment {
        self.provider.deployment(self.cloud).unwrap_or(self.provider.main())
    }

    /// The protocols over which its mailboxes can be reached on `side`, the usual one first: a web service is its provider's
    /// alone, and a mail server may be anywhere.
    pub fn protocols(&self, side: Side) -> impl Iterator<Item = Protocol> {
        let has = move |protocol: &Protocol| self.deployment().service(*protocol, side).is_some();
        Protocol::of(side).filter(move |protocol| protocol.ports().is_some() || has(protocol))
    }

    /// Who knows the client ID: the issuer, or Microsoft's authority, at which it is one in all tenants.
    #[must_use]
    pub fn registrar(&self) -> &str {
        self.registrar_url().as_issuer()
    }

    /// The same as an address.
    #[must_use]
    pub fn registrar_url(&self) -> &EndpointUrl {
        match &self.identity {
            IdentityRule::Issuer(issuer) => issuer,
            IdentityRule::Tenant { authority, .. } => authority,
        }
    }

    /// Whether both are one registration at the provider, with the same client secrets: the same client ID at the same
    /// sign-in server. The tenant does not tell them apart: it may be named by its ID, by each of its domains and by
    /// `common`.
    #[must_use]
    pub fn is_same_client(&self, other: &Self) -> bool {
        self.registrar() == other.registrar() && self.client_id.as_str().eq_ignore_ascii_case(other.client_id.as_str())
    }

    /// The tenant as pages and messages name it; the provider where there is none.
    #[must_use]
    pub fn tenant_label(&self) -> &str {
        self.tenant.as_ref().map_or(self.provider.title, Tenant::as_str)
    }
}

/// The resource of a scope (RFC 8707 §2), where its name begins with one, as Microsoft's and Google's do: what comes before
/// the permission. A token for several scopes is for the first one's.
#[must_use]
pub fn resource_of(scope: &str) -> Option<&str> {
    scope.rsplit_once('/').map(|(resource, _)| resource).filter(|resource| !resource.is_empty())
}

/// The mail scopes that were asked for and not granted.
#[must_use]
pub fn missing_scopes(asked: &[Scope], granted: &[String]) -> Vec<Scope> {
    const NOT_LISTED: [&str; 4] = ["openid", "profile", "email", "offline_access"];
    asked
        .iter()
        .filter(|scope| !NOT_LISTED.contains(&scope.as_str()))
        .filter(|scope| !granted.iter().any(|granted| same_permission(granted, scope.as_str())))
        .cloned()
        .collect()
}

/// Whether two scopes name one permission. Only the last part of a scope's path counts, without regard to case:
/// Microsoft answers with the address of whichever resource it likes.
#[must_use]
pub fn same_permission(one: &str, other: &str) -> bool {
    permission_name(one).eq_ignore_ascii_case(permission_name(other))
}

/// The last part of a scope's path: the permission as portals list it.
#[must_use]
pub fn permission_name(scope: &str) -> &str {
    scope.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_of_different_resources_need_a_token_each() {
        use Protocol::{Imap, Pop3, Smtp};
        let own = |protocol: Protocol| Channel::own(protocol, protocol.sides()[0]);
        let scopes = |imap: &str, pop3: &str, smtp: &str| {
            let of = |text: &str| text.split_whitespace().map(|scope| scope.parse().unwrap()).collect();
            let services = [(own(Imap), of(imap)), (own(Pop3), of(pop3)), (own(Smtp), of(smtp))].into();
            ScopeSet { always: of("openid"), services, is_one_token: false }
        };
        let (one, other) = ("https://one.example", "https://other.example");
        let shown = |scopes: ScopeSet, protocols: &[Protocol]| -> Vec<(Option<String>, Vec<Protocol>)> {
            let audiences = scopes.audiences(protocols.iter().copied().map(own));
            audiences.into_iter().map(|audience| (audience.resource, audience.protocols)).collect()
        };
        let same = scopes("https://one.example/read", "https://one.example/pop", "https://one.example/send");
        assert_eq!(shown(same.clone(), &[Imap, Smtp]), [(Some(one.into()), vec![Imap, Smtp])]);
        let two = scopes("https://one.example/read", "pop", "https://other.example/send");
        assert_eq!(
            shown(two.clone(), &[Imap, Smtp]),
            [(Some(one.into()), vec![Imap]), (Some(other.into()), vec![Smtp])]
        );
        // Where a protocol's scopes name no resource, another's token serves it too.
        assert_eq!(shown(two, &[Pop3, Smtp]), [(Some(other.into()), vec![Pop3, Smtp])]);
        assert_eq!(shown(scopes("mail", "mail", "mail"), &[Imap, Smtp]), [(None, vec![Imap, Smtp])]);
        let one_token =
            ScopeSet { is_one_token: true, ..scopes("https://one.example/read", "", "https://other.example/send") };
        assert_eq!(shown(one_token, &[Imap, Smtp]), [(Some(one.into()), vec![Imap, Smtp])]);
        assert_eq!(shown(same, &[]), []);
    }

    #[test]
    fn a_registration_is_known_by_client_id_and_sign_in_server() {
        let app = |rest: &str| {
            let text = format!("[apps.a]\n{rest}\n");
            let profile = crate::config::parse("config.toml".as_ref(), &text).unwrap();
            profile.apps.values().next().unwrap().clone()
        };
        let microsoft = |provider: &str, tenant: &str, id: &str| {
            app(&format!("provider = \"{provider}\"\ntenant = \"{tenant}\"\nclient_id = \"{id}\""))
        };
        let one = microsoft("microsoft365", "contoso.com", "11111111-2222-3333-4444-aaaaaaaaaaaa");
        assert!(one.is_same_client(&microsoft("microsoft365", "common", "11111111-2222-3333-4444-AAAAAAAAAAAA")));
        assert!(!one.is_same_client(&microsoft("microsoft365", "contoso.com", "11111111-2222-3333-4444-bbbbbbbbbbbb")));
        let oidc = |issuer: &str| {
            app(&format!("provider = \"oidc\"\nissuer = \"{issuer}\"\nscopes = [\"m\"]\nclient_id = \"mail\""))
        };
        assert!(oidc("https://a.example").is_same_client(&oidc("https://a.example")));
        assert!(!oidc("https://a.example").is_same_client(&oidc("https://b.example")));
    }

    #[test]
    fn granted_scopes_are_compared_by_their_last_part() {
        let asked: Vec<Scope> =
            ["openid", "https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send"]
                .iter()
                .map(|scope| scope.parse().unwrap())
                .collect();
        let granted = vec!["https://outlook.office365.com/imap.accessasuser.all".to_owned()];
        let missing = missing_scopes(&asked, &granted);
        assert_eq!(missing.len(), 1);
        assert!(missing[0].as_str().ends_with("SMTP.Send"));
    }
}
