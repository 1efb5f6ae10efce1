//! What goes wrong with stores that others fill: variables, and commands.

use std::time::Duration;

use crate::text::Shown;

/// How what a store holds came to this process, which cannot change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandedOver {
    /// In this variable.
    Variable(Shown),
    /// As a whole vault in one variable.
    Vault,
    /// By a command that has none beside it that writes.
    Command,
}

/// Why the command of a store did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are documented; their fields say it with their names")]
pub enum CommandTrouble {
    /// There is no such program.
    Absent,
    /// It could not be started, or waited for.
    NotRun { reason: Shown },
    /// It had not ended in time.
    TimedOut { after: Duration },
    /// It wrote more than a record may hold, in bytes.
    TooLong { limit: usize },
    /// It said that it failed: its exit status, where no signal ended it, and its words.
    Failed { status: Option<i32>, words: Shown },
    /// It said that all was well, and gave nothing.
    Empty,
}
