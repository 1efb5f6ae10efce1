//! What a command line leaves open where there is no terminal to ask at: told at once, not one by one.

use super::credential::{CredentialFlags, is_handed_over};
use super::missing_flag::MissingFlag;
use crate::config::{AppFile, MailboxFile};
use crate::context::Context;
use crate::error::CommandError;
use crate::profile::provider;
use crate::text::{Redactor, Shown};

/// Refuses what is left open where there is no terminal: of the mailbox and of its app.
///
/// # Errors
/// All that is missing.
pub(super) fn refuse(
    is_named: bool,
    (app, credential): (&AppFile, &CredentialFlags),
    mailbox: &MailboxFile,
    has_source: bool,
    context: &Context,
) -> Result<(), CommandError> {
    if context.prompter.is_interactive() {
        return Ok(());
    }
    let mut missing = Vec::new();
    if !is_named {
        missing.push(MissingFlag::new("NAME", "a name for the mailbox"));
    }
    missing.extend(of_app(app, credential));
    if mailbox.address.is_none() {
        missing.push(MissingFlag::new("--address", "--address with the mailbox's address"));
    }
    if missing.is_empty() {
        return Ok(());
    }
    if is_handed_over(app) && !has_source {
        missing.push(MissingFlag::new("--secret-stdin", "--secret-stdin, --secret-env VAR or --secret-file FILE"));
    }
    Err(CommandError::usage(
        shown!(
            "Missing: {} (no terminal, so mailgrant cannot ask).",
            Shown::join(missing.iter().map(|one| one.flag), ", ")
        ),
        shown!("Give {}", Shown::join(missing.iter().map(|one| &one.usage), "; ")),
    ))
}

fn of_app(file: &AppFile, credential: &CredentialFlags) -> Vec<MissingFlag> {
    let mut missing = Vec::new();
    match &file.provider {
        Some(provider) => {
            let cloud = file.cloud.as_ref().map(|cloud| *cloud.get_ref()).unwrap_or_default();
            let provider = *provider.get_ref();
            let preset = &provider.deployment(cloud).unwrap_or(provider.main()).sign_in;
            if preset.needs_tenant() && file.tenant.is_none() {
                missing.push(MissingFlag::new("--tenant", "--tenant with the Directory (tenant) ID"));
            }
            if preset.needs_issuer() && file.issuer.is_none() {
                missing.push(MissingFlag::new("--issuer", "--issuer with the provider's https:// address"));
            }
        }
        None => {
            let keys = Redactor::by_shape(&provider::keys(|_| true));
            missing.push(MissingFlag::new("--provider", shown!("--provider {}", keys)));
        }
    }
    missing.extend(credential.missing(file));
    if file.client_id.is_none() {
        missing.push(MissingFlag::new("--client-id", "--client-id with the Application (client) ID"));
    }
    missing
}
