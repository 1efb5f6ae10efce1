//! Where an app's federated tokens come from, as flags and as questions.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use toml::Spanned;

use super::settings::{Settings, absolute, first};
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

    fn given(&self) -> Option<&'static str> {
        let Self {
            federated_source,
            federated_audience,
            federated_variable,
            federated_file,
            federated_command,
            federated_identity,
            federated_service_connection,
        } = self;
        first([
            ("--federated-source", federated_source.is_some()),
            ("--federated-audience", federated_audience.is_some()),
            ("--federated-variable", federated_variable.is_some()),
            ("--federated-file", federated_file.is_some()),
            ("--federated-command", !federated_command.is_empty()),
            ("--federated-identity", federated_identity.is_some()),
            ("--federated-service-connection", federated_service_connection.is_some()),
        ])
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
        let spec = file.federated.as_ref().map(Spanned::get_ref);
        let Some(source) = spec.and_then(|spec| spec.source.as_ref()).map(|source| *source.get_ref()) else {
            return Some(MissingFlag::new("--federated-source", sources()));
        };
        let needed = needed(source, spec.unwrap_or(&FederatedFile::default()))?;
        Some(MissingFlag::new(needed.flag, shown!("{} {}", needed.flag, needed.takes)))
    }

    fn ask(&self, file: &mut AppFile, context: &Context) -> Result<(), CommandError> {
        let prompter = context.prompter.as_ref();
        let mut spec = file.federated.take().map(Spanned::into_inner).unwrap_or_default();
        let source = match &spec.source {
            Some(source) => *source.get_ref(),
            None => {
                let titles = FederatedSource::ALL.map(FederatedSource::title);
                let chosen = prompter
                    .choose("Where do its federated tokens come from", &titles)
                    .map_err(|error| CommandError::unasked(&error, sources()))?;
                FederatedSource::ALL[chosen]
            }
        };
        spec.source = Some(unspanned(source));
        if let Some(needed) = needed(source, &spec) {
            let is_given = |text: &str| if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(()) };
            let answer = prompter.ask(needed.question, None, &is_given);
            let answer =
                answer.map_err(|error| CommandError::unasked(&error, shown!("{} {}", needed.flag, needed.takes)))?;
            (needed.take)(&mut spec, answer);
        }
        file.federated = Some(unspanned(spec));
        Ok(())
    }
}

/// What a source must be told.
struct Needed {
    flag: &'static str,
    /// What the flag takes.
    takes: &'static str,
    question: &'static str,
    /// Puts the answer to the question where it belongs.
    take: fn(&mut FederatedFile, String),
}

/// What `source` must be told that `spec` does not say.
fn needed(source: FederatedSource, spec: &FederatedFile) -> Option<Needed> {
    match source {
        FederatedSource::Gitlab | FederatedSource::Variable => spec.variable.is_none().then_some(Needed {
            flag: "--federated-variable",
            takes: "NAME",
            question: "Which variable holds the token",
            take: |spec, name| spec.variable = Some(unspanned(name)),
        }),
        FederatedSource::Command => spec.command.is_none().then_some(Needed {
            flag: "--federated-command",
            takes: "WORD",
            question: "Which program prints it (its path and arguments, with blanks between)",
            take: |spec, line| spec.command = Some(unspanned(line.split_whitespace().map(str::to_owned).collect())),
        }),
        FederatedSource::Github
        | FederatedSource::AzurePipelines
        | FederatedSource::File
        | FederatedSource::ManagedIdentity => None,
    }
}

/// The flag with all that hand tokens out.
fn sources() -> Shown {
    shown!("--federated-source {}", Shown::join(FederatedSource::ALL.map(FederatedSource::key), ", "))
}
