//! How an answer is known.

use std::ops::Range;
use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

/// How an answer is known.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Match")]
pub enum Pattern {
    /// Microsoft's number, as in `AADSTS50011`, compared whole: it is a prefix of AADSTS500113.
    Code(String),
    /// A regular expression, without regard to case; `^` and `$` are a line's.
    Regex(Expression),
    /// One of these phrases, without regard to case.
    Literal(Vec<String>),
    /// The value of OAuth's `error` (RFC 6749 §4.1.2.1, §5.2), or the sentence that libraries print in place of it.
    OauthError(Refusal),
    /// The value of Graph's `error.code`.
    GraphCode(String),
    /// Something that mailgrant itself notices; no text shows it. The value says what.
    Local(String),
}

/// A regular expression that is compiled when it is first tried.
#[derive(Debug)]
pub struct Expression {
    source: String,
    /// Phrases of which each hit has at least one; a test proves it of each expression.
    needles: Vec<String>,
    compiled: OnceLock<Option<Regex>>,
}

/// An OAuth error.
#[derive(Debug)]
pub struct Refusal {
    /// Its value, and behind it sentences that mean the same.
    needles: Vec<String>,
}

impl Refusal {
    fn new(word: String, sentences: Option<Phrases>) -> Self {
        let sentences = sentences.map(Vec::from).unwrap_or_default();
        Self { needles: std::iter::once(word).chain(sentences).collect() }
    }

    /// Its value.
    pub(super) fn word(&self) -> &str {
        self.needles.first().map_or("", String::as_str)
    }
}

/// `match`, as the files have it: one of these keys, and `needle` beside `regex`, `sentence` beside `oauth_error`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Match {
    code: Option<String>,
    regex: Option<String>,
    needle: Option<Phrases>,
    literal: Option<Phrases>,
    oauth_error: Option<String>,
    sentence: Option<Phrases>,
    graph_code: Option<String>,
    local: Option<String>,
}

/// One phrase, or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Phrases {
    One(String),
    Several(Vec<String>),
}

impl From<Phrases> for Vec<String> {
    fn from(phrases: Phrases) -> Self {
        match phrases {
            Phrases::One(phrase) => vec![phrase],
            Phrases::Several(phrases) => phrases,
        }
    }
}

impl TryFrom<Match> for Pattern {
    type Error = &'static str;

    fn try_from(file: Match) -> Result<Self, &'static str> {
        let Match { code, regex, needle, literal, oauth_error, sentence, graph_code, local } = file;
        let regex = match (regex, needle) {
            (Some(source), Some(needles)) => {
                Some(Self::Regex(Expression { source, needles: needles.into(), compiled: OnceLock::new() }))
            }
            (None, None) => None,
            (_, None) => return Err("a regex needs a needle: what each hit holds"),
            (None, _) => return Err("a needle belongs to a regex"),
        };
        let refusal = match (oauth_error, sentence) {
            (Some(word), sentences) => Some(Self::OauthError(Refusal::new(word, sentences))),
            (None, None) => None,
            (None, Some(_)) => return Err("a sentence belongs to an oauth_error"),
        };
        let mut found = [
            code.map(Self::Code),
            regex,
            literal.map(|phrases| Self::Literal(phrases.into())),
            refusal,
            graph_code.map(Self::GraphCode),
            local.map(Self::Local),
        ]
        .into_iter()
        .flatten();
        match (found.next(), found.next()) {
            (Some(pattern), None) => Ok(pattern),
            _ => Err("a match has one of code, regex, literal, oauth_error, graph_code and local"),
        }
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
    /// Phrases of which at least one is in every text that this may hit; none where that cannot be told.
    pub(super) fn needles(&self) -> &[String] {
        match self {
            Self::Code(_) | Self::Local(_) => &[],
            Self::OauthError(refusal) => &refusal.needles,
            Self::GraphCode(word) => std::slice::from_ref(word),
            Self::Literal(phrases) => phrases,
            Self::Regex(expression) => &expression.needles,
        }
    }

    /// Where the text shows it, at or around `needle`, the place of one of its needles.
    pub(super) fn hit(&self, text: &str, needle: Range<usize>) -> Option<usize> {
        match self {
            Self::Literal(_) => Some(needle.start),
            // A sentence is found as it is; the value is not part of a longer word.
            Self::OauthError(refusal) => {
                let is_sentence = !text[needle.clone()].eq_ignore_ascii_case(refusal.word());
                (is_sentence || is_word(text, refusal.word(), needle.start)).then_some(needle.start)
            }
            Self::GraphCode(word) => is_word(text, word, needle.start).then_some(needle.start),
            Self::Regex(expression) => {
                let (start, end) = (floor(text, needle.start.saturating_sub(REACH)), floor(text, needle.end + REACH));
                expression.regex()?.find_at(text.get(..end)?, start).map(|found| found.start())
            }
            Self::Code(_) | Self::Local(_) => None,
        }
    }

    /// How far around a needle without a hit no other needle needs a look, in bytes.
    pub(super) fn looks_around(&self) -> usize {
        match self {
            Self::Regex(_) => REACH / 2,
            Self::Literal(_) | Self::OauthError(_) | Self::GraphCode(_) | Self::Code(_) | Self::Local(_) => 0,
        }
    }

