//! A home folder for one test, with nothing of the machine's own in it.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::process::{Finished, Run};

const BINARY: &str = env!("CARGO_BIN_EXE_mailgrant");

/// A temporary home with a vault. Dropping it removes it.
pub(crate) struct Home {
    #[cfg(target_os = "linux")]
    disk: Option<super::disk::Disk>,
    root: TempDir,
}

impl Home {
    /// A home whose secrets go into a vault, with a key made by the binary itself.
    pub(crate) fn new() -> Self {
        let home = Self::without_key();
        home.run(&["new-vault-key"]).finish().code(0);
        home
    }

    /// A home without a vault key.
    pub(crate) fn without_key() -> Self {
        let root = tempfile::Builder::new().prefix("mailgrant-test-").tempdir().expect("a temporary folder");
        let home = Self {
            #[cfg(target_os = "linux")]
            disk: None,
            root,
        };
        home.make_folders();
        home
    }

    /// A home without a vault key, on a disk of its own of `kib` KiB; `None` where that cannot be had.
    #[cfg(target_os = "linux")]
    pub(crate) fn on_a_disk(kib: u32) -> Option<Self> {
        let root = tempfile::Builder::new().prefix("mailgrant-test-").tempdir().expect("a temporary folder");
        let disk = super::disk::Disk::mount(root.path(), kib)?;
        let home = Self { disk: Some(disk), root };
        home.make_folders();
        Some(home)
    }

    /// The disk of a home that has one.
    #[cfg(target_os = "linux")]
    pub(crate) fn disk(&self) -> &super::disk::Disk {
        self.disk.as_ref().expect("this home has a disk of its own")
    }

    fn make_folders(&self) {
        for folder in ["config", "state", "data", "run"] {
            std::fs::create_dir(self.path().join(folder)).expect("a folder in a fresh folder");
        }
    }

    /// The home as this process sees it.
    pub(crate) fn path(&self) -> PathBuf {
        #[cfg(target_os = "linux")]
        if let Some(disk) = &self.disk {
            return disk.view();
        }
        self.root.path().to_owned()
    }

    /// The profile file.
    pub(crate) fn config(&self) -> PathBuf {
        self.path().join("config/mailgrant/config.toml")
    }

    /// Writes the profile file.
    pub(crate) fn write_config(&self, text: &str) {
        let path = self.config();
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("the folder can be made");
        std::fs::write(path, text).expect("the profile can be written");
    }

    /// The real binary with `arguments`, in an environment that holds nothing but this home.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        Run::new(self.command(BINARY), arguments)
    }

    /// The same under a umask that takes nothing away.
    pub(crate) fn run_with_open_umask(&self, arguments: &[&str]) -> Run {
        self.run_after("umask 000", arguments)
    }

    /// The same after a shell has done this first.
    pub(crate) fn run_after(&self, first: &str, arguments: &[&str]) -> Run {
        let script = format!("{first}; exec \"$0\" \"$@\"");
        Run::new(self.command("sh"), &[&["-c", &script, BINARY], arguments].concat())
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        #[cfg(target_os = "linux")]
        if let Some(disk) = &self.disk {
            command = disk.command(program);
        }
        command.env_clear().current_dir(self.root.path());
        // Windows programs find their system libraries by SystemRoot.
        for name in ["PATH", "SystemRoot"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        let folder = |name: &str| self.root.path().join(name);
        command
            .env("HOME", self.root.path())
            .env("XDG_CONFIG_HOME", folder("config"))
            .env("XDG_STATE_HOME", folder("state"))
            .env("XDG_DATA_HOME", folder("data"))
            .env("XDG_RUNTIME_DIR", folder("run"))
            .env("MAILGRANT_STORE", "vault")
            // The tests play the browser themselves, with the URL from stderr.
            .env("BROWSER", "true");
        command
    }

    /// Runs to the end with `--json` and insists on an exit code.
    pub(crate) fn json(&self, arguments: &[&str], code: i32) -> Finished {
        self.run(&[&["--json"], arguments].concat()).finish().code(code)
    }

    /// Every file below this home with its bytes.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut folders = vec![self.path()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("our own folder can be read").flatten() {
                let kind = entry.file_type().expect("the file system knows types");
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    files.push((entry.path(), std::fs::read(entry.path()).expect("our own file can be read")));
                }
            }
        }
        files
    }
}
