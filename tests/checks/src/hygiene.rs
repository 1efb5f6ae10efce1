//! Text that must not be in this repository, and text that must.

use std::fs;
use std::path::{Path, PathBuf};

use crate::wording;

/// Folders that builds make.
const NOT_OURS: &[&str] = &[".git", "target", "node_modules", "venv", "artefacts", "fuzz/artifacts", "fuzz/found"];

/// Complaints about names and words in files, and about the changelog.
pub(crate) fn complaints() -> Vec<String> {
    let root = crate::root();
    let files = files(&root);
    let mut found = names(&root, &files);
    found.extend(wording::complaints(&root, &files));
    found.extend(changelog());
    found
}

/// No file names a package registry or a path of the machine it was written on.
fn names(root: &Path, files: &[PathBuf]) -> Vec<String> {
    let mut needles = vec![
        // Written in halves, so that this file does not find itself.
        ["registry.", "npmjs.org"].concat(),
        ["index.", "crates.io"].concat(),
        ["static.", "crates.io"].concat(),
        ["/root", "/."].concat(),
    ];
    // A checkout below a short path such as `/` or `/src` would be found everywhere.
    needles.extend(root.to_str().filter(|path| path.matches('/').count() > 1).map(str::to_owned));
    assert!(files.iter().any(|file| file.ends_with("package-lock.json")), "no package-lock.json among the files read");
    let mut found = Vec::new();
    for file in files {
        let Ok(text) = fs::read_to_string(file) else { continue };
        let named = needles.iter().filter(|needle| text.contains(*needle));
        found.extend(named.map(|needle| format!("{}: {needle}", file.display())));
    }
    found
}

/// CHANGELOG.md has a section for this version, or for what is not released yet.
fn changelog() -> Option<String> {
    let read = |file: &str| fs::read_to_string(crate::root().join(file)).unwrap_or_default();
    let manifest: toml::Table = read("Cargo.toml").parse().expect("Cargo.toml is TOML");
    let heading = format!("## [{}]", manifest["package"]["version"].as_str().unwrap_or_default());
    let changelog = read("CHANGELOG.md");
    let is_known = changelog.contains(&heading) || changelog.contains("## [Unreleased]");
    (!is_known).then(|| format!("CHANGELOG.md: neither {heading} nor Unreleased"))
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
