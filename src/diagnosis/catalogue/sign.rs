//! By what a provider's servers are known, whatever the profile says: an OpenID provider in a profile may well be one of
//! these under another name.

use super::entry::Family;

/// Words that only these providers' servers write.
const SIGNS: [(Family, &[&str]); 2] = [
    (Family::Microsoft, &["AADSTS", ".prod.outlook.com", "5.7.139 ", "SmtpClientAuthentication is disabled"]),
    (Family::Google, &["gsmtp", "support.google.com/mail", "support.google.com/accounts"]),
];

/// Whose servers `text` betrays; none where it does not, or several.
#[must_use]
pub fn betrayed(text: &str) -> Option<Family> {
    let lower = text.to_lowercase();
    let is_there = |signs: &[&str]| signs.iter().any(|sign| lower.contains(&sign.to_lowercase()));
    let mut found = SIGNS.iter().filter(|(_, signs)| is_there(signs)).map(|(family, _)| *family);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}
