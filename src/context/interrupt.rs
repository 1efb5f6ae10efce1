//! Ctrl-C and the end of a plugin's time, and how the terminal is left: as it was found, without what was typed ahead and without unfinished files.

use std::fs;
use std::io::{self, Write as _};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::thread;
use std::time::Duration;

use super::{live, terminal};
use crate::process;

static WAITING: AtomicBool = AtomicBool::new(false);
static CANCELLED: AtomicBool = AtomicBool::new(false);
/// Whether a person was asked something, or was waited for.
static ASKED: AtomicBool = AtomicBool::new(false);
/// The status that the process ends with: 128 and the number of the signal, as shells have it.
static STATUS: AtomicU8 = AtomicU8::new(130);
/// Tells what there is, where Ctrl-C ends the command.
static LAST_WORDS: Mutex<Option<LastWords>> = Mutex::new(None);
/// Files that are begun and not in their place yet.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Tells what there is, and why there is no more. The answer says whether there was something to tell.
type LastWords = Box<dyn FnOnce(Why) -> bool + Send>;

/// Why a command ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Ctrl-C, or another signal that ends it.
    Signal,
    /// The time is up that its caller gave it.
    TimeIsUp,
}

/// Telling takes no longer, or the process ends without.
const LONGEST: Duration = Duration::from_secs(10);

/// As long as this lives, Ctrl-C sets a flag instead of ending the process.
pub struct Caught(());

/// Catches Ctrl-C.
#[must_use]
pub fn catch() -> Caught {
    asks();
    WAITING.store(true, Ordering::SeqCst);
    Caught(())
}

impl Caught {
    /// The flag that Ctrl-C sets.
    #[must_use]
    pub fn flag(&self) -> &'static AtomicBool {
        &CANCELLED
    }

    /// Whether Ctrl-C was pressed.
    #[must_use]
    pub fn is_set(&self) -> bool {
        CANCELLED.load(Ordering::SeqCst)
    }
}

impl Drop for Caught {
    fn drop(&mut self) {
        WAITING.store(false, Ordering::SeqCst);
    }
}

/// Removes the file at `path` if Ctrl-C ends the process.
pub fn discard(path: &Path) {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).push(path.to_owned());
    handle();
}

/// A process that is ended ends with this status from now on, from its first moment.
pub fn end_with(status: u8) {
    STATUS.store(status, Ordering::SeqCst);
    handle();
}

/// After so long the command is ended as Ctrl-C ends it.
pub fn end_after(time: Duration) {
    // Where no thread can be had, the deadlines of what is waited for are left.
    let _ = thread::Builder::new().spawn(move || {
        thread::sleep(time);
        match take_words() {
            Some(words) => tell(words, Why::TimeIsUp, None),
            // It is telling already.
            None => thread::sleep(LONGEST),
        }
    });
}

/// Before Ctrl-C ends a command that has something to tell, `words` tell it, on a thread of their own.
pub fn before_end(words: impl FnOnce(Why) -> bool + Send + 'static) {
    *LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(words));
}

/// The command has something to tell from now on. Where the caller wants a hangup to be of no matter (nohup(1)), the handler,
/// which cannot tell the signals apart, stays away.
pub fn tells() {
    if !ignores_hangup() {
        handle();
    }
}

/// A person is asked or waited for from now on: what they type meanwhile is meant for this program, and goes with it.
pub(super) fn asks() {
    live::clear();
    ASKED.store(true, Ordering::SeqCst);
    handle();
}

/// Drops what was typed while a person was asked or waited for. The shell would run it, an authorization code among it.
/// Where no question was asked, what was typed ahead is the shell's.
pub fn forget_input() {
    if ASKED.load(Ordering::SeqCst) {
        terminal::forget_input();
    }
}

/// Ctrl-C at a hidden prompt would leave the terminal without echo and cursor: put both back, then end.
fn handle() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let saved = terminal::Modes::found();
        let _ = ctrlc::set_handler(move || {
            if WAITING.load(Ordering::SeqCst) && !CANCELLED.swap(true, Ordering::SeqCst) {
                return;
            }
            match take_words() {
                Some(words) => tell(words, Why::Signal, saved.clone()),
                None => end(saved.as_ref()),
            }
        });
    });
}

fn take_words() -> Option<LastWords> {
    LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Lets the command tell what there is, and ends the process then. This thread stays free: a second Ctrl-C ends it at once.
fn tell(words: LastWords, why: Why, modes: Option<terminal::Modes>) {
    let told = modes.clone();
    let telling = thread::Builder::new().spawn(move || {
        let has_told = panic::catch_unwind(AssertUnwindSafe(|| words(why))).unwrap_or(true);
        // The command has come to its end in time, and is telling it.
        if has_told || why == Why::Signal {
            end(told.as_ref())
        }
    });
    let late = modes.clone();
    let watching = thread::Builder::new().spawn(move || {
        thread::sleep(LONGEST);
        end(late.as_ref())
    });
    if telling.is_err() || watching.is_err() {
        end(modes.as_ref());
    }
}

/// Leaves the terminal as it was found, and ends.
fn end(modes: Option<&terminal::Modes>) -> ! {
    forget_input();
    if let Some(modes) = modes {
        modes.set_for_good();
        let _ = io::stderr().write_all(b"\x1b[?25h\n");
    }
    process::end_all();
    for path in UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        let _ = fs::remove_file(path);
    }
    #[expect(clippy::disallowed_methods, clippy::exit, reason = "the threads that wait cannot be woken")]
    std::process::exit(i32::from(STATUS.load(Ordering::SeqCst)));
}

/// Whether the caller has hangups ignored, as nohup(1) does.
fn ignores_hangup() -> bool {
    // Bit 0 of the mask is signal 1 (proc_pid_status(5)). Elsewhere than on Linux there is no safe way to ask.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
