//! A support bundle: one text file to send to support, with nothing in it that is a secret.
//!
//! It is plain text in sections, not JSON and not an archive: its sender should be able to read all of it first,
//! and its reader finds it in the mail or ticket that it comes in. Programs have `--json`.
//!
//! Two nets, one below the other: each line is cleaned of what is shaped like a secret, and then the whole is searched
//! for every secret that we know, by value. What that search finds is not removed but reported, and nothing is
//! written: it says that a secret is where none should be.

use std::path::Path;

use crate::failure::Failure;
use crate::files;
use crate::text::{Redactor, Shown};

/// A bundle in the making.
#[derive(Default)]
pub(super) struct Bundle {
    sections: Vec<(Shown, Shown)>,
}

/// A secret is in the section of this title.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Leak(pub(super) Shown);

impl Bundle {
    /// Adds a section; one without text is left out.
    pub(super) fn section(&mut self, title: impl Into<String>, text: &str) {
        // Knows no secret, only what secrets look like. It escapes line ends, so each line goes through alone.
        let lines: Vec<Shown> = text.lines().map(Redactor::by_shape).collect();
        if lines.iter().any(|line| !line.trim().is_empty()) {
            self.sections.push((Redactor::by_shape(&title.into()), Shown::join(lines, "\n")));
        }
    }

    /// The whole text, if it holds none of the secrets that `known` has learned.
    ///
    /// # Errors
    /// Where one stands.
    pub(super) fn searched(&self, known: &Redactor) -> Result<String, Leak> {
        let mut whole = String::new();
        for (title, text) in &self.sections {
            if known.finds_known(text) || known.finds_known(title) {
                let safe = if known.finds_known(title) { "a section's title".into() } else { title.clone() };
                return Err(Leak(safe));
            }
            whole.push_str(&format!("== {title}\n\n{text}\n\n"));
        }
        Ok(whole)
    }
}

/// Writes the bundle: 0600, and never over anything.
///
/// # Errors
/// [`FailureKind::File`](crate::failure::FailureKind::File) if there is something of that name, or the system says no.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    files::create_private(path, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    const SECRET: &str = "canary-practice-only-4711";

    fn known() -> Redactor {
        let known = Redactor::default();
        known.learn(&SecretString::from(SECRET.to_owned()));
        known
    }

    fn bundle(title: &str, text: &str) -> Bundle {
        let mut bundle = Bundle::default();
        bundle.section("versions", "mailgrant 0.1.0");
        bundle.section(title, text);
        bundle
    }

    #[test]
    fn sections_without_text_are_left_out_and_lines_stay_lines() {
        let mut bundle = bundle("profile", "one\n  two\n");
        bundle.section("empty", " \n");
        assert_eq!(
            bundle.searched(&known()).unwrap(),
            "== versions\n\nmailgrant 0.1.0\n\n== profile\n\none\n  two\n\n"
        );
    }

    #[test]
    fn a_known_secret_anywhere_stops_the_bundle_and_is_not_repeated() {
        use base64::Engine as _;

        let base64 = base64::engine::general_purpose::STANDARD.encode(format!("user={SECRET}"));
        let broken = format!("{}\n{}", &base64[..20], &base64[20..]);
        let hex: String = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect();
        for text in [SECRET.to_owned(), format!("address = \"{SECRET}@contoso.example\""), base64, broken, hex] {
            let leak = bundle("profile", &text).searched(&known()).unwrap_err();
            assert_eq!(leak, Leak("profile".into()), "{text}");
        }
        let Leak(place) = bundle(SECRET, "x").searched(&known()).unwrap_err();
        assert!(!place.contains("canary"), "{place}");
    }

    #[test]
    fn what_is_shaped_like_a_secret_does_not_even_reach_the_search() {
        let text = "HTTP -> authorization: Bearer canary-of-no-one\nescape \u{1b}[31m";
        let whole = bundle("conversation", text).searched(&Redactor::default()).unwrap();
        assert!(!whole.contains("canary") && !whole.contains('\u{1b}'), "{whole}");
    }

    #[test]
    fn nothing_is_written_over_anything() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bundle.txt");
        write(&path, "one").unwrap();
        write(&path, "two").unwrap_err();
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
    }
}
