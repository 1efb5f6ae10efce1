//! How a Google service account is used without a key of its own, as flags.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use toml::Spanned;

use crate::arguments::filed::{over, unspanned};
use crate::config::ServiceAccountFile;
use crate::error::CommandError;

/// What stands for the key of a service account.
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "Service account without a key (--credential service-account)")]
pub(super) struct ServiceAccountFlags {
    /// Google's configuration of an external account, in place of a service account's key
    #[arg(long, value_name = "FILE")]
    pub(super) external_account: Option<PathBuf>,
    /// In place of that file: the service account for which Google signs against the tokens of --federated-source
    #[arg(long, value_name = "ADDRESS")]
    pub(super) service_account: Option<String>,
    /// And the provider of the workload identity pool that trusts them, as in //iam.googleapis.com/projects/...
    #[arg(long, value_name = "NAME")]
    pub(super) service_account_audience: Option<String>,
}

impl ServiceAccountFlags {
    /// Whether one of them is given.
    pub(super) fn are_given(&self) -> bool {
        let Self { external_account, service_account, service_account_audience } = self;
        external_account.is_some() || service_account.is_some() || service_account_audience.is_some()
    }

    /// These flags over what the profile has: a file takes the place of an account and its pool, and they the place of a file.
    ///
    /// # Errors
    /// If the file cannot be named from elsewhere.
    pub(super) fn over(
        &self,
        old: Option<Spanned<ServiceAccountFile>>,
    ) -> Result<Option<Spanned<ServiceAccountFile>>, CommandError> {
        if !self.are_given() {
            return Ok(old);
        }
        let mut old = old.map(Spanned::into_inner).unwrap_or_default();
        // The profile may be in another folder than the one where the command was typed.
        let file = self.external_account.as_ref().map(|path| {
            std::path::absolute(path).map_err(|error| {
                CommandError::usage(shown!("--external-account {}: {}.", path, error), "Name an existing JSON file")
            })
        });
        let file = file.transpose()?;
        if file.is_some() {
            (old.account, old.audience) = (None, None);
        } else {
            old.external_account = None;
        }
        Ok(Some(unspanned(ServiceAccountFile {
            external_account: file.or(old.external_account),
            account: over(&self.service_account, old.account),
            audience: over(&self.service_account_audience, old.audience),
            ..old
        })))
    }
}

/// The flags that say the same as `file`.
pub(super) fn flags(file: &ServiceAccountFile) -> Vec<(&'static str, String)> {
    let text = |value: &Option<Spanned<String>>| value.as_ref().map(|value| value.get_ref().clone());
    [
        ("--external-account", file.external_account.as_ref().map(|path| path.display().to_string())),
        ("--service-account", text(&file.account)),
        ("--service-account-audience", text(&file.audience)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}
