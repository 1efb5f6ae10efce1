//! `explain`: every example of the catalogue, and the same answers as real servers, logs and people send them.

use std::collections::BTreeSet;

use mailgrant::diagnosis::{catalogue, explain};
use mailgrant::report::{Document, View, format};
use serde::Deserialize;
use serde_json::Value;

use crate::support::canary;
use crate::support::fixture::Fixture;

/// An answer in another form than the catalogue's example.
#[derive(Deserialize)]
struct Variant {
    id: String,
    how: String,
    text: String,
}

#[derive(Deserialize)]
struct VariantFile {
    variant: Vec<Variant>,
}

fn variants() -> Vec<Variant> {
    let files = [
        include_str!("explain/10-microsoft-sign-in.toml"),
        include_str!("explain/11-microsoft-sign-in.toml"),
        include_str!("explain/20-other.toml"),
        include_str!("explain/40-mail.toml"),
        include_str!("explain/80-machine.toml"),
    ];
    files.iter().flat_map(|text| toml::from_str::<VariantFile>(text).unwrap().variant).collect()
}

fn explained(home: &Fixture, text: &str) -> Value {
    let finished = home.run(&["--json", "explain"]).stdin(text).finish();
    let found = finished.json()["explanations"][0].clone();
    let is_known = found["code"] != "not-in-catalogue";
    finished.code(i32::from(!is_known));
    found
}

/// Insists that each text resolves to the entry beside it: all of them by the library, and some, spread over all, by the
/// binary, which reads them from its standard input.
fn insist(cases: &[(String, String, String)]) {
    let resolved = |text: &str| {
        let found = explain::entry(text.trim())
            .unwrap_or_else(|| explain::explain(text, catalogue::Hint::default()).swap_remove(0));
        found.finding.code.to_string()
    };
    let wrong = |id: &str, how: &str, code: &str| (id != code).then(|| format!("{id} ({how}) resolves to {code}"));
    let all = cases.iter().filter_map(|(id, how, text)| wrong(id, how, &resolved(text)));
    let home = Fixture::without_key();
    let some = cases.iter().step_by(cases.len() / 6).filter_map(|(id, how, text)| {
        let code = explained(&home, text)["code"].as_str().unwrap_or_default().to_owned();
        wrong(id, &format!("{how}, to the binary"), &code)
    });
    let wrong: Vec<String> = all.chain(some).collect();
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), cases.len());
}

#[test]
fn every_example_of_the_catalogue_resolves_to_its_own_entry() {
    let example =
        |entry: &catalogue::Entry| Some((entry.id.to_string(), "its example".to_owned(), entry.example.clone()?));
    let cases: Vec<_> = catalogue::entries().iter().filter_map(example).collect();
    assert!(cases.len() > 220, "only {} examples", cases.len());
    insist(&cases);
}

#[test]
fn the_same_answers_resolve_as_servers_logs_and_people_send_them() {
    let cases: Vec<_> = variants().into_iter().map(|variant| (variant.id, variant.how, variant.text)).collect();
    assert!(cases.len() >= 150, "only {} variants", cases.len());
    let known: BTreeSet<&str> = catalogue::entries().iter().map(|entry| entry.id.as_str()).collect();
    assert!(cases.iter().all(|(id, ..)| known.contains(id.as_str())));
    insist(&cases);
}

#[test]
fn an_answer_is_explained_for_people_without_a_profile() {
    let home = Fixture::without_key();
    let text = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.";
    let shown = home.run(&["explain", text]).finish().code(0).stdout;
    for words in
        ["Microsoft 365, SMTP", "Manage email apps", "[exo-smtp-auth-disabled-mailbox]", "how sure: documented"]
    {
        assert!(shown.contains(words), "{words} in {shown}");
    }
    assert!(!shown.contains('{'), "{shown}");
    assert!(home.files().is_empty(), "nothing was written");
}

#[test]
fn a_code_is_looked_up_and_all_are_listed() {
    let home = Fixture::without_key();
    let shown = home.run(&["explain", "ms-redirect-uri-mismatch"]).finish().code(0).stdout;
    assert!(shown.contains("as in: AADSTS50011"), "{shown}");
    // What mailgrant itself notices has a code as well.
    let own = home.run(&["explain", "keyring-absent"]).finish().code(0).stdout;
    assert!(own.contains("--store vault"), "{own}");
    let unknown = home.run(&["explain", "exo-smtp-auth-disabled-nowhere"]).finish().code(1).stderr;
    assert!(unknown.contains("exo-smtp-auth-disabled-tenant"), "{unknown}");
    let list = home.run(&["explain", "--list"]).finish().code(0).stdout;
    assert_eq!(list.lines().count(), catalogue::entries().len());
    let only = home.run(&["explain", "--list", "--provider", "google", "--stage", "imap"]).finish().code(0).stdout;
    assert!(only.lines().count() > 3 && only.lines().all(|line| line.starts_with("gmail-")), "{only}");
}

