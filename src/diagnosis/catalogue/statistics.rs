//! What the catalogue holds, counted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use super::{Evidence, entries, own};
use crate::profile::Family;
use crate::report::{Fact, FindingCode};
use crate::text::{Redactor, Shown};

/// How many entries there are, with what, of whom and from where.
#[must_use]
pub fn statistics() -> Vec<Fact> {
    let entries = entries();
    let number = |count: usize| Shown::of(count);
    let own = FindingCode::ALL.iter().filter(|code| own::words(**code).is_some()).count();
    let documents: BTreeSet<&str> =
        entries.iter().filter_map(|entry| entry.source.as_deref()).flat_map(documents).collect();
    let with_document = entries.iter().filter(|entry| entry.source.is_some()).count();
    let evidence = |entry: &super::Entry| match entry.evidence {
        Evidence::Documented => "documented",
        Evidence::Reported => "reported",
        Evidence::Unverified => "unverified",
    };
    let family = |family: Family| if family == Family::ANY { "any".to_owned() } else { family.to_string() };
    let facts = [
        ("entries", number(entries.len())),
        ("examples", number(entries.iter().filter(|entry| entry.example.is_some()).count())),
        ("variants", number(super::variants().values().map(Vec::len).sum())),
        ("providers", counted(entries.iter().map(|entry| family(entry.provider)))),
        ("stages", counted(entries.iter().map(|entry| entry.stage.to_string()))),
        ("evidence", counted(entries.iter().map(evidence))),
        ("documents", shown!("{} entries name one, {} in all", with_document, documents.len())),
        ("own_findings", number(own)),
    ];
    facts.into_iter().map(|(name, value)| Fact { name: name.into(), value }).collect()
}

/// The documents that a `source` names.
fn documents(source: &str) -> impl Iterator<Item = &str> {
    source.split("; ").map(str::trim).filter(|document| !document.is_empty())
}

/// Each of `names` with how often it is there, the most frequent first.
fn counted(names: impl Iterator<Item = impl Display>) -> Shown {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in names {
        *counts.entry(name.to_string()).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|(_, one), (_, other)| other.cmp(one));
    Shown::join(counts.iter().map(|(name, count)| shown!("{} {}", Redactor::by_shape(name), count)), ", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entry_is_counted_once_in_every_list() {
        let facts = statistics();
        let of = |name: &str| facts.iter().find(|fact| fact.name == name).unwrap().value.to_string();
        let sum = |list: &str| -> usize {
            list.split(", ").map(|one| one.rsplit_once(' ').unwrap().1.parse::<usize>().unwrap()).sum()
        };
        assert_eq!(of("entries"), entries().len().to_string());
        for list in ["providers", "stages", "evidence"] {
            assert_eq!(sum(&of(list)), entries().len(), "{list}");
        }
        assert!(of("providers").contains("Microsoft 365 "), "{}", of("providers"));
    }

    #[test]
    fn names_are_counted_the_most_frequent_first() {
        assert_eq!(counted(["a", "b", "b"].iter()), "b 2, a 1");
    }
}
