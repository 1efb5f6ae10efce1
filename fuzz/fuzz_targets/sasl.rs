//! SASL: challenges of any form, and responses that say what they are given and nothing else.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use mailgrant::profile::{Address, HostName, ServerEndpoint, TlsMode};
use mailgrant::sasl::{SaslMechanism, decode_challenge, encode};
use mailgrant::text::Redactor;
use mailgrant_fuzz::{canary, choice, planted, shown};
use secrecy::{ExposeSecret as _, SecretString};

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = choice(data) else { return };
    let text = planted(rest);
    if choice & 1 == 0 {
        let redactor = Redactor::default();
        redactor.learn(&canary());
        shown(&redactor.clean(&decode_challenge(&text)));
        let coded = encode(&SecretString::from(text.clone()));
        assert_eq!(decode_challenge(coded.expose_secret()), text);
        assert_eq!(decode_challenge(coded.expose_secret().trim_end_matches('=')), text);
        return;
    }
    let mut parts = text.splitn(3, '\n');
    let mut next = || parts.next().unwrap_or_default();
    let (user, host, token) = (next(), next(), next());
    let (Ok(user), Ok(host)) = (user.parse::<Address>(), host.parse::<HostName>()) else { return };
    let server = ServerEndpoint { host, port: 993, tls: TlsMode::Implicit, ehlo_name: None };
    for mechanism in SaslMechanism::ALL {
        let secret = SecretString::from(token);
        let Ok(message) = mechanism.initial_response(&user, &server, &secret) else {
            let body = token.trim_end_matches('=');
            let is_b64token =
                !body.is_empty() && body.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b));
            assert!(!is_b64token, "a good token was refused");
            continue;
        };
        let message = message.expose_secret();
        let fields: Vec<&str> = message.split('\x01').collect();
        let bearer = format!("auth=Bearer {token}");
        match mechanism {
            SaslMechanism::Xoauth2 => assert_eq!(fields, [&format!("user={user}"), bearer.as_str(), "", ""]),
            SaslMechanism::OauthBearer => {
                let name =
                    fields[0].strip_prefix("n,a=").and_then(|rest| rest.strip_suffix(',')).expect("RFC 7628 §3.1");
                assert!(!name.contains(','), "{name:?}");
                assert_eq!(name.replace("=2C", ",").replace("=3D", "="), user.as_str());
                let (host, port) = (format!("host={}", server.host), "port=993");
                assert_eq!(fields[1..], [host.as_str(), port, bearer.as_str(), "", ""]);
            }
        }
        assert!(!message.replace('\x01', "").contains(char::is_control));
        assert_eq!(
            STANDARD.decode(encode(&SecretString::from(message)).expose_secret()).as_deref(),
            Ok(message.as_bytes())
        );
    }
});
