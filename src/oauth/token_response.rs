//! Reads what a token endpoint sent (RFC 6749 §5). Real endpoints stray from the letter, and a token that works is not
//! refused over it (SECURITY.md T3); errors are looked for first, whatever the status says (`error_response`).

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use super::error_response::{self, foreign, seconds};
use super::token_text::Token;
use crate::failure::Failure;
use crate::net::HttpResponse;
use crate::profile::ClientAuthentication;
use crate::transcript::{Speaker, Transcript};

/// Where the endpoint does not say how long a token lives, and the longest that we believe.
const DEFAULT_LIFE: Duration = Duration::from_secs(3600);
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 3600);

/// What a token endpoint gave us (RFC 6749 §5.1).
pub struct TokenResponse {
    /// The access token, of printable ASCII characters.
    pub access_token: SecretString,
    /// The next refresh token; where there is none, the one that was used stays valid (RFC 6749 §6).
    pub refresh_token: Option<SecretString>,
    /// How long the access token lives from now, at most a day: what claims to live longer is asked for again.
    pub expires_in: Duration,
    /// The granted scopes, where the server named them.
    pub scopes: Option<Vec<String>>,
    /// The identity token (OpenID Connect Core §3.1.3.3).
    pub id_token: Option<SecretString>,
    /// How the client secret was sent.
    pub client_authentication: ClientAuthentication,
}

