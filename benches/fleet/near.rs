//! How the time of a command grows with the number of mailboxes, with all servers on this machine.

use std::time::{Duration, Instant};

use crate::support::fleet::Fleet;

/// How often each command is measured; the middle one counts.
const ROUNDS: usize = 7;

/// A debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// From one mailbox in the vault to 10,000.
pub(super) fn measure(fleet: &Fleet) {
    let time = |what: &str, rounds: usize, arguments: &[&str]| time(fleet, what, rounds, arguments);
    let one = time("token, 1 mailbox", ROUNDS, &["token", "box0"]);
    fleet.fill(0..100);
    let few = time("test --all, 100 mailboxes", 3, &["test", "--all"]);
    fleet.fill(100..1_000);
    let status = time("status, 1,000 mailboxes", ROUNDS, &["status"]);
    limit("status of 1,000 mailboxes", status.as_secs_f64(), 0.5, "s");
    let many = time("test --all, 1,000 mailboxes", 1, &["test", "--all"]);
    limit("test --all of 1,000 mailboxes to 100", ratio(many, few), 11.0, "times");
    fleet.fill(1_000..10_000);
    let whole = time("token, 10,000 mailboxes in vault and profile", ROUNDS, &["token", "box0"]);
    let ports = fleet.shop.sandbox().ports();
    fleet.profile(1, ports.imap_implicit, ports.smtp_starttls);
    let vault = time("token, 10,000 mailboxes in the vault, 1 in the profile", ROUNDS, &["token", "box0"]);
    limit("token from a vault of 10,000 to one of 1", ratio(vault, one), 1.2, "times");
    limit("token with a profile of 10,000 as well", ratio(whole, one), f64::INFINITY, "times");
}

fn ratio(time: Duration, to: Duration) -> f64 {
    time.as_secs_f64() / to.as_secs_f64()
}

fn limit(what: &str, value: f64, limit: f64, unit: &str) {
    let judged = if value <= limit { "within" } else { "OVER" };
    println!("{what}: {value:.2} {unit}, {judged} {limit}");
}

/// The middle one of so many rounds.
fn time(fleet: &Fleet, what: &str, rounds: usize, arguments: &[&str]) -> Duration {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let begun = Instant::now();
            let finished = fleet.shop.run(arguments).patience(PATIENCE).finish();
            let took = begun.elapsed();
            finished.code(0);
            took
        })
        .collect();
    times.sort();
    let middle = times[times.len() / 2];
    println!("{what}: {:.1} ms (of {rounds}: {:.1} to {:.1})", ms(middle), ms(times[0]), ms(times[rounds - 1]));
    middle
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
