//! `store`: the records of the profile, from one secret store to another.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use crate::arguments::dry_run::DryRunFlag;
use crate::context::Context;
use crate::error::CommandError;
use crate::files;
use crate::flow::migration::{self, Differing, Migration};
use crate::profile::StoreKind;
use crate::report::{Document, Report, Subject, WarningCode};
use crate::secrets;
use crate::text::{self, Shown};

/// Move the profile's secrets to another store, or hand them over
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant store list\n  \
    mailgrant store migrate keyring vault   moves them, and the profile names the vault then\n  \
    mailgrant store export vault.txt        for MAILGRANT_VAULT in a CI job")]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the profile's records, and whether the store has them
    List,
    /// Copy the profile's records to another store, read them back, and remove them from the first
    ///
    /// If the profile uses the first store, it names the second one then. What is interrupted, the same command goes on with.
    Migrate(MigrateArgs),
    /// Write the profile's records to FILE as a text for the variable MAILGRANT_VAULT, encrypted with the vault's key
    Export {
        /// A file that does not exist yet
        file: PathBuf,
    },
}

#[derive(Debug, ClapArgs)]
struct MigrateArgs {
    /// The store that has them
    from: StoreKind,
    /// The store that is to have them
    to: StoreKind,
    /// Leave them in the first store, too
    #[arg(long)]
    keep: bool,
    /// Where both have a record and they differ, take that of the first store
    #[arg(long, conflicts_with = "prefer_to")]
    force: bool,
    /// Where both have a record and they differ, leave that of the second store
    #[arg(long)]
    prefer_to: bool,
    #[command(flatten)]
    dry_run: DryRunFlag,
}

/// Runs the command.
///
/// # Errors
/// If the profile or a store cannot be used, or records differ.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    match &args.action {
        Action::List => migration::list(context),
        Action::Migrate(MigrateArgs { from, to, keep, force, prefer_to, dry_run }) => {
            let differing = match (force, prefer_to) {
                (true, _) => Differing::FromFirst,
                (false, true) => Differing::FromSecond,
                (false, false) => Differing::Refused,
            };
            let is_dry_run = dry_run.is_given;
            Migration { from: *from, to: *to, differing, keeps: *keep, is_dry_run }.run(context)
        }
        Action::Export { file } => export(file, context),
    }
}

fn export(file: &std::path::Path, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let store = context.store(&profile)?;
    let mut records = Vec::new();
    for key in migration::keys_of(&profile) {
        if let Some(value) = store.get(&key)? {
            records.push((key, value));
        }
    }
    let vault = secrets::vault_text(&profile.secrets, context.world(), &records)?;
    // A name without a folder is a file of this one.
    let file = std::path::absolute(file)
        .map_err(|error| CommandError::usage(shown!("{}: {}.", file, error), "Name a file that can be made"))?;
    files::create_private(&file, vault.as_bytes())?;
    let mut document = Document::new("store");
    let mut report = Report::new(Subject::Vault(Shown::of(&file)));
    report.changed = Some(true);
    report.fact("records", text::count(records.len() as u64, "record"));
    report.fact("size", shown!("{} bytes", vault.len()));
    document.reports.push(report);
    document.warn(
        WarningCode::KeepSafe,
        "it is a copy: where a provider takes a refresh token only once, a sign-in must not be used in two places",
    );
    document.next.push(
        "Hand it over as MAILGRANT_VAULT, and the vault's key as MAILGRANT_VAULT_KEY, with MAILGRANT_STORE=vault"
            .into(),
    );
    document.next.push(shown!("Then remove the file: {}", file).into());
    Ok(document)
}
