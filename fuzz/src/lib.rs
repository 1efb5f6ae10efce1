//! What the targets share: an app, a mailbox, a planted secret, and what must hold of every text that is shown.

use std::path::Path;
use std::sync::{Arc, Mutex};

use mailgrant::config;
use mailgrant::diagnosis::{self, FailureContext};
use mailgrant::failure::{Failure, FailureKind};
use mailgrant::profile::{App, Profile};
use mailgrant::text::Redactor;
use mailgrant::transcript::Transcript;
use mailgrant::transport::Log;
use secrecy::SecretString;

/// The secret that is planted. Visibly fake, and of characters that a token may have.
pub const CANARY: &str = "Canary0Q~planted.token+with/signs_5f1-Zz";

/// The mark for [`CANARY`] in an input.
pub const CANARY_MARK: &str = "{canary}";

/// A vault's key of 32 zero bytes.
pub const VAULT_KEY: &str = "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ8H00W3";

const PROFILE: &str = r#"
[apps.contoso]
provider = "microsoft365"
tenant = "common"
client_id = "11111111-2222-3333-4444-555555555555"
[apps.generic]
provider = "oidc"
issuer = "https://id.example/realm"
client_id = "my-app"
scopes = ["openid", "mail"]
[mailboxes.a]
app = "contoso"
address = "a@contoso.example"
incoming = { protocol = "imap" }
outgoing = { protocol = "smtp" }
[mailboxes.b]
app = "contoso"
address = "b@contoso.example"
incoming = { protocol = "pop3" }
"#;

/// Two apps, and two mailboxes of the first.
#[must_use]
pub fn profile() -> Profile {
    config::parse(Path::new("config.toml"), PROFILE).expect("the profile above is valid")
}

/// An app of `profile`.
#[must_use]
pub fn app(name: &str) -> App {
    let mut apps = profile().apps.into_values();
    apps.find(|app| app.name.as_str() == name).expect("it is in the profile above")
}

/// The planted secret.
#[must_use]
pub fn canary() -> SecretString {
    SecretString::from(CANARY)
}

/// A transcript that knows the planted secret, and what it shows. Every line is checked when it is shown.
#[must_use]
pub fn transcript() -> (Transcript, Arc<Mutex<usize>>) {
    let redactor = Redactor::default();
    redactor.learn(&canary());
    let count = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&count);
    let sink = move |line: &str| {
        shown(line);
        *counted.lock().expect("no panic while it is held") += 1;
    };
    (Transcript::new(redactor, Some(Arc::new(sink))), count)
}

/// A line for people: nothing that a terminal obeys, and nothing of the planted secret.
#[track_caller]
pub fn shown(line: &str) {
    printable(line);
    without_canary(line);
}

/// A line for people, where no secret was planted: nothing that a terminal obeys.
#[track_caller]
pub fn printable(line: &str) {
    let bad = line.chars().find(|c| {
        c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    });
    assert_eq!(bad, None, "in {line:?}");
}

/// The same for text of several lines.
#[track_caller]
pub fn lines_shown(text: &str) {
    text.split('\n').for_each(shown);
}

/// Nothing of the planted secret: not even a third of it.
#[track_caller]
pub fn without_canary(text: &str) {
    let leaked = CANARY.as_bytes().windows(12).any(|part| text.as_bytes().windows(12).any(|seen| seen == part));
    assert!(!leaked, "the planted secret is in {text:?}");
}

/// A failure as people get it: its own texts, and those of its finding.
#[track_caller]
pub fn failure_shown(failure: &Failure) {
    if let Some(words) = &failure.server_said {
        lines_shown(words);
    }
    match &failure.kind {
        FailureKind::ProtocolViolation { what }
        | FailureKind::IdToken { what }
        | FailureKind::OtherIssuer { what, .. }
        | FailureKind::WrongPaste { what } => shown(what),
        FailureKind::UnsafeUrl { url, reason } => [url, reason].into_iter().for_each(|text| shown(text)),
        FailureKind::NotOAuth { content_type, what, .. } => {
            shown(what);
            content_type.iter().for_each(|text| shown(text));
        }
        FailureKind::Rejected(rejection) => {
            let texts = [Some(&rejection.command), rejection.detail_code.as_ref(), rejection.challenge.as_ref()];
            texts.into_iter().flatten().for_each(|text| shown(text));
        }
        FailureKind::OAuth(fault) => {
            let texts = [
                Some(&fault.error),
                fault.description.as_ref(),
                fault.suberror.as_ref(),
                fault.correlation_id.as_ref(),
            ];
            texts.into_iter().flatten().for_each(|text| shown(text));
        }
        FailureKind::MechanismNotOffered { offered, .. } => offered.iter().for_each(|name| shown(name)),
        _ => {}
    }
    let finding = diagnosis::finding(failure, FailureContext::default());
    lines_shown(&finding.cause);
    finding.fix.iter().for_each(|step| lines_shown(&step.to_string()));
    finding.server_said.iter().for_each(|words| lines_shown(words));
}

/// Everything that a log holds.
#[track_caller]
pub fn log_shown(log: &Log) {
    for (index, observation) in log.observations.iter().enumerate() {
        match &observation.result {
            Ok(detail) => lines_shown(detail),
            Err(failure) => {
                failure_shown(failure);
                assert_eq!(index + 1, log.observations.len(), "a failed step is the last");
            }
        }
    }
    log.mechanisms_offered.iter().for_each(|name| shown(name));
    for message in &log.latest {
        for text in [&message.date, &message.from, &message.subject] {
            shown(text);
            assert!(text.chars().count() <= 201, "it is cut");
        }
    }
}

/// Whether an input proves nothing: the fuzzer learns pieces of the planted secret from comparisons and puts them where no
/// secret would be planted.
#[must_use]
pub fn is_learned(data: &[u8]) -> bool {
    data.windows(6).any(|seen| CANARY.as_bytes().windows(6).any(|piece| piece == seen))
}

/// The first byte of an input chooses; the rest is the input proper. Inputs that prove nothing are left alone.
#[must_use]
pub fn choice(data: &[u8]) -> Option<(usize, &[u8])> {
    if is_learned(data) {
        return None;
    }
    data.split_first().map(|(first, rest)| (usize::from(*first), rest))
}

/// An input as text, with the planted secret in place of its mark.
#[must_use]
pub fn planted(data: &[u8]) -> String {
    String::from_utf8_lossy(data).replace(CANARY_MARK, CANARY)
}

/// The same for bytes.
#[must_use]
pub fn planted_bytes(data: &[u8]) -> Vec<u8> {
    let mark = CANARY_MARK.as_bytes();
    let mut bytes = Vec::with_capacity(data.len());
    let mut rest = data;
    while let Some(at) = rest.windows(mark.len()).position(|window| window == mark) {
        bytes.extend_from_slice(&rest[..at]);
        bytes.extend_from_slice(CANARY.as_bytes());
        rest = &rest[at + mark.len()..];
    }
    bytes.extend_from_slice(rest);
    bytes
}

pub mod mail;
