//! The practice tenant itself: what it refuses is what the other tests lean on.

use std::time::Duration;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::sandbox::browser::{self, Person};
use crate::sandbox::world::{ALICE, CONFIDENTIAL_CLIENT, PUBLIC_CLIENT, SHOP, TENANT_ID};
use crate::sandbox::{Sandbox, SandboxConfig};

const VERIFIER: &str = "a-code-verifier-that-is-long-enough-to-be-one";
const REDIRECT: &str = "http://localhost:49152";
const SCOPE: &str = "openid profile email offline_access https://outlook.office.com/IMAP.AccessAsUser.All \
                     https://outlook.office.com/SMTP.Send";

pub(crate) struct Tenant {
    pub(crate) sandbox: Sandbox,
    secret: String,
}

impl Tenant {
    pub(crate) fn new() -> Self {
        let config = SandboxConfig::default();
        let secret = config.client_secret.clone();
        Self { sandbox: Sandbox::start(config).unwrap(), secret }
    }

    pub(crate) fn endpoint(&self, name: &str) -> String {
        format!("{}/{TENANT_ID}/oauth2/v2.0/{name}", self.sandbox.authority())
    }

    fn authorization_url(&self, change: &[(&str, Option<&str>)]) -> String {
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let mut fields = vec![
            ("client_id", CONFIDENTIAL_CLIENT),
            ("response_type", "code"),
            ("redirect_uri", REDIRECT),
            ("scope", SCOPE),
            ("state", "a-state"),
            ("nonce", "a-nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in change {
            fields.retain(|(other, _)| other != name);
            fields.extend(value.map(|value| (*name, value)));
        }
        url::Url::parse_with_params(&self.endpoint("authorize"), fields).unwrap().into()
    }

    /// What the redirect carries, as name and value.
    fn redirect(&self, change: &[(&str, Option<&str>)], person: Person) -> Vec<(String, String)> {
        let url = self.authorization_url(change);
        let callback = browser::obtain_redirect(&url, self.sandbox.ca_file(), &person).unwrap();
        assert!(callback.starts_with(REDIRECT), "{callback}");
        url::Url::parse(&callback).unwrap().query_pairs().into_owned().collect()
    }

    fn code(&self, user: &str) -> String {
        field(&self.redirect(&[], Person::SignsInAs(user.to_owned())), "code")
    }

    /// An access token for IMAP and SMTP, or for POP3.
    pub(crate) fn access_token(&self, user: &str, scope: &str) -> String {
        let answer = self.redirect(&[("scope", Some(scope))], Person::SignsInAs(user.to_owned()));
        let (_, answer) = self.redeem(&field(&answer, "code"), &[]);
        answer["access_token"].as_str().unwrap().to_owned()
    }

    /// An access token of the plain provider.
    pub(crate) fn oidc_access_token(&self, user: &str, scope: &str) -> String {
        let base = self.sandbox.issuer();
        let url = self.authorization_url(&[("scope", Some(scope))]);
        let query = url.split_once('?').unwrap().1;
        let person = Person::SignsInAs(user.to_owned());
        let callback =
            browser::obtain_redirect(&format!("{base}/authorize?{query}"), self.sandbox.ca_file(), &person).unwrap();
        let answer: Vec<_> = url::Url::parse(&callback).unwrap().query_pairs().into_owned().collect();
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", CONFIDENTIAL_CLIENT),
            ("client_secret", &self.secret),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
            ("code", &field(&answer, "code")),
        ];
        let page = browser::post(&format!("{base}/token"), &fields, self.sandbox.ca_file()).unwrap();
        let answer: Value = serde_json::from_str(&page.body).unwrap();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// The answer to a request for the app's own token.
    pub(crate) fn own_token(&self, scope: &str) -> (u16, Value) {
        self.own_token_with(&self.secret, scope)
    }

    /// The same, with this client secret.
    pub(crate) fn own_token_with(&self, secret: &str, scope: &str) -> (u16, Value) {
        self.token(&[
            ("grant_type", "client_credentials"),
            ("client_id", CONFIDENTIAL_CLIENT),
            ("client_secret", secret),
            ("scope", scope),
        ])
    }

    pub(crate) fn token(&self, fields: &[(&str, &str)]) -> (u16, Value) {
        let page = browser::post(&self.endpoint("token"), fields, self.sandbox.ca_file()).unwrap();
        (page.status, serde_json::from_str(&page.body).unwrap())
    }

    fn redeem(&self, code: &str, change: &[(&str, &str)]) -> (u16, Value) {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("client_id", CONFIDENTIAL_CLIENT),
            ("client_secret", &self.secret),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
            ("code", code),
        ];
        for (name, value) in change {
            fields.retain(|(other, _)| other != name);
            fields.push((name, value));
        }
        self.token(&fields)
    }

