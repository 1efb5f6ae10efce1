//! PEM (RFC 7468): the blocks of a text, and what a file is that has none.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

/// Some tools leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A block: what stands between `-----BEGIN label-----` and its end.
pub(super) struct Block {
    /// What it holds, as in `CERTIFICATE`.
    pub(super) label: String,
    /// Whether it is encrypted in the way that was used before PKCS#8 (RFC 1421 §4.6.1.1).
    pub(super) is_legacy_encrypted: bool,
    /// Its contents, in DER unless they are encrypted.
    pub(super) der: Zeroizing<Vec<u8>>,
}

/// Why a file has no blocks that could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoPem {
    /// It is DER: the same without PEM's lines.
    Der,
    /// It is a PFX file (PKCS#12): key and certificate under one password.
    Pfx,
    /// It is text of two bytes a character, as PowerShell's `>` writes it.
    Utf16,
    /// It is something else.
    Other,
    /// The block of this number has no end, or something within it is not base64.
    Damaged(usize),
}

/// The blocks of `contents`, with any text around them.
///
/// # Errors
/// What it is instead.
pub(super) fn blocks(contents: &[u8]) -> Result<Vec<Block>, NoPem> {
    let Ok(text) = std::str::from_utf8(contents) else { return Err(what_it_is(contents)) };
    let mut blocks = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(label) = marked(line, "-----BEGIN ") else { continue };
        let damaged = NoPem::Damaged(blocks.len() + 1);
        // Room for all of it at once: a text that grows leaves copies behind that are not wiped.
        let mut body = Zeroizing::new(String::with_capacity(contents.len()));
        let mut is_legacy_encrypted = false;
        loop {
            let line = lines.next().ok_or(damaged)?;
            if let Some(end) = marked(line, "-----END ") {
                if end == label {
                    break;
                }
                return Err(damaged);
            }
            match line.split_once(':') {
                Some(("Proc-Type", value)) => is_legacy_encrypted |= value.ends_with("ENCRYPTED"),
                Some(_) => {}
                None => body.push_str(line),
            }
        }
        let der = Zeroizing::new(BASE64.decode(body.as_bytes()).map_err(|_| damaged)?);
        blocks.push(Block { label: label.to_owned(), is_legacy_encrypted, der });
    }
    if blocks.is_empty() { Err(what_it_is(contents)) } else { Ok(blocks) }
}

fn marked<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    line.strip_prefix(mark)?.strip_suffix("-----")
}

/// DER begins with a SEQUENCE (X.690 §8.9), and PKCS#12 within it with the version 3 (RFC 7292 §4).
fn what_it_is(contents: &[u8]) -> NoPem {
    let inner = match contents {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return NoPem::Utf16,
        [0x30, length @ 0x81..=0x84, ..] => contents.get(2 + usize::from(length - 0x80)..),
        [0x30, ..] => contents.get(2..),
        _ => return NoPem::Other,
    };
    match inner {
        Some([0x02, 0x01, 0x03, ..]) => NoPem::Pfx,
        Some([0x02 | 0x30, ..]) => NoPem::Der,
        _ => NoPem::Other,
    }
}

/// `der` as a block.
pub(super) fn block(label: &str, der: &[u8]) -> Zeroizing<String> {
    const WIDTH: usize = 64;
    let lines = Zeroizing::new(BASE64.encode(der));
    let mut text = Zeroizing::new(String::with_capacity(lines.len() + lines.len() / WIDTH + 2 * label.len() + 64));
    let mut push = |parts: &[&str]| parts.iter().for_each(|part| text.push_str(part));
    push(&["-----BEGIN ", label, "-----\n"]);
    for at in (0..lines.len()).step_by(WIDTH) {
        push(&[&lines[at..lines.len().min(at + WIDTH)], "\n"]);
    }
    push(&["-----END ", label, "-----\n"]);
    text
}
