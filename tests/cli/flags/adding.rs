//! `add`: what each flag gives is in the profile or in the store afterwards.

use std::fs;

use super::{Row, does};
use crate::support::canary;
use crate::support::fixture::Fixture;
use crate::support::practice::fact;

/// An app of its own for each mailbox: what the profile says of one says nothing of another.
fn client_id(name: &str) -> String {
    let number: u32 = name.bytes().map(u32::from).fold(7, |sum, byte| sum * 31 % 99_991 + byte);
    format!("5a4d0000-0000-4000-8000-{number:012}")
}

/// Adds the mailbox `name` with `change`, and insists that the profile says each of `lines` then.
pub(super) fn says(shop: &Fixture, name: &str, change: &[(&str, Option<&str>)], lines: &[&str]) {
    let (id, address) = (client_id(name), format!("{name}@contoso.example"));
    let mut all = vec![("--client-id", Some(id.as_str())), ("--address", Some(address.as_str()))];
    for (flag, value) in change {
        all.retain(|(other, _)| other != flag);
        all.push((flag, *value));
    }
    shop.add(name, &all).finish().code(0);
    let profile = fs::read_to_string(shop.config()).unwrap();
    for line in lines {
        assert!(profile.contains(line), "{name}: no {line} in\n{profile}");
    }
}

/// One flag and its value.
fn gives(shop: &Fixture, flag: &str, value: &str, line: &str) {
    let name = format!("by{}", flag.trim_start_matches('-').replace('-', ""));
    says(shop, &name, &[(flag, Some(value))], &[line]);
}

/// What Microsoft's apps need and others do not.
const NOT_MICROSOFT: [(&str, Option<&str>); 3] =
    [("--provider", Some("oidc")), ("--tenant", None), ("--authority", None)];

fn oidc(shop: &Fixture, name: &str, more: &[(&str, Option<&str>)], lines: &[&str]) {
    let issuer = shop.sandbox().issuer();
    let change = [NOT_MICROSOFT.as_slice(), &[("--issuer", Some(&issuer)), ("--scope", Some("imap"))], more].concat();
    says(shop, name, &change, lines);
}

fn secret_is_stored(shop: &Fixture, name: &str) {
    let shown = fact(&shop.json(&["show", name], 0), "client_secret");
    assert!(shown.starts_with("stored"), "{name}: {shown}");
}

const ACCOUNT: &str = "mail@shop-1234.iam.gserviceaccount.com";
const POOL: &str = "//iam.googleapis.com/projects/1234/locations/global/workloadIdentityPools/ci/providers/github";

/// An app of Google's for which it signs against the tokens of a runner.
fn keyless(client_id: &'static str) -> Vec<(&'static str, Option<&'static str>)> {
    vec![
        ("--provider", Some("google")),
        ("--tenant", None),
        ("--authority", None),
        ("--client-id", Some(client_id)),
        ("--credential", Some("service-account")),
        ("--service-account", Some(ACCOUNT)),
        ("--service-account-audience", Some(POOL)),
        ("--federated-source", Some("github")),
    ]
}

