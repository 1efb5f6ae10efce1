//! How the languages of configurations and scripts write a text, so that nothing in it means anything to them.
//!
//! Control characters are refused before: see `Target::insist_on_lines`.

use crate::text::wrap;

/// Sentences as lines that begin with `begin`, for a terminal of 80 columns.
pub(super) fn comment(begin: &str, sentences: &str) -> String {
    let lines = wrap(sentences, 79 - begin.len());
    lines.lines().map(|line| format!("{begin} {line}\n")).collect()
}

/// A word of a POSIX shell (XCU §2.2).
pub(super) fn sh(word: &str) -> String {
    let means_nothing = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !word.is_empty() && word.chars().all(means_nothing) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A command line of a POSIX shell.
pub(super) fn command(words: &[String]) -> String {
    words.iter().map(|word| sh(word)).collect::<Vec<_>>().join(" ")
}

/// A text in double quotes in which a backslash takes away the meaning of itself, of the quote, and of `special`.
pub(super) fn double(text: &str, special: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        if c == '\\' || c == '"' || special.contains(c) {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// A text as JSON has it, which Python and JavaScript read too.
pub(super) fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The user's part of a URL (RFC 3986 §3.2.1): all but unreserved characters by their bytes.
pub(super) fn userinfo(text: &str) -> String {
    let is_unreserved = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    let one = |byte: u8| if is_unreserved(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_shell_reads_the_words_back() {
        for word in ["", "plain", "with blank", "o'neil", "$HOME `id` \"x\" \\ !", "a&b|c;d", "*", "~", "#x", "ä"] {
            let script = format!("printf %s {}", sh(word));
            let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), word);
        }
    }

    #[test]
    fn what_has_a_meaning_loses_it() {
        assert_eq!(double(r#"a "b" \ $c `d`"#, "$`"), r#""a \"b\" \\ \$c \`d\`""#);
        assert_eq!(double("$c", ""), "\"$c\"");
        assert_eq!(literal(r#"a "b" \ ü"#), r#""a \"b\" \\ ü""#);
        assert_eq!(userinfo("a+b$ü@x.example"), "a%2Bb%24%C3%BC%40x.example");
    }

    /// What breaks out of its place in a line of a shell makes a file: by a redirection alone, for which no program is needed.
    #[cfg(unix)]
    const PLANTED: &str = "'';: > broken;'' $(: > broken) `: > broken` \"\";: > broken;\"\" # \\";

    /// Whether a shell that runs `script`, and finds no program, makes the file.
    #[cfg(unix)]
    fn breaks_out(script: &str) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let mut shell = std::process::Command::new("/bin/sh");
        shell.args(["-c", script]).env_clear().env("PATH", "").current_dir(folder.path());
        shell.stderr(std::process::Stdio::null()).status().unwrap();
        folder.path().join("broken").exists()
    }

    #[test]
    #[cfg(unix)]
    fn no_value_leaves_its_place_in_a_command_or_in_double_quotes() {
        assert!(breaks_out(&format!("echo {PLANTED}")), "what is planted works");
        let command = command(&["/nowhere/mailgrant", "--profile", PLANTED, "token", "shop"].map(str::to_owned));
        assert!(command.contains("broken") && !breaks_out(&command), "{command}");
        // Mutt takes the backslashes away and has a shell run the rest; a shell that reads the quotes does both.
        let quoted = double(&command, "$`");
        assert!(!breaks_out(&format!("echo {quoted}")) && !breaks_out(&format!("/bin/sh -c {quoted}")), "{quoted}");
    }
}
