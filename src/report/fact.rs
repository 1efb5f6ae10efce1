//! Names with their values.

use crate::text::Shown;

/// A name and a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The JSON key; the human renderer shows it with blanks for underscores.
    pub name: Shown,
    /// The value.
    pub value: Shown,
}

/// `facts` as one object.
pub(super) fn as_map<S: serde::Serializer>(facts: &[Fact], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(facts.iter().map(|fact| (&fact.name, &fact.value)))
}
