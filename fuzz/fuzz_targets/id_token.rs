//! Identity tokens: what is accepted has the right issuer, audience, times and nonce, read in another way.
#![no_main]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use mailgrant::oauth::identity;
use mailgrant::profile::App;
use mailgrant::text::Redactor;
use mailgrant_fuzz::{app, choice, failure_shown, shown};
use secrecy::SecretString;
use serde_json::Value;

static APPS: LazyLock<[App; 2]> = LazyLock::new(|| [app("generic"), app("contoso")]);
const NOW: i64 = 1_800_000_000;

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = choice(data) else { return };
    let app = &APPS[choice & 1];
    let text = String::from_utf8_lossy(rest).into_owned();
    let token = if choice & 2 == 0 { format!("e30.{}.sig", BASE64_URL_SAFE_NO_PAD.encode(rest)) } else { text };
    let nonce = SecretString::from("nonce-of-this-sign-in");
    let now = Timestamp::from_second(NOW).expect("it is a time");
    let identity = match identity::verify(app, &SecretString::from(token.clone()), Some(&nonce), now) {
        Ok(identity) => identity,
        Err(failure) => return failure_shown(&failure),
    };
    let payload = token.split('.').nth(1).expect("a JWT has three parts").trim_end_matches('=');
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).expect("its payload is base64url");
    let claims: Value = serde_json::from_slice(&payload).expect("it is JSON");
    let number = |name: &str| claims[name].as_f64().unwrap_or(0.0);
    assert_eq!(claims["nonce"], "nonce-of-this-sign-in");
    let client_id = app.client_id.as_str();
    let is_for_us = match &claims["aud"] {
        Value::String(one) => one == client_id,
        Value::Array(many) => many.iter().any(|one| one == client_id),
        _ => false,
    };
    assert!(is_for_us && (claims["azp"].is_null() || claims["azp"] == client_id));
    assert!(number("exp") + 301.0 > NOW as f64 && number("iat") <= NOW as f64 + 301.0);
    assert!(number("nbf") <= NOW as f64 + 301.0);
    let issuer = claims["iss"].as_str().expect("it has an issuer");
    if app.name.as_str() == "generic" {
        assert_eq!(issuer, "https://id.example/realm");
        assert_eq!(identity.tenant, None);
    } else {
        let tenant = identity.tenant.as_deref().expect("Microsoft's has a tenant");
        let expected = format!("https://login.microsoftonline.com/{tenant}/v2.0");
        assert!(issuer.eq_ignore_ascii_case(&expected), "{issuer}");
    }
    assert!(!identity.subject.is_empty());
    // They are compared as they are, and shown in no other way than this.
    let texts = identity.names.iter().chain([&identity.issuer, &identity.subject]).map(String::as_str);
    texts.chain([identity.label()]).for_each(|text| shown(&Redactor::by_shape(text)));
});
