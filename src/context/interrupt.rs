//! Ctrl-C, and how the terminal is left: as it was found, without what was typed ahead and without unfinished files.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use super::terminal;

static WAITING: AtomicBool = AtomicBool::new(false);
static CANCELLED: AtomicBool = AtomicBool::new(false);
/// Whether a person was asked something, or was waited for.
static ASKED: AtomicBool = AtomicBool::new(false);
/// Files that are begun and not in their place yet.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

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

/// A person is asked or waited for from now on: what they type meanwhile is meant for this program, and goes with it.
pub(super) fn asks() {
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

/// Ctrl-C at a hidden prompt would leave the terminal without echo and cursor: put both back, then end with 130.
fn handle() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let saved = terminal::Modes::found();
        let _ = ctrlc::set_handler(move || {
            if WAITING.load(Ordering::SeqCst) && !CANCELLED.swap(true, Ordering::SeqCst) {
                return;
            }
            forget_input();
            if let Some(saved) = &saved {
                saved.set_for_good();
                let _ = io::stderr().write_all(b"\x1b[?25h\n");
            }
            for path in UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
                let _ = fs::remove_file(path);
            }
            #[expect(clippy::disallowed_methods, clippy::exit, reason = "the prompt's thread cannot be woken")]
            std::process::exit(130);
        });
    });
}
