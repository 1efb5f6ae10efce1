//! A task of a set-up: what has to be done, by whom, and whether that is known to be done.

use serde::Serialize;

use super::step::Step;
use crate::profile::By;
use crate::text::Shown;

/// A task of a set-up. Field names in JSON are public API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Task {
    /// What comes of it.
    pub title: Shown,
    /// Why it is needed.
    pub why: Shown,
    /// Who has the right to do it.
    pub by: By,
    /// What shows that it was done; none where nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<Shown>,
    /// How it is done.
    pub steps: Vec<Step>,
}
