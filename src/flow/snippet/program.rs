//! A program, as its file describes it.

use super::target::{Refusal, Target};
use crate::profile::Protocol;

/// A program that can use a mailbox with tokens.
#[derive(Debug)]
pub struct Program {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    /// The protocols that it speaks with tokens.
    pub protocols: &'static [Protocol],
    /// Where the snippet goes.
    pub(super) place: &'static str,
    /// What must be installed.
    pub(super) needs: &'static str,
    /// The version that the tests of this program have run with exactly what is printed; none where none can be had there.
    pub tried: Option<&'static str>,
    /// What a comment begins with.
    pub(super) comment: &'static str,
    /// What a file of this kind begins with, before any comment.
    pub(super) opening: &'static str,
    /// The configuration itself.
    pub(super) write: fn(&Target<'_>) -> Result<String, Refusal>,
}
