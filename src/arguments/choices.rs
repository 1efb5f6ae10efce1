//! Words of the command line that are read from tables.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::diagnosis::reading::Origin;
use crate::profile::{Family, Protocol, Provider, Side, provider};

/// The word for a side that a mailbox does not have.
const NONE: &str = "none";

/// A protocol for one side, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice(pub Option<Protocol>);

/// Reads a provider's key.
pub fn providers() -> impl TypedValueParser<Value = Provider> {
    let words = provider::ALL.iter().map(|provider| PossibleValue::new(provider.key).help(provider.about));
    PossibleValuesParser::new(words).try_map(|word| word.parse::<Provider>())
}

/// Reads the key of a family of providers.
pub fn families() -> impl TypedValueParser<Value = Family> {
    let words = Family::all().into_iter().map(|family| PossibleValue::new(family.key()).help(family.about()));
    PossibleValuesParser::new(words).try_map(|word| word.parse::<Family>())
}

/// Reads the key of a place in the chain.
pub fn origins() -> impl TypedValueParser<Value = Origin> {
    let words = Origin::all().iter().map(|origin| PossibleValue::new(origin.key()).help(origin.about()));
    PossibleValuesParser::new(words)
        .try_map(|word| Origin::named(&word).ok_or_else(|| format!("{word} is not a place in the chain")))
}

/// Reads the key of a protocol of `side`, or "none".
pub fn protocols(side: Side) -> impl TypedValueParser<Value = Choice> {
    let words = Protocol::of(side).map(Protocol::key).chain([NONE]);
    let of = move |word: String| Choice(Protocol::of(side).find(|protocol| protocol.key() == word));
    PossibleValuesParser::new(words.map(PossibleValue::new)).map(of)
}

/// The words that [`protocols`] reads, in a sentence: "imap, pop3 or none".
pub fn protocol_keys(side: Side) -> String {
    let keys: Vec<&str> = Protocol::of(side).map(Protocol::key).collect();
    format!("{} or {NONE}", keys.join(", "))
}
