//! Other programs, run without a shell, in bounded time and size.
//!
//! A program gets a process group of its own, which is ended as a whole at the deadline or when it says too much: what it has
//! started in turn may hold its output open. Without Unix's groups only the program itself is ended.
//! The variables whose names begin with `MAILGRANT_` are not handed on: they may hold secrets (SECURITY.md K1).

mod stream;

use std::io::{self, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use zeroize::Zeroizing;

use self::stream::Stream;
use crate::text::{Redactor, Shown};

/// Variables of this name are ours.
const OURS: &str = "MAILGRANT_";
/// What is read of what a program says to people.
const MOST_WORDS: usize = 16 * 1024;
/// For how long the end of a program's output is waited for, once the program itself has ended: what it has left running may
/// hold its output open.
const TRAILING: Duration = Duration::from_millis(500);
/// For how long a pipe is filled before the program starts.
const FILLING: Duration = Duration::from_millis(200);
/// Between two looks at whether the program has ended.
const LOOK: Duration = Duration::from_millis(5);

/// A program, and what it may do.
pub struct Program<'a> {
    /// The program and its arguments, in which no secret may be: every user of the machine can read them.
    pub argv: &'a [String],
    /// What it reads; nothing where there is none.
    pub stdin: Option<Zeroizing<Vec<u8>>>,
    /// When it is ended.
    pub deadline: Instant,
    /// How much it may write, in bytes.
    pub limit: usize,
    /// Variables that are not handed on, beside our own.
    pub hidden: &'a [&'a str],
}

/// Why a program gave nothing that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcessFault {
    /// It could not be started: it is not there, or may not be run.
    NotStarted {
        /// The system's words.
        reason: Shown,
        /// Whether there is no such program (or none that its first line names).
        is_absent: bool,
    },
    /// It had not ended by the deadline.
    TimedOut {
        /// For how long it ran.
        after: Duration,
    },
    /// It wrote more than it may.
    TooLong {
        /// How much that is, in bytes.
        limit: usize,
    },
    /// It ended and said that it failed.
    Failed {
        /// Its exit status; none where a signal ended it.
        status: Option<i32>,
        /// The first line that it wrote for people, redacted; empty where it wrote none.
        words: Shown,
    },
    /// Its output or its end could not be waited for.
    Lost {
        /// The system's words.
        reason: Shown,
    },
}

show_as_displayed!(ProcessFault);

impl std::fmt::Display for ProcessFault {
    /// What happened, for the end of a sentence: "it has not ended after 10 seconds".
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotStarted { reason, .. } => write!(f, "it cannot be started: {reason}"),
            Self::TimedOut { after } => write!(f, "it had not ended after {:.1} seconds", after.as_secs_f64()),
            Self::TooLong { limit } => write!(f, "it wrote more than {limit} bytes"),
            Self::Failed { status, words } => {
                match status {
                    Some(status) => write!(f, "it ended with exit status {status}")?,
                    None => f.write_str("a signal ended it")?,
                }
                if words.as_str().is_empty() { Ok(()) } else { write!(f, ": {words}") }
            }
            Self::Lost { reason } => write!(f, "it cannot be waited for: {reason}"),
        }
    }
}

