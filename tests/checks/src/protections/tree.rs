//! A copy of the tree in which protections are taken out and put back.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use crate::rows::Row;

pub(crate) struct Tree {
    root: PathBuf,
    target: PathBuf,
}

/// How a test ended.
pub(crate) enum Ended {
    Passed,
    Failed(String),
    DidNotBuild(String),
    /// The filter picked no test.
    NothingRan,
}

impl Ended {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Passed => "PASSES ALL THE SAME",
            Self::Failed(_) => "fails",
            Self::DidNotBuild(_) => "DOES NOT BUILD",
            Self::NothingRan => "RAN NOTHING",
        }
    }

    /// What it printed last.
    pub(crate) fn output(&self) -> &str {
        match self {
            Self::Failed(output) | Self::DidNotBuild(output) => output,
            Self::Passed | Self::NothingRan => "",
        }
    }
}

impl Tree {
    /// Copies what belongs to the project below the build's own folder.
    pub(crate) fn copy(from: &Path) -> Self {
        let place =
            env::var_os("CARGO_TARGET_DIR").map_or_else(|| from.join("target"), PathBuf::from).join("protections");
        let root = place.join("tree");
        let _ = fs::remove_dir_all(&root);
        let listed = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(from)
            .output()
            .unwrap();
        assert!(listed.status.success(), "git does not list the files");
        for name in String::from_utf8(listed.stdout).unwrap().lines().filter(|name| from.join(name).is_file()) {
            let to = root.join(name);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(from.join(name), to).unwrap();
        }
        let modules = from.join("tests/real/node_modules");
        #[cfg(unix)]
        if modules.exists() {
            std::os::unix::fs::symlink(modules, root.join("tests/real/node_modules")).unwrap();
        }
        Self { root, target: place.join("build") }
    }

    /// Runs the row's test without its protection, and puts that back.
    pub(crate) fn test_without(&self, row: &Row) -> Ended {
        let file = self.root.join(&row.file);
        let whole = fs::read_to_string(&file).unwrap();
        assert_eq!(whole.matches(&row.find).count(), 1, "{}: {}", row.id, row.without);
        fs::write(&file, whole.replacen(&row.find, &row.put, 1)).unwrap();
        let ended = self.test(row);
        fs::write(&file, whole).unwrap();
        ended
    }

    /// Runs the row's test.
    pub(crate) fn test(&self, row: &Row) -> Ended {
        let built = self.cargo(row, &["--no-run"]);
        if !built.status.success() {
            return Ended::DidNotBuild(tail(&built));
        }
        let filter = if row.target() == "hostile" { "" } else { row.filter() };
        let ran = self.cargo(row, &["--", "--include-ignored", filter]);
        let text = String::from_utf8_lossy(&ran.stdout);
        match ran.status.code() {
            Some(0) if text.contains(" 0 passed") => Ended::NothingRan,
            Some(0) => Ended::Passed,
            // A test that hangs is killed by nobody here: each has a deadline of its own.
            _ => Ended::Failed(tail(&ran)),
        }
    }

    fn cargo(&self, row: &Row, arguments: &[&str]) -> Output {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["test", "--locked", "--quiet"]).current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target);
        match row.target() {
            "lib" => cargo.arg("--lib"),
            target => cargo.args(["--test", target]),
        };
        // Unused code is what a protection leaves behind.
        cargo.env("RUSTFLAGS", "-A warnings").env("MAILGRANT_TEST_REAL", "1");
        if row.target() == "hostile" {
            cargo.env("HOSTILE_ONLY", row.filter());
        }
        cargo.args(arguments).output().unwrap()
    }
}

fn tail(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
