use std::collections::BTreeSet;

use clap::ValueEnum as _;
use regex::Regex;

use super::pattern::Pattern;
use super::*;
use crate::diagnosis::explain;
use crate::diagnosis::reading::Reading;
use crate::profile::Page;
use crate::report::step::{Mark, marks};
use crate::text::Redactor;

fn found(text: &str, hint: Hint) -> Vec<&'static str> {
    search(&Reading::of(text), hint).into_iter().map(|hit| hit.entry.id.as_str()).collect()
}

/// What a server of the entry's provider would say for it: its example, or its number alone.
fn said(entry: &Entry) -> Option<String> {
    match (&entry.example, &entry.pattern) {
        (Some(example), _) => Some(example.clone()),
        (None, Pattern::Code(code)) => Some(format!("{code}: this text may change")),
        (None, Pattern::OauthError(refusal)) => Some(format!("{{\"error\":\"{}\"}}", refusal.word())),
        (None, Pattern::GraphCode(code)) => Some(format!("{{\"error\":{{\"code\":\"{code}\"}}}}")),
        _ => None,
    }
}

#[test]
fn every_entry_is_read_and_every_name_is_given_once() {
    for entry in serde_json::from_str::<Vec<serde_json::Value>>(ENTRIES_JSON).unwrap() {
        if let Err(error) = serde_json::from_value::<Entry>(entry.clone()) {
            panic!("{}: {error}", entry["id"]);
        }
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
        let (example, needles) = (Reading::of(example).text().to_lowercase(), entry.pattern.needles());
        let is_there = needles.iter().any(|needle| example.contains(&needle.to_lowercase()));
        assert!(needles.is_empty() || is_there, "{}: {needles:?}", entry.id);
    }
}

/// What is wrong with the place of `said`, which should be known as `entry`.
fn misplaced(entry: &Entry, said: &str) -> Option<String> {
    let own = Hint { family: Some(entry.provider), origin: Some(entry.stage), phase: None, clues: entry.needs };
    let explained = |hint| explain::explain(said, hint).first().map(|first| first.finding.code.as_str());
    let own = explained(own);
    // What does not tell its vendor is known only where something else does.
    let guessed = if entry.named {
        explained(Hint { family: Some(entry.provider), ..Hint::default() })
    } else {
        explained(Hint::default())
    };
    let id = Some(entry.id.as_str());
    (own != id || guessed != id)
        .then(|| format!("{}: at its own stage {own:?}, when nothing is known {guessed:?}: {said}", entry.id))
}

#[test]
fn every_example_and_variant_resolves_to_its_own_entry() {
    let mut texts: Vec<(&Entry, String)> = entries().iter().filter_map(|entry| Some((entry, said(entry)?))).collect();
    assert!(!variants().is_empty());
    for (code, of_entry) in variants() {
        let entry = entry(code).unwrap();
        texts.extend(of_entry.into_iter().map(|text| (entry, text)));
    }
    let wrong: Vec<String> = texts.iter().filter_map(|(entry, said)| misplaced(entry, said)).collect();
    assert!(texts.len() > 1_000, "only {} texts", texts.len());
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), texts.len());
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

/// What mailgrant itself says, with its code.
fn said_by_us() -> impl Iterator<Item = (FindingCode, &'static own::Words)> {
    let live = entries().iter().filter_map(|entry| Some((entry.id, entry.live.as_ref()?)));
    live.chain(FindingCode::ALL.iter().filter_map(|code| Some((*code, own::words(*code)?))))
}

fn causes() -> impl Iterator<Item = (FindingCode, &'static str)> {
    let more = |entry: &'static Entry| {
        let instead = entry.with_token.iter().map(|instead| instead.cause.as_str());
        entry.cause_more.iter().map(|more| more.text.as_str()).chain(instead)
    };
    let of_entry = move |entry| more(entry).chain([entry.cause.as_str()]).map(|cause| (entry.id, cause));
    let of_ours = said_by_us()
        .flat_map(|(code, words)| words.cases.values().chain([&words.cause]).map(move |cause| (code, cause.as_str())));
    entries().iter().flat_map(of_entry).chain(of_ours)
}

