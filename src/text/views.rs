//! Ways to read a text: as it is, unescaped, without blanks, from hex, from base64. A secret that is in a text in
//! some usual encoding is in clear in one of the views.

use zeroize::Zeroizing;

/// A reading of a text: its bytes, and for each byte which bytes of the original it came from.
pub(super) struct View {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// Start and end of each byte's origin.
    pub(super) origin: Vec<(u32, u32)>,
}

impl View {
    fn sized(len: usize) -> Self {
        // Room for all from the start: a Vec that grows leaves unwiped copies behind.
        Self { bytes: Zeroizing::new(Vec::with_capacity(len)), origin: Vec::with_capacity(len) }
    }

    fn push(&mut self, byte: u8, origin: (u32, u32)) {
        self.bytes.push(byte);
        self.origin.push(origin);
    }

    /// The text as it is.
    pub(super) fn plain(text: &str) -> Self {
        let mut view = Self::sized(text.len());
        for (at, byte) in (0..).zip(text.bytes()) {
            view.push(byte, (at, at + 1));
        }
        view
    }

    /// With the escapes of URLs and forms (`%2F`), of JSON and its relatives (`\/`, `\u002f`, `\x2f`) and of HTML
    /// (`&amp;`, `&#x2f;`) undone.
    pub(super) fn unescaped(&self) -> Self {
        let mut view = Self::sized(self.bytes.len());
        let mut at = 0;
        while let Some(&byte) = self.bytes.get(at) {
            let (decoded, len) = unescape(&self.bytes[at..]).unwrap_or((u32::from(byte), 1));
            let origin = (self.origin[at].0, self.origin[at + len - 1].1);
            if len == 1 {
                view.push(byte, origin);
            } else if let (b'%' | b'\\', 0x80..=0xff) = (byte, decoded) {
                // %XX and \xXX name bytes, the others characters.
                view.push(decoded.to_le_bytes()[0], origin);
            } else {
                let mut utf8 = [0; 4];
                let c = char::from_u32(decoded).unwrap_or(char::REPLACEMENT_CHARACTER);
                for &byte in c.encode_utf8(&mut utf8).as_bytes() {
                    view.push(byte, origin);
                }
            }
            at += len;
        }
        view
    }

    /// Without blanks, line endings and control characters: base64 in lines of 76, UTF-16's zero bytes.
    pub(super) fn squeezed(&self) -> Self {
        let mut view = Self::sized(self.bytes.len());
        for (&byte, &origin) in self.bytes.iter().zip(&self.origin) {
            if byte > b' ' {
                view.push(byte, origin);
            }
        }
        view
    }

    /// What the runs of hexadecimal digits (`:` and `-` between them are ignored) say when their first `skip` digits are
    /// left out.
    pub(super) fn hex_decoded(&self, skip: usize) -> Self {
        self.decode_runs(Radix { bits: 4, value: hex_value, is_filler: |b| matches!(b, b':' | b'-'), skip })
    }

    /// What the runs of base64 characters of either alphabet (RFC 4648 §4, §5) say when their first `skip` characters are
    /// left out.
    pub(super) fn base64_decoded(&self, skip: usize) -> Self {
        self.decode_runs(Radix { bits: 6, value: base64_value, is_filler: |_| false, skip })
    }

    fn decode_runs(&self, radix: Radix) -> Self {
        let mut view = Self::sized(self.bytes.len());
        let mut skipped = 0;
        // The bits that make no whole byte yet, how many they are, and where the first of them came from.
        let (mut bits, mut held, mut begin) = (0_u32, 0, 0);
        for (&byte, &origin) in self.bytes.iter().zip(&self.origin) {
            let Some(digit) = (radix.value)(byte) else {
                if !(radix.is_filler)(byte) && skipped > 0 {
                    // A byte between them separates two neighbouring runs, which would else be read as one.
                    view.push(0, origin);
                    (skipped, bits, held) = (0, 0, 0);
                }
                continue;
            };
            if skipped < radix.skip + 1 {
                skipped += 1;
                if skipped <= radix.skip {
                    continue;
                }
            }
            if held == 0 {
                begin = origin.0;
            }
            bits = bits << radix.bits | u32::from(digit);
            held += radix.bits;
            if held >= 8 {
                held -= 8;
                view.push((bits >> held).to_le_bytes()[0], (begin, origin.1));
                bits &= (1 << held) - 1;
                begin = origin.0;
            }
        }
        view
    }
}

struct Radix {
    bits: u32,
    value: fn(u8) -> Option<u8>,
    is_filler: fn(u8) -> bool,
    skip: usize,
}

fn hex_value(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn base64_value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// `text` without the escapes of URLs and forms (`%2F`), of JSON and its relatives (`\/`, `\u002f`, `\x2f`) and of HTML
/// (`&amp;`, `&#x2f;`), for reading; what comes out is not fit for a terminal.
#[must_use]
pub fn unescaped(text: &str) -> String {
    String::from_utf8_lossy(&View::plain(text).unescaped().bytes).into_owned()
}

/// The escape at the start of `bytes`: what it means and how long it is.
fn unescape(bytes: &[u8]) -> Option<(u32, usize)> {
    let hex = |from: usize, count: usize| {
        let digits = bytes.get(from..from + count)?;
        digits.iter().try_fold(0, |value, &b| Some(value << 4 | u32::from(hex_value(b)?)))
    };
    match bytes {
        [b'%', ..] => Some((hex(1, 2)?, 3)),
        [b'\\', b'u', ..] => Some((hex(2, 4)?, 6)),
        [b'\\', b'x', ..] => Some((hex(2, 2)?, 4)),
        [b'\\', c @ (b'"' | b'\'' | b'\\' | b'/'), ..] => Some((u32::from(*c), 2)),
        [b'&', rest @ ..] => unescape_entity(rest),
        _ => None,
    }
}

fn unescape_entity(bytes: &[u8]) -> Option<(u32, usize)> {
    // The longest that matters, `#x10ffff;`, has nine characters: the search stays short.
    let end = bytes.iter().take(9).position(|&b| b == b';')?;
    let name = std::str::from_utf8(&bytes[..end]).ok()?;
    let value = match name {
        "amp" => u32::from(b'&'),
        "lt" => u32::from(b'<'),
        "gt" => u32::from(b'>'),
        "quot" => u32::from(b'"'),
        "apos" => u32::from(b'\''),
        _ => match name.strip_prefix('#')?.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => name[1..].parse().ok()?,
        },
    };
    Some((value, end + 2))
}
