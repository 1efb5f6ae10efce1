//! `apply`: many mailboxes at once, from a file, in one write of the profile.

use std::fmt::Write as _;
use std::time::Instant;

use crate::sandbox::world::{ALICE, CONFIDENTIAL_CLIENT, SHOP, TENANT_DOMAIN};
use crate::support::canary::CLIENT_SECRET;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::rounds;

/// Two mailboxes of the practice tenant and their app, as CSV.
fn list(shop: &Fixture) -> String {
    let add = shop.add_arguments("shop", &[]);
    let of = |flag: &str| add[add.iter().position(|word| word == flag).unwrap() + 1].clone();
    let mut list =
        "name;address;app;provider;tenant;authority;client_id;incoming;incoming_host;incoming_port;outgoing;\
                    outgoing_host;outgoing_port;ca_file\n"
            .to_owned();
    for (name, address) in [("shop", SHOP), ("alice", ALICE)] {
        let row = [
            name,
            address,
            "shop",
            "microsoft365",
            TENANT_DOMAIN,
            &of("--authority"),
            CONFIDENTIAL_CLIENT,
            "imap",
            "localhost",
            &of("--incoming-port"),
            "smtp",
            "localhost",
            &of("--outgoing-port"),
            &of("--ca-file"),
        ];
        writeln!(list, "{}", row.join(";")).unwrap();
    }
    list
}

/// Applies `list` with `more`, and insists on the exit code.
#[track_caller]
fn apply(shop: &Fixture, list: &str, more: &[&str], code: i32) -> Finished {
    let file = shop.path().join("list");
    std::fs::write(&file, list).unwrap();
    let words = [&["--json", "apply", "list"], more].concat();
    shop.run(&words).env("SECRET", CLIENT_SECRET).finish().code(code)
}

fn profile(shop: &Fixture) -> String {
    std::fs::read_to_string(shop.config()).unwrap()
}

/// What became of each item, in the order of the reports.
fn changes(applied: &Finished) -> Vec<String> {
    let document = applied.json();
    let reports = document["reports"].as_array().unwrap().iter();
    let change = |report: &serde_json::Value| {
        let change = report["facts"]["change"].as_str()?.to_owned();
        assert_eq!(report["changed"], change != "unchanged", "{report}");
        Some(change)
    };
    reports.filter_map(change).collect()
}

#[test]
fn a_list_sets_up_its_mailboxes_and_the_second_run_changes_nothing() {
    let shop = Fixture::new();
    let list = list(&shop);
    let with_secret = ["--secret-env", "shop=SECRET"];
    let files = shop.files();
    std::fs::write(shop.path().join("list"), &list).unwrap();
    let before = shop.files();
    let dry = shop.run(&["apply", "list", "--dry-run"]).finish().code(0);
    assert!(dry.stdout.contains("+ [mailboxes.alice]") && dry.stdout.contains("Dry run"), "{}", dry.stdout);
    assert!(shop.files() == before && files.len() + 1 == before.len(), "a dry run writes nothing");

    let applied = apply(&shop, &list, &with_secret, 0);
    assert_eq!(changes(&applied), ["added", "added", "added"], "{}", applied.stdout);
    shop.authorize_as("alice", ALICE).code(0);
    shop.json(&["test", "alice"], 0);

    let before = shop.files();
    for bom in ["", "\u{feff}"] {
        let again = apply(&shop, &format!("{bom}{list}"), &with_secret, 0);
        assert_eq!(changes(&again), ["unchanged", "unchanged", "unchanged"], "{}", again.stdout);
        assert!(
            again.json().get("diff").is_none() && again.stdout.contains("Nothing: 2 mailboxes"),
            "{}",
            again.stdout
        );
    }
    std::fs::write(shop.path().join("list"), &list).unwrap();
    assert_eq!(shop.files(), before, "byte for byte");
    // The same as TOML, and as a JSON document.
    apply(&shop, &profile(&shop), &[], 0);
    assert_eq!(shop.files_with("[mailboxes.alice]").len(), 2, "the list is the profile itself now");
    let json = format!("{{\"mailboxes\": {{\"alice\": {{\"address\": \"{ALICE}\"}}}}}}");
    assert_eq!(changes(&apply(&shop, &json, &[], 0)), ["unchanged"]);
}

