//! What must not, and what must, stand in this repository.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that builds make.
const NOT_OURS: &[&str] = &[".git", "target", "node_modules", "artefacts", "fuzz/artifacts", "fuzz/found"];

#[test]
fn no_file_names_a_package_registry_or_a_machines_own_path() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut needles = vec![
        // Written in halves, so that this file does not find itself.
        ["registry.", "npmjs.org"].concat(),
        ["index.", "crates.io"].concat(),
        ["static.", "crates.io"].concat(),
        ["/root", "/."].concat(),
    ];
    // A checkout below a short path such as `/` or `/src` would be found everywhere.
    needles.extend(root.to_str().filter(|path| path.matches('/').count() > 1).map(str::to_owned));
    let mut found = Vec::new();
    let files = files(root);
    for file in &files {
        let Ok(text) = fs::read_to_string(file) else { continue };
        found
            .extend(needles.iter().filter(|needle| text.contains(*needle)).map(|needle| format!("{file:?}: {needle}")));
    }
    assert!(files.iter().any(|file| file.ends_with("package-lock.json")), "the reader of files has gone blind");
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn changelog_knows_this_version() {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("CHANGELOG.md")).expect("CHANGELOG.md is there");
    let heading = concat!("## [", env!("CARGO_PKG_VERSION"), "]");
    assert!(text.contains(heading) || text.contains("## [Unreleased]"), "neither {heading} nor Unreleased");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the checkout is readable").flatten() {
        let path = entry.path();
        if !path.is_dir() {
            found.push(path);
        } else if !NOT_OURS.iter().any(|name| path.ends_with(name)) {
            found.extend(files(&path));
        }
    }
    found
}
