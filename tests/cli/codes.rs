//! Every code that a command can print can be looked up, and what is looked up is told as an explanation, not as a test.

use mailgrant::diagnosis::explain;
use mailgrant::report::FindingCode;
use mailgrant::text::Shown;

use crate::support::fixture::Fixture;

/// A command can print no other code: each is a constant that the catalogue's entries are made into.
#[test]
fn every_code_can_be_looked_up() {
    for code in FindingCode::ALL {
        let found = explain::entry(code.as_str()).unwrap_or_else(|| panic!("{code} has no entry"));
        assert_eq!(found.finding.code, *code);
        let text = format!("{} {}", found.finding.cause, Shown::join(&found.finding.fix, " "));
        let is_filled = !text.split('{').skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
        assert!(is_filled && !found.finding.fix.is_empty(), "{code}: {text}");
    }
}

/// A fault has one code: what it was called before leads to it.
#[test]
fn an_earlier_name_leads_to_the_code_that_commands_print() {
    for (earlier, code) in [
        ("net-dns-not-found", FindingCode::NAME_NOT_FOUND),
        ("net-timeout", FindingCode::TIMED_OUT),
        ("net-connection-refused", FindingCode::CONNECTION_REFUSED),
        ("tls-cert-expired", FindingCode::TLS_EXPIRED),
        ("tls-starttls-missing", FindingCode::STARTTLS_NOT_OFFERED),
        ("keyring-no-secret-service", FindingCode::KEYRING_ABSENT),
        ("local-no-refresh-token", FindingCode::NO_REFRESH_TOKEN),
        ("smtp-auth-not-offered", FindingCode::MECHANISM_NOT_OFFERED),
        ("imap-xoauth2-not-offered", FindingCode::MECHANISM_NOT_OFFERED),
        ("pop3-xoauth2-not-offered", FindingCode::MECHANISM_NOT_OFFERED),
        ("tls-handshake-failure", FindingCode::TLS_FAILED),
        ("local-state-mismatch", FindingCode::CALLBACK_OTHER_STATE),
        ("local-scope-not-granted", FindingCode::SCOPES_NOT_GRANTED),
        ("local-clock-skew", FindingCode::CLOCK_OFF),
        ("local-wrong-account", FindingCode::OTHER_ACCOUNT_SIGNED_IN),
    ] {
        assert_eq!(explain::entry(earlier).unwrap().finding.code, code, "{earlier}");
        assert!(!FindingCode::ALL.iter().any(|known| known.as_str() == earlier), "{earlier}");
    }
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
    let home = Fixture::without_key();
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
    let home = Fixture::without_key();
    home.run(&["explain", "the moon is in the wrong place"]).finish().code(1);
    home.run(&["explain"]).stdin("559 5.9.9 not known at all\n").finish().code(1);
    home.run(&["explain", "no-such-code"]).finish().code(1);
    home.run(&["explain", "535 5.7.3 Authentication unsuccessful"]).finish().code(0);
    home.run(&["explain", "--list"]).finish().code(0);
}

#[test]
fn the_page_of_an_explanation_claims_no_test() {
    let home = Fixture::without_key();
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
fn a_class_name_is_not_taken_for_gmail() {
    let home = Fixture::without_key();
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
