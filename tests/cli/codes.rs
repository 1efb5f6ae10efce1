//! Every code that a command can print can be looked up, and what is looked up is told as an explanation, not as a test.

use std::collections::BTreeMap;
use std::path::Path;

use mailgrant::diagnosis::explain;

use crate::support::home::Home;

/// The codes that the source gives to findings, each with a file that does.
fn codes() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    walk(&root, &mut |file, text| {
        for code in codes_in(text) {
            found.entry(code).or_insert_with(|| file.to_owned());
        }
    });
    found
}

fn walk(folder: &Path, see: &mut impl FnMut(&str, &str)) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "tests" {
                walk(&path, see);
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            see(&path.display().to_string(), text);
        }
    }
}

/// What makes a finding of a code, and what only looks like it.
const MAKERS: [&str; 3] = ["Finding::new(", "CommandError::new(", "Self::new("];
const OTHERS: [&str; 4] = ["Document::new(", ".arg(", "HeaderValue::new(", "cfg("];

/// Texts that stand right behind a maker, or first in a tuple or a call where they are written as codes are.
fn codes_in(text: &str) -> Vec<String> {
    let pieces: Vec<&str> = text.split('"').collect();
    let is_code = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-')
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let mut codes = Vec::new();
    for (index, literal) in pieces.iter().enumerate().filter(|(_, literal)| is_code(literal)) {
        let (Some(before), Some(after)) = (index.checked_sub(1).map(|at| pieces[at].trim_end()), pieces.get(index + 1))
        else {
            continue;
        };
        let is_made = MAKERS.iter().any(|maker| before.ends_with(maker));
        let is_first = before.ends_with('(') && after.trim_start().starts_with(',') && literal.contains('-');
        if (is_made && after.trim_start().starts_with(',')) || is_first && !OTHERS.iter().any(|o| before.ends_with(o)) {
            codes.push((*literal).to_owned());
        }
    }
    codes
}

#[test]
fn every_code_of_the_source_can_be_looked_up() {
    let codes = codes();
    for known in ["usage", "profile", "cancelled", "name-taken", "unknown-mailbox", "vault-key-exists", "clock-off"] {
        assert!(codes.contains_key(known), "the reader of codes has gone blind: {known} in {codes:?}");
    }
    assert!(codes.len() > 80, "only {codes:?}");
    let missing: Vec<String> = codes
        .iter()
        .filter(|(code, _)| explain::entry(code).is_none())
        .map(|(code, file)| {
            format!(
                "{file} gives the code '{code}': add it to src/diagnosis/catalogue/own.toml, with cause, fix and next"
            )
        })
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Codes are public: what a script or a ticket quotes can be looked up ever after.
#[test]
fn no_code_of_an_earlier_version_is_forgotten() {
    let earlier: Vec<&str> = include_str!("codes-0.1.txt").lines().collect();
    assert!(earlier.len() > 400, "only {}", earlier.len());
    let forgotten: Vec<&&str> = earlier.iter().filter(|code| explain::entry(code).is_none()).collect();
    assert!(forgotten.is_empty(), "{forgotten:?}");
}

#[test]
fn the_codes_of_commands_and_of_the_machine_are_explained() {
    let home = Home::without_key();
    for code in [
        "app-in-use",
        "bundle-exists",
        "cancelled",
        "clock-off",
        "name-taken",
        "no-dns",
        "profile",
        "proxy-not-reached",
        "rotation-unfinished",
        "scopes-not-granted",
        "secret-differs",
        "secret-expired",
        "unknown-mailbox",
        "usage",
        "vault-key-exists",
    ] {
        let found = home.run(&["--json", "explain", code]).finish().code(0).json()["explanations"][0].clone();
        assert_eq!(found["code"], code);
        assert!(!found["fix"].as_array().unwrap().is_empty(), "{found}");
        assert!(!found.to_string().contains('{') || !found["cause"].as_str().unwrap().contains('{'), "{found}");
    }
}

#[test]
fn what_is_not_recognised_is_exit_code_1() {
    let home = Home::without_key();
    home.run(&["explain", "the moon is in the wrong place"]).finish().code(1);
    home.run(&["explain"]).stdin("559 5.9.9 not known at all\n").finish().code(1);
    home.run(&["explain", "no-such-code"]).finish().code(1);
    home.run(&["explain", "535 5.7.3 Authentication unsuccessful"]).finish().code(0);
    home.run(&["explain", "--list"]).finish().code(0);
}

#[test]
fn the_page_of_an_explanation_claims_no_test() {
    let home = Home::without_key();
    let page = home.path().join("page.html");
    let file = page.display().to_string();
    for (text, code) in [("535 5.7.3 Authentication unsuccessful", 0), ("the moon is in the wrong place", 1)] {
        home.run(&["explain", text, "--html", &file]).finish().code(code);
        let page = std::fs::read_to_string(&page).unwrap();
        for words in ["all passed", "exit code", "all is well"] {
            assert!(!page.contains(words), "{words} in {page}");
        }
    }
}

#[test]
fn a_class_name_is_no_sign_of_gmail() {
    let home = Home::without_key();
    for text in [
        "Exception: FooBadCredentialsException",
        "org.springframework.security.authentication.BadCredentialsException: no",
        "WebLoginRequiredError",
        "HttpTooManyRequestsException",
    ] {
        let found = home.run(&["--json", "explain", text]).finish().json()["explanations"][0].clone();
        let code = found["code"].as_str().unwrap();
        assert!(!code.starts_with("gmail-") && !code.starts_with("graph-"), "{text}: {found}");
    }
    let gmail = "535-5.7.8  https://support.google.com/mail/?p=BadCredentials 5b1f17b1804b1-gsmtp";
    let found = home.run(&["--json", "explain", gmail]).finish().code(0).json()["explanations"][0].clone();
    assert_eq!(found["code"], "gmail-smtp-bad-credentials");
}
