//! Systems without termios: nothing is read beside a wait, and what is pasted comes line by line.

/// The modes of the terminal on standard input.
#[derive(Clone)]
pub(in crate::context) struct Modes;

impl Modes {
    pub(in crate::context) fn found() -> Option<Self> {
        None
    }

    pub(in crate::context) fn set_for_good(&self) {}
}

pub(in crate::context) struct Unbuffered;

impl Unbuffered {
    pub(in crate::context) fn begin() -> Option<Self> {
        None
    }

    pub(in crate::context) fn read(&mut self, _: &mut [u8]) -> usize {
        0
    }
}
