//! Which servers a profile names: where its apps sign in, and where its mailboxes' mail is.

use std::path::Path;

use crate::diagnosis::FailureContext;
use crate::oauth;
use crate::profile::{
    App, Endpoint, EndpointSource, EndpointUrl, HostPreset, Mailbox, Profile, Protocol, Provider, ServerEndpoint, Side,
    TlsMode,
};
use crate::text::{Redactor, Shown};

/// A server to look at.
#[derive(Debug, Clone)]
pub(super) struct Host<'a> {
    pub(super) endpoint: Endpoint,
    pub(super) role: Role,
    pub(super) ca_file: Option<&'a Path>,
    /// The app or the mailbox that names it first.
    pub(super) about: FailureContext<'a>,
}

/// What a server is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Role {
    /// People sign in there; the address can be fetched without a sign-in.
    SignIn(EndpointUrl),
    /// Mail.
    Mail(Protocol),
}

impl Host<'_> {
    /// "login.microsoftonline.com:443".
    pub(super) fn label(&self) -> Shown {
        shown!("{}:{}", Redactor::by_shape(self.endpoint.host()), self.endpoint.port())
    }

    /// What it is for, in words.
    pub(super) fn role(&self) -> Shown {
        match &self.role {
            Role::SignIn(_) => "sign-in".into(),
            Role::Mail(protocol) => match &self.endpoint {
                Endpoint::Server(server) => shown!("{}, {}", protocol, server.tls),
                Endpoint::Web(_) => Shown::of(protocol),
            },
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        let same_role = match (&self.role, &other.role) {
            (Role::SignIn(_), Role::SignIn(_)) => true,
            (one, two) => one == two,
        };
        same_role && self.endpoint == other.endpoint && self.ca_file == other.ca_file
    }
}

/// The servers of `profile`, each once: those of all apps, and those of the enabled mailboxes.
pub(super) fn of(profile: &Profile) -> Vec<Host<'_>> {
    let mut hosts: Vec<Host<'_>> = Vec::new();
    let apps = profile.apps.values().flat_map(sign_in);
    let mailboxes = profile.mailboxes.values().filter(|mailbox| mailbox.enabled);
    let mail = mailboxes.flat_map(|mailbox| servers(mailbox, profile.app_of(mailbox)));
    for host in apps.chain(mail) {
        if !hosts.iter().any(|known| known.is_same(&host)) {
            hosts.push(host);
        }
    }
    if hosts.is_empty() { usual() } else { hosts }
}

/// The usual provider's, for a machine without a profile: one server to read and one to send.
pub(super) fn usual() -> Vec<Host<'static>> {
    let preset = Provider::usual().main();
    let metadata = preset.sign_in.public_issuer();
    let metadata = metadata.and_then(|issuer| format!("{issuer}/.well-known/openid-configuration").parse().ok());
    let sign_in = metadata.and_then(|url| web(url, None, FailureContext::default()));
    let mail = [Side::Incoming, Side::Outgoing].into_iter().filter_map(|side| {
        let protocol = Protocol::of(side).next()?;
        let HostPreset { host, port, tls } = preset.service(protocol, side)?.endpoint.server()?;
        let endpoint = ServerEndpoint { host: host.parse().ok()?, port, tls, ehlo_name: None }.into();
        let about = FailureContext { protocol: Some(protocol), ..FailureContext::default() };
        Some(Host { endpoint, role: Role::Mail(protocol), ca_file: None, about })
    });
    sign_in.into_iter().chain(mail).collect()
}

/// Where `app` signs in. Its issuer's metadata is public (OpenID Connect Discovery 1.0 §4); where the token
/// endpoint is another host, as at Google, that one is asked for its root.
fn sign_in(app: &App) -> Vec<Host<'_>> {
    let metadata = oauth::metadata_address(app);
    let roots = match &app.sign_in {
        EndpointSource::Known { authorization, token, .. } => [root(authorization), root(token)],
        EndpointSource::Discovered { .. } => [None, None],
    };
    let about = FailureContext { app: Some(app), ..FailureContext::default() };
    let urls = metadata.into_iter().chain(roots.into_iter().flatten());
    urls.filter_map(|url| web(url, app.ca_file.as_deref(), about)).collect()
}

fn root(url: &EndpointUrl) -> Option<EndpointUrl> {
    url.as_url().join("/").ok()?.as_str().parse().ok()
}

fn web<'a>(url: EndpointUrl, ca_file: Option<&'a Path>, about: FailureContext<'a>) -> Option<Host<'a>> {
    let server =
        ServerEndpoint { host: url.host().parse().ok()?, port: url.port(), tls: TlsMode::Implicit, ehlo_name: None };
    Some(Host { endpoint: server.into(), role: Role::SignIn(url), ca_file, about })
}

fn servers<'a>(mailbox: &'a Mailbox, app: &'a App) -> impl Iterator<Item = Host<'a>> {
    mailbox.services().map(move |service| Host {
        endpoint: service.endpoint.clone(),
        role: Role::Mail(service.protocol),
        ca_file: mailbox.ca_file.as_deref(),
        about: FailureContext::of_mailbox(app, mailbox).over(service.protocol),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn profile(text: &str) -> Profile {
        config::parse(Path::new("/config.toml"), text).unwrap()
    }

    fn shown(hosts: &[Host<'_>]) -> Vec<String> {
        hosts.iter().map(|host| format!("{} {}", host.label(), host.role())).collect()
    }

    #[test]
    fn every_server_is_looked_at_once_and_disabled_mailboxes_are_not() {
        let text = r#"
[apps.contoso]
provider = "microsoft365"
tenant = "contoso.example"
client_id = "11111111-2222-3333-4444-555555555555"
[apps.mail]
provider = "google"
client_id = "1234-practice.apps.googleusercontent.com"
[mailboxes.shop]
app = "contoso"
address = "shop@contoso.example"
incoming = { protocol = "imap" }
outgoing = { protocol = "smtp" }
[mailboxes.alice]
app = "contoso"
address = "alice@contoso.example"
incoming = { protocol = "imap" }
[mailboxes.old]
app = "contoso"
address = "old@contoso.example"
incoming = { protocol = "imap", host = "old.example" }
enabled = false
"#;
        assert_eq!(
            shown(&of(&profile(text))),
            [
                "login.microsoftonline.com:443 sign-in",
                "accounts.google.com:443 sign-in",
                "oauth2.googleapis.com:443 sign-in",
                "outlook.office365.com:993 IMAP, implicit TLS",
                "smtp.office365.com:587 SMTP, STARTTLS",
            ]
        );
    }

    #[test]
    fn what_is_fetched_is_the_metadata_of_the_tenant() {
        let text = "[apps.contoso]\nprovider = \"microsoft365\"\ntenant = \"contoso.example\"\n\
                    client_id = \"11111111-2222-3333-4444-555555555555\"\n";
        let profile = profile(text);
        let Role::SignIn(url) = of(&profile)[0].role.clone() else { panic!("no sign-in server") };
        assert_eq!(
            url.to_string(),
            "https://login.microsoftonline.com/contoso.example/v2.0/.well-known/openid-configuration"
        );
    }

    #[test]
    fn without_a_profile_the_usual_servers_are_looked_at() {
        let usual = shown(&usual());
        assert_eq!(usual.len(), 3);
        for host in ["login.microsoftonline.com:443", "outlook.office365.com:993", "smtp.office365.com:587"] {
            assert!(usual.iter().any(|shown| shown.starts_with(host)), "{usual:?}");
        }
        assert_eq!(shown(&of(&Profile::default())), usual);
    }
}
