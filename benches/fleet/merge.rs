//! The most memory of `report merge`: what a mailbox costs whose report is kept, in ten files of 1,000 each.

use std::fs;

use super::FEW;
use super::measured::{ours, slope};
use crate::sandbox::world::SHOP;
use crate::support::fleet::Fleet;

const FILES: usize = 10;

/// What each report has once.
const REPORT: &str = "\"kind\"";

/// What we set ourselves, in KiB.
const FOR_A_REPORT: f64 = 8.0;

/// One run's report under the names of ten runs, put together in the forms that stream and that do not.
pub(super) fn measure(fleet: &Fleet) {
    fleet.fill(1..FEW);
    for form in ["json", "json-lines"] {
        let run = fleet.shop.path().join("whole-run");
        ours(&fleet.shop, &["test-mailbox", "--all", "--jobs", "32", &format!("--report={form}={}", run.display())]);
        let text = fs::read_to_string(&run).unwrap();
        let files: Vec<String> = (0..FILES)
            .map(|number| {
                let file = fleet.shop.path().join(format!("whole-run-{number}"));
                // Each mailbox has an address of its own: all of one would hide what compares them with each other.
                let own = |(place, report): (usize, &str)| report.replace(SHOP, &format!("run{number}-{place}-{SHOP}"));
                let reports: Vec<String> = text.split(REPORT).enumerate().map(own).collect();
                fs::write(&file, reports.join(REPORT).replace("\"box", &format!("\"run{number}-box"))).unwrap();
                file.display().to_string()
            })
            .collect();
        for out in ["json", "text", "nagios", "junit"] {
            let peak = |count: usize| {
                let files = files[..count].iter().map(String::as_str);
                let words: Vec<&str> = ["report", "merge", "--format", out].into_iter().chain(files).collect();
                let measured = ours(&fleet.shop, &words);
                let what = format!("{count} files of {FEW} in {form}, merged as {out}");
                println!("{what:<44} {:>8} KiB {:>8.2} s", measured.peak, measured.wall.as_secs_f64());
                measured.peak
            };
            let each = slope(peak(FILES), peak(1), (FILES - 1) * FEW);
            let judged = if each <= FOR_A_REPORT { "within" } else { "OVER" };
            println!("{:<44} {each:>8.1} KiB, {judged} {FOR_A_REPORT}", "a mailbox more");
        }
    }
}
