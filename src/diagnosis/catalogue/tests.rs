use std::collections::BTreeSet;

use super::pattern::Pattern;
use super::*;
use crate::diagnosis::normalize::readings;

fn found(text: &str, hint: Hint) -> Vec<&'static str> {
    search(&readings(text), hint).into_iter().map(|hit| hit.entry.id.as_str()).collect()
}

/// What a server of the entry's provider would say for it: its example, or its number alone.
fn said(entry: &Entry) -> Option<String> {
    match (&entry.example, &entry.pattern) {
        (Some(example), _) => Some(example.clone()),
        (None, Pattern::Code(code)) => Some(format!("{code}: this text may change")),
        (None, Pattern::OauthError(error)) => Some(format!("{{\"error\":\"{error}\"}}")),
        (None, Pattern::GraphCode(code)) => Some(format!("{{\"error\":{{\"code\":\"{code}\"}}}}")),
        _ => None,
    }
}

#[test]
fn every_file_is_read_and_every_name_is_given_once() {
    for (name, text) in FILES {
        let count = entry::read(text).unwrap_or_else(|error| panic!("{name}: {error}")).len();
        assert!(count > 8, "{name} holds {count} entries");
    }
    let names: BTreeSet<&str> = entries().iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(names.len(), entries().len(), "two entries have one name");
    assert!(names.len() >= 333, "only {} entries", names.len());
    for name in names {
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{name}");
    }
}

#[test]
fn every_expression_compiles_and_what_it_needs_is_in_its_example() {
    for entry in entries() {
        if let Pattern::Regex(expression) = &entry.pattern {
            assert!(expression.regex().is_some(), "{}", entry.id);
        }
        let Some(example) = &entry.example else { continue };
        let (example, needles) = (readings(example).to_lowercase(), entry.pattern.needles());
        let is_there = needles.iter().any(|needle| example.contains(&needle.to_lowercase()));
        assert!(needles.is_empty() || is_there, "{}: {needles:?}", entry.id);
    }
}

#[test]
fn every_example_resolves_to_its_own_entry() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in entries() {
        let Some(said) = said(entry) else { continue };
        count += 1;
        let known = found(&said, Hint { family: Some(entry.provider), origin: Some(entry.stage) });
        if known.first() != Some(&entry.id.as_str()) {
            wrong.push(format!("{} resolves to {known:?} at its own stage", entry.id));
        }
        let guessed = found(&said, Hint::default());
        if guessed.first() != Some(&entry.id.as_str()) {
            wrong.push(format!("{} resolves to {guessed:?} when nothing is known", entry.id));
        }
    }
    assert!(count > 250, "only {count} examples");
    assert!(wrong.is_empty(), "{} of {count}: {wrong:#?}", wrong.len());
}

#[test]
fn every_fix_is_imperative_and_names_a_place_or_a_command() {
    const NO_VERBS: [&str; 12] =
        ["The", "A", "An", "This", "It", "You", "Your", "Microsoft", "Google", "There", "Exchange", "Then"];
    let mut wrong = Vec::new();
    for entry in entries() {
        let first_words = entry.fix.iter().map(|step| step.text.split(' ').next().unwrap_or_default());
        wrong.extend(
            first_words
                .filter(|word| NO_VERBS.contains(word))
                .map(|word| format!("{}: a step begins with '{word}'", entry.id)),
        );
        let names_something = |step: &Step| {
            let step = &step.text;
            let has_command =
                step.split(' ').any(|word| word.contains('-') && word.starts_with(|c: char| c.is_ascii_uppercase()));
            step.contains(" > ")
                || step.contains("mailgrant ")
                || has_command
                || step.contains(" /")
                || step.contains("https://")
                || step.contains("profile")
        };
        if !entry.fix.iter().any(names_something) {
            wrong.push(format!("{}: no step names a place, a command or the profile", entry.id));
        }
        if entry.cause.len() > 420 || !entry.cause.trim_end_matches("{until}").ends_with(['.', '?']) {
            wrong.push(format!("{}: the cause is not a short sentence", entry.id));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn numbers_are_compared_whole() {
    let hint = Hint::default();
    assert_eq!(found("AADSTS50011: x", hint)[0], "ms-redirect-uri-mismatch");
    assert_eq!(found("AADSTS500113: x", hint)[0], "ms-no-redirect-uri-registered");
    assert_ne!(found("AADSTS500119: x", hint).first(), Some(&"ms-redirect-uri-mismatch"));
    assert_eq!(found(r#"{"error":"x","error_codes":[50011]}"#, hint)[0], "ms-redirect-uri-mismatch");
}

#[test]
fn several_errors_in_one_text_are_all_named() {
    let text = "S: 535 5.7.8 Error: authentication failed\nAADSTS7000222: The provided client secret keys are expired.";
    let all = found(text, Hint::default());
    assert_eq!(all[0], "ms-secret-expired", "{all:?}");
    assert!(all.len() > 1, "{all:?}");
}
