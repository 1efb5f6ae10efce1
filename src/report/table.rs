//! Mailboxes as rows, for people who look for one among many.

use crate::text::Shown;

/// A table in the making of a list: the forms for programs have the reports instead.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// What each column holds, in a word.
    pub columns: Vec<&'static str>,
    /// The rows, each with a value for every column.
    pub rows: Vec<Vec<Shown>>,
}
