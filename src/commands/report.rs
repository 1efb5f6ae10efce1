//! `report`: what other runs have written, put together.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use crate::arguments::baseline::BaselineFlag;
use crate::error::CommandError;
use crate::flow::merge::Merging;
use crate::flow::past;
use crate::report::Document;

/// Put the reports of several runs together
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant report merge shard-1.json shard-2.json\n  \
    mailgrant report merge shard-*.json --report junit=mailboxes.xml")]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make one report of the JSON documents of several runs, as if one run had made them all
    ///
    /// The exit code is that of such a run. A mailbox that is in several files has the report of the latest. If a shard is not
    /// among the files, the report says which, and the command fails.
    Merge {
        /// What --json, --json-lines or --report json=FILE has written; - is standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        baseline: BaselineFlag,
    },
}

/// Runs the command.
///
/// # Errors
/// If a file cannot be read, or is not what mailgrant writes.
pub fn run(args: &Args) -> Result<Document, CommandError> {
    let Action::Merge { files, baseline } = &args.action;
    let (mut merging, mut warnings) = (Merging::default(), Vec::new());
    past::read_each(files, |file| {
        warnings.extend(file.other_version());
        merging.take(&file.called().clone(), file.into_document());
    })?;
    let mut document = merging.finish();
    document.warnings.extend(warnings);
    if let Some(baseline) = baseline.read(&document.command)? {
        document.reports.iter_mut().for_each(|report| (report.since, report.slower) = (None, Vec::new()));
        baseline.tell(&mut document, |_| true);
    }
    Ok(document)
}
