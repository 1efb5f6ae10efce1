//! A command as a store: programs of the profile's that read and write records in a password manager.
//!
//! `get` prints the record, `put` reads it from its standard input, `delete` removes it, `list` prints the names of all. A
//! record is one line of text; blanks and line ends around it do not count. Where there is no such record, `get` and `delete` end
//! with [`NOT_FOUND`]: any other exit status but 0 is a failure, so that a password manager that is locked or offline is not
//! taken for an empty one.

use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::{RecordKey, SecretBytes, SecretStore, World, self_test};
use crate::failure::{CommandTrouble, HandedOver, StoreFault};
use crate::process::{self, ProcessFault, Program};
use crate::profile::{CommandSpec, RecordCommand};
use crate::text::{Redactor, Shown};

/// The exit status for a record that is not there; that of macOS's `security` for an item that it does not find.
const NOT_FOUND: i32 = 44;

/// With a terminal: a person may be asked for a password or a fingerprint.
const WITH_TERMINAL: Duration = Duration::from_secs(120);
/// Without a terminal.
const WITHOUT_TERMINAL: Duration = Duration::from_secs(30);
/// The most that a record may hold, in bytes.
const LARGEST: usize = 1024 * 1024;

/// Programs that read and write records.
pub struct CommandStore {
    spec: CommandSpec,
    limit: Duration,
    /// One call did not end: the others are not waited for as well.
    hangs: AtomicBool,
}

impl CommandStore {
    /// The programs of `spec`. None is run before the first call.
    #[must_use]
    pub fn open(spec: &CommandSpec, world: World<'_>) -> Self {
        let usual = if std::io::stdin().is_terminal() { WITH_TERMINAL } else { WITHOUT_TERMINAL };
        let limit = world.timeout.map_or(usual, |timeout| timeout.min(usual));
        Self { spec: spec.clone(), limit, hangs: AtomicBool::new(false) }
    }

    /// Runs a program for a record; `None` if that is not there.
    fn of_record(
        &self,
        command: &RecordCommand,
        doing: &'static str,
        key: &RecordKey,
        stdin: Option<Zeroizing<Vec<u8>>>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFault> {
        self.run(&command.for_record(&key.entry_name()), shown!("{} {}", doing, key), stdin)
    }

    fn run(
        &self,
        argv: &[String],
        what: Shown,
        stdin: Option<Zeroizing<Vec<u8>>>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFault> {
        let failed = |trouble| Err(StoreFault::Command { program: program(argv), what, trouble });
        if self.hangs.load(Ordering::SeqCst) {
            return failed(CommandTrouble::TimedOut { after: self.limit });
        }
        let deadline = Instant::now() + self.limit;
        match process::run(Program { argv, stdin, deadline, limit: LARGEST, hidden: &[] }) {
            Ok(output) => Ok(Some(output)),
            Err(ProcessFault::Failed { status: Some(NOT_FOUND), .. }) => Ok(None),
            Err(ProcessFault::NotStarted { is_absent: true, .. }) => failed(CommandTrouble::Absent),
            Err(ProcessFault::NotStarted { reason, .. } | ProcessFault::Lost { reason }) => {
                failed(CommandTrouble::NotRun { reason })
            }
            Err(ProcessFault::TimedOut { after }) => {
                self.hangs.store(true, Ordering::SeqCst);
                failed(CommandTrouble::TimedOut { after })
            }
            Err(ProcessFault::TooLong { limit }) => failed(CommandTrouble::TooLong { limit }),
            Err(ProcessFault::Failed { status, words }) => failed(CommandTrouble::Failed { status, words }),
        }
    }

    fn read_only(&self) -> StoreFault {
        StoreFault::ReadOnly { store: self.describe(), handed: HandedOver::Command }
    }
}

impl SecretStore for CommandStore {
    fn get(&self, key: &RecordKey) -> Result<Option<SecretBytes>, StoreFault> {
        let command = self.spec.get.as_ref().ok_or(StoreFault::NoCommand)?;
        let Some(output) = self.of_record(command, "read", key, None)? else { return Ok(None) };
        match output.trim_ascii() {
            [] => {
                let (program, what) = (program(command.words()), shown!("read {}", key));
                Err(StoreFault::Command { program, what, trouble: CommandTrouble::Empty })
            }
            record => Ok(Some(SecretBytes::new(record.to_vec()))),
        }
    }

    fn is_read_only(&self) -> bool {
        self.spec.put.is_none()
    }

    fn put(&self, key: &RecordKey, value: &SecretBytes) -> Result<(), StoreFault> {
        if self.spec.get.is_none() {
            return Err(StoreFault::NoCommand);
        }
        let command = self.spec.put.as_ref().ok_or_else(|| self.read_only())?;
        let mut line = Zeroizing::new(Vec::with_capacity(value.expose().len() + 1));
        line.extend_from_slice(value.expose());
        line.push(b'\n');
        let what = || shown!("{} in the {}", key, self.describe());
        if self.of_record(command, "store", key, Some(line))?.is_none() {
            return Err(StoreFault::NotKept {
                what: shown!("{}: its command says that there is no such record", what()),
            });
        }
        match self.get(key)? {
            Some(stored) if stored.expose() == value.expose() => Ok(()),
            _ => Err(StoreFault::NotKept { what: shown!("{}: what is read back is not what was written", what()) }),
        }
    }

    fn delete(&self, key: &RecordKey) -> Result<bool, StoreFault> {
        if self.spec.get.is_none() {
            return Err(StoreFault::NoCommand);
        }
        let command = self.spec.delete.as_ref().ok_or_else(|| self.read_only())?;
        Ok(self.of_record(command, "remove", key, None)?.is_some())
    }

    fn keys(&self) -> Result<Option<Vec<RecordKey>>, StoreFault> {
        let Some(list) = &self.spec.list else { return Ok(None) };
        let output = self.run(list, "list the records".into(), None)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&output);
        // It may hold entries of others.
        Ok(Some(text.lines().filter_map(|line| RecordKey::from_entry_name(line.trim())).collect()))
    }

    fn self_test(&self) -> Result<Shown, StoreFault> {
        if self.spec.get.is_some() && self.spec.put.is_some() && self.spec.delete.is_some() {
            return self_test::of_entry(self);
        }
        self.check_open()?;
        Ok("it answers; not all of get, put and delete are named, so nothing was written".into())
    }

    fn describe(&self) -> Shown {
        match &self.spec.get {
            Some(command) => shown!("store of the command {}", program(command.words())),
            None => "store of a command".into(),
        }
    }
}

/// The program of a command, for people.
fn program(argv: &[String]) -> Shown {
    argv.first().map_or_else(|| "(none)".into(), |program| Redactor::by_shape(program))
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
