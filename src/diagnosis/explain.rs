//! A pasted text, explained without a mailbox.

use super::about::{FailureContext, TokenFacts};
use super::catalogue::{self, Entry, Hint};
use super::causes::{self, Problem};
use super::reading::{Clue, Origin, Reading};
use super::resolve::{self, explained};
use super::told;
use crate::profile::Family;
use crate::report::{Confidence, Explanation, Finding, FindingCode};
use crate::text::Shown;

/// The code of a text that hits nothing.
pub const UNKNOWN: FindingCode = FindingCode::NOT_IN_CATALOGUE;

/// What `text` means: its independent problems, the first to solve first; at least one, which is then [`UNKNOWN`]. The words
/// of the text stay out of it: they are the caller's to redact.
#[must_use]
pub fn explain(text: &str, hint: Hint) -> Vec<Explanation> {
    let reading = Reading::of(text);
    let problems = causes::problems(&reading, catalogue::search(&reading, hint));
    if problems.is_empty() {
        return vec![unknown(&reading, hint)];
    }
    let hint = Hint { clues: reading.clues().and(hint.clues), ..hint };
    problems.into_iter().map(|problem| of_problem(problem, hint)).collect()
}

fn of_problem(problem: Problem, hint: Hint) -> Explanation {
    let mut explanation = in_full(problem.hit.entry, hint);
    // The answer is of this text, not of the example.
    explanation.example = None;
    if problem.hit.is_guessed() && explanation.finding.confidence == Confidence::Certain {
        explanation.finding.confidence = Confidence::Likely;
    }
    explanation.line = Some(problem.hit.line + 1);
    explanation.finding.also = problem.also;
    explanation.follows = problem.follows;
    explanation.harmless = problem.harmless;
    explanation
}

/// What a page of the sign-in that shows `text` means, with the values of `about`; none if nothing of it is known.
#[must_use]
pub fn page(text: &str, about: FailureContext<'_>) -> Option<Finding> {
    resolve::finding(text, Origin::Authorize, about).map(|known| known.finding)
}

/// The finding called `name`, now or in an earlier version: of the catalogue, or one that mailgrant itself gives.
#[must_use]
pub fn entry(name: &str) -> Option<Explanation> {
    let code = catalogue::code(name)?;
    if let Some(entry) = catalogue::entry(code) {
        return Some(in_full(entry, Hint::default()));
    }
    let finding = told::looked_up(code)?;
    Some(Explanation {
        provider: None,
        stage: None,
        finding,
        example: None,
        note: None,
        line: None,
        follows: Vec::new(),
        harmless: Vec::new(),
        is_recognised: code != UNKNOWN,
    })
}

/// Every entry of the catalogue that fits `hint`.
#[must_use]
pub fn list(hint: Hint) -> Vec<Explanation> {
    let fits = |entry: &&Entry| {
        hint.family.is_none_or(|family| entry.provider == family)
            && hint.origin.is_none_or(|origin| entry.is_said_at(origin))
    };
    catalogue::entries().iter().filter(fits).map(|entry| in_full(entry, Hint::default())).collect()
}

fn in_full(entry: &'static Entry, hint: Hint) -> Explanation {
    let provider = Some(entry.provider).filter(|family| *family != Family::ANY).or(hint.family);
    let is_shown = hint.clues.has(Clue::Token) && !hint.clues.has(Clue::Password);
    let token = TokenFacts { is_shown, ..TokenFacts::default() };
    Explanation {
        provider: provider.filter(|family| *family != Family::ANY).map(Shown::of),
        stage: Some(Shown::of(hint.origin.unwrap_or(entry.stage))),
        finding: explained(entry, FailureContext { token, ..FailureContext::default() }),
        example: entry.example.as_deref().map(Shown::from),
        note: entry.note.as_deref().map(Shown::from),
        line: None,
        follows: Vec::new(),
        harmless: Vec::new(),
        is_recognised: true,
    }
}

fn unknown(reading: &Reading, hint: Hint) -> Explanation {
    let stage = hint.origin.or(reading.origins().first().copied());
    let kind = stage.map_or_else(|| "text".into(), |stage| shown!("answer ({})", stage));
    let finding = Finding::of(UNKNOWN).with("kind", kind).with("class", class(reading.text(), stage)).finding();
    Explanation {
        provider: hint.family.filter(|family| *family != Family::ANY).map(Shown::of),
        stage: stage.map(Shown::of),
        finding,
        example: None,
        note: None,
        line: None,
        follows: Vec::new(),
        harmless: Vec::new(),
        is_recognised: false,
    }
}

/// What a reply's first digit says by itself (RFC 5321 §4.2.1).
fn class(text: &str, stage: Option<Origin>) -> &'static str {
    let code = text.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 3);
    match (stage, code.and_then(|code| code.bytes().next())) {
        (Some(Origin::Smtp), Some(b'4')) => " Its number says that trying again later may help.",
        (Some(Origin::Smtp), Some(b'5')) => " Its number says that trying again will not help by itself.",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_gets_a_useful_answer_too() {
        let explained = explain("550 5.9.9 the moon is in the wrong place", Hint::default());
        assert_eq!(explained[0].finding.code, UNKNOWN);
        assert_eq!(explained[0].stage.as_deref(), Some("SMTP"));
        assert!(explained[0].finding.cause.contains("trying again will not help"));
        assert!(!explained[0].finding.fix.is_empty());
    }

    #[test]
    fn every_listed_code_can_be_looked_up() {
        let all = list(Hint::default());
        assert!(all.len() > 333);
        for listed in all {
            assert!(entry(listed.finding.code.as_str()).is_some(), "{}", listed.finding.code);
        }
    }
}
