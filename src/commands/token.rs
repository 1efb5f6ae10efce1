//! `token`: a valid access token for another program, and nothing else.

mod form;

use clap::Args as ClapArgs;

use crate::arguments::typed;
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::{hand_out, lookup};
use crate::profile::Reference;
use crate::report::Document;
use form::TokenForm;

/// Print a valid access token on standard output, for other programs
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant token shop             prints it, for another program\n  \
    mailgrant token shop --as curl   for: curl --config - imaps://HOST")]
pub struct Args {
    /// The mailbox's name or address
    #[arg(value_parser = typed::<Reference>())]
    name: Reference,
    /// Print it in this form; with --json the document has the token itself
    #[arg(long = "as", value_name = "FORM", value_enum, default_value_t)]
    form: TokenForm,
}

/// Runs the command.
///
/// # Errors
/// If no valid token can be had.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let mailbox = lookup::mailbox(&profile, &args.name)?;
    let access = hand_out::access_token(context, &profile, mailbox, None)?;
    let printed = args.form.of(&access.token, mailbox)?;
    Ok(hand_out::document("token", access, printed))
}
