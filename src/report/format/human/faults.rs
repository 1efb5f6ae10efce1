//! A fault of the practice tenant, in two lines: what it is, and what it leads to.

use std::io::{self, Write};

use super::style::{DIM, STRONG};
use crate::report::Fact;
use crate::text::Shown;

/// Writes the fault `name`.
pub(super) fn write(name: &Shown, facts: &[Fact], out: &mut dyn Write) -> io::Result<()> {
    let fact = |name| facts.iter().find(|fact| fact.name == name).map_or("", |fact| &fact.value);
    writeln!(out, "{STRONG}{name:<26}{STRONG:#} {}", fact("meaning"))?;
    let (place, finding, wording) = (fact("place"), fact("finding"), fact("wording"));
    writeln!(out, "{:<26} {DIM}{place}: {finding} ({wording}){DIM:#}", "")
}
