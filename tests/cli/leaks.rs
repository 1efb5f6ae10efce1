//! No secret leaves: not in what is shown, not in files, not in what other processes can see.

mod machines;
#[cfg(target_os = "linux")]
mod processes;

use clap::CommandFactory as _;

use crate::ladder;
use crate::rotate_issue::{GRAPH, OWNED_BY, admin_token};
use crate::sandbox::browser::{self, Person};
use crate::sandbox::faults::Fault;
use crate::sandbox::world::{ALICE, SHOP};
use crate::support::canary::{CLIENT_SECRET, NEXT_CLIENT_SECRET, Nose};
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::practice::ALWAYS_STALE;
use crate::support::process::Run;

/// Quiet and chatty, for people and for programs.
const ALL_WAYS: [&[&str]; 4] = [&[], &["-v"], &["--json"], &["-v", "--json"]];
/// What says most.
const CHATTY: [&[&str]; 2] = [&["-v"], &["-v", "--json"]];

/// Everything that was shown, and where.
struct Shown<'a> {
    shop: &'a Fixture,
    key: String,
    texts: Vec<(String, String)>,
}

impl<'a> Shown<'a> {
    fn new(shop: &'a Fixture) -> Self {
        Self { shop, key: vault_key(shop), texts: Vec::new() }
    }

    fn add(&mut self, finished: Finished) {
        self.texts.push((format!("stdout of {}", finished.shown), finished.stdout));
        self.texts.push((format!("stderr of {}", finished.shown), finished.stderr));
    }

    /// A command whose environment holds all that a careless person puts there.
    fn command(&self, arguments: &[&str]) -> Run {
        with_secrets_around(self.shop.run(arguments), &self.key)
    }

    /// Runs the command in several ways of showing.
    fn run(&mut self, ways: &[&[&str]], arguments: &[&str], stdin: &str) {
        for way in ways {
            let finished = self.command(&[way, arguments].concat()).stdin(stdin).finish();
            self.add(finished);
        }
    }

    fn authorize(&mut self, way: &[&str], user: &str) {
        let mut running = self.command(&[way, &["authorize", "shop"]].concat()).start();
        let url = running.authorization_url();
        browser::sign_in(&url, self.shop.sandbox().ca_file(), &Person::SignsInAs(user.to_owned())).unwrap();
        self.add(running.finish());
    }

    /// `token` and `credential` show one secret on purpose, on standard output, and only there.
    fn token(&mut self, way: &[&str]) {
        let asked = "protocol=smtp\nhost=localhost\n\n";
        for (arguments, stdin) in [(&["token", "shop"][..], ""), (&["credential", "get"], asked)] {
            let finished = self.command(&[way, arguments].concat()).stdin(stdin).finish().code(0);
            self.texts.push((format!("stderr of {}", finished.shown), finished.stderr));
        }
    }
}

fn with_secrets_around(run: Run, key: &str) -> Run {
    run.env("MAILGRANT_VAULT_KEY", key).env("PRACTICE", CLIENT_SECRET).env("OTHER", NEXT_CLIENT_SECRET)
}

fn vault_key(fixture: &Fixture) -> String {
    let text = std::fs::read_to_string(fixture.vault_key()).unwrap();
    text.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).unwrap().to_owned()
}

/// Everything that can be refused, is; at the end all is well again.
fn go_wrong(shown: &mut Shown<'_>) {
    let sandbox = shown.shop.sandbox();
    sandbox.switch_on(Fault::AccessTokensExpired);
    for mechanism in ["xoauth2", "oauthbearer"] {
        shown.run(&CHATTY, &["test-mailbox", "shop", "--mechanism", mechanism], "");
        shown.run(&CHATTY, &["test-smtp", "shop", "--mechanism", mechanism], "");
    }
    sandbox.switch_off(Fault::AccessTokensExpired);
    let rotate = ["rotate-secret", "shop", "--secret-stdin", "--wait-propagation", "0"];
    shown.run(&CHATTY, &rotate, NEXT_CLIENT_SECRET);
    sandbox.add_client_secret(NEXT_CLIENT_SECRET);
    shown.run(&ALL_WAYS, &rotate, NEXT_CLIENT_SECRET);
    sandbox.remove_client_secret(NEXT_CLIENT_SECRET);
    shown.run(&CHATTY, &["test-mailbox", "shop"], "");
    // Once only: a second time would bring the secret back that is gone.
    let back = shown.command(&["-v", "rotate-secret", "shop", "--rollback"]).finish().code(0);
    shown.add(back);
    sandbox.revoke_refresh_tokens(SHOP);
    shown.run(&CHATTY, &["test-mailbox", "shop"], "");
    let refused = shown.command(&["-v", "token", "shop"]).finish();
    assert_eq!(refused.stdout, "");
    shown.add(refused);
    shown.authorize(&["-v"], SHOP);
}

