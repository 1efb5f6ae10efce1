//! Where an app is registered, as flags, and how they change what the profile has.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::choices;
use super::filed::{over, unspanned};
use super::typed;
use crate::config::AppFile;
use crate::error::CommandError;
use crate::profile::{Cloud, EndpointUrl, Provider, Tenant};

/// Where an app is registered.
#[derive(Debug, Default, ClapArgs)]
pub struct ProviderFlags {
    /// The provider of the sign-in
    #[arg(long, value_parser = choices::providers())]
    pub provider: Option<Provider>,
    /// Microsoft 365: which national cloud
    #[arg(long)]
    pub cloud: Option<Cloud>,
    /// Microsoft: Directory (tenant) ID, a verified domain, organizations, consumers or common
    #[arg(long, value_parser = typed::<Tenant>())]
    pub tenant: Option<Tenant>,
    /// Microsoft: another sign-in host than the cloud's own
    #[arg(long, value_name = "URL", value_parser = typed::<EndpointUrl>())]
    pub authority: Option<EndpointUrl>,
    /// Microsoft and Google: another host for Graph or the Gmail API than the provider's own
    #[arg(long, value_name = "URL", value_parser = typed::<EndpointUrl>())]
    pub api_url: Option<EndpointUrl>,
    /// A private CA (PEM) for the sign-in and mail servers, trusted beside the system's
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}

impl ProviderFlags {
    /// The first flag that was given.
    #[must_use]
    pub fn first(&self) -> Option<&'static str> {
        let Self { provider, cloud, tenant, authority, api_url, ca_file } = self;
        let flags = [
            ("--provider", provider.is_some()),
            ("--cloud", cloud.is_some()),
            ("--tenant", tenant.is_some()),
            ("--authority", authority.is_some()),
            ("--api-url", api_url.is_some()),
            ("--ca-file", ca_file.is_some()),
        ];
        flags.into_iter().find(|(_, is_given)| *is_given).map(|(flag, _)| flag)
    }

    /// These flags over what the profile has.
    ///
    /// # Errors
    /// If the file of a CA cannot be named from elsewhere.
    pub fn over(&self, mut old: AppFile) -> Result<AppFile, CommandError> {
        let was = old.provider.as_ref().map(|provider| *provider.get_ref());
        if self.provider.is_some() && self.provider != was {
            // What only the other provider understands.
            (old.cloud, old.tenant, old.authority, old.issuer, old.scopes) = (None, None, None, None, None);
            old.api_url = None;
        }
        Ok(AppFile {
            provider: self.provider.map(unspanned).or(old.provider),
            cloud: self.cloud.map(unspanned).or(old.cloud),
            tenant: over(&self.tenant, old.tenant),
            authority: over(&self.authority, old.authority),
            api_url: over(&self.api_url, old.api_url),
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
