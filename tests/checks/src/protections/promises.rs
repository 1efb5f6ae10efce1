//! SECURITY.md's tables, read back.

use std::fs;

/// One row: an ID, and the tests that prove it.
pub(crate) struct Promise {
    pub(crate) id: String,
    /// The names in backticks of the row's last cell.
    pub(crate) tests: Vec<String>,
}

pub(crate) fn promises() -> Vec<Promise> {
    let text = fs::read_to_string(super::root().join("SECURITY.md")).unwrap();
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
