//! How an answer is known.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

/// How an answer is known.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// Microsoft's number, as in `AADSTS50011`, compared whole: it is a prefix of AADSTS500113.
    Code(String),
    /// A regular expression, without regard to case; `^` and `$` are a line's.
    Regex(Expression),
    /// A phrase, without regard to case.
    Literal(String),
    /// The value of OAuth's `error` (RFC 6749 §4.1.2.1, §5.2).
    OauthError(String),
    /// The value of Graph's `error.code`.
    GraphCode(String),
    /// Something that mailgrant itself notices; no text shows it. The value says what.
    Local(String),
}

/// A regular expression that is compiled when it is first tried.
#[derive(Debug, Deserialize)]
#[serde(from = "String")]
pub struct Expression {
    source: String,
    compiled: OnceLock<Option<Regex>>,
}

impl From<String> for Expression {
    fn from(source: String) -> Self {
        Self { source, compiled: OnceLock::new() }
    }
}

impl Expression {
    /// The compiled expression; a test compiles them all.
    pub(super) fn regex(&self) -> Option<&Regex> {
        let compile = || RegexBuilder::new(&self.source).case_insensitive(true).multi_line(true).build().ok();
        self.compiled.get_or_init(compile).as_ref()
    }
}

impl Pattern {
    /// Words of which at least one is in every text that this may hit; none where that cannot be told.
    pub(super) fn needles(&self) -> Vec<String> {
        match self {
            Self::Code(_) | Self::Local(_) => Vec::new(),
            Self::Literal(words) | Self::OauthError(words) | Self::GraphCode(words) => vec![words.clone()],
            Self::Regex(expression) => needles(&expression.source).unwrap_or_default(),
        }
    }

    /// Whether `text` has it; `numbers` are the AADSTS numbers in the text.
    pub(super) fn hits(&self, text: &str, numbers: &BTreeSet<u32>) -> bool {
        match self {
            Self::Code(code) => code.trim_start_matches("AADSTS").parse().is_ok_and(|number| numbers.contains(&number)),
            Self::Regex(expression) => expression.regex().is_some_and(|regex| regex.is_match(text)),
            Self::Literal(words) => text.to_lowercase().contains(&words.to_lowercase()),
            Self::OauthError(word) | Self::GraphCode(word) => has_word(text, word),
            Self::Local(_) => false,
        }
    }
}

/// Whether `word` is in `text` and is not part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    text.match_indices(word).any(|(at, _)| {
        let after = text[at + word.len()..].chars().next();
        !text[..at].ends_with(is_part) && !after.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// The longest plain words of each branch of `expression`, outside of groups; `None` if a branch has none.
fn needles(expression: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    let mut longest = String::new();
    let mut run = String::new();
    let mut depth = 0_u32;
    let end_run = |run: &mut String, longest: &mut String| {
        if run.len() > longest.len() {
            longest.clone_from(run);
        }
        run.clear();
    };
    let mut characters = expression.chars().peekable();
    while let Some(c) = characters.next() {
        let literal = match c {
            '\\' => match characters.next() {
                Some(escaped) if !escaped.is_ascii_alphanumeric() => Some(escaped),
                _ => None,
            },
            '[' => {
                while characters.next().is_some_and(|inner| inner != ']') {}
                None
            }
            '(' => {
                depth += 1;
                None
            }
            ')' => {
                depth = depth.saturating_sub(1);
                None
            }
            '|' if depth == 0 => {
                end_run(&mut run, &mut longest);
                found.push(std::mem::take(&mut longest));
                continue;
            }
            '{' => {
                while characters.next().is_some_and(|inner| inner != '}') {}
                None
            }
            '^' | '$' | '.' | '*' | '+' | '?' | '|' => None,
            plain => Some(plain),
        };
        let is_optional = matches!(characters.peek(), Some('?' | '*' | '{'));
        match literal {
            Some(literal) if depth == 0 && !is_optional => run.push(literal),
            _ => end_run(&mut run, &mut longest),
        }
    }
    end_run(&mut run, &mut longest);
    found.push(longest);
    found.iter().all(|words| words.len() > 2).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_hit_must_hold_is_read_off_the_expression() {
        let read = |expression| needles(expression);
        assert_eq!(read(r"5\.7\.139\b"), Some(vec!["5.7.139".to_owned()]));
        assert_eq!(
            read("not enabled|IMAP access is (dis|en)abled"),
            Some(vec!["not enabled".into(), "IMAP access is ".into()])
        );
        assert_eq!(read(r"AADSTS\d{4,7}"), Some(vec!["AADSTS".to_owned()]));
        assert_eq!(read(r"closed?\. 10"), Some(vec!["close".to_owned()]));
        assert_eq!(read(r"[a-z]+|(one|two)"), None);
        assert_eq!(read(r"\[AUTH\]|x"), None, "one letter is not a word");
    }

    #[test]
    fn a_word_is_whole() {
        assert!(has_word(r#"{"error":"invalid_grant"}"#, "invalid_grant"));
        assert!(!has_word("invalid_grants", "invalid_grant"));
        assert!(!has_word("not_invalid_grant", "invalid_grant"));
    }
}
