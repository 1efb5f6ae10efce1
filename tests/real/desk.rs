//! A person's account on a machine: home, keyring, profile, and `mailgrant` run in it.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// No command of these tests takes longer.
const DEADLINE: Duration = Duration::from_secs(90);

/// A home folder.
pub(crate) struct Desk {
    /// `HOME`.
    pub(crate) home: PathBuf,
    /// The session bus, if there is one.
    pub(crate) bus: Option<String>,
    /// What `BROWSER` is set to.
    pub(crate) browser: Option<PathBuf>,
    /// Further environment.
    pub(crate) environment: Vec<(&'static str, String)>,
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Run {
    /// The exit code; `None` after a signal.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    line: String,
}

impl Desk {
    /// A new home below `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        let home = folder.join("home");
        fs::create_dir(&home).expect("the folder is ours");
        Self { home, bus: None, browser: None, environment: Vec::new() }
    }

    /// Where the profile is.
    pub(crate) fn profile(&self) -> PathBuf {
        self.home.join(".config/mailgrant/config.toml")
    }

    /// Runs `mailgrant`.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.run_with_input(arguments, "")
    }

    /// Runs `mailgrant` with something on its standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Run {
        let line = format!("mailgrant {}", arguments.join(" "));
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().expect("the binary is built");
        let mut stdin = child.stdin.take().expect("it is piped");
        // A command that does not read its input closes it early; that is no failure.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        finish(child, line)
    }

    /// `mailgrant` in this home, its output piped.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_mailgrant"));
        command.args(arguments);
        command
    }

    /// Any program in this home, its output piped.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", &self.home);
        command.env("LANG", "C.UTF-8").env("XDG_RUNTIME_DIR", &self.home);
        command.envs(self.bus.as_ref().map(|bus| ("DBUS_SESSION_BUS_ADDRESS", bus)));
        command.envs(self.browser.as_ref().map(|browser| ("BROWSER", browser)));
        command.envs(self.environment.iter().map(|(key, value)| (key, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The files below the home that contain `needle`.
    pub(crate) fn files_with(&self, needle: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.home.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("the folder is ours").flatten() {
                let kind = entry.file_type().expect("the file system tells types");
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    let bytes = fs::read(entry.path()).unwrap_or_default();
                    if bytes.windows(needle.len()).any(|window| window == needle.as_bytes()) {
                        found.push(entry.path());
                    }
                }
            }
        }
        found
    }
}

impl Run {
    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n--- stdout\n{}\n--- stderr\n{}", self.line, self.stdout, self.stderr);
        self
    }

    /// Asserts that the output, whichever side, contains `words`.
    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        let both = format!("{}\n{}", self.stdout, self.stderr);
        assert!(both.contains(words), "{}: no {words:?} in\n{both}", self.line);
        self
    }

    /// Asserts that neither side contains `secret`.
    #[track_caller]
    pub(crate) fn hides(self, secret: &str) -> Self {
        assert!(!self.stdout.contains(secret) && !self.stderr.contains(secret), "{} shows a secret", self.line);
        self
    }

    /// The JSON document on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        match serde_json::from_str(&self.stdout) {
            Ok(document) => document,
            Err(error) => panic!("{}: {error}\n--- stdout\n{}\n--- stderr\n{}", self.line, self.stdout, self.stderr),
        }
    }

    /// How the check of `stage` went in the first report: its outcome, then its detail, cause or reason.
    #[track_caller]
    pub(crate) fn check(&self, stage: &str) -> (String, String) {
        let document = self.json();
        let checks = document["reports"][0]["checks"].as_array().expect("a report has checks").clone();
        let Some(check) = checks.iter().find(|check| check["stage"] == stage) else {
            panic!("{}: no check of {stage} in {document:#}", self.line)
        };
        let words = [&check["detail"], &check["finding"], &check["because"]];
        let words = words.into_iter().find(|value| !value.is_null()).map(Value::to_string).unwrap_or_default();
        (check["outcome"].as_str().unwrap_or_default().to_owned(), words)
    }

    /// Asserts that the check of `stage` passed.
    #[track_caller]
    pub(crate) fn passes(self, stage: &str) -> Self {
        let (outcome, words) = self.check(stage);
        assert_eq!(outcome, "passed", "{}: {stage}: {words}", self.line);
        self
    }

    /// Asserts that the check of `stage` failed, and that its finding contains all of `words`.
    #[track_caller]
    pub(crate) fn fails(self, stage: &str, words: &[&str]) -> Self {
        let (outcome, finding) = self.check(stage);
        assert_eq!(outcome, "failed", "{}: {stage}: {finding}", self.line);
        for word in words {
            assert!(finding.contains(word), "{}: {stage}: no {word:?} in {finding}", self.line);
        }
        self
    }
}

/// Waits for a process that ends by itself.
pub(crate) fn finish(mut child: Child, line: String) -> Run {
    let stdout = gather(child.stdout.take().expect("it is piped"));
    let stderr = gather(child.stderr.take().expect("it is piped"));
    let deadline = Instant::now() + DEADLINE;
    let code = loop {
        if let Some(status) = child.try_wait().expect("the child is ours") {
            break status.code();
        }
        if Instant::now() > deadline {
            child.kill().expect("the child is ours");
            child.wait().expect("the child is ours");
            panic!("{line} does not end\n--- stdout\n{}\n--- stderr\n{}", text(&stdout), text(&stderr));
        }
        thread::sleep(Duration::from_millis(5));
    };
    Run { code, stdout: text(&stdout), stderr: text(&stderr), line }
}

fn gather(mut source: impl std::io::Read + Send + 'static) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = source.read(&mut piece) {
            if sender.send(piece[..length].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}

/// A browser started by the command may hold its output open for longer than the command lives: what came within a
/// moment of its end is all that it said.
fn text(pieces: &mpsc::Receiver<Vec<u8>>) -> String {
    let mut bytes = Vec::new();
    while let Ok(piece) = pieces.recv_timeout(Duration::from_millis(200)) {
        bytes.extend(piece);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
