//! What flags say, in the form that the profile's file has it.

use toml::Spanned;

use crate::config::{Problem, ProblemKind};
use crate::error::CommandError;
use crate::profile::Invalid;
use crate::text::{self, Redactor};

/// A value that is at no place of a file.
pub fn unspanned<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
}

/// What a flag says, as the profile has it, else what the profile says.
pub fn over<T: ToString>(flag: &Option<T>, old: Option<Spanned<String>>) -> Option<Spanned<String>> {
    flag.as_ref().map(|value| unspanned(value.to_string())).or(old)
}

/// A value that came from a flag, told as one.
#[must_use]
pub fn wrong_flag(problem: Problem) -> CommandError {
    match problem.kind {
        ProblemKind::NoSide => CommandError::usage(
            "A mailbox must be read, or sent from, or both.",
            "Give --incoming imap or pop3, or --outgoing smtp, or both",
        ),
        ProblemKind::NoServer(side) => {
            let side = side.key();
            CommandError::usage(
                shown!("--{}-host is missing: mailgrant does not know this provider's server.", side),
                shown!("Give --{}-host HOST, or --{} none", side, side),
            )
        }
        ProblemKind::Value => {
            let flag = match problem.key {
                "secret_expires" => "expires",
                "scopes" => "scope",
                key => key,
            };
            let Invalid { problem: cause, instead } = problem.invalid;
            CommandError::usage(
                shown!("--{}: {}.", Redactor::by_shape(&flag.replace(['_', '.'], "-")), Redactor::by_shape(&cause)),
                text::sentence(&instead),
            )
        }
    }
}
