//! From the mirror of the file to a profile that needs no second look.

mod access;
mod federated;
mod proof;
mod service_account;

use std::ops::Range;
use std::path::Path;
use std::str::FromStr;

use toml::Spanned;

use self::access::AppIs;
use self::proof::Proof;
use super::error::{Checked, Problem, ProblemKind, missing};
use super::file::{AppFile, MailboxFile, ScopesFile, ServiceFile};
use crate::profile::{
    Access, Address, App, Channel, Cloud, Deployment, Endpoint, EndpointPreset, EndpointSource, EndpointUrl,
    HostPreset, IdentityRule, Invalid, Mailbox, Name, Origin, Ports, Protocol, Provider, Scope, ScopeSet,
    ServerEndpoint, Service, Side, SignInPreset, TlsMode, provider,
};
use crate::text::is_unprintable;

/// Parses the value of `key`; a value that does not parse is a problem at its place.
fn parsed<T: FromStr<Err = Invalid>>(key: &'static str, value: &Spanned<String>) -> Checked<T> {
    value.get_ref().parse().map_err(|invalid| Problem::new(key, value.span(), invalid))
}

fn optional<T: FromStr<Err = Invalid>>(key: &'static str, value: Option<&Spanned<String>>) -> Checked<Option<T>> {
    value.map(|value| parsed(key, value)).transpose()
}

/// Checks an app. `place` is where its table begins; `base` is the folder that relative paths start from.
///
/// # Errors
/// The first value that does not fit.
pub fn app(name: Name, file: &AppFile, place: Range<usize>, base: &Path) -> Checked<App> {
    let provider: Provider = *file
        .provider
        .as_ref()
        .ok_or_else(|| missing("provider", &place, &format!("write {}", provider::keys(|_| true))))?
        .get_ref();
    let cloud = file.cloud.as_ref().map_or(Cloud::Global, |cloud| *cloud.get_ref());
    let preset = provider.deployment(cloud).ok_or_else(|| {
        let span = file.cloud.as_ref().map_or(0..0, Spanned::span);
        let invalid = Invalid::new(format!("{} has no clouds to choose from", provider.title), "remove cloud");
        Problem::new("cloud", span, invalid)
    })?;
    let client_id = parsed(
        "client_id",
        file.client_id.as_ref().ok_or_else(|| missing("client_id", &place, "write the app's client ID"))?,
    )?;
    let (tenant, sign_in, identity) = sign_in(file, preset, &place)?;
    let has_api = preset.directory.is_some() || preset.services.iter().any(|service| service.endpoint.web().is_some());
    if let Some(value) = file.api_url.as_ref().filter(|_| !has_api) {
        let problem = format!("api_url is the host of a web service, and {} has none", provider.title);
        return Err(Problem::new("api_url", value.span(), Invalid::new(problem, "remove api_url")));
    }
    if let Some(value) = file.object_id.as_ref().filter(|_| preset.directory.is_none()) {
        let problem = format!("object_id is for a directory of apps, and {} has none", provider.title);
        return Err(Problem::new("object_id", value.span(), Invalid::new(problem, "remove object_id")));
    }
    let redirect_uri = match &file.redirect_uri {
        Some(value) => parsed("redirect_uri", value)?,
        None => provider.redirect_uri.parse().map_err(|invalid| Problem::new("redirect_uri", 0..0, invalid))?,
    };
    let Proof { credential, certificate, federated, service_account } = proof::proof(file, provider, base)?;
    let access = access::of_app(file, &AppIs { provider, preset, credential, tenant: tenant.as_ref() })?;
    Ok(App {
        name,
        provider,
        cloud,
        tenant,
        client_id,
        object_id: optional("object_id", file.object_id.as_ref())?,
        credential,
        certificate,
        federated,
        service_account,
        access,
        client_authentication: file.client_authentication.as_ref().map(|value| *value.get_ref()),
        secret_expires: file.secret_expires.as_ref().map(|value| *value.get_ref()),
        redirect_uri,
        api_url: optional("api_url", file.api_url.as_ref())?,
        sign_in,
        identity,
        scopes: scopes(file, provider, preset)?,
        authorize_params: provider.authorize_params.iter().map(|&(key, value)| (key.into(), value.into())).collect(),
        ca_file: file.ca_file.as_ref().map(|path| base.join(path)),
    })
}

