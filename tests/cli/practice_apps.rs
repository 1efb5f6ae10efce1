//! The practice tenant towards apps that sign in without a person: what it refuses is what the tests of certificates,
//! federated tokens and app-only mailboxes lean on.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use jiff::SignedDuration;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use serde_json::{Value, json};

use crate::practice::{Tenant, claims, number};
use crate::practice_mail::{Talk, xoauth2};
use crate::sandbox::browser;
use crate::sandbox::faults::Fault;
use crate::sandbox::issuer::Job;
use crate::sandbox::mail_sign_in::Protocol;
use crate::sandbox::world::{
    AppOnly, CONFIDENTIAL_CLIENT, EXCHANGE, FederatedCredential, Principal, SHOP, new_guid, now,
};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
pub(crate) const AUDIENCE: &str = "api://AzureADTokenExchange";

/// A key with its self-signed certificate.
pub(crate) struct Keys {
    key: RsaKeyPair,
    pub(crate) certificate: rcgen::Certificate,
}

impl Keys {
    /// Good from one day to another, counted from today.
    pub(crate) fn new((from, to): (i64, i64)) -> Self {
        let key = openssl::rsa::Rsa::generate(2_048).and_then(openssl::pkey::PKey::from_rsa).unwrap();
        Self::certified(key, (from, to))
    }

    /// With this key.
    pub(crate) fn of_pem(pem: &str) -> Self {
        Self::certified(openssl::pkey::PKey::private_key_from_pem(pem.as_bytes()).unwrap(), (-1, 30))
    }

    fn certified(key: openssl::pkey::PKey<openssl::pkey::Private>, (from, to): (i64, i64)) -> Self {
        let der = key.private_key_to_pkcs8().unwrap();
        let pair = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&der.clone().into(), &rcgen::PKCS_RSA_SHA256).unwrap();
        let mut params = rcgen::CertificateParams::default();
        let day = |offset: i64| {
            let date = (now() + SignedDuration::from_hours(24 * offset)).to_zoned(jiff::tz::TimeZone::UTC);
            rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
        };
        (params.not_before, params.not_after) = (day(from), day(to));
        Self { key: RsaKeyPair::from_pkcs8(&der).unwrap(), certificate: params.self_signed(&pair).unwrap() }
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value, how: &'static dyn RsaEncoding) -> String {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(how, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

/// The claims of an assertion that is right in each point, with `change`; a null takes one away.
pub(crate) fn assertion_claims(tenant: &Tenant, change: &Value) -> Value {
    let time = now().as_second();
    let mut claims = json!({
        "aud": tenant.endpoint("token"), "iss": CONFIDENTIAL_CLIENT, "sub": CONFIDENTIAL_CLIENT,
        "jti": new_guid(), "nbf": time, "iat": time, "exp": time + 300,
    });
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

pub(crate) fn sha256(certificate: &rcgen::Certificate) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, certificate.der()))
}

/// An app's own token for Exchange by this assertion.
pub(crate) fn own_token(tenant: &Tenant, assertion: &str) -> (u16, Value) {
    own_token_for(tenant, assertion, &format!("{EXCHANGE}/.default"))
}

/// An app's own token for this scope by this assertion.
pub(crate) fn own_token_for(tenant: &Tenant, assertion: &str, scope: &str) -> (u16, Value) {
    tenant.token(&[
        ("grant_type", "client_credentials"),
        ("client_id", CONFIDENTIAL_CLIENT),
        ("client_assertion_type", TYPE),
        ("client_assertion", assertion),
        ("scope", scope),
    ])
}

