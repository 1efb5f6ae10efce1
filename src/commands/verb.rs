//! The verbs, one for each command: clap names them after the variants.

use std::path::Path;

use clap::Subcommand;

use super::next::Next;
#[cfg(feature = "practice")]
use super::practice;
use super::{
    add, apply, authorize, completions, credential, doctor, explain, guide, inspect, list, man, new_certificate,
    new_vault_key, next, open, remove, report, rotate_secret, schema, show, snippet, status, store, test, test_mailbox,
    test_smtp, token,
};
use crate::context::Context;
use crate::error::CommandError;
use crate::report::Document;

/// What to do. The arguments of a verb are made when it is the one that was typed, or when the command line is built.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
#[expect(missing_docs, reason = "each verb's Args carries its documentation, which clap shows")]
pub enum Command {
    Add(Box<add::Args>),
    Apply(apply::Args),
    #[command(visible_alias = "login")]
    Authorize(authorize::Args),
    Test(test::Args),
    #[command(visible_alias = "test-receiving")]
    TestMailbox(test_mailbox::Args),
    #[command(visible_alias = "test-sending")]
    TestSmtp(test_smtp::Args),
    Doctor(doctor::Args),
    Inspect(inspect::Args),
    Report(report::Args),
    RotateSecret(rotate_secret::Args),
    Explain(explain::Args),
    Status(status::Args),
    #[command(visible_alias = "ls")]
    List(list::Args),
    Show(show::Args),
    Open(open::Args),
    Guide(guide::Args),
    #[command(visible_alias = "rm")]
    Remove(remove::Args),
    Token(token::Args),
    Snippet(snippet::Args),
    Credential(credential::Args),
    NewCertificate(new_certificate::Args),
    NewVaultKey(new_vault_key::Args),
    Store(store::Args),
    Completions(completions::Args),
    Man(man::Args),
    Schema(schema::Args),
    #[cfg(feature = "practice")]
    Practice(practice::Args),
}

impl Command {
    /// Runs what no verb was given for: the next step that the profile calls for.
    ///
    /// # Errors
    /// Without a person at a terminal: the usual commands. Else why the step could not be done.
    pub fn next(context: &Context) -> Result<Document, CommandError> {
        match next::run(context)? {
            Next::Add => add::run(&add::Args::default(), context),
            Next::Done(document) => Ok(*document),
        }
    }

    /// Runs the command. `line` makes the whole command line, for those that tell of it.
    ///
    /// # Errors
    /// Why it could not do its job.
    pub fn run(&self, context: &Context, line: fn() -> clap::Command) -> Result<Document, CommandError> {
        match self {
            Self::Add(args) => add::run(args, context),
            Self::Apply(args) => apply::run(args, context),
            Self::Authorize(args) => authorize::run(args, context),
            Self::Test(args) => test::run(args, context),
            Self::TestMailbox(args) => test_mailbox::run(args, context),
            Self::TestSmtp(args) => test_smtp::run(args, context),
            Self::Doctor(args) => doctor::run(args, context),
            Self::Inspect(args) => inspect::run(args, context),
            Self::Report(args) => report::run(args),
            Self::RotateSecret(args) => rotate_secret::run(args, context),
            Self::Explain(args) => explain::run(args, context),
            Self::Status(args) => status::run(args, context),
            Self::List(args) => list::run(args, context),
            Self::Show(args) => show::run(args, context),
            Self::Open(args) => open::run(args, context),
            Self::Guide(args) => guide::run(args, context),
            Self::Remove(args) => remove::run(args, context),
            Self::Token(args) => token::run(args, context),
            Self::Snippet(args) => snippet::run(args, context),
            Self::Credential(args) => credential::run(args, context),
            Self::NewCertificate(args) => new_certificate::run(args, context),
            Self::NewVaultKey(args) => new_vault_key::run(args, context),
            Self::Store(args) => store::run(args, context),
            Self::Completions(args) => completions::run(args, context, line),
            Self::Man(args) => man::run(args, line),
            Self::Schema(args) => schema::run(args),
            #[cfg(feature = "practice")]
            Self::Practice(args) => practice::run(args, context),
        }
    }

    /// The file for the days that the command knows.
    #[must_use]
    pub fn calendar(&self) -> Option<&Path> {
        if let Self::Status(args) = self { args.calendar() } else { None }
    }

    /// Whether the whole result is an access token, or holds one.
    #[must_use]
    pub fn prints_token(&self) -> bool {
        matches!(self, Self::Token(_) | Self::Credential(_))
    }
}
