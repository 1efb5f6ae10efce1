//! `new-vault-key`: a key for the encrypted vault.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::CommandError;
use crate::context::Context;
use crate::report::{Document, ExitCode, Report, Subject};
use crate::secrets;

/// Make a key for the encrypted vault (--store vault)
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Where to write it [default: vault.key beside the profile's default place]
    file: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// If the file exists already or cannot be written.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let file = args.file.clone().unwrap_or_else(|| context.folders.default_vault_key());
    if file.symlink_metadata().is_ok() {
        return Err(CommandError::new(
            "vault-key-exists",
            ExitCode::SecretStore,
            format!(
                "{} is there already; a vault made with it could never be opened again without it.",
                file.display()
            ),
            vec![
                "Use it as it is: add --store vault to each command".to_owned(),
                "Or name another file: mailgrant new-vault-key FILE".to_owned(),
            ],
        ));
    }
    let public = secrets::new_vault_key(&file)?;
    let mut document = Document::new("new-vault-key");
    let mut report = Report::new(Subject::Profile("vault".to_owned()));
    report.fact("key_file", file.display().to_string());
    report.fact("public_key", public);
    document.reports.push(report);
    document.warnings.push(
        "whoever has this file can read the vault: keep a copy in a safe place, and none beside the vault".to_owned(),
    );
    if args.file.is_some() {
        document.next.push(format!(
            "Write into the profile: [secrets] store = \"vault\", key_file = {:?}",
            file.display().to_string()
        ));
    } else {
        document.next.push("Use it: add --store vault to each command, or set MAILGRANT_STORE=vault, or write [secrets] store = \"vault\" into the profile".to_owned());
    }
    Ok(document)
}
