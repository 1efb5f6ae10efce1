//! The secrets that the peers are after, and the texts of scripts with their placeholders filled in.

use std::fmt::Write as _;

use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::support::canary;

pub(crate) const USER: &str = "shop@contoso.com";
/// The access token in the store. Every character that a token may have.
pub(crate) const ACCESS: &str = "CanaryAccess7.Kd82~jxQ_41-vTz+0pLw/9sHbN3uYcFg5RmEoXaZq6Wt1Vi==";
/// The refresh token in the store.
pub(crate) const REFRESH: &str = "CanaryRefresh5-Hq7Lm2Xv9Bn4Tz8Ws1Kd6Jf3Pg0Rc-YuEiOaSlDkFjGhQw";
/// What a token endpoint hands out.
pub(crate) const FRESH: &str = "FreshAccess3.Vb6Nm1Qw8Er4Ty0Ui7Op2As5Df9Gh_JkLzXcVbNmQaWsEdRf";
/// The refresh token that comes with it.
pub(crate) const NEXT: &str = "NextRefresh8-Zx3Cv6Bn9Mq2We5Rt8Yu1Io4Pa7Sd0FgHjKlZxCvBnMqWeRt";

/// What must never be shown, nor reach a peer that is not verified.
pub(crate) fn secrets() -> Vec<String> {
    vec![ACCESS.to_owned(), REFRESH.to_owned(), canary::CLIENT_SECRET.to_owned(), NEXT.to_owned()]
}

/// The SASL response as Google's document writes it, so that a mistake of ours is not repeated here.
pub(crate) fn sasl() -> String {
    BASE64_STANDARD.encode(format!("user={USER}\x01auth=Bearer {ACCESS}\x01\x01"))
}

/// Replaces `${name}`.
pub(crate) fn fill(text: &str, port: u16) -> String {
    if !text.contains("${") {
        return text.to_owned();
    }
    let (first, second) = ACCESS.split_at(ACCESS.len() / 2);
    [
        ("port", port.to_string()),
        ("token", ACCESS.to_owned()),
        ("token64", BASE64_STANDARD.encode(ACCESS)),
        ("token-first-half", first.to_owned()),
        ("token-second-half", second.to_owned()),
        ("sasl", sasl()),
        ("refresh", REFRESH.to_owned()),
        ("secret", canary::CLIENT_SECRET.replace('"', "\\\\\"")),
        ("fresh", FRESH.to_owned()),
        ("next", NEXT.to_owned()),
    ]
    .iter()
    .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value))
}

/// Bytes as a script writes them.
pub(crate) fn as_script(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\x{byte:02x}");
        text
    })
}

/// Resolves `\r`, `\n`, `\t`, `\e`, `\0`, `\\` and `\xHH`; everything else is its UTF-8.
pub(crate) fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            bytes.extend(c.encode_utf8(&mut [0; 4]).bytes());
            continue;
        }
        match rest.next() {
            Some('r') => bytes.push(b'\r'),
            Some('n') => bytes.push(b'\n'),
            Some('t') => bytes.push(b'\t'),
            Some('e') => bytes.push(0x1b),
            Some('0') => bytes.push(0),
            Some('\\') => bytes.push(b'\\'),
            Some('x') => {
                let digits: String = rest.by_ref().take(2).collect();
                bytes.push(u8::from_str_radix(&digits, 16).expect("two hexadecimal digits after \\x"));
            }
            other => panic!("there is no escape \\{other:?} in {text:?}"),
        }
    }
    bytes
}
