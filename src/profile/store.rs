//! `[secrets]`: the store that a profile asks for, and the settings of the stores.

use std::path::{Path, PathBuf};

use super::Invalid;

/// What stands for a record's name in a command of [`CommandSpec`].
const KEY: &str = "{key}";

/// `[secrets]`. The settings of a store are read where another one is in use too: `--store` may ask for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreSpec {
    /// Which store; the keyring where the profile does not say.
    pub store: Option<StoreKind>,
    /// The vault; by default beside this program's other data.
    pub vault_file: Option<PathBuf>,
    /// The file with the vault's age identity; by default in this program's configuration folder.
    pub key_file: Option<PathBuf>,
    /// The programs of the store `command`.
    pub command: Option<CommandSpec>,
}

/// The stores for secrets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreKind {
    /// The operating system's keyring: Secret Service, macOS Keychain, Windows Credential Manager.
    #[default]
    Keyring,
    /// An age-encrypted file.
    Vault,
    /// Environment variables, which are read only.
    Env,
    /// A password manager, by the commands that the profile names.
    Command,
}

/// The programs that read and write records elsewhere, as in a password manager. Each is a program and its arguments, and
/// no shell reads them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandSpec {
    /// Prints a record.
    pub get: Option<RecordCommand>,
    /// Stores the record that it reads from its standard input.
    pub put: Option<RecordCommand>,
    /// Removes a record.
    pub delete: Option<RecordCommand>,
    /// Prints the names of all records, one a line.
    pub list: Option<Vec<String>>,
}

/// A program and its arguments, one of which names the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordCommand(Vec<String>);

impl StoreSpec {
    /// The same with relative paths counted from `base`.
    #[must_use]
    pub fn based_at(self, base: &Path) -> Self {
        let absolute = |path: Option<PathBuf>| path.map(|path| base.join(path));
        let command = self.command.map(|command| command.based_at(base));
        Self { vault_file: absolute(self.vault_file), key_file: absolute(self.key_file), command, ..self }
    }

    /// The same, where a `choice` beside the profile goes first.
    #[must_use]
    pub fn chosen(&self, choice: Option<StoreKind>) -> Self {
        Self { store: choice.or(self.store), ..self.clone() }
    }
}

impl StoreKind {
    /// Its word in the profile and on the command line.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::Vault => "vault",
            Self::Env => "env",
            Self::Command => "command",
        }
    }
}

impl CommandSpec {
    /// The same with relative paths of programs counted from `base`. A bare name is looked for in `PATH`.
    fn based_at(self, base: &Path) -> Self {
        let of_record =
            |command: Option<RecordCommand>| command.map(|RecordCommand(words)| RecordCommand(found(words, base)));
        Self {
            get: of_record(self.get),
            put: of_record(self.put),
            delete: of_record(self.delete),
            list: self.list.map(|words| found(words, base)),
        }
    }
}

/// The words of a command, whose program is a path from `base` where it is one at all.
fn found(mut words: Vec<String>, base: &Path) -> Vec<String> {
    if let Some(program) = words.first_mut()
        && Path::new(program.as_str()).components().count() > 1
    {
        *program = base.join(&program).to_string_lossy().into_owned();
    }
    words
}

impl RecordCommand {
    /// The command of these words.
    ///
    /// # Errors
    /// If there is no program, or none of its arguments names the record: all records would be one.
    pub fn new(words: Vec<String>) -> Result<Self, Invalid> {
        let instead =
            "write the program and its arguments, one of them with {key}, as in [\"pass-store\", \"get\", \"{key}\"]";
        let problem = match words.split_first() {
            None => "this names no program",
            Some((program, _)) if program.trim().is_empty() => "this names no program",
            Some((_, arguments)) if !arguments.iter().any(|argument| argument.contains(KEY)) => {
                "no argument holds {key}, which is where the record's name goes"
            }
            Some(_) => return Ok(Self(words)),
        };
        Err(Invalid::new(problem, instead))
    }

    /// The words as they are written.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.0
    }

    /// The words for the record of this name.
    #[must_use]
    pub fn for_record(&self, name: &str) -> Vec<String> {
        let (program, arguments) = self.0.split_first().map_or((None, &[][..]), |(first, rest)| (Some(first), rest));
        let arguments = arguments.iter().map(|argument| argument.replace(KEY, name));
        program.cloned().into_iter().chain(arguments).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_command_names_a_program_and_the_record() {
        let command = RecordCommand::new(words(&["pass", "show", "mailgrant/{key}"])).unwrap();
        assert_eq!(command.for_record("mailbox:shop"), ["pass", "show", "mailgrant/mailbox:shop"]);
        for wrong in [&[][..], &[" ", "{key}"], &["pass"], &["pass-{key}", "show"]] {
            assert!(RecordCommand::new(words(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_program_that_is_a_path_is_found_from_the_profile() {
        let spec = |program: &str| StoreSpec {
            command: Some(CommandSpec {
                get: RecordCommand::new(words(&[program, "{key}"])).ok(),
                list: Some(words(&[program])),
                ..CommandSpec::default()
            }),
            ..StoreSpec::default()
        };
        for (program, found) in [("pass", "pass"), ("./store.sh", "/etc/mail/./store.sh"), ("/bin/pass", "/bin/pass")] {
            let command = spec(program).based_at(Path::new("/etc/mail")).command.unwrap();
            assert_eq!(command.get.unwrap().words()[0], found);
            assert_eq!(command.list.unwrap()[0], found);
        }
    }
}
