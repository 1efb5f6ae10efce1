//! What keeps each promise, as data.

use std::fs;

use serde::Deserialize;

/// One protection and the test that misses it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// The promise in SECURITY.md.
    pub(crate) id: String,
    /// Where the test stands and how it is picked: `lib NAME`, `cli NAME`, `real NAME`, `structure NAME` …; or `hostile
    /// WORDS`, which runs the hostile cases whose fault and name hold these words.
    pub(crate) test: String,
    /// What is taken out, in a few words.
    pub(crate) without: String,
    /// The file that holds it.
    pub(crate) file: String,
    /// Its lines; they stand there once.
    pub(crate) find: String,
    /// What stands there without it; it must compile.
    pub(crate) put: String,
}

/// The one test of the hostile suite.
const HOSTILE: &str = "no_hostile_peer_gets_a_credential_hangs_us_or_fools_us";

impl Row {
    /// The test target.
    pub(crate) fn target(&self) -> &str {
        self.test.split_once(' ').unwrap().0
    }

    /// The words that pick the test, or the cases, out of the target.
    pub(crate) fn filter(&self) -> &str {
        self.test.split_once(' ').unwrap().1
    }

    /// The test's name as SECURITY.md has it.
    pub(crate) fn name(&self) -> &str {
        if self.target() == "hostile" { HOSTILE } else { self.filter().rsplit("::").next().unwrap() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowFile {
    protection: Vec<Row>,
}

/// All rows, in the files' order.
pub(crate) fn all() -> Vec<Row> {
    let mut files: Vec<_> = fs::read_dir(super::root().join("tests/protections/rows"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        toml::from_str::<RowFile>(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())).protection
    };
    files.iter().flat_map(read).collect()
}
