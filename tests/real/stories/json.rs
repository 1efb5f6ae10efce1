//! What scripts ask of the JSON, as jq answers it in one line; and the documents under their schema, as another validator than that
//! of the other tests reads it.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use practice_tenant::faults::Fault;
use serde_json::json;

use crate::parts;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::process::Run;

/// What jq makes of a document.
fn jq(shop: &Fixture, filter: &str, document: &Finished) -> String {
    let mut command = shop.program("jq");
    let mut child = command.args(["-r", filter]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(document.stdout.as_bytes()).unwrap();
    let answer = child.wait_with_output().unwrap();
    assert!(answer.status.success(), "{filter}");
    String::from_utf8(answer.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn seven_questions_are_one_line_of_jq_each() {
    if parts::jq().is_none() {
        return;
    }
    let shop = Fixture::authorized();
    let run = |arguments: &[&str]| shop.run(&[&["--json"], arguments].concat()).finish();
    let changed = shop.add("shop", &[("--expires", Some("2099-12-31"))]).finish().code(0);
    assert_eq!(jq(&shop, ".reports[0].changed | type", &changed), "boolean");

    let well = run(&["test", "shop"]).code(0);
    assert_eq!(jq(&shop, ".ok", &well), "true");
    // 1: who fails, and why. 7: whether anything did.
    let why = ".reports[] | [.name, (.verdict.code // \"ok\")] | @tsv";
    assert_eq!(jq(&shop, why, &well), "shop\tok");
    shop.sandbox().switch_on(Fault::named("imap-off"));
    for (command, code) in [("test", "protocol-off-for-mailbox"), ("test-mailbox", "exo-imap-authenticate-failed")] {
        let ill = run(&[command, "shop"]).code(1);
        assert_eq!(jq(&shop, why, &ill), format!("shop\t{code}"));
        assert_eq!(jq(&shop, "[.ok, .exit_code, .summary.reports.failed] | @csv", &ill), "false,1,1");
    }
    shop.sandbox().switch_off(Fault::named("imap-off"));
    // 2: the days until the secret expires.
    let status = run(&["status"]).code(0);
    let days: i64 = jq(&shop, ".reports[0].values.client_secret.days_left", &status).parse().unwrap();
    assert!(days > 20_000, "{days}");
    assert_eq!(jq(&shop, ".reports[0].values.client_secret.expires_on", &status), "2099-12-31");
    // 3: the slowest check.
    let slowest = jq(&shop, ".reports[0].checks | max_by(.elapsed_ms) | [.stage, .elapsed_ms] | @tsv", &well);
    assert!(slowest.split('\t').nth(1).is_some_and(|time| time.parse::<f64>().is_ok()), "{slowest}");
    // 4: when a server's certificate ends.
    let ends = ".reports[].checks[] | select(.tls) | .tls.not_after | fromdateiso8601 > now";
    let ends = jq(&shop, ends, &well);
    assert!(!ends.is_empty() && ends.lines().all(|line| line == "true"), "{ends}");
    // 5: for how many seconds the access token is good.
    let access = ".reports[0].values.access_token.expires_at[0:19] + \"Z\" | fromdateiso8601 - now | floor";
    let left: i64 = jq(&shop, access, &status).parse().unwrap();
    assert!((1..=5400).contains(&left), "{left}");
    // 6: who must sign in.
    let waits = "[.reports[] | select(.values.state == \"not_authorized\") | .name] | join(\",\")";
    assert_eq!(jq(&shop, waits, &status), "");
    shop.add("alice", &[("--app", Some("shop")), ("--address", Some("alice@contoso.example"))]).finish().code(0);
    assert_eq!(jq(&shop, waits, &run(&["status"])), "alice");
}

#[test]
fn check_jsonschema_takes_the_schema_and_every_document_and_refuses_one_that_is_wrong() {
    let Some(check) = parts::python_program("check-jsonschema") else { return };
    let shop = Fixture::authorized();
    let validate = |arguments: &[&str]| Run::new(shop.program(&check), arguments).finish();
    let write = |name: &str, text: &str| fs::write(shop.path().join(name), text).unwrap();
    write("schema.json", &shop.run(&["schema"]).finish().code(0).stdout);
    validate(&["--check-metaschema", "schema.json"]).code(0);
    let well = shop.json(&["test", "shop"], 0);
    shop.sandbox().switch_on(Fault::named("imap-off"));
    let documents = [
        &well,
        &shop.json(&["test", "shop"], 1),
        &shop.json(&["status"], 0),
        &shop.json(&["show", "shop"], 0),
        &shop.json(&["guide", "shop"], 0),
        &shop.json(&["token", "shop"], 0),
        &shop.json(&["explain", "535 5.7.3 Authentication unsuccessful"], 0),
        &shop.json(&["show", "nowhere"], 3),
    ];
    let names: Vec<String> = (0..documents.len()).map(|number| format!("{number}.json")).collect();
    names.iter().zip(documents).for_each(|(name, document)| write(name, &document.stdout));
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    validate(&[&["--schemafile", "schema.json"], &names[..]].concat()).code(0);
    for (part, wrong) in [("ok", json!("yes")), ("time", json!("yesterday")), ("reports", json!([{}]))] {
        let mut document = well.json();
        document[part] = wrong;
        write("wrong.json", &document.to_string());
        let refused = validate(&["--schemafile", "schema.json", "wrong.json"]).code(1);
        assert!(refused.stdout.contains(&format!("$.{part}")), "{}", refused.all_text());
    }
}
