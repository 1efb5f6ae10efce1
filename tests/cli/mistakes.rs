//! The mistakes that people make with a profile, a sign-in or a server: each is named first by what it is, and not by what
//! follows from it.

use std::net::TcpListener;

use serde_json::Value;

use crate::authorize_elsewhere::oidc_shop;
use crate::sandbox::browser::Person;
use crate::sandbox::world::{ALICE, CONFIDENTIAL_CLIENT, PUBLIC_CLIENT, SHARED, SHOP};
use crate::support::canary::{CLIENT_SECRET, NEXT_CLIENT_SECRET};
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::practice::ALWAYS_STALE;

/// A mistake: what it is, how it is met, and the code of what is said first.
type Mistake = (&'static str, fn(&Fixture) -> Finished, &'static str);

/// Everything that follows from a mistake is told behind it.
fn first(finished: &Finished) -> (String, String) {
    let document = finished.json();
    let report = &document["reports"][0];
    let findings = report["checks"].as_array().into_iter().flatten().map(|check| &check["finding"]);
    let mut told =
        [&report["verdict"], &document["error"]].into_iter().chain(findings).filter(|found| found.is_object());
    let text = |found: &Value, name: &str| found[name].as_str().unwrap_or_default().to_owned();
    told.next().map_or_else(Default::default, |found| (text(found, "code"), text(found, "cause")))
}

/// What `arguments` say with the profile changed: each first text is replaced by the second.
fn with(shop: &Fixture, changes: &[(&str, &str)], arguments: &[&str]) -> Finished {
    let mut text = std::fs::read_to_string(shop.config()).unwrap();
    for (old, new) in changes {
        assert!(text.contains(old), "no {old} in {text}");
        text = text.replace(old, new);
    }
    let file = tempfile::Builder::new().suffix(".toml").tempfile_in(shop.path()).unwrap();
    std::fs::write(file.path(), text).unwrap();
    let path = file.path().display().to_string();
    shop.run(&[&["--json", "--config", &path, "--timeout", "12"], arguments].concat()).finish()
}

/// The port of one of the tenant's servers, or of none.
fn port(shop: &Fixture, which: &str) -> String {
    let ports = shop.sandbox().ports();
    let port = match which {
        "imap" => ports.imap_implicit,
        "imap starttls" => ports.imap_starttls,
        "pop3" => ports.pop3_implicit,
        "smtp" => ports.smtp_implicit,
        "smtp starttls" => ports.smtp_starttls,
        "web" => shop.sandbox().authority().rsplit(':').next().unwrap().trim_end_matches('/').parse().unwrap(),
        _ => TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port(),
    };
    format!("port = {port}")
}

/// The whole test with the port of IMAP exchanged.
fn imap_at(shop: &Fixture, which: &str, more: &[(&str, &str)]) -> Finished {
    let (old, new) = (port(shop, "imap"), port(shop, which));
    with(shop, &[&[(old.as_str(), new.as_str())], more].concat(), &["test", "shop"])
}

fn smtp_at(shop: &Fixture, which: &str) -> Finished {
    let (old, new) = (port(shop, "smtp starttls"), port(shop, which));
    with(shop, &[(&old, &new)], &["test", "shop"])
}

fn authorized() -> Fixture {
    Fixture::authorized()
}

