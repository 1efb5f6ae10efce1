//! `add` at a terminal: it asks for all, takes a mistake for a mistake, and goes on.

use practice_tenant::world::{ALICE, CONFIDENTIAL_CLIENT, SHOP};
use rexpect::session::PtySession;

use crate::support::canary;
use crate::support::fixture::Fixture;

fn terminal(shop: &Fixture, arguments: &[&str]) -> PtySession {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mailgrant"));
    command.env_clear().args(arguments).env("HOME", shop.path()).env("MAILGRANT_STORE", "vault");
    for (name, folder) in [("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state"), ("XDG_DATA_HOME", "data")] {
        command.env(name, shop.path().join(folder));
    }
    rexpect::session::spawn_command(command, Some(20_000)).unwrap()
}

/// Waits for `question`, then types `answer` and Enter.
fn answer(terminal: &mut PtySession, question: &str, answer: &str) {
    terminal.exp_string(question).unwrap();
    terminal.send(&format!("{answer}\r")).unwrap();
    terminal.flush().unwrap();
}

#[test]
fn mistakes_are_asked_about_again_and_the_day_is_asked_for() {
    let shop = Fixture::new();
    let mut terminal = terminal(&shop, &["add", "shop"]);
    answer(&mut terminal, "Which provider", "");
    answer(&mut terminal, "Directory (tenant) ID", "contoso.example");
    answer(&mut terminal, "Application (client) ID", SHOP);
    answer(&mut terminal, "Use it all the same?", "n");
    answer(&mut terminal, "Application (client) ID", CONFIDENTIAL_CLIENT);
    answer(&mut terminal, "Does the app have a client secret", "");
    answer(&mut terminal, "When does the secret expire", "soon");
    terminal.exp_string("is not a date").unwrap();
    terminal.send("\u{15}20.05.2031\r").unwrap();
    terminal.flush().unwrap();
    answer(&mut terminal, "The mailbox's address", SHOP);
    answer(&mut terminal, "How is its mail read", "");
    answer(&mut terminal, "How is its mail sent", "");
    answer(&mut terminal, "Client secret of app", "0f8fad5b-d9cb-469f-a165-70867728950e");
    terminal.exp_string("This is the Secret ID").unwrap();
    answer(&mut terminal, "Use it all the same?", "n");
    answer(&mut terminal, "Client secret of app", "");
    terminal.exp_string("The client secret is empty").unwrap();
    answer(&mut terminal, "Client secret of app", canary::CLIENT_SECRET);
    terminal.exp_string("authorize shop").unwrap();
    terminal.exp_eof().unwrap();
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    assert!(profile.contains("2031-05-20") && profile.contains(CONFIDENTIAL_CLIENT), "{profile}");
}

#[test]
fn an_app_with_the_client_id_is_offered_and_a_second_one_can_be_made() {
    for (key, section) in [("", false), ("\u{1b}[B", true)] {
        let shop = Fixture::added();
        let arguments = shop.add_arguments("alice", &[("--address", Some(ALICE)), ("--secret-env", Some("X"))]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).take(arguments.len() - 2).collect();
        let mut terminal = terminal(&shop, &arguments);
        terminal.exp_string("App 'shop' has this client ID").unwrap();
        terminal.send(&format!("{key}\r")).unwrap();
        terminal.flush().unwrap();
        if section {
            answer(&mut terminal, "Does the app have a client secret", "");
            answer(&mut terminal, "When does the secret expire", "");
            answer(&mut terminal, "Client secret of app 'alice'", canary::CLIENT_SECRET);
        }
        terminal.exp_string("authorize alice").unwrap();
        terminal.exp_eof().unwrap();
        let profile = std::fs::read_to_string(shop.config()).unwrap();
        assert_eq!(profile.contains("[apps.alice]"), section, "{profile}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_keyring_that_is_absent_is_told_before_the_first_question() {
    let shop = Fixture::new();
    // No session bus, so no keyring.
    let mut terminal = terminal(&shop, &["--store", "keyring", "add", "shop"]);
    let said = terminal.exp_eof().unwrap();
    assert!(said.contains("There is no keyring on this machine") && !said.contains("Which provider"), "{said}");
}

#[test]
fn a_second_mailbox_with_one_address_is_asked_about() {
    let shop = Fixture::added();
    let before = shop.files();
    let arguments = shop.add_arguments("again", &[("--app", Some("shop")), ("--secret-env", Some("X"))]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).take(arguments.len() - 2).collect();
    let mut terminal = terminal(&shop, &arguments);
    answer(&mut terminal, "Add it a second time?", "n");
    terminal.exp_string("Cancelled; nothing was changed.").unwrap();
    terminal.exp_eof().unwrap();
    assert!(shop.files() == before, "something has changed");
}
