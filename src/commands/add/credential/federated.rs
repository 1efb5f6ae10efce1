//! Where an app's federated tokens come from, as flags and as questions.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use toml::Spanned;

use super::settings::{Settings, absolute};
use crate::arguments::filed::{over, unspanned};
use crate::commands::add::missing_flag::MissingFlag;
use crate::config::{AppFile, FederatedFile};
use crate::context::Context;
use crate::error::CommandError;
use crate::profile::{Credential, FederatedSource};
use crate::text::Shown;

/// Where the app's federated tokens come from.
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "Federated tokens (--credential federated)")]
pub(super) struct FederatedFlags {
    /// Who hands the tokens out
    #[arg(long, value_name = "SOURCE")]
    federated_source: Option<FederatedSource>,
    /// For whom they are asked, where it is not the provider's usual audience
    #[arg(long, value_name = "AUDIENCE")]
    federated_audience: Option<String>,
    /// gitlab and variable: the variable that holds the token
    #[arg(long, value_name = "NAME")]
    federated_variable: Option<String>,
    /// file: the file that holds it [default: the one that AZURE_FEDERATED_TOKEN_FILE names]
    #[arg(long, value_name = "FILE")]
    federated_file: Option<PathBuf>,
    /// command: the program that prints it; once more for each of its arguments
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    federated_command: Vec<String>,
    /// managed-identity: which identity, by its client ID or resource ID, where there are several
    #[arg(long, value_name = "ID")]
    federated_identity: Option<String>,
    /// azure-pipelines: the ID of the service connection, where the task has none
    #[arg(long, value_name = "ID")]
    federated_service_connection: Option<String>,
}

impl Settings for FederatedFlags {
    fn kind(&self) -> Credential {
        Credential::Federated
    }

    fn are_given(&self) -> bool {
        let Self {
            federated_source,
            federated_audience,
            federated_variable,
            federated_file,
            federated_command,
            federated_identity,
            federated_service_connection,
        } = self;
        federated_source.is_some()
            || federated_audience.is_some()
            || federated_variable.is_some()
            || federated_file.is_some()
            || !federated_command.is_empty()
            || federated_identity.is_some()
            || federated_service_connection.is_some()
    }

    /// Another source begins with nothing of the old one.
    fn write(&self, file: &mut AppFile) -> Result<(), CommandError> {
        let named = |path: &PathBuf| absolute("--federated-file", path, "Name the file with the token").map(unspanned);
        let token_file = self.federated_file.as_ref().map(named).transpose()?;
        let old = file.federated.take().map(Spanned::into_inner).unwrap_or_default();
        let was = old.source.as_ref().map(|source| *source.get_ref());
        let is_other = self.federated_source.is_some() && self.federated_source != was;
        let old = if is_other { FederatedFile::default() } else { old };
        let command = Some(self.federated_command.clone()).filter(|words| !words.is_empty());
        file.federated = Some(unspanned(FederatedFile {
            source: self.federated_source.map(unspanned).or(old.source),
            audience: over(&self.federated_audience, old.audience),
            variable: over(&self.federated_variable, old.variable),
            file: token_file.or(old.file),
            command: command.map(unspanned).or(old.command),
            identity: over(&self.federated_identity, old.identity),
            service_connection: over(&self.federated_service_connection, old.service_connection),
        }));
        Ok(())
    }

    fn flags_of(&self, file: &AppFile) -> Vec<(&'static str, String)> {
        let Some(spec) = &file.federated else { return Vec::new() };
        let FederatedFile { source, audience, variable, file, command, identity, service_connection } = spec.get_ref();
        let text = |value: &Option<Spanned<String>>| value.as_ref().map(|value| value.get_ref().clone());
        let mut flags = Vec::new();
        let mut flag = |name: &'static str, value: Option<String>| flags.extend(value.map(|value| (name, value)));
        flag("--federated-source", source.as_ref().map(|source| source.get_ref().key().to_owned()));
        flag("--federated-audience", text(audience));
        flag("--federated-variable", text(variable));
        flag("--federated-file", file.as_ref().map(|path| path.get_ref().display().to_string()));
        for word in command.iter().flat_map(|words| words.get_ref()) {
            flag("--federated-command", Some(word.clone()));
        }
        flag("--federated-identity", text(identity));
        flag("--federated-service-connection", text(service_connection));
        flags
    }

    fn missing(&self, file: &AppFile) -> Option<MissingFlag> {
        is_open(file).then(|| MissingFlag::new("--federated-source", sources()))
    }

    fn ask(&self, file: &mut AppFile, context: &Context) -> Result<(), CommandError> {
        if !is_open(file) {
            return Ok(());
        }
        let prompter = context.prompter.as_ref();
        let titles = FederatedSource::ALL.map(FederatedSource::title);
        let chosen = prompter
            .choose("Where do its federated tokens come from", &titles)
            .map_err(|error| CommandError::unasked(&error, sources()))?;
        let source = FederatedSource::ALL[chosen];
        let mut spec = file.federated.take().map(Spanned::into_inner).unwrap_or_default();
        spec.source = Some(unspanned(source));
        let ask = |question: &str, flag: &'static str| {
            let is_given = |text: &str| if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(()) };
            prompter.ask(question, None, &is_given).map_err(|error| CommandError::unasked(&error, flag))
        };
        match source {
            FederatedSource::Gitlab | FederatedSource::Variable if spec.variable.is_none() => {
                let name = ask("Which variable holds the token", "--federated-variable NAME")?;
                spec.variable = Some(unspanned(name));
            }
            FederatedSource::Command if spec.command.is_none() => {
                let line = ask(
                    "Which program prints it (its path and arguments, with blanks between)",
                    "--federated-command WORD",
                )?;
                spec.command = Some(unspanned(line.split_whitespace().map(str::to_owned).collect()));
            }
            FederatedSource::Github
            | FederatedSource::Gitlab
            | FederatedSource::AzurePipelines
            | FederatedSource::File
            | FederatedSource::ManagedIdentity
            | FederatedSource::Command
            | FederatedSource::Variable => {}
        }
        file.federated = Some(unspanned(spec));
        Ok(())
    }
}

/// Whether `file` does not say who hands the tokens out.
fn is_open(file: &AppFile) -> bool {
    file.federated.as_ref().is_none_or(|spec| spec.get_ref().source.is_none())
}

/// The flag with all that hand tokens out.
fn sources() -> Shown {
    shown!("--federated-source {}", Shown::join(FederatedSource::ALL.map(FederatedSource::key), ", "))
}
