//! HTTP's CONNECT: a proxy opens a connection to a host and then only passes bytes on (RFC 9110 §9.3.6).

use std::io::{self, Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;
use zeroize::Zeroizing;

use super::proxy::Credential;
use crate::failure::ProxyFault;
use crate::text::{Redactor, Shown};

/// More than this is not read of the answer's head.
const HEAD_LIMIT: usize = 16 * 1024;
/// So much of the answer's words is shown.
const SHOWN: usize = 120;

/// Asks for a connection to `port` of `host`. Errors of the stream are the caller's to explain.
pub(super) fn connect(
    stream: &mut (impl Read + Write + ?Sized),
    host: &str,
    port: u16,
    credential: Option<&Credential>,
) -> io::Result<Result<(), ProxyFault>> {
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let mut request = Zeroizing::new(format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n"));
    request.push_str(concat!("User-Agent: mailgrant/", env!("CARGO_PKG_VERSION"), "\r\n"));
    if let Some(Credential { user, password }) = credential {
        let pair = Zeroizing::new(format!("{}:{}", user.expose_secret(), password.expose_secret()));
        request.push_str("Proxy-Authorization: Basic ");
        request.push_str(&Zeroizing::new(STANDARD.encode(pair.as_bytes())));
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes())?;
    stream.flush()?;
    Ok(verdict(&head(stream)?))
}

/// The answer as far as the empty line, and not a byte more: what follows is the host's.
fn head(stream: &mut (impl Read + ?Sized)) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while bytes.len() < HEAD_LIMIT && !bytes.ends_with(b"\r\n\r\n") && !bytes.ends_with(b"\n\n") {
        if stream.read(&mut byte)? == 0 {
            if bytes.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            break;
        }
        bytes.push(byte[0]);
        // Another protocol's greeting has no empty line to wait for.
        if bytes.len() == 5 && bytes != *b"HTTP/" || bytes.len() < 5 && !b"HTTP/".starts_with(&bytes) {
            let mut more = [0; SHOWN];
            let read = if bytes.contains(&b'\n') { 0 } else { stream.read(&mut more).unwrap_or(0) };
            bytes.extend_from_slice(&more[..read]);
            break;
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn verdict(head: &str) -> Result<(), ProxyFault> {
    let line = head.lines().next().unwrap_or_default();
    let answer = shown(line);
    let status = line.strip_prefix("HTTP/").and_then(|rest| rest.split_ascii_whitespace().nth(1));
    let is_whole = head.ends_with("\r\n\r\n") || head.ends_with("\n\n");
    match status.filter(|status| status.len() == 3).and_then(|status| status.parse::<u16>().ok()) {
        Some(200..=299) if is_whole => Ok(()),
        Some(407) => Err(ProxyFault::WantsSignIn { scheme: scheme(head) }),
        Some(502..=504) => Err(ProxyFault::HostNotReached { answer }),
        Some(300..=599) => Err(ProxyFault::Refused { answer }),
        _ => Err(ProxyFault::NotUnderstood { answer }),
    }
}

/// How it wants us to sign in: the first word of Proxy-Authenticate (RFC 9110 §11.7.1).
fn scheme(head: &str) -> Option<Shown> {
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    let named = fields.filter(|(name, _)| name.trim().eq_ignore_ascii_case("proxy-authenticate"));
    let schemes: Vec<Shown> = named.filter_map(|(_, value)| value.split_ascii_whitespace().next()).map(shown).collect();
    (!schemes.is_empty()).then(|| Shown::join(schemes, ", "))
}

fn shown(words: &str) -> Shown {
    Redactor::by_shape(&words.chars().take(SHOWN).collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use secrecy::SecretString;

    use super::*;

    /// A proxy's side from memory.
    struct Script {
        answer: Cursor<Vec<u8>>,
        sent: Vec<u8>,
    }

    impl Read for Script {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.answer.read(buffer)
        }
    }

    impl Write for Script {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.sent.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn asked(host: &str, credential: Option<&Credential>, answer: &str) -> (Result<(), ProxyFault>, String, String) {
        let mut script = Script { answer: Cursor::new(answer.as_bytes().to_vec()), sent: Vec::new() };
        let result = connect(&mut script, host, 443, credential).unwrap();
        let mut left = String::new();
        script.read_to_string(&mut left).unwrap();
        (result, String::from_utf8(script.sent).unwrap(), left)
    }

    #[test]
    fn what_follows_a_yes_is_left_for_the_host() {
        let credential = Credential { user: "ann".into(), password: SecretString::from("p:w") };
        let (result, sent, left) =
            asked("login.example", Some(&credential), "HTTP/1.1 200 OK\r\nVia: x\r\n\r\n\x16\x03");
        assert_eq!((result, left.as_str()), (Ok(()), "\x16\x03"));
        assert!(sent.starts_with("CONNECT login.example:443 HTTP/1.1\r\nHost: login.example:443\r\n"), "{sent}");
        assert!(
            sent.contains("\r\nProxy-Authorization: Basic YW5uOnA6dw==\r\n") && sent.ends_with("\r\n\r\n"),
            "{sent}"
        );
        let (_, sent, _) = asked("2001:db8::1", None, "HTTP/1.0 200 OK\r\n\r\n");
        assert!(sent.starts_with("CONNECT [2001:db8::1]:443 ") && !sent.contains("Authorization"), "{sent}");
    }

    #[test]
    fn every_other_answer_is_the_proxys_trouble() {
        let kind = |answer: &str| match asked("login.example", None, answer).0 {
            Ok(()) => "yes".to_owned(),
            Err(ProxyFault::WantsSignIn { scheme }) => format!("sign in with {scheme:?}"),
            Err(ProxyFault::Refused { answer }) => format!("refused: {answer}"),
            Err(ProxyFault::HostNotReached { answer }) => format!("host: {answer}"),
            Err(ProxyFault::NotUnderstood { answer }) => format!("not understood: {answer}"),
            Err(other) => format!("{other:?}"),
        };
        for (answer, expected) in [
            (
                "HTTP/1.1 407 Auth\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM x\r\n\r\n",
                "sign in with Some(\"Negotiate, NTLM\")",
            ),
            ("HTTP/1.1 407 Auth\r\n\r\n", "sign in with None"),
            ("HTTP/1.1 403 Forbidden\r\n\r\n", "refused: HTTP/1.1 403 Forbidden"),
            ("HTTP/1.1 302 Found\r\nLocation: http://portal\r\n\r\n", "refused: HTTP/1.1 302 Found"),
            ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "host: HTTP/1.1 502 Bad Gateway"),
            ("HTTP/1.1 503 mock\r\n\r\n", "host: HTTP/1.1 503 mock"),
            ("HTTP/1.1 200 OK\r\nhalf", "not understood: HTTP/1.1 200 OK"),
            ("HTTP/1.1 20 OK\r\n\r\n", "not understood: HTTP/1.1 20 OK"),
            ("* OK IMAP here\r\n", "not understood: * OK IMAP here"),
            ("HTTQ\x1b[31m\n", "not understood: HTTQ\\x1b[31m"),
            ("\r\n", "not understood: "),
        ] {
            assert_eq!(kind(answer), expected, "{answer:?}");
        }
    }
}
