//! `add` at a terminal: it asks for all, takes a mistake for a mistake, and goes on.

use practice_tenant::browser::{self, Person};
use practice_tenant::world::{ALICE, CONFIDENTIAL_CLIENT, PUBLIC_CLIENT, SHOP};
use rexpect::session::PtySession;

use crate::support::canary;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::practice::fact;

pub(crate) fn terminal(shop: &Fixture, arguments: &[&str]) -> PtySession {
    spawned(shop, arguments, Some("vault"))
}

/// Where no variable names a store, and no session bus leads to a keyring.
fn without_store(shop: &Fixture, arguments: &[&str]) -> PtySession {
    spawned(shop, arguments, None)
}

fn spawned(shop: &Fixture, arguments: &[&str], store: Option<&str>) -> PtySession {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mailgrant"));
    command.env_clear().args(arguments).env("HOME", shop.path()).env("BROWSER", "true");
    command.envs(store.map(|store| ("MAILGRANT_STORE", store)));
    for (name, folder) in [("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state"), ("XDG_DATA_HOME", "data")] {
        command.env(name, shop.path().join(folder));
    }
    rexpect::session::spawn_command(command, Some(20_000)).unwrap()
}

/// Waits for `question`, then types `answer` and Enter.
pub(crate) fn answer(terminal: &mut PtySession, question: &str, answer: &str) {
    terminal.exp_string(question).unwrap();
    terminal.send(&format!("{answer}\r")).unwrap();
    terminal.flush().unwrap();
}

/// The exit code of the command on the terminal.
fn code(terminal: &PtySession) -> i32 {
    // The type of the status is not exported.
    let status = format!("{:?}", terminal.process().wait().unwrap());
    let code = status.trim_end_matches(')').rsplit(' ').next().unwrap();
    code.parse().unwrap_or_else(|_| panic!("{status}"))
}

/// The command line that the terminal has shown behind `lead`.
pub(crate) fn shown_command(said: &str, lead: &str) -> String {
    let line = said.split_once(lead).expect("a command line is shown").1.trim_start().lines().next().unwrap();
    line.trim().to_owned()
}

/// Runs a command line that mailgrant has shown, as a shell does.
pub(crate) fn run_shown(shop: &Fixture, line: &str) -> Finished {
    let line = line.replacen("mailgrant", "\"$0\" --json", 1);
    shop.run_script(&line, &[]).stdin(canary::CLIENT_SECRET).finish()
}

#[test]
fn mistakes_are_asked_about_again_and_the_day_is_asked_for() {
    let shop = Fixture::new();
    let mut terminal = terminal(&shop, &["add", "shop"]);
    answer(&mut terminal, "The mailbox's address", "shop");
    terminal.exp_string("has no @").unwrap();
    answer(&mut terminal, "The mailbox's address", SHOP);
    answer(&mut terminal, "Which provider", "");
    answer(&mut terminal, "Directory (tenant) ID", "contoso.example");
    answer(&mut terminal, "Application (client) ID", SHOP);
    answer(&mut terminal, "Use it all the same?", "n");
    answer(&mut terminal, "Application (client) ID", CONFIDENTIAL_CLIENT);
    answer(&mut terminal, "Does the app have a client secret? [Y/n]", "");
    answer(&mut terminal, "When does the secret expire", "soon");
    terminal.exp_string("is not a date").unwrap();
    answer(&mut terminal, "When does the secret expire", "20.05.2031");
    answer(&mut terminal, "How is its mail read", "");
    answer(&mut terminal, "How is its mail sent", "");
    answer(&mut terminal, "Client secret of app", "0f8fad5b-d9cb-469f-a165-70867728950e");
    terminal.exp_string("received 36 characters").unwrap();
    terminal.exp_string("This is the Secret ID").unwrap();
    answer(&mut terminal, "Use it all the same?", "n");
    answer(&mut terminal, "Client secret of app", "");
    terminal.exp_string("The client secret is empty").unwrap();
    answer(&mut terminal, "Client secret of app", canary::CLIENT_SECRET);
    let said = terminal.exp_string("Sign in now").unwrap();
    assert!(!said.contains(canary::CLIENT_SECRET), "{said}");
    let line = shown_command(&said, "The same as one command:");
    terminal.send("n\r").unwrap();
    terminal.flush().unwrap();
    terminal.exp_string("authorize shop").unwrap();
    terminal.exp_eof().unwrap();
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    assert!(profile.contains("2031-05-20") && profile.contains(CONFIDENTIAL_CLIENT), "{profile}");

    // The command line makes the same of another home.
    let other = Fixture::new();
    run_shown(&other, &line).code(0);
    assert_eq!(std::fs::read_to_string(other.config()).unwrap(), profile, "{line}");
}

