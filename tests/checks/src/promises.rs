//! SECURITY.md's tables, read back, and the tests that they name.

use std::collections::BTreeSet;
use std::fs;

/// One row: an ID, and the tests that prove it.
pub(crate) struct Promise {
    pub(crate) id: String,
    /// The names in backticks of the row's last cell.
    pub(crate) tests: Vec<String>,
}

/// Every promise of SECURITY.md.
pub(crate) fn all() -> Vec<Promise> {
    let text = fs::read_to_string(crate::root().join("SECURITY.md")).expect("SECURITY.md can be read");
    let found = read(&text);
    assert!(found.len() > 30, "only {} promises were read from SECURITY.md", found.len());
    found
}

fn read(text: &str) -> Vec<Promise> {
    text.lines()
        .filter_map(|row| {
            let cells: Vec<&str> = row.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
            let [id, _, proof] = cells.as_slice() else { return None };
            let is_id =
                matches!(id.as_bytes(), [letter, digit] if letter.is_ascii_uppercase() && digit.is_ascii_digit());
            is_id.then(|| Promise {
                id: (*id).to_owned(),
                tests: proof.split('`').skip(1).step_by(2).map(str::to_owned).collect(),
            })
        })
        .collect()
}

/// Promises that name no test, or one that `cargo test` does not have.
pub(crate) fn complaints() -> Vec<String> {
    let names = test_names();
    assert!(names.len() > 500, "cargo test lists only {} tests", names.len());
    let promises = all();
    let without = promises.iter().filter(|promise| promise.tests.is_empty());
    let without = without.map(|promise| format!("SECURITY.md: {} names no test", promise.id));
    let unknown = promises.iter().flat_map(|promise| {
        let unknown = promise.tests.iter().filter(|test| !names.contains(*test));
        unknown.map(|test| format!("SECURITY.md: {} names a test that does not exist: {test}", promise.id))
    });
    without.chain(unknown).collect()
}

/// The names of all tests, without their modules, as the test binaries list them.
fn test_names() -> BTreeSet<String> {
    let mut cargo = crate::cargo();
    cargo.args(["test", "--locked", "--quiet", "--", "--list", "--format", "terse"]).current_dir(crate::root());
    let output = cargo.output().expect("cargo can be run");
    assert!(output.status.success(), "cargo test -- --list:\n{}", String::from_utf8_lossy(&output.stderr));
    listed(&String::from_utf8_lossy(&output.stdout))
}

fn listed(text: &str) -> BTreeSet<String> {
    let tests = text.lines().filter_map(|line| line.strip_suffix(": test"));
    tests.map(|path| path.rsplit("::").next().unwrap_or(path).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_tests_are_read_from_the_table() {
        let promises = read("| ID | promise | proof |\n|---|---|---|\n| L1 | It does. | `a_test`, `another` |\n");
        assert_eq!(promises.len(), 1);
        assert_eq!(
            (promises[0].id.as_str(), promises[0].tests.as_slice()),
            ("L1", &["a_test", "another"].map(str::to_owned)[..])
        );
    }

    #[test]
    fn names_are_read_from_the_list_of_tests() {
        assert_eq!(
            listed("a::b::c_test: test\nfile.rs - item (line 3): test\n\n2 tests\n").first().map(String::as_str),
            Some("c_test")
        );
    }
}
