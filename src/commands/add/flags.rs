//! The values of an app as flags, and how they change what the profile has.

use clap::Args as ClapArgs;
use jiff::civil::Date;

use super::credential::CredentialFlags;
use crate::arguments::filed::{over, unspanned};
use crate::arguments::provider_flags::ProviderFlags;
use crate::arguments::secret::SecretFlags;
use crate::arguments::typed;
use crate::config::{AppFile, ScopesFile};
use crate::error::CommandError;
use crate::profile::{Access, ClientId, Credential, EndpointUrl, Name, RedirectUri, Scope, is_same_client_id};

/// The app's values.
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "The app registration")]
pub(super) struct AppFlags {
    /// The app's name in the profile; several mailboxes can share one [default: the mailbox's name]
    #[arg(long, value_parser = typed::<Name>())]
    pub(super) app: Option<Name>,
    #[command(flatten)]
    pub(super) at: ProviderFlags,
    /// OpenID provider: its issuer
    #[arg(long, value_name = "URL", value_parser = typed::<EndpointUrl>())]
    pub(super) issuer: Option<EndpointUrl>,
    /// A scope that opens the mailbox, instead of the preset's; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", value_parser = typed::<Scope>())]
    pub(super) scopes: Vec<Scope>,
    /// Application (client) ID
    #[arg(long, value_name = "ID", value_parser = typed::<ClientId>())]
    pub(super) client_id: Option<ClientId>,
    /// The registration's Object ID: with it, `rotate-secret --issue` renews a certificate without a permission
    #[arg(long, value_name = "ID")]
    pub(super) object_id: Option<String>,
    /// How the app authenticates [default: secret]
    #[arg(long)]
    pub(super) credential: Option<Credential>,
    /// Who is let into its mailboxes: a user who signs in, or the app by itself [default: user]
    #[arg(long)]
    pub(super) access: Option<Access>,
    /// The redirect URI as registered, where it is not the preset's
    #[arg(long, value_name = "URI", value_parser = typed::<RedirectUri>())]
    pub(super) redirect_uri: Option<RedirectUri>,
    /// The day on which the client secret expires, as in 2027-05-20 or '24 months'
    #[arg(long, value_name = "DATE", value_parser = crate::profile::date::flag)]
    pub(super) expires: Option<Date>,
    /// Where the client secret is read from.
    #[command(flatten)]
    pub(super) secret: SecretFlags,
    // The headings of these go on: what stands behind them would be told as theirs.
    #[command(flatten)]
    pub(super) settings: CredentialFlags,
}

impl AppFlags {
    /// Whether a flag says which app it is.
    pub(super) fn says_which(&self) -> bool {
        let Self { app, at, issuer, client_id, credential, settings, access, .. } = self;
        app.is_some()
            || at.provider.is_some()
            || at.cloud.is_some()
            || at.tenant.is_some()
            || at.authority.is_some()
            || issuer.is_some()
            || client_id.is_some()
            || credential.is_some()
            || settings.told().is_some()
            || access.is_some()
    }

    /// These flags over what the profile has. A client ID that differs in the case of a GUID alone is the same one.
    pub(super) fn over(&self, file: Option<AppFile>) -> Result<AppFile, CommandError> {
        let mut old = self.at.over(file.unwrap_or_default())?;
        let scopes = || ScopesFile::All(self.scopes.iter().map(Scope::to_string).collect());
        let scopes = (!self.scopes.is_empty()).then(|| unspanned(scopes()));
        let expires = self.expires.map(unspanned);
        let is_other = |kind: &Credential| !old.credential_kind().uses(*kind);
        let credential = self.credential.or_else(|| self.settings.told().filter(is_other));
        if let Some(credential) = credential {
            old.authenticate_with(credential);
        }
        self.settings.write(&mut old)?;
        Ok(AppFile {
            issuer: over(&self.issuer, old.issuer),
            scopes: scopes.or(old.scopes),
            client_id: match (&self.client_id, old.client_id) {
                (Some(new), Some(old)) if is_same_client_id(old.get_ref(), new.as_str()) => Some(old),
                (new, old) => over(new, old),
            },
            object_id: over(&self.object_id, old.object_id),
            credential: credential.map(unspanned).or(old.credential),
            access: self.access.map(unspanned).or(old.access),
            secret_expires: expires.or(old.secret_expires),
            redirect_uri: over(&self.redirect_uri, old.redirect_uri),
            ..old
        })
    }
}
