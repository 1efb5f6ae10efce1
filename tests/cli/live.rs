//! While a command runs: what is waited for is shown, and what was seen is told when it is cancelled.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;

use crate::sandbox::faults::Fault;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::process::Running;
use crate::terminal::{ends_cleanly, shell};

/// A mailbox whose IMAP server takes connections and says nothing.
fn silent() -> Fixture {
    let shop = Fixture::authorized();
    shop.sandbox().switch_on(Fault::SilentImap);
    shop
}

/// The command, once SMTP is done and IMAP is waited for.
fn half_done(shop: &Fixture, words: &[&str]) -> Running {
    let mut running = shop.run(&[words, &["-v"]].concat()).start();
    running.wait_for_stderr("SMTP -> QUIT");
    running
}

fn check<'a>(report: &'a serde_json::Value, protocol: &str, stage: &str) -> &'a serde_json::Value {
    let checks = report["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["protocol"] == protocol && check["stage"] == stage);
    found.unwrap_or_else(|| panic!("no {protocol} {stage} in {report}"))
}

#[test]
fn what_was_seen_is_told_when_a_test_is_cancelled() {
    let shop = silent();
    for signal in [Signal::INT, Signal::TERM] {
        let running = half_done(&shop, &["test", "shop", "--json", "--html", "page.html"]);
        running.signal(signal);
        let told: Finished = running.finish().code(130);
        let document = told.json();
        assert_eq!(document["error"]["code"], "cancelled", "{document}");
        assert!(!document["error"]["cause"].as_str().unwrap().contains("nothing was changed"));
        let report = &document["reports"][0];
        assert_eq!(report["name"], "shop");
        assert_eq!(check(report, "smtp", "authentication")["outcome"], "passed");
        assert_eq!(check(report, "imap", "greeting")["outcome"], "skipped");
        assert!(check(report, "imap", "greeting")["because"].as_str().unwrap().starts_with("cancelled after"));
        let page = fs::read_to_string(shop.path().join("page.html")).unwrap();
        assert!(page.contains("shop@contoso.example") && page.contains("cancelled after"), "{page}");
        fs::remove_file(shop.path().join("page.html")).unwrap();
    }
    let left: Vec<String> =
        fs::read_dir(shop.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!left.iter().any(|name| name.ends_with(".tmp")), "{left:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_test_that_is_stopped_goes_on_where_it_was() {
    let shop = silent();
    let mut running = half_done(&shop, &["--timeout", "3", "test", "shop", "--json"]);
    while !running.has_ended() {
        running.stop_and_go_on();
    }
    let document = running.finish().json();
    let checks = document["reports"][0]["checks"].as_array().unwrap();
    let failed = checks.iter().find(|check| check["protocol"] == "imap" && check["outcome"] == "failed").unwrap();
    // The connection stands all the time: the silence is what it fails for.
    assert_eq!(failed["finding"]["code"], "timed-out", "{failed}");

    // The same where all is well.
    let shop = Fixture::authorized();
    shop.sandbox().set_token_delay(Duration::from_millis(300));
    let mut running = shop.run(&["test", "shop", "--json"]).start();
    while !running.has_ended() {
        running.stop_and_go_on();
    }
    let told = running.finish();
    assert!(told.json()["error"].is_null(), "{}", told.stdout);
    told.code(0);
}

#[test]
fn mailboxes_that_were_not_begun_are_counted_when_a_test_is_cancelled() {
    let shop = silent();
    // Eight at once for a server: two must wait.
    let names: Vec<String> = (1..10).map(|number| format!("box{number}")).collect();
    for name in &names {
        let address = format!("{name}@contoso.example");
        shop.run(&["add", name, "--app", "shop", "--address", &address]).finish().code(0);
    }
    let running = half_done(&shop, &["test", "--all", "--json"]);
    running.signal(Signal::INT);
    let document = running.finish().code(130).json();
    let cause = document["error"]["cause"].as_str().unwrap().to_owned();
    let begun = document["reports"].as_array().unwrap().len();
    assert!(begun >= 1, "{document}");
    let rest = 10 - begun;
    let is_told = cause.contains(&format!("{rest} more had not been begun"));
    assert_eq!(is_told, rest > 0, "{cause}");
}

#[test]
fn nohup_keeps_a_hangup_from_ending_a_test() {
    let shop = Fixture::authorized();
    shop.sandbox().set_token_delay(Duration::from_secs(1));
    let before = shop.sandbox().counters().token_requests;
    let running = shop.run_after("trap '' HUP", &["test", "shop", "--json"]).start();
    crate::support::wait_until("a token is asked for", || shop.sandbox().counters().token_requests > before);
    running.signal(Signal::HUP);
    assert!(running.finish().code(0).json()["error"].is_null());
}

#[test]
fn a_terminal_shows_what_is_waited_for_and_then_the_results_alone() {
    let shop = Fixture::authorized();
    shop.sandbox().set_token_delay(Duration::from_millis(1500));
    let mut terminal = shell(&shop, "\"$0\" test shop");
    terminal.exp_string("waiting for a token from localhost, 0 s").unwrap();
    // What was drawn is cleared before the results come.
    terminal.exp_string("\x1b[2K").unwrap();
    ends_cleanly(&mut terminal, 0);
    // Nothing can be drawn there.
    let mut terminal = shell(&shop, "TERM=dumb \"$0\" test shop 2>said; cat said | tr '\\033' '^'");
    ends_cleanly(&mut terminal, 0);
    assert_eq!(fs::read_to_string(shop.path().join("said")).unwrap(), "", "no terminal, nothing shown");
    let mut terminal = shell(&shop, "TERM=dumb \"$0\" test shop");
    let (before, _) = terminal.exp_regex("shop: waiting for a token from localhost \\.\\.\\.").unwrap();
    assert!(!before.contains('\x1b'), "{before:?}");
    ends_cleanly(&mut terminal, 0);
}

#[test]
fn ctrl_c_at_a_terminal_shows_what_was_seen() {
    let shop = silent();
    let mut terminal = shell(&shop, "\"$0\" test shop");
    terminal.exp_string("waiting for the greeting of localhost").unwrap();
    terminal.send_control('c').unwrap();
    terminal.exp_string("cancelled after").unwrap();
    terminal.exp_string("Cancelled; what had been seen by then is in the report.").unwrap();
    ends_cleanly(&mut terminal, 130);
}

#[test]
fn what_is_said_meanwhile_stands_above() {
    let shop = Fixture::authorized();
    shop.sandbox().set_token_delay(Duration::from_millis(1500));
    let mut terminal = shell(&shop, "\"$0\" test shop -v");
    terminal.exp_string("waiting for a token from localhost").unwrap();
    terminal.exp_string("HTTP <- HTTP 200").unwrap();
    ends_cleanly(&mut terminal, 0);
}

#[test]
fn each_line_of_the_conversation_names_its_time_its_host_and_its_protocol() {
    let shop = Fixture::authorized();
    let shown = shop.run(&["-v", "test", "shop"]).finish().code(0).stderr;
    let mut protocols = std::collections::BTreeSet::new();
    let mut last = 0.0;
    for line in shown.lines() {
        let mut words = line.split_whitespace();
        let time: f64 = words.next().and_then(|word| word.parse().ok()).unwrap_or_else(|| panic!("no time in {line}"));
        assert_eq!(words.next(), Some("localhost"), "{line}");
        protocols.insert(words.next().unwrap_or_default());
        assert!(matches!(words.next(), Some("->" | "<-" | "==")), "{line}");
        // Threads may say their lines a moment later than they were stamped.
        assert!(time >= last - 0.5, "{line}");
        last = time;
    }
    assert_eq!(protocols.into_iter().collect::<Vec<_>>(), ["HTTP", "IMAP", "SMTP"], "{shown}");
}

#[test]
fn doctor_tells_what_it_has_seen_when_it_is_cancelled() {
    let shop = silent();
    let mut running = shop.run(&["doctor", "--json", "-v"]).start();
    running.wait_for_stderr("SMTP -> QUIT");
    running.signal(Signal::INT);
    let document = running.finish().code(130).json();
    assert_eq!(document["error"]["code"], "cancelled", "{document}");
    let reports = document["reports"].as_array().unwrap();
    assert!(reports[0]["kind"] == "machine" && reports.len() > 2, "{document}");
    let cut_off = reports.iter().flat_map(|report| report["checks"].as_array().unwrap());
    let cut_off: Vec<_> = cut_off.filter(|check| check["outcome"] == "skipped").collect();
    assert!(cut_off.iter().any(|check| check["because"].to_string().contains("cancelled after")), "{document}");
}

#[test]
fn a_token_that_is_waited_for_is_shown_and_nothing_stays() {
    let shop = Fixture::authorized();
    shop.sandbox().set_access_lifetime(crate::support::practice::ALWAYS_STALE);
    shop.authorize_as("shop", crate::sandbox::world::SHOP).code(0);
    shop.sandbox().set_token_delay(Duration::from_millis(1500));
    for verb in ["token", "inspect"] {
        let mut terminal = shell(&shop, &format!("\"$0\" {verb} shop >out"));
        terminal.exp_string("waiting for a token from localhost").unwrap();
        ends_cleanly(&mut terminal, 0);
        assert!(!fs::read_to_string(shop.path().join("out")).unwrap().contains("waiting"));
    }
}
