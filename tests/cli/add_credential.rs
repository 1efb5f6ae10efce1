//! `add`, and what a kind of credential must be told: asked for at a terminal, and elsewhere named by its flags.

use practice_tenant::world::{ALICE, CONFIDENTIAL_CLIENT, PUBLIC_CLIENT, SHOP};

use crate::add_dialogue::{answer, run_shown, shown_command, terminal};
use crate::support::fixture::Fixture;
use crate::support::practice::fact;

fn profile(shop: &Fixture) -> String {
    std::fs::read_to_string(shop.config()).unwrap()
}

/// A profile with a service account of Google's that is signed for against federated tokens.
fn signed_for() -> Fixture {
    let shop = Fixture::new();
    let pool = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/i";
    let account = ["--service-account", "a@p.iam.gserviceaccount.com", "--service-account-audience", pool];
    let app = ["add", "a", "--address", SHOP, "--provider", "google", "--client-id", "123456789012345678901"];
    let given = [&app[..], &account, &["--access", "app", "--federated-source", "github"]].concat();
    assert_eq!(fact(&shop.json(&given, 0), "credential"), "service account");
    shop
}

#[test]
fn only_what_the_provider_takes_is_offered() {
    let shop = Fixture::new();
    let client_id = "123456789012-abcdef.apps.googleusercontent.com";
    let mut terminal = terminal(&shop, &["add", "a@contoso.example", "--provider", "google", "--client-id", client_id]);
    answer(&mut terminal, "Does the app have a client secret?", "no");
    let said = terminal.exp_string("Number [1]").unwrap();
    assert!(said.contains("as a service account") && said.contains("with nothing"), "{said}");
    assert!(!said.contains("certificate") && !said.contains("another issuer"), "{said}");
}

#[test]
fn where_federated_tokens_come_from_is_asked_for() {
    let shop = Fixture::new();
    let mut terminal = terminal(&shop, &["add", SHOP, "--credential", "federated"]);
    answer(&mut terminal, "Number [1]", "outlook");
    answer(&mut terminal, "Application (client) ID", PUBLIC_CLIENT);
    terminal.exp_string("Where do its federated tokens come from").unwrap();
    answer(&mut terminal, "Number [1]", "2");
    answer(&mut terminal, "Which variable holds the token", "MAIL_ID_TOKEN");
    answer(&mut terminal, "How is its mail read", "");
    answer(&mut terminal, "Number [1]", "not at all");
    let said = terminal.exp_string("Sign in now").unwrap();
    let line = shown_command(&said, "The same as one command:");
    let flags = "--credential federated --federated-source gitlab --federated-variable MAIL_ID_TOKEN";
    assert!(line.contains(flags), "{line}");
    terminal.send("\u{4}").unwrap();
    terminal.flush().unwrap();
    terminal.exp_eof().unwrap();
    let line = line.replace("add shop", "add shop2").replace(SHOP, "shop2@contoso.example");
    assert_eq!(run_shown(&shop, &line).code, Some(0), "{line}");
}

#[test]
fn what_another_credential_of_a_known_app_needs_is_asked_for() {
    let shop = Fixture::added();
    let mut terminal = terminal(&shop, &["add", "shop", "--credential", "federated", "--force"]);
    terminal.exp_string("Where do its federated tokens come from").unwrap();
    answer(&mut terminal, "Number [1]", "6");
    answer(&mut terminal, "Which program prints it", "/opt/token --for mail");
    let said = terminal.exp_string("Sign in now").unwrap();
    let line = shown_command(&said, "The same as one command:");
    let flags = "--credential federated --federated-source command --federated-command /opt/token";
    assert!(line.contains(flags) && !line.contains("--client-id"), "{line}");
    terminal.send("\u{4}").unwrap();
    terminal.flush().unwrap();
    terminal.exp_eof().unwrap();
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    let told = "federated = { source = \"command\", command = [\"/opt/token\", \"--for\", \"mail\"] }";
    assert!(profile.contains(told), "{profile}");
}

#[test]
fn the_shown_command_leaves_a_service_account_what_it_is() {
    let shop = signed_for();
    let mut terminal = terminal(&shop, &["add", "a", "--federated-source", "gitlab", "--force"]);
    answer(&mut terminal, "Which variable holds the token", "MAIL_ID_TOKEN");
    let said = terminal.exp_string("Test it now").unwrap();
    let line = shown_command(&said, "The same as one command:");
    assert!(line.contains("--federated-source gitlab --federated-variable MAIL_ID_TOKEN"), "{line}");
    assert!(!line.contains("--credential"), "{line}");
}

