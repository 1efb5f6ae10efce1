//! `token`: a valid access token for another program, and nothing else.

mod form;

use clap::Args as ClapArgs;

use crate::arguments::typed;
use crate::context::Context;
use crate::diagnosis::FailureContext;
use crate::error::CommandError;
use crate::flow::lookup;
use crate::flow::session::{OnLoss, Session};
use crate::flow::workspace::Workspace;
use crate::profile::Reference;
use crate::report::{Document, Stage, Token, WarningCode};
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
    let app = profile.app_of(mailbox);
    let workspace = Workspace::open(context, &profile)?;
    let session = Session { on_loss: OnLoss::Mark, ..workspace.session(mailbox) };
    let about = FailureContext::of_mailbox(app, mailbox);
    let waiting = workspace.watch.at(None, app.token_host(), None).begins(Stage::Token);
    let fetched = session.access_token();
    drop(waiting);
    let access = fetched.map_err(|failure| CommandError::explained(&failure, about))?;
    let mut document = Document::new("token");
    if access.is_unkept {
        document.warn(WarningCode::RefreshTokenUnkept, "a new refresh token came, and the store takes nothing: hand it over again once the provider refuses the old one");
    }
    let printed = args.form.of(&access.token, mailbox)?;
    document.token = Some(Token { access_token: access.token, printed, expires: access.expires });
    Ok(document)
}
