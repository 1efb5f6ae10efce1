//! No secret leaves: not in what is shown, not in files, not in what other processes can see.

use std::collections::BTreeSet;

use crate::sandbox::browser::{self, Person};
use crate::sandbox::faults::Fault;
use crate::sandbox::world::{ALICE, SHOP};
use crate::shop::{ALWAYS_STALE, Shop};
use crate::support::canary::{self, CLIENT_SECRET, NEXT_CLIENT_SECRET};
use crate::support::process::Finished;

/// Everything that was shown, and where.
#[derive(Default)]
struct Shown(Vec<(String, String)>);

impl Shown {
    fn add(&mut self, finished: Finished) {
        self.0.push((format!("stdout of {}", finished.shown), finished.stdout));
        self.0.push((format!("stderr of {}", finished.shown), finished.stderr));
    }
}

/// Runs the command in all four ways of showing.
fn run(shop: &Shop, shown: &mut Shown, arguments: &[&str], stdin: &str) {
    for how in [&[][..], &["-v"], &["--json"], &["-v", "--json"]] {
        shown.add(shop.home.run(&[how, arguments].concat()).stdin(stdin).finish());
    }
}

fn authorize(shop: &Shop, shown: &mut Shown, user: &str) {
    let mut running = shop.home.run(&["-v", "authorize", "shop"]).start();
    let url = running.authorization_url();
    browser::sign_in(&url, shop.sandbox.ca_file(), &Person::SignsInAs(user.to_owned())).unwrap();
    shown.add(running.finish());
}

/// Everything that can be refused, is; at the end all is well again.
fn go_wrong(shop: &Shop, shown: &mut Shown) {
    shop.sandbox.switch_on(Fault::AccessTokensExpired);
    for mechanism in ["xoauth2", "oauthbearer"] {
        run(shop, shown, &["test-mailbox", "shop", "--mechanism", mechanism], "");
        run(shop, shown, &["test-smtp", "shop", "--mechanism", mechanism], "");
    }
    shop.sandbox.switch_off(Fault::AccessTokensExpired);
    let rotate = ["rotate-secret", "shop", "--secret-stdin", "--wait-propagation", "0"];
    run(shop, shown, &rotate, NEXT_CLIENT_SECRET);
    shop.sandbox.add_client_secret(NEXT_CLIENT_SECRET);
    run(shop, shown, &rotate, NEXT_CLIENT_SECRET);
    shop.sandbox.remove_client_secret(NEXT_CLIENT_SECRET);
    run(shop, shown, &["test-mailbox", "shop"], "");
    // Once only: a second time would bring the secret back that is gone.
    shown.add(shop.home.run(&["-v", "rotate-secret", "shop", "--rollback"]).finish().code(0));
    shop.sandbox.revoke_refresh_tokens(SHOP);
    run(shop, shown, &["test-mailbox", "shop"], "");
    let refused = shop.home.run(&["-v", "token", "shop"]).finish();
    assert_eq!(refused.stdout, "");
    shown.add(refused);
    authorize(shop, shown, SHOP);
}

#[test]
fn no_command_shows_or_writes_a_secret() {
    let shop = Shop::empty();
    let mut shown = Shown::default();
    shown.add(shop.add("shop", &[]).finish().code(0));
    shop.sandbox.set_access_lifetime(ALWAYS_STALE);
    authorize(&shop, &mut shown, ALICE);
    authorize(&shop, &mut shown, SHOP);
    for arguments in [
        &["list"][..],
        &["show", "shop"],
        &["status"],
        &["inspect", "shop"],
        &["inspect", "shop", "--offline"],
        &["test-mailbox", "shop", "--latest", "2"],
        &["test-mailbox", "shop", "--mechanism", "oauthbearer"],
        &["test-smtp", "shop", "--to", SHOP, "--wait-arrival=20"],
        &["test-smtp", "shop", "--mechanism", "oauthbearer"],
    ] {
        run(&shop, &mut shown, arguments, "");
    }
    // What goes wrong is where secrets get out: refused tokens, refused secrets, lost grants, and servers that repeat
    // what they were sent.
    for echo in [false, true] {
        if echo {
            shop.sandbox.switch_on(Fault::RefusalsEcho);
        }
        go_wrong(&shop, &mut shown);
    }
    let token = shop.home.run(&["-v", "token", "shop"]).finish().code(0);
    shown.0.push(("stderr of token".to_owned(), token.stderr));

    let mut secrets = shop.sandbox.issued_tokens();
    assert!(secrets.len() > 40, "only {} tokens were issued", secrets.len());
    secrets.extend([CLIENT_SECRET.to_owned(), NEXT_CLIENT_SECRET.to_owned()]);
    let key = shop.home.path().join("config/mailgrant/vault.key");
    let key_text = std::fs::read_to_string(&key).unwrap();
    let key_line = key_text.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).unwrap();
    let mut found = Vec::new();
    for (place, text) in &shown.0 {
        found.extend(canary::find(place, text.as_bytes(), &secrets));
        found.extend(canary::find(place, text.as_bytes(), &[key_line.to_owned()]));
    }
    for (path, bytes) in shop.home.files() {
        found.extend(canary::find(&path.display().to_string(), &bytes, &secrets));
        if path != key {
            found.extend(canary::find(&path.display().to_string(), &bytes, &[key_line.to_owned()]));
        }
    }
    assert_eq!(found, Vec::<String>::new());
    assert!(shown.0.iter().any(|(_, text)| text.contains("AUTHENTICATE")), "-v shows the conversation");
}