const AT_SERVERS: &[Mistake] = &[
    ("IMAP with TLS at once on the port for STARTTLS", |shop| imap_at(shop, "imap starttls", &[]), "wrong-tls-mode"),
    ("the port for POP3 written for IMAP", |shop| imap_at(shop, "pop3", &[]), "wrong-protocol"),
    ("the port for SMTP written for IMAP", |shop| imap_at(shop, "smtp", &[]), "wrong-protocol"),
    ("the port of a web server written for IMAP", |shop| imap_at(shop, "web", &[]), "other-service"),
    ("a port for IMAP on which nothing listens", |shop| imap_at(shop, "none", &[]), "connection-refused"),
    (
        "SMTP with STARTTLS on the port for TLS at once",
        |shop| {
            let (old, new) = (port(shop, "smtp starttls"), port(shop, "smtp"));
            let new = format!("{new}, tls = \"starttls\"");
            with(shop, &[(&old, &new)], &["test", "shop"])
        },
        "wrong-tls-mode",
    ),
    (
        "SMTP with TLS at once on the port for STARTTLS",
        |shop| {
            let old = port(shop, "smtp starttls");
            with(shop, &[(&old, &format!("{old}, tls = \"implicit\""))], &["test", "shop"])
        },
        "wrong-tls-mode",
    ),
    (
        "POP3, where the sign-in was for IMAP",
        |shop| {
            let changes = [("protocol = \"imap\"", "protocol = \"pop3\"")];
            with(shop, &changes, &["test-mailbox", "shop"])
        },
        "not-authorized",
    ),
    ("the port for IMAP written for SMTP", |shop| smtp_at(shop, "imap starttls"), "wrong-protocol"),
    ("a port for SMTP on which nothing listens", |shop| smtp_at(shop, "none"), "connection-refused"),
    (
        "a misspelt host for IMAP",
        |shop| {
            let (imap, smtp) = (port(shop, "imap"), port(shop, "smtp starttls"));
            let wrong = "host = \"imap.contoso.invalid\", ";
            let old = format!("host = \"localhost\", {imap}");
            let _ = smtp;
            with(shop, &[(&old, &format!("{wrong}{imap}"))], &["test", "shop"])
        },
        "name-not-found",
    ),
    (
        "a misspelt host for SMTP",
        |shop| {
            let smtp = port(shop, "smtp starttls");
            let old = format!("host = \"localhost\", {smtp}");
            with(shop, &[(&old, &format!("host = \"smtp.contoso.invalid\", {smtp}"))], &["test", "shop"])
        },
        "name-not-found",
    ),
    (
        "the company's CA left out",
        |shop| {
            let ca = format!("ca_file = \"{}\"\n", shop.ca_file());
            with(shop, &[(&ca, "")], &["test", "shop"])
        },
        "tls-unknown-issuer",
    ),
    (
        "a recipient that does not exist",
        |shop| with(shop, &[], &["test-smtp", "shop", "--to", "absent@contoso.example"]),
        "exo-smtp-recipient-unknown",
    ),
];

const IN_THE_PROFILE: &[Mistake] = &[
    ("a misspelt key", |shop| with(shop, &[("client_id", "clientid")], &["list"]), "profile"),
    ("a misspelt provider", |shop| with(shop, &[("\"microsoft365\"", "\"microsoft\"")], &["list"]), "profile"),
    ("no tenant", |shop| with(shop, &[("tenant =", "# tenant =")], &["list"]), "profile"),
    ("an address without its domain", |shop| with(shop, &[(SHOP, "shop")], &["list"]), "profile"),
    (
        "a web address for a host",
        |shop| with(shop, &[("host = \"localhost\"", "host = \"https://localhost\"")], &["list"]),
        "profile",
    ),
    (
        "host and port in one",
        |shop| with(shop, &[("host = \"localhost\"", "host = \"localhost:993\"")], &["list"]),
        "profile",
    ),
    ("a port that is none", |shop| with(shop, &[(&port(shop, "imap"), "port = 0")], &["list"]), "profile"),
    ("an app that is not there", |shop| with(shop, &[("app = \"shop\"", "app = \"sh0p\"")], &["list"]), "profile"),
    (
        "the secret pasted into the profile",
        |shop| {
            with(
                shop,
                &[("client_id =", "credential = \"abc8Q~practice-only-not-a-secret-0123456\"\nclient_id =")],
                &["list"],
            )
        },
        "profile",
    ),
    (
        "IMAP written for sending",
        |shop| with(shop, &[("protocol = \"smtp\"", "protocol = \"imap\"")], &["list"]),
        "profile",
    ),
    (
        "a name for EHLO on the side that reads",
        |shop| {
            with(shop, &[("protocol = \"imap\"", "protocol = \"imap\", ehlo_name = \"pc.contoso.example\"")], &["list"])
        },
        "profile",
    ),
    ("a mailbox that is not in the profile", |shop| with(shop, &[], &["test", "shopp"]), "unknown-mailbox"),
    (
        "a client ID that nothing knows",
        |shop| {
            shop.sandbox().set_access_lifetime(ALWAYS_STALE);
            let other = CONFIDENTIAL_CLIENT.replace("ab01", "abff");
            with(shop, &[(CONFIDENTIAL_CLIENT, &other)], &["test", "shop"])
        },
        "sign-in-of-another",
    ),
    (
        "a CA's file that is not there",
        |shop| with(shop, &[(&shop.ca_file(), "absent.pem")], &["test", "shop"]),
        "local",
    ),
];