#[test]
fn an_abort_at_any_question_changes_nothing_and_shows_the_answers_so_far() {
    let questions = [
        ("The mailbox's address", SHOP, ""),
        ("Number [1]", "1", "--address shop@contoso.example"),
        ("Directory (tenant) ID", "contoso.example", "--provider microsoft365"),
        ("Application (client) ID", CONFIDENTIAL_CLIENT, "--tenant contoso.example"),
        ("Does the app have a client secret?", "y", "--client-id"),
        ("When does the secret expire", "2031-05-20", "--client-id"),
        ("Number [1]", "2", "--expires 2031-05-20"),
        ("Number [1]", "1", "--expires 2031-05-20"),
        ("Client secret of app", "", "--incoming pop3 --outgoing smtp"),
    ];
    let shop = Fixture::new();
    let before = shop.files();
    for (at, (_, _, shown)) in questions.iter().enumerate() {
        let key = ["\u{4}", "\u{1b}", "\u{3}"][at % 3];
        let mut terminal = terminal(&shop, &["add", "shop"]);
        for (question, typed, _) in &questions[..at] {
            answer(&mut terminal, question, typed);
        }
        terminal.exp_string(questions[at].0).unwrap();
        terminal.send(key).unwrap();
        terminal.flush().unwrap();
        let said = terminal.exp_eof().unwrap();
        assert!(said.contains("Cancelled; nothing was changed."), "{at}: {said}");
        assert_eq!(code(&terminal), 130, "{at}");
        if at == 0 {
            assert!(!said.contains("To go on from here"), "nothing was answered: {said}");
        } else {
            let line = shown_command(&said, "To go on from here:");
            assert!(line.starts_with("mailgrant add shop ") && line.contains(shown), "{at}: {line}");
            assert!(line.ends_with("--secret-stdin"), "{at}: {line}");
            let ended = run_shown(&shop, &format!("{line} --expires nonsense"));
            assert!(ended.all_text().contains("--expires"), "{at}: the line is one that is understood: {line}");
        }
        assert!(shop.files() == before, "{at}: something has changed");
    }
}

#[test]
fn an_address_is_enough_and_gives_the_name_and_a_public_client_is_asked_for_no_secret() {
    let shop = Fixture::new();
    let mut terminal = terminal(&shop, &["add", SHOP]);
    terminal.exp_string("Its name in mailgrant is 'shop'.").unwrap();
    // A name chooses as well as a number does.
    answer(&mut terminal, "Number [1]", "outlook");
    answer(&mut terminal, "Application (client) ID", PUBLIC_CLIENT);
    answer(&mut terminal, "Does the app have a client secret?", "no");
    terminal.exp_string("How does it authenticate").unwrap();
    answer(&mut terminal, "Number [1]", "");
    answer(&mut terminal, "How is its mail read", "");
    answer(&mut terminal, "Number [1]", "not at all");
    let said = terminal.exp_string("Sign in now").unwrap();
    let line = shown_command(&said, "The same as one command:");
    assert!(line.contains("--credential none") && line.ends_with("--outgoing none"), "{line}");
    terminal.send("\u{4}").unwrap();
    terminal.flush().unwrap();
    let said = terminal.exp_eof().unwrap();
    assert!(said.contains("authorize shop") && !said.contains("Cancelled"), "it was added all the same: {said}");
    assert!(shop.json(&["list"], 0).stdout.contains(PUBLIC_CLIENT));
}

