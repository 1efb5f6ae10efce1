//! Which parts this machine has.

use std::env;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;

/// Where the parts are.
pub(crate) struct Parts {
    pub(crate) chromium: PathBuf,
    pub(crate) node: PathBuf,
}

/// Where the programs are that others' libraries run in; those need no server and no root.
pub(crate) struct Interpreters {
    pub(crate) node: PathBuf,
    /// With the packages of requirements.txt.
    pub(crate) python: PathBuf,
}

/// The parts; or `None`, after saying why, where the tests of real servers are to be left out.
pub(crate) fn parts() -> Option<Parts> {
    static SAID: Once = Once::new();
    found(look(), "the tests with servers", &SAID)
}

/// The interpreters; or `None`, after saying why, where the tests with libraries are to be left out.
pub(crate) fn interpreters() -> Option<Interpreters> {
    static SAID: Once = Once::new();
    found(look_for_interpreters(), "the tests with libraries", &SAID)
}

/// These programs of monitors; or `None`, after saying why, where the tests with them are to be left out.
pub(crate) fn monitors(names: &[&str]) -> Option<()> {
    static SAID: Once = Once::new();
    found(all_of(names), "the tests with monitors", &SAID)
}

/// These programs of a password manager; or `None`, after saying why, where the tests with it are to be left out.
pub(crate) fn programs(names: &[&str]) -> Option<()> {
    static SAID: Once = Once::new();
    found(all_of(names), "the tests with password managers", &SAID)
}

/// jq, with which scripts read JSON; or `None`, after saying why, where the tests with it are to be left out.
pub(crate) fn jq() -> Option<()> {
    static SAID: Once = Once::new();
    found(all_of(&["jq"]), "the tests with jq", &SAID)
}

/// GitHub's own reader of Markdown; or `None`, after saying why, where the test with it is to be left out.
pub(crate) fn markdown() -> Option<()> {
    static SAID: Once = Once::new();
    found(all_of(&["cmark-gfm"]), "the test with Markdown", &SAID)
}

/// These programs, which people use mailgrant with; or `None`, after saying why, where the tests with them are to be left out.
pub(crate) fn shells(names: &[&str]) -> Option<()> {
    static SAID: Once = Once::new();
    found(all_of(names), "the tests with shells and man", &SAID)
}

/// These mail programs and files of theirs, which take tokens from mailgrant; or `None`, after saying why, where the tests with them are to be left out.
pub(crate) fn mail_programs(names: &[&str]) -> Option<()> {
    static SAID: Once = Once::new();
    found(all_of(names), "the tests with mail programs", &SAID)
}

/// Git from 2.46 on, which takes a token as one from its helpers; or `None`, after saying why. An older one, as Debian 12 has it, is
/// said and not a failure: no package brings another.
pub(crate) fn git_that_takes_tokens() -> Option<()> {
    static SAID: Once = Once::new();
    mail_programs(&["git", "python3"])?;
    let output = Command::new("git").arg("version").output().expect("git runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<u32> =
        said.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
    if numbers.as_slice() >= &[2, 46] {
        return Some(());
    }
    let said = said.trim();
    SAID.call_once(|| {
        say(&format!("LEFT OUT of tests/real, the test with Git as a bearer: {said}, and it takes 2.46"))
    });
    None
}

/// Whether all of these programs are there; else those that are not.
fn all_of(names: &[&str]) -> Result<(), Vec<String>> {
    let missing: Vec<String> =
        names.iter().filter(|name| program_path(name).is_none()).map(|name| (*name).to_owned()).collect();
    if missing.is_empty() { Ok(()) } else { Err(missing) }
}

/// A program among the Python packages; or `None`, after saying why, where the tests with it are to be left out.
pub(crate) fn python_program(name: &str) -> Option<PathBuf> {
    static SAID: Once = Once::new();
    let program = scripts().join("venv/bin").join(name);
    let looked = if program.exists() { Ok(program) } else { Err(vec![format!("{name} in tests/real/venv")]) };
    found(looked, "the tests with programs of Python's packages", &SAID)
}

fn found<T>(looked: Result<T, Vec<String>>, tests: &str, said: &Once) -> Option<T> {
    let demanded = env::var_os("MAILGRANT_TEST_REAL").is_some_and(|value| value == "1");
    match looked {
        Ok(parts) => Some(parts),
        Err(missing) if demanded => panic!("MAILGRANT_TEST_REAL=1, but this machine lacks {}", missing.join(", ")),
        Err(missing) => {
            let missing = missing.join(", ");
            said.call_once(|| say(&format!("LEFT OUT of tests/real, {tests}: this machine lacks {missing}")));
            None
        }
    }
}

/// Written past the test harness, which would show it only if the test failed.
pub(crate) fn say(said: &str) {
    _ = writeln!(std::io::stderr(), "{said}");
}

fn look_for_interpreters() -> Result<Interpreters, Vec<String>> {
    let mut missing = Vec::new();
    let packages = ["@azure/msal-node", "@googleapis/gmail"];
    if packages.iter().any(|name| !scripts().join("node_modules").join(name).join("package.json").exists()) {
        missing.push("the npm packages of tests/real".to_owned());
    }
    let python = scripts().join("venv/bin/python");
    if !python.exists() {
        missing.push("the Python packages of tests/real".to_owned());
    }
    match program_path("node") {
        Some(node) if missing.is_empty() => Ok(Interpreters { node, python }),
        node => {
            missing.extend(node.is_none().then(|| "node".to_owned()));
            Err(missing)
        }
    }
}

fn look() -> Result<Parts, Vec<String>> {
    let mut missing = Vec::new();
    for program in ["dovecot", "postfix", "dbus-daemon", "dbus-send", "gnome-keyring-daemon", "secret-tool", "age"] {
        if program_path(program).is_none() {
            missing.push(program.to_owned());
        }
    }
    for file in ["imap-login", "pop3-login", "lmtp", "submission"].map(|name| format!("/usr/lib/dovecot/{name}")) {
        if !Path::new(&file).exists() {
            missing.push(file);
        }
    }
    if !scripts().join("node_modules/oidc-provider/package.json").exists()
        || !scripts().join("node_modules/playwright-core/package.json").exists()
    {
        missing.push("the npm packages of tests/real".to_owned());
    }
    if !is_root() && !succeeds(Command::new("sudo").args(["-n", "true"])) {
        missing.push("root, or sudo without a password (for Postfix and Dovecot)".to_owned());
    }
    let node = program_path("node");
    let chromium = program_path("chromium").or_else(|| program_path("chromium-browser"));
    match (node, chromium) {
        (Some(node), Some(chromium)) if missing.is_empty() => Ok(Parts { chromium, node }),
        (node, chromium) => {
            missing.extend(node.is_none().then(|| "node".to_owned()));
            missing.extend(chromium.is_none().then(|| "chromium".to_owned()));
            Err(missing)
        }
    }
}

/// The folder with the scripts that run in Node.
pub(crate) fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real")
}

/// Whether this process is root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn program_path(name: &str) -> Option<PathBuf> {
    // Daemons live in sbin, which is not on every user's PATH.
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")])
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}

fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
