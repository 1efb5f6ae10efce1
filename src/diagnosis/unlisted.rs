//! Advice for a mailbox that no profile has: there is a command line to correct in place of the profile, and another program
//! that signs in.

use clap::ValueEnum as _;

use crate::profile::{
    App, Cloud, Endpoint, EndpointUrl, IdentityRule, Mailbox, Protocol, Service, Side, SignInPreset, TlsMode,
};
use crate::report::step::{Mark, Shell, marks};
use crate::text::{Redactor, Shown, open};

/// The verbs that take a mailbox from the command line.
const TAKE_FLAGS: [&str; 5] = ["test", "test-mailbox", "test-smtp", "inspect", "show"];

/// The place of a mailbox's name in a command of the catalogue.
const NAME: &str = " {mailbox}";

/// What the catalogue says of a profile, and what is said without one; what holds another comes before it.
const WORDS: [(&str, &str); 3] =
    [("in the profile", "on the command line"), ("the profile", "the command line"), ("sign_in_as", "--sign-in-as")];

/// Words of the catalogue.
pub(super) fn words(text: &'static str) -> Shown {
    said(text, &WORDS)
}

fn said(text: &'static str, words: &[(&'static str, &'static str)]) -> Shown {
    let Some(((of_profile, instead), others)) = words.split_first() else { return text.into() };
    Shown::join(text.split(of_profile).map(|part| said(part, others)), instead)
}

