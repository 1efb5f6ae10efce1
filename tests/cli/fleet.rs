//! Many mailboxes: how many at once, in which share, and what a tenant's "not so fast" means for the others.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::sandbox::faults::Fault;
use crate::support::finished::Finished;
use crate::support::fleet::Fleet;

/// The names of the mailboxes in the document.
fn names(finished: &Finished) -> BTreeSet<String> {
    let document = finished.json();
    let words = document["reports"].to_string();
    (0..100).map(|number| format!("box{number}")).filter(|name| words.contains(&format!("\"{name}\""))).collect()
}

/// A server that says nothing, and hangs up after a while; the most connections that it has had at once.
fn silent() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let told = Arc::clone(&most);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let count = now.fetch_add(1, Ordering::SeqCst) + 1;
            told.fetch_max(count, Ordering::SeqCst);
            let now = Arc::clone(&now);
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(300));
                // Counted down before the client can notice and begin the next.
                now.fetch_sub(1, Ordering::SeqCst);
                let _ = (&stream).read(&mut [0; 1]);
            });
        }
    });
    (port, most)
}

#[test]
fn no_more_are_looked_at_at_once_than_was_asked_for_and_no_fewer() {
    let fleet = Fleet::new(20);
    for (flags, expected) in [
        (vec![], 8),
        (vec!["--jobs", "3"], 3),
        (vec!["--jobs", "12"], 12),
        (vec!["--jobs", "12", "--jobs-per-server", "2"], 2),
    ] {
        let (port, most) = silent();
        fleet.profile(20, port, port);
        let words = [&["test-mailbox", "--all"], flags.as_slice()].concat();
        fleet.shop.run(&words).finish();
        assert_eq!(most.load(Ordering::SeqCst), expected, "{flags:?}");
    }
}

#[test]
fn each_mailbox_is_in_one_share_and_the_report_says_which() {
    let fleet = Fleet::new(12);
    let all = (0..12).map(|number| format!("box{number}")).collect::<BTreeSet<_>>();
    let mut seen = BTreeSet::new();
    for index in 1..=3 {
        let shard = format!("{index}/3");
        let run = fleet.shop.json(&["test-mailbox", "--all", "--shard", &shard], 0);
        let share = names(&run);
        assert!(!share.is_empty() && seen.is_disjoint(&share), "{share:?} beside {seen:?}");
        run.says(&format!("shard {shard}: {} of 12 mailboxes", share.len()));
        seen.extend(share.clone());
        // The variables of a job's run mean the same, and are named.
        for (first, names_of) in
            [(0, ["JOB_COMPLETION_INDEX", "JOB_COMPLETION_COUNT"]), (1, ["CI_NODE_INDEX", "CI_NODE_TOTAL"])]
        {
            let run = |arguments: &[&str]| {
                let run = fleet.shop.run(arguments).env(names_of[0], &(index - 1 + first).to_string());
                run.env(names_of[1], "3").finish().code(0)
            };
            let by_variables = run(&["--json", "status"]);
            assert_eq!(names(&by_variables), share, "{names_of:?}");
            by_variables.says(&format!("shard {shard}, by {}: ", names_of[0]));
            assert_eq!(names(&run(&["--json", "status", "--shard", "1/1"])), all, "the flag overrides them");
            assert_eq!(names(&run(&["--json", "status", "box3"])).len(), 1, "what is named is meant");
        }
    }
    assert_eq!(seen, all);
    for form in ["text", "markdown", "html"] {
        fleet.shop.run(&["status", "--shard", "1/3", "--format", form]).finish().code(0).says("shard 1/3: ");
    }
}

#[test]
fn a_share_may_be_empty_and_variables_that_do_not_fit_are_refused() {
    let fleet = Fleet::new(1);
    let runs: Vec<Finished> =
        (1..=4).map(|index| fleet.shop.json(&["test-mailbox", "--all", "--shard", &format!("{index}/4")], 0)).collect();
    assert_eq!(runs.iter().filter(|run| run.stdout.contains("0 of 1 mailboxes")).count(), 3);
    for bad in ["0/4", "5/4", "4", "a/b"] {
        fleet.shop.json(&["test-mailbox", "--all", "--shard", bad], 2).says("I/N with I from 1 to N");
    }
    let job = |arguments: &[&str]| {
        let run = fleet.shop.run(&[&["--json"], arguments].concat());
        run.env("CI_NODE_INDEX", "0").env("CI_NODE_TOTAL", "4").finish()
    };
    job(&["test-mailbox", "--all"]).code(2).says("CI_NODE_INDEX=0 and CI_NODE_TOTAL=4").says("--shard 1/1");
    job(&["test-mailbox", "--all", "--shard", "1/1"]).code(0);
}

#[test]
fn each_line_is_there_as_soon_as_its_mailbox_is_done_and_the_last_counts_them() {
    let fleet = Fleet::new(3);
    let (port, _) = silent();
    // The first hangs up at once, the others say nothing for as long as they are given.
    let ports = fleet.shop.sandbox().ports();
    fleet.profile(3, ports.imap_implicit, ports.smtp_starttls);
    let text = std::fs::read_to_string(fleet.shop.config()).unwrap();
    fleet.shop.write_config(&text.replacen(&format!("port = {}", ports.imap_implicit), &format!("port = {port}"), 1));
    for files in [&[][..], &["--report", "json=all.json"]] {
        let run = fleet.shop.run(&[&["test-mailbox", "--all", "--jobs", "1", "--json-lines"], files].concat()).finish();
        let events: Vec<serde_json::Value> =
            run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let names: Vec<String> =
            events[..3].iter().map(|event| event["report"]["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names, ["box0", "box1", "box2"]);
        let summary = &events[3];
        assert_eq!((&summary["event"], &summary["ok"]), (&"summary".into(), &false.into()));
        let counts = &summary["summary"]["reports"];
        assert_eq!((&counts["total"], &counts["ok"], &counts["failed"]), (&3.into(), &2.into(), &1.into()), "{counts}");
        assert_eq!((summary["exit_code"].as_i64(), events.len()), (run.code.map(i64::from), 4));
        if !files.is_empty() {
            let whole = std::fs::read_to_string(fleet.shop.path().join("all.json")).unwrap();
            let whole: serde_json::Value = serde_json::from_str(&whole).unwrap();
            let told: Vec<&serde_json::Value> = events[..3].iter().map(|event| &event["report"]).collect();
            assert_eq!(whole["reports"].as_array().unwrap().iter().collect::<Vec<_>>(), told);
        }
    }
}

#[test]
fn a_token_endpoint_that_wants_to_be_left_alone_is_not_asked_by_the_next_mailbox() {
    let fleet = Fleet::new(5);
    fleet.shop.sandbox().switch_on(Fault::named("token-throttled"));
    let before = fleet.shop.sandbox().counters().token_requests;
    // The endpoint asks for 30 seconds; no one may wait that long here.
    let run = fleet.shop.run(&["--json", "test", "--all", "--jobs", "1", "--timeout", "20"]).finish().code(6);
    assert_eq!(fleet.shop.sandbox().counters().token_requests, before + 1, "the tenant was asked again");
    let told = run.stdout.matches("as the server asks").count();
    assert!(told >= 5, "each is told how long to wait: {told}\n{}", run.stdout);
}
