use crate::support::finished::Finished;
use crate::support::fixture::Fixture;

const GOOD: &str = r#"
[apps.contoso]
provider = "microsoft365"
tenant = "contoso.example"
client_id = "11111111-2222-3333-4444-555555555555"

[mailboxes.shop]
app = "contoso"
address = "shop@contoso.example"
incoming = { protocol = "imap" }
"#;

fn list(profile: &str) -> Finished {
    let home = Fixture::new();
    home.write_config(profile);
    home.run(&["list"]).finish()
}

#[test]
fn the_example_profile_is_good() {
    list(GOOD).code(0);
}

#[test]
fn every_mistake_names_file_and_line_and_what_to_write() {
    for (good, bad, line, words) in [
        ("client_id = ", "client-id = ", 5, "client_id"),
        ("address = ", "adress = ", 9, "address"),
        ("\"microsoft365\"", "\"office365\"", 3, "microsoft365"),
        ("11111111-2222-3333-4444-555555555555", "YOUR_CLIENT_ID", 5, "placeholder"),
        ("shop@contoso.example", "shop\\u0007@contoso.example", 9, "U+0007"),
        ("app = \"contoso\"", "app = \"contso\"", 8, "contso"),
        ("protocol = \"imap\"", "protocol = \"imap4\"", 10, "imap"),
        ("protocol = \"imap\"", "protocol = \"gmail\"", 10, "`imap` or `pop3` or `graph`"),
        (
            "{ protocol = \"imap\" }",
            "{ protocol = \"graph\", port = 443 }",
            10,
            "{ protocol = \"graph\" } and nothing else",
        ),
        ("{ protocol = \"imap\" }", "{ protocol = \"imap\", host = \"h.example:993\" }", 10, "port = 993"),
        ("tenant = \"contoso.example\"", "tenant = \"contoso.example", 4, ""),
    ] {
        assert!(GOOD.contains(good), "{good}");
        let refused = list(&GOOD.replace(good, bad)).code(3);
        assert!(refused.stderr.contains(&format!("config.toml:{line}:")), "{bad}: {}", refused.stderr);
        assert!(refused.stderr.contains(words), "{bad}: {}", refused.stderr);
        assert_eq!(refused.stdout, "");
    }
}

#[test]
fn a_secret_in_the_profile_is_refused_and_not_repeated() {
    let secret = crate::support::canary::CLIENT_SECRET.replace(['"', '%'], "x");
    for pasted in [
        format!("client_secret = \"{secret}\"\n"),
        format!("credential = \"{secret}\"\n"),
        format!("client_secret = \"\"\"\n{secret}\\q\n\"\"\"\n"),
        format!("redirect_uri = {{ client_secret = \"{secret}\" }}\n"),
    ] {
        let refused = list(&GOOD.replace("tenant =", &format!("{pasted}tenant ="))).code(3);
        assert!(!refused.all_text().contains(&secret), "{}", refused.stderr);
        assert!(refused.stderr.contains("config.toml:"), "{}", refused.stderr);
    }
}

#[test]
fn a_missing_profile_says_how_to_begin() {
    let home = Fixture::new();
    let refused = home.run(&["test-mailbox", "shop"]).finish().code(3);
    assert!(refused.stderr.contains("mailgrant add"), "{}", refused.stderr);
}

#[test]
fn errors_are_documents_too_where_json_is_asked_for() {
    let home = Fixture::new();
    home.write_config("[apps.contoso");
    let refused = home.run(&["--json", "list"]).finish().code(3);
    assert_eq!(refused.json()["error"]["code"], "profile");
}

#[test]
fn a_wrong_command_line_is_exit_2() {
    let home = Fixture::new();
    for arguments in [&["tset-mailbox"][..], &["test-mailbox"], &["status", "--nonsense"], &["add"], &[]] {
        home.run(arguments).finish().code(2);
    }
    home.run(&["--version"]).finish().code(0);
    home.run(&["--help"]).finish().code(0);
}

#[test]
fn another_profile_can_be_named() {
    let home = Fixture::new();
    let path = home.path().join("elsewhere.toml");
    std::fs::write(&path, GOOD).unwrap();
    let path = path.display().to_string();
    home.run(&["--config", &path, "list"]).finish().code(0);
    home.run(&["list"]).env("MAILGRANT_CONFIG", &path).finish().code(0);
    home.run(&["list"]).finish().code(3);
}

#[test]
fn a_vault_without_its_key_is_exit_5() {
    let shop = Fixture::added();
    let key = shop.vault_key();
    std::fs::remove_file(&key).unwrap();
    let refused = shop.json(&["status"], 5);
    assert_eq!(refused.json()["error"]["code"], "vault-no-key");
    assert!(refused.stdout.contains("vault.key"), "{}", refused.stdout);
    shop.run(&["new-vault-key"]).finish().code(0);
    let refused = shop.json(&["status"], 5);
    assert_eq!(refused.json()["error"]["code"], "vault-wrong-key");
}

#[test]
fn without_a_vault_key_nothing_is_added() {
    let shop = Fixture::without_key();
    shop.add("shop", &[]).finish().code(5);
    assert!(
        shop.files()
            .iter()
            .all(|(path, _)| !path.ends_with("config.toml") && path.extension().is_none_or(|ending| ending != "age"))
    );
}

#[test]
fn a_vault_key_is_never_overwritten() {
    let home = Fixture::new();
    let before = home.files();
    let refused = home.run(&["new-vault-key"]).finish().code(5);
    assert!(home.files() == before, "{}", refused.stderr);
}

#[test]
fn a_new_vault_key_comes_with_lines_that_the_profile_takes() {
    let home = Fixture::without_key();
    let made = home.run(&["new-vault-key", "key 's place.key"]).finish().code(0);
    let begin = made.stdout.find("[secrets]").unwrap();
    let lines: String = made.stdout[begin..].lines().take(3).map(|line| format!("{}\n", line.trim())).collect();
    assert!(lines.contains("store = \"vault\"") && lines.contains("key_file = "), "{lines}");
    home.write_config(&format!("{GOOD}\n{lines}"));
    home.run(&["list"]).without_env("MAILGRANT_STORE").finish().code(0);
    let again = home.run(&["new-vault-key"]).finish().code(5);
    assert!(again.stderr.contains("place.key"), "the profile's own key is the default: {}", again.stderr);
}
