//! A vault that is not where it is expected, as in a container without its volume.
use crate::support::fixture::Fixture;

#[test]
fn a_vault_that_is_not_mounted_is_not_a_missing_sign_in() {
    let shop = Fixture::authorized();
    let vault = shop.path().join("data/mailgrant/vault.age.d");
    let elsewhere = shop.path().join("elsewhere.age.d");
    std::fs::rename(&vault, &elsewhere).unwrap();

    let token = shop.run(&["token", "shop"]).finish().code(5);
    assert_eq!(token.stdout, "");
    for word in ["vault-absent", "vault.age", "MAILGRANT_VAULT_FILE"] {
        assert!(token.stderr.contains(word), "{word}: {}", token.stderr);
    }
    for command in ["test", "status", "show", "inspect", "test-mailbox", "test-smtp", "authorize"] {
        let answer = shop.json(&[command, "shop"], 5);
        assert!(answer.stdout.contains("\"vault-absent\""), "{command}: {}", answer.stdout);
        assert!(!answer.stdout.contains("not-authorized"), "{command}: {}", answer.stdout);
    }
    assert!(!vault.exists(), "a command that reads has made a vault");

    // The place can be named, and an empty variable names nothing.
    let there = elsewhere.display().to_string();
    for place in [there.as_str(), there.strip_suffix(".d").unwrap()] {
        shop.run(&["token", "shop"]).env("MAILGRANT_VAULT_FILE", place).finish().code(0);
    }
    shop.run(&["token", "shop"]).env("MAILGRANT_VAULT_FILE", "").finish().code(5);
    std::fs::rename(&elsewhere, &vault).unwrap();
    shop.run(&["token", "shop"]).env("MAILGRANT_VAULT_FILE", "").finish().code(0);
}
