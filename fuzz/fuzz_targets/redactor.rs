//! The redactor: a planted secret is gone from any text in any of its usual encodings, and nothing that a terminal obeys
//! is left.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use mailgrant::text::Redactor;
use mailgrant_fuzz::{CANARY, canary, choice};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn encoded(choice: usize, inside: &str) -> String {
    let whole = format!("{inside}{CANARY}");
    let percent = |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let utf16: Vec<u8> = CANARY.encode_utf16().flat_map(u16::to_le_bytes).collect();
    match choice % 12 {
        0 => CANARY.to_owned(),
        1 => STANDARD.encode(&whole),
        2 => URL_SAFE_NO_PAD.encode(&whole),
        3 => percent(CANARY),
        4 => percent(&STANDARD.encode(&whole)),
        5 => STANDARD.encode(percent(CANARY)),
        6 => hex(whole.as_bytes()),
        7 => hex(&utf16).to_uppercase(),
        8 => STANDARD.encode(&utf16),
        9 => CANARY.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect(),
        10 => CANARY.replace('/', "&#x2F;").replace('+', "&#43;"),
        _ => serde_json::Value::from(CANARY.replace('/', "\\/")).to_string(),
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, rest)) = choice(data) else { return };
    let text = String::from_utf8_lossy(rest);
    let mut parts = text.splitn(3, '\n');
    let mut next = || parts.next().unwrap_or_default();
    let (inside, before, after) = (next(), next(), next());
    let inside: String = inside.chars().take(5).collect();
    let redactor = Redactor::default();
    redactor.learn(&canary());
    let secret = encoded(choice, &inside);
    // Between the words of a text is something that is part of none.
    let [open, close] = [["<", ">"], [" ", "\r\n"], ["\"", "\""], ["=", "&"]][choice / 12 % 4];
    let full = format!("{before}{open}{secret}{close}{after}");
    let cleaned = redactor.clean(&full);
    assert!(!cleaned.chars().any(char::is_control), "{cleaned:?}");
    assert!(!cleaned.contains(&secret), "{cleaned:?} shows {secret:?}");
    assert!(!cleaned.contains(CANARY), "{cleaned:?}");
    if !before.contains(&CANARY[..12]) && !after.contains(&CANARY[..12]) {
        mailgrant_fuzz::without_canary(&cleaned);
    }
    assert!(cleaned.len() <= 10 * full.len() + 10, "it grows without need");
    // Once more changes little: what was apart may have moved together, and more is hidden then. Nothing comes back.
    let again = redactor.clean(&cleaned);
    assert!(!again.chars().any(char::is_control) && !again.contains(CANARY), "{again:?}");
});