/// The marks of a step of the catalogue: a sign-in, and what changes the profile or the store, is for the program that the
/// token is of.
pub(super) fn marks_of(text: &'static str) -> Vec<Mark<'static>> {
    let mut marks: Vec<Mark> = marks(text).collect();
    for at in 0..marks.len() {
        let Some(Mark::Command(line)) = marks.get(at) else { continue };
        let Some(instead) = in_program(line) else { continue };
        let lead = at.checked_sub(1).and_then(|before| marks.get_mut(before));
        let words = match lead {
            Some(Mark::Words(lead)) => instead.behind(lead),
            _ => instead.begins,
        };
        marks[at] = Mark::Words(words);
    }
    marks
}

/// What is said in place of a command.
struct Instead {
    begins: &'static str,
    goes_on: &'static str,
}

impl Instead {
    /// The words behind `lead`, which loses a "run" that led to the command.
    fn behind(&self, lead: &mut &'static str) -> &'static str {
        let bare = lead.trim_end_matches([' ', ':']);
        if let Some(before) = bare.strip_suffix("Run") {
            *lead = before;
            return self.begins;
        }
        if let Some(before) = bare.strip_suffix("run") {
            *lead = before;
            return self.goes_on;
        }
        if let Some(before) = bare.strip_suffix("with") {
            *lead = before;
        }
        "in your program"
    }
}

/// What another program does in place of the command `line`; none where it can be run without a profile.
fn in_program(line: &str) -> Option<Instead> {
    let mut words = line.split(' ');
    let verb = words.next().filter(|program| *program == "mailgrant").and_then(|_| words.next())?;
    let is_of_profile = line.contains("{mailbox}") || line.contains("{app}");
    if !is_of_profile || TAKE_FLAGS.contains(&verb) {
        return None;
    }
    Some(match verb {
        "rotate-secret" => {
            Instead { begins: "Give your program the new secret", goes_on: "give your program the new secret" }
        }
        _ => Instead { begins: "Get a new token in your program", goes_on: "get a new token in your program" },
    })
}

/// The parts of a command that takes the mailbox from the command line: what comes before its name, and behind it.
pub(super) fn around_name(line: &'static str) -> Option<(&'static str, &'static str)> {
    let (before, behind) = line.split_once(NAME)?;
    let verb = before.strip_prefix("mailgrant ").filter(|verb| TAKE_FLAGS.contains(verb))?;
    Some((if verb == "show" { "mailgrant inspect" } else { before }, behind))
}

/// The flags that describe the mailbox, and say where the token comes from.
pub(super) fn flags(app: &App, mailbox: &Mailbox, shell: Shell) -> Shown {
    let flag =
        |name: &'static str, value: Shown| shown!("{} {}", name, shell.quoted(&value).unwrap_or_else(|| open("value")));
    let mut flags = vec![flag("--address", Shown::of(&mailbox.address))];
    flags.extend(mailbox.sign_in_as.as_ref().map(|user| flag("--sign-in-as", Shown::of(user))));
    flags.push(flag("--provider", app.provider.key.into()));
    let cloud = app.cloud.to_possible_value().filter(|_| app.cloud != Cloud::default());
    flags.extend(cloud.map(|cloud| flag("--cloud", Redactor::by_shape(cloud.get_name()))));
    flags.extend(app.tenant.as_ref().map(|tenant| flag("--tenant", Shown::of(tenant))));
    flags.extend(other_authority(app).map(|authority| flag("--authority", Shown::of(authority))));
    flags.extend(app.api_url.as_ref().map(|url| flag("--api-url", Shown::of(url))));
    flags.extend(mailbox.ca_file.as_ref().map(|path| flag("--ca-file", Shown::of(path))));
    for side in [Side::Incoming, Side::Outgoing] {
        flags.extend(mailbox.service(side).and_then(|service| of_side(app, side, service)));
    }
    flags.push("--token-stdin".into());
    Shown::join(flags, " ")
}

/// The sign-in host, where it is not the provider's own.
fn other_authority(app: &App) -> Option<&EndpointUrl> {
    let IdentityRule::Tenant { authority, .. } = &app.identity else { return None };
    let is_own = matches!(&app.deployment().sign_in, SignInPreset::Tenant { authority: own, .. } if authority.as_issuer() == *own);
    (!is_own).then_some(authority)
}

/// What differs from the provider's usual service for a side.
fn of_side(app: &App, side: Side, service: &Service) -> Option<Shown> {
    let usual = Protocol::of(side).find(|protocol| app.deployment().service(*protocol, side).is_some());
    let preset = app.deployment().service(service.protocol, side).and_then(|preset| app.preset_endpoint(preset));
    let (side, protocol) = (side.key(), service.protocol);
    let over = (usual != Some(protocol)).then(|| shown!("--{} {}", side, protocol.key()));
    let at = match &service.endpoint {
        Endpoint::Server(server) if preset.as_ref() != Some(&service.endpoint) => {
            let tls = match server.tls {
                TlsMode::Implicit => "implicit",
                TlsMode::StartTls => "starttls",
            };
            Some(shown!("--{}-host {} --{}-port {} --{}-tls {}", side, server.host, side, server.port, side, tls))
        }
        Endpoint::Server(_) | Endpoint::Web(_) => None,
    };
    let flags: Vec<Shown> = over.into_iter().chain(at).collect();
    (!flags.is_empty()).then(|| Shown::join(flags, " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> String {
        let part = |mark| match mark {
            Mark::Words(text) => words(text).to_string(),
            Mark::Command(line) => format!("`{line}`"),
            Mark::Address(url) => format!("<{url}>"),
            Mark::Page(key) => format!("<{key}>"),
        };
        marks_of(text).into_iter().map(part).collect()
    }

    #[test]
    fn what_needs_a_profile_is_said_of_the_program_that_has_the_token() {
        for (text, expected) in [
            ("Run: `mailgrant authorize {mailbox}`", "Get a new token in your program"),
            (
                "Run: `mailgrant authorize {mailbox} --private`, and sign in as {user}",
                "Get a new token in your program, and sign in as {user}",
            ),
            (
                "Wait an hour, then run: `mailgrant authorize {mailbox}`",
                "Wait an hour, then get a new token in your program",
            ),
            ("Sign in again: `mailgrant authorize {mailbox}`", "Sign in again: in your program"),
            ("Else sign in again with: `mailgrant authorize {mailbox}`", "Else sign in again in your program"),
            ("Set sign_in_as in the profile to it", "Set --sign-in-as on the command line to it"),
            ("Run: `mailgrant rotate-secret {app}`", "Give your program the new secret"),
            ("Run: `mailgrant doctor`", "Run: `mailgrant doctor`"),
            ("Run: `mailgrant test {mailbox}`", "Run: `mailgrant test {mailbox}`"),
            ("Check host and port in the profile", "Check host and port on the command line"),
            ("Port 993 is plain, and the profile says TLS", "Port 993 is plain, and the command line says TLS"),
        ] {
            assert_eq!(read(text), expected);
        }
    }

    #[test]
    fn a_test_is_repeated_with_the_flags_that_described_the_mailbox() {
        assert_eq!(around_name("mailgrant test-smtp {mailbox} -v"), Some(("mailgrant test-smtp", " -v")));
        assert_eq!(around_name("mailgrant show {mailbox}"), Some(("mailgrant inspect", "")));
        assert_eq!(around_name("mailgrant authorize {mailbox}"), None);
        assert_eq!(around_name("mailgrant doctor"), None);
    }
}