    fn refresh(&self, token: &str, secret: &str) -> (u16, Value) {
        self.token(&[
            ("grant_type", "refresh_token"),
            ("client_id", CONFIDENTIAL_CLIENT),
            ("client_secret", secret),
            ("refresh_token", token),
        ])
    }
}

fn field(fields: &[(String, String)], name: &str) -> String {
    fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

pub(crate) fn number(answer: &(u16, Value)) -> u64 {
    answer.1["error_codes"][0].as_u64().unwrap_or_default()
}

pub(crate) fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn a_sign_in_earns_tokens_of_the_right_shape() {
    let tenant = Tenant::new();
    let (status, answer) = tenant.redeem(&tenant.code(SHOP), &[]);
    assert_eq!(status, 200, "{answer}");
    assert!(answer["access_token"].as_str().unwrap().len() > 1_500);
    assert_eq!(claims(&answer["access_token"])["upn"], SHOP);
    let identity = claims(&answer["id_token"]);
    assert_eq!(identity["iss"], format!("{}/{TENANT_ID}/v2.0", tenant.sandbox.authority()));
    assert_eq!((&identity["aud"], &identity["nonce"]), (&CONFIDENTIAL_CLIENT.into(), &"a-nonce".into()));
    assert_eq!(tenant.sandbox.surprises(), Vec::<String>::new());
}

#[test]
fn a_code_is_good_once_and_only_with_its_verifier() {
    let tenant = Tenant::new();
    let code = tenant.code(SHOP);
    assert_eq!(tenant.redeem(&code, &[]).0, 200);
    assert_eq!(number(&tenant.redeem(&code, &[])), 54_005);
    let wrong = "another-code-verifier-that-is-long-enough-too";
    assert_eq!(number(&tenant.redeem(&tenant.code(SHOP), &[("code_verifier", wrong)])), 501_481);
    let elsewhere = "http://localhost:49153";
    assert_eq!(number(&tenant.redeem(&tenant.code(SHOP), &[("redirect_uri", elsewhere)])), 500_112);
}

#[test]
fn a_refresh_token_is_good_once() {
    let tenant = Tenant::new();
    let (_, first) = tenant.redeem(&tenant.code(SHOP), &[]);
    let old = first["refresh_token"].as_str().unwrap();
    let (status, second) = tenant.refresh(old, &tenant.secret);
    assert_eq!(status, 200, "{second}");
    let again = tenant.refresh(old, &tenant.secret);
    assert_eq!((again.0, &again.1["error"]), (400, &"invalid_grant".into()));
    let newer = second["refresh_token"].as_str().unwrap();
    tenant.sandbox.revoke_refresh_tokens(ALICE);
    let (_, third) = tenant.refresh(newer, &tenant.secret);
    tenant.sandbox.revoke_refresh_tokens(SHOP);
    assert_eq!(number(&tenant.refresh(third["refresh_token"].as_str().unwrap(), &tenant.secret)), 50_173);
}

#[test]
fn without_offline_access_there_is_no_refresh_token() {
    let tenant = Tenant::new();
    let scope = "openid https://outlook.office.com/IMAP.AccessAsUser.All";
    let answer = tenant.redirect(&[("scope", Some(scope))], Person::SignsInAs(SHOP.to_owned()));
    let (_, answer) = tenant.redeem(&field(&answer, "code"), &[]);
    assert!(answer["access_token"].is_string() && answer["refresh_token"].is_null(), "{answer}");
}

#[test]
fn each_wrong_client_secret_has_its_own_number() {
    let tenant = Tenant::new();
    let id = tenant.sandbox.add_client_secret("practice-only-secret-number-two");
    let redeem = |secret: &str| number(&tenant.redeem(&tenant.code(SHOP), &[("client_secret", secret)]));
    assert_eq!(redeem("no such secret"), 7_000_215);
    assert_eq!(redeem(&id), 7_000_215);
    assert_eq!(redeem(""), 7_000_218);
    assert_eq!(redeem("practice-only-secret-number-two"), 0);
    tenant.sandbox.expire_client_secret("practice-only-secret-number-two");
    assert_eq!(redeem("practice-only-secret-number-two"), 7_000_222);
    assert_eq!(redeem(&tenant.secret), 0);
    let public = tenant.redeem(&tenant.code(SHOP), &[("client_id", PUBLIC_CLIENT)]);
    assert_eq!((public.0, number(&public)), (401, 700_025));
}

#[test]
fn a_bad_client_or_redirect_is_told_to_the_person_not_to_the_redirect() {
    let tenant = Tenant::new();
    for change in [
        ("client_id", "00000000-0000-0000-0000-000000000000"),
        ("redirect_uri", "http://localhost:49152/elsewhere"),
        ("redirect_uri", "http://LOCALHOST.example/"),
        ("redirect_uri", "https://localhost:49152"),
    ] {
        let url = tenant.authorization_url(&[(change.0, Some(change.1))]);
        let page = browser::get(&url, tenant.sandbox.ca_file()).unwrap();
        assert_eq!((page.status, page.location), (400, None), "{change:?}");
    }
}

#[test]
fn what_is_missing_from_the_request_is_told_to_the_client() {
    let tenant = Tenant::new();
    for name in ["state", "code_challenge", "code_challenge_method", "scope", "response_type"] {
        let answer = tenant.redirect(&[(name, None)], Person::SignsInAs(SHOP.to_owned()));
        assert_eq!(field(&answer, "error"), "invalid_request", "{name}");
        assert!(field(&answer, "code").is_empty(), "{name}");
    }
    let answer = tenant.redirect(&[("code_challenge_method", Some("plain"))], Person::SignsInAs(SHOP.to_owned()));
    assert_eq!(field(&answer, "error"), "invalid_request");
    assert_eq!(tenant.sandbox.surprises().len(), 6);
    assert_eq!(field(&tenant.redirect(&[], Person::Declines), "error"), "access_denied");
}

#[test]
fn access_tokens_live_as_long_as_they_are_told() {
    let tenant = Tenant::new();
    tenant.sandbox.set_access_lifetime(Duration::from_secs(90));
    let (_, answer) = tenant.redeem(&tenant.code(SHOP), &[]);
    assert_eq!(answer["expires_in"], 90);
    let token = answer["access_token"].as_str().unwrap();
    assert!(tenant.sandbox.is_live_access_token(token));
    tenant.sandbox.expire_access_tokens();
    assert!(!tenant.sandbox.is_live_access_token(token));
}

#[test]
fn a_device_code_is_polled_too_early_once_and_brings_tokens_once() {
    let tenant = Tenant::new();
    tenant.sandbox.set_device_code(Duration::from_secs(60), Duration::from_millis(200));
    let client = [("client_id", CONFIDENTIAL_CLIENT), ("client_secret", tenant.secret.as_str())];
    let begin = |scope: &str, fields: &[(&str, &str)]| {
        let fields = [fields, &[("scope", scope)]].concat();
        let page = browser::post(&tenant.endpoint("devicecode"), &fields, tenant.sandbox.ca_file()).unwrap();
        (page.status, serde_json::from_str::<Value>(&page.body).unwrap())
    };
    assert_eq!(number(&begin(SCOPE, &client[..1])), 7_000_218, "a confidential client proves itself here too");
    assert_eq!(number(&begin("openid mail", &client)), 650_053);
    let (_, codes) = begin(SCOPE, &client);
    let poll = || {
        let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
        tenant.token(&[&client[..], &[grant, ("device_code", codes["device_code"].as_str().unwrap())]].concat())
    };
    let in_time = || {
        std::thread::sleep(Duration::from_millis(250));
        poll()
    };
    assert_eq!(in_time().1["error"], "authorization_pending");
    let page = codes["verification_uri"].as_str().unwrap();
    let enter = |code: &str| {
        let person = Person::SignsInAs(SHOP.to_owned());
        browser::enter_code(page, code, tenant.sandbox.ca_file(), &person).unwrap().status
    };
    let code = codes["user_code"].as_str().unwrap();
    assert_eq!((enter("XXXX-XXXX"), enter(&code.to_lowercase()), enter(code)), (400, 200, 400));
    std::thread::sleep(Duration::from_millis(250));
    let (status, tokens) = poll();
    assert!(status == 200 && tokens["refresh_token"].is_string() && tokens["id_token"].is_string(), "{tokens}");
    assert_eq!(tenant.sandbox.surprises(), [""; 0]);
    assert_eq!(poll().1["error"], "slow_down");
    assert_eq!(tenant.sandbox.surprises().len(), 1);
}
