//! A mailbox's name in the profile as it follows from the address.

use super::invalid::Invalid;
use super::names::{Address, Name};

/// The longest name.
const LONGEST: usize = 64;

impl Name {
    /// A name for the mailbox with `address`: the part before the @ where that is free, else the whole address as a name can
    /// be.
    ///
    /// # Errors
    /// If the address has nothing that a name can be made of.
    pub fn of_address(address: &Address, is_free: &dyn Fn(&Self) -> bool) -> Result<Self, Invalid> {
        let local = address.as_str().rsplit_once('@').map_or("", |(local, _)| local);
        let whole = made_valid(address.as_str());
        let numbered = (2..1_000).map(|number| format!("{}-{number}", cut(&whole, LONGEST - 4)));
        let names = [local.to_owned(), whole.clone()].into_iter().chain(numbered);
        names.filter_map(|name| name.parse().ok()).find(is_free).map_or_else(|| whole.parse(), Ok)
    }
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
