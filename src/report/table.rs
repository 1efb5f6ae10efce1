//! Mailboxes as rows, for people who look for one among many. Field names in JSON are public API.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::Shown;

/// A table in the making of a list: the forms for programs have the reports instead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "table")]
pub struct Table {
    /// What each column holds, in a word.
    pub columns: Vec<Shown>,
    /// The rows, each with a value for every column.
    pub rows: Vec<Vec<Shown>>,
}

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn of(columns: &[&'static str]) -> Self {
        Self { columns: columns.iter().map(|name| Shown::from(*name)).collect(), rows: Vec::new() }
    }

    /// The rows of both, each once; none where they have other columns.
    #[must_use]
    pub fn and(mut self, other: Self) -> Option<Self> {
        if self.columns != other.columns {
            return None;
        }
        let known: HashSet<&Vec<Shown>> = self.rows.iter().collect();
        let more: Vec<Vec<Shown>> = other.rows.into_iter().filter(|row| !known.contains(row)).collect();
        self.rows.extend(more);
        Some(self)
    }
}
