//! One proxy, as a variable of the environment names it.

use std::fmt;

use secrecy::SecretString;

use crate::failure::{Failure, FailureKind, ProxyFault, ProxyTrouble};
use crate::text::{Redactor, Shown};

/// What a proxy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProxyKind {
    /// HTTP's CONNECT (RFC 9110 §9.3.6).
    Http,
    /// The same inside TLS.
    Https,
    /// SOCKS 4: IPv4 addresses only, which we look up.
    Socks4,
    /// SOCKS 4a: the proxy looks names up.
    Socks4a,
    /// SOCKS 5 (RFC 1928) with addresses that we look up.
    Socks5,
    /// SOCKS 5 where the proxy looks names up.
    Socks5h,
}

impl ProxyKind {
    /// The schemes of addresses; `socks` is version 4, as curl has it.
    const SCHEMES: [(&'static str, Self); 7] = [
        ("http", Self::Http),
        ("https", Self::Https),
        ("socks4", Self::Socks4),
        ("socks4a", Self::Socks4a),
        ("socks5", Self::Socks5),
        ("socks5h", Self::Socks5h),
        ("socks", Self::Socks4),
    ];

    fn of(scheme: &str) -> Option<Self> {
        Self::SCHEMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(scheme)).map(|(_, kind)| *kind)
    }

    fn scheme(self) -> &'static str {
        Self::SCHEMES.iter().find(|(_, kind)| *kind == self).map_or("", |(scheme, _)| scheme)
    }

    /// curl's, which is SOCKS's for all but TLS.
    fn default_port(self) -> u16 {
        if self == Self::Https { 443 } else { 1080 }
    }

    /// Whether the proxy gets the address of a host instead of its name.
    pub(super) fn wants_address(self) -> bool {
        matches!(self, Self::Socks4 | Self::Socks5)
    }
}

/// The proxy.
#[derive(Debug, Clone)]
pub struct Proxy {
    pub(super) variable: &'static str,
    pub(super) kind: ProxyKind,
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) credential: Option<Credential>,
}

/// Who we are to a proxy.
#[derive(Debug, Clone)]
pub(super) struct Credential {
    pub(super) user: SecretString,
    pub(super) password: SecretString,
}

impl Proxy {
    /// Reads the value of `variable`: `[SCHEME://][USER[:PASSWORD]@]HOST[:PORT]`, user and password percent-encoded.
    pub(super) fn parse(variable: &'static str, value: &str) -> Result<Self, Shown> {
        let value = value.trim();
        let (scheme, rest) = split(value);
        let kind = match scheme {
            None => ProxyKind::Http,
            Some(scheme) => ProxyKind::of(scheme).ok_or(
                "there is no such kind of proxy; \
                http, https, socks4, socks4a, socks5 and socks5h are known",
            )?,
        };
        let (userinfo, place) = authority(rest);
        let (host, port) = host_and_port(place)?;
        let credential = userinfo.filter(|userinfo| !userinfo.is_empty()).map(credential).transpose()?;
        Ok(Self { variable, kind, host, port: port.unwrap_or(kind.default_port()), credential })
    }

    /// The variable that names it.
    #[must_use]
    pub fn variable(&self) -> &'static str {
        self.variable
    }

    /// Whether it is spoken to inside TLS.
    #[must_use]
    pub fn needs_tls(&self) -> bool {
        self.kind == ProxyKind::Https
    }

    /// Its host.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// `fault` of this proxy, on the way to `host`.
    #[must_use]
    pub fn trouble(&self, host: &str, fault: ProxyFault) -> Failure {
        let (proxy, variable, host) = (Shown::of(self), self.variable, Redactor::by_shape(host));
        FailureKind::Proxy(ProxyTrouble { proxy, variable, host, fault }).into()
    }

    /// A failed connection to this proxy itself.
    #[must_use]
    pub fn not_reached(&self, host: &str, failure: Failure) -> Failure {
        self.trouble(host, ProxyFault::NotReached(Box::new(failure.kind)))
    }
}

show_as_displayed!(Proxy);

/// Without user and password.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, port) = (self.kind.scheme(), self.port);
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{port}", self.host)
        } else {
            write!(f, "{scheme}://{}:{port}", self.host)
        }
    }
}

fn split(value: &str) -> (Option<&str>, &str) {
    value.split_once("://").map_or((None, value), |(scheme, rest)| (Some(scheme), rest))
}

/// User and password, and where the proxy is. Everything up to the last `@` may be a password, whatever it holds.
fn authority(rest: &str) -> (Option<&str>, &str) {
    let (userinfo, place) = rest.rsplit_once('@').map_or((None, rest), |(userinfo, place)| (Some(userinfo), place));
    (userinfo, place.split(['/', '?', '#']).next().unwrap_or_default())
}

