//! A pasted text, explained without a mailbox.

use std::thread;

use super::about::{FailureContext, TokenFacts};
use super::catalogue::{self, Entry, Hint, Pattern};
use super::causes::{self, Problem};
use super::reading::{Clue, Origin, Reading, Values};
use super::resolve::{self, explained};
use super::told;
use crate::profile::{Family, Protocol};
use crate::report::{Confidence, Explanation, Fact, Finding, FindingCode};
use crate::text::Shown;

/// The code of a text that hits nothing.
pub const UNKNOWN: FindingCode = FindingCode::NOT_IN_CATALOGUE;

/// What `text` means: its independent problems, the first to solve first; at least one, which is then [`UNKNOWN`]. The words
/// of the text stay out of it: they are the caller's to redact.
#[must_use]
pub fn explain(text: &str, hint: Hint) -> Vec<Explanation> {
    explain_about(text, hint, FailureContext { is_pasted: true, ..FailureContext::default() })
}

/// The same with the values of `about`, and where it knows none with those that the text names.
#[must_use]
pub fn explain_about(text: &str, hint: Hint, about: FailureContext<'_>) -> Vec<Explanation> {
    let reading = read(text);
    let problems = causes::problems(&reading, catalogue::search(&reading, hint));
    let values = reading.values();
    if problems.is_empty() {
        return vec![Explanation { support: support(&values, 0, Family::ANY, None), ..unknown(&reading, hint) }];
    }
    let hint = Hint { clues: reading.clues().and(hint.clues), ..hint };
    let named = hint.family.as_ref().map_or(reading.families(), std::slice::from_ref);
    let about = FailureContext { named, ..about };
    problems.into_iter().map(|problem| of_problem(problem, hint, &values, about)).collect()
}

/// Reads `text`, and beside it the catalogue.
fn read(text: &str) -> Reading {
    thread::scope(|scope| {
        scope.spawn(catalogue::prepare);
        Reading::of(text)
    })
}

fn of_problem(problem: Problem, hint: Hint, values: &Values, about: FailureContext<'_>) -> Explanation {
    let (entry, line) = (problem.hit.entry, problem.hit.line);
    let mut explanation = in_full(entry, hint, about.reading(values, line));
    // The answer is of this text, not of the example.
    explanation.example = None;
    explanation.line = Some(line + 1);
    if problem.hit.is_guessed() && explanation.finding.confidence == Confidence::Certain {
        explanation.finding.confidence = Confidence::Likely;
    }
    explanation.finding.also = problem.also;
    explanation.follows = problem.follows;
    explanation.harmless = problem.harmless;
    explanation.titles = titles(&explanation, entry.provider, about.reading(values, line));
    explanation.support = support(values, line, entry.provider, Some(entry.stage));
    explanation
}

/// A sentence for each other code that `explanation` names; what only says less of the same has none.
fn titles(explanation: &Explanation, family: Family, about: FailureContext<'_>) -> Vec<(FindingCode, Shown)> {
    let is_general = |entry: &Entry| {
        entry.id == FindingCode::MS_ANY_AADSTS
            || family != Family::ANY && entry.provider == Family::ANY
            || matches!(entry.pattern, Pattern::OauthError(_) | Pattern::GraphCode(_))
    };
    let also = explanation.finding.also.iter().filter(|code| !catalogue::entry(**code).is_some_and(is_general));
    let codes = explanation.follows.iter().chain(&explanation.harmless).chain(also);
    codes.filter_map(|code| Some((*code, explained(catalogue::entry(*code)?, about).title()))).collect()
}

/// What the provider's support finds a sign-in by. A mail server's answer has no such numbers.
fn support(values: &Values, line: usize, family: Family, stage: Option<Origin>) -> Vec<Fact> {
    let fact = |name: &'static str| values.get(name, Some(line)).map(|value| Fact { name: name.into(), value });
    let (correlation, trace) = (fact("correlation_id"), fact("trace_id"));
    // Others number their requests too.
    let is_enough = correlation.is_some() || trace.is_some() && family.finds_by_trace_id();
    let is_numbered =
        stage.is_none_or(|stage| matches!(stage, Origin::Authorize | Origin::Token | Origin::Server(Protocol::Graph)));
    let known = [correlation, trace, fact("time")].into_iter().flatten();
    known.filter(|_| is_enough && is_numbered).collect()
}

