//! A fault of the practice tenant, in two lines: what it is, and what it leads to.

use std::io;

use super::line::Line;
use super::page::Page;
use crate::report::Fact;

/// Writes the fault `name`.
pub(super) fn write(name: &str, facts: &[Fact], page: &mut Page<'_>) -> io::Result<()> {
    let fact = |name| facts.iter().find(|fact| fact.name == name).map_or("", |fact| &fact.value);
    page.led(0, &Line::default().strong(format!("{name:<26}")).plain(" "), &Line::default().plain(fact("meaning")))?;
    let leads_to = format!("{}: {} ({})", fact("place"), fact("finding"), fact("wording"));
    page.led(0, &Line::default().plain(" ".repeat(27)), &Line::default().dim(leads_to))
}
