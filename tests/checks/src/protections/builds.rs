//! Whether the source builds without each protection. Many are taken out at once, so that it takes minutes for all of them.

use super::report::Report;
use super::rows::Row;
use super::tree::{Ended, Tree};

/// Looks at all of `rows`.
pub(crate) fn look(rows: &[Row], report: &mut Report) {
    let tree = Tree::copy(&crate::root());
    let mut left: Vec<&Row> = rows.iter().collect();
    while !left.is_empty() {
        let (mut together, others) = tree.beside_each_other(&left);
        left = others;
        while !together.is_empty()
            && let Some(output) = tree.errors_without(&together)
        {
            // What fails beside others may be fine by itself.
            let (named, rest): (Vec<&Row>, Vec<&Row>) =
                together.iter().copied().partition(|row| output.contains(&row.file));
            let (alone, rest) = if named.is_empty() { (rest, named) } else { (named, rest) };
            for row in alone {
                if let Some(output) = tree.errors_without(&[row]) {
                    report.ended(row, &Ended::DidNotBuild(output));
                }
            }
            together = rest;
        }
    }
}
