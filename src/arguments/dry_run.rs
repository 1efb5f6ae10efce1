//! The flag of all verbs that write.

use clap::Args;

/// Whether the command only says what it would do.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct DryRunFlag {
    /// Write, send and store nothing: check all that can be checked, and show what the command would do
    #[arg(long = "dry-run")]
    pub is_given: bool,
}
