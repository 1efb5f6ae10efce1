//! Web addresses: endpoints of providers, and our own redirect.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use super::Invalid;
use crate::text::is_unprintable;

/// A provider's endpoint: https, or http on loopback (SECURITY.md A3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointUrl(Url);

/// Where the provider sends the browser back to: a loopback address that we listen on (RFC 8252 §7.3), or one
/// registered elsewhere, whose address the user then pastes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri(Url);

fn parse(text: &str, instead: &str) -> Result<Url, Invalid> {
    if let Some(c) = text.chars().find(|c| is_unprintable(*c) || c.is_whitespace()) {
        return Err(Invalid::new(format!("it holds the character U+{:04X}", u32::from(c)), instead));
    }
    Url::parse(text).map_err(|error| Invalid::new(format!("'{text}' is not a URL ({error})"), instead))
}

/// Whether `url` is on this machine: a loopback address (RFC 8252 §7.3), or the name of one.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether `url` is on this machine's own network link (RFC 3927), where the platforms of clouds answer.
fn is_link_local(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Ipv4(address)) if address.is_link_local())
}

impl FromStr for EndpointUrl {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::checked(text, is_loopback, "write an https:// address (http:// only for this machine)")
    }
}

impl EndpointUrl {
    /// The address of a service with which the platform that runs this machine hands out tokens: https, or http on this
    /// machine or on its network link, from which no router passes it on (RFC 3927 §7).
    ///
    /// # Errors
    /// What keeps a token from being asked for there.
    pub fn of_platform(text: &str) -> Result<Self, Invalid> {
        let is_near = |url: &Url| is_loopback(url) || is_link_local(url);
        Self::checked(text, is_near, "write an https:// address (http:// only for this machine and its network link)")
    }

    /// The address in `text`: https, or http where `is_near`.
    fn checked(text: &str, is_near: impl Fn(&Url) -> bool, instead: &str) -> Result<Self, Invalid> {
        let url = parse(text, instead)?;
        let safe = url.scheme() == "https" && url.host().is_some() || url.scheme() == "http" && is_near(&url);
        if !safe {
            return Err(Invalid::new(format!("'{text}' is not protected by TLS"), instead));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Invalid::new("it holds a user name or password", instead));
        }
        if url.fragment().is_some() {
            return Err(Invalid::new("it holds a fragment (#…)", instead));
        }
        Ok(Self(url))
    }

    /// The address.
    #[must_use]
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// The host's name or address, without the brackets of IPv6.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    /// The TCP port: the scheme's where the address names none.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(443)
    }

    /// The address as text, without the slash that a bare host's path shows: issuers are compared as strings.
    #[must_use]
    pub fn as_issuer(&self) -> &str {
        let text = self.0.as_str();
        if self.0.path() == "/" && self.0.query().is_none() { text.strip_suffix('/').unwrap_or(text) } else { text }
    }
}

show_as_displayed!(EndpointUrl, RedirectUri);

impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_issuer())
    }
}

impl FromStr for RedirectUri {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const INSTEAD: &str = "write the redirect URI exactly as the app registration has it, as in http://localhost";
        let url = parse(text, INSTEAD)?;
        if url.host().is_none() || url.fragment().is_some() {
            return Err(Invalid::new(format!("'{text}' is not a redirect URI"), INSTEAD));
        }
        if !(url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url)) {
            return Err(Invalid::new(format!("'{text}' would carry the code in the clear"), INSTEAD));
        }
        Ok(Self(url))
    }
}

impl RedirectUri {
    /// The address as registered.
    #[must_use]
    pub fn as_url(&self) -> &Url {
        &self.0
    }

    /// Whether a listener of ours can catch it: http on a loopback host.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.0.scheme() == "http" && is_loopback(&self.0)
    }
}

impl fmt::Display for RedirectUri {
    /// As the portal shows it: `http://localhost`, without the slash that the parser adds to an empty path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.as_str();
        let bare = self.0.path() == "/" && self.0.query().is_none();
        f.write_str(if bare { text.strip_suffix('/').unwrap_or(text) } else { text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_must_be_https_or_loopback() {
        for good in ["https://login.example", "http://127.0.0.1:8080/x", "http://localhost", "http://[::1]:1/"] {
            good.parse::<EndpointUrl>().expect(good);
        }
        for bad in [
            "http://login.example",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "https://user:pw@x.example",
            "x",
            "https://a\tb",
        ] {
            bad.parse::<EndpointUrl>().expect_err(bad);
        }
    }

    #[test]
    fn a_platform_may_be_asked_in_the_clear_on_the_network_link_and_no_one_else_may() {
        for url in ["http://169.254.169.254/metadata", "http://127.0.0.1:40342/x", "https://platform.example/x"] {
            EndpointUrl::of_platform(url).expect(url);
        }
        "http://169.254.169.254/metadata".parse::<EndpointUrl>().expect_err("a provider is not there");
        for url in ["http://169.253.169.254/x", "http://10.0.0.1/x", "http://metadata.example/x", "http://a@127.0.0.1/"]
        {
            EndpointUrl::of_platform(url).expect_err(url);
        }
    }

    #[test]
    fn an_endpoint_names_its_host_and_port() {
        for (url, place) in [
            ("https://graph.example/v1.0", ("graph.example", 443)),
            ("https://graph.example:8443", ("graph.example", 8443)),
            ("http://[::1]/x", ("::1", 80)),
        ] {
            let url: EndpointUrl = url.parse().unwrap();
            assert_eq!((url.host(), url.port()), place);
        }
    }

    #[test]
    fn a_bare_redirect_is_shown_without_a_slash() {
        assert_eq!("http://localhost".parse::<RedirectUri>().unwrap().to_string(), "http://localhost");
        assert_eq!("http://localhost/cb".parse::<RedirectUri>().unwrap().to_string(), "http://localhost/cb");
    }
}