const AT_THE_SIGN_IN: &[Mistake] = &[
    ("never signed in", |shop| shop.run(&["--json", "test", "new"]).finish(), "not-authorized"),
    ("another account at the page", |shop| shop.authorize_as("new", ALICE), "other-account-signed-in"),
    (
        "the page was cancelled",
        |shop| shop.authorize(&["authorize", "new"], &Person::Declines),
        "ms-user-declined-consent",
    ),
    (
        "the sign-in was left lying",
        |shop| shop.run(&["--json", "--timeout", "2", "authorize", "new"]).finish(),
        "sign-in-timed-out",
    ),
    (
        "something else was pasted",
        |shop| {
            let mut running = shop.run(&["--json", "authorize", "new", "--no-browser"]).start_with_open_stdin();
            running.authorization_url();
            running.type_line("https://localhost/elsewhere");
            running.finish()
        },
        "wrong-paste",
    ),
    (
        "the shared mailbox without the one who signs in for it",
        |shop| shop.authorize_as("bare", ALICE),
        "other-account-signed-in",
    ),
    (
        "a delegate without the right to open the mailbox",
        |shop| {
            shop.authorize_as("strange", SHOP).code(0);
            shop.run(&["--json", "test", "strange"]).finish()
        },
        "shared-mailbox-without-full-access",
    ),
    ("another address than the account's", |shop| shop.authorize_as("misspelt", SHOP), "other-account-signed-in"),
];

const WITH_THE_SECRET: &[Mistake] = &[
    (
        "the Secret ID stored instead of its value",
        |shop| {
            let id = "5a4d0000-0000-4000-8000-000000001234";
            shop.add("by-id", &[("--app", Some("by-id"))]).stdin(id).finish()
        },
        "secret-is-id",
    ),
    (
        "another app's secret",
        |shop| {
            shop.add("foreign", &[("--app", Some("foreign"))]).stdin(NEXT_CLIENT_SECRET).finish().code(0);
            shop.authorize_as("foreign", SHOP)
        },
        "ms-secret-id-instead-of-value",
    ),
    (
        "the client ID given for the secret",
        |shop| shop.add("twice", &[("--app", Some("twice"))]).stdin(CONFIDENTIAL_CLIENT).finish(),
        "secret-is-client-id",
    ),
    (
        "the secret has expired",
        |shop| {
            shop.sandbox().set_access_lifetime(ALWAYS_STALE);
            shop.sandbox().expire_client_secret(CLIENT_SECRET);
            shop.run(&["--json", "test", "shop"]).finish()
        },
        "ms-secret-expired",
    ),
    (
        "the secret was deleted",
        |shop| {
            shop.sandbox().remove_client_secret(CLIENT_SECRET);
            shop.run(&["--json", "test", "shop"]).finish()
        },
        "secret-removed",
    ),
    (
        "an app without secrets that is said to have one",
        |shop| {
            shop.add("public", &[("--app", Some("public")), ("--client-id", Some(PUBLIC_CLIENT))]).finish().code(0);
            shop.authorize_as("public", SHOP)
        },
        "ms-public-client-sent-secret",
    ),
    (
        "an app with a secret that is said to have none",
        |shop| {
            let change = [("--app", Some("bare")), ("--credential", Some("none"))];
            shop.add("bare", &change).finish().code(0);
            shop.authorize_as("bare", SHOP)
        },
        "ms-secret-required",
    ),
];

const AT_AN_OPENID_PROVIDER: &[Mistake] = &[
    (
        "an issuer with a wrong path",
        |shop| {
            let issuer = format!("{}/elsewhere", shop.sandbox().issuer());
            let change = [
                ("--provider", Some("oidc")),
                ("--tenant", None),
                ("--authority", None),
                ("--issuer", Some(issuer.as_str())),
                ("--scope", Some("imap")),
                ("--app", Some("elsewhere")),
            ];
            shop.add("elsewhere", &change).finish().code(0);
            shop.run(&["--json", "authorize", "elsewhere", "--no-browser"]).finish()
        },
        "oauth-not-oauth",
    ),
    (
        "an issuer without TLS",
        |shop| with(shop, &[("issuer = \"https://localhost", "issuer = \"http://id.contoso.example")], &["list"]),
        "profile",
    ),
    (
        "a scope that the provider does not know",
        |shop| {
            let changes = [("\"imap\"]", "\"imapp\"]")];
            let mut text = std::fs::read_to_string(shop.config()).unwrap();
            for (old, new) in changes {
                text = text.replace(old, new);
            }
            std::fs::write(shop.config(), text).unwrap();
            shop.authorize_as("shop", SHOP)
        },
        "oauth-invalid-scope",
    ),
];