#[test]
fn after_add_the_mailbox_is_signed_in_and_tested() {
    let shop = Fixture::new();
    let arguments = shop.add_arguments("shop", &[("--secret-env", Some("X"))]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).take(arguments.len() - 2).collect();
    let mut terminal = terminal(&shop, &arguments);
    answer(&mut terminal, "Does the app have a client secret", "");
    answer(&mut terminal, "When does the secret expire", "");
    answer(&mut terminal, "Client secret of app", canary::CLIENT_SECRET);
    answer(&mut terminal, "Sign in now, as shop@contoso.example? [Y/n]", "");
    let (_, url) = terminal.exp_regex("https://localhost:[0-9]+/\\S+").unwrap();
    browser::sign_in(&url, shop.sandbox().ca_file(), &Person::SignsInAs(SHOP.to_owned())).unwrap();
    answer(&mut terminal, "Test it now? [Y/n]", "");
    let said = terminal.exp_eof().unwrap();
    assert!(said.contains("authorized"), "{said}");
    assert_eq!(code(&terminal), 0, "{said}");
    shop.json(&["test", "shop"], 0);
}

#[test]
fn a_second_mailbox_of_the_domain_is_offered_the_app_of_the_first() {
    let shop = Fixture::added();
    let mut terminal = terminal(&shop, &["add", ALICE]);
    answer(&mut terminal, "Sign in with app 'shop' (Microsoft 365), as mailbox 'shop' does? [Y/n]", "");
    answer(&mut terminal, "How is its mail read", "");
    answer(&mut terminal, "How is its mail sent", "");
    let line = shown_command(&terminal.exp_string("Sign in now").unwrap(), "The same as one command:");
    assert!(line.contains("--app shop") && !line.contains("--client-id") && !line.contains("--secret"), "{line}");
    terminal.send("n\r").unwrap();
    terminal.flush().unwrap();
    terminal.exp_eof().unwrap();
    assert_eq!(fact(&shop.json(&["show", "alice"], 0), "app"), "shop");
}

