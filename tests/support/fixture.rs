//! A person's account on a machine: a home folder with nothing of the machine's own in it, and the real binary there.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use practice_tenant::Sandbox;
use tempfile::TempDir;

use super::finished::Finished;
use super::process::Run;

const BINARY: &str = env!("CARGO_BIN_EXE_mailgrant");

/// A home folder, what the programs in it find in their environment, and a practice tenant for those that want one.
/// The fields are dropped in this order, the folder last.
pub(crate) struct Fixture {
    pub(super) sandbox: OnceLock<Sandbox>,
    #[cfg(target_os = "linux")]
    disk: Option<super::disk::Disk>,
    environment: BTreeMap<&'static str, OsString>,
    root: PathBuf,
    _folder: Option<TempDir>,
}

impl Fixture {
    /// A home whose secrets go into a vault, with a key made by the binary itself.
    pub(crate) fn new() -> Self {
        let fixture = Self::without_key();
        fixture.run(&["new-vault-key"]).finish().code(0);
        fixture
    }

    /// A home without a vault key.
    pub(crate) fn without_key() -> Self {
        let folder = temporary_folder();
        let fixture = Self::with_vault(folder.path()).holding(folder);
        fixture.make_folders();
        fixture
    }

    /// A home without a vault key, on a disk of its own of `kib` KiB; `None` where that cannot be had.
    #[cfg(target_os = "linux")]
    pub(crate) fn on_a_disk(kib: u32) -> Option<Self> {
        let folder = temporary_folder();
        let disk = super::disk::Disk::mount(folder.path(), kib)?;
        let fixture = Self { disk: Some(disk), ..Self::with_vault(folder.path()) }.holding(folder);
        fixture.make_folders();
        Some(fixture)
    }

    /// A home in `root`, which is the caller's, with nothing in its environment but the home itself: secrets go into the
    /// desktop's keyring.
    pub(crate) fn bare(root: &Path) -> Self {
        let mut fixture = Self {
            sandbox: OnceLock::new(),
            #[cfg(target_os = "linux")]
            disk: None,
            environment: BTreeMap::new(),
            root: root.to_owned(),
            _folder: None,
        };
        // Windows programs find their system libraries by SystemRoot.
        for name in ["PATH", "SystemRoot"] {
            if let Some(value) = std::env::var_os(name) {
                fixture.set(name, value);
            }
        }
        fixture.set("HOME", root);
        fixture
    }

    fn with_vault(root: &Path) -> Self {
        let mut fixture = Self::bare(root);
        for (name, folder) in [
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_STATE_HOME", "state"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_RUNTIME_DIR", "run"),
        ] {
            fixture.set(name, root.join(folder));
        }
        fixture.set("MAILGRANT_STORE", "vault");
        // The tests play the browser themselves, with the URL from stderr.
        fixture.set("BROWSER", "true");
        fixture
    }

    fn holding(self, folder: TempDir) -> Self {
        Self { _folder: Some(folder), ..self }
    }

    fn make_folders(&self) {
        for folder in ["config", "state", "data", "run"] {
            std::fs::create_dir(self.path().join(folder)).expect("a folder in a fresh folder");
        }
    }

    /// What later programs find in their environment under `name`.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<OsString>) {
        self.environment.insert(name, value.into());
    }

    /// Later programs find nothing under `name`.
    pub(crate) fn unset(&mut self, name: &str) {
        self.environment.remove(name);
    }

    /// The disk of a home that has one.
    #[cfg(target_os = "linux")]
    pub(crate) fn disk(&self) -> &super::disk::Disk {
        self.disk.as_ref().expect("this home has a disk of its own")
    }

    /// The home as this process sees it.
    pub(crate) fn path(&self) -> PathBuf {
        #[cfg(target_os = "linux")]
        if let Some(disk) = &self.disk {
            return disk.view();
        }
        self.root.clone()
    }

    /// A folder or file of `mailgrant`'s: in the XDG folder that `variable` names, or below it in the home.
    fn file(&self, variable: &str, usual: &str, name: &str) -> PathBuf {
        let folder = self.environment.get(variable).map(PathBuf::from);
        let folder = folder.as_deref().and_then(|folder| folder.strip_prefix(&self.root).ok()).map(Path::to_owned);
        self.path().join(folder.unwrap_or_else(|| usual.into())).join("mailgrant").join(name)
    }

    /// The profile file.
    pub(crate) fn config(&self) -> PathBuf {
        self.file("XDG_CONFIG_HOME", ".config", "config.toml")
    }

    /// The vault's key.
    pub(crate) fn vault_key(&self) -> PathBuf {
        self.file("XDG_CONFIG_HOME", ".config", "vault.key")
    }

    /// The vault as its users name it; its records are in the folder beside it.
    pub(crate) fn vault(&self) -> PathBuf {
        self.file("XDG_DATA_HOME", ".local/share", "vault.age")
    }

    /// Writes the profile file.
    pub(crate) fn write_config(&self, text: &str) {
        let path = self.config();
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("the folder can be made");
        std::fs::write(path, text).expect("the profile can be written");
    }

    /// The real binary with `arguments`.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        Run::new(self.program(BINARY), arguments)
    }

    /// The same under a umask that takes nothing away.
    pub(crate) fn run_with_open_umask(&self, arguments: &[&str]) -> Run {
        self.run_after("umask 000", arguments)
    }

    /// The same with so few file descriptors.
    pub(crate) fn run_with_descriptors(&self, count: u32, arguments: &[&str]) -> Run {
        self.run_after(&format!("ulimit -n {count}"), arguments)
    }

    /// The same after a shell has done this first.
    pub(crate) fn run_after(&self, first: &str, arguments: &[&str]) -> Run {
        self.run_script(&format!("{first}; exec \"$0\" \"$@\""), arguments)
    }

    /// The same by a shell's script, to which the binary is `$0`.
    pub(crate) fn run_script(&self, script: &str, arguments: &[&str]) -> Run {
        Run::new(self.program("sh"), &[&["-c", script, BINARY], arguments].concat())
    }

    /// Any program in this home, with nothing in its environment but what this home sets.
    pub(crate) fn program(&self, program: impl AsRef<OsStr>) -> Command {
        #[cfg(target_os = "linux")]
        let mut command = match &self.disk {
            Some(disk) => disk.command(program),
            None => Command::new(program),
        };
        #[cfg(not(target_os = "linux"))]
        let mut command = Command::new(program);
        command.env_clear().current_dir(&self.root).envs(&self.environment);
        command
    }

    /// Runs to the end with `--json` and insists on an exit code.
    #[track_caller]
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

    /// The files below this home that contain `needle`.
    pub(crate) fn files_with(&self, needle: &str) -> Vec<PathBuf> {
        let holds = |bytes: &[u8]| bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
        self.files().into_iter().filter(|(_, bytes)| holds(bytes)).map(|(path, _)| path).collect()
    }
}

fn temporary_folder() -> TempDir {
    tempfile::Builder::new().prefix("mailgrant-test-").tempdir().expect("a temporary folder")
}
