//! Which provider a mailbox is at, as far as its address tells.

use crate::net::mail_exchangers;
use crate::profile::Address;
use crate::profile::provider::{self, Cloud, Provider};
use crate::text::{Redactor, Shown};

/// A provider, and what it was found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The provider.
    pub provider: Provider,
    /// Its cloud.
    pub cloud: Cloud,
    /// The evidence, as in "the MX record of contoso.com".
    pub by: Shown,
}

/// The provider of `address`: by its domain, else by the hosts that take its mail, which are looked up.
#[must_use]
pub fn of(address: &Address) -> Option<Found> {
    find(address, &mail_exchangers)
}

fn find(address: &Address, look_up: &dyn Fn(&str) -> Vec<String>) -> Option<Found> {
    let domain = address.domain();
    let found = |by| move |(provider, cloud)| Found { provider, cloud, by };
    provider::find(|deployment| deployment.has_domain(domain)).map(found("its address".into())).or_else(|| {
        // Several providers may take mail for a domain, a filter among them: the preferred host comes first.
        let hosts = look_up(domain);
        let known = hosts.iter().find_map(|host| provider::find(|deployment| deployment.has_exchanger(host)));
        known.map(found(shown!("the MX record of {}", Redactor::by_shape(domain))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(address: &str, hosts: &[&str]) -> Option<(&'static str, Cloud)> {
        let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
        let found = find(&address.parse().unwrap(), &|_| hosts.clone())?;
        Some((found.provider.key, found.cloud))
    }

    #[test]
    fn a_provider_is_known_by_the_address_or_by_the_hosts_that_take_its_mail() {
        let global = |key| Some((key, Cloud::Global));
        assert_eq!(key("a@Outlook.com", &[]), global("outlook"));
        assert_eq!(key("a@gmail.com", &["mx.of.another"]), global("google"));
        assert_eq!(key("a@contoso.onmicrosoft.com", &[]), global("microsoft365"));
        assert_eq!(key("a@contoso.com", &["contoso-com.mail.protection.outlook.com"]), global("microsoft365"));
        assert_eq!(key("a@contoso.com", &["contoso-com.v-v1.MX.Microsoft."]), global("microsoft365"));
        assert_eq!(key("a@outlook.de", &["eur.olc.protection.outlook.com"]), global("outlook"));
        assert_eq!(key("a@contoso.com", &["filter.example", "aspmx.l.google.com"]), global("google"));
        let high = Some(("microsoft365", Cloud::GccHigh));
        assert_eq!(key("a@contoso.us", &["contoso-us.mail.protection.office365.us"]), high);
        for host in ["notgoogle.com", "google.com.attacker.example", "mail.contoso.com", ""] {
            assert_eq!(key("a@contoso.com", &[host]), None, "{host}");
        }
    }

    #[test]
    fn the_evidence_is_told_and_a_known_domain_is_not_looked_up() {
        let found = find(&"a@gmail.com".parse().unwrap(), &|_| unreachable!("its domain tells")).unwrap();
        assert_eq!(found.by, "its address");
        let found = find(&"a@contoso.com".parse().unwrap(), &|_| vec!["smtp.google.com".into()]).unwrap();
        assert_eq!(found.by, "the MX record of contoso.com");
    }
}
