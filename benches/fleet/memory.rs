//! The most memory of a command (proc_pid_status(5), VmHWM): what a connection takes that runs, and a report that is kept.

use std::time::Duration;

use super::measured::{Measured, ours, slope};
use super::{FEW, MANY};
use crate::support::fleet::Fleet;
use crate::support::slow_line::SlowLine;

/// Long enough that all that may run at once do.
const ROUND_TRIP: Duration = Duration::from_millis(100);

/// What we set ourselves.
const FOR_A_CONNECTION: f64 = 100.0;
const FOR_A_REPORT: f64 = 8.0;

/// By the number of jobs, of mailboxes, and by whether reports are kept.
pub(super) fn measure(fleet: &Fleet) {
    let ports = fleet.shop.sandbox().ports();
    let slow = SlowLine::start(ports.imap_implicit, ROUND_TRIP);
    let run = |jobs: &str, form: &[&str]| {
        let words = ["test-mailbox", "--all", "--jobs", jobs, "--jobs-per-server", jobs];
        let measured = ours(&fleet.shop, &[&words, form].concat());
        println!("{:<44} {:>8} KiB", format!("--jobs {jobs} {}", form.join(" ")), measured.peak);
        measured
    };
    println!("{FEW} mailboxes, streamed");
    // One after the other on the slow line would take minutes.
    fleet.profile(FEW, ports.imap_implicit, ports.smtp_starttls);
    let one = run("1", &["--json-lines"]);
    fleet.profile(FEW, slow.port, ports.smtp_starttls);
    let usual = run("32", &["--json-lines"]);
    let most = run("256", &["--json-lines"]);
    limit("a connection more, 1 to 32", slope(usual.peak, one.peak, 31), FOR_A_CONNECTION);
    limit("a connection more, 32 to 256", slope(most.peak, usual.peak, 224), FOR_A_CONNECTION);

    let at = |count: usize| {
        println!("{count} mailboxes, 32 at once");
        fleet.profile(count, ports.imap_implicit, ports.smtp_starttls);
        let status = ours(&fleet.shop, &["list", "--json-lines"]);
        println!("{:<44} {:>8} KiB", "list", status.peak);
        [&["--json-lines"][..], &["--format", "tap"], &["--json"], &["--format", "text"]].map(|form| run("32", form))
    };
    let (few, many) = (at(FEW), at(MANY));
    let more = |form: usize| {
        let ends = [&few, &many].map(|forms: &[Measured; 4]| forms[form].peak);
        slope(ends[1], ends[0], MANY - FEW)
    };
    for (form, name) in ["--json-lines", "tap", "--json", "text"].into_iter().enumerate() {
        println!("{:<44} {:>8.2} KiB", format!("a mailbox more, {name}"), more(form));
    }
    limit("a report that is kept, --json to --json-lines", more(2) - more(0), FOR_A_REPORT);
}

fn limit(what: &str, value: f64, limit: f64) {
    let judged = if value <= limit { "within" } else { "OVER" };
    println!("{what:<44} {value:>8.1} KiB, {judged} {limit}");
}
