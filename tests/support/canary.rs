//! Looks for a secret in every encoding in which it could have left.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, Engine};

/// A secret whose every encoding differs from it and from the others: three question marks are a `/` or a `_` in base64,
/// wherever they begin.
pub(crate) const CLIENT_SECRET: &str = "Canary8Q~p+lus/slash=amp&percent%quote\"why???tail.4711";
/// The one that comes after it.
pub(crate) const NEXT_CLIENT_SECRET: &str = "Second9R~p+lus/slash=amp&percent%quote\"why???tail.0815";

/// A long token is looked for by pieces of this many bytes, so that a part of it that got out is found too.
const PIECE: usize = 24;
/// No encoding is shorter: by its first bytes it is recognised.
const START: usize = 8;

/// The encodings of a secret: their names, and the bytes to look for.
pub(crate) fn encodings(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let text = String::from_utf8_lossy(secret).into_owned();
    let each = |one: fn(u8) -> String| secret.iter().map(|byte| one(*byte)).collect::<String>().into_bytes();
    let form: String = url::form_urlencoded::byte_serialize(secret).collect();
    let utf16 = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect();
    let json = serde_json::to_string(&text).expect("any text is JSON");
    let html = [('&', "&amp;"), ('<', "&lt;"), ('"', "&quot;"), ('/', "&#x2F;"), ('=', "&#61;"), ('+', "&#43;")];
    let html = html.iter().fold(text.clone(), |text, (sign, entity)| match sign {
        '&' => text.replace('&', entity),
        sign => text.replace(*sign, entity),
    });
    vec![
        ("plain", secret.to_vec()),
        ("base64 at offset 0", base64_inside(&BASE64_STANDARD, secret, 0)),
        ("base64 at offset 1", base64_inside(&BASE64_STANDARD, secret, 1)),
        ("base64 at offset 2", base64_inside(&BASE64_STANDARD, secret, 2)),
        ("base64url at offset 0", base64_inside(&BASE64_URL_SAFE, secret, 0)),
        ("base64url at offset 1", base64_inside(&BASE64_URL_SAFE, secret, 1)),
        ("base64url at offset 2", base64_inside(&BASE64_URL_SAFE, secret, 2)),
        ("form encoding", form.into_bytes()),
        ("percent encoding", each(|byte| format!("%{byte:02X}"))),
        ("percent encoding in small letters", each(|byte| format!("%{byte:02x}"))),
        ("a JSON string", json.as_bytes()[1..json.len() - 1].to_vec()),
        ("JSON with every character escaped", each(|byte| format!("\\u{byte:04x}"))),
        ("HTML with its entities", html.into_bytes()),
        ("HTML with every character a number", each(|byte| format!("&#{byte};"))),
        ("hexadecimal", each(|byte| format!("{byte:02x}"))),
        ("hexadecimal in capitals", each(|byte| format!("{byte:02X}"))),
        ("UTF-16, little end first", utf16(u16::to_le_bytes)),
        ("UTF-16, big end first", utf16(u16::to_be_bytes)),
    ]
}

/// What of the secret's base64 stays the same whatever is around it, where it begins `offset` bytes into a group
/// of three.
fn base64_inside(engine: &impl Engine, secret: &[u8], offset: usize) -> Vec<u8> {
    let skip = (3 - offset) % 3;
    let whole = (secret.len() - skip) / 3 * 3;
    engine.encode(&secret[skip..skip + whole]).into_bytes()
}

/// Whose it is, what it is called, and its bytes.
type Encoding = (usize, &'static str, Vec<u8>);

/// Knows secrets in all their encodings. Looking takes time in proportion to the text, however many it knows.
pub(crate) struct Nose {
    /// By their first bytes.
    encoded: HashMap<[u8; START], Vec<Encoding>>,
    /// Which first bytes there are at all, by a number made of four of them: most of a text is passed by with a look here.
    starts: Vec<bool>,
}

impl Nose {
    pub(crate) fn new(secrets: &[String]) -> Self {
        let mut nose = Self { encoded: HashMap::new(), starts: vec![false; 1 << 16] };
        for (number, secret) in secrets.iter().enumerate() {
            for piece in pieces(secret.as_bytes()) {
                for (name, bytes) in encodings(piece) {
                    let start: [u8; START] =
                        bytes.get(..START).expect("an encoding has some length").try_into().unwrap();
                    nose.starts[sieve(&start)] = true;
                    nose.encoded.entry(start).or_default().push((number, name, bytes));
                }
            }
        }
        nose
    }

    /// Every secret that shows in `text`, in words.
    pub(crate) fn find(&self, place: &str, text: &[u8]) -> Vec<String> {
        let mut found = BTreeSet::new();
        for (at, start) in text.windows(START).enumerate().filter(|(_, start)| self.starts[sieve(start)]) {
            let encoded = start.try_into().ok().and_then(|start: [u8; START]| self.encoded.get(&start));
            let present = encoded.into_iter().flatten().filter(|(_, _, bytes)| text[at..].starts_with(bytes));
            found.extend(present.map(|(number, name, _)| format!("secret number {number} as {name} in {place}")));
        }
        found.into_iter().collect()
    }
}

fn sieve(start: &[u8]) -> usize {
    let number = u32::from_le_bytes([start[0], start[1], start[2], start[3]]).wrapping_mul(0x9e37_79b1);
    (number >> 16) as usize
}

/// Every place in `text` where a secret shows, in words.
pub(crate) fn find(place: &str, text: &[u8], secrets: &[String]) -> Vec<String> {
    Nose::new(secrets).find(place, text)
}

/// A short secret as a whole; of a long one, pieces from its middle and its end: the beginning of a JWT is not a secret.
fn pieces(secret: &[u8]) -> Vec<&[u8]> {
    if secret.len() < 4 * PIECE {
        return vec![secret];
    }
    let at = |start: usize| &secret[start..start + PIECE];
    vec![at(secret.len() / 2), at(secret.len() * 3 / 4), at(secret.len() - PIECE)]
}

#[test]
fn the_nose_finds_a_secret_in_each_of_its_encodings() {
    let secret = CLIENT_SECRET.to_owned();
    let nose = Nose::new(&[NEXT_CLIENT_SECRET.to_owned(), secret.clone()]);
    let encoded = encodings(secret.as_bytes());
    let different: BTreeSet<_> = encoded.iter().map(|(_, bytes)| bytes).collect();
    assert_eq!((encoded.len(), different.len()), (18, 18));
    for (name, bytes) in encoded {
        let text = [b"before ".as_slice(), &bytes, b" after"].concat();
        assert!(nose.find("here", &text).contains(&format!("secret number 1 as {name} in here")), "{name}");
    }
    for before in ["", "u", "us"] {
        let sasl = BASE64_STANDARD.encode(format!("{before}{secret}\x01\x01"));
        assert!(!nose.find("here", sasl.as_bytes()).is_empty(), "base64 after {before:?}");
    }
    assert!(nose.find("here", b"nothing of the kind").is_empty());
    let long: String = (0..40).fold(String::new(), |mut text, number| {
        let _ = write!(text, "part{number:03}");
        text
    });
    let nose = Nose::new(std::slice::from_ref(&long));
    assert!(!nose.find("here", &long.as_bytes()[long.len() / 2..]).is_empty(), "the half of a long token is found");
}