/// Secrets are issued by the directory: on the app's own word and on an administrator's, refused and granted.
fn issue(shown: &mut Shown<'_>, admin_token: &str) {
    let sandbox = shown.shop.sandbox();
    let issue = ["rotate-secret", "shop", "--issue", "--keep-old", "0", "--wait-propagation", "20"];
    shown.run(&CHATTY, &issue, "");
    shown.run(&CHATTY, &[&issue[..], &["--admin-token-stdin"]].concat(), admin_token);
    sandbox.consent(GRAPH, OWNED_BY);
    shown.run(&CHATTY, &[&issue[..], &["--dry-run"]].concat(), "");
    shown.run(&ALL_WAYS, &["status", "--ask"], "");
    shown.run(&ALL_WAYS, &["status", "--ask", "--admin-token-stdin"], admin_token);
    shown.run(&CHATTY, &["status", "--ics", "-"], "");
    shown.run(&ALL_WAYS, &issue, "");
    let before = sandbox.counters().passwords_added;
    assert!(before >= 6, "only {before} secrets were issued");
}

/// An administrator's tokens read what is set up for an app, and are refused.
fn read_the_tenant(shown: &mut Shown<'_>) {
    let shop = shown.shop;
    let api = shop.sandbox().api_base();
    let alone = [("--app", Some("alone")), ("--access", Some("app")), ("--api-url", Some(api.as_str()))];
    shop.add("alone", &alone).finish().code(0);
    let tokens = ladder::tokens(shop);
    for fault in [None, Some("exchange-admin-role-missing"), Some("directory-not-permitted")] {
        fault.iter().for_each(|fault| shop.sandbox().switch_on(Fault::named(fault)));
        for verb in ["guide", "test"] {
            shown.run(&ALL_WAYS, &[verb, "alone", "--admin-token-stdin"], &tokens);
        }
        fault.iter().for_each(|fault| shop.sandbox().switch_off(Fault::named(fault)));
    }
    shown.run(&CHATTY, &["remove", "alone", "--yes"], "");
}

#[test]
fn no_command_shows_or_writes_a_secret() {
    let shop = Fixture::new();
    shop.add("shop", &[("--api-url", Some(&shop.sandbox().api_base()))]).finish().code(0);
    let mut shown = Shown::new(&shop);
    let add = shop.add_arguments("shop", &[]);
    shown.run(&ALL_WAYS, &add.iter().map(String::as_str).collect::<Vec<_>>(), CLIENT_SECRET);
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shown.authorize(&["-v"], ALICE);
    for way in ALL_WAYS {
        shown.authorize(way, SHOP);
        shown.token(way);
    }
    shop.sandbox().consent_for_users("https://graph.microsoft.com/Mail.ReadBasic");
    for arguments in [
        &["list"][..],
        &["show", "shop"],
        &["open", "shop", "secrets", "--print"],
        &["guide", "shop"],
        &["status"],
        &["inspect", "shop"],
        &["inspect", "shop", "--offline"],
        &["test", "shop"],
        &["test", "shop", "--all-protocols"],
        &["doctor"],
        &["explain", "535 5.7.3 Authentication unsuccessful"],
        &["test-mailbox", "shop", "--latest", "2"],
        &["test-mailbox", "shop", "--mechanism", "oauthbearer"],
        &["test-smtp", "shop", "--to", SHOP, "--wait-arrival=20"],
        &["test-smtp", "shop", "--mechanism", "oauthbearer"],
        &["snippet", "msmtp", "shop"],
        &["credential", "erase"],
        &["new-certificate", "shop", "--key", "ec"],
        &["completions", "bash"],
        &["man", "test"],
        &["schema"],
        &["report", "merge", "no-such.json"],
        &["store", "list"],
        &["store", "export", "handed.txt"],
        &["store", "migrate", "vault", "env"],
        // Refused: the key is there already.
        &["new-vault-key"],
        #[cfg(feature = "practice")]
        &["practice", "--list-faults"],
        #[cfg(feature = "practice")]
        &["practice", "--env-file", "practice.env", "--timeout", "1"],
        &["remove", "absent", "--yes"],
        &["no-such-command", "shop"],
        &["--help"],
    ] {
        shown.run(&ALL_WAYS, arguments, "");
    }
    let apply = ["apply", "-", "--secret-env", "shop=PRACTICE"];
    shown.run(&ALL_WAYS, &apply, "[mailboxes.shop]\nenabled = true\n");
    shown.run(&ALL_WAYS, &apply, &format!("name,client_secret\nshop,{CLIENT_SECRET}\n"));
    for verb in verbs() {
        shown.run(&[&["-v"]], &[&verb, "--help"], "");
    }
    // What goes wrong is where secrets get out: refused tokens, refused secrets, lost grants, and servers that repeat
    // what they were sent.
    go_wrong(&mut shown);
    shop.sandbox().switch_on(Fault::RefusalsEcho);
    go_wrong(&mut shown);
    let admin_token = admin_token(&shop, "Application.ReadWrite.All");
    issue(&mut shown, &admin_token);
    read_the_tenant(&mut shown);
    // As long as they are stored.
    let files = shop.files();
    for way in ALL_WAYS {
        shown.run(&[way], &["remove", "shop", "--yes"], "");
        shown.run(&[way], &add.iter().map(String::as_str).collect::<Vec<_>>(), CLIENT_SECRET);
    }

    let mut secrets = shop.sandbox().issued_tokens();
    assert!(secrets.len() > 40, "only {} tokens were issued", secrets.len());
    secrets.extend([CLIENT_SECRET, NEXT_CLIENT_SECRET].map(str::to_owned));
    let (key_file, key) = (shop.vault_key(), shown.key.clone());
    let (nose, nose_for_key) = (Nose::new(&secrets), Nose::new(&[key]));
    let mut found = Vec::new();
    for (place, text) in &shown.texts {
        found.extend(nose.find(place, text.as_bytes()));
        found.extend(nose_for_key.find(place, text.as_bytes()));
    }
    for (path, bytes) in files.into_iter().chain(shop.files()) {
        found.extend(nose.find(&path.display().to_string(), &bytes));
        if path != key_file {
            found.extend(nose_for_key.find(&path.display().to_string(), &bytes));
        }
    }
    assert_eq!(found, Vec::<String>::new());
    assert!(shown.texts.iter().any(|(_, text)| text.contains("AUTHENTICATE")), "-v shows the conversation");
    for verb in verbs() {
        let is_shown = |place: &str| place.split(' ').any(|word| word == verb) && !place.contains("--help");
        assert!(shown.texts.iter().any(|(place, _)| is_shown(place)), "{verb} was not run");
    }
}

