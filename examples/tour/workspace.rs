//! A home folder for the tour, and the commands run in it as a user would type them.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// No step takes longer.
const PATIENCE: Duration = Duration::from_secs(120);
const ROLE: &str = "PRACTICE_BROWSER_SIGNS_IN_AS";
const ROLE_CA: &str = "PRACTICE_BROWSER_CA_FILE";

/// Who this program is to play at the sign-in page and the CA file to trust, where it was started as a browser.
pub(crate) fn browser_role() -> Option<(String, String)> {
    Some((std::env::var(ROLE).ok()?, std::env::var(ROLE_CA).ok()?))
}

/// The home folder. Dropping it removes it.
pub(crate) struct Workspace {
    folder: TempDir,
    binary: PathBuf,
    environment: BTreeMap<String, String>,
    steps: u32,
}

/// How a step ended.
pub(crate) struct Outcome {
    /// `None` where a signal ended it.
    pub(crate) code: Option<i32>,
    /// Everything it wrote.
    pub(crate) text: String,
}

impl Outcome {
    pub(crate) fn code(self, expected: i32) -> Result<Self, String> {
        if self.code == Some(expected) {
            return Ok(self);
        }
        Err(format!("the exit code should be {expected}, not {:?}", self.code))
    }

    pub(crate) fn says(self, text: &str) -> Result<(), String> {
        if self.text.contains(text) { Ok(()) } else { Err(format!("it should say '{text}'")) }
    }

    pub(crate) fn lacks(self, text: &str) -> Result<(), String> {
        if self.text.contains(text) { Err(format!("it should not say '{text}'")) } else { Ok(()) }
    }
}

impl Workspace {
    pub(crate) fn new(binary: PathBuf, ca_file: &Path) -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("mailgrant-tour-").tempdir().map_err(|error| error.to_string())?;
        let me = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut workspace = Self { folder, binary, environment: BTreeMap::new(), steps: 0 };
        let home = workspace.folder.path().to_owned();
        workspace.set("HOME", &home.to_string_lossy());
        for (name, place) in [
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_RUNTIME_DIR", "run"),
        ] {
            let path = home.join(place);
            std::fs::create_dir(&path).map_err(|error| error.to_string())?;
            workspace.set(name, &path.to_string_lossy());
        }
        workspace.set("MAILGRANT_STORE", "vault");
        workspace.set("BROWSER", &me.to_string_lossy());
        workspace.set(ROLE_CA, &ca_file.to_string_lossy());
        println!("Each command runs in a home folder of its own with these settings:\n");
        println!("  export MAILGRANT_STORE=vault BROWSER={}", me.display());
        Ok(workspace)
    }

    /// Sets an environment variable for the steps to come.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// Who signs in when the browser is opened.
    pub(crate) fn sign_in_as(&mut self, person: &str) {
        self.set(ROLE, person);
    }

    pub(crate) fn steps(&self) -> u32 {
        self.steps
    }

    #[expect(clippy::unused_self, reason = "it speaks for the workspace")]
    pub(crate) fn remark(&self, text: &str) {
        println!("\n{text}");
    }

    /// Runs a command, `stdin` fed to it, and shows it with what it writes.
    pub(crate) fn step(&mut self, why: &str, arguments: &[&str], stdin: &str) -> Result<Outcome, String> {
        let outcome = self.silent(why, arguments, stdin)?;
        for line in outcome.text.lines() {
            println!("  {line}");
        }
        Ok(outcome)
    }

    /// Runs a command and does not show what it writes.
    pub(crate) fn silent_step(&mut self, why: &str, arguments: &[&str]) -> Result<Outcome, String> {
        self.silent(why, arguments, "")
    }

    fn silent(&mut self, why: &str, arguments: &[&str], stdin: &str) -> Result<Outcome, String> {
        self.steps += 1;
        let typed = arguments.join(" ");
        let fed = if stdin.is_empty() { "" } else { " < new-secret.txt" };
        println!("\n{}. {why}\n\n  $ mailgrant {typed}{fed}", self.steps);
        self.run(arguments, stdin).map_err(|error| format!("step {}, mailgrant {typed}: {error}", self.steps))
    }

    /// A program that finds in its environment what the home has, and no more.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.environment).current_dir(self.folder.path());
        for name in ["PATH", "SystemRoot"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    /// Where the binary is.
    pub(crate) fn binary(&self) -> &Path {
        &self.binary
    }

    fn run(&self, arguments: &[&str], stdin: &str) -> Result<Outcome, String> {
        let words = |error: std::io::Error| error.to_string();
        // Both streams into one pipe, so that they show in the order in which they were written.
        let (mut reader, writer) = std::io::pipe().map_err(words)?;
        let mut command = self.command(self.binary());
        command.args(arguments);
        command.stdin(Stdio::piped()).stdout(writer.try_clone().map_err(words)?).stderr(writer);
        let mut child = command.spawn().map_err(words)?;
        // The command holds the pipe's writing end too; it must go, or the pipe never ends.
        drop(command);
        if let Some(mut pipe) = child.stdin.take() {
            // A command that reads nothing may have closed it already.
            let _ = pipe.write_all(stdin.as_bytes());
        }
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = reader.read_to_end(&mut bytes);
            let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
        });
        let Ok(text) = receiver.recv_timeout(PATIENCE) else {
            return Err(give_up(&mut child));
        };
        let status = child.wait().map_err(words)?;
        Ok(Outcome { code: status.code(), text })
    }
}

fn give_up(child: &mut Child) -> String {
    let _ = child.kill();
    let _ = child.wait();
    format!("no end after {PATIENCE:?}")
}
