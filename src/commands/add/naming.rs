//! The name of a mailbox in the profile, as it was typed or as it follows from the address.

use std::str::FromStr;

use crate::error::CommandError;
use crate::profile::{Address, Invalid, Name, Profile};

/// The longest name.
const LONGEST: usize = 64;

/// What `add` is told to add.
#[derive(Debug, Clone)]
pub(super) enum Named {
    /// A name.
    Name(Name),
    /// The mailbox's address.
    Address(Address),
}

impl FromStr for Named {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.contains('@') { text.parse().map(Self::Address) } else { text.parse().map(Self::Name) }
    }
}

impl Named {
    /// The address that is given in the name's place.
    pub(super) fn address(&self) -> Option<&Address> {
        match self {
            Self::Name(_) => None,
            Self::Address(address) => Some(address),
        }
    }
}

/// The address that the command line gives, in the name's place or by its flag.
///
/// # Errors
/// If it gives two.
pub(super) fn address<'a>(
    named: Option<&'a Named>,
    flag: Option<&'a Address>,
) -> Result<Option<&'a Address>, CommandError> {
    match (named.and_then(Named::address), flag) {
        (Some(one), Some(other)) if !one.matches(other.as_str()) => Err(CommandError::usage(
            shown!("{} and --address {} are two addresses.", one, other),
            "Give a name in the place of the first, or leave --address out",
        )),
        (one, other) => Ok(other.or(one)),
    }
}

/// A name for the mailbox with `address`: what the profile calls it already, else the part before the @ where that is
/// free, else the whole address as a name can be.
pub(super) fn of(address: &Address, profile: &Profile) -> Result<Name, Invalid> {
    let known = profile.mailboxes.values().find(|mailbox| mailbox.address.matches(address.as_str()));
    if let Some(known) = known {
        return Ok(known.name.clone());
    }
    let is_free = |name: &Name| !profile.mailboxes.contains_key(name) && !profile.apps.contains_key(name);
    let local = address.as_str().rsplit_once('@').map_or("", |(local, _)| local);
    let whole = made_valid(address.as_str());
    let numbered = (2..1_000).map(|number| format!("{}-{number}", cut(&whole, LONGEST - 4)));
    let names = [local.to_owned(), whole.clone()].into_iter().chain(numbered);
    names.filter_map(|name| name.parse().ok()).find(is_free).map_or_else(|| whole.parse(), Ok)
}

/// `text` with a dash for each character that a name cannot have.
fn made_valid(text: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name: String = text.chars().map(|c| if fits(c) { c } else { '-' }).collect();
    let name = name.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    if name.is_empty() { "mailbox".to_owned() } else { cut(name, LONGEST).to_owned() }
}

fn cut(name: &str, most: usize) -> &str {
    name.get(..most).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn profile() -> Profile {
        let text = "[apps.contoso]\nprovider = \"google\"\nclient_id = \"1\"\n\
                    [mailboxes.shop]\napp = \"contoso\"\naddress = \"Shop@contoso.com\"\n\
                    incoming = { protocol = \"imap\" }\n";
        config::parse("config.toml".as_ref(), text).unwrap()
    }

    #[test]
    fn a_name_follows_from_the_address() {
        for (address, name) in [
            ("shop@CONTOSO.com", "shop"),
            ("alice@contoso.com", "alice"),
            ("shop@fabrikam.com", "shop-fabrikam.com"),
            ("contoso@contoso.com", "contoso-contoso.com"),
            ("müller@contoso.com", "m-ller-contoso.com"),
            ("+news@contoso.com", "news-contoso.com"),
        ] {
            assert_eq!(of(&address.parse().unwrap(), &profile()).unwrap().as_str(), name, "{address}");
        }
        let long = format!("{}@{}.example", "a".repeat(64), "b".repeat(60));
        assert_eq!(of(&long.parse().unwrap(), &profile()).unwrap().as_str().len(), 64);
    }

    #[test]
    fn two_addresses_are_refused() {
        let (named, other): (Named, Address) = ("shop@contoso.com".parse().unwrap(), "a@contoso.com".parse().unwrap());
        assert!(address(Some(&named), Some(&other)).is_err());
        let same: Address = "SHOP@contoso.com".parse().unwrap();
        assert_eq!(address(Some(&named), Some(&same)).unwrap(), Some(&same));
        assert_eq!(address(Some(&"shop".parse().unwrap()), None).unwrap(), None);
    }
}