#[test]
fn what_deserves_a_look_is_told_of_what_is_new_or_changed() {
    let shop = Fixture::new();
    let client_id = "123456789012-abcdef.apps.googleusercontent.com";
    let list = |certificate: &str| {
        format!("address,provider,client_id,certificate\ninfo@intranet,google,{client_id},{certificate}\n")
    };
    let codes = |list: &str| {
        let applied = apply(&shop, list, &[], 0).json();
        let codes = applied["warnings"].as_array().unwrap().iter().map(|warning| warning["code"].as_str().unwrap());
        codes.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(codes(&list("a.pem")), ["credential-not-taken", "domain-without-dot"]);
    assert_eq!(codes(&list("a.pem")), [""; 0]);
    // The mailbox is as it was.
    assert_eq!(codes(&list("b.pem")), ["credential-not-taken"]);
}

#[test]
fn comments_and_order_stay_and_what_the_file_does_not_say_stays() {
    let shop = Fixture::added();
    let written =
        format!("# The shop's own words.\n{}", profile(&shop).replace("[mailboxes", "# Read daily.\n[mailboxes"));
    shop.write_config(&written);
    let applied = apply(&shop, "name,enabled,expires\nshop,false,2031-05-20\n", &[], 0);
    assert_eq!(changes(&applied), ["changed", "changed"], "{}", applied.stdout);
    let now = profile(&shop);
    for line in written.lines() {
        assert!(now.contains(line), "{line} is gone: {now}");
    }
    assert!(now.contains("enabled = false") && now.contains("secret_expires = 2031-05-20"), "{now}");
    let lines = |text: &str| text.lines().filter(|line| !line.is_empty()).count();
    assert_eq!(lines(&now), lines(&written) + 2, "{now}");
}

#[test]
fn all_that_is_wrong_is_told_at_once_and_nothing_is_changed() {
    let shop = Fixture::added();
    let before = shop.files();
    let list = "name,adress,incoming\none,a@x.org,imap\n";
    let refused = shop.run(&["--json", "apply", "-"]).stdin(list).finish().code(3);
    assert!(refused.stdout.contains("standard input:1:6: unknown key 'adress'"), "{}", refused.stdout);
    assert!(refused.stdout.contains("did you mean address?"), "{}", refused.stdout);
    let list = "name,app,address\none,shop,a@x.org\ntwo,shop,not-an-address\nthree,none,c@x.org\nfour,shop,d@x.org,\n";
    let refused = shop.run(&["apply", "-"]).stdin(list).finish().code(3);
    assert!(refused.stderr.contains("standard input:5:1: this row has 4 cells"), "{}", refused.stderr);
    let list = list.replace("d@x.org,", "d@x.org");
    let refused = shop.run(&["apply", "-"]).stdin(&list).finish().code(3);
    for place in ["standard input:3:10: address:", "standard input:4:7: app: there is no app 'none'"] {
        assert!(refused.stderr.contains(place), "{place}: {}", refused.stderr);
    }
    let secret =
        shop.run(&["apply", "-"]).stdin(&format!("name,client_secret\nshop,{CLIENT_SECRET}\n")).finish().code(3);
    secret.hides(CLIENT_SECRET).says("--secret-env APP=VAR");
    shop.run(&["apply", "-"]).stdin("name\n\0").finish().code(3);
    assert_eq!(shop.files(), before);
}

#[test]
fn what_is_not_named_goes_only_where_that_is_asked_for() {
    let shop = Fixture::authorized();
    shop.add("alice", &[("--app", Some("shop")), ("--address", Some(ALICE))]).finish().code(0);
    shop.authorize_as("alice", ALICE).code(0);
    let only = "name,address\nalice,".to_owned() + ALICE + "\n";
    apply(&shop, &only, &[], 0);
    shop.json(&["token", "shop"], 0);
    let dry = apply(&shop, &only, &["--prune", "--dry-run"], 0);
    assert!(
        dry.stdout.contains("- [mailboxes.shop]") && dry.stdout.contains("mailbox shop: removed"),
        "{}",
        dry.stdout
    );
    shop.json(&["token", "shop"], 0);
    let asked = apply(&shop, &only, &["--prune"], 2);
    assert!(asked.stdout.contains("--yes"), "{}", asked.stdout);
    let pruned = apply(&shop, &only, &["--prune", "--yes"], 0);
    assert!(pruned.stdout.contains("mailbox shop: removed"), "{}", pruned.stdout);
    shop.json(&["show", "shop"], 3);
    shop.json(&["token", "alice"], 0);
    // The app goes with its last mailbox, where the file does not name it.
    let other =
        "name,address,provider,client_id,credential\nnew,new@gmail.com,google,new.apps.googleusercontent.com,none\n";
    let pruned = apply(&shop, other, &["--prune", "--yes"], 0);
    assert!(pruned.stdout.contains("app shop: removed"), "{}", pruned.stdout);
    assert!(!profile(&shop).contains("[apps.shop]"), "{}", profile(&shop));
    let again = apply(&shop, other, &["--prune", "--yes"], 0);
    assert!(again.json().get("diff").is_none(), "{}", again.stdout);
}

#[test]
fn another_secret_than_the_stored_one_is_refused_and_nothing_is_changed() {
    let shop = Fixture::authorized();
    let before = shop.files();
    let list = "name,enabled\nshop,false\n";
    let refused = shop.run(&["--json", "apply", "-", "--secret-env", "shop=OTHER"]).stdin(list);
    let refused = refused.env("OTHER", "another-secret-of-0123456789abcdef").finish();
    assert_eq!(refused.json()["error"]["code"], "secret-differs", "{}", refused.stdout);
    assert_eq!(shop.files(), before);
}

#[test]
fn a_kill_at_any_moment_leaves_the_old_profile_or_the_new_one() {
    let shop = Fixture::added();
    let (old, secrets) = (profile(&shop), ["--secret-env", "other=SECRET"]);
    let list =
        "name,address,app,provider,client_id\nother,other@gmail.com,other,google,other.apps.googleusercontent.com\n";
    let started = Instant::now();
    apply(&shop, list, &secrets, 0);
    let (whole, new) = (started.elapsed(), profile(&shop));
    assert_ne!(old, new);
    let rounds = rounds(12);
    for round in 0..rounds {
        shop.write_config(&old);
        let words = ["apply", "list", secrets[0], secrets[1]];
        let running = shop.run(&words).env("SECRET", CLIENT_SECRET).start();
        std::thread::sleep(whole * round / rounds);
        running.kill();
        let now = profile(&shop);
        assert!(now == old || now == new, "round {round}: {now}");
        apply(&shop, list, &secrets, 0);
        assert_eq!(profile(&shop), new, "round {round}");
    }
}

#[test]
fn a_thousand_mailboxes_are_one_write() {
    let shop = Fixture::new();
    let mut list = "address,provider,client_id,credential,app\n".to_owned();
    for number in 0..1_000 {
        writeln!(list, "m{number}@gmail.com,google,many.apps.googleusercontent.com,none,many").unwrap();
    }
    let applied = apply(&shop, &list, &[], 0);
    assert_eq!(changes(&applied).len(), 1_001);
    let before = profile(&shop);
    let again = apply(&shop, &list, &[], 0);
    assert!(changes(&again).iter().all(|change| change == "unchanged"));
    assert_eq!(profile(&shop), before);
    assert_eq!(shop.json(&["list"], 0).json()["reports"].as_array().unwrap().len(), 1_000);
}
