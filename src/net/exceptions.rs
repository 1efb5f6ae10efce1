//! `NO_PROXY`: which hosts are reached without a proxy. No standard says what it may hold; this is what curl, Go and Git
//! understand, taken together.

use std::net::IpAddr;

/// The rules of `NO_PROXY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exceptions {
    variable: &'static str,
    text: String,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    All,
    Network {
        address: IpAddr,
        bits: u32,
    },
    /// A domain and everything below it, in lower case, without dots at its ends.
    Domain(String),
}

impl Exceptions {
    /// Reads a list that commas or blanks separate. What means nothing matches nothing.
    pub(super) fn parse(variable: &'static str, text: &str) -> Self {
        let entries = text.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
        Self { variable, text: text.trim().to_owned(), rules: entries.filter_map(rule).collect() }
    }

    /// The variable's name.
    #[must_use]
    pub fn variable(&self) -> &'static str {
        self.variable
    }

    /// The list as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn cover(&self, host: &str, port: u16) -> bool {
        let host = plain_host(host);
        let address = host.parse::<IpAddr>().ok();
        self.rules.iter().filter(|rule| rule.port.is_none_or(|only| only == port)).any(|rule| match &rule.hosts {
            Hosts::All => true,
            Hosts::Network { address: network, bits } => address.is_some_and(|own| is_within(own, *network, *bits)),
            Hosts::Domain(domain) => address.is_none() && is_below(&host, domain),
        })
    }
}

/// A host in lower case, without a dot at its end and without brackets.
pub(super) fn plain_host(host: &str) -> String {
    host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase()
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn is_within(own: IpAddr, network: IpAddr, bits: u32) -> bool {
    let same = |one: u128, other: u128, width: u32| {
        let ignored = width.saturating_sub(bits);
        one.checked_shr(ignored).unwrap_or(0) == other.checked_shr(ignored).unwrap_or(0)
    };
    match (own, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) => same(one.to_bits().into(), other.to_bits().into(), 32),
        (IpAddr::V6(one), IpAddr::V6(other)) => same(one.to_bits(), other.to_bits(), 128),
        _ => false,
    }
}

fn rule(entry: &str) -> Option<Rule> {
    if entry == "*" {
        return Some(Rule { hosts: Hosts::All, port: None });
    }
    if let Some(hosts) = network(entry) {
        return Some(Rule { hosts, port: None });
    }
    let (host, port) = match entry.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (entry, None),
    };
    let hosts = match network(host) {
        Some(hosts) => hosts,
        None => Hosts::Domain(domain(host)?),
    };
    Some(Rule { hosts, port })
}

/// `192.0.2.0/24`, `2001:db8::/32`, `[2001:db8::1]` or a single address.
fn network(entry: &str) -> Option<Hosts> {
    let (address, bits) = entry.split_once('/').map_or((entry, None), |(address, bits)| (address, Some(bits)));
    let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
    let address: IpAddr = bare.parse().ok()?;
    let width = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(width), |bits| bits.parse().ok().filter(|bits| *bits <= width))?;
    Some(Hosts::Network { address, bits })
}

/// `corp.example`, `.corp.example` and `*.corp.example` are one.
fn domain(entry: &str) -> Option<String> {
    let entry = entry.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(entry);
    match url::Host::parse(entry.trim_matches('.')).ok()? {
        url::Host::Domain(domain) => Some(domain),
        url::Host::Ipv4(_) | url::Host::Ipv6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_covers_what_it_names() {
        for (list, host, port, covers) in [
            ("corp.example", "corp.example", 443, true),
            ("corp.example", "login.corp.example", 443, true),
            ("corp.example", "a.login.corp.example", 443, true),
            ("corp.example", "notcorp.example", 443, false),
            ("corp.example", "corp.example.org", 443, false),
            (".corp.example", "login.corp.example", 443, true),
            (".corp.example", "corp.example", 443, true),
            ("*.corp.example", "login.corp.example", 443, true),
            ("CORP.Example", "login.corp.example", 443, true),
            ("corp.example", "LOGIN.CORP.EXAMPLE", 443, true),
            ("corp.example.", "login.corp.example", 443, true),
            ("corp.example", "login.corp.example.", 443, true),
            ("login.corp.example", "corp.example", 443, false),
            ("example", "login.corp.example", 443, true),
            ("rp.example", "corp.example", 443, false),
            ("a.example,corp.example", "corp.example", 443, true),
            ("a.example, corp.example", "corp.example", 443, true),
            ("a.example corp.example", "corp.example", 443, true),
            (" , ,corp.example, ", "corp.example", 443, true),
            ("*", "corp.example", 443, true),
            ("*", "192.0.2.1", 443, true),
            ("a.example,*", "corp.example", 443, true),
            ("corp.*", "corp.example", 443, false),
            ("", "corp.example", 443, false),
            ("corp.example:443", "login.corp.example", 443, true),
            ("corp.example:8443", "login.corp.example", 443, false),
            ("corp.example:x", "corp.example", 443, false),
            ("192.0.2.1", "192.0.2.1", 443, true),
            ("192.0.2.1", "192.0.2.10", 443, false),
            ("192.0.2.1:443", "192.0.2.1", 443, true),
            ("192.0.2.1:80", "192.0.2.1", 443, false),
            ("192.0.2.0/24", "192.0.2.200", 443, true),
            ("192.0.2.0/24", "192.0.3.1", 443, false),
            ("192.0.2.77/24", "192.0.2.200", 443, true),
            ("192.0.2.0/33", "192.0.2.1", 443, false),
            ("0.0.0.0/0", "198.51.100.7", 443, true),
            ("10.0.0.0/8", "10.0.example", 443, false),
            ("0.2.1", "192.0.2.1", 443, false),
            ("2001:db8::1", "2001:db8::1", 443, true),
            ("2001:db8::1", "[2001:db8::1]", 443, true),
            ("[2001:db8::1]", "2001:db8::1", 443, true),
            ("[2001:db8::1]:443", "2001:db8::1", 443, true),
            ("[2001:db8::1]:80", "2001:db8::1", 443, false),
            ("2001:db8::/32", "2001:db8:ffff::1", 443, true),
            ("2001:db8::/32", "2001:db9::1", 443, false),
            ("2001:db8:0::1", "2001:db8::1", 443, true),
            ("::/0", "192.0.2.1", 443, false),
            ("müller.example", "login.xn--mller-kva.example", 443, true),
        ] {
            assert_eq!(Exceptions::parse("NO_PROXY", list).cover(host, port), covers, "{list:?} and {host}:{port}");
        }
    }
}
