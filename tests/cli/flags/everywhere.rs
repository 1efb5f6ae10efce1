//! The flags that every verb has.

use std::time::{Duration, Instant};

use crate::outputs::locked;
use crate::support::canary;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::practice::ALWAYS_STALE;

/// A verb, how it is run without harm, and what the common flags can mean for it.
pub(crate) struct Verb {
    pub(crate) name: &'static str,
    /// Its arguments; those of `add` are the shop's own.
    arguments: &'static [&'static str],
    /// What it waits for.
    waits: Waits,
    /// What it does with the profile.
    profile: Profile,
    /// Whether it reads or writes secrets.
    has_secrets: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Waits {
    /// For servers.
    Servers,
    /// For a person.
    Person,
    /// For another process's lock of this kind.
    Lock(&'static str),
    /// For nothing.
    Never,
}

#[derive(Clone, Copy, PartialEq)]
enum Profile {
    /// Reads it, and fails without.
    Needs,
    /// Makes it.
    Makes,
    /// Looks at it.
    Sees,
    /// Has none.
    Without,
}

const fn verb(
    name: &'static str,
    arguments: &'static [&'static str],
    waits: Waits,
    profile: Profile,
    has_secrets: bool,
) -> Verb {
    Verb { name, arguments, waits, profile, has_secrets }
}

use Profile::{Makes, Needs, Sees, Without};
use Waits::{Lock, Never, Person, Servers};

pub(crate) const VERBS: &[Verb] = &[
    verb("add", &[], Lock("profile-"), Makes, true),
    verb("apply", &["-"], Lock("profile-"), Makes, false),
    verb("authorize", &["shop", "--timeout", "1"], Person, Needs, true),
    verb("test", &["shop"], Servers, Needs, true),
    verb("test-mailbox", &["shop"], Servers, Needs, true),
    verb("test-smtp", &["shop"], Servers, Needs, true),
    verb("doctor", &[], Servers, Sees, true),
    verb("inspect", &["shop"], Servers, Needs, true),
    verb("rotate-secret", &["shop", "--rollback"], Lock("app-"), Needs, true),
    verb("explain", &["AADSTS50011"], Never, Without, false),
    verb("status", &["shop"], Never, Needs, true),
    verb("list", &[], Never, Needs, false),
    verb("show", &["shop"], Never, Needs, true),
    verb("guide", &["shop"], Never, Needs, true),
    verb("open", &["shop", "app", "--print"], Never, Needs, false),
    verb("remove", &["no-such", "--yes"], Lock("mailbox-"), Needs, true),
    verb("token", &["shop"], Servers, Needs, true),
    verb("snippet", &["msmtp", "shop"], Never, Needs, false),
    verb("credential", &["get"], Servers, Needs, true),
    verb("new-certificate", &["shop", "--key", "ec"], Never, Sees, false),
    verb("new-vault-key", &[], Never, Sees, false),
    verb("store", &["list"], Never, Needs, true),
    verb("completions", &["bash"], Never, Without, false),
    verb("man", &["test"], Never, Without, false),
    verb("schema", &[], Never, Without, false),
    verb("report", &["merge", "-"], Never, Without, false),
    #[cfg(feature = "practice")]
    verb("practice", &["--list-faults"], Never, Without, false),
];

impl Verb {
    /// Whether its result is a token.
    fn hands_out(&self) -> bool {
        matches!(self.name, "token" | "credential")
    }

    /// Whether what it prints is for another program as it is, without colours.
    fn prints_text(&self) -> bool {
        matches!(self.name, "token" | "snippet" | "credential" | "completions" | "man" | "schema")
    }

    fn words(&self, shop: &Fixture) -> Vec<String> {
        if self.name == "add" {
            return shop.add_arguments("shop", &[]);
        }
        std::iter::once(self.name).chain(self.arguments.iter().copied()).map(str::to_owned).collect()
    }

    /// The verb's usual run with `more`.
    fn run(&self, shop: &Fixture, more: &[&str]) -> Finished {
        let words = self.words(shop);
        let words: Vec<&str> = words.iter().map(String::as_str).chain(more.iter().copied()).collect();
        let input = match self.name {
            "add" => canary::CLIENT_SECRET,
            "apply" => APPLIED,
            "credential" => ASKED,
            "report" => WRITTEN,
            _ => "",
        };
        let ended = shop.run(&words).stdin(input).finish();
        assert!(!matches!(ended.code, None | Some(70)), "{words:?}: {}", ended.all_text());
        ended
    }
}

