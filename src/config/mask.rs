//! Lines of the profile as messages may show them.
//!
//! People do paste secrets into the file; the message about that must not carry them on to a terminal or a log
//! (SECURITY.md K2). What is not known to be safe is not shown.

use super::entry::Exposure;
use super::file;
use crate::text::{is_unprintable, names_secret};

const LONGEST_WORD: usize = 20;
const LONGEST_KEY: usize = 30;

/// A line, up to what may not be shown.
pub(super) struct Masked {
    /// What may be shown.
    pub text: String,
    /// Whether that is not all of it.
    pub is_cut: bool,
}

/// The line of `source` that begins at `start`.
pub(super) fn masked_line(source: &str, start: usize) -> Masked {
    let (before, rest) = source.split_at_checked(start).unwrap_or(("", source));
    let line = rest.lines().next().unwrap_or_default();
    let shown = if is_in_long_string(before) { 0 } else { shown_length(line) };
    let text: String =
        line[..shown].chars().map(|c| if is_unprintable(c) && c != '\t' { '\u{fffd}' } else { c }).take(200).collect();
    if shown == line.len() {
        Masked { text, is_cut: false }
    } else {
        Masked { text: text + " (not shown)", is_cut: true }
    }
}

/// Whether a key is one that people put secrets behind.
pub(super) fn looks_secret(key: &str) -> bool {
    let key = key.trim().to_ascii_lowercase();
    names_secret(&key) && key != "secret_expires"
}

/// A line inside `"""` or `'''` looks like anything. Where a comment holds such quotes, too much is hidden.
fn is_in_long_string(before: &str) -> bool {
    ["\"\"\"", "'''"].iter().any(|quotes| before.matches(quotes).count() % 2 == 1)
}

/// How many bytes of the line may be shown: up to the first `=` whose key is not known to be safe.
fn shown_length(line: &str) -> usize {
    let mut start = 0;
    for (at, _) in line.match_indices('=') {
        let before = &line[start..at];
        let key = last_key(before);
        // `"aGVsbG8=`: the sign is part of a text, not behind a key.
        let is_text = ['"', '\''].iter().any(|quote| before.matches(*quote).count() % 2 == 1);
        if is_text || key.len() > LONGEST_KEY {
            return start;
        }
        let value = line[at + 1..].split([',', '}']).next().unwrap_or_default().trim();
        let may_be_shown = file::keys().any(|known| match known.exposure {
            Exposure::Whole => known.name == key,
            Exposure::Word => known.name == key && value.len() <= LONGEST_WORD,
            Exposure::Hidden => false,
        });
        if !may_be_shown || looks_secret(&before.replace("secret_expires", "")) {
            return at + 1;
        }
        start = at + 1;
    }
    let rest = &line[start..];
    if start == 0 && !is_header(rest) {
        // A bare word, or a line of an array.
        return 0;
    }
    // The last value may be followed by a comment, or by a key whose `=` was forgotten.
    let rest_of_line = rest.replace("secret_expires", "");
    if looks_secret(&rest_of_line) { start } else { line.len() }
}

/// The last segment of the key that ends here: `secret` of `"apps".contoso.secret`.
fn last_key(text: &str) -> &str {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    let text = text.trim_end().trim_end_matches(['"', '\'']);
    text.rsplit(|c| !is_part(c)).next().unwrap_or_default()
}

/// Whether the line is empty, a comment or a table's header.
fn is_header(line: &str) -> bool {
    let line = line.trim();
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | '[' | ']' | '"');
    line.is_empty() || line.starts_with('[') && line.len() <= 160 && line.chars().all(is_bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        masked_line(line, 0).text
    }

    #[test]
    fn lines_without_a_secret_are_shown_whole() {
        for line in [
            "[apps.contoso]",
            "[apps.contoso",
            "client_id = \"11111111-2222-3333-4444-555555555555\"",
            "incoming = { protocol = \"imap4\", host = \"h.example:993\", port = 99999 }",
            "outgoing.port = 0",
            "secret_expires = 2027-13-45",
            "scopes = { imap = [\"https://mail.example/IMAP\"] }",
            "tenant = \"contoso.example",
        ] {
            assert_eq!(shown(line), line);
        }
    }

    #[test]
    fn whatever_else_is_cut_before_its_value() {
        for line in [
            "client_secret = \"CANARY\"",
            "contoso = { provider = \"microsoft365\", client_secret = \"CANARY\" }",
            "incoming = { protocol = \"imap\", password = \"CANARY\" }",
            "contoso.\"client_secret\" = \"CANARY\"",
            "credential = \"CANARY\"",
            "whatever = \"CANARY\"",
            "provider = \"CANARY-that-is-longer-than-any-provider\"",
            "secret_expires = \"CANARY-that-is-longer-than-any-day\"",
            "tenant = \"t\", client_secret \"CANARY\"",
            "tenant = \"t\" # the secret is CANARY",
            "secret.tenant = \"CANARY\"",
            "\"CANARY\",",
            "CANARY",
            "\"CANARY==\",",
            "CANARY-that-is-longer-than-any-key==",
            "[\"CANARY~1\"",
        ] {
            assert!(!shown(line).contains("CANARY"), "{}", shown(line));
        }
    }

    #[test]
    fn nothing_of_a_long_string_is_shown() {
        let source = "client_secret = \"\"\"\nissuer = CANARY\n\"\"\"\ntenant = \"t\"\n";
        assert_eq!(masked_line(source, source.find("issuer").unwrap()).text, " (not shown)");
        assert_eq!(masked_line(source, source.find("tenant").unwrap()).text, "tenant = \"t\"");
    }
}
