//! Looks for a secret in whatever dress it could have left in.

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, Engine};

/// A secret whose every encoding differs from it and from the others.
pub(crate) const CLIENT_SECRET: &str = "Canary8Q~p+lus/slash=amp&percent%quote\"tail.4711";
/// The one that comes after it.
pub(crate) const NEXT_CLIENT_SECRET: &str = "Second9R~p+lus/slash=amp&percent%quote\"tail.0815";

/// A long token is looked for by pieces of this many bytes, so that a part of it that got out is found too.
const PIECE: usize = 24;

/// The twelve dresses of a secret: their names, and the bytes to look for.
pub(crate) fn encodings(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let text = String::from_utf8_lossy(secret).into_owned();
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let percent_all: String = secret.iter().map(|byte| format!("%{byte:02X}")).collect();
    let form: String = url::form_urlencoded::byte_serialize(secret).collect();
    let utf16 = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        ("plain", secret.to_vec()),
        ("base64 at offset 0", base64_inside(&BASE64_STANDARD, secret, 0)),
        ("base64 at offset 1", base64_inside(&BASE64_STANDARD, secret, 1)),
        ("base64 at offset 2", base64_inside(&BASE64_STANDARD, secret, 2)),
        ("base64url at offset 0", base64_inside(&BASE64_URL_SAFE, secret, 0)),
        ("base64url at offset 1", base64_inside(&BASE64_URL_SAFE, secret, 1)),
        ("base64url at offset 2", base64_inside(&BASE64_URL_SAFE, secret, 2)),
        ("form encoding", form.into_bytes()),
        ("percent encoding", percent_all.into_bytes()),
        ("hexadecimal", hex.into_bytes()),
        ("UTF-16", utf16),
        ("an escaped string", text.escape_debug().to_string().into_bytes()),
    ]
}

/// What of the secret's base64 stays the same whatever stands around it, where it begins `offset` bytes into a group
/// of three.
fn base64_inside(engine: &impl Engine, secret: &[u8], offset: usize) -> Vec<u8> {
    let skip = (3 - offset) % 3;
    let whole = (secret.len() - skip) / 3 * 3;
    engine.encode(&secret[skip..skip + whole]).into_bytes()
}

/// Every place in `text` where a secret shows, in words.
pub(crate) fn find(place: &str, text: &[u8], secrets: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (number, secret) in secrets.iter().enumerate() {
        for piece in pieces(secret.as_bytes()) {
            for (name, dress) in encodings(piece) {
                if contains(text, &dress) {
                    found.push(format!("secret number {number} as {name} in {place}"));
                }
            }
        }
    }
    found.dedup();
    found
}

/// A short secret as a whole; of a long one, pieces from its middle and its end: the beginning of a JWT is no secret.
fn pieces(secret: &[u8]) -> Vec<&[u8]> {
    if secret.len() < 4 * PIECE {
        return vec![secret];
    }
    let at = |start: usize| &secret[start..start + PIECE];
    vec![at(secret.len() / 2), at(secret.len() * 3 / 4), at(secret.len() - PIECE)]
}

fn contains(text: &[u8], wanted: &[u8]) -> bool {
    // The first byte sieves: files are searched for hundreds of tokens.
    let Some((first, _)) = wanted.split_first() else { return false };
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        if rest[at..].starts_with(wanted) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

#[test]
fn the_nose_finds_a_secret_in_each_of_its_dresses() {
    let secret = CLIENT_SECRET.to_owned();
    let secrets = [secret.clone()];
    for (name, dress) in encodings(secret.as_bytes()) {
        let text = [b"before ".as_slice(), &dress, b" after"].concat();
        assert!(!find("here", &text, &secrets).is_empty(), "{name}");
    }
    for before in ["", "u", "us"] {
        let sasl = BASE64_STANDARD.encode(format!("{before}{secret}\x01\x01"));
        assert!(!find("here", sasl.as_bytes(), &secrets).is_empty(), "base64 after {before:?}");
    }
    assert!(find("here", b"nothing of the kind", &secrets).is_empty());
}