    /// The number that it is known by.
    pub(super) fn number(&self) -> Option<u32> {
        match self {
            Self::Code(code) => code.trim_start_matches("AADSTS").parse().ok(),
            Self::Regex(_) | Self::Literal(_) | Self::OauthError(_) | Self::GraphCode(_) | Self::Local(_) => None,
        }
    }
}

/// How far from its needle an expression is looked for, in bytes: what is further away is of another answer.
const REACH: usize = 2_048;

/// The beginning of the character at `at`, or the end.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

/// Whether `word` is at `at` in `text`, and is not part of a longer one.
fn is_word(text: &str, word: &str, at: usize) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
    let Some(behind) = text[at..].strip_prefix(word) else { return false };
    !text[..at].ends_with(is_part) && !behind.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use regex_syntax::ast::parse::Parser;
    use regex_syntax::ast::{Ast, RepetitionKind, RepetitionRange};

    use super::*;

    /// Whether each text that `ast` hits has one of `needles`; case aside.
    fn holds_one(ast: &Ast, needles: &[String]) -> bool {
        let has_needle = |run: &str| needles.iter().any(|needle| run.contains(&needle.to_lowercase()));
        match ast {
            Ast::Literal(literal) => has_needle(&literal.c.to_lowercase().to_string()),
            Ast::Group(group) => holds_one(&group.ast, needles),
            Ast::Alternation(branches) => branches.asts.iter().all(|branch| holds_one(branch, needles)),
            Ast::Repetition(repeated) => {
                let once_at_least = match &repeated.op.kind {
                    RepetitionKind::OneOrMore => true,
                    RepetitionKind::ZeroOrOne | RepetitionKind::ZeroOrMore => false,
                    RepetitionKind::Range(
                        RepetitionRange::Exactly(least)
                        | RepetitionRange::AtLeast(least)
                        | RepetitionRange::Bounded(least, _),
                    ) => *least > 0,
                };
                once_at_least && holds_one(&repeated.ast, needles)
            }
            Ast::Concat(parts) => {
                let is_literal = |part: &&Ast| matches!(part, Ast::Literal(_));
                let text = |part: &Ast| match part {
                    Ast::Literal(literal) => literal.c.to_lowercase().to_string(),
                    _ => String::new(),
                };
                let runs = parts.asts.chunk_by(|one, other| is_literal(&one) == is_literal(&other));
                runs.into_iter().any(|run| has_needle(&run.iter().map(text).collect::<String>()))
                    || parts.asts.iter().any(|part| holds_one(part, needles))
            }
            Ast::Empty(_)
            | Ast::Flags(_)
            | Ast::Dot(_)
            | Ast::Assertion(_)
            | Ast::ClassUnicode(_)
            | Ast::ClassPerl(_)
            | Ast::ClassBracketed(_) => false,
        }
    }

    fn proved(expression: &str, needles: &[&str]) -> bool {
        let needles: Vec<String> = needles.iter().map(|needle| (*needle).to_owned()).collect();
        holds_one(&Parser::new().parse(expression).unwrap(), &needles)
    }

    #[test]
    fn each_hit_of_an_expression_has_one_of_its_needles() {
        for entry in crate::diagnosis::catalogue::entries() {
            if let Pattern::Regex(Expression { source, needles, .. }) = &entry.pattern {
                let needles: Vec<&str> = needles.iter().map(String::as_str).collect();
                assert!(proved(source, &needles), "{}: {needles:?} is not in every hit of {source}", entry.id);
                assert!(needles.iter().all(|needle| needle.len() > 2), "{}: too short a needle", entry.id);
            }
        }
    }

    #[test]
    fn what_an_expression_may_lack_is_not_a_needle_of_it() {
        assert!(proved(r"5\.7\.139\b", &["5.7.139"]));
        assert!(proved("not ENABLED|IMAP access is (dis|en)abled", &["not enabled", "IMAP access is "]));
        assert!(!proved("not enabled|IMAP access is (dis|en)abled", &["not enabled"]));
        assert!(proved(r"(a phrase|another one)\W+x", &["phrase", "another"]));
        assert!(!proved(r"[^]]phrase\.", &["]phrase"]));
        assert!(proved(r"[^]]phrase\.", &["phrase."]));
        assert!(!proved(r"closed?\. 10", &["closed"]));
        assert!(!proved(r"(phrase)?", &["phrase"]));
    }

    #[test]
    fn a_match_is_one_kind_of_match() {
        let read = |text: &str| toml::from_str::<Pattern>(text);
        read("regex = 'a phrase'\nneedle = 'phrase'").unwrap();
        for text in ["regex = 'a phrase'", "needle = 'x'", "code = 'a'\nlocal = 'b'", "", "expression = 'x'"] {
            read(text).expect_err(text);
        }
    }

    #[test]
    fn a_word_is_whole() {
        assert!(is_word(r#"{"error":"invalid_grant"}"#, "invalid_grant", 10));
        assert!(!is_word("invalid_grants", "invalid_grant", 0));
        assert!(!is_word("not_invalid_grant", "invalid_grant", 4));
        assert!(!is_word("Invalid_grant", "invalid_grant", 0));
    }
}
