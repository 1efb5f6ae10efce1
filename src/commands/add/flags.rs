//! The values of an app and a mailbox as flags, and how they change what the profile has.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use jiff::civil::Date;
use toml::Spanned;

use crate::arguments::choices::{self, Choice};
use crate::arguments::typed;
use crate::config::{AppFile, MailboxFile, ScopesFile, ServiceFile};
use crate::error::CommandError;
use crate::profile::{
    Address, ClientId, Cloud, Credential, EndpointUrl, HostName, Name, Protocol, Provider, RedirectUri, Scope, Side,
    Tenant, TlsMode, is_guid,
};

/// The app's values.
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "The app registration")]
pub(super) struct AppFlags {
    /// The app's name in the profile; several mailboxes can share one [default: the mailbox's name]
    #[arg(long, value_parser = typed::<Name>())]
    pub(super) app: Option<Name>,
    /// The provider of the sign-in
    #[arg(long, value_parser = choices::providers())]
    pub(super) provider: Option<Provider>,
    /// Microsoft 365: which national cloud
    #[arg(long)]
    pub(super) cloud: Option<Cloud>,
    /// Microsoft: Directory (tenant) ID, a verified domain, organizations, consumers or common
    #[arg(long, value_parser = typed::<Tenant>())]
    pub(super) tenant: Option<Tenant>,
    /// Microsoft: another sign-in host than the cloud's own
    #[arg(long, value_name = "URL", value_parser = typed::<EndpointUrl>())]
    pub(super) authority: Option<EndpointUrl>,
    /// Microsoft and Google: another host for Graph or the Gmail API than the provider's own
    #[arg(long, value_name = "URL", value_parser = typed::<EndpointUrl>())]
    pub(super) api_url: Option<EndpointUrl>,
    /// OpenID provider: its issuer
    #[arg(long, value_name = "URL", value_parser = typed::<EndpointUrl>())]
    pub(super) issuer: Option<EndpointUrl>,
    /// A scope that opens the mailbox, instead of the preset's; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", value_parser = typed::<Scope>())]
    pub(super) scopes: Vec<Scope>,
    /// Application (client) ID
    #[arg(long, value_name = "ID", value_parser = typed::<ClientId>())]
    pub(super) client_id: Option<ClientId>,
    /// How the app authenticates [default: secret]
    #[arg(long)]
    pub(super) credential: Option<Credential>,
    /// The redirect URI as registered, where it is not the preset's
    #[arg(long, value_name = "URI", value_parser = typed::<RedirectUri>())]
    pub(super) redirect_uri: Option<RedirectUri>,
    /// The day on which the client secret expires, as in 2027-05-20 or '24 months'
    #[arg(long, value_name = "DATE", value_parser = crate::profile::date::flag)]
    pub(super) expires: Option<Date>,
    /// A private CA (PEM) for the sign-in and mail servers, trusted beside the system's
    #[arg(long, value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,
}

/// The mailbox's values.
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "The mailbox")]
pub(super) struct MailboxFlags {
    /// The mailbox's address
    #[arg(long, value_parser = typed::<Address>())]
    pub(super) address: Option<Address>,
    /// The account that signs in, where it is another one (a shared mailbox's delegate)
    #[arg(long, value_name = "ADDRESS", value_parser = typed::<Address>())]
    pub(super) sign_in_as: Option<Address>,
    /// How its mail is read [default: imap]
    #[arg(long, value_parser = choices::protocols(Side::Incoming))]
    pub(super) incoming: Option<Choice>,
    /// The server that it is read from, where it is not the provider's
    #[arg(long, value_name = "HOST", value_parser = typed::<HostName>())]
    pub(super) incoming_host: Option<HostName>,
    /// That server's port
    #[arg(long, value_name = "PORT")]
    pub(super) incoming_port: Option<u16>,
    /// How TLS begins there
    #[arg(long, value_name = "MODE")]
    pub(super) incoming_tls: Option<TlsMode>,
    /// How its mail is sent [default: smtp]
    #[arg(long, value_parser = choices::protocols(Side::Outgoing))]
    pub(super) outgoing: Option<Choice>,
    /// The server that it is sent through, where it is not the provider's
    #[arg(long, value_name = "HOST", value_parser = typed::<HostName>())]
    pub(super) outgoing_host: Option<HostName>,
    /// That server's port
    #[arg(long, value_name = "PORT")]
    pub(super) outgoing_port: Option<u16>,
    /// How TLS begins there
    #[arg(long, value_name = "MODE")]
    pub(super) outgoing_tls: Option<TlsMode>,
    /// What this machine calls itself there (EHLO), where the server wants a full host name [default: its address]
    #[arg(long, value_name = "HOST", value_parser = typed::<HostName>())]
    pub(super) ehlo_name: Option<HostName>,
}

impl AppFlags {
    /// Whether a flag says which app it is.
    pub(super) fn says_which(&self) -> bool {
        let Self { app, provider, cloud, tenant, authority, issuer, client_id, credential, .. } = self;
        app.is_some()
            || provider.is_some()
            || cloud.is_some()
            || tenant.is_some()
            || authority.is_some()
            || issuer.is_some()
            || client_id.is_some()
            || credential.is_some()
    }

