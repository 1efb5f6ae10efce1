//! The redactor against secrets in every encoding that a server, a log or a page might put them in.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;

const SECRET: &str = "Kq8Q~canary/with+signs=and.dots_5f1";

fn knowing(secret: &str) -> Redactor {
    let redactor = Redactor::default();
    redactor.learn(&SecretString::from(secret));
    redactor
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn percent(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn utf16le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn utf16be(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// Every encoding by name. `before` is in front of the secret inside the encoded bytes, which moves it to another
/// base64 offset.
fn encodings(secret: &str, before: &str) -> Vec<(&'static str, String)> {
    let whole = format!("{before}{secret}");
    let json = serde_json::to_string(secret).unwrap();
    let wrapped =
        STANDARD.encode(&whole).as_bytes().chunks(20).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\r\n");
    let unicode = secret.encode_utf16().fold(String::new(), |mut text, unit| {
        let _ = write!(text, "\\u{unit:04x}");
        text
    });
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;").replace('/', "&#x2F;");
    vec![
        ("plain", secret.to_owned()),
        ("base64", STANDARD.encode(&whole)),
        ("base64url", URL_SAFE_NO_PAD.encode(&whole)),
        ("base64 in lines", wrapped),
        ("base64 of percent", STANDARD.encode(format!("{before}{}", percent(secret)))),
        ("base64 in percent", percent(&STANDARD.encode(&whole))),
        ("percent", percent(secret)),
        ("percent, every byte", secret.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"))),
        ("JSON", json.clone()),
        ("JSON in JSON", serde_json::to_string(&json).unwrap()),
        ("JSON with slashes escaped", json.replace('/', "\\/")),
        ("JSON, every character", unicode),
        ("HTML", html),
        ("hex", hex(whole.as_bytes())),
        ("HEX", hex(whole.as_bytes()).to_uppercase()),
        ("hex with colons", secret.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")),
        ("UTF-16LE in hex", hex(&utf16le(secret))),
        ("UTF-16BE in hex", hex(&utf16be(secret))),
        ("UTF-16LE in base64", STANDARD.encode(utf16le(secret))),
        ("UTF-16BE in base64", STANDARD.encode(utf16be(secret))),
    ]
}

#[test]
fn a_known_secret_is_hidden_in_every_encoding_at_every_offset() {
    let redactor = knowing(SECRET);
    for before in ["", "a", "ab", "abc"] {
        for (name, encoded) in encodings(SECRET, before) {
            let cleaned = redactor.clean(&format!("the server said '{encoded}' to us"));
            assert_eq!(cleaned.replace(['"', '\\'], ""), "the server said '[redacted]' to us", "{name}: {encoded}");
        }
    }
}

#[test]
fn text_without_secrets_is_left_as_it_is() {
    let redactor = knowing(SECRET);
    for text in [
        "535 5.7.3 Authentication unsuccessful [AM0PR01CA0001.eurprd01.prod.exchangelabs.com 2026-11-22T00:00:00.000Z]",
        "250-AUTH LOGIN PLAIN XOAUTH2 OAUTHBEARER",
        "* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2 UIDPLUS",
        "a1 NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)",
        r#"{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}"#,
        r#"{"error":{"code":"InvalidAuthenticationToken","message":"Access token has expired."}}"#,
        "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the client secret value",
        "the parameter 'client_assertion' or 'client_secret' is missing; error code=535",
        "WWW-Authenticate: Bearer error=\"invalid_token\"",
        "bearer authentication failed",
    ] {
        assert_eq!(redactor.clean(text), text);
    }
}

#[test]
fn a_piece_of_a_secret_is_enough() {
    let redactor = knowing(SECRET);
    assert_eq!(redactor.clean(&format!("token {}... refused", &SECRET[..16])), "token [redacted] refused");
}

#[test]
fn unknown_secrets_are_hidden_by_their_shape() {
    let redactor = Redactor::default();
    for (text, cleaned) in [
        ("AUTH XOAUTH2 dXNlcj1h", "AUTH XOAUTH2 [redacted]"),
        ("a1 AUTHENTICATE oauthbearer bixhPXg=", "a1 AUTHENTICATE oauthbearer [redacted]"),
        ("500 what is \"AUTH PLAIN AGEAYg==\"?", "500 what is \"AUTH PLAIN [redacted]\"?"),
        ("grant_type=x&client_secret=hunter2&a=b", "grant_type=x&client_secret=[redacted]&a=b"),
        ("GET /?code=0.AX&state=s1 HTTP/1.1", "GET /?code=[redacted]&state=[redacted] HTTP/1.1"),
        (r#"{"refresh_token": "a b,c", "x": 1}"#, r#"{"refresh_token": "[redacted]", "x": 1}"#),
        (r#"{"e":"{\"id_token\":\"abc\"}"}"#, r#"{"e":"{\"id_token\":\"[redacted]\"}"}"#),
        ("Authorization: Basic aWQ6cHc=", "Authorization: Basic [redacted]"),
        ("authorization:Bearer x y", "authorization:Bearer [redacted]"),
        ("auth=Bearer abc", "auth=Bearer [redacted]"),
        ("wrong eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.sig here", "wrong [redacted] here"),
        ("AGE-SECRET-KEY-1QQQQQQQQQQQQ", "[redacted]"),
        ("is M.C507_BAY.0.U.-Cq3Vb6Nm1Qw8Er4Ty0Ui7Op2As5Df9Gh!x it?", "is [redacted] it?"),
        ("is abC8Q~1111111122222233334444455555555555 it?", "is [redacted] it?"),
    ] {
        assert_eq!(redactor.clean(text), cleaned);
    }
}

#[test]
fn what_looks_drawn_by_lot_is_hidden_where_tokens_are_likely_and_nowhere_else() {
    let redactor = Redactor::default();
    for drawn in [
        "Vb6Nm1Qw8Er4Ty0Ui7Op2As5Df9Gh",
        "0.AXoAs1_Vb6Nm1Qw8Er4Ty0Ui7Op2As5D-f9Gh.AQABAAEAAAD",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
        "Y2FuYXJ5LXRva2Vu/b2Y+c29tZQ==",
    ] {
        let text = format!("cannot store {drawn} now");
        let cleaned = redactor.clean_of_tokens(&text);
        let left = drawn.split(|c: char| !c.is_ascii_alphanumeric()).max_by_key(|run| run.len()).unwrap();
        assert!(cleaned.contains("[redacted]") && !cleaned.contains(left), "{cleaned}");
        assert_eq!(redactor.clean(&text), text);
    }
    for text in [
        "AADSTS700016: Application with identifier '11111111-2222-3333-4444-555555555555' was not found. Trace ID: \
         aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee Timestamp: 2026-11-22 00:00:00Z",
        "123456789012-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com",
        "The scope https://outlook.office.com/IMAP.AccessAsUser.All is not known to AM0PR01CA0001.eurprd01.prod.outlook.com",
        "Http/1.1 Internal Server Error 43531, ServiceUnavailableException",
    ] {
        assert_eq!(redactor.clean_of_tokens(text), text);
    }
}

#[test]
fn a_sasl_response_alone_on_its_line_is_hidden() {
    let redactor = Redactor::default();
    let response = STANDARD.encode("user=shop@contoso.com\x01auth=Bearer unknown\x01\x01");
    assert_eq!(redactor.clean(&response), "[redacted]");
    assert_eq!(redactor.clean(&format!("500 {response} is too long")), "500 [redacted] is too long");
}

#[test]
fn nothing_that_a_terminal_obeys_gets_through() {
    let redactor = Redactor::default();
    let cleaned = redactor.clean("a\x1b]0;x\x07b\0c\u{9b}2Jd\u{202e}e\u{2066}f\u{feff}\r\n\tg\u{7f}");
    assert_eq!(cleaned, "a\\x1b]0;x\\x07b\\x00c\\x9b2Jd\\u{202e}e\\u{2066}f\\u{feff}\\r\\n\\tg\\x7f");
}

#[test]
fn hostile_text_takes_time_in_proportion_to_its_length() {
    let redactor = knowing(SECRET);
    for unit in [
        "eyJ",
        "code=",
        "\\\"",
        "AUTH PLAIN a",
        "authorization:",
        "&#x",
        "%25",
        "Kq8Q~canary/w",
        "a\u{202e}",
        "client_secret \t",
        "pwd=",
        "a=",
        "password:a,",
        "<password>",
        "a1 LOGIN ",
        "> PASS a ",
        "--password ",
        "://a:b@",
        "M.C507_BAY.0.U.-Cq3Vb!",
        "PRIVATE KEY-----",
    ] {
        // Quadratic, this would take a minute without optimisation; it takes half a second.
        let text = unit.repeat(64 * 1024 / unit.len());
        let start = std::time::Instant::now();
        let _ = redactor.clean(&text);
        assert!(start.elapsed().as_secs() < 10, "{unit:?} took {:?}", start.elapsed());
    }
}

/// What comes before and after a secret in markup, JSON, forms, addresses and lines.
const SIGNS: [[&str; 2]; 7] =
    [["<", ">"], ["\"", "\""], ["=", "&"], ["(", ")"], ["\r\n", "\r\n"], ["{\"a\":\"", "\"}"], ["?x=", "#"]];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_secret_survives_in_any_text(
        secret in "[A-Za-z0-9+/=._~-]{16,80}",
        before in "\\PC{0,20}",
        inside in "[a-z]{0,4}",
        after in "\\PC{0,20}",
    ) {
        let redactor = knowing(&secret);
        for (name, encoded) in encodings(&secret, &inside) {
            let cleaned = redactor.clean(&format!("{before} {encoded} {after}"));
            prop_assert!(!cleaned.contains(&encoded), "{}: {}", name, cleaned);
            // Not even a tenth of it.
            prop_assert!(!encoded.as_bytes().windows(12).any(|part| cleaned.as_bytes().windows(12).any(|seen| seen == part)
                && !before.as_bytes().windows(12).chain(after.as_bytes().windows(12)).any(|own| own == part)), "{}: {}", name, cleaned);
        }
    }

    #[test]
    fn every_one_of_several_secrets_is_hidden_in_each_encoding_between_any_signs(
        secrets in prop::collection::vec("[A-Za-z0-9+/=._~-]{12,60}", 1..4),
        which in any::<prop::sample::Index>(),
        encoding in any::<prop::sample::Index>(),
        signs in prop::sample::select(&SIGNS[..]),
        before in "\\PC{0,20}",
        after in "\\PC{0,20}",
    ) {
        let redactor = Redactor::default();
        secrets.iter().for_each(|secret| redactor.learn(&SecretString::from(secret.as_str())));
        let secret = which.get(&secrets);
        let all = encodings(secret, "");
        let (name, encoded) = encoding.get(&all);
        let [open, close] = signs;
        let cleaned = redactor.clean(&format!("{before}{open}{encoded}{close}{after}"));
        prop_assert!(!cleaned.contains(encoded), "{}: {}", name, cleaned);
        let own = |part: &[u8]| [&before, &after].iter().any(|text| text.as_bytes().windows(12).any(|seen| seen == part));
        let leaks = |text: &str| {
            text.as_bytes().windows(12).any(|part| !own(part) && cleaned.as_bytes().windows(12).any(|seen| seen == part))
        };
        prop_assert!(!leaks(secret) && !leaks(encoded), "{}: {}", name, cleaned);
    }

    #[test]
    fn any_secret_of_any_characters_is_hidden_plain_and_in_base64(secret in "\\PC{4,40}", before in "[ -~]{0,9}") {
        prop_assume!(secret.trim().len() >= SHORTEST);
        let redactor = knowing(&secret);
        for encoded in [secret.trim().to_owned(), STANDARD.encode(format!("{before}{}", secret.trim()))] {
            let cleaned = redactor.clean(&format!("<{encoded}>"));
            prop_assert!(!cleaned.contains(&encoded), "{}", cleaned);
        }
    }

    #[test]
    fn what_is_clean_stays_as_it_is_and_has_no_control_characters(text in any::<String>()) {
        let redactor = knowing(SECRET);
        let cleaned = redactor.clean(&text);
        prop_assert!(!cleaned.chars().any(char::is_control), "{:?}", cleaned);
        prop_assert_eq!(redactor.clean(&cleaned), cleaned);
    }
}

#[test]
fn what_is_read_back_loses_what_has_the_form_of_a_secret_and_no_word_behind_the_name_of_one() {
    for ours in ["run it without --device-code on a managed computer", "permissions: { id-token: write }"] {
        assert_eq!(*Redactor::read_back(ours), *ours);
    }
    let token = format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.{}.{}", "eyJhIjoxfQ", "c2lnbmF0dXJlc2lnbmF0dXJl");
    for planted in [token.clone(), format!("Authorization: Bearer {token}"), format!("\u{1b}]0;{token}\u{7}")] {
        let shown = Redactor::read_back(&planted);
        assert!(!shown.contains("c2lnbmF0dXJl") && !shown.contains(['\u{1b}', '\u{7}']), "{shown}");
    }
}
