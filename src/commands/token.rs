//! `token`: a valid access token for another program, and nothing else.

use clap::Args as ClapArgs;

use super::{CommandError, subject};
use crate::context::Context;
use crate::diagnosis::FailureContext;
use crate::flow::checks::Tester;
use crate::flow::session::OnLoss;
use crate::report::{Document, Token};

/// Print a valid access token on standard output, for other programs
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The mailbox's name
    name: String,
}

/// Runs the command.
///
/// # Errors
/// If no valid token can be had.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let mailbox = subject::mailbox(&profile, &args.name)?;
    let app = profile.app_of(mailbox);
    let mut tester = Tester::new(context, &profile)?;
    tester.on_loss = OnLoss::Mark;
    let http = tester.http(app);
    let about = FailureContext { app: Some(app), mailbox: Some(mailbox), protocol: None, ..FailureContext::default() };
    let fetched = tester.session(mailbox, &http).access_token();
    let access = fetched.map_err(|failure| CommandError::explained(&failure, about))?;
    let mut document = Document::new("token");
    document.token = Some(Token { access_token: access.token, expires: access.expires });
    Ok(document)
}