/// What a page of the sign-in that shows `text` means, with the values of `about`; none if nothing of it is known.
#[must_use]
pub fn page(text: &str, about: FailureContext<'_>) -> Option<Finding> {
    // The page may hold anything: nothing of it is shown again.
    let nothing = Values::default();
    resolve::finding(text, Origin::Authorize, about.reading(&nothing, 0)).map(|known| known.finding)
}

/// The finding called `name`, now or in an earlier version: of the catalogue, or one that mailgrant itself gives.
#[must_use]
pub fn entry(name: &str) -> Option<Explanation> {
    entry_about(name, FailureContext::default())
}

/// The same with the values of `about`.
#[must_use]
pub fn entry_about(name: &str, about: FailureContext<'_>) -> Option<Explanation> {
    let code = catalogue::code(name)?;
    // A code is one of mailgrant's, and so is who has it.
    let about = FailureContext { is_pasted: false, ..about };
    if let Some(entry) = catalogue::entry(code) {
        return Some(in_full(entry, Hint::default(), about));
    }
    let finding = told::looked_up(code, about)?;
    Some(Explanation {
        provider: None,
        stage: None,
        finding,
        example: None,
        note: None,
        line: None,
        follows: Vec::new(),
        harmless: Vec::new(),
        titles: Vec::new(),
        support: Vec::new(),
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
    catalogue::entries()
        .iter()
        .filter(fits)
        .map(|entry| in_full(entry, Hint::default(), FailureContext::default()))
        .collect()
}

fn in_full(entry: &'static Entry, hint: Hint, about: FailureContext<'_>) -> Explanation {
    let provider = Some(entry.provider).filter(|family| *family != Family::ANY).or(hint.family);
    let is_shown = hint.clues.has(Clue::Token) && !hint.clues.has(Clue::Password);
    let token = TokenFacts { is_shown, ..TokenFacts::default() };
    Explanation {
        provider: provider.filter(|family| *family != Family::ANY).map(Shown::of),
        stage: Some(Shown::of(hint.origin.unwrap_or(entry.stage))),
        finding: explained(entry, FailureContext { token, ..about }),
        example: entry.example.as_deref().map(Shown::from),
        note: entry.note.as_deref().map(Shown::from),
        line: None,
        follows: Vec::new(),
        harmless: Vec::new(),
        titles: Vec::new(),
        support: Vec::new(),
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
        titles: Vec::new(),
        support: Vec::new(),
        is_recognised: false,
    }
}

/// What a reply's first digit says by itself (RFC 5321 §4.2.1).
fn class(text: &str, stage: Option<Origin>) -> &'static str {
    let code = text.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 3);
    match (stage, code.and_then(|code| code.bytes().next())) {
        (Some(Origin::Server(Protocol::Smtp)), Some(b'4')) => " Its number says that trying again later may help.",
        (Some(Origin::Server(Protocol::Smtp)), Some(b'5')) => {
            " Its number says that trying again will not help by itself."
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_for_the_customers_of_one_provider_are_left_out_where_the_text_names_another() {
        let names_microsoft = |text: &str| {
            let explained = explain(text, Hint::default()).swap_remove(0);
            assert_eq!(explained.finding.code.as_str(), "tls-not-tls", "{text}");
            explained.finding.fix.iter().any(|step| step.sentence().contains("Microsoft"))
        };
        let garbled = "Cannot determine the frame size or a corrupted frame was received.";
        assert!(names_microsoft(garbled));
        assert!(names_microsoft(&format!("smtp.office365.com: {garbled}")));
        assert!(!names_microsoft(&format!("smtp.gmail.com: {garbled}")));
    }

    #[test]
    fn what_is_not_known_gets_a_useful_answer_too() {
        let explained = explain("550 5.9.9 the moon is in the wrong place", Hint::default());
        assert_eq!(explained[0].finding.code, UNKNOWN);
        assert_eq!(explained[0].stage.as_deref(), Some("SMTP"));
        assert!(explained[0].finding.cause.contains("trying again will not help"));
        assert!(!explained[0].finding.fix.is_empty());
    }

    #[test]
    fn what_a_text_names_is_filled_in_and_nothing_of_a_page_is() {
        let text = "AADSTS50105: user shop@contoso.com is not assigned to the application \
                    '11111111-2222-3333-4444-555555555555'";
        let said = |finding: &Finding| format!("{} {:?}", finding.cause, finding.fix);
        let explained = explain(text, Hint::default());
        assert!(said(&explained[0].finding).contains("shop@contoso.com"), "{explained:?}");
        let page = page(text, FailureContext::default()).unwrap();
        assert_eq!(page.code, explained[0].finding.code);
        assert!(!said(&page).contains("shop@"), "{page:?}");
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