#[test]
fn where_nothing_was_asked_no_command_is_shown() {
    let shop = signed_for();
    let flags = ["--federated-source", "gitlab", "--federated-variable", "MAIL_ID_TOKEN", "--force"];
    let mut terminal = terminal(&shop, &[&["add", "a"], &flags[..]].concat());
    let said = terminal.exp_eof().unwrap();
    assert!(said.contains("GitLab CI/CD (MAIL_ID_TOKEN)") && !said.contains("The same as one command"), "{said}");
}

#[test]
fn a_certificate_and_the_passphrase_of_its_key_are_asked_for() {
    let shop = Fixture::new();
    let made = shop.run(&["--json", "new-certificate", "shop", "--passphrase-env", "OPENS_IT"]);
    let made = made.env("OPENS_IT", "practice-only-passphrase").finish().code(0);
    let at = ["--provider", "microsoft365", "--tenant", "contoso.example", "--client-id", CONFIDENTIAL_CLIENT];
    let mut terminal = terminal(&shop, &[&["add", SHOP, "--credential", "certificate"], &at[..]].concat());
    answer(&mut terminal, "The file with its certificate", &fact(&made, "key_file"));
    terminal.exp_string("Who is let into the mailbox").unwrap();
    answer(&mut terminal, "Number [1]", "");
    answer(&mut terminal, "How is its mail read", "");
    answer(&mut terminal, "Number [1]", "not at all");
    answer(&mut terminal, "Passphrase of the key of app 'shop'", "another passphrase");
    terminal.exp_string("does not open the key").unwrap();
    answer(&mut terminal, "Passphrase of the key of app 'shop'", "practice-only-passphrase");
    let said = terminal.exp_string("Sign in now").unwrap();
    let line = shown_command(&said, "The same as one command:");
    assert!(line.contains("--certificate ") && line.contains("--secret-stdin"), "{line}");
    terminal.send("\u{4}").unwrap();
    terminal.flush().unwrap();
    terminal.exp_eof().unwrap();
    assert!(fact(&shop.json(&["add", "shop"], 0), "changed").starts_with("no"), "the passphrase is stored");
}

#[test]
fn what_another_credential_of_a_known_app_needs_is_named_by_the_flags_that_there_are() {
    let shop = Fixture::added();
    let before = profile(&shop);
    for (flags, cause, fix) in [
        (&["--key-file", "k.pem"][..], "Missing: --certificate", "--certificate with the PEM file"),
        (&["--credential", "certificate"], "Missing: --certificate", "--certificate with the PEM file"),
        (&["--credential", "federated"], "Missing: --federated-source", "--federated-source github, "),
        (&["--federated-source", "gitlab"], "Missing: --federated-variable", "Give --federated-variable NAME"),
        (
            &["--credential", "certificate", "--federated-source", "github"],
            "--federated-source belongs to --credential federated, and this is certificate.",
            "Give --credential federated, or leave --federated-source out",
        ),
        (
            &["--certificate", "app.pem", "--external-account", "pool.json"],
            "--external-account belongs to --credential service-account, and this is certificate.",
            "leave --external-account out",
        ),
    ] {
        let refused = shop.json(&[&["add", "shop", "--force"], flags].concat(), 2).json();
        let error = &refused["error"];
        assert!(error["cause"].as_str().unwrap().contains(cause), "{flags:?}: {error}");
        assert!(error["fix"].to_string().contains(fix), "{flags:?}: {error}");
    }
    // The same app, found by its client ID.
    let found = ["add", "b", "--address", ALICE, "--client-id", CONFIDENTIAL_CLIENT, "--credential", "certificate"];
    let refused = shop.json(&found, 2).json();
    assert!(refused["error"]["cause"].as_str().unwrap().contains("Missing: --certificate"), "{refused}");
    assert_eq!(profile(&shop), before);
}

#[test]
fn a_service_account_that_is_signed_for_stays_one_with_tokens_of_another_issuer() {
    let shop = signed_for();
    let changed = ["add", "a", "--federated-source", "gitlab", "--federated-variable", "MAIL_ID_TOKEN", "--force"];
    let changed = shop.json(&changed, 0);
    assert_eq!(fact(&changed, "credential"), "service account");
    assert!(profile(&shop).contains("federated = { source = \"gitlab\", variable = \"MAIL_ID_TOKEN\" }"));
}
