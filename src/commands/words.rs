//! Words of the command line that are read from the table of providers.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::profile::{Family, Provider, provider};

/// Reads a provider's key.
pub(super) fn providers() -> impl TypedValueParser<Value = Provider> {
    let words = provider::ALL.iter().map(|provider| PossibleValue::new(provider.key).help(provider.about));
    PossibleValuesParser::new(words).try_map(|word| word.parse::<Provider>())
}

/// Reads the key of a family of providers.
pub(super) fn families() -> impl TypedValueParser<Value = Family> {
    let words = Family::all().into_iter().map(|family| PossibleValue::new(family.key()).help(family.about()));
    PossibleValuesParser::new(words).try_map(|word| word.parse::<Family>())
}
