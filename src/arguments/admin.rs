//! The flags that say on whose word a directory is asked. A token is never taken from argv: other users can read that.

use std::io::Read as _;

use clap::{Args, ValueEnum};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::context::Context;
use crate::error::CommandError;
use crate::flow::authority::Authority;

/// Longer than any access token.
const LIMIT: u64 = 64 * 1024;

/// The flags that say on whose word the directory is asked; without one it is the app's own.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub struct AdminFlags {
    /// Ask the directory with an administrator's access token, read from standard input
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

fn token(context: &Context) -> Result<SecretString, CommandError> {
    const INSTEAD: &str =
        "Pipe one in, as in: az account get-access-token --resource-type ms-graph --query accessToken -o tsv";
    let mut text = Zeroizing::new(String::new());
    let read = std::io::stdin().lock().take(LIMIT + 1).read_to_string(&mut text);
    read.map_err(|error| CommandError::usage(shown!("Standard input: {}.", error), INSTEAD))?;
    let token = SecretString::from(text.trim().to_owned());
    context.transcript.redactor().learn(&token);
    let text = token.expose_secret();
    let is_token = !text.is_empty() && text.len() as u64 <= LIMIT && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_token { Ok(token) } else { Err(CommandError::usage("Standard input holds no access token.", INSTEAD)) }
}
