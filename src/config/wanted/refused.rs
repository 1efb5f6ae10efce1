//! What is wrong with the form of a file, whatever its keys mean.

use std::ops::Range;

use crate::config::entry::{Fault, Wrong};
use crate::profile::Invalid;

/// What is wrong at `span`, and what to do instead.
pub(super) fn refused(span: Range<usize>, problem: &str, instead: &str) -> Wrong {
    Wrong { key: None, span, fault: Fault::Value(Invalid::new(problem, instead)) }
}
