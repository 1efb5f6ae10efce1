//! What mailgrant itself says, by code: `own.toml` beside this file.

use std::sync::OnceLock;

use serde::Deserialize;

use super::step::Step;
use crate::report::Retry;

const TEXT: &str = include_str!("own.toml");

/// A finding of mailgrant's own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Own {
    /// Its stable name.
    pub id: String,
    /// What it means.
    pub cause: String,
    /// The way out, step by step.
    pub fix: Vec<Step>,
    /// Where the knowledge comes from, where it is not our own.
    pub source: Option<String>,
    /// What to do after it was read.
    pub next: Retry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnFile {
    finding: Vec<Own>,
}

fn read() -> Result<Vec<Own>, toml::de::Error> {
    Ok(toml::from_str::<OwnFile>(TEXT)?.finding)
}

/// All findings of mailgrant's own that this file knows.
#[must_use]
pub fn findings() -> &'static [Own] {
    static FINDINGS: OnceLock<Vec<Own>> = OnceLock::new();
    FINDINGS.get_or_init(|| read().unwrap_or_default())
}

/// The one of this name.
#[must_use]
pub fn finding(id: &str) -> Option<&'static Own> {
    findings().iter().find(|own| own.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::diagnosis::catalogue;

    #[test]
    fn the_file_is_read_and_no_name_is_given_twice() {
        let own = read().unwrap_or_else(|error| panic!("own.toml: {error}"));
        let names: BTreeSet<&str> = own.iter().map(|own| own.id.as_str()).collect();
        assert_eq!(names.len(), own.len(), "two findings have one name");
        let both: Vec<&&str> = names.iter().filter(|name| catalogue::entry(name).is_some()).collect();
        assert!(both.is_empty(), "{both:?} are in the catalogue of what servers say, too");
        for own in own {
            assert!(own.cause.ends_with('.') && !own.fix.is_empty(), "{}", own.id);
        }
    }
}
