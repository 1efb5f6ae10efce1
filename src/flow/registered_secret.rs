//! Which of the client secrets that a directory lists one of the store is.

use super::secret_expiry::day_of;
use crate::directory::{Application, Match, Secret};
use crate::secrets::ClientSecret;

/// The one that the record names, where the directory still has that; else what begins alike. Of several, the one that ends on
/// its day.
pub fn find<'a>(secret: &ClientSecret, application: &'a Application) -> Match<'a> {
    if let Some(known) = secret.key_id.as_ref().and_then(|key| application.secret(key)) {
        return Match::One(known);
    }
    match application.find(&secret.value) {
        Match::Several(several) => {
            let ends_then = |other: &&&Secret| secret.expires.is_some() && other.ends.map(day_of) == secret.expires;
            match several.iter().filter(ends_then).collect::<Vec<_>>().as_slice() {
                [one] => Match::One(one),
                _ => Match::Several(several),
            }
        }
        found @ (Match::One(_) | Match::None) => found,
    }
}
