//! What runs a command, and how a value is written into one so that it stays one argument.

use crate::profile::By;
use crate::text::{Redactor, Shown};

/// What runs a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shell {
    /// PowerShell, with a module of Microsoft's.
    PowerShell,
    /// The Azure CLI, in any shell.
    Az,
    /// This program, in any shell.
    Mailgrant,
    /// This machine's shell.
    System,
}

/// Single quotation marks to PowerShell (its language specification, §2.3.5.2).
const POWERSHELL_QUOTES: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];

/// What keeps a meaning within double quotes in sh(1), PowerShell or cmd.exe, or ends them.
const ACTIVE_IN_DOUBLE_QUOTES: [char; 9] = ['"', '\u{201c}', '\u{201d}', '\u{201e}', '$', '`', '%', '!', '\\'];

impl Shell {
    /// What runs `line`, by its first word.
    #[must_use]
    pub fn of(line: &str) -> Self {
        let word = line.split(' ').next().unwrap_or_default();
        match word {
            "mailgrant" => Self::Mailgrant,
            "az" => Self::Az,
            cmdlet if is_cmdlet(cmdlet) => Self::PowerShell,
            _ => Self::System,
        }
    }

    /// Its name on a button or above a block.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::PowerShell => "PowerShell",
            Self::Az => "Azure CLI",
            Self::Mailgrant => "mailgrant",
            Self::System => "terminal",
        }
    }

    /// Who has the right to run `line` in it, where that is known.
    #[must_use]
    pub fn by(self, line: &str) -> Option<By> {
        match self {
            // Microsoft Graph PowerShell begins its nouns with Mg; the other cmdlets that we name are Exchange's.
            Self::PowerShell if line.split(' ').next()?.contains("-Mg") => Some(By::EntraAdministrator),
            Self::PowerShell => Some(By::ExchangeAdministrator),
            Self::Az => Some(By::EntraAdministrator),
            Self::Mailgrant => Some(By::You),
            Self::System => None,
        }
    }

    /// `value` as one argument, which starts nothing else and names no option; none where no form is safe wherever the
    /// line may be pasted.
    #[must_use]
    pub fn quoted(self, value: &Shown) -> Option<Shown> {
        if is_plain(value) {
            return Some(value.clone());
        }
        match self {
            Self::PowerShell => Some(in_powershell(value)),
            Self::System if cfg!(windows) => Some(in_powershell(value)),
            Self::System => Some(wrapped('\'', &value.replace('\'', r"'\''"))),
            Self::Az if value.starts_with('{') => in_json(value),
            Self::Az | Self::Mailgrant => {
                let is_safe = !value.starts_with('-') && !value.contains(ACTIVE_IN_DOUBLE_QUOTES);
                is_safe.then(|| wrapped('"', value))
            }
        }
    }
}

/// "Set-CASMailbox": verb and noun, each with a capital.
fn is_cmdlet(word: &str) -> bool {
    let is_part = |part: &str| part.starts_with(|c: char| c.is_ascii_uppercase()) && part.len() > 1;
    word.split_once('-').is_some_and(|(verb, noun)| is_part(verb) && is_part(noun) && !noun.contains('-'))
}

/// Whether every shell takes it as it is. The first character is a letter, a digit or a slash: not an option, not
/// PowerShell's splatting.
fn is_plain(value: &str) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || "@._-:/+".contains(c);
    value.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/' || c == '.') && value.chars().all(rest)
}

fn in_powershell(value: &str) -> Shown {
    let mut doubled = String::with_capacity(value.len());
    for c in value.chars() {
        doubled.push(c);
        if POWERSHELL_QUOTES.contains(&c) {
            doubled.push(c);
        }
    }
    wrapped('\'', &doubled)
}

