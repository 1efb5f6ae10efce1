//! `show`: everything about one mailbox, but its secrets.

use clap::Args as ClapArgs;

use crate::context::Context;
use crate::diagnosis::{self, FailureContext};
use crate::error::CommandError;
use crate::failure::FailureKind;
use crate::flow::describe;
use crate::flow::lookup;
use crate::flow::secret_expiry;
use crate::flow::workspace::Workspace;
use crate::profile::SignIn;
use crate::profile::registration;
use crate::report::{Document, Report, Subject};
use crate::secrets::load_app;

/// Show everything about one mailbox, but its secrets
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The mailbox's name
    pub(super) name: String,
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let mailbox = lookup::mailbox(&profile, &args.name)?;
    let app = profile.app_of(mailbox);
    let mut report = Report::new(Subject::Mailbox(mailbox.name.to_string()));
    describe::mailbox(&mut report, app, mailbox);
    match &app.sign_in {
        SignIn::Known { authorization, token, .. } => {
            report.fact("authorization_endpoint", authorization.to_string());
            report.fact("token_endpoint", token.to_string());
        }
        SignIn::Discovered { issuer } => report.fact("issuer", issuer.to_string()),
    }
    report.fact("redirect_uri", app.redirect_uri.to_string());
    let scopes = app.scopes.for_protocols(mailbox.protocols());
    report.fact("scopes_wanted", scopes.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(" "));
    if let Some(way) = app.client_authentication {
        report.fact("client_authentication", way.key());
    }
    if let Some(ca_file) = &mailbox.ca_file {
        report.fact("ca_file", ca_file.display().to_string());
    }
    let store = context.store(&profile.secrets)?;
    report.fact("secrets_in", store.describe().to_string());
    let record = load_app(store, &app.name)?.filter(|record| record.is_of(app));
    if let Some(record) = &record {
        let stored = |secret: &Option<crate::secrets::ClientSecret>| if secret.is_some() { "stored" } else { "none" };
        report.fact("client_secret", stored(&record.active));
        report.fact("previous_client_secret", stored(&record.previous));
    }
    if let Some(day) = secret_expiry::of(app, record.as_ref()) {
        report.fact("client_secret_expires", day.to_string());
    }
    let workspace = Workspace::open(context, &profile)?;
    let mut next = registration::steps(app, mailbox);
    match workspace.session(mailbox).grant() {
        Ok(grant) => describe::grant(&mut report, &grant, context.clock.now()),
        Err(failure) => match failure.kind {
            FailureKind::NotAuthorized { why } => report.fact("status", format!("not authorized: {why}")),
            FailureKind::GrantLost { .. } | FailureKind::GrantOfAnother { .. } => {
                let about = FailureContext::of_mailbox(app, mailbox);
                let finding = diagnosis::finding(&failure, about);
                report.fact("status", format!("not authorized: {}", finding.cause));
                report.fact("finding", finding.code.to_string());
                if let Some(words) = finding.server_said {
                    report.fact("server_said", words);
                }
                next = finding.fix;
            }
            _ => return Err(failure.into()),
        },
    }
    let mut document = Document::new("show");
    document.reports.push(report);
    document.next = next;
    Ok(document)
}