    /// These flags over what the profile has. A client ID that differs in the case of a GUID alone is the same one.
    pub(super) fn over(&self, file: Option<AppFile>) -> Result<AppFile, CommandError> {
        let mut old = file.unwrap_or_default();
        let was = old.provider.as_ref().map(|provider| *provider.get_ref());
        if self.provider.is_some() && self.provider != was {
            // What only the other provider understands.
            (old.cloud, old.tenant, old.authority, old.issuer, old.scopes) = (None, None, None, None, None);
            old.api_url = None;
        }
        let scopes = || ScopesFile::All(self.scopes.iter().map(Scope::to_string).collect());
        let scopes = (!self.scopes.is_empty()).then(|| unspanned(scopes()));
        let expires = self.expires.map(unspanned);
        if self.credential.is_some_and(|credential| !credential.has_secret()) {
            // The day and the way to send it belong to the secret.
            (old.secret_expires, old.client_authentication) = (None, None);
        }
        Ok(AppFile {
            provider: self.provider.map(unspanned).or(old.provider),
            cloud: self.cloud.map(unspanned).or(old.cloud),
            tenant: text(&self.tenant, old.tenant),
            authority: text(&self.authority, old.authority),
            api_url: text(&self.api_url, old.api_url),
            issuer: text(&self.issuer, old.issuer),
            scopes: scopes.or(old.scopes),
            client_id: match (&self.client_id, old.client_id) {
                (Some(new), Some(old)) if is_same_id(old.get_ref(), new.as_str()) => Some(old),
                (new, old) => text(new, old),
            },
            credential: self.credential.map(unspanned).or(old.credential),
            secret_expires: expires.or(old.secret_expires),
            redirect_uri: text(&self.redirect_uri, old.redirect_uri),
            // The profile may be in another folder than the one where the command was typed.
            ca_file: match &self.ca_file {
                Some(path) => Some(std::path::absolute(path).map_err(|error| {
                    CommandError::usage(shown!("--ca-file {}: {}.", path, error), "Name an existing PEM file")
                })?),
                None => old.ca_file,
            },
            ..old
        })
    }
}

impl MailboxFlags {
    /// These flags over what is in the profile.
    pub(super) fn over(&self, file: Option<MailboxFile>) -> MailboxFile {
        let old = file.unwrap_or_default();
        let incoming = self.service(Side::Incoming, self.incoming, old.incoming.map(Spanned::into_inner));
        let outgoing = self.service(Side::Outgoing, self.outgoing, old.outgoing.map(Spanned::into_inner));
        MailboxFile {
            app: old.app,
            address: text(&self.address, old.address),
            sign_in_as: text(&self.sign_in_as, old.sign_in_as),
            incoming: incoming.map(unspanned),
            outgoing: outgoing.map(unspanned),
            enabled: old.enabled,
            ca_file: old.ca_file,
        }
    }

    /// One side, as chosen by a flag or as the profile has it.
    fn service(&self, side: Side, choice: Option<Choice>, old: Option<ServiceFile>) -> Option<ServiceFile> {
        let had = old.as_ref().map(|old| *old.protocol.get_ref());
        let protocol = choice.map_or(had, |Choice(chosen)| chosen)?;
        Some(self.service_file(side, protocol, old))
    }

    /// One side over `protocol`; what the profile has counts only for the same protocol.
    pub(super) fn service_file(&self, side: Side, protocol: Protocol, old: Option<ServiceFile>) -> ServiceFile {
        let old = old.filter(|old| *old.protocol.get_ref() == protocol);
        let had = old.as_ref();
        let (old_host, old_ehlo) = (had.and_then(|old| old.host.clone()), had.and_then(|old| old.ehlo_name.clone()));
        let (host, port, tls, ehlo_name) = match side {
            Side::Incoming => (&self.incoming_host, self.incoming_port, self.incoming_tls, &None),
            Side::Outgoing => (&self.outgoing_host, self.outgoing_port, self.outgoing_tls, &self.ehlo_name),
        };
        ServiceFile {
            protocol: unspanned(protocol),
            host: host.as_ref().map(HostName::to_string).or(old_host),
            port: port.or(had.and_then(|old| old.port)),
            tls: tls.or(had.and_then(|old| old.tls)),
            ehlo_name: ehlo_name.as_ref().map(HostName::to_string).or(old_ehlo),
        }
    }
}

/// What a flag says, as the profile has it, else what the profile says.
fn text<T: ToString>(flag: &Option<T>, old: Option<Spanned<String>>) -> Option<Spanned<String>> {
    flag.as_ref().map(|value| unspanned(value.to_string())).or(old)
}

pub(super) fn unspanned<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
}

/// Whether two texts are one client ID. GUIDs are compared without regard to case (RFC 9562 §4), others are not.
pub(super) fn is_same_id(one: &str, other: &str) -> bool {
    one == other || is_guid(other) && one.eq_ignore_ascii_case(other)
}
