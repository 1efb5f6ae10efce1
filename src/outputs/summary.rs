//! The summary of a job at GitHub: the file that `GITHUB_STEP_SUMMARY` names. A step adds to it, and what is longer than a
//! mebibyte is lost as a whole.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::environment;

/// GitHub takes a mebibyte of each step.
const LONGEST: usize = 1024 * 1024;

/// What commands of the same step have written; nothing where `path` is not the summary.
pub(super) fn begun(path: &Path) -> Vec<u8> {
    let mut text = Vec::new();
    if let Some(file) = is_it(path).then(|| File::open(path).ok()).flatten() {
        let _ = file.take(LONGEST as u64).read_to_end(&mut text);
    }
    if text.last().is_some_and(|last| *last != b'\n') {
        text.push(b'\n');
    }
    text
}

/// The bytes that there is room for behind `begun`, where `path` is the summary.
pub(super) fn room(path: &Path, begun: &[u8]) -> Option<usize> {
    is_it(path).then(|| LONGEST.saturating_sub(begun.len()))
}

fn is_it(path: &Path) -> bool {
    environment::raw("GITHUB_STEP_SUMMARY").is_some_and(|summary| Path::new(&summary) == path)
}