fn steps() -> impl Iterator<Item = (FindingCode, &'static Step)> {
    let of_ours = said_by_us().flat_map(|(code, words)| words.fix.iter().map(move |step| (code, step)));
    let of_entry = |entry: &'static Entry| {
        let instead = entry.with_token.iter().flat_map(|instead| &instead.fix);
        entry.fix.iter().chain(instead).map(|step| (entry.id, step))
    };
    entries().iter().flat_map(of_entry).chain(of_ours)
}

#[test]
fn every_cmdlet_of_a_step_is_marked_as_a_command_and_a_value_in_it_has_no_quotes_of_its_own() {
    let cmdlet = Regex::new(r"\b(Add|Connect|Disable|Enable|Get|New|Remove|Set|Test|Update)-[A-Z]\w+").unwrap();
    let in_quotes = Regex::new(r#"["']\{[a-z_]+\??\}|\{[a-z_]+\??\}["']"#).unwrap();
    assert!(steps().count() > 1000, "only {} steps", steps().count());
    for (code, step) in steps() {
        for mark in marks(&step.text) {
            match mark {
                Mark::Words(words) => {
                    assert!(!cmdlet.is_match(words) && !words.contains('`'), "{code}: not marked in {words}");
                    assert!(!words.contains("az ad ") && !words.contains("az login"), "{code}: not marked in {words}");
                }
                Mark::Command(line) => assert!(!in_quotes.is_match(line), "{code}: {line}"),
                Mark::Address(url) => assert!(url.len() > "https://a.b".len(), "{code}: {url}"),
                Mark::Page(key) => assert!(Page::from_str(key, false).is_ok(), "{code}: {key}"),
            }
        }
    }
    for (code, cause) in causes() {
        assert!(marks(cause).all(|mark| matches!(mark, Mark::Words(_))), "{code}: a cause has no marks: {cause}");
    }
}

#[test]
fn a_source_is_a_public_document_or_a_section_of_a_standard() {
    let of_ours = said_by_us().filter_map(|(code, words)| Some((code, words.source.as_deref()?)));
    let of_entries = entries().iter().filter_map(|entry| Some((entry.id, entry.source.as_deref()?)));
    let mut count = 0;
    for (code, source) in of_entries.chain(of_ours) {
        for document in source.split("; ") {
            let is_address = url::Url::parse(document).is_ok_and(|url| url.scheme() == "https");
            let is_standard = document.starts_with("RFC ") || document.starts_with("OpenID Connect Core ");
            assert!(is_address || is_standard, "{code}: {document}");
            count += 1;
        }
    }
    assert!(count > 250, "only {count}");
}

#[test]
fn no_sentence_of_ours_is_taken_for_a_secret_when_a_report_is_read_back() {
    let of_entries = entries().iter().flat_map(|entry| {
        let live = entry.live.iter().flat_map(|live| &live.fix);
        let with_token = entry.with_token.iter().flat_map(|instead| &instead.fix);
        let steps = entry.fix.iter().chain(live).chain(with_token);
        steps.map(|step| step.text.as_str()).chain([entry.cause.as_str()])
    });
    let own = FindingCode::ALL.iter().filter_map(|code| own::words(*code));
    let own = own.flat_map(|words| {
        let steps = words.fix.iter().map(|step| step.text.as_str());
        steps.chain(words.cases.values().map(String::as_str)).chain([words.cause.as_str()])
    });
    let (mut looked_at, mut changed) = (0, Vec::new());
    for sentence in of_entries.chain(own).flat_map(str::lines) {
        looked_at += 1;
        if *Redactor::read_back(sentence) != *sentence {
            changed.push(Redactor::read_back(sentence));
        }
    }
    assert!(changed.is_empty(), "{changed:#?}");
    assert!(looked_at > 1_000, "only {looked_at}");
}
