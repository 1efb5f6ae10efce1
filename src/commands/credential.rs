//! `credential`: a helper for Git, which asks it for the token of a mailbox.

use std::convert::Infallible;
use std::str::FromStr;

use clap::Args as ClapArgs;

use crate::arguments::typed;
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::git_credential::Request;
use crate::flow::{hand_out, lookup};
use crate::profile::Reference;
use crate::report::Document;

/// Answer Git, which asks its credential helpers for a password or token
///
/// It reads Git's request on standard input. For a server of a mailbox it answers with a token; for any other it says nothing, so that
/// Git asks the next helper. `store` and `erase` change nothing. Git asks it after
/// `git config --global credential.helper '!mailgrant credential'`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    printf 'protocol=smtp\\nhost=smtp.office365.com\\n' | mailgrant credential get")]
pub struct Args {
    /// What Git wants: get, store or erase; anything else is left to other helpers
    operation: Operation,
    /// Answer for this mailbox alone
    #[arg(long = "for", value_name = "NAME", value_parser = typed::<Reference>())]
    mailbox: Option<Reference>,
}

/// What Git wants of a helper, which is the last word of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    /// A credential.
    Get,
    /// That one be kept, or be forgotten, or what a later version of Git has: gitcredentials(7) wants it ignored. A token that a
    /// server refused is not fetched again: a new one seldom helps, and `test` tells why.
    Other,
}

impl FromStr for Operation {
    type Err = Infallible;

    fn from_str(word: &str) -> Result<Self, Infallible> {
        Ok(if word == "get" { Self::Get } else { Self::Other })
    }
}

/// Runs the command.
///
/// # Errors
/// If the request is none, or the mailbox that it is for has no valid token.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    // All of it is read: Git would be told that the pipe is broken.
    let request = Request::read(context.timeout)?;
    match args.operation {
        Operation::Get => get(&request, args, context),
        Operation::Other => Ok(nothing()),
    }
}

fn get(request: &Request, args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let only = args.mailbox.as_ref().map(|name| lookup::mailbox(&profile, name)).transpose()?;
    let found = request.find(&profile, |mailbox| only.is_none_or(|only| only.name == mailbox.name))?;
    let Some((mailbox, service)) = found else { return Ok(nothing()) };
    if !request.takes(service) {
        return Ok(nothing());
    }
    let access = hand_out::access_token(context, &profile, mailbox, Some(service.protocol))?;
    let printed = request.answer(mailbox, &access)?;
    Ok(hand_out::document("credential", access, Some(printed)))
}

/// An answer that leaves it to the next helper.
fn nothing() -> Document {
    let mut document = Document::new("credential");
    document.text = Some(String::new());
    document
}
