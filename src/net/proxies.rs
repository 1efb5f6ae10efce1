//! Which way a connection goes: through the proxy that the environment names for it, or directly. The one place where
//! the variables are read, so that `doctor` tells what every other command does.
//!
//! The conventions are curl's, held against it in `tests/cli/proxies.rs`: lower case overrides upper case, a variable
//! for the scheme before the one for all, `HTTP_PROXY` in upper case is not read (a CGI script's caller can set it), and
//! an empty variable is unset. Unlike curl, nothing that is for this machine goes through a proxy.

use std::net::IpAddr;

use secrecy::SecretString;

use super::exceptions::{Exceptions, plain_host};
use super::proxy::{self, Proxy};
use crate::failure::{Failure, FailureKind, ProxyFault, ProxyTrouble};
use crate::text::{Redactor, Shown};

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traffic {
    /// An https address: the sign-in, Graph, the Gmail API.
    Https,
    /// An http address.
    Http,
    /// IMAP, POP3 and SMTP.
    Mail,
}

impl Traffic {
    /// The variables that name its proxy; the first that is set wins.
    #[must_use]
    pub fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Https => &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
            Self::Http => &["http_proxy", "all_proxy", "ALL_PROXY"],
            Self::Mail => &["all_proxy", "ALL_PROXY"],
        }
    }
}

/// Every variable that names a proxy; `HTTP_PROXY` is here to be told.
const VARIABLES: [&str; 6] = ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
const EXCEPTIONS: [&str; 2] = ["no_proxy", "NO_PROXY"];
/// A shorter password is a word of other texts too, and taking it out of them would hide more than it helps.
const SHORTEST_PASSWORD: usize = 8;

/// What the environment says of proxies.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    settings: Vec<Setting>,
    exceptions: Option<Exceptions>,
}

/// A variable that is set.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its name.
    pub variable: &'static str,
    /// Its value without user and password.
    pub shown: Shown,
    /// The proxy, or why it is none.
    pub proxy: Result<Proxy, Shown>,
    passwords: Vec<SecretString>,
}

/// The way of a connection.
#[derive(Debug, Clone)]
pub enum Route<'a> {
    /// To the host itself.
    Direct,
    /// Through a proxy.
    Through(&'a Proxy),
    /// The variable for it cannot be read. Its owner does not want the connection to go directly.
    Unreadable(&'a Setting),
}

impl Proxies {
    /// Reads the variables. `env` may give out empty values.
    #[must_use]
    pub fn of(env: &dyn Fn(&str) -> Option<String>) -> Self {
        let set = |name: &'static str| Some((name, env(name).filter(|value| !value.trim().is_empty())?));
        let mut settings: Vec<Setting> = Vec::new();
        for (variable, value) in VARIABLES.into_iter().filter_map(set) {
            // On Windows both spellings are one variable.
            if cfg!(windows) && settings.iter().any(|known| known.variable.eq_ignore_ascii_case(variable)) {
                continue;
            }
            settings.push(Setting {
                variable,
                shown: Redactor::by_shape(&proxy::shown(&value)),
                proxy: Proxy::parse(variable, &value),
                passwords: proxy::passwords(&value).collect(),
            });
        }
        let exceptions = EXCEPTIONS.into_iter().find_map(set);
        Self { settings, exceptions: exceptions.map(|(name, value)| Exceptions::parse(name, &value)) }
    }

    /// The variables that are set, those for https first.
    #[must_use]
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// What `NO_PROXY` says.
    #[must_use]
    pub fn exceptions(&self) -> Option<&Exceptions> {
        self.exceptions.as_ref()
    }

    /// The setting for `traffic`, exceptions aside.
    #[must_use]
    pub fn in_force(&self, traffic: Traffic) -> Option<&Setting> {
        let mut names = traffic.variables().iter();
        names.find_map(|name| self.settings.iter().find(|setting| setting.variable == *name))
    }

    /// The way to `port` of `host`.
    #[must_use]
    pub fn route(&self, traffic: Traffic, host: &str, port: u16) -> Route<'_> {
        let Some(setting) = self.in_force(traffic) else { return Route::Direct };
        if is_this_machine(host) || self.exceptions.as_ref().is_some_and(|exceptions| exceptions.cover(host, port)) {
            return Route::Direct;
        }
        match &setting.proxy {
            Ok(proxy) => Route::Through(proxy),
            Err(_) => Route::Unreadable(setting),
        }
    }

    /// The passwords in the variables, as they are written and decoded: secrets that no store holds.
    #[must_use]
    pub fn passwords(&self) -> Vec<SecretString> {
        use secrecy::ExposeSecret as _;
        let all = self.settings.iter().flat_map(|setting| &setting.passwords);
        all.filter(|password| password.expose_secret().len() >= SHORTEST_PASSWORD).cloned().collect()
    }
}