/// What `add` is given.
const IN_WHAT_IS_TYPED: &[Mistake] = &[
    (
        "the client ID in quotes",
        |shop| given(shop, "--client-id", "\"5a4d0000-0000-4000-8000-00000000ab01\""),
        "client-id-in-quotes",
    ),
    (
        "an address for the client ID",
        |shop| given(shop, "--client-id", "admin@contoso.example"),
        "client-id-is-address",
    ),
    ("a client ID that was cut off", |shop| given(shop, "--client-id", "5a4d0000-0000-4000"), "client-id-not-a-guid"),
    ("an address without its domain", |shop| given(shop, "--address", "typed"), "usage"),
    ("a web address for the host", |shop| given(shop, "--incoming-host", "https://localhost"), "usage"),
    ("the secret in quotes", |shop| secret(shop, "\"practice-only-not-a-secret-0123456\""), "secret-in-quotes"),
    ("the secret of the example", |shop| secret(shop, "YOUR_CLIENT_SECRET"), "secret-is-placeholder"),
    ("an address for the secret", |shop| secret(shop, "admin@contoso.example"), "secret-is-address"),
    ("half of the secret", |shop| secret(shop, "abc8Q~"), "secret-too-short"),
    ("nothing for the secret", |shop| secret(shop, ""), "secret-unusable"),
    (
        "a server for a side that is left out",
        |shop| shop.add("typed", &[("--outgoing", Some("none"))]).finish(),
        "flag-without-effect",
    ),
    (
        "a test of a side that is not there",
        |shop| {
            let no_sending = [("--outgoing", Some("none")), ("--outgoing-host", None), ("--outgoing-port", None)];
            shop.add("reader", &no_sending).finish().code(0);
            shop.run(&["--json", "test-smtp", "reader"]).finish()
        },
        "no-such-side",
    ),
];

fn given(shop: &Fixture, flag: &str, value: &str) -> Finished {
    shop.add("typed", &[("--app", Some("typed")), (flag, Some(value))]).finish()
}

fn secret(shop: &Fixture, value: &str) -> Finished {
    shop.add("typed", &[("--app", Some("typed"))]).stdin(value).finish()
}

/// The store. The last of them changes its key.
const AT_THE_STORE: &[Mistake] = &[
    (
        "a path for the vault's key",
        |shop| shop.run(&["--json", "test", "shop"]).env("MAILGRANT_VAULT_KEY", "absent.key").finish(),
        "vault-key-unreadable",
    ),
    (
        "a vault that is not mounted",
        |shop| shop.run(&["--json", "test", "shop"]).env("MAILGRANT_VAULT_FILE", "absent/vault.age").finish(),
        "vault-absent",
    ),
    (
        "another vault's key",
        |shop| {
            std::fs::remove_file(shop.vault_key()).unwrap();
            shop.run(&["new-vault-key"]).finish();
            shop.run(&["--json", "test", "shop"]).finish()
        },
        "vault-wrong-key",
    ),
];

fn wrong(shop: &Fixture, rows: &[Mistake]) -> Vec<String> {
    let said = |(what, meet, code): &Mistake| {
        let finished = meet(shop);
        let (found, cause) = first(&finished);
        (found != *code).then(|| format!("{what}: {found} instead of {code}: {cause}"))
    };
    rows.iter().filter_map(said).collect()
}

#[test]
fn a_mistake_about_a_server_is_named_first() {
    assert_eq!(wrong(&authorized(), AT_SERVERS), Vec::<String>::new());
}

#[test]
fn a_mistake_in_the_profile_is_named_first() {
    assert_eq!(wrong(&authorized(), IN_THE_PROFILE), Vec::<String>::new());
}

#[test]
fn a_mistake_at_the_sign_in_is_named_first() {
    let shop = Fixture::added();
    let app = ("--app", Some("shop"));
    shop.add("new", &[app]).finish().code(0);
    shop.add("bare", &[app, ("--address", Some(SHARED))]).finish().code(0);
    shop.add("strange", &[app, ("--address", Some(SHARED)), ("--sign-in-as", Some(SHOP))]).finish().code(0);
    shop.add("misspelt", &[app, ("--address", Some("shopp@contoso.example"))]).finish().code(0);
    assert_eq!(wrong(&shop, AT_THE_SIGN_IN), Vec::<String>::new());
}

#[test]
fn a_mistake_with_the_secret_is_named_first() {
    assert_eq!(wrong(&authorized(), WITH_THE_SECRET), Vec::<String>::new());
}

#[test]
fn a_mistake_at_an_openid_provider_is_named_first() {
    assert_eq!(wrong(&oidc_shop(), AT_AN_OPENID_PROVIDER), Vec::<String>::new());
}

#[test]
fn a_mistake_in_what_is_typed_is_named_first() {
    assert_eq!(wrong(&Fixture::new(), IN_WHAT_IS_TYPED), Vec::<String>::new());
}

#[test]
fn a_mistake_at_the_store_is_named_first() {
    assert_eq!(wrong(&authorized(), AT_THE_STORE), Vec::<String>::new());
}
