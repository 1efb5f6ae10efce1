//! Many mailboxes at the other end of a slow line, and other programs there beside us.

use std::process::Command;
use std::time::Duration;

use super::measured::{Measured, ours, theirs};
use super::{FEW, MANY};
use crate::sandbox::world::SHOP;
use crate::support::fleet::Fleet;
use crate::support::slow_line::SlowLine;

const ROUND_TRIP: Duration = Duration::from_millis(100);
const JOBS: u32 = 32;

/// Slow lines to the servers.
struct Lines {
    imap: SlowLine,
    smtp: SlowLine,
}

impl Lines {
    fn to(fleet: &Fleet) -> Self {
        let ports = fleet.shop.sandbox().ports();
        let [imap, smtp] = [ports.imap_implicit, ports.smtp_starttls].map(|port| SlowLine::start(port, ROUND_TRIP));
        Self { imap, smtp }
    }

    /// The first mailboxes behind these lines.
    fn profile(&self, fleet: &Fleet, count: usize) {
        fleet.profile(count, self.imap.port, self.smtp.port);
    }
}

/// 1,000 and 10,000 mailboxes.
pub(super) fn measure(fleet: &Fleet) {
    let lines = Lines::to(fleet);
    heading();
    for count in [FEW, MANY] {
        lines.profile(fleet, count);
        let command = ["test-mailbox", "--all", "--jobs", "32", "--json-lines"];
        row("mailgrant test-mailbox --all --jobs 32", count, &lines.imap, || ours(&fleet.shop, &command));
    }
}

/// Other programs on the same lines, as many at once.
pub(super) fn measure_beside_others(fleet: &Fleet) {
    let lines = Lines::to(fleet);
    lines.profile(fleet, FEW);
    heading();
    let imap = ["test-mailbox", "--all", "--jobs", "32", "--json-lines"];
    row("IMAP: mailgrant test-mailbox --all --jobs 32", FEW, &lines.imap, || ours(&fleet.shop, &imap));
    let token = fleet.shop.run(&["token", "box0"]).finish().code(0).stdout;
    // Arguments can be seen by every user: the token is in a file.
    let rules = fleet.shop.path().join("curlrc");
    std::fs::write(&rules, format!("user = \"{SHOP}:\"\noauth2-bearer = \"{}\"\n", token.trim())).unwrap();
    let (ca_file, rules) = (fleet.shop.ca_file(), rules.display().to_string());
    let inbox = format!("imaps://localhost:{}/INBOX", lines.imap.port);
    let words = ["curl", "--silent", "--show-error", "--fail", "--output", "/dev/null", "--cacert", &ca_file];
    let further = ["--config", &rules, "--request", "EXAMINE INBOX", &inbox];
    let mut curl = xargs(fleet, &[&words[..], &further].concat());
    row("IMAP: xargs -P 32 curl, EXAMINE", FEW, &lines.imap, || theirs(&mut curl, &numbers(FEW)));

    let smtp = ["test-smtp", "--all", "--to", SHOP, "--jobs", "32", "--json-lines"];
    row("SMTP: mailgrant test-smtp --all --to, --jobs 32", FEW, &lines.smtp, || ours(&fleet.shop, &smtp));
    if Command::new("msmtp").arg("--version").output().is_err() {
        println!("SKIPPED: msmtp is not installed");
        return;
    }
    let (account, mail) = (fleet.shop.path().join("msmtprc"), fleet.shop.path().join("mail.txt"));
    let kept = fleet.shop.path().join("token");
    std::fs::write(&kept, &token).unwrap();
    let (port, kept) = (lines.smtp.port, kept.display());
    let text = format!(
        "account far\nhost localhost\nport {port}\ntls on\ntls_starttls on\ntls_trust_file {ca_file}\nauth xoauth2\n\
         user {SHOP}\nfrom {SHOP}\npasswordeval cat {kept}\n"
    );
    std::fs::write(&account, text).unwrap();
    std::fs::write(&mail, format!("From: {SHOP}\nTo: {SHOP}\nSubject: a test\n\nA test.\n")).unwrap();
    let script = format!("exec msmtp -C \"$0\" -a far {SHOP} <\"$1\"");
    let (account, mail) = (account.display().to_string(), mail.display().to_string());
    let mut msmtp = xargs(fleet, &["sh", "-c", &script, &account, &mail]);
    row("SMTP: xargs -P 32 msmtp, a mail", FEW, &lines.smtp, || theirs(&mut msmtp, &numbers(FEW)));
}

fn xargs(fleet: &Fleet, words: &[&str]) -> Command {
    let mut command = fleet.shop.program("xargs");
    // Each line of its input runs the program once; it is named nowhere.
    command.args(["-P", &JOBS.to_string(), "-I", "NUMBER"]).args(words);
    command
}

fn numbers(count: usize) -> String {
    (0..count).map(|number| format!("{number}\n")).collect()
}

fn heading() {
    println!(
        "{:<50} {:>9} {:>11} {:>9} {:>9} {:>6} {:>14} {:>10}",
        "100 ms a round trip", "mailboxes", "round trips", "bound", "time", "ratio", "CPU a mailbox", "peak"
    );
}

/// The bound is what the round trips alone take, so many at once.
fn row(what: &str, count: usize, line: &SlowLine, run: impl FnOnce() -> Measured) {
    line.take();
    let measured = run();
    let mailboxes = f64::from(u32::try_from(count).unwrap());
    let round_trips = f64::from(line.take());
    let bound = round_trips * line.round_trip.as_secs_f64() / f64::from(JOBS);
    let (wall, cpu) = (measured.wall.as_secs_f64(), measured.cpu.as_secs_f64() * 1_000.0 / mailboxes);
    println!(
        "{what:<50} {count:>9} {:>11.1} {bound:>7.1} s {wall:>7.1} s {:>6.2} {cpu:>11.1} ms {:>6} KiB",
        round_trips / mailboxes,
        bound / wall,
        measured.peak
    );
}