/// What Git asks `credential`.
const ASKED: &str = "protocol=smtp\nhost=localhost\n\n";
/// What `apply` is given.
const APPLIED: &str = "[apps.applied]\nprovider = \"google\"\nclient_id = \"applied\"\ncredential = \"none\"\n";

/// What `report merge` is given: of a command with its own name, as every document has that of its verb.
pub(crate) const WRITTEN: &str = r#"{"schema":2,"version":"0.1.0","command":"report","time":"2026-11-28T09:00:00Z","ok":true,"exit_code":0,
"summary":{"reports":{"total":1,"ok":1,"failed":0},"checks":{"passed":1,"failed":0,"skipped":0}},
"reports":[{"kind":"mailbox","name":"shop","address":"shop@contoso.com","ok":true,"exit_code":0,"facts":{"address":"shop@contoso.com"},
"checks":[{"stage":"dns","protocol":"imap","outcome":"passed","detail":"192.0.2.1","began_ms":0.0,"elapsed_ms":1.0}]}],
"warnings":[],"next":[]}"#;

type Look = fn(&Fixture, &Verb);

pub(crate) const ROWS: &[(&str, Look)] = &[
    ("--json", json),
    ("--json-lines", json_lines),
    ("--html", html),
    ("--format", format),
    ("--report", report),
    ("--quiet", quiet),
    ("--color", color),
    ("--details", details),
    ("--verbose", verbose),
    ("--profile", profile),
    ("--store", store),
    ("--timeout", timeout),
    ("--help", help),
    ("--version", version),
];

fn json(shop: &Fixture, verb: &Verb) {
    let document = verb.run(shop, &["--json"]).json();
    assert_eq!((&document["schema"], &document["command"]), (&2.into(), &verb.name.into()), "{document}");
}

fn json_lines(shop: &Fixture, verb: &Verb) {
    let ended = verb.run(shop, &["--json-lines"]);
    if verb.hands_out() {
        // A line would hold the token.
        return assert!(ended.code == Some(2) && ended.all_text().contains("--json-lines"), "{}", ended.all_text());
    }
    let events = ended.json_lines();
    let (summary, reports) = events.split_last().unwrap();
    assert_eq!((&summary["event"], &summary["command"]), (&"summary".into(), &verb.name.into()), "{summary}");
    assert!(reports.iter().all(|event| event["event"] == "report" && event["report"].is_object()), "{reports:?}");
    assert_eq!(summary["summary"]["reports"]["total"], reports.len());
    assert_eq!(Some(summary["exit_code"].as_i64().unwrap()), ended.code.map(i64::from));
    let both = verb.run(shop, &["--json-lines", "--json"]);
    assert_eq!(both.code, Some(2), "{}", both.all_text());
}

fn html(shop: &Fixture, verb: &Verb) {
    let name = format!("{}.html", verb.name);
    let ended = verb.run(shop, &["--html", &name]);
    let page = std::fs::read_to_string(shop.path().join(&name));
    if verb.hands_out() {
        // A page would hold the token.
        assert!(ended.code == Some(2) && page.is_err() && ended.stderr.contains("makes no page"), "{}", ended.stderr);
    } else {
        let page = page.unwrap();
        assert!(page.contains(&format!("</h1><p>mailgrant {}", verb.name)), "{page}");
    }
}

fn format(shop: &Fixture, verb: &Verb) {
    let usual = verb.run(shop, &["--format", "text"]);
    // A schema is JSON in itself.
    assert!(verb.name == "schema" || !usual.stdout.starts_with(['{', '<']), "{}", usual.stdout);
    let document = verb.run(shop, &["--format", "json"]).json();
    assert_eq!(document["command"], verb.name, "{document}");
    let page = verb.run(shop, &["--format", "html"]);
    if verb.hands_out() {
        assert!(
            page.code == Some(2) && page.stdout.is_empty() && page.stderr.contains("makes no page"),
            "{}",
            page.stderr
        );
    } else {
        assert!(page.stdout.contains(&format!("</h1><p>mailgrant {}", verb.name)), "{}", page.stdout);
    }
    let both = verb.run(shop, &["--format", "text", "--json"]);
    if !verb.hands_out() {
        assert!(both.code == Some(2) && both.stderr.contains("both write to standard output"), "{}", both.all_text());
    }
    let unknown = verb.run(shop, &["--format", "drawer"]);
    assert!(unknown.code == Some(2) && unknown.stderr.contains("text, json, json-lines, html"), "{}", unknown.stderr);
}

