//! What a token says, through the real binary: by `inspect`, and before the server's refusal in a test.

use jiff::SignedDuration;
use mailgrant::secrets::{VaultKey, VaultStore, load_mailbox, save_mailbox};
use serde_json::{Value, json};

use crate::sandbox::faults::Fault;
use crate::sandbox::world::{ALICE, CONFIDENTIAL_CLIENT, SHOP, TENANT_ID, now};
use crate::support::canary;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::practice::{ALWAYS_STALE, fact};

const GRAPH: &str = "https://graph.microsoft.com";

/// The token preflight's checks of the first report.
fn preflight(finished: &Finished) -> Vec<Value> {
    let checks = finished.json()["reports"][0]["checks"].as_array().unwrap().clone();
    checks.into_iter().filter(|check| check["stage"] == "preflight").collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A mailbox whose tokens differ from the usual by `claims`.
fn with_claims(claims: Value) -> Fixture {
    let shop = Fixture::added();
    shop.sandbox().set_access_claims(claims);
    shop.authorize_as("shop", SHOP).code(0);
    shop
}

#[test]
fn inspect_tells_what_the_token_says_and_judges_it_for_each_protocol() {
    let shop = Fixture::authorized();
    let inspect = shop.json(&["inspect", "shop"], 0);
    for (name, value) in [
        ("address", SHOP),
        ("signed_in_as", SHOP),
        ("refreshed", "never"),
        ("audience", "https://outlook.office.com"),
        ("tenant", TENANT_ID),
        ("client", CONFIDENTIAL_CLIENT),
        ("scopes", "IMAP.AccessAsUser.All SMTP.Send"),
        ("user", SHOP),
        ("version", "1.0"),
        ("scopes_granted", "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send"),
    ] {
        assert_eq!(fact(&inspect, name), value, "{name}: {}", inspect.stdout);
    }
    assert!(fact(&inspect, "scopes_asked").starts_with("openid "), "{}", inspect.stdout);
    assert!(fact(&inspect, "issued").ends_with(" ago)") && fact(&inspect, "expires").contains("(in "));
    assert!(fact(&inspect, "other_claims").contains("xms_ftd"), "{}", inspect.stdout);
    let told = preflight(&inspect);
    let told: Vec<(String, String)> =
        told.iter().map(|check| (text(&check["protocol"]), text(&check["detail"]))).collect();
    let purpose = "for https://outlook.office.com, IMAP.AccessAsUser.All SMTP.Send";
    let account = format!("{SHOP}, tenant {TENANT_ID}");
    let expected = [("imap", purpose), ("smtp", purpose), ("", &account)];
    assert_eq!(told, expected.map(|(protocol, detail)| (protocol.to_owned(), detail.to_owned())));
    assert_eq!(shop.sandbox().counters().token_requests, 1, "a fresh token is not refreshed");
    let human = shop.run(&["inspect", "shop"]).finish().code(0);
    assert!(human.stdout.contains("ok    IMAP token preflight"), "{}", human.stdout);
    shop.insist_on_manners();
}

#[test]
fn a_refused_token_is_explained_by_what_stood_in_it_before_the_server_says_no() {
    for (claims, code, words) in [
        (json!({"aud": GRAPH}), "local-token-wrong-audience", "Microsoft Graph (https://graph.microsoft.com)"),
        (json!({"scp": "SMTP.Send"}), "local-token-lacks-scope", "not IMAP.AccessAsUser.All"),
        (
            json!({"scp": null, "upn": null, "unique_name": null, "idtyp": "app"}),
            "local-app-only-token-without-roles",
            "roles permit nothing",
        ),
        (json!({"iss": "https://sts.chinacloudapi.cn/x/"}), "local-token-other-issuer", "sts.chinacloudapi.cn"),
        (json!({"upn": "billing@contoso.example", "unique_name": null}), "other-account-signed-in", "billing@"),
        (json!({"exp": 1_000_000_000}), "clock-off", "days before it came"),
        (json!({"nbf": 9_000_000_000_i64}), "clock-off", "days after it came"),
    ] {
        let shop = with_claims(claims.clone());
        shop.sandbox().expire_access_tokens();
        let refused = shop.run(&["--json", "test-mailbox", "shop"]).finish();
        let codes = refused.finding_codes();
        assert_eq!(codes[0], code, "{claims}: {}", refused.stdout);
        assert_eq!(codes.len(), 2, "{claims}: and the server's own words behind it: {}", refused.stdout);
        let cause = preflight(&refused)[0]["finding"]["cause"].as_str().unwrap().to_owned();
        assert!(cause.contains(words), "{claims}: {cause}");
        assert!(refused.stdout.contains("AUTHENTICATE failed."), "{}", refused.stdout);
        let inspect = shop.run(&["--json", "inspect", "shop"]).finish();
        assert_eq!(inspect.finding_codes()[0], code, "{claims}: {}", inspect.stdout);
        assert_eq!(inspect.finding_codes().len(), 1, "{claims}: one thing is said once: {}", inspect.stdout);
        assert_ne!(inspect.code, Some(0));
    }
}

#[test]
fn a_server_that_takes_the_token_overrides_any_guess() {
    for claims in [json!({"aud": GRAPH}), json!({"scp": "Mail.Send"}), json!({"upn": ALICE, "unique_name": null})] {
        let shop = with_claims(claims.clone());
        for command in ["test-mailbox", "test-smtp"] {
            let test = shop.json(&[command, "shop"], 0);
            let detail = preflight(&test)[0]["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains("the server takes it, and yet"), "{claims} {command}: {detail}");
        }
    }
}

#[test]
fn the_whole_chain_names_what_is_in_the_token_as_the_thing_to_do_first() {
    for (claims, code, confidence) in [
        (json!({"aud": GRAPH}), "local-token-wrong-audience", "certain"),
        (json!({"upn": "billing@contoso.example", "unique_name": null}), "other-account-signed-in", "likely"),
    ] {
        let shop = with_claims(claims.clone());
        shop.json(&["test", "shop"], 0);
        shop.sandbox().switch_on(Fault::AccessTokensExpired);
        let refused = shop.run(&["--json", "test", "shop"]).finish();
        let verdict = &refused.json()["reports"][0]["verdict"];
        assert_eq!(verdict["code"], code, "{claims}: {}", refused.stdout);
        assert_eq!(verdict["confidence"], confidence, "{claims}");
        assert_eq!(preflight(&refused).iter().filter(|check| check["outcome"] == "failed").count(), 1, "{claims}");
    }
}

#[test]
fn one_server_that_accepts_refutes_a_guess_about_the_account() {
    // Reading works, so it is not the account that keeps us from sending.
    let shop =
        with_claims(json!({"upn": "billing@contoso.example", "unique_name": null, "scp": "IMAP.AccessAsUser.All"}));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    shop.add("shop", &[("--outgoing-port", Some(&closed)), ("--force", Some(""))]).finish().code(0);
    let test = shop.run(&["--json", "test", "shop"]).finish();
    assert_eq!(test.finding_codes(), ["local-token-lacks-scope", "connection-refused"], "{}", test.stdout);
    let account = preflight(&test).pop().unwrap();
    assert!(text(&account["detail"]).contains("the server takes it, and yet"), "{account}");
}

#[test]
fn a_server_that_was_not_reached_makes_no_guess_a_failure() {
    let shop = with_claims(json!({"upn": ALICE, "unique_name": null}));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    drop(listener);
    shop.add("shop", &[("--incoming-port", Some(&port)), ("--force", Some(""))]).finish().code(0);
    let refused = shop.json(&["test-mailbox", "shop"], 6);
    assert_eq!(refused.finding_codes(), ["connection-refused"]);
    assert!(preflight(&refused)[0]["detail"].as_str().unwrap().contains("perhaps: The token's user is alice@"));
}

#[test]
fn an_opaque_token_is_unknown_and_not_bad() {
    let shop = with_claims(Value::Null);
    for command in ["test-mailbox", "test-smtp", "inspect"] {
        let test = shop.json(&[command, "shop"], 0);
        for check in preflight(&test) {
            assert_eq!(check["outcome"], "skipped");
            assert_eq!(check["because"], "the token is opaque; only its server can read it");
        }
    }
    let inspect = shop.json(&["inspect", "shop"], 0);
    assert_eq!(preflight(&inspect).len(), 3);
    assert!(fact(&inspect, "form").starts_with("opaque"));
    assert_eq!(fact(&inspect, "issuer"), "");
}

#[test]
fn of_a_plain_providers_token_nothing_is_held_against_it() {
    let shop = Fixture::new();
    let (issuer, scope) = (shop.sandbox().issuer(), "imap");
    let oidc = [
        ("--provider", Some("oidc")),
        ("--tenant", None),
        ("--authority", None),
        ("--issuer", Some(issuer.as_str())),
        ("--scope", Some(scope)),
        ("--outgoing", Some("none")),
        ("--outgoing-host", None),
        ("--outgoing-port", None),
    ];
    shop.add("shop", &oidc).finish().code(0);
    shop.authorize_as("shop", SHOP).code(0);
    let inspect = shop.json(&["inspect", "shop"], 0);
    assert_eq!((fact(&inspect, "audience").as_str(), fact(&inspect, "issuer")), ("account", issuer.clone()));
    shop.json(&["test-mailbox", "shop"], 0);
}

#[test]
fn a_stale_token_is_refreshed_first_and_offline_it_is_shown_as_it_is() {
    let shop = Fixture::added();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    let requests = |shop: &Fixture| shop.sandbox().counters().token_requests;
    assert_eq!(requests(&shop), 1);
    let offline = shop.json(&["inspect", "shop", "--offline"], 0);
    assert_eq!((requests(&shop), offline.outcome("token").as_str()), (1, "no token"));
    assert!(fact(&offline, "expires").ends_with(" ago)"), "{}", offline.stdout);
    assert_eq!(fact(&offline, "refreshed"), "never");
    let online = shop.json(&["inspect", "shop"], 0);
    assert_eq!((requests(&shop), online.outcome("token").as_str()), (2, "passed"));
    assert!(fact(&online, "refreshed").ends_with(" ago)"), "{}", online.stdout);
}

#[test]
fn offline_an_expired_token_is_called_so_and_the_next_one_is_good() {
    let hours = |count: i64| SignedDuration::from_hours(count);
    let then = |count| (now() - hours(count)).as_second();
    for claims in [json!({"iat": then(3), "nbf": then(3), "exp": then(2)}), Value::Null] {
        let shop = with_claims(claims);
        // Three hours later, and nothing has been done in between.
        let folder = |path: &str| shop.path().join(path);
        let key = VaultKey::File(folder("config/mailgrant/vault.key"));
        let store = VaultStore::new(folder("data/mailgrant/vault.age"), key);
        let name = "shop".parse().unwrap();
        let mut grant = load_mailbox(&store, &name).unwrap().unwrap();
        grant.obtained = now() - hours(3);
        (grant.access[0].received, grant.access[0].expires) = (now() - hours(3), now() - hours(2));
        save_mailbox(&store, &name, &grant).unwrap();

        let offline = shop.json(&["inspect", "shop", "--offline"], 1);
        assert_eq!(offline.finding_codes(), ["local-token-expired"]);
        assert!(offline.stdout.contains("The token ended 2 hours ago."), "{}", offline.stdout);
        assert!(fact(&offline, "access_token").starts_with("expired at "), "{}", offline.stdout);
        assert_eq!(shop.sandbox().counters().token_requests, 1);
        shop.sandbox().set_access_claims(json!({}));
        shop.json(&["inspect", "shop"], 0);
    }
}

#[test]
fn offline_needs_no_provider() {
    let mut shop = Fixture::authorized();
    shop.end_sandbox();
    let offline = shop.json(&["inspect", "shop", "--offline"], 0);
    assert_eq!(fact(&offline, "user"), SHOP);
}

#[test]
fn before_the_first_sign_in_inspect_names_the_way_to_it() {
    let shop = Fixture::added();
    for arguments in [&["inspect", "shop"][..], &["inspect", "shop", "--offline"]] {
        let inspect = shop.json(arguments, 4);
        assert_eq!(inspect.finding_codes(), ["not-authorized"]);
    }
    shop.json(&["inspect", "shpo"], 3);
}

#[test]
fn nothing_of_a_hostile_token_gets_out_but_its_escaped_words() {
    // An issuer that has seen our secret writes it into its tokens, with whatever moves a cursor.
    let shop = with_claims(json!({
        "upn": format!("x\u{1b}]0;{}\u{7}\u{202e}", canary::CLIENT_SECRET),
        "aud": format!("https://{}.example\u{1b}[2J\n", canary::CLIENT_SECRET),
        "nonce": canary::NEXT_CLIENT_SECRET,
        "claim\u{1b}[31m\u{202e}": canary::NEXT_CLIENT_SECRET,
        "iss": vec!["x"; 3_000],
        "scp": "a ".repeat(3_000),
        "exp": 1e300, "iat": -1e300,
    }));
    let mut shown = Vec::new();
    let mut show = |shop: &Fixture, arguments: &[&str]| {
        for how in [&[][..], &["-v"], &["--json"], &["--json", "-v"]] {
            let finished = shop.run(&[how, arguments].concat()).finish();
            assert_ne!(finished.code, Some(70), "{}", finished.all_text());
            assert!(finished.stdout.len() < 40_000, "{} bytes", finished.stdout.len());
            shown.push(finished);
        }
    };
    show(&shop, &["inspect", "shop"]);
    show(&shop, &["inspect", "shop", "--offline"]);
    // Refreshing is what makes the tests hold the client secret, and so know it again.
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    show(&shop, &["inspect", "shop"]);
    show(&shop, &["test-mailbox", "shop"]);
    show(&shop, &["test-smtp", "shop"]);
    let mut secrets = shop.sandbox().issued_tokens();
    assert!(secrets.len() > 10);
    secrets.extend([canary::CLIENT_SECRET.to_owned(), canary::NEXT_CLIENT_SECRET.to_owned()]);
    for finished in shown {
        let text = finished.all_text();
        assert_eq!(canary::find(&finished.shown, text.as_bytes(), &secrets), Vec::<String>::new());
        let raw = text.chars().find(|c| c.is_control() && *c != '\n' || matches!(c, '\u{202a}'..='\u{202e}'));
        assert_eq!(raw, None, "{}: {text:?}", finished.shown);
    }
}