#[test]
fn an_unknown_answer_is_said_to_be_unknown() {
    let found = explained(&Fixture::without_key(), "559 5.9.9 The moon is in the wrong place");
    assert_eq!(found["code"], "not-in-catalogue");
    assert_eq!(found["stage"], "SMTP");
    assert!(found["fix"].as_array().unwrap().len() > 1);
}

#[test]
fn nothing_to_explain_is_a_mistake_of_usage() {
    let home = Fixture::without_key();
    home.run(&["explain"]).stdin("").finish().code(2);
    home.run(&["explain", "  "]).finish().code(2);
    home.run(&["explain", "x", "--list"]).finish().code(2);
}

#[test]
fn a_logs_line_is_shown_again_without_its_secrets_and_without_its_escapes() {
    let home = Fixture::without_key();
    let secret = "eyJ0eXAiOiJKV1QiLCJub25jZSI6ImNhbmFyeS1jYW5hcnktY2FuYXJ5In0.eyJhdWQiOiJjYW5hcnktY2FuYXJ5LWNhbmFyeSJ9.c2lnbmF0dXJlLWNhbmFyeS1jYW5hcnk";
    let sasl = "dXNlcj1zaG9wQGNvbnRvc28uY29tAWF1dGg9QmVhcmVyIGNhbmFyeS10b2tlbi1jYW5hcnktdG9rZW4tMQEB";
    let log = format!(
        "12:00 C: AUTH XOAUTH2 {sasl}\n12:00 \u{1b}]8;;http://evil\u{7}\u{1b}[31mS: 535 5.7.3 Authentication unsuccessful \
         [AM0PR01.eurprd01.prod.outlook.com] Bearer {secret} client_secret={secret}\u{1b}[0m\u{202e}\n12:01 done\n"
    );
    for how in [&["explain"][..], &["--json", "explain"], &["-v", "explain"]] {
        let finished = home.run(how).stdin(&log).finish().code(0);
        let shown = finished.all_text();
        assert!(shown.contains("exo-smtp-5-7-3") && shown.contains("Authentication unsuccessful"), "{shown}");
        assert_eq!(
            canary::find("the output", shown.as_bytes(), &[secret.to_owned(), sasl.to_owned()]),
            Vec::<String>::new()
        );
        assert!(!shown.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{shown:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_text_without_an_end_is_not_waited_for() {
    let home = Fixture::without_key();
    // `timeout` would end it with 124.
    let endless = "yes 'AADSTS7000222: expired' | timeout 30 \"$0\" explain; exit";
    let finished = home.run_script(endless, &[]).finish().code(0);
    assert!(
        finished.stdout.contains("ms-secret-expired") && finished.stdout.contains("first megabyte"),
        "{}",
        finished.stdout
    );
}

#[test]
fn anything_up_to_a_megabyte_is_taken() {
    let home = Fixture::without_key();
    let answer = "535 5.7.3 Authentication unsuccessful";
    let binary: Vec<u8> = (0..900_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let noise = String::from_utf8_lossy(&binary[..300_000]).into_owned();
    for (name, text) in [
        ("one huge line", format!("{}{answer}{}", "x ".repeat(200_000), " y".repeat(200_000))),
        ("many lines", format!("{}{answer}\n{}", "nothing here\n".repeat(30_000), "nor here\n".repeat(30_000))),
        ("noise around it", format!("{noise}\n{answer}\n")),
        ("a page", format!("<html><style>{}</style><body><p>{answer}</p></body></html>", "a{b:c}".repeat(50_000))),
    ] {
        let found = explained(&home, &text);
        assert_eq!(found["code"], "exo-smtp-5-7-3", "{name}");
    }
    let more = home.run(&["explain"]).stdin(&format!("{answer}\n{}", "z".repeat(1_200_000))).finish().code(0);
    assert!(more.stdout.contains("Only the first megabyte"), "{}", more.stdout);
}

#[test]
fn what_a_text_names_is_filled_in() {
    let home = Fixture::without_key();
    let text = "AADSTS700016: Application with identifier '11111111-2222-3333-4444-555555555555' was not found in the directory \
                'Contoso'. Trace ID: aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee Correlation ID: 0a0a0a0a-0b0b-0c0c-0d0d-0e0e0e0e0e0e \
                Timestamp: 2026-11-22 00:00:00Z";
    let found = explained(&home, text);
    assert_eq!(found["code"], "ms-app-not-found");
    let cause = found["cause"].as_str().unwrap();
    assert!(cause.contains("Contoso") && !cause.contains("<tenant>"), "{cause}");
    assert_eq!(found["support"]["correlation_id"], "0a0a0a0a-0b0b-0c0c-0d0d-0e0e0e0e0e0e");
    assert_eq!(found["support"]["time"], "2026-11-22 00:00:00Z");
    let shown = home.run(&["explain", text]).finish().code(0).stdout;
    assert!(shown.contains("Tell Microsoft's support: correlation ID 0a0a0a0a"), "{shown}");
}

#[test]
fn what_nothing_knows_is_left_open_in_angle_brackets() {
    let home = Fixture::without_key();
    let text = "AADSTS65001: The user or administrator has not consented to use the application";
    let shown = home.run(&["explain", text]).finish().code(0).stdout;
    assert!(shown.contains("<client ID>"), "{shown}");
    assert!(!shown.contains("CLIENT_ID") && !shown.contains("TENANT"), "{shown}");
    // Without a profile there is no mailbox to test.
    assert!(!shown.contains("Run: mailgrant"), "{shown}");
    let text = "535 5.7.3 Authentication unsuccessful [AM0PR01.eurprd01.prod.outlook.com]";
    let with = home.run(&["explain", "--address", "shop@contoso.com", text]).finish().code(0).stdout;
    assert!(with.contains("shop@contoso.com"), "{with}");
}

#[test]
fn a_mailbox_of_the_profile_gives_provider_and_values_and_nothing_is_asked() {
    let home = Fixture::without_key();
    home.write_config(
        "[apps.contoso]\nprovider = \"microsoft365\"\ntenant = \"contoso.onmicrosoft.com\"\n\
         client_id = \"11111111-2222-3333-4444-555555555555\"\n\n\
         [mailboxes.shop]\napp = \"contoso\"\naddress = \"shop@contoso.com\"\nincoming = { protocol = \"imap\" }\n",
    );
    for name in ["shop", "shop@contoso.com"] {
        let shown = home.run(&["explain", "--for", name, "a1 NO AUTHENTICATE failed."]).finish().code(0).stdout;
        assert!(shown.contains("exo-imap-authenticate-failed") && shown.contains("shop"), "{shown}");
        assert!(!shown.contains('<'), "{shown}");
    }
    let unknown = home.run(&["explain", "--for", "unheard-of", "a1 NO AUTHENTICATE failed."]).finish().code(3).stderr;
    assert!(unknown.contains("shop"), "{unknown}");
}

#[test]
fn the_problems_of_a_log_come_in_the_order_of_causality_each_with_its_line() {
    let home = Fixture::without_key();
    let log = "10:00:01 connect to outlook.office365.com port 993\n\
               10:00:02 550 5.1.1 <other@example.org>: Recipient address rejected: User unknown\n\
               10:00:03 535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.\n\
               10:00:04 AADSTS7000222: The provided client secret keys for app '11111111-2222-3333-4444-555555555555' are expired.\n";
    let found = home.run(&["--json", "explain"]).stdin(log).finish().code(0).json();
    let first = &found["explanations"][0];
    assert_eq!((first["code"].as_str(), first["line"].as_u64()), (Some("ms-secret-expired"), Some(4)), "{found}");
    let shown = home.run(&["explain"]).stdin(log).finish().code(0).stdout;
    assert!(shown.contains("problems in this text. Begin with the first."), "{shown}");
    assert!(shown.contains("line 4: 10:00:04 AADSTS7000222") && shown.contains("1. Microsoft 365"), "{shown}");
    // Whom a message was for is not the mailbox.
    assert!(!shown.contains("-Identity other@example.org"), "{shown}");
}

#[test]
fn one_problem_fits_on_a_screen() {
    let view = View { width: Some(80), unicode: true, ..View::default() };
    let long = |entry: &catalogue::Entry| {
        let mut document = Document::new("explain");
        document.explanations = explain::explain(entry.example.as_deref()?, catalogue::Hint::default());
        document.explanations.truncate(1);
        let mut out = Vec::new();
        format::TEXT.write(&document, &view, &mut out).unwrap();
        let lines = out.iter().filter(|byte| **byte == b'\n').count();
        (lines > 24).then(|| format!("{} {lines}", entry.id))
    };
    let long: Vec<String> = catalogue::entries().iter().filter_map(long).collect();
    assert!(long.is_empty(), "{} are longer: {long:#?}", long.len());
}