#[test]
fn a_pasted_address_is_not_repeated() {
    let shop = Shop::added();
    let mut running = shop.home.run(&["-v", "authorize", "shop", "--no-browser"]).start_with_open_stdin();
    let url = running.authorization_url();
    let person = Person::SignsInAs(SHOP.to_owned());
    let callback = browser::obtain_redirect(&url, shop.sandbox.ca_file(), &person).unwrap();
    running.type_line(&callback);
    let finished = running.finish().code(0);
    let found = canary::find("the output", finished.all_text().as_bytes(), &shop.sandbox.issued_tokens());
    assert_eq!(found, Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn the_browser_sees_neither_the_vault_key_nor_the_secret() {
    use std::os::unix::fs::PermissionsExt;

    let shop = Shop::added();
    let key_file = shop.home.path().join("config/mailgrant/vault.key");
    let key_text = std::fs::read_to_string(key_file).unwrap();
    let key = key_text.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).unwrap().to_owned();
    let program = shop.home.path().join("browser");
    let script = "#!/bin/sh\nenv > \"$HOME/seen.new\"\nprintf '%s\\n' \"$@\" >> \"$HOME/seen.new\"\n\
                  mv \"$HOME/seen.new\" \"$HOME/seen\"\n";
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut running = shop
        .home
        .run(&["rotate-secret", "shop", "--secret-env", "PRACTICE", "--reauthorize"])
        .env("PRACTICE", CLIENT_SECRET)
        .env("MAILGRANT_VAULT_KEY", &key)
        .env("BROWSER", &program.display().to_string())
        .start();
    let url = running.authorization_url();
    let person = Person::SignsInAs(SHOP.to_owned());
    browser::sign_in(&url, shop.sandbox.ca_file(), &person).unwrap();
    running.finish().code(0);
    let seen = std::fs::read_to_string(shop.home.path().join("seen")).unwrap();
    assert!(seen.contains(&url), "the browser was given the address: {seen}");
    assert_eq!(canary::find("the browser", seen.as_bytes(), &[CLIENT_SECRET.to_owned(), key]), Vec::<String>::new());
}

#[cfg(target_os = "linux")]
#[test]
fn no_other_process_sees_a_secret_in_an_argument() {
    let shop = Shop::added();
    shop.sandbox.set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    shop.sandbox.add_client_secret(NEXT_CLIENT_SECRET);
    let mut seen = BTreeSet::new();
    for (arguments, stdin) in [
        (&["test-mailbox", "shop"][..], ""),
        (&["test-smtp", "shop", "--to", SHOP], ""),
        (&["rotate-secret", "shop", "--secret-stdin"], NEXT_CLIENT_SECRET),
        (&["token", "shop"], ""),
    ] {
        let mut running = shop.home.run(arguments).stdin(stdin).start();
        let mut looks = 0;
        while !running.has_ended() {
            looks += 1;
            for id in family(running.id()) {
                for file in ["cmdline", "environ"] {
                    // Another user's process, or one that has just ended.
                    seen.insert(std::fs::read(format!("/proc/{id}/{file}")).unwrap_or_default());
                }
            }
        }
        assert!(looks > 0, "{arguments:?} was too fast to be seen");
        running.finish().code(0);
    }
    let seen: Vec<u8> = seen.into_iter().flatten().collect();
    assert!(String::from_utf8_lossy(&seen).contains("test-mailbox"), "the look found nothing");
    let mut secrets = shop.sandbox.issued_tokens();
    secrets.extend([CLIENT_SECRET.to_owned(), NEXT_CLIENT_SECRET.to_owned()]);
    assert_eq!(canary::find("/proc", &seen, &secrets), Vec::<String>::new());
}

/// The process and its children.
#[cfg(target_os = "linux")]
fn family(id: u32) -> Vec<u32> {
    let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|word| word.parse().ok());
    std::iter::once(id).chain(children).collect()
}
