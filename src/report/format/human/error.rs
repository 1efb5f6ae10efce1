//! Why a command could not do its job.

use std::io;

use super::finding::{self, Telling};
use super::line::Line;
use super::page::Page;
use crate::report::Finding;

/// Writes the cause and the steps.
pub(super) fn write(finding: &Finding, page: &mut Page<'_>) -> io::Result<()> {
    page.text(0, &Line::default().bad("mailgrant:").plain(" ").plain(finding.cause.as_str()))?;
    finding::write(finding, Telling::Whole, 2, page)
}
