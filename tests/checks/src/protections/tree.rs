//! A copy of the tree in which protections are taken out and put back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use super::rows::Row;

/// The copy and the folder that it is built in. Both stay for the next time.
pub(crate) struct Tree {
    root: PathBuf,
    build: PathBuf,
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
            Self::Passed => "passes",
            Self::Failed(_) => "fails",
            Self::DidNotBuild(_) => "does not build",
            Self::NothingRan => "does not exist",
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
    /// Copies what belongs to the project to a place below the build's own folder; a file that is the same there already
    /// stays as it is, so that nothing is built again without need.
    pub(crate) fn copy(from: &Path) -> Self {
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| from.join("target"), |folder| from.join(folder));
        let place = target.join("protections");
        let root = place.join("tree");
        let build = place.join("build");
        fs::create_dir_all(&root).expect("the folder of the copy can be made");
        let wanted = project_files(from);
        for name in &wanted {
            let (source, copy) = (from.join(name), root.join(name));
            let bytes = fs::read(&source).expect("a file of the project can be read");
            if fs::read(&copy).ok().as_ref() != Some(&bytes) {
                fs::create_dir_all(copy.parent().expect("it is below the root")).expect("a folder can be made");
                fs::copy(source, copy).expect("a file of the project can be copied");
            }
        }
        for name in files_below(&root).difference(&wanted) {
            fs::remove_file(root.join(name)).expect("a file of the copy can be removed");
        }
        #[cfg(unix)]
        for installed in ["tests/real/node_modules", "tests/real/venv"] {
            let (source, link) = (from.join(installed), root.join(installed));
            if source.exists() && !link.exists() {
                std::os::unix::fs::symlink(source, link).expect("a link can be made");
            }
        }
        if !build.exists() {
            warm(&target.join("debug"), &build.join("debug"));
        }
        Self { root, build }
    }

    /// Runs the row's test without its protection, and puts that back.
    pub(crate) fn test_without(&self, row: &Row) -> Ended {
        let file = self.root.join(&row.file);
        let whole = self.read(&row.file);
        fs::write(&file, whole.replacen(&row.find, &row.put, 1)).expect("the row's file can be written");
        let ended = self.test(row);
        fs::write(&file, whole).expect("the row's file can be written");
        ended
    }

    /// Of `rows`, those whose protections can be taken out beside each other, and the others.
    pub(crate) fn beside_each_other<'r>(&self, rows: &[&'r Row]) -> (Vec<&'r Row>, Vec<&'r Row>) {
        let mut files = BTreeMap::new();
        rows.iter().copied().partition(|row| {
            let text = files.entry(&row.file).or_insert_with(|| self.read(&row.file));
            let fits = text.matches(&row.find).count() == 1;
            if fits {
                *text = text.replacen(&row.find, &row.put, 1);
            }
            fits
        })
    }

    /// What the compiler says where the protections of all `rows` are taken out at once; none where it builds.
    pub(crate) fn errors_without(&self, rows: &[&Row]) -> Option<String> {
        let mut whole = BTreeMap::new();
        for row in rows {
            let file = self.root.join(&row.file);
            let text = self.read(&row.file);
            fs::write(&file, text.replacen(&row.find, &row.put, 1)).expect("the row's file can be written");
            whole.entry(file).or_insert(text);
        }
        let mut cargo = crate::cargo();
        cargo.args(["check", "--locked", "--quiet", "--workspace", "--all-targets"]);
        cargo.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.build);
        let checked = cargo.output().expect("cargo can be run");
        for (file, text) in whole {
            fs::write(file, text).expect("the row's file can be written");
        }
        (!checked.status.success()).then(|| String::from_utf8_lossy(&checked.stderr).into_owned())
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.root.join(file)).expect("the row's file can be read")
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
            // No limit on its time here: each test has a deadline of its own.
            _ => Ended::Failed(tail(&ran)),
        }
    }

    fn cargo(&self, row: &Row, arguments: &[&str]) -> Output {
        let mut cargo = crate::cargo();
        cargo.args(["test", "--locked", "--quiet"]).current_dir(&self.root).env("CARGO_TARGET_DIR", &self.build);
        match row.target() {
            "lib" => cargo.arg("--lib"),
            target => cargo.args(["--test", target]),
        };
        cargo.env("MAILGRANT_TEST_REAL", "1");
        if row.target() == "hostile" {
            cargo.env("HOSTILE_ONLY", row.filter());
        }
        cargo.args(arguments).output().expect("cargo can be run")
    }
}

/// The files that git has, or would take.
fn project_files(root: &Path) -> BTreeSet<PathBuf> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root);
    let listed = git.output().expect("git can be run");
    assert!(listed.status.success(), "git does not list the files");
    let listed = String::from_utf8(listed.stdout).expect("file names are UTF-8");
    listed.split_terminator('\0').filter(|name| root.join(name).is_file()).map(PathBuf::from).collect()
}

/// The files below `root`, by their paths from there; links are not followed.
fn files_below(root: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the copy can be read").flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(path),
                Ok(kind) if kind.is_file() => {
                    found.extend(path.strip_prefix(root).map(Path::to_owned));
                }
                _ => {}
            }
        }
    }
    found
}

/// Takes over the dependencies that are built already: OpenSSL alone takes minutes. What fails here costs time only.
fn warm(from: &Path, to: &Path) {
    if from.exists() && fs::create_dir_all(to).is_ok() {
        let folders = ["build", "deps", ".fingerprint"].map(|folder| from.join(folder));
        let _ = Command::new("cp").args(["-a", "--reflink=auto"]).args(folders).arg(to).status();
    }
}

fn tail(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
