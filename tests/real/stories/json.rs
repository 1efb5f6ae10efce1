//! What scripts ask of the JSON, as jq answers it in one line.

use std::io::Write as _;
use std::process::Stdio;

use practice_tenant::faults::Fault;

use crate::parts;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;

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
