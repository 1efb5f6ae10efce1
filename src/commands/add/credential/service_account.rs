//! How a Google service account is used without a key of its own, as flags.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use toml::Spanned;

use super::settings::{Settings, absolute, first};
use crate::arguments::filed::{over, unspanned};
use crate::commands::add::missing_flag::MissingFlag;
use crate::config::{AppFile, ServiceAccountFile};
use crate::context::Context;
use crate::error::CommandError;
use crate::profile::Credential;

/// What stands for the key of a service account.
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "Service account without a key (--credential service-account)")]
pub(super) struct ServiceAccountFlags {
    /// Google's configuration of an external account, in place of a service account's key
    #[arg(long, value_name = "FILE")]
    external_account: Option<PathBuf>,
    /// In place of that file: the service account for which Google signs against the tokens of --federated-source
    #[arg(long, value_name = "ADDRESS")]
    service_account: Option<String>,
    /// And the provider of the workload identity pool that trusts them, as in //iam.googleapis.com/projects/...
    #[arg(long, value_name = "NAME")]
    service_account_audience: Option<String>,
}

impl Settings for ServiceAccountFlags {
    fn kind(&self) -> Credential {
        Credential::ServiceAccount
    }

    fn given(&self) -> Option<&'static str> {
        let Self { external_account, service_account, service_account_audience } = self;
        first([
            ("--external-account", external_account.is_some()),
            ("--service-account", service_account.is_some()),
            ("--service-account-audience", service_account_audience.is_some()),
        ])
    }

    /// A file takes the place of an account and its pool, and they the place of a file.
    fn write(&self, file: &mut AppFile) -> Result<(), CommandError> {
        let named = |path: &PathBuf| absolute("--external-account", path, "Name an existing JSON file");
        let external = self.external_account.as_ref().map(named).transpose()?;
        let mut old = file.service_account.take().map(Spanned::into_inner).unwrap_or_default();
        if external.is_some() {
            (old.account, old.audience) = (None, None);
        } else {
            old.external_account = None;
        }
        file.service_account = Some(unspanned(ServiceAccountFile {
            external_account: external.or(old.external_account),
            account: over(&self.service_account, old.account),
            audience: over(&self.service_account_audience, old.audience),
            ..old
        }));
        Ok(())
    }

    fn flags_of(&self, file: &AppFile) -> Vec<(&'static str, String)> {
        let Some(spec) = file.service_account.as_ref().map(Spanned::get_ref) else { return Vec::new() };
        let text = |value: &Option<Spanned<String>>| value.as_ref().map(|value| value.get_ref().clone());
        let flags = [
            ("--external-account", spec.external_account.as_ref().map(|path| path.display().to_string())),
            ("--service-account", text(&spec.account)),
            ("--service-account-audience", text(&spec.audience)),
        ];
        flags.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Nothing: without settings it is used with a key of its own.
    fn missing(&self, _file: &AppFile) -> Option<MissingFlag> {
        None
    }

    fn ask(&self, _file: &mut AppFile, _context: &Context) -> Result<(), CommandError> {
        Ok(())
    }
}
