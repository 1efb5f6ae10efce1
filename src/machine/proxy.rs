//! What the environment says of proxies. The sign-in goes through an HTTP proxy; the mail protocols never do.

use std::time::Duration;

use secrecy::SecretString;

use crate::report::{Check, ExitCode, Finding, Stage};
use crate::transcript::Redactor;

/// The variables in the order in which the first usable one wins; as ureq has it (`Proxy::try_from_env`).
const VARIABLES: [&str; 6] = ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What is set, without users and passwords.
pub(super) fn checks(env: Env<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut in_force: Option<&str> = None;
    for (name, value) in set(env) {
        let shown = without_credentials(&value);
        let scheme = value.split_once("://").map_or_else(|| "http".to_owned(), |(scheme, _)| scheme.to_lowercase());
        let usable = ureq::Proxy::new(&value).is_ok();
        let check = match in_force {
            Some(first) => passed(format!("{name} = {shown}: not used, {first} goes before it")),
            None if !usable => failed(
                "proxy-unreadable",
                format!("{name} = {shown} is no proxy's address; it is not used."),
                &format!("Set it as in {name}=http://proxy.example:3128, or unset it"),
            ),
            None if scheme.starts_with("socks") => failed(
                "proxy-socks",
                format!("{name} = {shown} is a SOCKS proxy; the sign-in can go through HTTP proxies only."),
                &format!("Set {name} to an HTTP proxy, or unset it for mailgrant: env -u {name} mailgrant doctor"),
            ),
            None => passed(format!(
                "{name} = {shown}: the sign-in goes through it; IMAP, POP3 and SMTP do not, and need a direct way out"
            )),
        };
        if usable {
            in_force = in_force.or(Some(name));
        }
        checks.push(check);
    }
    if checks.is_empty() {
        checks.push(passed("none is set".to_owned()));
    } else if let Some((name, hosts)) = EXCEPTIONS.iter().find_map(|name| Some((name, env(name)?))) {
        checks.push(passed(format!("{name} = {}: these go around it", clean(&hosts))));
    }
    checks
}

/// A shorter password is a word of other texts too, and taking it out of them would hide more than it helps. None is
/// ever shown here.
const SHORTEST: usize = 8;

/// The passwords in it, as they stand and decoded.
pub(super) fn passwords(env: Env<'_>) -> Vec<SecretString> {
    let values = set(env).filter_map(|(_, value)| {
        let (_, rest) = split(&value);
        let (_, password) = rest.rsplit_once('@')?.0.split_once(':')?;
        let decoded = ureq::Proxy::new(&value).ok().and_then(|proxy| proxy.password().map(str::to_owned));
        Some([Some(password.to_owned()), decoded])
    });
    values.flatten().flatten().filter(|password| password.len() >= SHORTEST).map(SecretString::from).collect()
}

/// Each variable that is set. On Windows both spellings are one variable; what is the same is told once.
fn set(env: Env<'_>) -> impl Iterator<Item = (&'static str, String)> {
    let mut told: Vec<(&'static str, String)> = Vec::new();
    for name in VARIABLES {
        let Some(value) = env(name).filter(|value| !value.trim().is_empty()) else { continue };
        let is_told = |(known, same): &(&str, String)| known.eq_ignore_ascii_case(name) && *same == value;
        if !told.iter().any(is_told) {
            told.push((name, value));
        }
    }
    told.into_iter()
}

fn split(value: &str) -> (&str, &str) {
    value.split_once("://").map_or(("", value), |(scheme, rest)| (scheme, rest))
}

/// Everything up to the last `@` may be a password, whatever characters it holds.
fn without_credentials(value: &str) -> String {
    let (scheme, rest) = split(value.trim());
    let scheme = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
    match rest.rsplit_once('@') {
        Some((_, host)) => clean(&format!("{scheme}[user]@{host}")),
        None => clean(&format!("{scheme}{rest}")),
    }
}

fn clean(text: &str) -> String {
    Redactor::default().clean(text)
}

fn passed(detail: String) -> Check {
    Check::passed(Stage::Proxy, Duration::ZERO, detail)
}

fn failed(code: &'static str, cause: String, fix: &str) -> Check {
    let mut finding = Finding::new(code, cause, ExitCode::Network);
    finding.fix = vec![fix.to_owned()];
    Check::failed(Stage::Proxy, Duration::ZERO, finding)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::report::Outcome;

    fn shown(variables: &[(&str, &str)]) -> Vec<String> {
        let env = |name: &str| variables.iter().find(|known| known.0 == name).map(|known| known.1.to_owned());
        let words = |check: Check| match check.outcome {
            Outcome::Passed { detail } => detail,
            Outcome::Failed { finding } => format!("{}: {}", finding.code, finding.cause),
            Outcome::Skipped { because } => because,
        };
        checks(&env).into_iter().map(words).collect()
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
    fn the_first_usable_variable_wins_and_the_others_are_told() {
        let told = shown(&[
            ("ALL_PROXY", "::no proxy::"),
            ("HTTPS_PROXY", "http://one.example:1"),
            ("HTTP_PROXY", "http://two.example:2"),
            ("no_proxy", "localhost,.intern"),
        ]);
        assert_eq!(told.len(), 4, "{told:#?}");
        assert!(told[0].starts_with("proxy-unreadable: ALL_PROXY"), "{told:#?}");
        assert!(told[1].contains("IMAP, POP3 and SMTP do not"), "{told:#?}");
        assert!(told[2].contains("HTTPS_PROXY goes before it"), "{told:#?}");
        assert!(told[3].contains("localhost,.intern"), "{told:#?}");
    }

    #[test]
    fn a_socks_proxy_is_a_finding() {
        assert!(shown(&[("ALL_PROXY", "socks5://127.0.0.1:1080")])[0].starts_with("proxy-socks"));
    }

    #[test]
    fn passwords_are_known_as_written_and_decoded() {
        let env = |name: &str| (name == "HTTPS_PROXY").then(|| "http://u:canary%21pass@p.example:1".to_owned());
        let known: Vec<String> = passwords(&env).iter().map(|secret| secret.expose_secret().to_owned()).collect();
        assert_eq!(known, ["canary%21pass", "canary!pass"]);
    }
}