type SignsIn = (Option<crate::profile::Tenant>, EndpointSource, IdentityRule);

fn sign_in(file: &AppFile, preset: &Deployment, place: &Range<usize>) -> Checked<SignsIn> {
    let foreign = |key: &'static str, value: &Spanned<String>, whose: &str| {
        let invalid = Invalid::new(format!("{key} belongs to {whose} only"), format!("remove {key}"));
        Problem::new(key, value.span(), invalid)
    };
    let takes_issuer = || format!("provider {}", provider::keys(|provider| provider.main().sign_in.needs_issuer()));
    match &preset.sign_in {
        SignInPreset::Tenant { authority, default_tenant } => {
            if let Some(value) = &file.issuer {
                return Err(foreign("issuer", value, &takes_issuer()));
            }
            let tenant: crate::profile::Tenant = match (&file.tenant, default_tenant) {
                (Some(value), _) => parsed("tenant", value)?,
                (None, Some(default)) => default.parse().map_err(|invalid| Problem::new("tenant", 0..0, invalid))?,
                (None, None) => {
                    return Err(missing(
                        "tenant",
                        place,
                        "write the Directory (tenant) ID from the app's Overview page",
                    ));
                }
            };
            let span = file.authority.as_ref().map_or(0..0, Spanned::span);
            let text = file.authority.as_ref().map_or(*authority, |value| value.get_ref()).trim_end_matches('/');
            let endpoint = |path: &str| {
                format!("{text}{path}").parse().map_err(|invalid| Problem::new("authority", span.clone(), invalid))
            };
            let path = tenant.as_str();
            let sign_in = EndpointSource::Known {
                authorization: endpoint(&format!("/{path}/oauth2/v2.0/authorize"))?,
                token: endpoint(&format!("/{path}/oauth2/v2.0/token"))?,
                device_authorization: Some(endpoint(&format!("/{path}/oauth2/v2.0/devicecode"))?),
            };
            let identity = IdentityRule::Tenant { authority: endpoint("")?, tenant: tenant.clone() };
            Ok((Some(tenant), sign_in, identity))
        }
        SignInPreset::Fixed { .. } | SignInPreset::FromProfile => {
            for (key, value) in [("tenant", &file.tenant), ("authority", &file.authority)] {
                if let Some(value) = value {
                    return Err(foreign(key, value, "Microsoft's providers"));
                }
            }
            if let SignInPreset::Fixed { issuer, authorization, token, device_authorization, .. } = &preset.sign_in {
                if let Some(value) = &file.issuer {
                    return Err(foreign("issuer", value, &takes_issuer()));
                }
                let fixed = |text: &str| text.parse().map_err(|invalid| Problem::new("issuer", 0..0, invalid));
                let sign_in = EndpointSource::Known {
                    authorization: fixed(authorization)?,
                    token: service_account::token_url(file)?.map_or_else(|| fixed(token), Ok)?,
                    device_authorization: device_authorization.map(fixed).transpose()?,
                };
                return Ok((None, sign_in, IdentityRule::Issuer(fixed(issuer)?)));
            }
            let value = file.issuer.as_ref().ok_or_else(|| {
                missing("issuer", place, "write the provider's issuer, as in https://login.example.org/realms/mail")
            })?;
            let issuer: crate::profile::EndpointUrl = parsed("issuer", value)?;
            Ok((None, EndpointSource::Discovered { issuer: issuer.clone() }, IdentityRule::Issuer(issuer)))
        }
    }
}

