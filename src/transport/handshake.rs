//! What the beginning of a TLS handshake tells: native-tls does not show version and chain.

/// What was seen of a handshake from the server's side.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The protocol version of the ServerHello, as in 0x0304 for TLS 1.3.
    pub(super) version: Option<u16>,
    /// The server's own certificate (DER). TLS 1.3 encrypts it, so this is for TLS 1.2 only.
    pub(super) certificate: Option<Vec<u8>>,
    /// Whether no other certificate came along with it.
    pub(super) is_alone: bool,
    /// The description of an alert that came unencrypted (RFC 8446 §6).
    pub(super) alert: Option<u8>,
    /// Whether there was an answer, and it did not begin like TLS.
    pub(super) is_not_tls: bool,
}

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const SUPPORTED_VERSIONS: u16 = 43;

/// Reads the server's first bytes: records (RFC 8446 §5.1) of handshake messages (§4), as far as they are not encrypted.
pub(super) fn look_at(bytes: &[u8]) -> Seen {
    let mut seen = Seen::default();
    let mut messages = Vec::new();
    let mut rest = bytes;
    if rest.first().is_some_and(|kind| !matches!(*kind, ALERT | HANDSHAKE)) {
        seen.is_not_tls = true;
        return seen;
    }
    while let Some(kind) = number(&mut rest, 1) {
        let _legacy_version = number(&mut rest, 2);
        let Some(body) = number(&mut rest, 2).map(|len| take(&mut rest, len)) else { break };
        match u8::try_from(kind) {
            Ok(HANDSHAKE) => messages.extend_from_slice(body),
            Ok(ALERT) => {
                seen.alert = body.get(1).copied();
                break;
            }
            _ => break,
        }
    }
    let mut rest = messages.as_slice();
    while let Some(kind) = number(&mut rest, 1) {
        let Some(body) = number(&mut rest, 3).map(|len| take(&mut rest, len)) else { break };
        match u8::try_from(kind) {
            Ok(SERVER_HELLO) => seen.version = server_version(body),
            Ok(CERTIFICATE) => (seen.certificate, seen.is_alone) = first_certificate(body),
            _ => {}
        }
    }
    seen
}

/// RFC 8446 §4.1.3: from the extension `supported_versions`, or where there is none from the field before it.
fn server_version(mut hello: &[u8]) -> Option<u16> {
    let legacy = number(&mut hello, 2)?;
    let _random = take(&mut hello, 32);
    let session_id_len = number(&mut hello, 1)?;
    let _session_id = take(&mut hello, session_id_len);
    let _cipher_suite = number(&mut hello, 2)?;
    let _compression = number(&mut hello, 1)?;
    let extensions_len = number(&mut hello, 2).unwrap_or(0);
    let mut extensions = take(&mut hello, extensions_len);
    while let Some(kind) = number(&mut extensions, 2) {
        let len = number(&mut extensions, 2)?;
        let mut body = take(&mut extensions, len);
        if kind == usize::from(SUPPORTED_VERSIONS) {
            return number(&mut body, 2).and_then(|version| u16::try_from(version).ok());
        }
    }
    u16::try_from(legacy).ok()
}

/// RFC 5246 §7.4.2: a list of certificates, the server's own first. The second value: whether it is the only one.
fn first_certificate(mut body: &[u8]) -> (Option<Vec<u8>>, bool) {
    let list_len = number(&mut body, 3);
    match number(&mut body, 3) {
        Some(len) if len <= body.len() => (Some(take(&mut body, len).to_vec()), list_len == Some(3 + len)),
        _ => (None, false),
    }
}

fn number(bytes: &mut &[u8], len: usize) -> Option<usize> {
    let (digits, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(digits.iter().fold(0, |value, &byte| value << 8 | usize::from(byte)))
}

/// The next `len` bytes, or as many as are there.
fn take<'a>(bytes: &mut &'a [u8], len: usize) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(len.min(bytes.len()));
    *bytes = rest;
    taken
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(kind: u8, body: &[u8]) -> Vec<u8> {
        let len = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&[kind, 3, 3], len.as_slice(), body].concat()
    }

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let len = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&[kind], &len[1..], body].concat()
    }

    fn hello(extensions: &[u8]) -> Vec<u8> {
        let len = u16::try_from(extensions.len()).unwrap().to_be_bytes();
        message(SERVER_HELLO, &[&[3, 3], [7; 32].as_slice(), &[0, 0x13, 1, 0], &len, extensions].concat())
    }

    #[test]
    fn the_extension_decides_on_the_version_and_the_field_where_there_is_none() {
        assert_eq!(look_at(&record(HANDSHAKE, &hello(&[0, 43, 0, 2, 3, 4]))).version, Some(0x0304));
        assert_eq!(look_at(&record(HANDSHAKE, &hello(&[0, 23, 0, 0]))).version, Some(0x0303));
    }

    #[test]
    fn the_servers_certificate_is_found_across_records() {
        let list = [&[0, 0, 6, 0, 0, 3], b"DER".as_slice()].concat();
        let messages = [hello(&[]), message(CERTIFICATE, &list)].concat();
        let (first, second) = messages.split_at(50);
        let seen = look_at(&[record(HANDSHAKE, first), record(HANDSHAKE, second)].concat());
        assert_eq!((seen.certificate.as_deref(), seen.is_alone), (Some(b"DER".as_slice()), true));
        let two = [&[0, 0, 11, 0, 0, 3], b"DER".as_slice(), &[0, 0, 2], b"CA"].concat();
        let seen = look_at(&record(HANDSHAKE, &message(CERTIFICATE, &two)));
        assert_eq!((seen.certificate.as_deref(), seen.is_alone), (Some(b"DER".as_slice()), false));
    }

    #[test]
    fn alerts_and_other_protocols_are_recognised() {
        assert_eq!(look_at(&record(ALERT, &[2, 70])).alert, Some(70));
        assert!(look_at(b"220 mail.contoso.com ESMTP\r\n").is_not_tls);
        assert_eq!(look_at(b""), Seen::default());
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = look_at(&bytes);
            let _ = look_at(&record(HANDSHAKE, &message(SERVER_HELLO, &bytes)));
            let _ = look_at(&record(HANDSHAKE, &message(CERTIFICATE, &bytes)));
        }
    }
}