#[test]
fn a_certificate_proves_the_app_by_ps256_and_by_rs256() {
    let tenant = Tenant::new();
    let keys = Keys::new((-1, 30));
    let id = tenant.sandbox.upload_certificate("mail", &keys.certificate.pem());
    let sha1 = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, keys.certificate.der()));
    let ps256 = json!({"alg": "PS256", "typ": "JWT", "x5t#S256": sha256(&keys.certificate)});
    let rs256 = json!({"alg": "RS256", "typ": "JWT", "x5t": sha1});
    let right = assertion_claims(&tenant, &json!({}));
    let assertion = keys.sign(&ps256, &right, &RSA_PSS_SHA256);
    for assertion in [&assertion, &keys.sign(&rs256, &right, &RSA_PKCS1_SHA256)] {
        let (status, answer) = own_token(&tenant, assertion);
        assert_eq!(status, 200, "{answer}");
        assert!(claims(&answer["access_token"]).get("roles").is_none(), "nothing was consented to");
    }
    assert_eq!(tenant.sandbox.counters().assertion_reuses, 1, "both had one jti");
    assert!(tenant.sandbox.issued_tokens().contains(&assertion), "it is a secret");

    let time = now().as_second();
    for (change, expected) in [
        (json!({"exp": time - 400, "nbf": time - 700}), 700_024),
        (json!({"nbf": time + 400, "exp": time + 700}), 700_024),
        (json!({"aud": "https://login.microsoftonline.com/common/oauth2/token"}), 50_027),
        (json!({"sub": "another"}), 50_048),
        (json!({"jti": null}), 50_027),
        (json!({"exp": null}), 50_027),
    ] {
        let claims = assertion_claims(&tenant, &change);
        let answer = own_token(&tenant, &keys.sign(&ps256, &claims, &RSA_PSS_SHA256));
        assert_eq!(number(&answer), expected, "{change}: {answer:?}");
    }
    // The header names one algorithm, and the signature is of another.
    let answer = own_token(&tenant, &keys.sign(&ps256, &right, &RSA_PKCS1_SHA256));
    assert_eq!(number(&answer), 700_027, "{answer:?}");
    assert!(answer.1["error_description"].as_str().unwrap().contains("failed signature validation"), "{answer:?}");
    assert_eq!(number(&own_token(&tenant, "a.b")), 50_027);
    // Hexadecimal digits in base64 are the usual mistake.
    let hex = json!({"alg": "PS256", "x5t": "NTJFRDlCNTAzOEE0N0I5RTJFMjE5MDcxNUNDMjM4MzU5RDRGOEY3Mw"});
    let answer = own_token(&tenant, &keys.sign(&hex, &right, &RSA_PSS_SHA256));
    assert!(answer.1["error_description"].as_str().unwrap().contains("The key was not found"), "{answer:?}");

    tenant.sandbox.remove_certificate(&id);
    assert_eq!(number(&own_token(&tenant, &assertion)), 700_027);
    let old = Keys::new((-30, -1));
    tenant.sandbox.upload_certificate("old", &old.certificate.pem());
    let header = json!({"alg": "PS256", "x5t#S256": sha256(&old.certificate)});
    let answer = own_token(&tenant, &old.sign(&header, &right, &RSA_PSS_SHA256));
    assert!(answer.1["error_description"].as_str().unwrap().contains("The key used is expired"), "{answer:?}");
    let (status, _) = tenant.token(&[("grant_type", "client_credentials"), ("client_assertion", &assertion)]);
    assert_eq!(status, 400, "without client_assertion_type");
    assert_eq!(tenant.sandbox.surprises(), Vec::<String>::new());
}

#[test]
fn entra_takes_no_elliptic_curve() {
    let tenant = Tenant::new();
    let pair = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&pair).unwrap();
    tenant.sandbox.upload_certificate("curve", &certificate.pem());
    let keys = Keys::new((-1, 30));
    let header = json!({"alg": "ES256", "x5t#S256": sha256(&certificate)});
    let assertion = keys.sign(&header, &assertion_claims(&tenant, &json!({})), &RSA_PSS_SHA256);
    assert_eq!(number(&own_token(&tenant, &assertion)), 5_002_730);
}

/// The token that the runner hands to its job for this audience.
fn runner_token(tenant: &Tenant, audience: &str) -> String {
    let runner = tenant.sandbox.runner();
    let audience: String = url::form_urlencoded::byte_serialize(audience.as_bytes()).collect();
    let url = format!("{}&audience={audience}", runner.request_url);
    let bearer = format!("Bearer {}", runner.request_token);
    let page = browser::request("GET", &url, &[("Authorization", &bearer)], "", tenant.sandbox.ca_file()).unwrap();
    assert_eq!(page.status, 200, "{}", page.body);
    let answer: Value = serde_json::from_str(&page.body).unwrap();
    answer["value"].as_str().unwrap().to_owned()
}