/// Reads an answer of whatever status.
///
/// # Errors
/// [`FailureKind::OAuth`](crate::failure::FailureKind::OAuth) for an error answer,
/// [`FailureKind::NotOAuth`](crate::failure::FailureKind::NotOAuth) for anything that is neither that nor a token.
pub(super) fn read(transcript: &Transcript, answer: HttpResponse) -> Result<TokenResponse, Failure> {
    let (fields, refusal) = error_response::parse::<Fields>(transcript, &answer)?;
    for secret in [&fields.access_token, &fields.refresh_token, &fields.id_token] {
        if let Token::Text(secret) = secret {
            transcript.redactor().learn(secret);
        }
    }
    refusal.note(transcript);
    fields.note(transcript);
    refusal.check(transcript, &answer)?;
    let not_a_token = |what: &'static str| Err(foreign(transcript, &answer, what.into()));
    if !(200..300).contains(&answer.status) {
        return not_a_token("JSON without an error code");
    }
    if let Some(kind) = fields.token_type.as_ref().and_then(Value::as_str)
        && !kind.eq_ignore_ascii_case("bearer")
    {
        // RFC 6749 §7.1: a token of a type that one does not understand must not be used.
        return not_a_token("a token of another type than Bearer");
    }
    let Token::Text(access_token) = fields.access_token else {
        return not_a_token("JSON without an access token");
    };
    if !is_printable(&access_token) {
        return not_a_token("an access token with characters that no token has");
    }
    let optional = |token: Token| match token {
        Token::Text(text) if is_printable(&text) => Some(text),
        _ => None,
    };
    Ok(TokenResponse {
        access_token,
        refresh_token: optional(fields.refresh_token),
        expires_in: life(fields.expires_in.as_ref()),
        scopes: scopes(fields.scope.as_ref()),
        id_token: optional(fields.id_token),
        client_authentication: ClientAuthentication::default(),
    })
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Fields {
    access_token: Token,
    refresh_token: Token,
    id_token: Token,
    token_type: Option<Value>,
    expires_in: Option<Value>,
    scope: Option<Value>,
}

impl Fields {
    fn note(&self, transcript: &Transcript) {
        if !transcript.is_on() {
            return;
        }
        let mut parts = Vec::new();
        let plain = [("token_type", &self.token_type), ("expires_in", &self.expires_in), ("scope", &self.scope)];
        for (name, value) in plain {
            if let Some(value) = value {
                parts.push(format!("{name}={}", transcript.redactor().clean_of_tokens(&value.to_string())));
            }
        }
        let tokens = [
            ("access_token", &self.access_token),
            ("refresh_token", &self.refresh_token),
            ("id_token", &self.id_token),
        ];
        for (name, token) in tokens {
            if let Token::Text(text) = token {
                // No sign behind the name: redaction would mask the remark.
                parts.push(format!("{name} of {} characters", text.expose_secret().len()));
            }
        }
        if !parts.is_empty() {
            transcript.line("HTTP", Speaker::Server, &parts.join(" & "));
        }
    }
}

/// RFC 6749 appendix A.12: VSCHAR, and no blank, which no token has.
pub(super) fn is_printable(token: &SecretString) -> bool {
    token.expose_secret().bytes().all(|byte| byte.is_ascii_graphic())
}

fn life(value: Option<&Value>) -> Duration {
    value
        .and_then(seconds)
        .map_or(DEFAULT_LIFE, |seconds| Duration::from_secs_f64(seconds.clamp(0.0, LONGEST_LIFE.as_secs_f64()).floor()))
}

fn scopes(value: Option<&Value>) -> Option<Vec<String>> {
    let scopes: Vec<String> = match value? {
        Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
        Value::Array(items) => {
            items.iter().filter_map(Value::as_str).flat_map(str::split_whitespace).map(str::to_owned).collect()
        }
        _ => return None,
    };
    if scopes.is_empty() { None } else { Some(scopes) }
}

#[cfg(test)]
mod answers;

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::failure::FailureKind;

    fn answer(status: u16, content_type: &str, body: &[u8]) -> HttpResponse {
        HttpResponse {
            status,
            content_type: Some(content_type.to_owned()),
            retry_after: None,
            date: None,
            location: None,
            challenge: None,
            request_id: None,
            body: Zeroizing::new(body.to_vec()),
        }
    }

    fn read_json(status: u16, body: &str) -> Result<TokenResponse, Failure> {
        read(&Transcript::default(), answer(status, "application/json", body.as_bytes()))
    }

    fn summary(result: &Result<TokenResponse, Failure>) -> String {
        match result {
            Ok(token) => format!("token for {} s", token.expires_in.as_secs()),
            Err(Failure { kind: FailureKind::OAuth(fault), .. }) => format!("no: {}", fault.error),
            Err(Failure { kind: FailureKind::NotOAuth { what, .. }, .. }) => format!("foreign: {what}"),
            Err(other) => panic!("{other}"),
        }
    }

    /// What must not be taken for a lost login, and what must not be taken for a token (SECURITY.md T2, T3).
    #[test]
    fn forty_answers_are_told_apart() {
        let html = "<!DOCTYPE html><html><head><title>Sign in to the\n guest network</title></head></html>";
        let long = format!(r#"{{"access_token":"{}","expires_in":3599}}"#, "a".repeat(20_000));
        let cases: &[(u16, &str, &str)] = &[
            (200, r#"{"access_token":"t","token_type":"Bearer","expires_in":3599}"#, "token for 3599 s"),
            (200, r#"{"access_token":"t","token_type":"bearer","expires_in":3599}"#, "token for 3599 s"),
            (200, r#"{"access_token":"t","token_type":"BEARER","expires_in":3599}"#, "token for 3599 s"),
            (200, r#"{"access_token":"t","expires_in":3599}"#, "token for 3599 s"),
            (200, r#"{"access_token":"t","token_type":null}"#, "token for 3600 s"),
            (200, r#"{"access_token":"t","expires_in":"3599"}"#, "token for 3599 s"),
            (200, r#"{"access_token":"t","expires_in":" 3599 "}"#, "token for 3599 s"),
            (200, r#"{"access_token":"t","expires_in":"soon"}"#, "token for 3600 s"),
            (200, r#"{"access_token":"t","expires_in":"NaN"}"#, "token for 3600 s"),
            (200, r#"{"access_token":"t","expires_in":null}"#, "token for 3600 s"),
            (200, r#"{"access_token":"t","expires_in":-5}"#, "token for 0 s"),
            (200, r#"{"access_token":"t","expires_in":0}"#, "token for 0 s"),
            (200, r#"{"access_token":"t","expires_in":3599.9}"#, "token for 3599 s"),
            (200, r#"{"access_token":"t","expires_in":18446744073709551616}"#, "token for 86400 s"),
            (200, r#"{"access_token":"t","expires_in":1e300}"#, "token for 86400 s"),
            (200, r#"{"access_token":"t","unknown":{"deep":[1,2]}}"#, "token for 3600 s"),
            (200, "\u{feff}{\"access_token\":\"t\"}", "token for 3600 s"),
            (200, " \r\n {\"access_token\":\"t\"} \n", "token for 3600 s"),
            (200, &long, "token for 3599 s"),
            (201, r#"{"access_token":"t"}"#, "token for 3600 s"),
            (200, r#"{"access_token":"t","error":"invalid_grant"}"#, "no: invalid_grant"),
            (200, r#"{"error":"invalid_grant"}"#, "no: invalid_grant"),
            (400, r#"{"error":"invalid_grant"}"#, "no: invalid_grant"),
            (401, r#"{"error":"invalid_client","error_description":"AADSTS7000222: expired"}"#, "no: invalid_client"),
            (400, r#"{"error":"interaction_required","suberror":"basic_action"}"#, "no: interaction_required"),
            (500, r#"{"error":"server_error"}"#, "no: server_error"),
            (503, r#"{"error":"temporarily_unavailable"}"#, "no: temporarily_unavailable"),
            (503, r#"{"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}"#, "no: UNAVAILABLE"),
            (400, r#"{"error":{"status":"invalid_grant"}}"#, "no: unknown"),
            (400, r#"{"error":7}"#, "no: unknown"),
            (400, r#"{"access_token":"t"}"#, "foreign: JSON without an error code"),
            (403, r#"{"message":"Forbidden"}"#, "foreign: JSON without an error code"),
            (200, r#"{"token":"t"}"#, "foreign: JSON without an access token"),
            (200, r#"{"access_token":""}"#, "foreign: JSON without an access token"),
            (200, r#"{"access_token":["t"]}"#, "foreign: JSON without an access token"),
            (200, r#"{"access_token":"a b"}"#, "foreign: an access token with characters that no token has"),
            (200, r#"{"access_token":"a\u0000b"}"#, "foreign: an access token with characters that no token has"),
            (200, r#"{"access_token":"t","token_type":"DPoP"}"#, "foreign: a token of another type than Bearer"),
            (200, r#"{"access_token":"t","expires_in":35"#, "foreign: broken JSON"),
            (200, r#"["invalid_grant"]"#, "foreign: broken JSON"),
            (200, "access_token=t&expires_in=3599", "foreign: neither JSON nor a web page"),
            (200, html, "foreign: a web page"),
            (502, html, "foreign: a web page"),
            (403, "Forbidden by policy", "foreign: neither JSON nor a web page"),
            (200, "", "foreign: an empty body"),
            (302, "", "foreign: a redirect, which a token endpoint never sends"),
            (307, html, "foreign: a redirect, which a token endpoint never sends"),
        ];
        assert!(cases.len() >= 40);
        for (status, body, expected) in cases {
            assert_eq!(summary(&read_json(*status, body)), *expected, "{status} {}", &body[..body.len().min(80)]);
        }
        let broken = read(&Transcript::default(), answer(200, "application/json", b"{\"access_token\":\"\xff\"}"));
        assert_eq!(summary(&broken), "foreign: broken JSON");
    }

    /// SECURITY.md T3: a lifetime that is none is taken for an hour, and none is longer than a day.
    #[test]
    fn odd_lifetimes_are_tolerated_and_clamped() {
        for (value, seconds) in [
            ("3599", 3599),
            ("\"3599\"", 3599),
            ("\" 3599 \"", 3599),
            ("3599.9", 3599),
            ("\"3599.9\"", 3599),
            ("-1", 0),
            ("\"-1\"", 0),
            ("-1e308", 0),
            ("0", 0),
            ("86400", 86_400),
            ("86401", 86_400),
            ("18446744073709551615", 86_400),
            ("18446744073709551616", 86_400),
            ("1e308", 86_400),
            ("\"inf\"", 86_400),
            ("\"NaN\"", 3600),
            ("null", 3600),
            ("\"\"", 3600),
            ("\"soon\"", 3600),
            ("true", 3600),
            ("[3599]", 3600),
            ("{}", 3600),
        ] {
            let token = read_json(200, &format!(r#"{{"access_token":"t","expires_in":{value}}}"#));
            assert_eq!(summary(&token), format!("token for {seconds} s"), "{value}");
        }
        assert_eq!(summary(&read_json(200, r#"{"access_token":"t"}"#)), "token for 3600 s");
    }

    #[test]
    fn everything_in_a_token_answer_is_read() {
        let body = r#"{"token_type":"Bearer","scope":"https://outlook.office.com/SMTP.Send openid","expires_in":3599,
            "ext_expires_in":3599,"access_token":"acc\u0065ss","refresh_token":"refresh","id_token":"a.b.c"}"#;
        let token = read_json(200, body).ok().unwrap();
        let text = |secret: &Option<SecretString>| secret.as_ref().map(|secret| secret.expose_secret().to_owned());
        assert_eq!(token.access_token.expose_secret(), "access");
        assert_eq!(text(&token.refresh_token).as_deref(), Some("refresh"));
        assert_eq!(text(&token.id_token).as_deref(), Some("a.b.c"));
        assert_eq!(token.scopes.unwrap(), ["https://outlook.office.com/SMTP.Send", "openid"]);
    }

    #[test]
    fn scopes_may_be_a_list_and_a_refresh_token_may_be_missing() {
        let token = read_json(200, r#"{"access_token":"t","scope":["a b","c",7],"refresh_token":null}"#).ok().unwrap();
        assert_eq!(token.scopes.unwrap(), ["a", "b", "c"]);
        assert!(token.refresh_token.is_none());
        for scope in [r#""""#, "null", "7", "[]"] {
            let token = read_json(200, &format!(r#"{{"access_token":"t","scope":{scope}}}"#)).ok().unwrap();
            assert_eq!(token.scopes, None, "{scope}");
        }
    }

    #[test]
    fn an_oauth_error_is_taken_apart() {
        let body = r#"{"error":"invalid_grant","error_description":"AADSTS50173: The grant expired. Trace ID: 1\r\nAADSTS50173",
            "error_codes":[50173,"65001"],"timestamp":"2026-11-22","trace_id":"t","correlation_id":"c-1","suberror":"bad_token"}"#;
        let mut answer = answer(400, "application/json", body.as_bytes());
        answer.retry_after = Some(Duration::from_secs(7));
        let failure = read(&Transcript::default(), answer).err().unwrap();
        let FailureKind::OAuth(fault) = failure.kind else { panic!() };
        assert_eq!((fault.error.as_str(), fault.status), ("invalid_grant", 400));
        assert_eq!(fault.codes, [50173, 65001]);
        assert_eq!(fault.suberror.as_deref(), Some("bad_token"));
        assert_eq!(fault.correlation_id.as_deref(), Some("c-1"));
        assert_eq!(fault.retry_after, Some(Duration::from_secs(7)));
        assert!(failure.server_said.unwrap().starts_with("invalid_grant: AADSTS50173: The grant"));
    }

    #[test]
    fn a_foreign_answer_is_quoted_but_never_a_token_cut_short() {
        let html = "<html><head><TITLE lang=en>Sign in to\n the guest network</TITLE></head>";
        assert_eq!(read_json(200, html).err().unwrap().server_said.as_deref(), Some("Sign in to the guest network"));
        let plain = "upstream connect error";
        assert_eq!(read_json(503, plain).err().unwrap().server_said.as_deref(), Some(plain));
        for cut in [r#"{"access_token":"secret-value"#, "access_token=secret-value", "\"secret-value\""] {
            for status in [200, 502] {
                let failure = read_json(status, cut).err().unwrap();
                assert!(!failure.to_string().contains("secret-value"), "{failure}");
            }
        }
    }

    #[test]
    fn server_words_come_escaped() {
        let body = r#"{"error":"invalid_grant\u001b[31m","error_description":"\u001b]0;x\u0007\u0000"}"#;
        let failure = read_json(400, body).err().unwrap();
        assert!(!format!("{failure}{:?}", failure.server_said).chars().any(char::is_control));
        let FailureKind::OAuth(fault) = failure.kind else { panic!() };
        assert!(!fault.error.chars().any(char::is_control));
    }
}