fn scopes(file: &AppFile, provider: Provider, preset: &Deployment) -> Checked<ScopeSet> {
    let span = file.scopes.as_ref().map_or(0..0, Spanned::span);
    let list = |texts: &mut dyn Iterator<Item = &str>| -> Checked<Vec<Scope>> {
        texts.map(|text| text.parse().map_err(|invalid| Problem::new("scopes", span.clone(), invalid))).collect()
    };
    let preset_list = |texts: &[&str]| list(&mut texts.iter().copied());
    let service = |channel: Channel| {
        let known = preset.service(channel.protocol, channel.side);
        preset_list(known.map_or(&[], |service| service.scopes(channel.by)))
    };
    let own = |texts: &[String]| list(&mut texts.iter().map(String::as_str));
    let always = preset_list(provider.always)?;
    let is_one_token = !provider.quirks.token_per_resource;
    let each = |of: &dyn Fn(Channel) -> Checked<Vec<Scope>>| {
        let services = Channel::all().map(|channel| Ok((channel, of(channel)?)));
        Ok(ScopeSet { always, services: services.collect::<Checked<_>>()?, is_one_token })
    };
    match file.scopes.as_ref().map(Spanned::get_ref) {
        None => each(&service),
        Some(ScopesFile::All(texts)) => each(&|_| own(texts)),
        Some(ScopesFile::Each(given)) => each(&|channel| own(given.get(&channel.protocol).map_or(&[], Vec::as_slice))),
    }
}

/// Checks a mailbox that signs in with `app`. `place` is where its table begins.
///
/// # Errors
/// The first value that does not fit.
pub fn mailbox(name: Name, file: &MailboxFile, app: &App, place: Range<usize>, base: &Path) -> Checked<Mailbox> {
    let address: Address = parsed(
        "address",
        file.address.as_ref().ok_or_else(|| missing("address", &place, "write the mailbox's address"))?,
    )?;
    let service = |side: Side, file: &Option<Spanned<ServiceFile>>| {
        file.as_ref().map(|value| service(side, value, app)).transpose()
    };
    let incoming = service(Side::Incoming, &file.incoming)?;
    let outgoing = service(Side::Outgoing, &file.outgoing)?;
    if incoming.is_none() && outgoing.is_none() {
        let none = missing("incoming", &place, "write incoming = { protocol = \"imap\" }, or outgoing, or both");
        return Err(none.of_kind(ProblemKind::NoSide));
    }
    let access = access::access(file.access.as_ref(), app.access, &AppIs::of(app))?;
    if let Some(value) = file.sign_in_as.as_ref().filter(|_| access == Access::App) {
        let problem = "sign_in_as names a user who signs in, and with access = \"app\" there is none";
        return Err(Problem::new("sign_in_as", value.span(), Invalid::new(problem, "remove sign_in_as")));
    }
    Ok(Mailbox {
        name,
        app: app.name.clone(),
        access,
        address,
        sign_in_as: optional("sign_in_as", file.sign_in_as.as_ref())?,
        incoming,
        outgoing,
        enabled: file.enabled.unwrap_or(true),
        ca_file: file.ca_file.as_ref().map(|path| base.join(path)).or_else(|| app.ca_file.clone()),
        origin: Origin::Profile,
    })
}

fn service(side: Side, value: &Spanned<ServiceFile>, app: &App) -> Checked<Service> {
    let (key, place) = (side.key(), value.get_ref().protocol.span());
    let protocol = *value.get_ref().protocol.get_ref();
    if !protocol.serves(side) {
        let known: Vec<String> = Protocol::of(side).map(|protocol| format!("`{}`", protocol.key())).collect();
        let problem = format!("the protocol is `{}`, expected {}", protocol.key(), known.join(" or "));
        let sides =
            protocol.sides().iter().map(|side| format!("{} = {{ protocol = \"{}\" }}", side.key(), protocol.key()));
        let instead = format!("write {}", sides.collect::<Vec<_>>().join(" or "));
        return Err(Problem::new(key, place, Invalid::new(problem, instead)));
    }
    let known = app.deployment().service(protocol, side).map(|service| service.endpoint);
    if value.get_ref().ehlo_name.is_some() && protocol != Protocol::Smtp {
        let problem = format!("ehlo_name is what this machine calls itself over SMTP, and the protocol is {protocol}");
        return Err(Problem::new(key, value.span(), Invalid::new(problem, "remove ehlo_name")));
    }
    let endpoint = match protocol.ports() {
        Some(ports) => Endpoint::Server(server(side, value, ports, known.and_then(EndpointPreset::server))?),
        None => Endpoint::Web(web(side, value, app, known.and_then(EndpointPreset::web))?),
    };
    Ok(Service { protocol, endpoint })
}