pub(super) const ROWS: &[Row] = &[
    does("add", "<name>", |shop| says(shop, "byname", &[], &["[mailboxes.byname]"])),
    does("add", "--app", |shop| gives(shop, "--app", "another", "[apps.another]")),
    does("add", "--provider", |shop| {
        gives(shop, "--provider", "microsoft365", "provider = \"microsoft365\"");
        oidc(shop, "byoidc", &[], &["provider = \"oidc\""]);
    }),
    does("add", "--cloud", |shop| {
        says(shop, "bycloud", &[("--authority", None), ("--cloud", Some("gcc-high"))], &["cloud = \"gcc-high\""]);
    }),
    does("add", "--tenant", |shop| gives(shop, "--tenant", "fabrikam.example", "tenant = \"fabrikam.example\"")),
    does("add", "--authority", |shop| {
        gives(shop, "--authority", "https://localhost:4711", "authority = \"https://localhost:4711\"");
    }),
    does("add", "--api-url", |shop| {
        gives(shop, "--api-url", "https://localhost:4712", "api_url = \"https://localhost:4712\"");
    }),
    does("add", "--issuer", |shop| {
        let issuer = format!("issuer = \"{}\"", shop.sandbox().issuer());
        oidc(shop, "byissuer", &[], &[&issuer]);
    }),
    does("add", "--scope", |shop| {
        let scopes = [("--scope", Some("mail.read")), ("--scope", Some("mail.send"))];
        let issuer = shop.sandbox().issuer();
        let mut words =
            shop.add_arguments("byscope", &[NOT_MICROSOFT.as_slice(), &[("--issuer", Some(&issuer))]].concat());
        words.extend(["--client-id".to_owned(), client_id("byscope")]);
        words.extend(scopes.iter().flat_map(|(flag, value)| [(*flag).to_owned(), value.unwrap().to_owned()]));
        let first = words.iter().position(|word| word == "--client-id").unwrap();
        words.drain(first..first + 2);
        let at = words.iter().position(|word| word == "--address").unwrap();
        words[at + 1] = "byscope@contoso.example".to_owned();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        shop.run(&words).stdin(canary::CLIENT_SECRET).finish().code(0);
        let profile = fs::read_to_string(shop.config()).unwrap();
        assert!(profile.contains("mail.read") && profile.contains("mail.send"), "{profile}");
    }),
    does("add", "--client-id", |shop| says(shop, "byid", &[], &[&client_id("byid")])),
    does("add", "--credential", |shop| gives(shop, "--credential", "none", "credential = \"none\"")),
    does("add", "--access", |shop| gives(shop, "--access", "app", "access = \"app\"")),
    does("add", "--external-account", |shop| {
        let account = [
            ("--provider", Some("google")),
            ("--tenant", None),
            ("--authority", None),
            ("--client-id", Some("103821043821043821043")),
            ("--credential", Some("service-account")),
            ("--external-account", Some("/etc/account.json")),
        ];
        says(shop, "byexternalaccount", &account, &["service_account = { external_account = \"/etc/account.json\" }"]);
    }),
    does("add", "--service-account", |shop| {
        let whole = keyless("103821043821043821044");
        let account = format!("account = \"{ACCOUNT}\"");
        says(shop, "byserviceaccount", &whole, &["credential = \"service-account\"", &account, "source = \"github\""]);
        let half = keyless("103821043821043821046");
        let without = half.into_iter().filter(|(flag, _)| *flag != "--service-account");
        let refused = shop.add("byhalf", &without.collect::<Vec<_>>()).finish().code(2);
        assert!(refused.stdout.contains("--service-account"), "{}", refused.stdout);
    }),
    does("add", "--service-account-audience", |shop| {
        let audience = format!("audience = \"{POOL}\"");
        says(shop, "byserviceaccountaudience", &keyless("103821043821043821045"), &[&audience]);
    }),
    does("add", "--object-id", |shop| {
        let id = "33333333-4444-5555-6666-777777777777";
        gives(shop, "--object-id", id, &format!("object_id = \"{id}\""));
    }),
    does("add", "--redirect-uri", |shop| {
        gives(shop, "--redirect-uri", "http://localhost/here", "redirect_uri = \"http://localhost/here\"");
    }),
    does("add", "--expires", |shop| gives(shop, "--expires", "2031-05-20", "secret_expires = 2031-05-20")),
    does("add", "--ca-file", |shop| {
        let ca = shop.ca_file();
        gives(shop, "--ca-file", &ca, &format!("ca_file = \"{ca}\""));
    }),
    does("add", "--address", |shop| {
        gives(shop, "--address", "who@contoso.example", "address = \"who@contoso.example\"")
    }),
    does("add", "--sign-in-as", |shop| {
        gives(shop, "--sign-in-as", "delegate@contoso.example", "sign_in_as = \"delegate@contoso.example\"");
    }),
    does("add", "--incoming", |shop| gives(shop, "--incoming", "pop3", "protocol = \"pop3\"")),
    does("add", "--incoming-host", |shop| {
        gives(shop, "--incoming-host", "in.contoso.example", "host = \"in.contoso.example\"")
    }),
    does("add", "--incoming-port", |shop| gives(shop, "--incoming-port", "1993", "port = 1993")),
    does("add", "--incoming-tls", |shop| gives(shop, "--incoming-tls", "starttls", "tls = \"starttls\"")),
    does("add", "--outgoing", |shop| {
        let none = [("--outgoing", Some("none")), ("--outgoing-host", None), ("--outgoing-port", None)];
        says(shop, "byoutgoing", &none, &["[mailboxes.byoutgoing]"]);
        let profile = fs::read_to_string(shop.config()).unwrap();
        let own = profile.split("[mailboxes.byoutgoing]").nth(1).unwrap().split("\n[").next().unwrap();
        assert!(own.contains("incoming =") && !own.contains("outgoing ="), "{own}");
    }),
    does("add", "--outgoing-host", |shop| {
        gives(shop, "--outgoing-host", "out.contoso.example", "host = \"out.contoso.example\"")
    }),
    does("add", "--outgoing-port", |shop| gives(shop, "--outgoing-port", "1587", "port = 1587")),
    does("add", "--outgoing-tls", |shop| gives(shop, "--outgoing-tls", "implicit", "tls = \"implicit\"")),
    does("add", "--ehlo-name", |shop| {
        gives(shop, "--ehlo-name", "pc.contoso.example", "ehlo_name = \"pc.contoso.example\"")
    }),
    does("add", "--secret-stdin", |shop| {
        says(shop, "bystdin", &[], &[]);
        secret_is_stored(shop, "bystdin");
    }),
    does("add", "--secret-env", |shop| {
        let (id, address) = (client_id("byenv"), "byenv@contoso.example");
        let change =
            [("--client-id", Some(id.as_str())), ("--address", Some(address)), ("--secret-env", Some("GIVEN"))];
        shop.add("byenv", &change).env("GIVEN", canary::CLIENT_SECRET).finish().code(0);
        secret_is_stored(shop, "byenv");
        let unset = shop.add("byenv2", &[("--secret-env", Some("NOT_GIVEN"))]).finish().code(2);
        assert!(unset.stdout.contains("NOT_GIVEN"), "{}", unset.stdout);
    }),
    does("add", "--secret-file", |shop| {
        let file = shop.path().join("given");
        fs::write(&file, canary::CLIENT_SECRET).unwrap();
        let (id, path) = (client_id("byfile"), file.display().to_string());
        let address = Some("byfile@contoso.example");
        let change =
            [("--client-id", Some(id.as_str())), ("--address", address), ("--secret-file", Some(path.as_str()))];
        shop.add("byfile", &change).finish().code(0);
        secret_is_stored(shop, "byfile");
    }),
    does("add", "--dry-run", |shop| {
        let told = shop.add("never", &[("--dry-run", Some(""))]).finish().code(0);
        assert!(told.stdout.contains("+ [mailboxes.never]"), "{}", told.stdout);
        shop.json(&["show", "never"], 3);
    }),
    does("add", "--force", |shop| {
        says(shop, "byforce", &[], &["address = \"byforce@contoso.example\""]);
        let id = client_id("byforce");
        let other = [("--client-id", Some(id.as_str())), ("--address", Some("forced@contoso.example"))];
        let refused = shop.add("byforce", &other).finish().code(2);
        assert!(refused.stdout.contains("--force"), "{}", refused.stdout);
        says(
            shop,
            "byforce",
            &[("--address", Some("forced@contoso.example")), ("--force", Some(""))],
            &["forced@contoso.example"],
        );
    }),
];
