//! What the environment says of proxies, and which of our connections follow it. What a connection does is decided in
//! `net`; here it is asked.

use std::time::Duration;

use crate::diagnosis::{self, FailureContext};
use crate::net::{Proxies, Setting, Traffic};
use crate::report::{Check, Stage};
use crate::text::{Redactor, Shown};

/// What the variables for https are for.
const HTTPS: &str = "the sign-in, Graph and the Gmail API";
/// What goes its way by those for all protocols alone.
const MAIL: &str = "IMAP, POP3 and SMTP";

/// What is set, without users and passwords.
pub(super) fn checks(proxies: &Proxies) -> Vec<Check> {
    let mut checks: Vec<Check> = proxies.settings().iter().map(|setting| check(proxies, setting)).collect();
    if checks.is_empty() {
        checks.push(passed("none is set".into()));
    } else if let Some(exceptions) = proxies.exceptions() {
        let (name, hosts) = (exceptions.variable(), Redactor::by_shape(exceptions.text()));
        checks.push(passed(shown!("{} = {}: these are reached without a proxy", name, hosts)));
    }
    checks
}

fn check(proxies: &Proxies, setting: &Setting) -> Check {
    let sets = |traffic| proxies.in_force(traffic).is_some_and(|used| used.variable == setting.variable);
    let (sign_in, mail) = (sets(Traffic::Https), sets(Traffic::Mail));
    if (sign_in || mail) && setting.proxy.is_err() {
        let finding = diagnosis::finding(&setting.unreadable(""), FailureContext::default());
        return Check::failed(Stage::Proxy, Duration::ZERO, finding);
    }
    let used = match (sign_in, mail) {
        (true, true) => shown!("{} go through it, {} too", HTTPS, MAIL),
        (true, false) => shown!("{} go through it; {} go directly, as ALL_PROXY is not set", HTTPS, MAIL),
        (false, true) => {
            let other = overrides(proxies, Traffic::Https);
            shown!("{} go through it; for {}, {} overrides it", MAIL, HTTPS, other)
        }
        (false, false) => unused(proxies, setting),
    };
    passed(shown!("{} = {}: {}", setting.variable, setting.shown, used))
}

fn unused(proxies: &Proxies, setting: &Setting) -> Shown {
    let traffic =
        [Traffic::Https, Traffic::Mail].into_iter().find(|traffic| traffic.variables().contains(&setting.variable));
    match traffic {
        Some(traffic) => shown!("ignored, {} overrides it", overrides(proxies, traffic)),
        None => shown!("not used; it is for http addresses, and {} are https: set HTTPS_PROXY for them", HTTPS),
    }
}

fn overrides(proxies: &Proxies, traffic: Traffic) -> &'static str {
    proxies.in_force(traffic).map_or("another variable", |setting| setting.variable)
}

fn passed(detail: Shown) -> Check {
    Check::passed(Stage::Proxy, Duration::ZERO, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Outcome;

    fn shown(variables: &[(&str, &str)]) -> Vec<String> {
        let env = |name: &str| variables.iter().find(|known| known.0 == name).map(|known| known.1.to_owned());
        let words = |check: Check| match check.outcome {
            Outcome::Passed { detail } => detail.to_string(),
            Outcome::Failed { finding } => format!("{}: {}", finding.code, finding.cause),
            Outcome::Skipped { because } => because.to_string(),
        };
        checks(&Proxies::of(&env)).into_iter().map(words).collect()
    }

    #[test]
    fn nothing_set_is_said() {
        assert_eq!(shown(&[]), ["none is set"]);
        assert_eq!(shown(&[("HTTPS_PROXY", ""), ("NO_PROXY", "x")]), ["none is set"]);
    }

    #[test]
    fn users_and_passwords_are_never_shown() {
        for value in [
            "http://admin:canary-proxy-pass@proxy.example:3128",
            "admin:canary-proxy-pass@proxy.example:3128",
            "http://admin:canary@proxy@pass@proxy.example:3128/",
            "socks5://admin:canary-proxy-pass@proxy.example:3128",
            "no proxy:canary-proxy-pass@proxy.example at all",
        ] {
            let shown = shown(&[("HTTPS_PROXY", value)]).join("\n");
            assert!(shown.contains("proxy.example"), "{shown}");
            assert!(!shown.contains("canary") && !shown.contains("admin"), "{shown}");
        }
    }

    #[test]
    fn each_variable_is_told_with_what_goes_through_it() {
        let told = shown(&[
            ("HTTPS_PROXY", "http://one.example:1"),
            ("https_proxy", "http://two.example:2"),
            ("HTTP_PROXY", "http://three.example:3"),
            ("ALL_PROXY", "socks5h://four.example"),
            ("no_proxy", "localhost,.intern"),
        ]);
        let expected = [
            "https_proxy = http://two.example:2: the sign-in, Graph and the Gmail API go through it; IMAP, POP3 and SMTP go \
             directly",
            "HTTPS_PROXY = http://one.example:1: ignored, https_proxy overrides it",
            "HTTP_PROXY = http://three.example:3: not used",
            "ALL_PROXY = socks5h://four.example: IMAP, POP3 and SMTP go through it; for the sign-in, Graph and the Gmail \
             API, https_proxy overrides it",
            "no_proxy = localhost,.intern: these are reached without a proxy",
        ];
        assert_eq!(told.len(), expected.len(), "{told:#?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.starts_with(expected), "{told} for {expected}");
        }
    }

    #[test]
    fn only_what_is_used_must_be_readable() {
        let told = shown(&[("ALL_PROXY", "::no proxy::")]);
        assert!(told[0].starts_with("proxy-unreadable: ALL_PROXY"), "{told:#?}");
        let told = shown(&[("ALL_PROXY", "::no proxy::"), ("all_proxy", "http://one.example:1")]);
        assert!(told[1].starts_with("ALL_PROXY = ::no proxy::: ignored, all_proxy overrides it"), "{told:#?}");
    }
}