fn report(shop: &Fixture, verb: &Verb) {
    let name = |form: &str| format!("{}-report.{form}", verb.name);
    let reports = ["text", "json", "html"].map(|form| format!("{form}={}", name(form)));
    let flags: Vec<&str> = reports.iter().flat_map(|report| ["--report", report]).collect();
    let ended = verb.run(shop, &flags);
    let written = |form: &str| std::fs::read_to_string(shop.path().join(name(form)));
    if verb.hands_out() {
        // A report would hold the token.
        assert!(ended.code == Some(2) && ended.stderr.contains("makes no report"), "{}", ended.stderr);
        assert!(written("text").is_err() && written("json").is_err() && written("html").is_err());
    } else {
        let document: serde_json::Value = serde_json::from_str(&written("json").unwrap()).unwrap();
        assert_eq!(document["command"], verb.name, "{document}");
        assert!(written("html").unwrap().contains(&format!("</h1><p>mailgrant {}", verb.name)));
        assert!(!written("text").unwrap().contains('\u{1b}'));
    }
    assert_eq!(verb.run(shop, &["--report", "page.html"]).code, Some(2));
    assert_eq!(verb.run(shop, &["--report", "html=missing/page.html"]).code, Some(2));
}

fn quiet(shop: &Fixture, verb: &Verb) {
    let ended = verb.run(shop, &["--quiet"]);
    match ended.code {
        // The token is all that it has to say.
        code if verb.hands_out() => {
            assert!(code == Some(2) && ended.stderr.contains("makes no report"), "{}", ended.stderr);
        }
        Some(0) => assert_eq!(ended.stdout, "", "{}", verb.name),
        _ => assert!(!ended.all_text().trim().is_empty(), "{}", verb.name),
    }
    let both = verb.run(shop, &["-q", "--json"]);
    if !verb.hands_out() {
        assert!(both.code == Some(2) && both.stderr.contains("both write to standard output"), "{}", both.all_text());
    }
}

fn color(shop: &Fixture, verb: &Verb) {
    let always = verb.run(shop, &["--color", "always"]).all_text();
    assert_eq!(always.contains('\u{1b}'), !verb.prints_text(), "{}: {always}", verb.name);
    assert!(!verb.run(shop, &["--color", "never"]).all_text().contains('\u{1b}'), "{}", verb.name);
    let neither = verb.run(shop, &["--color", "sometimes"]);
    assert!(neither.code == Some(2) && neither.stderr.contains("auto, always, never"), "{}", neither.stderr);
}

fn details(shop: &Fixture, verb: &Verb) {
    let detailed = verb.run(shop, &["--details"]);
    assert_ne!(detailed.code, Some(2), "{}: {}", verb.name, detailed.all_text());
}

fn verbose(_: &Fixture, verb: &Verb) {
    let shop = Fixture::added();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", crate::sandbox::world::SHOP).code(0);
    let more: &[&str] = match verb.name {
        "authorize" => &["--device-code", "-v"],
        _ => &["-v"],
    };
    let shown = verb.run(&shop, more).stderr;
    let has_wire = ["HTTP", "IMAP", "SMTP", "TLS"].iter().any(|protocol| shown.contains(protocol));
    // Where no server is spoken to there is no conversation to show.
    let speaks = matches!(verb.waits, Servers | Person);
    assert_eq!(has_wire, speaks, "{}: {shown}", verb.name);
}

fn profile(shop: &Fixture, verb: &Verb) {
    let missing = shop.path().join(format!("{}.toml", verb.name));
    let name = missing.to_str().unwrap();
    let ended = verb.run(shop, &["--profile", name]);
    match verb.profile {
        Needs => assert!(ended.code == Some(3) && ended.stderr.contains(name), "{}: {}", verb.name, ended.all_text()),
        Makes => assert!(ended.code == Some(0) && missing.exists(), "{}: {}", verb.name, ended.all_text()),
        Sees if verb.name == "doctor" => assert!(ended.stdout.contains(name), "{}", ended.stdout),
        Sees if verb.name == "new-certificate" => {
            assert!(ended.code == Some(0) && missing.with_file_name("shop.pem").exists(), "{}", ended.all_text());
        }
        Sees => {
            // The profile says where the key is.
            let key = shop.path().join("named.key");
            std::fs::write(&missing, format!("[secrets]\nstore = \"vault\"\nkey_file = \"{}\"\n", key.display()))
                .unwrap();
            assert_eq!(verb.run(shop, &["--profile", name]).code, Some(0));
            assert!(key.exists());
        }
        Without => assert_eq!(ended.stdout, verb.run(shop, &[]).stdout),
    }
}

