//! One document out of many, as if one command had made them all.

use std::collections::{BTreeSet, HashMap};
use std::mem;

use jiff::Timestamp;

use crate::report::{Document, ExitCode, Finding, FindingCode, Report, Share, Subject, WarningCode};
use crate::text::{self, Shown};

/// Of a mailbox that is in several files, so many are named.
const MOST_NAMED: usize = 5;

/// So many shares that are missing are named, each by itself; where there are more, something else is wrong.
const MOST_MISSING: usize = 1_000;

/// What makes a report that on one mailbox: the command's number, the mailbox's name and its address.
type Key = (usize, Shown, Option<Shown>);

/// The documents of several runs, taken in one after the other. Where several have a report on the same mailbox, that of the
/// latest counts, and the others are not kept.
#[derive(Default)]
pub struct Merging {
    runs: usize,
    merged: Option<Document>,
    commands: Vec<Shown>,
    /// The reports in their order; what another has taken the place of is gone.
    reports: Vec<Option<Report>>,
    kept: HashMap<Key, Kept>,
    /// The mailboxes that several runs have a report on.
    several: BTreeSet<Shown>,
}

/// Which report on a mailbox is kept.
#[derive(Clone, Copy)]
struct Kept {
    place: usize,
    run: usize,
    time: Timestamp,
}

impl Merging {
    /// Takes a document in, whose file is `called` so in messages.
    pub fn take(&mut self, called: &Shown, document: Document) {
        let Document { command, time, is_dry_run, reports, .. } = document;
        let number = self.number_of(command);
        self.runs += 1;
        // What is missing among all of them is looked for at the end.
        for report in reports.into_iter().filter(|report| !matches!(report.subject, Subject::Shard(_))) {
            self.take_report(number, time, report);
        }
        let merged =
            self.merged.get_or_insert_with(|| Document { time, is_dry_run, ..Document::new(Shown::default()) });
        merged.time = merged.time.max(time);
        merged.is_dry_run &= is_dry_run;
        take_error(merged, called, document.error);
        add_new(&mut merged.notes, document.notes);
        add_new(&mut merged.warnings, document.warnings);
        add_new(&mut merged.next, document.next);
        merged.diff.extend(document.diff);
        add_new(&mut merged.shards, document.shards);
        if !merged.thresholds.are_given() {
            merged.thresholds = document.thresholds;
        }
        merged.table = match (merged.table.take(), document.table) {
            (table, other) if self.runs == 1 => table.or(other),
            (Some(table), Some(other)) => table.and(other),
            (_, _) => None,
        };
        merged.changes = match (merged.changes.take(), document.changes) {
            (Some(one), Some(other)) => Some(one.and(other)),
            (one, other) => one.or(other),
        };
        merged.explanations.extend(document.explanations);
    }

    /// All of them as one document.
    #[must_use]
    pub fn finish(self) -> Document {
        let Self { runs, merged, commands, reports, several, .. } = self;
        let mut merged = merged.unwrap_or_else(|| Document::new(Shown::default()));
        merged.is_past = true;
        merged.command = match <[Shown; 1]>::try_from(commands) {
            Ok([only]) => only,
            Err(_) => "report".into(),
        };
        if !several.is_empty() {
            // A report that does not count would still have its row.
            merged.table = None;
        }
        if runs > 1 {
            merged.notes.insert(0, shown!("merged from {}", text::count(runs as u64, "run")));
        }
        merged.shards.sort_unstable();
        // In the place of what was kept, so that there are not two lists of ten thousand.
        merged.reports = reports.into_iter().flatten().collect();
        merged.reports.splice(0..0, missing(&merged.shards));
        warn_of_several(&mut merged, &several);
        merged
    }

    fn number_of(&mut self, command: Shown) -> usize {
        self.commands.iter().position(|known| *known == command).unwrap_or_else(|| {
            self.commands.push(command);
            self.commands.len() - 1
        })
    }

    fn take_report(&mut self, command: usize, time: Timestamp, report: Report) {
        let run = self.runs;
        if let Subject::Mailbox(name) = &report.subject {
            let new = Kept { place: self.reports.len(), run, time };
            let kept = self.kept.entry((command, name.clone(), report.address().cloned())).or_insert(new);
            if kept.run != run {
                self.several.insert(name.clone());
                if time < kept.time {
                    return;
                }
                let replaced = mem::replace(kept, new);
                self.reports[replaced.place] = None;
            }
        }
        self.reports.push(Some(report));
    }
}

/// Adds what no run before has said; what one run says twice stays so.
fn add_new<T: PartialEq>(all: &mut Vec<T>, more: Vec<T>) {
    let said = all.len();
    for one in more {
        if !all[..said].contains(&one) {
            all.push(one);
        }
    }
}

/// Keeps the most lasting of the errors; the others are told as warnings.
fn take_error(merged: &mut Document, called: &Shown, error: Option<Finding>) {
    let Some(error) = error else { return };
    let Some(known) = &merged.error else {
        merged.error = Some(error);
        return;
    };
    if *known == error {
        return;
    }
    let is_worse = known.exit != error.exit && ExitCode::most_lasting([known.exit, error.exit]) == error.exit;
    let told = if is_worse { merged.error.replace(error) } else { Some(error) };
    if let Some(told) = told {
        merged.warn(WarningCode::OtherError, shown!("{}: {} [{}]", called, told.cause, told.code));
    }
}

fn warn_of_several(merged: &mut Document, several: &BTreeSet<Shown>) {
    if several.is_empty() {
        return;
    }
    let named = Shown::join(several.iter().take(MOST_NAMED), ", ");
    let rest = several.len().saturating_sub(MOST_NAMED);
    let rest = if rest > 0 { shown!(" and {} more", rest) } else { Shown::default() };
    let text = shown!("Several files have a report on {}{}: the latest counts.", named, rest);
    merged.warn(WarningCode::SeveralReports, text);
}

/// A mailbox that was not looked at must not pass for one that works: a report that has failed on each share that is missing.
fn missing(shards: &[Share]) -> impl Iterator<Item = Report> {
    let counts: BTreeSet<u32> = shards.iter().map(|share| share.of).collect();
    let all = counts.into_iter().flat_map(|of| (1..=of).map(move |index| Share { of, index }));
    let missing = all.filter(|share| shards.binary_search(share).is_err());
    missing.take(MOST_MISSING).map(|share| {
        let finding = Finding::of(FindingCode::SHARD_MISSING).with("shard", share.index).with("shards", share.of);
        let verdict = Some(Box::new(finding.finding()));
        Report { verdict, ..Report::new(Subject::Shard(Shown::of(share))) }
    })
}
