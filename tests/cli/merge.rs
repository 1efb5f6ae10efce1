//! Reports of several runs, put together.

use std::fs;

use serde_json::{Value, json};

use crate::sandbox::faults::Fault;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::fleet::Fleet;

/// The names of the reports in their order.
fn names(document: &Value) -> Vec<String> {
    let mut names: Vec<String> = document["reports"]
        .as_array()
        .unwrap()
        .iter()
        .map(|report| report["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn codes(document: &Value) -> Vec<&str> {
    document["warnings"].as_array().unwrap().iter().map(|warning| warning["code"].as_str().unwrap()).collect()
}

/// Runs `arguments` with the report of the run in `file`.
fn written(shop: &Fixture, arguments: &[&str], file: &str) -> Finished {
    let report = format!("json={file}");
    shop.run(&[arguments, &["--report", &report]].concat()).finish()
}

fn merge(shop: &Fixture, files: &[&str], code: i32) -> Value {
    shop.json(&[&["report", "merge"], files].concat(), code).json()
}

#[test]
fn the_shares_of_all_mailboxes_are_one_report_and_a_share_that_is_missing_is_named() {
    let fleet = Fleet::new(12);
    let shop = &fleet.shop;
    for (index, form) in [(1, "json"), (2, "json-lines"), (3, "json")] {
        let report = format!("{form}={index}.json");
        let shard = format!("{index}/3");
        shop.run(&["test-mailbox", "--all", "--shard", &shard, "--report", &report]).finish().code(0);
    }
    let whole = merge(shop, &["1.json", "2.json", "3.json"], 0);
    let all: Vec<String> = shop.json(&["test-mailbox", "--all"], 0).json()["reports"]
        .as_array()
        .map(|reports| reports.iter().map(|report| report["name"].as_str().unwrap().to_owned()).collect())
        .unwrap();
    let mut sorted = all.clone();
    sorted.sort();
    assert_eq!(names(&whole), sorted);
    assert_eq!(whole["summary"]["reports"], json!({"total": 12, "ok": 12, "failed": 0}));
    assert_eq!((&whole["command"], &whole["warnings"]), (&"test-mailbox".into(), &json!([])));
    assert_eq!(whole["shards"], json!([{"of": 3, "index": 1}, {"of": 3, "index": 2}, {"of": 3, "index": 3}]));
    assert_eq!(whole["notes"].as_array().unwrap().len(), 4, "{whole}");
    let part = merge(shop, &["1.json", "3.json"], 1);
    assert_eq!(missing(&part), [("2/3", "shard-missing")], "{part}");
    let mut names = names(&part);
    names.retain(|name| name != "2/3");
    assert_eq!(part["summary"]["reports"], json!({"total": names.len() + 1, "ok": names.len(), "failed": 1}));
    // What was put together can be put together again: with the share that was missing it is whole.
    fs::write(shop.path().join("part.json"), part.to_string()).unwrap();
    let again = merge(shop, &["part.json", "2.json"], 0);
    assert_eq!((&again["summary"]["reports"]["total"], missing(&again).len()), (&12.into(), 0), "{again}");
    // It was missing before as well, and the command fails all the same.
    shop.run(&["report", "merge", "1.json", "3.json", "--baseline", "part.json"]).finish().code(1);
}

/// The shares that are reported to be missing, with their codes.
fn missing(document: &Value) -> Vec<(&str, &str)> {
    let reports = document["reports"].as_array().unwrap();
    let shards = reports.iter().filter(|report| report["kind"] == "shard");
    shards.map(|one| (one["name"].as_str().unwrap(), one["verdict"]["code"].as_str().unwrap())).collect()
}

#[test]
fn each_form_says_which_share_is_missing_and_fails() {
    let fleet = Fleet::new(8);
    let shop = &fleet.shop;
    for index in [1, 4] {
        let (shard, report) = (format!("{index}/4"), format!("json={index}.json"));
        shop.run(&["test-mailbox", "--all", "--shard", &shard, "--report", &report]).finish().code(0);
    }
    for (form, code, words) in [
        (
            "text",
            1,
            &["shard 2/4\n", "shard 3/4\n", "Shard 2 of 4 is not among the files", "; shards 2/4, 3/4 are missing"][..],
        ),
        ("json", 1, &["\"kind\": \"shard\"", "\"name\": \"2/4\"", "\"name\": \"3/4\"", "\"failed\": 2"]),
        ("json-lines", 1, &["\"kind\":\"shard\",\"name\":\"3/4\"", "\"ok\":false"]),
        ("html", 1, &["<h1>shards 2/4, 3/4 are missing; ", "<h2>shard 2/4 <span class=\"state\">failed"]),
        ("markdown", 1, &["## shard 2/4", "## shard 3/4", "Shard 3 of 4 is not among the files"]),
        ("github", 1, &["::error title=shard 2/4%3A ", "::error title=shard 3/4%3A "]),
        ("nagios", 2, &["CRITICAL: shards 2/4, 3/4 are missing; ", "CRITICAL: shard 3/4: "]),
        (
            "junit",
            1,
            &["<testsuite name=\"shard 2/4\"", "tests=\"1\" failures=\"0\" errors=\"1\"", "type=\"shard-missing\""],
        ),
        (
            "prometheus",
            1,
            &[
                "mailgrant_probe_success{shard=\"2/4\"} 0\n",
                "mailgrant_last_run_exit_code{command=\"test-mailbox\"} 1\n",
            ],
        ),
        ("tap", 1, &["not ok 1 - shard 2/4: ", "not ok 2 - shard 3/4: ", "  code: shard-missing\n"]),
    ] {
        let said = shop.run(&["report", "merge", "1.json", "4.json", "--format", form]).finish().code(code).stdout;
        for words in words {
            assert!(said.contains(words), "{form}: no {words:?} in {said}");
        }
        assert!(!said.contains("mailboxes: something is wrong") && !said.contains("All 4 work"), "{form}: {said}");
    }
    let quiet = shop.run(&["report", "merge", "1.json", "4.json", "-q"]).finish().code(1).stdout;
    assert!(quiet.contains("shard 2/4: Shard 2 of 4 is not among the files") && quiet.contains("shard 3/4"), "{quiet}");
}

#[test]
fn the_exit_code_and_the_failures_are_those_of_one_run() {
    let fleet = Fleet::new(3);
    let shop = &fleet.shop;
    written(shop, &["test", "box0"], "well.json").code(0);
    shop.sandbox().switch_on(Fault::named("imap-off"));
    written(shop, &["test", "box1"], "ill.json").code(1);
    written(shop, &["test", "no-such"], "none.json").code(3);
    let both = merge(shop, &["well.json", "ill.json"], 1);
    assert_eq!(both["summary"]["reports"], json!({"total": 2, "ok": 1, "failed": 1}));
    assert_eq!(names(&both), ["box0", "box1"]);
    merge(shop, &["well.json", "ill.json", "none.json"], 3);
    let text = shop.run(&["report", "merge", "well.json", "ill.json"]).finish().code(1);
    assert!(text.stdout.contains("1 works, 1 does not: box1"), "{}", text.stdout);
    shop.run(&["report", "merge", "well.json", "ill.json", "--report", "junit=both.xml"]).finish().code(1);
    let junit = fs::read_to_string(shop.path().join("both.xml")).unwrap();
    assert!(junit.contains("<testsuite name=\"box0\"") && junit.contains("<testsuite name=\"box1\""), "{junit}");
}

#[test]
fn of_a_mailbox_in_several_files_the_latest_report_counts_and_it_is_said() {
    let shop = Fixture::authorized();
    shop.sandbox().switch_on(Fault::named("imap-off"));
    written(&shop, &["test", "shop"], "before.json").code(1);
    shop.sandbox().switch_off(Fault::named("imap-off"));
    written(&shop, &["test", "shop"], "after.json").code(0);
    for files in [["before.json", "after.json"], ["after.json", "before.json"]] {
        let document = merge(&shop, &files, 0);
        assert_eq!(
            (names(&document), codes(&document)),
            (vec!["shop".to_owned()], vec!["several-reports"]),
            "{document}"
        );
    }
}

#[test]
fn with_a_baseline_only_what_has_changed_is_shown_and_a_known_failure_fails_no_command() {
    let fleet = Fleet::new(3);
    let shop = &fleet.shop;
    written(shop, &["test", "box0", "box1"], "well.json").code(0);
    shop.sandbox().switch_on(Fault::named("imap-off"));
    written(shop, &["test", "box0", "box1"], "ill.json").code(1);
    let since = |document: &Value| -> Vec<String> {
        document["reports"].as_array().unwrap().iter().map(|one| one["since"].as_str().unwrap().to_owned()).collect()
    };
    let new = shop.json(&["test", "box0", "box1", "--baseline", "well.json"], 1).json();
    assert_eq!((since(&new), &new["changes"]["new_failures"]), (vec!["new_failure".to_owned(); 2], &2.into()), "{new}");
    let known = shop.json(&["test", "box0", "box1", "--baseline", "ill.json"], 0).json();
    assert_eq!((&known["ok"], &known["reports"][0]["ok"]), (&true.into(), &false.into()), "{known}");
    assert_eq!((since(&known), &known["changes"]["known_failures"]), (vec!["known_failure".to_owned(); 2], &2.into()));
    let text = shop.run(&["test", "box0", "box1", "--baseline", "ill.json"]).finish().code(0).stdout;
    assert!(text.contains("2 known failures, 0 as before") && !text.contains("FAIL"), "{text}");
    // A monitor sees what is broken, whatever was known before.
    let plugin = shop.run(&["test", "box0", "box1", "--baseline", "ill.json", "--format", "nagios"]).finish().code(2);
    assert!(plugin.stdout.starts_with("CRITICAL"), "{}", plugin.stdout);
    let lines =
        shop.run(&["test", "box0", "box1", "--baseline", "ill.json", "--json-lines"]).finish().code(0).json_lines();
    assert_eq!(
        (&lines[0]["report"]["since"], &lines[2]["changes"]["known_failures"]),
        (&"known_failure".into(), &2.into())
    );
    shop.sandbox().switch_off(Fault::named("imap-off"));
    let repaired = shop.json(&["test", "--all", "--baseline", "ill.json"], 0).json();
    assert_eq!(since(&repaired), ["repaired", "repaired", "added"], "{repaired}");
    let text = shop.run(&["test", "--all", "--baseline", "ill.json"]).finish().code(0).stdout;
    assert!(text.contains("note: repaired: box0, box1") && text.contains("note: added: box2"), "{text}");
    // Those that are not in the profile any more are gone; those that nothing asked for are not.
    written(shop, &["test", "--all"], "all.json").code(0);
    let (imap, smtp) = (shop.sandbox().ports().imap_implicit, shop.sandbox().ports().smtp_starttls);
    fleet.profile(2, imap, smtp);
    assert_eq!(shop.json(&["test", "--all", "--baseline", "all.json"], 0).json()["changes"]["gone"], json!(["box2"]));
    assert_eq!(shop.json(&["test", "box0", "--baseline", "all.json"], 0).json()["changes"]["gone"], json!([]));
    let merged = shop.json(&["report", "merge", "well.json", "--baseline", "all.json"], 0).json();
    assert_eq!(merged["changes"]["gone"], json!(["box2"]), "{merged}");
    shop.run(&["status", "--baseline", "all.json"]).finish().code(2).says("no baseline for 'status'");
    shop.run(&["test", "box0", "--baseline", "no-such.json"]).finish().code(2).says("No such file");
    written(shop, &["doctor"], "doctor.json");
    shop.json(&["doctor", "--baseline", "doctor.json"], 0);
    written(shop, &["status"], "status.json").code(0);
    shop.json(&["status", "--baseline", "status.json"], 0);
}

#[test]
fn what_is_not_a_report_is_refused_with_the_place_and_the_next_step() {
    let shop = Fixture::authorized();
    let put = |name: &str, text: &str| fs::write(shop.path().join(name), text).unwrap();
    written(&shop, &["test", "shop"], "well.json").code(0);
    let well = fs::read_to_string(shop.path().join("well.json")).unwrap();
    let lines = shop.run(&["test", "shop", "--json-lines"]).finish().code(0).stdout;
    put("old.json", &shop.run(&["test", "shop", "--json=1"]).finish().stdout);
    put("token.json", &shop.run(&["token", "shop", "--json"]).finish().code(0).stdout);
    put("man.json", &shop.run(&["man", "test", "--json"]).finish().code(0).stdout);
    put("broken.json", &well.replacen("\"ok\": true", "\"ok\": yes", 1));
    put("half.json", &well[..well.len() / 2]);
    put("code.json", &well.replacen("\"stage\": \"dns\"", "\"stage\": \"weather\"", 1));
    put(
        "shards.json",
        &well.replacen("\"summary\"", "\"shards\": [{\"of\": 4294967295, \"index\": 1}], \"summary\"", 1),
    );
    put("cut.json", lines.lines().next().unwrap());
    put("empty.json", "\n");
    put("not.json", "IMAP works\n");
    fs::create_dir(shop.path().join("folder.json")).unwrap();
    for (files, words) in [
        (&["old.json"][..], "old.json has schema 1"),
        (&["token.json"], "holds an access token"),
        (&["man.json"], "is what man has printed"),
        (&["broken.json"], "line 6, column"),
        (&["half.json"], "line "),
        (&["code.json"], "weather"),
        (&["shards.json"], "there is no shard 1/4294967295"),
        (&["cut.json"], "ends before its summary"),
        (&["empty.json"], "is empty"),
        (&["not.json"], "line 1, column 1"),
        (&["folder.json"], "folder.json: Is a directory"),
        (&["no-such.json"], "no-such.json: No such file"),
        (&["well.json", "./well.json"], "well.json is named twice"),
        (&["-", "-"], "Standard input is named twice"),
    ] {
        let refused = shop.run(&[&["report", "merge"], files].concat()).finish().code(2);
        assert!(refused.stdout.is_empty() && refused.stderr.contains(words), "{files:?}: {}", refused.stderr);
        assert!(refused.stderr.lines().count() > 1, "{files:?} says no next step: {}", refused.stderr);
    }
    shop.run(&["report", "merge"]).finish().code(2);
    let read = shop.run(&["report", "merge", "-", "--json"]).stdin(&lines).finish().code(0).json();
    assert_eq!(names(&read), ["shop"]);
}

#[test]
fn what_is_planted_in_a_file_is_neither_obeyed_nor_shown() {
    let shop = Fixture::authorized();
    written(&shop, &["test", "shop"], "well.json").code(0);
    let mut document: Value =
        serde_json::from_str(&fs::read_to_string(shop.path().join("well.json")).unwrap()).unwrap();
    let secret = format!("Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.{}.{}", "eyJhIjoxfQ", "c2lnbmF0dXJlc2lnbmF0dXJl");
    let planted = format!("\u{1b}]0;owned\u{7}\u{202e}\n::stop-commands::x\n{secret}");
    document["reports"][0]["checks"][0]["detail"] = planted.clone().into();
    document["reports"][0]["name"] = planted.clone().into();
    document["reports"][0]["facts"][planted.as_str()] = planted.clone().into();
    document["notes"] = json!([planted]);
    document["command"] = planted.clone().into();
    fs::write(shop.path().join("planted.json"), document.to_string()).unwrap();
    for form in ["text", "json", "json-lines", "html", "markdown", "github", "nagios", "junit", "prometheus", "tap"] {
        let said = shop.run(&["report", "merge", "planted.json", "--details", "--format", form]).finish().all_text();
        assert!(!said.contains("c2lnbmF0dXJlc2lnbmF0dXJl"), "{form}: {said}");
        assert!(!said.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{form}: {said}");
        assert!(!said.lines().any(|line| line.starts_with("::stop-commands")), "{form}: {said}");
    }
}
