//! What a server speaks, told from its first bytes.

use super::ServerTarget;
use crate::failure::{Failure, FailureKind, OtherService, Service, TlsFault};
use crate::profile::ServerEndpoint;

/// How a service begins what it says.
enum Sign {
    /// With these words, whatever their case.
    Words(&'static str),
    /// With three digits and a blank, a hyphen or the line's end (RFC 5321 §4.2).
    ThreeDigits,
    /// With the head of a TLS record: content type 20 to 24, and the major version (RFC 8446 §5.1).
    Record,
}

/// The signs, the first that fits tells.
const SIGNS: [(Sign, Service); 12] = [
    (Sign::Record, Service::Tls),
    (Sign::Words("* OK"), Service::Imap),
    (Sign::Words("* PREAUTH"), Service::Imap),
    (Sign::Words("* BYE"), Service::Imap),
    (Sign::Words("+OK"), Service::Pop3),
    (Sign::Words("-ERR"), Service::Pop3),
    (Sign::ThreeDigits, Service::Smtp),
    (Sign::Words("HTTP/"), Service::Http),
    // A page without a head (HTTP/0.9), as some portals give it.
    (Sign::Words("<!DOCTYPE"), Service::Http),
    (Sign::Words("<html"), Service::Http),
    (Sign::Words("<?xml"), Service::Http),
    (Sign::Words("SSH-"), Service::Ssh),
];

/// What begins with `bytes`, if that is known.
pub(super) fn service(bytes: &[u8]) -> Option<Service> {
    SIGNS.iter().find(|(sign, _)| sign.fits(bytes)).map(|(_, service)| *service)
}

impl Sign {
    fn fits(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Words(words) => {
                bytes.get(..words.len()).is_some_and(|start| start.eq_ignore_ascii_case(words.as_bytes()))
            }
            Self::ThreeDigits => {
                let is_end = |byte: Option<&u8>| byte.is_none_or(|byte| b" -\r\n".contains(byte));
                bytes.len() >= 3 && bytes[..3].iter().all(u8::is_ascii_digit) && is_end(bytes.get(3))
            }
            Self::Record => matches!(bytes, [20..=24, 3, ..]),
        }
    }
}

/// `found` answers where the profile names `server`.
pub(super) fn other(server: &ServerEndpoint, found: Service, is_tls: bool) -> Failure {
    FailureKind::OtherService(OtherService { found, is_tls, wanted: server.tls, port: server.port }).into()
}

/// What answers a ClientHello without TLS is named, where its first words tell.
pub(super) fn instead_of_tls(target: &ServerTarget<'_>, failure: Failure) -> Failure {
    let words = failure.server_said.as_deref().filter(|_| failure.kind == FailureKind::Tls(TlsFault::NotTls));
    match words.and_then(|words| service(words.as_bytes())) {
        Some(found) => Failure { server_said: failure.server_said, ..other(target.endpoint, found, false) },
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_tell_the_service() {
        for (bytes, found) in [
            ("* OK ready", Some(Service::Imap)),
            ("* bye too many", Some(Service::Imap)),
            ("+OK POP3 ready", Some(Service::Pop3)),
            ("-ERR go away", Some(Service::Pop3)),
            ("220 mail ESMTP", Some(Service::Smtp)),
            ("220-mail ESMTP", Some(Service::Smtp)),
            ("220\r\n", Some(Service::Smtp)),
            ("554 no", Some(Service::Smtp)),
            ("HTTP/1.1 400 Bad Request", Some(Service::Http)),
            ("<html>", Some(Service::Http)),
            ("SSH-2.0-OpenSSH_9.9", Some(Service::Ssh)),
            ("\u{15}\u{3}\u{1}\0\u{2}", Some(Service::Tls)),
            ("\u{16}\u{3}\u{3}", Some(Service::Tls)),
            ("2200 miles", None),
            ("* LIST", None),
            ("+", None),
            ("22", None),
            ("", None),
            ("a1 OK ready", None),
        ] {
            assert_eq!(service(bytes.as_bytes()), found, "{bytes:?}");
        }
    }
}