impl Setting {
    /// That the variable cannot be read, on the way to `host`.
    #[must_use]
    pub fn unreadable(&self, host: &str) -> Failure {
        let reason = self.proxy.as_ref().err().cloned().unwrap_or_default();
        let (proxy, variable, host) = (self.shown.clone(), self.variable, Redactor::by_shape(host));
        FailureKind::Proxy(ProxyTrouble { proxy, variable, host, fault: ProxyFault::Unreadable { reason } }).into()
    }
}

/// A proxy elsewhere would look for the host on its own machine.
fn is_this_machine(host: &str) -> bool {
    let host = plain_host(host);
    let is_loopback = |address: IpAddr| address.to_canonical().is_loopback();
    host == "localhost" || host.ends_with(".localhost") || host.parse().is_ok_and(is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(variables: &[(&str, &str)], traffic: Traffic, host: &str) -> String {
        let env = |name: &str| variables.iter().find(|known| known.0 == name).map(|known| known.1.to_owned());
        match Proxies::of(&env).route(traffic, host, 443) {
            Route::Direct => "direct".to_owned(),
            Route::Through(proxy) => format!("{} {}", proxy.variable(), proxy.host()),
            Route::Unreadable(setting) => format!("unreadable {}", setting.variable),
        }
    }

    #[test]
    fn the_variable_for_the_scheme_overrides_the_one_for_all_and_lower_case_upper_case() {
        use Traffic::{Http, Https, Mail};
        const ALL: [(&str, &str); 6] = [
            ("ALL_PROXY", "upper-all"),
            ("all_proxy", "lower-all"),
            ("HTTPS_PROXY", "upper-https"),
            ("https_proxy", "lower-https"),
            ("HTTP_PROXY", "upper-http"),
            ("http_proxy", "lower-http"),
        ];
        for (set, traffic, expected) in [
            (&ALL[..], Https, "https_proxy lower-https"),
            (&ALL[..3], Https, "HTTPS_PROXY upper-https"),
            (&ALL[..2], Https, "all_proxy lower-all"),
            (&ALL[..1], Https, "ALL_PROXY upper-all"),
            (&ALL[4..], Https, "direct"),
            (&ALL[..], Http, "http_proxy lower-http"),
            (&ALL[4..5], Http, "direct"),
            (&ALL[..5], Http, "all_proxy lower-all"),
            (&ALL[..], Mail, "all_proxy lower-all"),
            (&ALL[..1], Mail, "ALL_PROXY upper-all"),
            (&ALL[2..], Mail, "direct"),
            (&[], Https, "direct"),
            (&[("https_proxy", ""), ("HTTPS_PROXY", "upper-https")], Https, "HTTPS_PROXY upper-https"),
            (&[("https_proxy", " "), ("all_proxy", "lower-all")], Https, "all_proxy lower-all"),
            (&[("https_proxy", "a b"), ("all_proxy", "lower-all")], Https, "unreadable https_proxy"),
            (&[("https_proxy", "a b"), ("NO_PROXY", "example")], Https, "direct"),
            (&[("https_proxy", "one"), ("no_proxy", "other"), ("NO_PROXY", "example")], Https, "https_proxy one"),
            (&[("https_proxy", "one"), ("no_proxy", ""), ("NO_PROXY", "example")], Https, "direct"),
        ] {
            assert_eq!(way(set, traffic, "login.example"), expected, "{set:?} for {traffic:?}");
        }
    }

    #[test]
    fn what_is_for_this_machine_goes_directly() {
        let set = [("https_proxy", "proxy.example"), ("all_proxy", "proxy.example")];
        for host in
            ["localhost", "LOCALHOST.", "app.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "::ffff:127.0.0.1"]
        {
            assert_eq!(way(&set, Traffic::Https, host), "direct", "{host}");
            assert_eq!(way(&set, Traffic::Mail, host), "direct", "{host}");
        }
        for host in ["localhost.example", "notlocalhost", "128.0.0.1", "192.0.2.1", "::2"] {
            assert_eq!(way(&set, Traffic::Https, host), "https_proxy proxy.example", "{host}");
        }
    }
}