/// A JSON object between single quotation marks. sh(1) and PowerShell take what is between them as it is, and to cmd.exe
/// each of its texts is between double ones; so none may hold a quotation mark or what stays active between double ones.
fn in_json(value: &str) -> Option<Shown> {
    let is_object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(value).is_ok();
    let is_active = |c: char| POWERSHELL_QUOTES.contains(&c) || c != '"' && ACTIVE_IN_DOUBLE_QUOTES.contains(&c);
    (is_object && !value.contains(is_active)).then(|| wrapped('\'', value))
}

/// A value that was shown before is shown again: between quotes it holds no secret that it did not hold.
fn wrapped(quote: char, value: &str) -> Shown {
    Redactor::by_shape(&format!("{quote}{value}{quote}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(shell: Shell, value: &str) -> Option<String> {
        shell.quoted(&Redactor::by_shape(value)).map(|shown| shown.to_string())
    }

    const ALL: [Shell; 4] = [Shell::PowerShell, Shell::Az, Shell::Mailgrant, Shell::System];

    #[test]
    fn what_every_shell_takes_stays_as_it_is() {
        for value in ["shop@contoso.com", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "/home/a/x.toml", "a+b@c.example"] {
            for shell in ALL {
                assert_eq!(quoted(shell, value).as_deref(), Some(value), "{shell:?}");
            }
        }
    }

    #[test]
    fn a_hostile_value_stays_one_argument_or_is_not_written() {
        let powershell = |value| quoted(Shell::PowerShell, value).unwrap();
        assert_eq!(powershell("a'; Remove-Mailbox x; '@c.example"), "'a''; Remove-Mailbox x; ''@c.example'");
        assert_eq!(powershell("a\u{2019}; x"), "'a\u{2019}\u{2019}; x'");
        assert_eq!(powershell("$(x)"), "'$(x)'");
        assert_eq!(powershell("@splat"), "'@splat'");
        assert_eq!(powershell("a\nb"), r"'a\nb'", "a line break was written out before");
        for shell in [Shell::Az, Shell::Mailgrant] {
            for value in ["a\"; x", "$(x)", "`x`", "%PATH%", "a!b", "-x", r"a\", "\u{201d} x"] {
                assert_eq!(quoted(shell, value), None, "{shell:?}: {value}");
            }
            assert_eq!(quoted(shell, "a b").as_deref(), Some("\"a b\""));
            assert_eq!(quoted(shell, "a'b & c; d | e").as_deref(), Some("\"a'b & c; d | e\""));
        }
    }

    #[test]
    fn an_object_stays_one_argument_or_is_not_written() {
        let az = |value: &str| quoted(Shell::Az, value);
        let object = r#"{"subject":"repo:contoso/shop:ref:refs/heads/a b&c","audiences":["api://x"]}"#;
        assert_eq!(az(object), Some(format!("'{object}'")));
        for text in ["a'b", "a\u{2019}b", "$(x)", "`x`", "%PATH%", "a!b", r#"a\"b"#, r"a\\b"] {
            assert_eq!(az(&format!(r#"{{"subject":"{text}"}}"#)), None, "{text}");
        }
        assert_eq!(az(r#"{"a":"b"} & x"#), None);
    }

    #[cfg(unix)]
    #[test]
    fn the_shell_of_this_machine_reads_back_what_was_quoted() {
        for value in ["a b", "a'b", "$(touch x)", "`touch x`", "a\"b", "-n", "a;b|c&d", "Grüße", "'", r"a\'b"] {
            let line = format!("printf %s {}", quoted(Shell::System, value).unwrap());
            let output = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), value, "{line}");
        }
    }

    #[test]
    fn the_first_word_says_what_runs_it() {
        for (line, shell) in [
            ("Get-CASMailbox a | fl X", Shell::PowerShell),
            ("az login", Shell::Az),
            ("mailgrant list", Shell::Mailgrant),
            ("apt install ca-certificates", Shell::System),
            ("dbus-run-session -- sh", Shell::System),
        ] {
            assert_eq!(Shell::of(line), shell, "{line}");
        }
    }
}
