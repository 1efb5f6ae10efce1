//! What a command line leaves open where there is no terminal to ask at: told at once, not one by one.

use super::{certificate, flags};
use crate::config::{AppFile, MailboxFile};
use crate::context::Context;
use crate::error::CommandError;
use crate::profile::{FederatedSource, provider};
use crate::text::{Redactor, Shown};

/// A flag that is missing.
struct Missing {
    flag: &'static str,
    /// It with what it takes.
    usage: Shown,
}

impl Missing {
    fn new(flag: &'static str, usage: impl Into<Shown>) -> Self {
        Self { flag, usage: usage.into() }
    }
}

/// Refuses what is left open where there is no terminal: of the mailbox, and of its app where that is a new one.
///
/// # Errors
/// All that is missing.
pub(super) fn refuse(
    is_named: bool,
    app: Option<&AppFile>,
    mailbox: &MailboxFile,
    has_source: bool,
    context: &Context,
) -> Result<(), CommandError> {
    if context.prompter.is_interactive() {
        return Ok(());
    }
    let mut missing = Vec::new();
    if !is_named {
        missing.push(Missing::new("NAME", "a name for the mailbox"));
    }
    missing.extend(app.map(of_app).unwrap_or_default());
    if mailbox.address.is_none() {
        missing.push(Missing::new("--address", "--address with the mailbox's address"));
    }
    if missing.is_empty() {
        return Ok(());
    }
    if app.is_some_and(flags::is_handed_over) && !has_source {
        missing.push(Missing::new("--secret-stdin", "--secret-stdin, --secret-env VAR or --secret-file FILE"));
    }
    Err(CommandError::usage(
        shown!(
            "Missing: {} (no terminal, so mailgrant cannot ask).",
            Shown::join(missing.iter().map(|one| one.flag), ", ")
        ),
        shown!("Give {}", Shown::join(missing.iter().map(|one| &one.usage), "; ")),
    ))
}

fn of_app(file: &AppFile) -> Vec<Missing> {
    let mut missing = Vec::new();
    match &file.provider {
        Some(provider) => {
            let cloud = file.cloud.as_ref().map(|cloud| *cloud.get_ref()).unwrap_or_default();
            let provider = *provider.get_ref();
            let preset = &provider.deployment(cloud).unwrap_or(provider.main()).sign_in;
            if preset.needs_tenant() && file.tenant.is_none() {
                missing.push(Missing::new("--tenant", "--tenant with the Directory (tenant) ID"));
            }
            if preset.needs_issuer() && file.issuer.is_none() {
                missing.push(Missing::new("--issuer", "--issuer with the provider's https:// address"));
            }
        }
        None => {
            let keys = Redactor::by_shape(&provider::keys(|_| true));
            missing.push(Missing::new("--provider", shown!("--provider {}", keys)));
        }
    }
    if certificate::is_open(file) {
        missing.push(Missing::new("--certificate", "--certificate with the PEM file of the certificate and its key"));
    }
    let is_federated = file.credential.as_ref().is_some_and(|kind| kind.get_ref().has_federated_tokens());
    if is_federated && file.federated.as_ref().is_none_or(|spec| spec.get_ref().source.is_none()) {
        let keys = Shown::join(FederatedSource::ALL.map(FederatedSource::key), ", ");
        missing.push(Missing::new("--federated-source", shown!("--federated-source {}", keys)));
    }
    if file.client_id.is_none() {
        missing.push(Missing::new("--client-id", "--client-id with the Application (client) ID"));
    }
    missing
}
