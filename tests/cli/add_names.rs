//! Guesses about names and secrets: what may be right is taken, what cannot be is refused with its reason, and `--force`
//! takes it.

use practice_tenant::browser::{self, Person};
use practice_tenant::world::RESPELLED;

use crate::support::canary;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::practice::fact;

const GUID: &str = "11111111-2222-3333-4444-555555555555";

fn profile(shop: &Fixture) -> String {
    std::fs::read_to_string(shop.config()).unwrap_or_default()
}

fn refused(finished: &Finished) -> String {
    finished.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn names_that_only_hold_a_placeholder_are_taken() {
    let shop = Fixture::new();
    shop.add("one", &[("--address", Some("info@your-clinic.co.uk"))]).finish().code(0);
    shop.add("two", &[("--address", Some("x@xxxx.example")), ("--incoming-host", Some("mail.your-server.de"))])
        .finish()
        .code(0);
    shop.add("three", &[("--tenant", Some("your-travel.com")), ("--app", Some("travel"))]).finish().code(0);
    let profile = profile(&shop);
    for name in ["info@your-clinic.co.uk", "mail.your-server.de", "your-travel.com"] {
        assert!(profile.contains(name), "{profile}");
    }
}

#[test]
fn names_of_examples_are_taken_with_a_warning() {
    let shop = Fixture::new();
    let added = shop.add("shop", &[("--address", Some("info@your-domain.com"))]).finish().code(0);
    assert!(added.json()["warnings"].to_string().contains("your-domain"), "{}", added.stdout);
    // A name of a network of one's own may be all there is; it may also be a slip.
    let added = shop.add("lan", &[("--address", Some("shop@mailhost"))]).finish().code(0);
    assert!(added.json()["warnings"].to_string().contains("has no dot"), "{}", added.stdout);
}

#[test]
fn a_secret_may_hold_whatever_the_standard_allows() {
    for secret in
        ["8Q~xxxx-a secret with blanks.4711", "-begins-with-a-dash+and/ends=in=", "a<b>c~percent%41-and\\back"]
    {
        let shop = Fixture::new();
        shop.add("shop", &[]).stdin(&format!("{secret}\n")).finish().code(0);
        // The same again is not another secret.
        let again = shop.add("shop", &[]).stdin(secret).finish().code(0);
        assert!(fact(&again, "changed").starts_with("no"), "{}", again.stdout);
    }
}

#[test]
fn what_cannot_be_a_secret_is_refused_with_its_reason_and_force_takes_it() {
    for (secret, code) in [
        (GUID, "secret-is-id"),
        ("\"8Q~abcdefghijklmnopqrstuvwxyz\"", "secret-in-quotes"),
        ("“8Q~abcdefghijklmnopqrstuvwxyz”", "secret-in-quotes"),
        (" 8Q~abcdefghijklmnopqrstuvwxyz", "secret-outer-blank"),
        ("8Q~abcdefghijklmnopqrstuvwxyz \n", "secret-outer-blank"),
        ("xyz", "secret-too-short"),
        ("********************", "secret-is-placeholder"),
        ("<the secret of your app>", "secret-is-placeholder"),
        ("shop@contoso.example", "secret-is-address"),
    ] {
        let shop = Fixture::new();
        let answer = shop.add("shop", &[]).stdin(secret).finish().code(2);
        assert_eq!(refused(&answer), code, "{secret}");
        assert!(!answer.all_text().contains(secret.trim()), "{secret} is shown");
        assert!(!shop.config().exists(), "{secret}");
        shop.json(&["explain", code], 0);
        shop.add("shop", &[("--force", Some(""))]).stdin(secret).finish().code(0);
    }
    let shop = Fixture::new();
    for unusable in ["", "\n", "two\nlines", "8Q~abcdefghijklm\u{200b}nopqrstuvwxyz"] {
        let answer = shop.add("shop", &[("--force", Some(""))]).stdin(unusable).finish().code(2);
        assert_eq!(refused(&answer), "secret-unusable", "{unusable:?}");
    }
}

#[test]
fn the_new_secret_of_a_rotation_is_looked_at_in_the_same_way() {
    let shop = Fixture::added();
    for (secret, code) in [(GUID, "secret-is-id"), ("\"Second9R~abcdefghijklmnop\"", "secret-in-quotes")] {
        let run = shop.run(&["--json", "rotate-secret", "shop", "--secret-stdin"]);
        assert_eq!(refused(&run.stdin(secret).finish().code(2)), code);
    }
}

#[test]
fn what_cannot_be_a_client_id_is_refused_with_its_reason_and_force_takes_it() {
    let google = [("--provider", Some("google")), ("--tenant", None), ("--authority", None)];
    for (change, id, code) in [
        (&[][..], "myapp", "client-id-not-a-guid"),
        (&[], "shop@contoso.com", "client-id-is-address"),
        (&[], "{11111111-2222-3333-4444-555555555555}", "client-id-in-quotes"),
        (&[], "11111111-2222-3333-4444-555555555555 ", "client-id-outer-blank"),
        (&[("--tenant", Some(GUID))], GUID, "client-id-is-tenant-id"),
        (&google, "myapp", "client-id-not-of-google"),
    ] {
        let shop = Fixture::new();
        let change = [change, &[("--client-id", Some(id))]].concat();
        let answer = shop.add("shop", &change).finish().code(2);
        assert_eq!(refused(&answer), code, "{id}");
        assert!(!shop.config().exists(), "{id}");
        shop.json(&["explain", code], 0);
        shop.add("shop", &[&change[..], &[("--force", Some(""))]].concat()).finish().code(0);
        // The profile that now has it can be used.
        shop.json(&["list"], 0);
    }
}

#[test]
fn a_secret_pasted_as_the_client_id_is_not_shown() {
    let shop = Fixture::new();
    let answer = shop.add("shop", &[("--client-id", Some(canary::CLIENT_SECRET))]).finish().code(2);
    assert!(!answer.all_text().contains(canary::CLIENT_SECRET), "{}", answer.all_text());
}

#[test]
fn domains_outside_ascii_are_shown_as_typed_and_sent_as_xn() {
    let shop = Fixture::new();
    let change = [
        ("--address", Some("info@müller.example")),
        ("--incoming-host", Some("mail.müller.example")),
        ("--outgoing-host", Some("[::1]")),
        ("--tenant", Some("müller.example")),
    ];
    let added = shop.add("shop", &change).finish().code(0);
    assert_eq!(fact(&added, "address"), "info@müller.example");
    assert_eq!(fact(&added, "tenant"), "müller.example");
    assert!(fact(&added, "incoming").starts_with("IMAP mail.müller.example:"), "{}", added.stdout);
    assert!(fact(&added, "outgoing").starts_with("SMTP ::1:"), "{}", added.stdout);
    let wire = fact(&added, "on_the_wire");
    assert_eq!(wire, "info@xn--mller-kva.example, mail.xn--mller-kva.example");
    assert!(profile(&shop).contains("info@müller.example"));
    // The same in the other spelling is the same.
    shop.add("shop", &[&change[..], &[("--address", Some("info@xn--mller-kva.example"))]].concat()).finish().code(0);
    // The provider, which has no such tenant, is asked for it in the spelling of the wire.
    let refused = shop.run(&["authorize", "shop", "-v", "--timeout", "20"]).finish();
    assert!(refused.stderr.contains("/xn--mller-kva.example/"), "{}", refused.all_text());
}

#[test]
fn a_mailbox_of_a_domain_outside_ascii_signs_in_reads_and_sends() {
    for claim in ["info@büro.example", RESPELLED] {
        let shop = Fixture::new();
        shop.add("shop", &[("--address", Some("Info@Büro.example"))]).finish().code(0);
        shop.sandbox().forge_claims(&[("preferred_username", claim.into()), ("email", claim.into())]);
        let mut signing_in = shop.run(&["--json", "authorize", "shop"]).start();
        let url = signing_in.authorization_url();
        let hint = format!("login_hint={}", RESPELLED.replace('@', "%40"));
        assert!(url.to_lowercase().contains(&hint.to_lowercase()), "{url}");
        browser::sign_in(&url, shop.sandbox().ca_file(), &Person::SignsInAs(RESPELLED.to_owned())).unwrap();
        signing_in.finish().code(0);
        let read = shop.json(&["test-mailbox", "shop"], 0);
        assert_eq!(fact(&read, "address"), "Info@Büro.example");
        shop.json(&["test-smtp", "shop", "--to", "info@büro.example", "--wait-arrival"], 0);
        shop.insist_on_manners();
    }
    // Another account is another account.
    let shop = Fixture::new();
    shop.add("shop", &[("--address", Some("info@buro.example"))]).finish().code(0);
    shop.authorize_as("shop", RESPELLED).code(1);
}

#[test]
fn letters_outside_ascii_before_the_at_are_taken_with_a_warning() {
    let shop = Fixture::new();
    let added = shop.add("shop", &[("--address", Some("müller@contoso.example"))]).finish().code(0);
    assert!(added.json()["warnings"].to_string().contains("SMTPUTF8"), "{}", added.stdout);
    let ascii = shop.add("other", &[("--address", Some("info@müller.example"))]).finish().code(0);
    assert!(!ascii.stdout.contains("SMTPUTF8"), "{}", ascii.stdout);
}

#[test]
fn a_day_is_taken_as_portals_show_it_and_refused_in_words() {
    let shop = Fixture::new();
    for (number, (day, written)) in
        [("20.05.2031", "2031-05-20"), ("5/20/2031", "2031-05-20"), ("2031-05-20T09:30:00Z", "2031-05-20")]
            .into_iter()
            .enumerate()
    {
        let name = format!("shop{number}");
        shop.add(&name, &[("--app", Some(&name)), ("--expires", Some(day))]).finish().code(0);
        assert!(profile(&shop).contains(written), "{day}");
    }
    for (day, words) in [("soon", "write it as 2027-05-20"), ("5/6/2031", "2031-06-05 or 2031-05-06")] {
        let answer = shop.add("late", &[("--expires", Some(day))]).finish().code(2);
        assert!(answer.all_text().contains(words), "{}", answer.all_text());
        let answer = shop.run(&["rotate-secret", "shop0", "--expires", day]).finish().code(2);
        assert!(answer.all_text().contains(words), "{}", answer.all_text());
    }
}

#[test]
fn a_profile_written_by_hand_with_unlikely_values_can_be_used_and_doctor_names_them() {
    let shop = Fixture::new();
    shop.write_config(
        "[apps.shop]\nprovider = \"microsoft365\"\ntenant = \"your-tenant.onmicrosoft.com\"\n\
         authority = \"https://localhost:1\"\nclient_id = \"myapp\"\n\
         [mailboxes.shop]\napp = \"shop\"\naddress = \"shop@lan\"\n\
         incoming = { protocol = \"imap\", host = \"localhost\", port = 1 }\n",
    );
    shop.json(&["list"], 0);
    let warnings = shop.run(&["--json", "--timeout", "5", "doctor"]).finish().json()["warnings"].to_string();
    for words in ["'your-tenant'", "the client ID of app 'shop' looks wrong", "has no dot"] {
        assert!(warnings.contains(words), "{warnings}");
    }
}
