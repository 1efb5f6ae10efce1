//! Words for what a directory lists.

use jiff::Timestamp;

use crate::directory::{Certificate, Secret};
use crate::flow::secret_expiry;
use crate::profile::KeyId;
use crate::text::Shown;

/// "2 client secrets".
pub(super) fn count(number: usize, noun: &'static str) -> Shown {
    shown!("{} {}{}", number, noun, if number == 1 { "" } else { "s" })
}

/// A client secret, as in "'made by hand' (ID 0a…, until 2027-05-20)".
pub(super) fn secret(secret: &Secret) -> Shown {
    entry(secret.name.as_ref(), &secret.key_id, secret.ends)
}

/// A certificate in the same form.
pub(super) fn certificate(certificate: &Certificate) -> Shown {
    entry(certificate.name.as_ref(), &certificate.key_id, certificate.ends)
}

fn entry(name: Option<&Shown>, id: &KeyId, ends: Option<Timestamp>) -> Shown {
    let name = name.map_or_else(|| "without a name".into(), |name| shown!("'{}'", name));
    let ends = ends.map_or_else(|| "no end named".into(), |ends| shown!("until {}", secret_expiry::day_of(ends)));
    shown!("{} (ID {}, {})", name, id, ends)
}
