//! What the three mail targets share: an input is a script of turns, and what was heard must be ours.

use std::path::Path;
use std::time::Duration;

use mailgrant::fuzzing::Heard;
use mailgrant::net::Proxies;
use mailgrant::net::Trust;
use mailgrant::profile::{Address, Endpoint, Opener, ServerEndpoint, TlsMode};
use mailgrant::report::Stage;
use mailgrant::sasl::SaslMechanism;
use mailgrant::transcript::Transcript;
use mailgrant::transport::{Account, Log, Target};
use secrecy::ExposeSecret as _;

use crate::{CANARY, log_shown};

/// Between two turns of a script is a byte that no UTF-8 has.
pub const TURN: u8 = 0xff;

/// How a target talks to its server: the first byte of the input chooses.
pub struct Talk {
    server: ServerEndpoint,
    endpoint: Endpoint,
    user: Address,
    trust: Trust,
    proxies: Proxies,
    /// Where the conversation is shown.
    pub transcript: Transcript,
    mechanism: Option<SaslMechanism>,
}

impl Talk {
    /// Implicit TLS or STARTTLS, and any mechanism or one of two.
    #[must_use]
    pub fn new(choice: usize, transcript: Transcript) -> Self {
        let tls = if choice & 1 == 0 { TlsMode::Implicit } else { TlsMode::StartTls };
        let mechanism = [None, None, Some(SaslMechanism::Xoauth2), Some(SaslMechanism::OauthBearer)][choice >> 1 & 3];
        let host = "mail.contoso.example".parse().expect("it is a host name");
        let user = "a@contoso.example".parse().expect("it is an address");
        let server = ServerEndpoint { host, port: 1, tls, ehlo_name: None };
        Self {
            endpoint: server.clone().into(),
            server,
            user,
            trust: Trust::new(),
            proxies: Proxies::default(),
            transcript,
            mechanism,
        }
    }

    /// Who signs in.
    #[must_use]
    pub fn account(&self) -> Account<'_> {
        Account { mailbox: &self.user, user: &self.user, by: Opener::Owner }
    }

    /// Where to connect.
    #[must_use]
    pub fn target(&self) -> Target<'_> {
        Target {
            endpoint: &self.endpoint,
            trust: &self.trust,
            proxies: &self.proxies,
            ca_file: None::<&Path>,
            transcript: &self.transcript,
            mechanism: self.mechanism,
            timeout: Duration::from_secs(20),
            overall: None,
            meanwhile: &|| {},
        }
    }

    /// The responses that a server may get.
    fn responses(&self) -> Vec<String> {
        let build = |mechanism: SaslMechanism| {
            let message = mechanism.initial_response(&self.user, &self.server, &crate::canary());
            mailgrant::sasl::encode(&message.expect("the canary is a b64token")).expose_secret().to_owned()
        };
        SaslMechanism::ALL.into_iter().map(build).collect()
    }

    /// Checks what was said and heard. `is_success` tells whether a line is what the protocol calls success.
    pub fn check(&self, script: &[u8], log: &Log, heard: &Heard, is_success: impl Fn(&str) -> bool) {
        log_shown(log);
        let responses = self.responses();
        let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        let mut sent_at = None;
        for (index, (is_tls, bytes)) in heard.turns.iter().enumerate() {
            assert!(!holds(bytes, CANARY), "the token went out bare");
            if responses.iter().any(|response| holds(bytes, response)) {
                assert!(is_tls, "the credential left before TLS");
                assert_eq!(sent_at, None, "the credential left twice");
                sent_at = Some(index);
            }
            assert!(bytes.ends_with(b"\r\n"), "a command without its end");
        }
        let signed_in = log.observations.iter().any(|one| one.stage == Stage::Authentication && one.result.is_ok());
        assert_eq!(signed_in, log.mechanism_used.is_some());
        if let Some(mechanism) = log.mechanism_used {
            let is_offered = log.mechanisms_offered.iter().any(|name| name.eq_ignore_ascii_case(mechanism.name()));
            assert!(is_offered, "{mechanism} was not offered");
            let index = sent_at.expect("no sign-in without a credential");
            // The script's first turn is the greeting; each later one answers what was heard before it.
            let answer = script.split(|byte| *byte == TURN).nth(index + 1).unwrap_or_default();
            let answer = String::from_utf8_lossy(answer);
            assert!(answer.lines().any(|line| is_success(line.trim_end_matches('\r'))), "signed in by {answer:?}");
        }
    }
}

/// The turns of a script.
pub fn turns(script: &[u8]) -> impl Iterator<Item = &[u8]> {
    script.split(|byte| *byte == TURN)
}