fn store(shop: &Fixture, verb: &Verb) {
    let ended = verb.run(shop, &["--store", "keyring"]);
    // There is no keyring here.
    if verb.name == "doctor" {
        assert!(ended.stdout.contains("keyring-absent"), "{}", ended.stdout);
    } else if verb.name == "remove" {
        let none = shop.run(&["remove", "shop", "--yes", "--store", "keyring"]).finish().code(5);
        assert!(none.stderr.contains("keyring-absent"), "{}", none.stderr);
    } else if verb.has_secrets && verb.name != "show" {
        assert_eq!(ended.code, Some(5), "{}: {}", verb.name, ended.all_text());
        assert!(ended.all_text().contains("keyring-absent"), "{}: {}", verb.name, ended.all_text());
    } else if verb.name == "show" {
        assert_ne!(ended.all_text(), verb.run(shop, &[]).all_text());
    } else if verb.name == "snippet" {
        // Its command asks the same store.
        assert!(ended.stdout.contains(" --store keyring token shop\n"), "{}", ended.stdout);
    } else if verb.name == "new-certificate" {
        // It opens no store, and no two keys are alike.
        assert_eq!((ended.code, ended.stderr), (Some(0), String::new()));
    } else {
        // It opens no store.
        assert_eq!(ended.all_text(), verb.run(shop, &[]).all_text(), "{}", verb.name);
    }
    assert_eq!(verb.run(shop, &["--store", "drawer"]).code, Some(2));
}

fn timeout(_: &Fixture, verb: &Verb) {
    const SOON: Duration = Duration::from_secs(14);
    let shop = Fixture::added();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", crate::sandbox::world::SHOP).code(0);
    let begun = Instant::now();
    match verb.waits {
        Servers if verb.name == "doctor" => {
            let ended = verb.run(&shop, &["--timeout", "1"]);
            assert!(matches!(ended.code, Some(0 | 1 | 6)), "{}", ended.all_text());
        }
        Servers => {
            shop.sandbox().set_token_delay(Duration::from_secs(20));
            let ended = verb.run(&shop, &["--timeout", "2"]);
            assert_eq!(ended.code, Some(6), "{}: {}", verb.name, ended.all_text());
        }
        Person => assert_eq!(verb.run(&shop, &[]).code, Some(1)),
        Lock(kind) => {
            let _held = locked(&shop, kind);
            let ended = match verb.name {
                "remove" => shop.run(&["remove", "shop", "--yes", "--timeout", "1"]).finish(),
                "add" => {
                    let words = shop.add_arguments("other", &[("--app", Some("shop"))]);
                    let words: Vec<&str> = words.iter().map(String::as_str).chain(["--timeout", "1"]).collect();
                    shop.run(&words).stdin(canary::CLIENT_SECRET).finish()
                }
                _ => verb.run(&shop, &["--timeout", "1"]),
            };
            assert_eq!(ended.code, Some(7), "{}: {}", verb.name, ended.all_text());
        }
        // No two keys are alike.
        Never if verb.name == "new-certificate" => assert_eq!(verb.run(&shop, &["--timeout", "1"]).code, Some(0)),
        Never => assert_eq!(verb.run(&shop, &["--timeout", "1"]).stdout, verb.run(&shop, &[]).stdout),
    }
    assert!(begun.elapsed() < SOON, "{} took {:?}", verb.name, begun.elapsed());
    if verb.waits != Person {
        assert_eq!(verb.run(&shop, &["--timeout", "0"]).code, Some(2));
    }
}

fn help(shop: &Fixture, verb: &Verb) {
    let help = shop.run(&[verb.name, "--help"]).finish().code(0);
    assert!(help.stdout.contains(&format!("Usage: mailgrant {}", verb.name)), "{}", help.stdout);
}

fn version(shop: &Fixture, verb: &Verb) {
    let version = shop.run(&[verb.name, "--version"]).finish().code(0);
    assert!(version.stdout.contains(env!("CARGO_PKG_VERSION")), "{}", version.stdout);
}