/// The mail server that a side names, or the provider's.
fn server(
    side: Side,
    value: &Spanned<ServiceFile>,
    ports: Ports,
    known: Option<HostPreset>,
) -> Checked<ServerEndpoint> {
    let (key, span) = (side.key(), &value.span());
    let ServiceFile { protocol, host, port, tls, ehlo_name } = value.get_ref();
    let (port, tls) = (*port, *tls);
    let host_text = host.as_deref().or(known.map(|preset| preset.host)).ok_or_else(|| {
        let protocol = protocol.get_ref();
        let instead = format!("write the {protocol} server: {key} = {{ protocol = …, host = \"mail.example.org\" }}");
        missing(key, span, &instead).of_kind(ProblemKind::NoServer(side))
    })?;
    if port == Some(0) {
        return Err(Problem::new(key, span.clone(), Invalid::new("port 0 is not valid", "write 1 to 65535")));
    }
    // A preset's TLS mode belongs to its port: another port or mode alone falls back to what the standards pair.
    let tls = tls.unwrap_or(match (port, known) {
        (Some(143 | 110 | 587), _) => TlsMode::StartTls,
        (Some(993 | 995 | 465), _) => TlsMode::Implicit,
        (_, Some(preset)) => preset.tls,
        (_, None) => TlsMode::Implicit,
    });
    let port = port.unwrap_or_else(|| match known {
        Some(preset) if preset.tls == tls => preset.port,
        Some(_) | None => ports.of(tls),
    });
    let host = host_text.parse().map_err(|invalid| Problem::new(key, span.clone(), invalid))?;
    let ehlo_name = ehlo_name.as_deref().map(str::parse).transpose();
    let ehlo_name = ehlo_name.map_err(|invalid| Problem::new(key, span.clone(), invalid))?;
    Ok(ServerEndpoint { host, port, tls, ehlo_name })
}

/// The provider's web address for a side, or the one that the app's `api_url` names.
fn web(side: Side, value: &Spanned<ServiceFile>, app: &App, known: Option<&str>) -> Checked<EndpointUrl> {
    let ServiceFile { protocol, host, port, tls, ehlo_name: _ } = value.get_ref();
    let (key, span, protocol) = (side.key(), value.span(), protocol.get_ref());
    if host.is_some() || port.is_some() || tls.is_some() {
        let instead = format!("write {key} = {{ protocol = \"{}\" }} and nothing else", protocol.key());
        let problem = format!("{protocol} is a web address of the provider, without host, port and tls");
        return Err(Problem::new(key, span, Invalid::new(problem, instead)));
    }
    let Some(url) = known else {
        let problem = format!("the app's provider, {}, has no {protocol}", app.provider.title);
        let has = |other: &Protocol| other.ports().is_some() || app.deployment().service(*other, side).is_some();
        let others: Vec<String> = Protocol::of(side).filter(has).map(|other| format!("`{}`", other.key())).collect();
        return Err(Problem::new(key, span, Invalid::new(problem, format!("write {}", others.join(" or ")))));
    };
    let preset = || url.parse().map_err(|invalid| Problem::new(key, span, invalid));
    app.api_url.clone().map_or_else(preset, Ok)
}

/// Checks that a client secret's value can be sent at all, before any server sees it. What it may hold is RFC 6749
/// appendix A.2, blanks among it, and letters outside ASCII, which some servers take.
///
/// # Errors
/// Empty, control or invisible characters, too long.
pub fn client_secret(text: &str) -> Result<(), Invalid> {
    const INSTEAD: &str = "copy the Value of the client secret, which the portal shows only once, right after creation";
    if text.is_empty() {
        return Err(Invalid::new("the client secret is empty", INSTEAD));
    }
    // A copy from a web page may contain invisible characters.
    if text.chars().any(|c| is_unprintable(c) || c.is_whitespace() && c != ' ') {
        return Err(Invalid::new("the client secret holds line ends, control or invisible characters", INSTEAD));
    }
    if text.len() > 4096 {
        return Err(Invalid::new("the client secret is longer than 4096 bytes", INSTEAD));
    }
    Ok(())
}