pub(crate) fn credential(issuer: &str, subject: &str) -> FederatedCredential {
    let [name, issuer, subject, audience] = ["mail", issuer, subject, AUDIENCE].map(str::to_owned);
    FederatedCredential { name, issuer, subject, audience }
}

#[test]
fn a_runners_token_proves_the_app_letter_by_letter() {
    let tenant = Tenant::new();
    let sandbox = &tenant.sandbox;
    let ask = |audience: &str| own_token(&tenant, &runner_token(&tenant, audience));
    assert_eq!(number(&ask(AUDIENCE)), 70_025);
    let runner = sandbox.runner();
    sandbox.trust(credential("https://token.actions.example", &runner.subject));
    assert_eq!(number(&ask(AUDIENCE)), 700_211);
    sandbox.trust_none();
    sandbox.trust(credential(&runner.issuer, &runner.subject.to_lowercase()));
    assert_eq!(number(&ask(AUDIENCE)), 7_002_138);
    sandbox.trust_none();
    sandbox.trust(credential(&runner.issuer, &runner.subject));
    assert_eq!(number(&ask("api://another")), 700_212);
    let (status, answer) = ask(AUDIENCE);
    assert_eq!(status, 200, "{answer}");
    sandbox.switch_on(Fault::IssuerKeyNotPublished);
    assert_eq!(number(&ask(AUDIENCE)), 7_000_272);
    sandbox.switch_off(Fault::IssuerKeyNotPublished);
    sandbox.switch_on(Fault::RunnerTokenOld);
    assert_eq!(number(&ask(AUDIENCE)), 700_024);
    sandbox.switch_off(Fault::RunnerTokenOld);

    // The repository was created after GitHub's subjects became immutable.
    sandbox.set_job(Job { immutable: true, ..Job::default() });
    assert_eq!(sandbox.runner().subject, "repo:Contoso@9919/mail@1296269:ref:refs/heads/main");
    assert_eq!(number(&ask(AUDIENCE)), 700_213);
    sandbox.trust(credential(&runner.issuer, &sandbox.runner().subject));
    assert_eq!(ask(AUDIENCE).0, 200);
    assert_eq!(sandbox.surprises(), Vec::<String>::new());
}

#[test]
fn a_token_of_another_service_proves_the_app_too() {
    let tenant = Tenant::new();
    let sandbox = &tenant.sandbox;
    let issuer = sandbox.outside_issuer("kubernetes");
    let subject = "system:serviceaccount:mail:checker";
    sandbox.trust(credential(&issuer, subject));
    let token = sandbox.outside_token("kubernetes", subject, AUDIENCE, 600);
    assert_eq!(own_token(&tenant, &token).0, 200);
    let metadata = browser::get(&format!("{issuer}/.well-known/openid-configuration"), sandbox.ca_file()).unwrap();
    let metadata: Value = serde_json::from_str(&metadata.body).unwrap();
    let keys = browser::get(metadata["jwks_uri"].as_str().unwrap(), sandbox.ca_file()).unwrap();
    assert!(keys.body.contains("RSA"), "{}", keys.body);
    // A signature that another made.
    let (signed, _) = token.rsplit_once('.').unwrap();
    let (_, other) = sandbox.outside_token("kubernetes", "another", AUDIENCE, 600).rsplit_once('.').map_or_else(
        || unreachable!("it has three parts"),
        |(signed, signature)| (signed.to_owned(), signature.to_owned()),
    );
    assert_eq!(number(&own_token(&tenant, &format!("{signed}.{other}"))), 50_027);
}

