//! Google's service accounts: the key is stored, it signs, and the token opens the mailbox; without a key Google signs. The
//! practice tenant has Google's services; what rotations need, two keys, has an endpoint here.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Verifier;
use practice_tenant::google::{PROVIDER, SERVICE_ACCOUNT, UNIQUE_ID};
use practice_tenant::world::SHOP;
use serde_json::{Value, json};

use crate::support::fixture::Fixture;

const ACCOUNT: &str = "mail@shop-1234.iam.gserviceaccount.com";
const NUMBER: &str = "103821043821043821043";
const SCOPES: &str = "https://www.googleapis.com/auth/gmail.metadata https://www.googleapis.com/auth/gmail.send";
/// What the endpoint says to a key that it does not know.
const UNKNOWN_KEY: &str = r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#;

/// A key and the file that Google hands out for it.
struct Key {
    pair: PKey<Private>,
    id: &'static str,
}

impl Key {
    fn new(id: &'static str) -> Self {
        Self { pair: PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap(), id }
    }

    fn file(&self, endpoint: &str) -> Value {
        json!({
            "type": "service_account",
            "private_key_id": self.id,
            "private_key": String::from_utf8(self.pair.private_key_to_pem_pkcs8().unwrap()).unwrap(),
            "client_email": ACCOUNT,
            "client_id": NUMBER,
            "token_uri": endpoint,
        })
    }

    /// A line of the key itself.
    fn line(&self) -> String {
        let pem = String::from_utf8(self.pair.private_key_to_pem_pkcs8().unwrap()).unwrap();
        pem.lines().nth(3).unwrap().to_owned()
    }

    fn has_signed(&self, assertion: &str) -> bool {
        let (signed, signature) = assertion.rsplit_once('.').unwrap();
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        let mut verifier = Verifier::new(MessageDigest::sha256(), &self.pair).unwrap();
        verifier.verify_oneshot(&signature, signed.as_bytes()).unwrap()
    }
}

/// Google's token endpoint: it knows these keys, and hands out `token`.
struct Endpoint {
    url: String,
    asked: Arc<AtomicUsize>,
}

