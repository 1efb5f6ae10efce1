//! What flags say, in the form that the profile's file has it.

use toml::Spanned;

use crate::config::{Problem, ProblemKind, SHORT_NAMES};
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
            let Invalid { problem: cause, instead } = problem.invalid;
            let flag = flag_of(problem.key);
            // What can be a word of the sentence stays one.
            let is_word = !problem.key.contains(['_', '.']);
            let named = |text: &str| if is_word { text.to_owned() } else { text.replace(problem.key, &flag) };
            CommandError::usage(
                shown!("{}: {}.", Redactor::by_shape(&flag), Redactor::by_shape(&as_flags(&named(&cause)))),
                text::sentence(&as_flags(&named(&instead))),
            )
        }
    }
}

/// The flag that says what the profile has as `key`.
fn flag_of(key: &str) -> String {
    let short = SHORT_NAMES.iter().find(|(_, of)| *of == key).map(|(name, _)| *name);
    format!("--{}", short.unwrap_or(key).replace(['_', '.'], "-"))
}

/// What is chosen from a few words.
const CHOICES: [&str; 5] = ["provider", "cloud", "credential", "access", "federated.source"];

/// `text`, in which settings stand as the profile has them (`access = "user"`), with flags in their place.
fn as_flags(text: &str) -> String {
    let mut told = text.to_owned();
    for key in CHOICES {
        let setting = format!("{key} = \"");
        while let Some((before, after)) = told.split_once(&setting)
            && let Some((value, rest)) = after.split_once('"')
        {
            told = format!("{before}{} {value}{rest}", flag_of(key));
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(key: &'static str, problem: &str, instead: &str) -> (String, String) {
        let told = wrong_flag(Problem::new(key, 0..0, Invalid::new(problem, instead)));
        let finding = told.finding();
        (finding.cause.to_string(), finding.fix.iter().map(|step| step.to_string()).collect())
    }

    #[test]
    fn a_wrong_value_is_told_with_the_flags_that_there_are() {
        let is = |cause: &str, fix: &str| (cause.to_owned(), fix.to_owned());
        assert_eq!(
            told("certificate.file", "certificate.file is missing", "write it"),
            is("--certificate: --certificate is missing.", "Write it")
        );
        assert_eq!(told("secret_expires", "it is over", "remove secret_expires").1, "Remove --expires");
        assert_eq!(
            told("access", "it lets no app in", "write credential = \"service-account\", or access = \"user\""),
            is("--access: it lets no app in.", "Write --credential service-account, or --access user")
        );
        assert_eq!(
            told("federated.file", "it belongs to federated.source = \"file\" only", "remove federated.file"),
            is("--federated-file: it belongs to --federated-source file only.", "Remove --federated-file")
        );
        assert_eq!(
            told("tenant", "this tenant stands for many", "write another").0,
            "--tenant: this tenant stands for many."
        );
    }
}