#[test]
fn an_app_with_the_client_id_is_offered_and_a_second_one_can_be_made() {
    for (typed, section) in [("", false), ("n", true)] {
        let shop = Fixture::added();
        let arguments = shop.add_arguments("alice", &[("--address", Some(ALICE)), ("--secret-env", Some("X"))]);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).take(arguments.len() - 2).collect();
        let mut terminal = terminal(&shop, &arguments);
        answer(&mut terminal, "App 'shop' has this client ID. Use it? [Y/n]", typed);
        if section {
            answer(&mut terminal, "Does the app have a client secret", "");
            answer(&mut terminal, "When does the secret expire", "");
            answer(&mut terminal, "Client secret of app 'alice'", canary::CLIENT_SECRET);
        }
        answer(&mut terminal, "Sign in now", "n");
        terminal.exp_string("authorize alice").unwrap();
        terminal.exp_eof().unwrap();
        let profile = std::fs::read_to_string(shop.config()).unwrap();
        assert_eq!(profile.contains("[apps.alice]"), section, "{profile}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn without_a_keyring_a_vault_is_offered_before_the_first_question_and_remembered() {
    let mut shop = Fixture::without_key();
    shop.unset("MAILGRANT_STORE");
    let mut terminal = without_store(&shop, &["add", "shop"]);
    answer(&mut terminal, "Keep the secrets in an encrypted vault file instead? [Y/n]", "n");
    let said = terminal.exp_eof().unwrap();
    assert!(said.contains("There is no keyring on this machine") && !said.contains("mailbox's"), "{said}");
    assert!(!shop.vault_key().exists());
    let mut terminal = without_store(&shop, &["add", "shop"]);
    answer(&mut terminal, "Keep the secrets in an encrypted vault file instead? [Y/n]", "");
    terminal.exp_string("The mailbox's address").unwrap();
    terminal.send("\u{4}").unwrap();
    terminal.flush().unwrap();
    let said = terminal.exp_eof().unwrap();
    assert!(said.contains("nothing was changed but that the vault has a key now"), "{said}");
    std::fs::remove_file(shop.vault_key()).unwrap();

    let arguments = shop.add_arguments("shop", &[("--secret-env", Some("X"))]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).take(arguments.len() - 2).collect();
    let mut terminal = without_store(&shop, &arguments);
    answer(&mut terminal, "Keep the secrets in an encrypted vault file instead? [Y/n]", "");
    terminal.exp_string("The vault's key is").unwrap();
    answer(&mut terminal, "Does the app have a client secret", "");
    answer(&mut terminal, "When does the secret expire", "");
    answer(&mut terminal, "Client secret of app", canary::CLIENT_SECRET);
    answer(&mut terminal, "Sign in now", "n");
    terminal.exp_eof().unwrap();
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    assert!(profile.contains("[secrets]\nstore = \"vault\"\n"), "{profile}");
    // Later commands need no flag.
    shop.authorize_as("shop", SHOP).code(0);
    shop.json(&["test", "shop"], 0);
}

#[test]
#[cfg(target_os = "linux")]
fn a_store_that_the_command_line_names_is_noted_in_a_new_profile() {
    let mut shop = Fixture::new();
    shop.unset("MAILGRANT_STORE");
    shop.add("shop", &[("--store", Some("vault"))]).finish().code(0);
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    assert!(profile.contains("store = \"vault\""), "{profile}");
    shop.authorize_as("shop", SHOP).code(0);
    shop.json(&["test", "shop"], 0);
    // A profile that does not say it: the vault is named where there is no keyring.
    shop.write_config(&profile.replace("store = \"vault\"", ""));
    let told = shop.json(&["status"], 5);
    assert!(told.stdout.contains("vault.age.d. If this profile's secrets are in it"), "{}", told.stdout);
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
fn mailgrant_alone_offers_the_next_step() {
    let shop = Fixture::new();
    // The first mailbox: it goes on as `add` does.
    let mut terminal = terminal(&shop, &[]);
    terminal.exp_string("No mailbox is set up yet").unwrap();
    terminal.exp_string("mailgrant practice").unwrap();
    answer(&mut terminal, "The mailbox's address", SHOP);
    terminal.exp_string("Number [1]").unwrap();
    terminal.send("\u{4}").unwrap();
    terminal.flush().unwrap();
    let said = terminal.exp_eof().unwrap();
    assert!(said.contains("mailgrant add shop --address shop@contoso.example"), "{said}");

    shop.add("shop", &[("--expires", Some("2031-05-20"))]).finish().code(0);
    let mut terminal = self::terminal(&shop, &[]);
    terminal.exp_string("shop@contoso.example is set up, and not signed in.").unwrap();
    answer(&mut terminal, "Sign in now, as shop@contoso.example? [Y/n]", "n");
    assert!(terminal.exp_eof().unwrap().contains("mailgrant authorize shop"));

    shop.authorize_as("shop", SHOP).code(0);
    let mut terminal = self::terminal(&shop, &[]);
    terminal.exp_string("shop@contoso.example is signed in, and has not been tested yet.").unwrap();
    answer(&mut terminal, "Test it now? [Y/n]", "");
    terminal.exp_eof().unwrap();
    assert_eq!(code(&terminal), 0);

    let mut terminal = self::terminal(&shop, &[]);
    let said = terminal.exp_eof().unwrap();
    assert!(said.contains("All mailboxes are signed in") && said.contains("mailgrant status"), "{said}");
    shop.add("shop", &[("--expires", Some("2020-01-01")), ("--force", Some(""))]).finish().code(0);
    let mut terminal = self::terminal(&shop, &[]);
    let said = terminal.exp_eof().unwrap();
    assert!(said.contains("mailgrant rotate-secret shop --expires DATE"), "{said}");
}

#[test]
fn mailgrant_alone_without_a_terminal_names_the_usual_commands() {
    let shop = Fixture::added();
    let alone = shop.run(&[]).finish().code(2);
    for command in ["mailgrant add ADDRESS", "mailgrant authorize NAME", "mailgrant test NAME", "mailgrant --help"] {
        assert!(alone.stderr.contains(command), "{}", alone.stderr);
    }
    assert_eq!(shop.json(&[], 2).json()["error"]["code"], "usage");
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