impl Endpoint {
    fn new(keys: Vec<Key>, token: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/token", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let (audience, count) = (url.clone(), Arc::clone(&asked));
        // It ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                answer(stream, &keys, &audience, &token);
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn answer(mut stream: TcpStream, keys: &[Key], audience: &str, token: &str) {
    let body = body(&mut stream);
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let [(grant_type, grant), (name, assertion)] = fields.as_slice() else { panic!("{fields:?}") };
    assert_eq!((grant_type.as_str(), name.as_str()), ("grant_type", "assertion"));
    assert_eq!(grant, "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let parts: Vec<Value> = assertion.split('.').take(2).map(decoded).collect();
    let [header, claims] = parts.as_slice() else { panic!("{assertion}") };
    assert_eq!((&header["alg"], &claims["iss"], &claims["aud"]), (&json!("RS256"), &json!(ACCOUNT), &json!(audience)));
    let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert!((1..=3600).contains(&life), "{claims}");
    let key = keys.iter().find(|key| header["kid"] == key.id && key.has_signed(assertion));
    let (status, text) = match (key, claims["sub"].as_str(), claims["scope"].as_str()) {
        (None, ..) => ("400 Bad Request", UNKNOWN_KEY.to_owned()),
        (Some(_), Some(SHOP), Some(SCOPES)) => {
            ("200 OK", json!({ "access_token": token, "expires_in": 3599, "token_type": "Bearer" }).to_string())
        }
        (Some(_), Some(SHOP), _) => (
            "401 Unauthorized",
            r#"{"error":"unauthorized_client","error_description":"Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested."}"#.to_owned(),
        ),
        _ => ("400 Bad Request", r#"{"error":"invalid_grant","error_description":"Invalid email or User ID"}"#.to_owned()),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", text.len());
    drop(stream.write_all(format!("{head}{text}").as_bytes()));
}

fn body(stream: &mut TcpStream) -> String {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 8192]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase();
            let length = length.split("content-length: ").nth(1).unwrap().lines().next().unwrap().trim().to_owned();
            if body.len() >= length.parse().unwrap() {
                return body.to_owned();
            }
        }
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the client hung up: {text}");
        bytes.extend_from_slice(&buffer[..read]);
    }
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// The tenant's token for the shop, as Google's endpoint would hand it out.
fn token(shop: &Fixture) -> String {
    let scopes: Vec<String> = SCOPES.split(' ').map(str::to_owned).collect();
    shop.sandbox().issue_access_token(SHOP, &scopes)
}

/// The profile that the commands below need: its addresses are the test's.
fn profile(shop: &Fixture, endpoint: &str, address: &str) {
    shop.write_config(&format!(
        "[apps.robot]\nprovider = \"google\"\nclient_id = \"{NUMBER}\"\ncredential = \"service-account\"\n\
         api_url = \"{}\"\nca_file = \"{}\"\nservice_account = {{ token_url = \"{endpoint}\" }}\n\
         [mailboxes.shop]\napp = \"robot\"\naddress = \"{address}\"\n\
         incoming = {{ protocol = \"gmail\" }}\noutgoing = {{ protocol = \"gmail\" }}\n",
        shop.sandbox().api_base(),
        shop.ca_file()
    ));
}

/// `contents` in a file of the home.
fn file(shop: &Fixture, contents: &str) -> PathBuf {
    let path = shop.path().join("key.json");
    std::fs::write(&path, contents).unwrap();
    path
}

/// Hands the key over.
pub(crate) fn enrol(shop: &Fixture, key: &str) {
    let path = file(shop, key);
    let add = ["add", "shop", "--secret-file", path.to_str().unwrap()];
    shop.json(&add, 0);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_key_in_the_store_opens_the_mailbox_without_a_person() {
    let shop = Fixture::new();
    let key = Key::new("1111aaaa");
    let line = key.line();
    let endpoint = Endpoint::new(vec![Key { pair: key.pair.clone(), id: key.id }], token(&shop));
    profile(&shop, &endpoint.url, SHOP);
    enrol(&shop, &key.file(&endpoint.url).to_string());
    for command in
        [&["test-mailbox", "shop", "-v"][..], &["test-smtp", "shop"], &["inspect", "shop"], &["authorize", "shop"]]
    {
        let ran = shop.json(command, 0);
        assert!(!ran.all_text().contains(&line), "{}", ran.all_text());
    }
    // Reading, sending and the look at the token share one token; `authorize` proves a new one.
    assert_eq!(endpoint.asked(), 2);
    let said = shop.run(&["authorize", "shop"]).finish().code(0).all_text();
    assert!(said.contains("nothing to sign in") && !said.contains("browser"), "{said}");
    assert!(shop.files_with(&line).is_empty(), "the key is in the clear");
    shop.insist_on_manners();
}

#[test]
fn a_wrong_file_is_refused_and_nothing_is_stored() {
    let shop = Fixture::new();
    let key = Key::new("1111aaaa");
    let url = "http://127.0.0.1:9/token";
    let mut other = key.file(url);
    other["client_id"] = "7".into();
    profile(&shop, url, SHOP);
    for (contents, code, exit) in [
        (
            r#"{"installed":{"client_id":"1-a.apps.googleusercontent.com","client_secret":"GOCSPX-practice-only"}}"#
                .to_owned(),
            "service-account-is-oauth-client",
            2,
        ),
        (r#"{"type":"authorized_user","refresh_token":"1//practice-only"}"#.to_owned(), "service-account-is-user", 2),
        (key.file(url).to_string()[..500].to_owned(), "service-account-not-a-file", 2),
        (key.file("https://oauth2.example/token").to_string(), "service-account-other-host", 3),
        (other.to_string(), "service-account-other-client", 3),
    ] {
        let path = file(&shop, &contents);
        let refused = shop.json(&["add", "shop", "--secret-file", path.to_str().unwrap()], exit);
        assert_eq!(refused.json()["error"]["code"], code, "{}", refused.stdout);
        assert!(!refused.all_text().contains(&key.line()), "{}", refused.all_text());
    }
    let refused = shop.json(&["test-mailbox", "shop"], 5);
    assert_eq!(refused.finding_codes(), ["service-account-not-stored"], "{}", refused.stdout);
}

#[test]
fn what_google_refuses_is_told_with_what_to_delegate() {
    let shop = Fixture::new();
    let key = Key::new("1111aaaa");
    let endpoint = Endpoint::new(vec![Key { pair: key.pair.clone(), id: key.id }], token(&shop));
    profile(&shop, &endpoint.url, SHOP);
    enrol(&shop, &key.file(&endpoint.url).to_string());
    let narrow = std::fs::read_to_string(shop.config()).unwrap();
    std::fs::write(shop.config(), narrow.replace("outgoing = { protocol = \"gmail\" }\n", "")).unwrap();
    let refused = shop.json(&["test-mailbox", "shop"], 1);
    assert_eq!(refused.finding_codes()[0], "google-dwd-unauthorized", "{}", refused.stdout);
    let steps = refused.all_text();
    assert!(steps.contains(NUMBER) && steps.contains("https://www.googleapis.com/auth/gmail.metadata"), "{steps}");
    for (address, code) in
        [("absent@contoso.com", "google-dwd-invalid-subject"), ("shop@gmail.com", "service-account-no-delegation")]
    {
        profile(&shop, &endpoint.url, address);
        let refused = shop.run(&["--json", "test-mailbox", "shop"]).finish();
        assert_eq!(refused.finding_codes()[0], code, "{}", refused.stdout);
    }
}

#[test]
fn a_new_key_is_proven_before_it_replaces_the_old_one() {
    let shop = Fixture::new();
    let (old, new, stranger) = (Key::new("1111aaaa"), Key::new("2222bbbb"), Key::new("3333cccc"));
    let known = |key: &Key| Key { pair: key.pair.clone(), id: key.id };
    let endpoint = Endpoint::new(vec![known(&old), known(&new)], token(&shop));
    profile(&shop, &endpoint.url, SHOP);
    enrol(&shop, &old.file(&endpoint.url).to_string());
    let rotate = |key: &Key, exit| {
        let path = file(&shop, &key.file(&endpoint.url).to_string());
        shop.json(&["rotate-secret", "robot", "--secret-file", path.to_str().unwrap()], exit)
    };
    let refused = rotate(&stranger, 1);
    assert!(refused.all_text().contains("google-service-account-key-unknown"), "{}", refused.stdout);
    shop.json(&["authorize", "shop"], 0);
    rotate(&new, 0);
    shop.json(&["authorize", "shop"], 0);
    shop.json(&["rotate-secret", "robot", "--rollback"], 0);
    shop.json(&["authorize", "shop"], 0);
}

/// The profile for the tenant's service account, whose mailbox has mail servers; `settings` are added to `service_account`.
pub(crate) fn tenants_profile(shop: &Fixture, settings: &str) {
    let (sandbox, ca_file) = (shop.sandbox(), shop.ca_file());
    let (google, ports) = (format!("{}/google", sandbox.authority()), sandbox.ports());
    shop.write_config(&format!(
        "[apps.robot]\nprovider = \"google\"\nclient_id = \"{UNIQUE_ID}\"\ncredential = \"service-account\"\n\
         ca_file = \"{ca_file}\"\nservice_account = {{ token_url = \"{google}/token\", \
         token_exchange_url = \"{google}/v1/token\", signer_url = \"{google}\"{settings} }}\n\
         [mailboxes.shop]\napp = \"robot\"\naddress = \"{SHOP}\"\n\
         incoming = {{ protocol = \"imap\", host = \"localhost\", port = {} }}\n\
         outgoing = {{ protocol = \"smtp\", host = \"localhost\", port = {}, tls = \"starttls\" }}\n",
        ports.imap_implicit, ports.smtp_starttls
    ));
}

#[test]
fn a_delegated_key_reads_and_sends_over_imap_and_smtp() {
    let shop = Fixture::new();
    tenants_profile(&shop, "");
    enrol(&shop, &shop.sandbox().service_account_key().unwrap().to_string());
    let refused = shop.json(&["test", "shop"], 1);
    assert!(refused.finding_codes().contains(&"google-dwd-unauthorized".to_owned()), "{}", refused.stdout);
    shop.sandbox().delegate(&["https://mail.google.com/"]);
    let both = shop.json(&["test", "shop"], 0);
    assert_eq!(both.json()["reports"][0]["sides"][0]["state"], "works", "{}", both.stdout);
    assert_eq!(both.json()["reports"][0]["sides"][1]["state"], "works", "{}", both.stdout);
    shop.insist_on_manners();
}

#[test]
fn without_a_key_another_issuer_s_token_is_all_that_the_machine_has() {
    const SUBJECT: &str = "project_path:shop/mail:ref_type:branch:ref:main";
    let shop = Fixture::new();
    let (token, account) = (shop.path().join("token"), shop.path().join("account.json"));
    let sandbox = shop.sandbox();
    std::fs::write(&account, sandbox.external_account(&token).to_string()).unwrap();
    tenants_profile(&shop, &format!(", external_account = {:?}", account.display().to_string()));
    sandbox.delegate(&["https://mail.google.com/"]);
    let tested = |code: &str| {
        let ran = shop.run(&["--json", "test-mailbox", "shop", "-v"]).finish();
        assert!(ran.finding_codes().contains(&code.to_owned()), "{code}: {}", ran.stdout);
    };
    tested("service-account-subject-token");
    let issued = sandbox.outside_token("gitlab", SUBJECT, &sandbox.google_audience(), 300);
    std::fs::write(&token, format!("{issued}\n")).unwrap();
    tested("google-pool-provider-unknown");
    sandbox.trust_at_google(&sandbox.outside_issuer("gitlab"), "another");
    tested("google-sign-jwt-denied");
    sandbox.trust_at_google(&sandbox.outside_issuer("gitlab"), SUBJECT);
    let both = shop.json(&["test", "shop", "-v"], 0);
    assert_eq!(both.json()["reports"][0]["sides"][1]["state"], "works", "{}", both.stdout);
    assert!(!both.all_text().contains(&issued), "the token is shown");
    // The same token in a variable, and no file at all.
    tenants_profile(&shop, &format!(", account = \"{SERVICE_ACCOUNT}\", audience = \"{PROVIDER}\""));
    let profile = std::fs::read_to_string(shop.config()).unwrap();
    let federated = "federated = { source = \"variable\", variable = \"PRACTICE_ID_TOKEN\" }\n[mailboxes.shop]";
    std::fs::write(shop.config(), profile.replace("[mailboxes.shop]", federated)).unwrap();
    let proven = shop.run(&["--json", "authorize", "shop"]).env("PRACTICE_ID_TOKEN", &issued).finish().code(0);
    assert!(!proven.all_text().contains(&issued), "the token is shown");
    let refused = shop.json(&["authorize", "shop"], 3);
    assert_eq!(refused.finding_codes(), ["federated-variable-missing"], "{}", refused.stdout);
    // No key and no secret: what is stored is the access token of the mailbox alone, in the vault.
    assert!(shop.files_with(&issued).iter().all(|file| *file == token), "{:?}", shop.files_with(&issued));
    shop.insist_on_manners();
}
