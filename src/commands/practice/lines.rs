//! The variables and the command lines of the practice, as a shell takes them.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use practice_tenant::world::{ALICE, SHOP};

/// Who signs in at the browser that is played. A browser does not inherit variables that begin with `MAILGRANT_`.
pub(super) const SIGNS_IN_AS: &str = "PRACTICE_SIGNS_IN_AS";
/// The value of [`SIGNS_IN_AS`] for a person who says no.
pub(super) const DECLINES: &str = "decline";
/// The CA that the browser that is played trusts.
pub(super) const CA_FILE: &str = "PRACTICE_CA_FILE";
/// The client secret of the practice app.
pub(super) const SECRET: &str = "PRACTICE_SECRET";
/// The one that a rotation is practised with.
pub(super) const NEXT_SECRET: &str = "PRACTICE_NEXT_SECRET";

/// Who signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// The mailbox's own user.
    Shop,
    /// Another account: the commonest mistake.
    Alice,
    /// A person who cancels.
    Declines,
    /// The reader, in a browser of this machine.
    Reader,
}

impl Who {
    pub(super) const ALL: [Self; 4] = [Self::Shop, Self::Alice, Self::Declines, Self::Reader];

    /// The value of [`SIGNS_IN_AS`].
    pub(super) fn value(self) -> &'static str {
        match self {
            Self::Shop | Self::Reader => SHOP,
            Self::Alice => ALICE,
            Self::Declines => DECLINES,
        }
    }

    /// For the menu.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Shop => "shop@contoso.example, the mailbox's own account",
            Self::Alice => "alice@contoso.example, another account: the commonest mistake",
            Self::Declines => "cancel on the page",
            Self::Reader => "you, in a browser (it warns of the certificate: right here)",
        }
    }
}

/// A variable of the practice.
pub(super) type Variable = (&'static str, OsString);

/// The variables as a POSIX shell takes them.
pub(super) fn exports(variables: &[Variable]) -> String {
    let line = |(name, value): &Variable| match *name {
        "PATH" => {
            let own = std::env::split_paths(value).next().unwrap_or_default();
            format!("export PATH={}:\"$PATH\"", quoted(&own.to_string_lossy()))
        }
        name => format!("export {name}={}", quoted(&value.to_string_lossy())),
    };
    variables.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A word of a command line, in quotes where it needs them.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=,+%".contains(c);
    if word.chars().all(is_plain) && !word.is_empty() {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// A file's name on a command line of the system's shell, in quotes where it needs them.
pub(super) fn file(path: &Path) -> String {
    let name = path.display().to_string();
    match cfg!(windows) {
        // cmd knows one kind of quotes, and no file's name holds them there.
        true if name.contains([' ', '&', '(', ')', '^', ';', ',', '=']) => format!("\"{name}\""),
        true => name,
        false => quoted(&name),
    }
}

/// `line` as the system's shell runs it: pipes and quotes mean there what they mean at a terminal.
pub(super) fn in_shell(line: &str) -> Command {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut command = Command::new(shell);
    command.arg(flag);
    // cmd reads its line as it is; what is quoted for other programs means something else to it.
    #[cfg(windows)]
    std::os::windows::process::CommandExt::raw_arg(&mut command, line);
    #[cfg(not(windows))]
    command.arg(line);
    command
}

/// The reader's own shell.
pub(super) fn readers_shell() -> Command {
    let (name, usual) = if cfg!(windows) { ("COMSPEC", "cmd") } else { ("SHELL", "sh") };
    Command::new(crate::environment::raw(name).unwrap_or_else(|| usual.into()))
}

/// `PATH` with `folder` first.
pub(super) fn path_with(folder: &Path) -> OsString {
    let before = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&before));
    std::env::join_paths(folders).unwrap_or(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_are_words_of_a_shell() {
        let variables: [Variable; 3] =
            [("BROWSER", "mailgrant practice --sign-in".into()), ("NAME", "it's".into()), ("EMPTY", "".into())];
        let text = exports(&variables);
        assert_eq!(text, "export BROWSER='mailgrant practice --sign-in'\nexport NAME='it'\\''s'\nexport EMPTY=''");
        assert_eq!(quoted("/tmp/a.pem"), "/tmp/a.pem");
    }
}
