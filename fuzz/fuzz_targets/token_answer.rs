//! What a token endpoint sends: a token within its limits, or a failure that shows nothing of a token.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use mailgrant::fuzzing::read_token_answer;
use mailgrant::net::HttpResponse;
use mailgrant_fuzz::{choice, failure_shown, planted, planted_bytes, transcript};
use secrecy::ExposeSecret as _;

const STATUSES: [u16; 8] = [200, 400, 401, 200, 302, 429, 500, 204];

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = choice(data) else { return };
    let mut parts = rest.splitn(2, |byte| *byte == 0xff);
    let (Some(first), second) = (parts.next(), parts.next()) else { return };
    let (content_type, body) = match second {
        Some(body) => (Some(planted(first)), body),
        None => (None, first),
    };
    let status = STATUSES[choice & 7];
    let body = planted_bytes(body);
    let answer = HttpResponse {
        status,
        content_type,
        retry_after: None,
        date: None,
        location: None,
        challenge: None,
        request_id: None,
        body: body.clone().into(),
    };
    let (transcript, _) = transcript();
    match read_token_answer(&transcript, answer) {
        Ok(answer) => {
            assert!((200..300).contains(&status));
            let tokens = [Some(&answer.access_token), answer.refresh_token.as_ref(), answer.id_token.as_ref()];
            for token in tokens.into_iter().flatten() {
                let token = token.expose_secret();
                assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
                let cleaned = transcript.redactor().clean(token);
                assert!(token.len() < 4 || !cleaned.contains(token), "a token that was received is not known");
            }
            assert!(answer.expires_in <= Duration::from_secs(24 * 3600));
            assert!(answer.scopes.is_none_or(|scopes| !scopes.is_empty()));
            // Nothing but an object without `error` is a token.
            let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body);
            // A field that is not read may hold half a surrogate pair, which is skipped there and refused here.
            let Ok(value) = serde_json::from_slice::<serde_json::Value>(body) else { return };
            let fields = value.as_object().expect("it is an object");
            assert!(fields.get("error").is_none_or(serde_json::Value::is_null), "an error was overlooked");
        }
        Err(failure) => failure_shown(&failure),
    }
});
