//! Where an app's federated tokens come from, as flags and as questions.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use toml::Spanned;

use crate::arguments::filed::{over, unspanned};
use crate::config::{AppFile, FederatedFile};
use crate::context::Context;
use crate::error::CommandError;
use crate::profile::FederatedSource;
use crate::text::Shown;

/// Where the app's federated tokens come from.
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "Federated tokens (--credential federated)")]
pub(super) struct FederatedFlags {
    /// Who hands the tokens out
    #[arg(long, value_name = "SOURCE")]
    pub(super) federated_source: Option<FederatedSource>,
    /// For whom they are asked, where it is not the provider's usual audience
    #[arg(long, value_name = "AUDIENCE")]
    pub(super) federated_audience: Option<String>,
    /// gitlab and variable: the variable that holds the token
    #[arg(long, value_name = "NAME")]
    pub(super) federated_variable: Option<String>,
    /// file: the file that holds it [default: the one that AZURE_FEDERATED_TOKEN_FILE names]
    #[arg(long, value_name = "FILE")]
    pub(super) federated_file: Option<PathBuf>,
    /// command: the program that prints it; once more for each of its arguments
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    pub(super) federated_command: Vec<String>,
    /// managed-identity: which identity, by its client ID or resource ID, where there are several
    #[arg(long, value_name = "ID")]
    pub(super) federated_identity: Option<String>,
    /// azure-pipelines: the ID of the service connection, where the task has none
    #[arg(long, value_name = "ID")]
    pub(super) federated_service_connection: Option<String>,
}

impl FederatedFlags {
    /// Whether one of them is given.
    pub(super) fn are_given(&self) -> bool {
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

    /// These flags over what the profile has; another source begins with nothing of the old one.
    ///
    /// # Errors
    /// If the file cannot be named from elsewhere.
    pub(super) fn over(
        &self,
        old: Option<Spanned<FederatedFile>>,
    ) -> Result<Option<Spanned<FederatedFile>>, CommandError> {
        if !self.are_given() {
            return Ok(old);
        }
        let old = old.map(Spanned::into_inner).unwrap_or_default();
        let was = old.source.as_ref().map(|source| *source.get_ref());
        let is_other = self.federated_source.is_some() && self.federated_source != was;
        let old = if is_other { FederatedFile::default() } else { old };
        // The profile may be in another folder than the one where the command was typed.
        let file = self.federated_file.as_ref().map(|path| {
            let absolute = std::path::absolute(path);
            absolute.map(unspanned).map_err(|error| {
                CommandError::usage(shown!("--federated-file {}: {}.", path, error), "Name the file with the token")
            })
        });
        let command = Some(self.federated_command.clone()).filter(|words| !words.is_empty());
        Ok(Some(unspanned(FederatedFile {
            source: self.federated_source.map(unspanned).or(old.source),
            audience: over(&self.federated_audience, old.audience),
            variable: over(&self.federated_variable, old.variable),
            file: file.transpose()?.or(old.file),
            command: command.map(unspanned).or(old.command),
            identity: over(&self.federated_identity, old.identity),
            service_connection: over(&self.federated_service_connection, old.service_connection),
        })))
    }
}

/// The flags that say the same as `file`.
pub(super) fn flags(file: &FederatedFile) -> Vec<(&'static str, String)> {
    let FederatedFile { source, audience, variable, file, command, identity, service_connection } = file;
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

/// Where the tokens of a new app come from, if it is one that has them and no flag says so.
pub(super) fn ask(file: &mut AppFile, context: &Context) -> Result<(), CommandError> {
    let has_them = file.credential.as_ref().is_some_and(|kind| kind.get_ref().has_federated_tokens());
    let is_open = file.federated.as_ref().is_none_or(|spec| spec.get_ref().source.is_none());
    let prompter = context.prompter.as_ref();
    if !has_them || !is_open || !prompter.is_interactive() {
        return Ok(());
    }
    let titles = FederatedSource::ALL.map(FederatedSource::title);
    let chosen = prompter.choose("Where do its federated tokens come from", &titles).map_err(|error| {
        let keys = Shown::join(FederatedSource::ALL.map(FederatedSource::key), ", ");
        CommandError::unasked(&error, shown!("--federated-source {}", keys))
    })?;
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
