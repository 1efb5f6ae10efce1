//! What a sign-in would ask for and store (`--dry-run`).

use super::options::{SignInOptions, Way};
use crate::diagnosis::FailureContext;
use crate::error::CommandError;
use crate::failure::Failure;
use crate::flow::session::Replaced;
use crate::flow::workspace::Workspace;
use crate::profile::{EndpointSource, Mailbox};
use crate::report::Report;
use crate::secrets::RecordKey;
use crate::text::Shown;

/// A report on the sign-in of `mailbox` that [`sign_in`](super::sign_in) would ask for. No server is asked, and nothing is
/// stored.
///
/// # Errors
/// What would refuse the sign-in here: a store that cannot be written, a client secret that is missing, another profile's
/// sign-in by the same name.
pub fn preview(workspace: &Workspace<'_>, mailbox: &Mailbox, how: &SignInOptions) -> Result<Report, CommandError> {
    let app = workspace.app_of(mailbox);
    let about = FailureContext::of_mailbox(app, mailbox).signing_in();
    let explained = |failure: Failure| CommandError::explained(&failure, about);
    let session = workspace.session(mailbox);
    let needs_person = mailbox.access.needs_person();
    let mut report = Report::of_mailbox(mailbox);
    // The token of an app is gone within the hour.
    report.changed = Some(needs_person);
    if app.credential.has_secret() {
        session.client_credential().map_err(explained)?;
    }
    if needs_person {
        workspace.store.check_writable(&RecordKey::Mailbox(mailbox.name.clone()))?;
        if how.replaced == Replaced::Own {
            session.refuse_foreign().map_err(explained)?;
        }
        report.fact("sign_in_as", mailbox.signs_in_as());
        report.fact("way", told(how.way));
    } else {
        report.fact("way", "no sign-in: the app gets a token by itself");
    }
    match &app.sign_in {
        EndpointSource::Known { authorization, token, device_authorization } => {
            let asked = match how.way {
                _ if !needs_person => token,
                Way::DeviceCode => device_authorization.as_ref().unwrap_or(token),
                Way::Browser | Way::PastedAddress => authorization,
            };
            report.fact("sign_in_server", asked);
        }
        EndpointSource::Discovered { issuer } => report.fact("sign_in_server", issuer),
    }
    report.fact("scopes", Shown::join(app.scopes.for_channels(mailbox.channels()), " "));
    if needs_person {
        report.fact("record", shown!("mailbox '{}' in the {}", mailbox.name, workspace.store.describe()));
    }
    Ok(report)
}

fn told(way: Way) -> &'static str {
    match way {
        Way::Browser => "in this machine's browser",
        Way::PastedAddress => "in a browser anywhere; the address that it ends on is pasted here",
        Way::DeviceCode => "with a code that is entered in a browser anywhere",
    }
}
