//! A pasted text: whatever it is, it is explained, and a known answer within it is found.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailgrant::diagnosis::catalogue::Hint;
use mailgrant::diagnosis::explain::{UNKNOWN, explain};
use mailgrant::report::FindingCode;

const ANSWER: &str = "AADSTS7000222: The provided client secret keys are expired.";

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let explained = explain(&text, Hint::default());
    let first = explained.first().expect("every text gets an explanation");
    assert!(!first.finding.cause.is_empty() && !first.finding.fix.is_empty());
    let codes: Vec<FindingCode> = explained.iter().map(|one| one.finding.code).collect();
    let mut once = codes.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), codes.len(), "a code is named twice");
    assert!(codes.len() == 1 || !codes.contains(&UNKNOWN), "what is known is not unknown");
    // On lines of its own, the answer is found whatever is around it.
    let around = format!("{text}\n\n{ANSWER}\n\n{text}");
    let found = explain(&around, Hint::default());
    assert!(found.iter().any(|one| one.finding.code == FindingCode::MS_SECRET_EXPIRED), "it was not found");
});