/// Every command there is.
fn verbs() -> Vec<String> {
    mailgrant::cli::Cli::command().get_subcommands().map(|verb| verb.get_name().to_owned()).collect()
}

#[test]
fn a_new_vault_key_is_shown_nowhere() {
    for way in ALL_WAYS {
        let home = Fixture::without_key();
        let finished = home.run(&[way, &["new-vault-key"]].concat()).finish().code(0);
        assert!(finished.stdout.contains("age1"), "the public key is shown: {}", finished.stdout);
        let nose = Nose::new(&[vault_key(&home)]);
        assert_eq!(nose.find("the output", finished.all_text().as_bytes()), Vec::<String>::new());
    }
}

#[test]
fn a_new_certificate_is_told_and_its_key_is_shown_nowhere() {
    for way in ALL_WAYS {
        let home = Fixture::without_key();
        let make = ["new-certificate", "shop", "--key", "ec", "--passphrase-env", "OPENS_IT"];
        let passphrase = "practice-only-passphrase";
        let finished = home.run(&[way, &make].concat()).env("OPENS_IT", passphrase).finish().code(0);
        let key = std::fs::read_to_string(home.config().with_file_name("shop.pem")).unwrap();
        let certificate = std::fs::read_to_string(home.config().with_file_name("shop.crt")).unwrap();
        assert!(key.ends_with(&certificate) && !certificate.contains("PRIVATE"), "{certificate}");
        assert!(finished.stdout.contains("shop.crt"), "{}", finished.stdout);
        let lines = key.lines().filter(|line| line.len() > 32 && !certificate.contains(line));
        let nose = Nose::new(&lines.chain([passphrase]).map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(nose.find("the output", finished.all_text().as_bytes()), Vec::<String>::new());
    }
}

#[test]
fn a_pasted_address_is_not_repeated() {
    let shop = Fixture::added();
    let mut running = shop.run(&["-v", "authorize", "shop", "--no-browser"]).start_with_open_stdin();
    let url = running.authorization_url();
    let person = Person::SignsInAs(SHOP.to_owned());
    let callback = browser::obtain_redirect(&url, shop.sandbox().ca_file(), &person).unwrap();
    running.type_line(&callback);
    let finished = running.finish().code(0);
    let nose = Nose::new(&shop.sandbox().issued_tokens());
    assert_eq!(nose.find("the output", finished.all_text().as_bytes()), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn the_browser_sees_neither_the_vault_key_nor_the_secret() {
    use std::os::unix::fs::PermissionsExt;

    let shop = Fixture::added();
    let key = vault_key(&shop);
    let program = shop.path().join("browser");
    let script = "#!/bin/sh\nenv > \"$HOME/seen.new\"\nprintf '%s\\n' \"$@\" >> \"$HOME/seen.new\"\n\
                  mv \"$HOME/seen.new\" \"$HOME/seen\"\n";
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut running = shop
        .run(&["rotate-secret", "shop", "--secret-env", "PRACTICE", "--reauthorize"])
        .env("PRACTICE", CLIENT_SECRET)
        .env("MAILGRANT_VAULT_KEY", &key)
        .env("BROWSER", &program.display().to_string())
        .start();
    let url = running.authorization_url();
    let person = Person::SignsInAs(SHOP.to_owned());
    browser::sign_in(&url, shop.sandbox().ca_file(), &person).unwrap();
    running.finish().code(0);
    let seen = std::fs::read_to_string(shop.path().join("seen")).unwrap();
    assert!(seen.contains(&url), "the browser was given the address: {seen}");
    let mut secrets = shop.sandbox().issued_tokens();
    secrets.extend([CLIENT_SECRET.to_owned(), key]);
    assert_eq!(Nose::new(&secrets).find("the browser", seen.as_bytes()), Vec::<String>::new());
}
