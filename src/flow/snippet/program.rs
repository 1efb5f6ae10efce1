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
    /// Who has run which version of it with exactly what is printed.
    pub tried: Trial,
    /// What a comment begins with.
    pub(super) comment: &'static str,
    /// What a file of this kind begins with, before any comment.
    pub(super) opening: &'static str,
    /// The configuration itself.
    pub(super) write: fn(&Target<'_>) -> Result<String, Refusal>,
}

/// Who has run a program, and which version of it.
#[derive(Debug, Clone, Copy)]
pub enum Trial {
    /// The tests of this program do.
    ByTests(&'static str),
    /// By hand alone: no package that the tests could install has it.
    ByHand(&'static str),
}
