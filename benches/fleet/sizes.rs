//! How much each form says of a mailbox.

use super::measured::ours;
use super::{FEW, MANY};
use crate::support::fleet::Fleet;

/// Forms of the reports alone, all made by one run.
const FORMS: [&str; 9] = ["text", "json", "json-lines", "markdown", "html", "junit", "tap", "prometheus", "nagios"];

/// The bytes of each form of `test --all`, for 1,000 and 10,000 mailboxes.
pub(super) fn measure(fleet: &Fleet) {
    let folder = fleet.shop.path();
    let sizes = [FEW, MANY].map(|count| {
        let ports = fleet.shop.sandbox().ports();
        fleet.profile(count, ports.imap_implicit, ports.smtp_starttls);
        let reports = FORMS.map(|form| format!("--report={form}={}", folder.join(form).display()));
        let words: Vec<&str> =
            ["test-mailbox", "--all", "--jobs", "32"].into_iter().chain(reports.iter().map(String::as_str)).collect();
        ours(&fleet.shop, &words);
        FORMS.map(|form| std::fs::metadata(folder.join(form)).unwrap().len())
    });
    println!("{:<12} {:>12} {:>12} {:>18}", "", FEW, MANY, "bytes a mailbox");
    for (number, form) in FORMS.iter().enumerate() {
        let [few, many] = [0, 1].map(|which| sizes[which][number]);
        println!("{form:<12} {few:>12} {many:>12} {:>18}", (many - few) / (MANY - FEW) as u64);
    }
}