fn host_and_port(place: &str) -> Result<(String, Option<u16>), Shown> {
    let (host, port) = match place.rsplit_once(':') {
        // The colons of an IPv6 address are in brackets.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (place, None),
    };
    let port = match port {
        None | Some("") => None,
        Some(digits) => match digits.parse::<u16>() {
            Ok(port) if port > 0 && digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(port),
            _ => return Err("the port is not a number from 1 to 65535".into()),
        },
    };
    if host.is_empty() {
        return Err("it names no host".into());
    }
    match url::Host::parse(host) {
        Ok(url::Host::Domain(domain)) => Ok((domain, port)),
        Ok(url::Host::Ipv4(address)) => Ok((address.to_string(), port)),
        Ok(url::Host::Ipv6(address)) => Ok((address.to_string(), port)),
        Err(_) => Err("its host is not a name or an address".into()),
    }
}

fn credential(userinfo: &str) -> Result<Credential, Shown> {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    Ok(Credential { user: decoded(user)?, password: decoded(password)? })
}

/// Percent-encoding undone (RFC 3986 §2.1). A control character would end a line of HTTP.
fn decoded(text: &str) -> Result<SecretString, Shown> {
    let text: String = percent_encoding(text).ok_or("user or password are not UTF-8")?;
    if text.chars().any(char::is_control) {
        return Err("user or password hold a control character".into());
    }
    Ok(SecretString::from(text))
}

fn percent_encoding(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digit = |at: usize| behind.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).ok()?);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

/// A variable's value as it may be shown: without user and password, even where it is not an address.
pub(super) fn shown(value: &str) -> String {
    let (scheme, rest) = split(value.trim());
    let scheme = scheme.map_or_else(String::new, |scheme| format!("{scheme}://"));
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}[user]@{host}"),
        None => format!("{scheme}{rest}"),
    }
}

/// The passwords in a variable's value, as they are written and decoded.
pub(super) fn passwords(value: &str) -> impl Iterator<Item = SecretString> {
    let password = split(value.trim()).1.rsplit_once('@').and_then(|(userinfo, _)| Some(userinfo.split_once(':')?.1));
    let forms = password.map(|password| [Some(password.to_owned()), percent_encoding(password)]);
    forms.into_iter().flatten().flatten().map(SecretString::from)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn addresses_are_read_as_curl_reads_them() {
        for (value, address) in [
            ("http://proxy.example:3128", "http://proxy.example:3128"),
            ("http://proxy.example:3128/", "http://proxy.example:3128"),
            ("http://proxy.example", "http://proxy.example:1080"),
            ("proxy.example", "http://proxy.example:1080"),
            ("proxy.example:3128", "http://proxy.example:3128"),
            ("  proxy.example:3128 ", "http://proxy.example:3128"),
            ("HTTP://Proxy.Example:3128", "http://proxy.example:3128"),
            ("https://proxy.example", "https://proxy.example:443"),
            ("https://proxy.example:8443", "https://proxy.example:8443"),
            ("socks://proxy.example", "socks4://proxy.example:1080"),
            ("socks4://proxy.example", "socks4://proxy.example:1080"),
            ("socks4a://proxy.example", "socks4a://proxy.example:1080"),
            ("socks5://proxy.example:9050", "socks5://proxy.example:9050"),
            ("SOCKS5H://proxy.example", "socks5h://proxy.example:1080"),
            ("http://user:pa%40ss@proxy.example:3128", "http://proxy.example:3128"),
            ("user:pass@proxy.example:3128", "http://proxy.example:3128"),
            ("http://u:p@ss@proxy.example:1", "http://proxy.example:1"),
            ("http://[2001:db8::1]:3128", "http://[2001:db8::1]:3128"),
            ("http://[::1]", "http://[::1]:1080"),
            ("http://192.0.2.1:3128", "http://192.0.2.1:3128"),
            ("http://proxy.example:", "http://proxy.example:1080"),
        ] {
            assert_eq!(
                Proxy::parse("https_proxy", value).map(|proxy| proxy.to_string()).as_deref(),
                Ok(address),
                "{value}"
            );
        }
    }

    #[test]
    fn what_is_not_a_proxys_address_is_refused() {
        for value in [
            "::no proxy::",
            "ftp://proxy.example",
            "http://",
            "http://:3128",
            "http://proxy.example:port",
            "http://proxy.example:70000",
            "http://proxy.example:0",
            "http://proxy.example:+80",
            "http://proxy example:3128",
            "http://u:a%0d%0ab@proxy.example",
            "http://u:%ff@proxy.example",
            "2001:db8::1",
            "pro\u{fffd}xy.example",
        ] {
            assert!(Proxy::parse("https_proxy", value).is_err(), "{value}");
        }
    }

    #[test]
    fn users_and_passwords_are_decoded_once_and_never_shown() {
        let proxy = Proxy::parse("https_proxy", "http://us%65r:canary%2521+x@proxy.example:1").unwrap();
        let known = proxy.credential.clone().unwrap();
        assert_eq!((known.user.expose_secret(), known.password.expose_secret()), ("user", "canary%21+x"));
        assert!(!format!("{proxy} {proxy:?}").contains("canary"));
        let password = "http://u:canary%21pass@p.example:1";
        let words: Vec<String> = passwords(password).map(|secret| secret.expose_secret().to_owned()).collect();
        assert_eq!(words, ["canary%21pass", "canary!pass"]);
        assert_eq!(shown(password), "http://[user]@p.example:1");
    }
}
