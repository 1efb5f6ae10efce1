//! What mailgrant itself says, by code: `own/*.toml`, and what an entry of the catalogue has as `live`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::step::Step;
use crate::report::{Confidence, ExitCode, FindingCode};

/// The entries of all files, as the build script has them.
const OWN_JSON: &str = include_str!(concat!(env!("OUT_DIR"), "/own.json"));

/// What a finding of mailgrant's own says. Names in braces are filled in where it is made; with a `?` they may be left
/// out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// What it means; empty where an entry of the catalogue says it.
    #[serde(default)]
    pub cause: String,
    /// What it means in special cases, by their names.
    #[serde(default)]
    pub cases: BTreeMap<String, String>,
    /// The way out, step by step; empty where an entry of the catalogue has it.
    #[serde(default)]
    pub fix: Vec<Step>,
    /// The public documents that say so, where it is not our own.
    pub source: Option<String>,
    /// The exit code; what to do next follows from it.
    #[serde(default = "failed")]
    pub exit: ExitCode,
    /// How sure it is.
    #[serde(default = "certain")]
    pub confidence: Confidence,
    /// Names that it had in earlier versions.
    #[serde(default)]
    pub aliases: Vec<String>,
}

fn failed() -> ExitCode {
    ExitCode::CheckFailed
}

fn certain() -> Confidence {
    Confidence::Certain
}

type Entries = BTreeMap<FindingCode, Words>;

fn book() -> &'static Entries {
    static BOOK: OnceLock<Entries> = OnceLock::new();
    // A test reads it too.
    BOOK.get_or_init(|| serde_json::from_str(OWN_JSON).unwrap_or_default())
}

/// What is said under this code.
#[must_use]
pub fn words(code: FindingCode) -> Option<&'static Words> {
    book().get(&code)
}

/// The code that was called `name` in an earlier version.
#[must_use]
pub fn called(name: &str) -> Option<FindingCode> {
    book().iter().find(|(_, words)| words.aliases.iter().any(|alias| alias == name)).map(|(code, _)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::catalogue;

    #[test]
    fn every_file_is_read_and_every_code_has_one_entry() {
        let own: Entries = serde_json::from_str(OWN_JSON).unwrap();
        let silent = own.iter().filter(|(_, words)| words.cause.is_empty() || words.fix.is_empty());
        assert_eq!(silent.map(|(code, _)| *code).collect::<Vec<_>>(), [], "what no entry says has words of its own");
        let said = catalogue::entries().iter().map(|entry| entry.id);
        let mut codes: Vec<FindingCode> = own.into_keys().chain(said).collect();
        codes.sort_unstable();
        assert_eq!(codes, FindingCode::ALL, "a code has two entries, or a constant has none");
    }

    #[test]
    fn every_case_of_a_cause_and_of_a_step_has_a_name_and_every_cause_is_a_sentence() {
        for (code, words) in book() {
            assert!(!words.fix.is_empty(), "{code}");
            for cause in words.cases.values().chain([&words.cause]) {
                assert!(cause.ends_with(['.', '}']), "{code}: {cause}");
            }
        }
    }
}
