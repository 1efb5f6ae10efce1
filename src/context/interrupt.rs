//! Ctrl-C: puts the terminal back, and lets a wait for the browser end with an answer to it.

use std::io::{self, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

static WAITING: AtomicBool = AtomicBool::new(false);
static CANCELLED: AtomicBool = AtomicBool::new(false);

/// As long as this lives, Ctrl-C sets a flag instead of ending the process.
pub struct Caught(());

/// Catches Ctrl-C.
#[must_use]
pub fn catch() -> Caught {
    restore_terminal();
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

/// Ctrl-C at a hidden prompt would leave the terminal without echo and cursor: put both back, then end with 130.
pub(super) fn restore_terminal() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        #[cfg(unix)]
        let saved = rustix::termios::tcgetattr(io::stdin()).ok();
        let _ = ctrlc::set_handler(move || {
            if WAITING.load(Ordering::SeqCst) && !CANCELLED.swap(true, Ordering::SeqCst) {
                return;
            }
            #[cfg(unix)]
            if let Some(saved) = &saved {
                let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Now, saved);
                let _ = io::stderr().write_all(b"\x1b[?25h\n");
            }
            #[expect(clippy::disallowed_methods, clippy::exit, reason = "the prompt's thread cannot be woken")]
            std::process::exit(130);
        });
    });
}
