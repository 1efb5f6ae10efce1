//! `new-vault-key`: a key for the encrypted vault.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use crate::arguments::dry_run::DryRunFlag;
use crate::context::Context;
use crate::error::CommandError;
use crate::profile::{StoreKind, StoreSpec};
use crate::report::{Document, Finding, FindingCode, Report, Subject, WarningCode};
use crate::secrets;
use crate::text::{Redactor, Shown};

/// Make a key for the encrypted vault (--store vault)
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant new-vault-key")]
pub struct Args {
    /// Where to write it [default: the profile's key_file, else vault.key beside the profile's default place]
    file: Option<PathBuf>,
    #[command(flatten)]
    dry_run: DryRunFlag,
}

/// Runs the command.
///
/// # Errors
/// If the file exists already or cannot be written.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = if context.profile_path.exists() { context.profile()?.secrets } else { StoreSpec::default() };
    let file = match &args.file {
        // The profile may be in another folder than the one where the command was typed.
        Some(file) => std::path::absolute(file)
            .map_err(|error| CommandError::usage(shown!("{}: {}.", file, error), "Name a file that can be made"))?,
        None => secrets::vault_key_file(&profile, context.world()),
    };
    if file.symlink_metadata().is_ok() {
        return Err(Finding::of(FindingCode::VAULT_KEY_EXISTS).with("path", &file).into());
    }
    let is_dry_run = args.dry_run.is_given;
    let public = if is_dry_run { None } else { Some(secrets::new_vault_key(&file)?) };
    let mut document = Document { is_dry_run, ..Document::new("new-vault-key") };
    let mut report = Report::new(Subject::VaultKey(Shown::of(&file)));
    report.changed = Some(true);
    report.fact("key_file", &file);
    if let Some(public) = public {
        report.fact("public_key", Redactor::by_shape(&public));
    }
    document.reports.push(report);
    document.warn(
        WarningCode::KeepSafe,
        "this file opens the vault: store a copy in a safe place, and none beside the vault",
    );
    let is_named = profile.key_file.as_ref() == Some(&file);
    if is_named && profile.store == Some(StoreKind::Vault) {
        document.next.push("Nothing: the profile names this key already".into());
    } else if is_named || file == secrets::vault_key_file(&StoreSpec::default(), context.world()) {
        document.next.push(
            "Use it: add --store vault to each command, or set MAILGRANT_STORE=vault, or write into the profile:\n\
             [secrets]\nstore = \"vault\""
                .into(),
        );
    } else {
        let path = &context.profile_path;
        let lines = shown!("Write into the profile ({}):\n[secrets]\nstore = \"vault\"\n{}", path, key_line(&file));
        document.next.push(lines.into());
    }
    Ok(document)
}

/// The line of TOML that names the key.
fn key_line(file: &Path) -> Shown {
    shown!("key_file = {}", Redactor::by_shape(&toml_edit::Value::from(file.display().to_string()).to_string()))
}
