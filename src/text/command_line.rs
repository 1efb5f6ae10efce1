//! Words as a shell takes them.

use std::borrow::Cow;

/// `words` as one line for the user's shell.
#[must_use]
pub fn command_line<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quote = if cfg!(windows) { quoted_for_windows } else { quoted_for_posix };
    let quoted: Vec<Cow<'_, str>> = words.into_iter().map(quote).collect();
    quoted.join(" ")
}

/// Characters that no shell takes for anything but themselves.
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=@+,".contains(c))
}

/// In single quotes nothing is special but their end (POSIX, Shell Command Language §2.2.2).
fn quoted_for_posix(word: &str) -> Cow<'_, str> {
    if is_plain(word) { word.into() } else { format!("'{}'", word.replace('\'', r"'\''")).into() }
}

/// In double quotes, as cmd.exe and PowerShell pass them on.
fn quoted_for_windows(word: &str) -> Cow<'_, str> {
    let is_path = word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=@+\\".contains(c));
    if !word.is_empty() && is_path { word.into() } else { format!("\"{}\"", word.replace('"', "\\\"")).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        for (word, posix) in [
            ("shop@contoso.com", "shop@contoso.com"),
            ("--expires=2027-05-20", "--expires=2027-05-20"),
            ("", "''"),
            ("my app", "'my app'"),
            ("it's", r"'it'\''s'"),
            ("$(reboot)", "'$(reboot)'"),
            ("a;b", "'a;b'"),
            ("müller@contoso.com", "'müller@contoso.com'"),
            ("~root", "'~root'"),
        ] {
            assert_eq!(quoted_for_posix(word), posix);
        }
        for (word, windows) in
            [(r"C:\mail\config.toml", r"C:\mail\config.toml"), ("a b", "\"a b\""), ("a&b", "\"a&b\""), ("", "\"\"")]
        {
            assert_eq!(quoted_for_windows(word), windows);
        }
    }
}
