//! The flags that say on whose word a directory is asked, or a tenant read. A token is never taken from argv: other users can read that.

use std::io::Read as _;

use clap::{Args, ValueEnum};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::CommandError;
use crate::flow::authority::Authority;
use crate::flow::tenant::{self, Administrator, AdministratorTokens};
use crate::profile::{Mailbox, Profile};

/// Longer than any two access tokens.
const LIMIT: u64 = 128 * 1024;

/// The flags that say on whose word the directory is asked; without one it is the app's own.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct AdminFlags {
    /// Ask the directory with an administrator's access token, read from standard input; where a set-up is read, a second line
    /// is the token for Exchange
    #[arg(long)]
    admin_token_stdin: bool,
    /// Ask the directory with a token of the administrator who is signed in at this program
    #[arg(long, value_name = "PROGRAM", value_enum)]
    admin: Option<AdminProgram>,
}

/// A program at which administrators are signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AdminProgram {
    /// The Azure CLI: 'az account get-access-token'.
    Az,
}

impl AdminFlags {
    /// Whether one is given.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.admin_token_stdin || self.admin.is_some()
    }

    /// Whether the token comes from standard input.
    #[must_use]
    pub fn reads_stdin(&self) -> bool {
        self.admin_token_stdin
    }

    /// Who reads what is set up in the tenants for `mailboxes`; none where no flag is given. Tokens on standard input are read
    /// now; the redactor learns them.
    ///
    /// # Errors
    /// If there is nothing to read for any of the mailboxes, or standard input holds no token.
    pub fn administrator_of(
        &self,
        mailboxes: &[&Mailbox],
        profile: &Profile,
        context: &Context,
    ) -> Result<Option<Administrator>, CommandError> {
        let has_set_up = |mailbox: &&Mailbox| tenant::has_set_up(profile.app_of(mailbox), mailbox);
        if self.is_given() && !mailboxes.iter().any(has_set_up) {
            return Err(nothing_to_read());
        }
        let tokens = match self.admin {
            Some(AdminProgram::Az) => AdministratorTokens::AzureCli,
            None if self.admin_token_stdin => {
                let (directory, exchange) = tokens(context)?;
                AdministratorTokens::Given { directory, exchange }
            }
            None => return Ok(None),
        };
        Ok(Some(Administrator::new(tokens)))
    }

    /// On whose word the directory is asked. A token on standard input is read now; the redactor learns it.
    ///
    /// # Errors
    /// If standard input holds no token.
    pub fn authority(&self, context: &Context) -> Result<Authority, CommandError> {
        match self.admin {
            Some(AdminProgram::Az) => Ok(Authority::AzureCli),
            None if self.admin_token_stdin => token(context).map(Authority::AdminToken),
            None => Ok(Authority::App),
        }
    }
}

/// The refusal of a flag that has nothing to read.
#[must_use]
pub fn nothing_to_read() -> CommandError {
    CommandError::usage(
        "--admin and --admin-token-stdin read the set-up of a mailbox of the profile that an app opens by itself at Microsoft 365.",
        "Leave them out, or name such a mailbox (access = \"app\")",
    )
}

/// What to pipe in.
const INSTEAD: &str =
    "Pipe one in, as in: az account get-access-token --resource-type ms-graph --query accessToken -o tsv";

/// The token on standard input.
fn token(context: &Context) -> Result<SecretString, CommandError> {
    match tokens(context)? {
        (token, None) => Ok(token),
        (_, Some(_)) => {
            Err(CommandError::usage("Standard input holds two lines, and one token is asked for.", INSTEAD))
        }
    }
}

/// The tokens on standard input, a line for each: one for the directory, and one for Exchange where there is a second line.
fn tokens(context: &Context) -> Result<(SecretString, Option<SecretString>), CommandError> {
    let mut text = Zeroizing::new(String::new());
    let read = std::io::stdin().lock().take(LIMIT + 1).read_to_string(&mut text);
    read.map_err(|error| CommandError::usage(shown!("Standard input: {}.", error), INSTEAD))?;
    let lines: Vec<SecretString> = text.trim().lines().map(|line| SecretString::from(line.trim().to_owned())).collect();
    lines.iter().for_each(|line| context.transcript.redactor().learn(line));
    let is_token = |token: &SecretString| {
        let token = token.expose_secret();
        !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let are_tokens = text.len() as u64 <= LIMIT && lines.iter().all(is_token);
    match lines.as_slice() {
        [directory] if are_tokens => Ok((directory.clone(), None)),
        [directory, exchange] if are_tokens => Ok((directory.clone(), Some(exchange.clone()))),
        _ => Err(CommandError::usage("Standard input holds no access token.", INSTEAD)),
    }
}
