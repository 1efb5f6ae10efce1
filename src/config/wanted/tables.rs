//! A file as the tables that TOML is read as, whatever its form.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::DeTable;

use crate::config::entry::Wrong;
use crate::profile::Side;

/// The tables of a file, with all that is wrong with it so far.
pub(super) struct Tables<'s> {
    pub(super) root: Spanned<DeTable<'s>>,
    pub(super) wrong: Vec<Wrong>,
    /// The sides that mailboxes are not to have, by the mailboxes' names.
    pub(super) without: BTreeMap<String, Vec<Side>>,
}
