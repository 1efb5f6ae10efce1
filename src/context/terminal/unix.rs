//! The terminal's modes by termios(3).

use std::io::{self, IsTerminal};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr};

/// Held while the modes are changed: the thread that Ctrl-C wakes changes them too.
static CHANGING: Mutex<()> = Mutex::new(());

fn changing() -> MutexGuard<'static, ()> {
    CHANGING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The modes of the terminal on standard input.
#[derive(Clone)]
pub(in crate::context) struct Modes(Termios);

impl Modes {
    /// As this process found them, before it changed any; `None` where there is no terminal. What is put back are always
    /// these: another thread may just have changed what is there now.
    pub(in crate::context) fn found() -> Option<Self> {
        static FOUND: OnceLock<Option<Modes>> = OnceLock::new();
        FOUND.get_or_init(|| tcgetattr(io::stdin()).ok().map(Self)).clone()
    }

    /// Puts them back, where the terminal is ours.
    fn set(&self) {
        let _changing = changing();
        self.set_now();
    }

    /// Puts them back for good: no other thread changes them any more.
    pub(in crate::context) fn set_for_good(&self) {
        std::mem::forget(changing());
        self.set_now();
    }

    fn set_now(&self) {
        if is_ours() {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
        }
    }
}

/// Whether the terminal is ours: a process in the background that touches its controlling terminal is stopped (SIGTTIN,
/// SIGTTOU). One that does not control us has no such group, and stops no process.
fn is_ours() -> bool {
    io::stdin().is_terminal() && tcgetpgrp(io::stdin()).map_or(true, |group| group == getpgrp())
}

/// No lines and no echo, and reads that do not wait.
pub(in crate::context) struct Unbuffered {
    saved: Modes,
    wanted: Modes,
}

impl Unbuffered {
    pub(in crate::context) fn begin() -> Option<Self> {
        let saved = Modes::found().filter(|_| is_ours())?;
        let mut wanted = saved.0.clone();
        wanted.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN);
        wanted.special_codes[SpecialCodeIndex::VMIN] = 0;
        wanted.special_codes[SpecialCodeIndex::VTIME] = 0;
        Some(Self { saved, wanted: Modes(wanted) })
    }

    /// What has come; 0 if nothing has, or the terminal is another process's just now.
    pub(in crate::context) fn read(&mut self, buffer: &mut [u8]) -> usize {
        if !is_ours() {
            return 0;
        }
        // A shell that stopped us (Ctrl-Z) has put its own modes in place.
        if tcgetattr(io::stdin()).is_ok_and(|now| now.local_modes.contains(LocalModes::ICANON)) {
            self.wanted.set();
        }
        rustix::io::read(io::stdin(), buffer).unwrap_or_default()
    }
}

impl Drop for Unbuffered {
    fn drop(&mut self) {
        self.saved.set();
    }
}
