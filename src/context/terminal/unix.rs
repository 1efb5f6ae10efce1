//! The terminal's modes by termios(3).

use std::io::{self, IsTerminal};

use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr};

/// The modes of the terminal on standard input.
pub(in crate::context) struct Modes(Termios);

impl Modes {
    /// As they are now; `None` where there is no terminal.
    pub(in crate::context) fn now() -> Option<Self> {
        tcgetattr(io::stdin()).ok().map(Self)
    }

    /// Puts them back, where the terminal is ours.
    pub(in crate::context) fn set(&self) {
        if !is_ours() {
            return;
        }
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// Whether the terminal is ours: a process in the background that touches its controlling terminal is stopped (SIGTTIN,
/// SIGTTOU). One that does not control us has no such group, and stops nobody.
fn is_ours() -> bool {
    io::stdin().is_terminal() && tcgetpgrp(io::stdin()).map_or(true, |group| group == getpgrp())
}

/// No lines and no echo, and reads that do not wait.
pub(super) struct Unbuffered {
    saved: Modes,
    wanted: Modes,
}

impl Unbuffered {
    pub(super) fn begin() -> Option<Self> {
        let saved = Modes::now().filter(|_| is_ours())?;
        let mut wanted = saved.0.clone();
        wanted.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN);
        wanted.special_codes[SpecialCodeIndex::VMIN] = 0;
        wanted.special_codes[SpecialCodeIndex::VTIME] = 0;
        Some(Self { saved, wanted: Modes(wanted) })
    }

    /// What has come; 0 if nothing has, or the terminal is another process's just now.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> usize {
        if !is_ours() {
            return 0;
        }
        // A shell that stopped us (Ctrl-Z) has put its own modes in place.
        if Modes::now().is_some_and(|now| now.0.local_modes.contains(LocalModes::ICANON)) {
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
