//! One document out of many, as if one command had made them all.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::document::{Document, Report, Subject};
use super::finding::ExitCode;
use super::share::Share;
use super::warning::WarningCode;
use crate::text::{self, Shown};

/// Of a mailbox that is in several files, so many are named.
const MOST_NAMED: usize = 5;

/// A document, and what its file is called.
pub struct MergeFile {
    /// What the file is called in messages.
    pub called: Shown,
    /// What it holds.
    pub document: Document,
}

/// What makes a report that on one mailbox: the command, its name and its address.
type Key = (Shown, Shown, Option<Shown>);

/// All of `files` as one document. Where several have a report on the same mailbox, that of the latest counts.
#[must_use]
pub fn merge(files: Vec<MergeFile>) -> Document {
    let commands: BTreeSet<&Shown> = files.iter().map(|file| &file.document.command).collect();
    let command = match (commands.first(), commands.len()) {
        (Some(only), 1) => (*only).clone(),
        _ => Shown::from("report"),
    };
    let mut merged = Document { is_past: true, ..Document::new(command) };
    merged.time = files.iter().map(|file| file.document.time).max().unwrap_or(merged.time);
    merged.is_dry_run = !files.is_empty() && files.iter().all(|file| file.document.is_dry_run);
    merged.notes.push(shown!("merged from {}", text::count(files.len() as u64, "run")));
    let latest = latest(&files);
    let mut several: BTreeMap<Shown, Shown> = BTreeMap::new();
    for (index, file) in files.into_iter().enumerate() {
        let MergeFile { called, document } = file;
        for report in document.reports {
            match key(&document.command, &report).and_then(|key| latest.get(&key)) {
                Some(kept) if *kept != index => {
                    several.insert(report.subject.name().clone(), called.clone());
                }
                Some(_) | None => merged.reports.push(report),
            }
        }
        take_error(&mut merged, called, document.error);
        add_new(&mut merged.notes, document.notes);
        add_new(&mut merged.warnings, document.warnings);
        add_new(&mut merged.next, document.next);
        add_new(&mut merged.diff, document.diff);
        add_new(&mut merged.shards, document.shards);
        merged.changes = match (merged.changes.take(), document.changes) {
            (Some(one), Some(other)) => Some(one.and(other)),
            (one, other) => one.or(other),
        };
        merged.explanations.extend(document.explanations);
    }
    merged.shards.sort_unstable();
    warn_of_several(&mut merged, &several);
    warn_of_missing(&mut merged);
    merged
}

/// Which file has the latest report on each mailbox; of files of the same time, the last.
fn latest(files: &[MergeFile]) -> HashMap<Key, usize> {
    let mut latest: HashMap<Key, usize> = HashMap::new();
    for (index, MergeFile { document, .. }) in files.iter().enumerate() {
        for key in document.reports.iter().filter_map(|report| key(&document.command, report)) {
            let kept = latest.entry(key).or_insert(index);
            if files[*kept].document.time <= document.time {
                *kept = index;
            }
        }
    }
    latest
}

fn key(command: &Shown, report: &Report) -> Option<Key> {
    let Subject::Mailbox(name) = &report.subject else { return None };
    Some((command.clone(), name.clone(), report.address().cloned()))
}

fn add_new<T: PartialEq>(all: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

/// Keeps the most lasting of the errors; the others are told as warnings.
fn take_error(merged: &mut Document, called: Shown, error: Option<super::finding::Finding>) {
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

fn warn_of_several(merged: &mut Document, several: &BTreeMap<Shown, Shown>) {
    if several.is_empty() {
        return;
    }
    let named = Shown::join(several.keys().take(MOST_NAMED), ", ");
    let rest = several.len().saturating_sub(MOST_NAMED);
    let rest = if rest > 0 { shown!(" and {} more", rest) } else { Shown::default() };
    let text = shown!("Several files have a report on {}{}: the latest counts.", named, rest);
    merged.warn(WarningCode::SeveralReports, text);
}

/// A mailbox that was not looked at must not pass for one that works.
fn warn_of_missing(merged: &mut Document) {
    let counts: BTreeSet<u32> = merged.shards.iter().map(|share| share.of).collect();
    for of in counts {
        let there = |index: &u32| merged.shards.contains(&Share { of, index: *index });
        let missing: Vec<u32> = (1..=of).filter(|index| !there(index)).collect();
        if missing.is_empty() {
            continue;
        }
        let (noun, are, its) = if missing.len() == 1 { ("Shard", "is", "its") } else { ("Shards", "are", "their") };
        let named = Shown::join(missing.iter().take(MOST_NAMED), ", ");
        let rest = missing.len().saturating_sub(MOST_NAMED);
        let rest = if rest > 0 { shown!(" and {} more", rest) } else { Shown::default() };
        let files = shown!("{} {}{} of {} {} not among the files", noun, named, rest, of, are);
        let text = shown!("{}: {} mailboxes are not known to work.", files, its);
        merged.warn(WarningCode::ShardMissing, text);
    }
}
