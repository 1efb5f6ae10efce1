//! A token that is handed to another program.

use secrecy::SecretString;

use super::session::{AccessToken, OnLoss, Session};
use super::workspace::Workspace;
use crate::context::Context;
use crate::diagnosis::FailureContext;
use crate::error::CommandError;
use crate::profile::{Mailbox, Profile, Protocol};
use crate::report::{Document, Stage, Token, WarningCode};

/// A valid access token of `mailbox` for `protocol`; for the mailbox's first where none is named.
///
/// # Errors
/// If none can be had.
pub fn access_token(
    context: &Context,
    profile: &Profile,
    mailbox: &Mailbox,
    protocol: Option<Protocol>,
) -> Result<AccessToken, CommandError> {
    let app = profile.app_of(mailbox);
    let workspace = Workspace::open(context, profile)?;
    let session = Session { on_loss: OnLoss::Mark, protocol, ..workspace.session(mailbox) };
    let about = FailureContext::of_mailbox(app, mailbox);
    let waiting = workspace.watch.at(None, app.token_host(), None).begins(Stage::Token);
    let fetched = session.access_token();
    drop(waiting);
    fetched.map_err(|failure| CommandError::explained(&failure, about))
}

/// The document of `command` that hands `access` over, as `printed` where that is not the token alone.
#[must_use]
pub fn document(command: &'static str, access: AccessToken, printed: Option<SecretString>) -> Document {
    let mut document = Document::new(command);
    if access.is_unkept {
        document.warn(WarningCode::RefreshTokenUnkept, "a new refresh token came, and the store takes nothing: hand it over again once the provider refuses the old one");
    }
    document.token = Some(Token { access_token: access.token, printed, expires: access.expires });
    document
}
