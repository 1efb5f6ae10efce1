//! By what a provider's servers are known, whatever the profile says: an OpenID provider in a profile may well be one of
//! these under another name.

use crate::profile::Family;

/// Whose servers `text` betrays; none where it does not, or several.
#[must_use]
pub fn betrayed(text: &str) -> Option<Family> {
    let lower = text.to_lowercase();
    let mut found = Family::all().into_iter().filter(|family| family.is_betrayed_by(&lower));
    let first = found.next()?;
    found.next().is_none().then_some(first)
}
