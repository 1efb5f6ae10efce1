//! What an app proves itself with, as flags and as questions: one file for each kind that must be told something.

mod certificate;
mod federated;
mod service_account;
mod settings;

use clap::Args as ClapArgs;
use toml::Spanned;

use super::missing_flag::MissingFlag;
use crate::config::AppFile;
use crate::context::Context;
use crate::error::CommandError;
use crate::profile::{App, Credential};
use certificate::CertificateFlags;
use federated::FederatedFlags;
use service_account::ServiceAccountFlags;
use settings::Settings;

/// The flags of all kinds.
#[derive(Debug, Default, ClapArgs)]
pub(super) struct CredentialFlags {
    #[command(flatten)]
    certificate: CertificateFlags,
    #[command(flatten)]
    federated: FederatedFlags,
    #[command(flatten)]
    service_account: ServiceAccountFlags,
}

impl CredentialFlags {
    fn all(&self) -> [&dyn Settings; 3] {
        [&self.certificate, &self.federated, &self.service_account]
    }

    /// The kinds whose settings the app of `file` must have: its own, and others that it uses where they are begun.
    fn used_by(&self, file: &AppFile) -> Vec<&dyn Settings> {
        let credential = file.credential_kind();
        let is_begun = |settings: &dyn Settings| !settings.flags_of(file).is_empty();
        let is_used = |settings: &&dyn Settings| {
            settings.kind() == credential || credential.uses(settings.kind()) && is_begun(*settings)
        };
        self.all().into_iter().filter(is_used).collect()
    }

    /// The kind that the flags tell, where one is given.
    pub(super) fn told(&self) -> Option<Credential> {
        self.meant_by(|settings| settings.given().is_some())
    }

    /// The kind that the settings of `file` tell.
    pub(super) fn told_by(&self, file: &AppFile) -> Option<Credential> {
        self.meant_by(|settings| !settings.flags_of(file).is_empty())
    }

    fn meant_by(&self, is_there: impl Fn(&dyn Settings) -> bool) -> Option<Credential> {
        let there = self.all().into_iter().filter(|settings| is_there(*settings));
        Credential::meant_by(&there.map(Settings::kind).collect::<Vec<_>>())
    }

    /// Writes the flags over what `file` has, whose credential is known.
    ///
    /// # Errors
    /// If a flag is of no use to that credential, or a file cannot be named from elsewhere.
    pub(super) fn write(&self, file: &mut AppFile) -> Result<(), CommandError> {
        let credential = file.credential_kind();
        for settings in self.all() {
            let Some(flag) = settings.given() else { continue };
            let kind = settings.kind();
            if !credential.uses(kind) {
                return Err(CommandError::usage(
                    shown!("{} belongs to --credential {}, and this is {}.", flag, kind.key(), credential.key()),
                    shown!("Give --credential {}, or leave {} out", kind.key(), flag),
                ));
            }
            settings.write(file)?;
        }
        Ok(())
    }

    /// The flags that say the same as `file`, whether they are given or not.
    pub(super) fn flags_of(&self, file: &AppFile) -> Vec<(&'static str, String)> {
        self.all().into_iter().flat_map(|settings| settings.flags_of(file)).collect()
    }

    /// What the credential of `file` needs to be told, and is not.
    pub(super) fn missing(&self, file: &AppFile) -> Vec<MissingFlag> {
        self.used_by(file).into_iter().filter_map(|settings| settings.missing(file)).collect()
    }

    /// Asks at a terminal for what the credential of a new app needs to be told.
    ///
    /// # Errors
    /// If a question is given up.
    pub(super) fn ask(&self, file: &mut AppFile, context: &Context) -> Result<(), CommandError> {
        if !context.prompter.is_interactive() {
            return Ok(());
        }
        self.used_by(file).into_iter().try_for_each(|settings| settings.ask(file, context))
    }
}

/// Whether a person hands over a part of the app's credential, which the store keeps.
pub(super) fn is_handed_over(file: &AppFile) -> bool {
    let account = file.service_account.as_ref().map(Spanned::get_ref);
    file.credential_kind().handed_over().is_some()
        && account.is_none_or(|account| account.external_account.is_none() && account.account.is_none())
}

/// Whether the store keeps a part of the app's credential. `is_given` tells whether a flag names where it is read from.
///
/// # Errors
/// If a passphrase is given, and the key that it is for cannot be read.
pub(super) fn is_stored(app: &App, is_given: bool) -> Result<bool, CommandError> {
    Ok(app.handed_over().is_some() || certificate::is_locked(app, is_given)?)
}