/// Runs a program to its end. What it wrote to its standard output; that may be nothing.
///
/// # Errors
/// [`ProcessFault`] if it did not end well by the deadline. Then it and what it has started have been ended.
pub fn run(program: Program<'_>) -> Result<Zeroizing<Vec<u8>>, ProcessFault> {
    let Program { argv, stdin, deadline, limit, hidden } = program;
    let start = Instant::now();
    let Some((name, arguments)) = argv.split_first() else {
        return Err(ProcessFault::NotStarted { reason: "no program is named".into(), is_absent: true });
    };
    let redactor = Redactor::default();
    if let Some(text) = stdin.as_ref().and_then(|bytes| std::str::from_utf8(bytes).ok()) {
        redactor.learn(&SecretString::from(text));
    }
    let mut command = Command::new(name);
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.stdin(match stdin {
        Some(bytes) => filled(bytes).map_err(|error| ProcessFault::Lost { reason: Shown::of(error) })?,
        None => Stdio::null(),
    });
    withhold(&mut command, hidden);
    group::make(&mut command);
    let child = command.spawn().map_err(|error| ProcessFault::NotStarted {
        is_absent: error.kind() == io::ErrorKind::NotFound,
        reason: Shown::of(&error),
    })?;
    // With it goes our end of the pipe that the program reads.
    drop(command);
    let mut running = Running::new(child);
    let output = Stream::read(running.child.stdout.take(), limit);
    // More of it is read, so that the program can go on, and dropped.
    let words = Stream::read(running.child.stderr.take(), MOST_WORDS);
    let status = loop {
        if output.is_over_limit() {
            return Err(ProcessFault::TooLong { limit });
        }
        match running.child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline => thread::sleep(LOOK),
            Ok(None) => return Err(ProcessFault::TimedOut { after: start.elapsed() }),
            Err(error) => return Err(ProcessFault::Lost { reason: Shown::of(error) }),
        }
    };
    let left = Instant::now() + TRAILING;
    if !status.success() {
        let words = words.until(left);
        return Err(failed(status, &words, &redactor));
    }
    let bytes = output.until(left);
    if output.is_over_limit() {
        return Err(ProcessFault::TooLong { limit });
    }
    running.has_ended_well();
    Ok(bytes)
}

/// A pipe that holds `bytes`. It is filled before the program starts: were this process killed while it writes, the program
/// would take the part that it got for the whole. What a pipe cannot hold follows while the program runs.
fn filled(bytes: Zeroizing<Vec<u8>>) -> io::Result<Stdio> {
    let (reader, mut writer) = io::pipe()?;
    let (done, is_done) = mpsc::sync_channel(1);
    thread::spawn(move || {
        // A program that does not read it all has its reasons, and its exit status tells.
        let _ = writer.write_all(&bytes);
        let _ = done.send(());
    });
    let _ = is_done.recv_timeout(FILLING);
    Ok(reader.into())
}

fn withhold(command: &mut Command, hidden: &[&str]) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with(OURS) || hidden.contains(&text.as_ref()) {
            command.env_remove(&name);
        }
    }
}

fn failed(status: ExitStatus, words: &[u8], redactor: &Redactor) -> ProcessFault {
    let text = String::from_utf8_lossy(words);
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    ProcessFault::Failed { status: status.code(), words: redactor.clean_of_tokens(first).cut(300) }
}

/// Ends the programs that run, for a process that is about to end.
pub fn end_all() {
    ENDING.store(true, Ordering::SeqCst);
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner).drain(..).for_each(group::end);
}

/// The groups of the programs that run.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());
static ENDING: AtomicBool = AtomicBool::new(false);

/// A program that runs; dropped, it and its group are ended.
struct Running {
    child: Child,
    group: Option<u32>,
}

impl Running {
    fn new(child: Child) -> Self {
        let group = child.id();
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).push(group);
        if ENDING.load(Ordering::SeqCst) {
            group::end(group);
        }
        Self { child, group: Some(group) }
    }

    /// What it has left running may go on, as an agent does.
    fn has_ended_well(mut self) {
        self.forget();
    }

    fn forget(&mut self) -> Option<u32> {
        let group = self.group.take()?;
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).retain(|other| *other != group);
        Some(group)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(group) = self.forget() else { return };
        group::end(group);
        // It is of no use any more, whatever it is doing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Process groups.
#[cfg(unix)]
mod group {
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    use rustix::process::{Pid, Signal, kill_process_group};

    pub(super) fn make(command: &mut Command) {
        command.process_group(0);
    }

    /// Its number is its first process's; while one of its processes is there no other group has it.
    pub(super) fn end(group: u32) {
        if let Some(pid) = i32::try_from(group).ok().and_then(Pid::from_raw) {
            // There is none any more where all have ended.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

/// Elsewhere the program alone is ended.
#[cfg(not(unix))]
mod group {
    pub(super) fn make(_: &mut std::process::Command) {}

    pub(super) fn end(_: u32) {}
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
