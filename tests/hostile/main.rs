//! The real binary against hostile peers: scripted mail servers, token endpoints and metadata documents that strip,
//! inject, flood, drip, fall silent, lie and echo. What they do and what must come of it is data (`cases/*.toml`);
//! `families` crosses each fault with each phase of each protocol.
//!
//! `cargo test --test hostile -- --nocapture` runs all and prints a table. `HOSTILE_ONLY=words` runs those cases only
//! whose fault and name hold these words.

// The peers use OpenSSL's server side, and memory is read from /proc.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/mod.rs"]
mod support;

mod bomb;
mod case;
mod families;
mod pki;
mod script;
mod server;
mod verdict;
mod words;
mod worker;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use case::{Case, Protocol};
use pki::Pki;
use verdict::Verdict;
use worker::Worker;

/// Most cases wait for a deadline, so many go at once.
const WORKERS: usize = 10;
/// Fewer would mean that a file of cases was not read.
const FEWEST: usize = 1_000;
/// What a hostile peer may cost beyond an ordinary run (SECURITY.md L5, P1), in KiB.
const MEMORY_OVER_NORMAL: u64 = 16 * 1024;

#[test]
fn no_hostile_peer_gets_a_credential_hangs_us_or_fools_us() {
    let started = Instant::now();
    let pki = Arc::new(Pki::new());
    let only = std::env::var("HOSTILE_ONLY").ok();
    let wanted = |case: &Case| only.as_ref().is_none_or(|only| format!("{} {}", case.fault, case.name).contains(only));
    let cases: Vec<Case> = families::all().into_iter().filter(wanted).collect();
    let mut names: Vec<String> = cases.iter().map(Case::title).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), cases.len(), "two cases have one name");
    match &only {
        None => assert!(cases.len() >= FEWEST, "only {} cases", cases.len()),
        // A run without a case proves nothing.
        Some(only) => assert!(!cases.is_empty(), "no case is called {only:?}"),
    }

    // Ordinary servers first: they prove the kit, and tell what memory is normal.
    let controls = run(&families::controls(), &pki);
    let mut normal: BTreeMap<Protocol, u64> = BTreeMap::new();
    for (control, verdict) in families::controls().iter().zip(&controls) {
        assert!(verdict.complaints.is_empty(), "{}: {:#?}", control.title(), verdict.complaints);
        let peak = normal.entry(control.protocol).or_default();
        *peak = verdict.peak_kib.max(*peak);
    }

    let verdicts = run(&cases, &pki);
    let mut table: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut failures = Vec::new();
    let (mut leaked, mut most_memory, mut slowest) = (0, 0, 0.0_f64);
    for (case, verdict) in cases.iter().zip(verdicts) {
        let mut complaints = verdict.complaints;
        let over = verdict.peak_kib.saturating_sub(normal[&case.protocol]);
        if over > MEMORY_OVER_NORMAL {
            complaints.push(format!("it took {over} KiB more than normal"));
        }
        most_memory = over.max(most_memory);
        slowest = slowest.max(verdict.over_deadline.as_secs_f64());
        leaked += verdict.leaked;
        let row = table.entry(&case.fault).or_default();
        row.0 += 1;
        row.1 += usize::from(complaints.is_empty());
        if !complaints.is_empty() {
            failures.push(format!("{}\n    {}", case.title(), complaints.join("\n    ").replace('\n', "\n    ")));
        }
    }
    println!("{:<44} {:>5} {:>6}", "kind of fault", "cases", "passed");
    for (fault, (count, passed)) in &table {
        println!("{fault:<44} {count:>5} {passed:>6}");
    }
    let passed: usize = table.values().map(|(_, passed)| passed).sum();
    println!("{:<44} {:>5} {passed:>6}", "all", cases.len());
    println!("ordinary servers that were served beside: {}", controls.len());
    println!("credential bytes that reached an unverified peer: {leaked}");
    println!("most memory over a normal run: {most_memory} KiB; latest end past a deadline: {slowest:.2} s");
    println!("the suite took {:.0} s", started.elapsed().as_secs_f64());
    assert_eq!(leaked, 0, "credentials reached an unverified peer");
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// Runs all cases, several at a time, each worker with a home of its own; the verdicts come in the cases' order.
fn run(cases: &[Case], pki: &Arc<Pki>) -> Vec<Verdict> {
    // Those that wait longest go first, so that they are not waited for at the end.
    let mut order: Vec<usize> = (0..cases.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(cases[*index].deadline));
    let next = AtomicUsize::new(0);
    let verdicts: Mutex<Vec<Option<Verdict>>> = Mutex::new(cases.iter().map(|_| None).collect());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS.min(cases.len()) {
            scope.spawn(|| {
                let worker = Worker::new(Arc::clone(pki));
                while let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = worker.run(&cases[index]);
                    verdicts.lock().unwrap()[index] = Some(verdict);
                }
            });
        }
    });
    verdicts.into_inner().unwrap().into_iter().map(Option::unwrap).collect()
}
