//! The name of a mailbox in the profile, as it was typed or as it follows from the address.

use std::str::FromStr;

use crate::error::CommandError;
use crate::profile::{Address, Invalid, Name, Profile};

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

/// A name for the mailbox with `address`: what the profile calls it already, else one that is free.
///
/// # Errors
/// If the address has nothing that a name can be made of.
pub(super) fn of(address: &Address, profile: &Profile) -> Result<Name, Invalid> {
    let known = profile.mailboxes.values().find(|mailbox| mailbox.address.matches(address.as_str()));
    let is_free = |name: &Name| !profile.mailboxes.contains_key(name) && !profile.apps.contains_key(name);
    known.map_or_else(|| Name::of_address(address, &is_free), |known| Ok(known.name.clone()))
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
