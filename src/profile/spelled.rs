//! A name in two spellings: as it was typed, and as it goes over the wire.
//!
//! Domains outside ASCII (RFC 5890's U-labels) are `xn--…` in DNS, TLS, SASL and SMTP. What is shown is what was typed;
//! two spellings of one name are equal.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A text, and how it was typed where that differs.
#[derive(Clone)]
pub(super) struct Spelled {
    wire: String,
    typed: Option<Box<str>>,
}

impl Spelled {
    /// `wire` goes over the wire, `typed` is shown.
    pub(super) fn new(wire: String, typed: &str) -> Self {
        let typed = (wire != typed).then(|| typed.into());
        Self { wire, typed }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.wire
    }

    pub(super) fn differs(&self) -> bool {
        self.typed.is_some()
    }
}

impl fmt::Display for Spelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.typed.as_deref().unwrap_or(&self.wire))
    }
}

impl fmt::Debug for Spelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wire.fmt(f)
    }
}

impl PartialEq for Spelled {
    fn eq(&self, other: &Self) -> bool {
        self.wire == other.wire
    }
}

impl Eq for Spelled {}

impl Hash for Spelled {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.wire.hash(state);
    }
}

impl PartialOrd for Spelled {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Spelled {
    fn cmp(&self, other: &Self) -> Ordering {
        self.wire.cmp(&other.wire)
    }
}

/// The domain `text` as DNS carries it, in lower case: labels outside ASCII become `xn--…` (UTS 46, as browsers do it).
/// `None` if it has none.
pub(super) fn domain(text: &str) -> Option<String> {
    let ascii = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        // The parser of web addresses takes percent-encoded octets as well; here they mean nothing.
        match url::Host::parse(text).ok().filter(|_| !text.contains('%'))? {
            url::Host::Domain(domain) => domain,
            url::Host::Ipv4(_) | url::Host::Ipv6(_) => return None,
        }
    };
    let bare = ascii.strip_suffix('.').unwrap_or(&ascii);
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    ((1..=253).contains(&bare.len()) && bare.split('.').all(label_fits)).then(|| bare.to_owned())
}

/// An account's name, fit to be compared: without regard to case, the domain as DNS carries it.
pub(super) fn comparable(name: &str) -> String {
    let lower = name.to_lowercase();
    match lower.rsplit_once('@') {
        Some((local, host)) => domain(host).map_or_else(|| lower.clone(), |host| format!("{local}@{host}")),
        None => lower,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_outside_ascii_become_xn() {
        for (typed, wire) in [
            ("Müller.de", "xn--mller-kva.de"),
            ("XN--MLLER-KVA.de", "xn--mller-kva.de"),
            ("mail.müller.de.", "mail.xn--mller-kva.de"),
            ("почта.рф", "xn--80a1acny.xn--p1ai"),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
            // A Cyrillic letter that looks like a Latin one is another name.
            ("pаypal.com", "xn--pypal-4ve.com"),
        ] {
            assert_eq!(domain(typed).as_deref(), Some(wire), "{typed}");
        }
        for text in ["", ".", "a..b", "-a.de", "mü%6cler.de", "１２７.0.0.1", "mü ller.de", "mü/ller.de", "ü@ü.de"]
        {
            assert_eq!(domain(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_name_is_the_same_in_both_spellings() {
        assert_eq!(comparable("Info@MÜLLER.de"), comparable("info@xn--mller-kva.de"));
        assert_ne!(comparable("info@müller.de"), comparable("info@mueller.de"));
        assert_eq!(comparable("No Address"), "no address");
    }
}
