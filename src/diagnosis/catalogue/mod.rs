//! The catalogue of what servers say, as data: `*.toml` beside this file, in the order of their names.
//!
//! # How a text is matched
//! The files are asked in the order of their names, and their entries from top to bottom, so specific entries come before
//! general ones, and the files of one provider before those of all. An entry may count only if
//! - its stage (`stage` or `also_stages`), its provider and its phase (`at`) fit what is known; Microsoft's work and personal
//!   accounts are one family;
//! - its provider is named, where its words do not tell it (`named`);
//! - what is known of the client has all of `needs` and none of `unless` (`reading::Clue`).
//!
//! Where stage and provider are known, the first hit wins. Elsewhere the most telling hit of each line comes first, and
//! `role` says what is the answer only where a text has no cause. `with_token` has other words for a sign-in with a token.
//!
//! # What mailgrant itself says
//! `own/*.toml` hold the findings of our own, by code: `cause`, `fix`, and where they differ from the usual `exit`,
//! `confidence` and `source`. `cases` are other causes under the same code; a step has `when` or `unless` with the names of
//! cases. Each code of either kind is a constant of [`FindingCode`], which the build script
//! beside this file makes.
//!
//! # How to add one
//! Write an `[[error]]` into the file of its neighbours: `id` (never changed afterwards: it is public
//! interface), `provider`, `stage`, `match`, one `example` as a server said it, `cause`, `fix`, `source`, `evidence` and
//! `next`. `match` is a `literal` (one phrase, or several) wherever that is enough; a `regex` has a `needle` beside it: a
//! phrase, or several, of which each hit has one, so that most entries are ruled out in one pass over the text.
//! `variants` are further texts as people paste them. The tests tell what is missing: each example and variant must resolve to
//! its own entry, and each fix must name a place or a command.
//!
//! Nothing of this is read before something has failed.

mod entry;
pub mod own;
mod pattern;
mod search;
mod sign;
mod statistics;
mod step;

pub use entry::{Entry, Evidence, Meaning, Role};
pub use pattern::Pattern;
pub use search::{Hint, Hit, prepare, search};
pub use sign::betrayed;
pub use statistics::statistics;
pub use step::{Only, Step};

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::report::FindingCode;

/// All entries, in order. They are read when they are first asked for.
#[must_use]
pub fn entries() -> &'static [Entry] {
    static ENTRIES: OnceLock<Vec<Entry>> = OnceLock::new();
    // A test reads each by itself.
    ENTRIES.get_or_init(|| serde_json::from_str(ENTRIES_JSON).unwrap_or_default())
}

/// The entries of all files, as the build script has them.
const ENTRIES_JSON: &str = include_str!(concat!(env!("OUT_DIR"), "/entries.json"));

/// How else the answers of entries are said, and what people paste of them, by the entry's code (`variants` in the files).
#[must_use]
pub fn variants() -> BTreeMap<FindingCode, Vec<String>> {
    serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/variants.json"))).unwrap_or_default()
}

/// The entry of this code.
#[must_use]
pub fn entry(code: FindingCode) -> Option<&'static Entry> {
    entries().iter().find(|entry| entry.id == code)
}

/// The code of this name, or the one that had it in an earlier version.
#[must_use]
pub fn code(name: &str) -> Option<FindingCode> {
    let called = |entry: &&Entry| entry.aliases.iter().any(|alias| alias == name);
    FindingCode::find(name)
        .or_else(|| entries().iter().find(called).map(|entry| entry.id))
        .or_else(|| own::called(name))
}

#[cfg(test)]
mod tests;
