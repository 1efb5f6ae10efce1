//! Where a client secret comes from. Never from argv: other users can read that.

use std::io::Read;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::doubt::{self, Ruling};
use crate::config;
use crate::context::Context;
use crate::diagnosis::{self, FailureContext};
use crate::error::CommandError;
use crate::oauth::assertion::certificate;
use crate::oauth::service_account;
use crate::profile::{App, GivenAs, secret_doubt};
use crate::report::{Finding, FindingCode};
use crate::text::{self, Redactor, Shown};

/// Longer than any secret, shorter than a file that was named by mistake.
const LIMIT: u64 = 16 * 1024;

/// Where a client secret is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A prompt at the terminal.
    Prompt,
    /// Standard input.
    Stdin,
    /// This environment variable.
    Variable(String),
    /// This file.
    File(PathBuf),
}

impl SecretSource {
    /// Whether the command line names a source.
    #[must_use]
    pub fn is_given(&self) -> bool {
        *self != Self::Prompt
    }

    /// The environment variable that holds the secret, where one does.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        match self {
            Self::Variable(name) => Some(name),
            Self::Prompt | Self::Stdin | Self::File(_) => None,
        }
    }

    /// The client secret of `app`, from the flag's source or from a prompt that asks for it as `noun`, known to the redactor and checked for the
    /// usual mistakes. At a prompt a mistake is said and the question asked again; elsewhere it is refused with its
    /// reason, and `force` takes what can be sent at all.
    ///
    /// # Errors
    /// If it cannot be read, or cannot be a secret.
    pub fn read(
        &self,
        noun: &'static str,
        app: &App,
        context: &Context,
        force: bool,
    ) -> Result<SecretString, CommandError> {
        let prompter = context.prompter.as_ref();
        loop {
            let secret = self.read_once(noun, app, context)?;
            let secret = SecretString::from(secret.expose_secret().trim_end_matches(['\r', '\n']).to_owned());
            context.transcript.redactor().learn(&secret);
            if let Err(error) = check(&secret, app, context) {
                if self.is_given() {
                    return Err(error);
                }
                doubt::say(&error, prompter);
                continue;
            }
            let doubted = || secret_doubt(secret.expose_secret(), app.provider, app.client_id.as_str());
            let Some(code) = Some(app).filter(|app| app.credential.has_secret()).and_then(|_| doubted()) else {
                return Ok(secret);
            };
            match doubt::rule(code, force, prompter)? {
                Ruling::Use => return Ok(secret),
                Ruling::AskAgain if self.is_given() => return Err(doubt::refused(code)),
                Ruling::AskAgain => {}
            }
        }
    }

    fn read_once(&self, noun: &'static str, app: &App, context: &Context) -> Result<SecretString, CommandError> {
        match self {
            Self::Stdin => bounded(&mut std::io::stdin().lock(), LIMIT, "a client secret")
                .map_err(|error| unreadable(shown!("Standard input: {}.", error))),
            Self::Variable(variable) => std::env::var(variable).map(SecretString::from).map_err(|_| {
                unreadable(shown!("The environment variable {} is not set.", Redactor::by_shape(variable)))
            }),
            Self::File(path) => from_file(path),
            Self::Prompt => asked(noun, app, context),
        }
    }
}

/// What a person answers.
fn asked(noun: &'static str, app: &App, context: &Context) -> Result<SecretString, CommandError> {
    let hidden = |question: &Shown| {
        let flags = "--secret-stdin, --secret-env VAR or --secret-file FILE";
        context.prompter.secret(question).map_err(|error| CommandError::unasked(&error, flags))
    };
    match app.credential.given_as() {
        GivenAs::KeyFile => {
            let question = format!("The file with the {} (JSON)", app.handed_over().unwrap_or("key"));
            let path = context.prompter.ask(&question, None, &|_| Ok(())).map_err(|error| {
                CommandError::unasked(&error, "--secret-file FILE, --secret-stdin or --secret-env VAR")
            })?;
            from_file(Path::new(&path))
        }
        GivenAs::Passphrase => hidden(&shown!("Passphrase of the key of app '{}'", app.name)),
        GivenAs::Secret => hidden(&shown!("{} of app '{}' (the Value, not the ID)", noun, app.name)),
    }
}

/// Whether it can be what `app` authenticates with, or open its key.
fn check(secret: &SecretString, app: &App, context: &Context) -> Result<(), CommandError> {
    let told = |failure| CommandError::from(diagnosis::finding(&failure, FailureContext::of_app(app)));
    match app.credential.given_as() {
        GivenAs::KeyFile => {
            let opened = service_account::open(app, Some(secret), None, context.transcript.redactor());
            opened.map(drop).map_err(told)
        }
        GivenAs::Passphrase => {
            app.certificate.iter().try_for_each(|spec| certificate::unlock(spec, secret)).map_err(told)
        }
        GivenAs::Secret => config::validate_client_secret(secret.expose_secret()).map_err(|invalid| {
            Finding::of(FindingCode::SECRET_UNUSABLE)
                .case("given")
                .with("what", text::sentence(&invalid.problem))
                .with("instead", text::sentence(&invalid.instead))
                .into()
        }),
    }
}

fn unreadable(what: Shown) -> CommandError {
    CommandError::usage(what, "Give it with --secret-stdin, --secret-env or --secret-file")
}

fn from_file(path: &Path) -> Result<SecretString, CommandError> {
    let open = || bounded(&mut std::fs::File::open(path)?, LIMIT, "a client secret");
    open().map_err(|error| unreadable(shown!("{}: {}.", path, error)))
}

/// The text of `source`, which is to be `noun`, of at most so many bytes.
pub(super) fn bounded(source: &mut dyn Read, limit: u64, noun: &str) -> std::io::Result<SecretString> {
    let mut text = Zeroizing::new(String::new());
    source.take(limit + 1).read_to_string(&mut text)?;
    if text.len() as u64 > limit {
        return Err(std::io::Error::other(format!("more than {limit} bytes, which is not {noun}")));
    }
    Ok(SecretString::from(text.as_str().to_owned()))
}