/// What the mail servers say first to the app's own token: at IMAP, the answer to the first command after the sign-in.
fn said(tenant: &Tenant, protocol: Protocol, token: &str) -> String {
    let ports = tenant.sandbox.ports();
    match protocol {
        Protocol::Imap => {
            let mut imap = Talk::tls(tenant, ports.imap_implicit);
            imap.until("* OK");
            let answer = imap.say(&format!("a1 AUTHENTICATE XOAUTH2 {}", xoauth2(SHOP, token)), "a1 ");
            if !answer.contains("a1 OK") {
                return answer;
            }
            imap.say("a2 EXAMINE \"INBOX\"", "a2 ").lines().last().unwrap().to_owned()
        }
        Protocol::Pop3 => {
            let mut pop3 = Talk::tls(tenant, ports.pop3_implicit);
            pop3.until("+OK");
            pop3.say("AUTH XOAUTH2", "+ ");
            pop3.say(&xoauth2(SHOP, token), "")
        }
        Protocol::Smtp => {
            let mut smtp = Talk::tls(tenant, ports.smtp_implicit);
            smtp.until("220 ");
            smtp.say("EHLO test", "250 ");
            smtp.say("AUTH XOAUTH2", "334 ");
            smtp.say(&xoauth2(SHOP, token), "")
        }
    }
}

#[test]
fn an_apps_own_token_opens_what_was_set_up_and_nothing_else() {
    const OK: [&str; 3] = ["a2 OK", "+OK", "235 "];
    const REFUSED: [&str; 3] = ["a1 NO AUTHENTICATE failed", "-ERR Authentication failure", "535 5.7.3"];
    const NOT_CONNECTED: [&str; 3] = ["a2 BAD User is authenticated but not connected", REFUSED[1], REFUSED[2]];
    let tenant = Tenant::new();
    let whole = || AppOnly::for_mailboxes(&[SHOP]);
    let by_role = AppOnly { consent: false, smtp_role: vec![SHOP.to_owned()], ..whole() };
    for (set_up, expected) in [
        (whole(), OK),
        (AppOnly::nothing(), REFUSED),
        (AppOnly { consent: false, ..whole() }, REFUSED),
        (AppOnly { permissions: vec!["IMAP.AccessAsApp"], ..whole() }, [OK[0], REFUSED[1], REFUSED[2]]),
        (AppOnly { principal: Principal::Missing, ..whole() }, REFUSED),
        (AppOnly { principal: Principal::OfRegistration, ..whole() }, REFUSED),
        (AppOnly { full_access: Vec::new(), ..whole() }, NOT_CONNECTED),
        (AppOnly { off: vec![Protocol::Pop3], ..whole() }, [OK[0], REFUSED[1], OK[2]]),
        (AppOnly { full_access: Vec::new(), ..by_role.clone() }, [REFUSED[0], REFUSED[1], OK[2]]),
        // The claim makes Exchange look for the permission on the mailbox.
        (AppOnly { consent: true, full_access: Vec::new(), ..by_role }, NOT_CONNECTED),
    ] {
        tenant.sandbox.set_up_app_only(set_up.clone());
        let (_, answer) = tenant.own_token(&format!("{EXCHANGE}/.default"));
        let token = answer["access_token"].as_str().unwrap();
        for (protocol, begins) in [Protocol::Imap, Protocol::Pop3, Protocol::Smtp].into_iter().zip(expected) {
            let said = said(&tenant, protocol, token);
            assert!(said.starts_with(begins), "{protocol:?} of {set_up:?} says {said:?}, not {begins:?}");
        }
    }
    assert_eq!(tenant.sandbox.surprises(), Vec::<String>::new());
}

#[test]
fn a_token_for_graph_opens_no_mail_server() {
    let tenant = Tenant::new();
    tenant.sandbox.set_up_app_only(AppOnly::for_mailboxes(&[SHOP]));
    let (_, answer) = tenant.own_token("https://graph.microsoft.com/.default");
    assert!(claims(&answer["access_token"]).get("roles").is_none(), "Exchange's roles are not Graph's");
    let said = said(&tenant, Protocol::Imap, answer["access_token"].as_str().unwrap());
    assert!(said.starts_with("a1 NO"), "{said}");
}
