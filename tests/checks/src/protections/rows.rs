//! What holds each promise, as data.

use std::collections::BTreeMap;
use std::fs;

use serde::Deserialize;

/// One protection and the test that misses it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// The promise in SECURITY.md.
    pub(crate) id: String,
    /// The test target and what picks the test out of it: `lib NAME`, `cli NAME`, `real NAME` …; or `hostile WORDS`,
    /// which runs the hostile cases whose fault and name hold these words.
    pub(crate) test: String,
    /// What is taken out, in a few words.
    pub(crate) without: String,
    /// The file that holds it.
    pub(crate) file: String,
    /// Its lines; the file holds them once.
    pub(crate) find: String,
    /// What replaces them; it must compile.
    pub(crate) put: String,
    /// The ID and a number, by which a row is called: `L3.2`.
    #[serde(skip)]
    pub(crate) label: String,
    /// The name of the row's own file: `wire`.
    #[serde(skip)]
    group: String,
}

/// The one test of the hostile suite.
const HOSTILE: &str = "no_hostile_peer_gets_a_credential_hangs_us_or_fools_us";

impl Row {
    /// The test target.
    pub(crate) fn target(&self) -> &str {
        self.parts().0
    }

    /// The words that pick the test, or the cases, out of the target.
    pub(crate) fn filter(&self) -> &str {
        self.parts().1
    }

    /// The test's name as SECURITY.md has it.
    pub(crate) fn name(&self) -> &str {
        if self.target() == "hostile" { HOSTILE } else { self.filter().rsplit("::").next().unwrap_or_default() }
    }

    /// Whether `name` is its ID, its label or its file.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        [&self.id, &self.label, &self.group].iter().any(|own| *own == name)
    }

    fn parts(&self) -> (&str, &str) {
        self.test.split_once(' ').unwrap_or((&self.test, ""))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowFile {
    protection: Vec<Row>,
}

/// All rows, in the files' order.
pub(crate) fn all() -> Vec<Row> {
    let folder = crate::root().join("tests/protections/rows");
    let entries = fs::read_dir(&folder).expect("the folder of rows can be read");
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut rows = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a file of rows can be read");
        let read: RowFile = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for mut row in read.protection {
            let count = counts.entry(row.id.clone()).or_default();
            *count += 1;
            row.label = format!("{}.{count}", row.id);
            row.group = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            rows.push(row);
        }
    }
    rows
}
