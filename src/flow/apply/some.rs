//! Names in a sentence.

use crate::profile::Name;
use crate::text::Shown;

/// The first of `names`, and how many more there are.
pub(super) fn some(names: &[&Name]) -> Shown {
    const MOST: usize = 5;
    let shown = Shown::join(names.iter().take(MOST).copied(), ", ");
    match names.len().saturating_sub(MOST) {
        0 => shown,
        more => shown!("{} and {} more", shown, more),
    }
}
