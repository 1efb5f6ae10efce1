//! Reads one HTTP request's head, within limits, and writes one answer (RFC 9112).
//!
//! httparse reads the lines, and tiny_http's types print the answer. Its server is not used: it has no limits. Four idle
//! connections starve it, and it reads a head of any size into memory.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::str::FromStr;
use std::time::{Duration, Instant};

use tiny_http::{HTTPVersion, Header, Method, Response};

use super::pages::{self, Page};

/// The most that a request's head may measure, in bytes. Cookies know no ports: what every program on this machine has set
/// for `localhost` comes along. A header line is read and dropped, so that the size costs nothing.
pub(super) const HEAD_LIMIT: usize = 128 * 1024;
/// The most that the request line may measure, in bytes; a code can have several thousand.
pub(super) const TARGET_LIMIT: usize = 16 * 1024;
/// What is kept of a header line. Those that matter are shorter.
const KEPT: usize = 1024;
/// The most of a request's body that is read, to throw it away.
pub(super) const BODY_LIMIT: usize = 16 * 1024;
/// The most that is read of what a refused request still sends.
const DRAIN_LIMIT: usize = 256 * 1024;

/// The head of a request.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) method: Method,
    pub(super) target: String,
    pub(super) host: Option<String>,
}

/// Why there is no head.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoHead {
    /// The peer went away, stayed silent or was too slow.
    Gone,
    /// The peer began a TLS handshake.
    Tls,
    /// The request deserves this status and nothing more.
    Refused(u16),
}

/// Reads a head from `stream` until `deadline`; `spoke` is called when the first bytes have come.
pub(super) fn read_head(stream: &TcpStream, deadline: Instant, spoke: impl FnOnce()) -> Result<Head, NoHead> {
    let mut arriving = Arriving::default();
    let mut spoke = Some(spoke);
    loop {
        let read = read_before(stream, arriving.space(), deadline).map_err(|_| NoHead::Gone)?;
        if read == 0 {
            return Err(NoHead::Gone);
        }
        if let Some(spoke) = spoke.take() {
            spoke();
        }
        if let Some(head) = arriving.took(read) {
            return head;
        }
    }
}

/// A head on its way in, in pieces as the network cut it. It is taken line by line, and no more of a line is kept than is
/// looked at.
#[derive(Default)]
pub(super) struct Arriving {
    piece: Piece,
    line: Vec<u8>,
    /// How many bytes have come.
    total: usize,
    first: Option<(String, String)>,
    fields: Fields,
    /// What is wrong with it: the first fault decides, and is told when the head has ended.
    wrong: Option<u16>,
}

struct Piece([u8; 4 * 1024]);

impl Default for Piece {
    fn default() -> Self {
        Self([0; 4 * 1024])
    }
}

/// The header fields that matter.
#[derive(Default)]
struct Fields {
    host: Option<String>,
    length: Option<usize>,
}

impl Arriving {
    /// Where the next piece goes.
    pub(super) fn space(&mut self) -> &mut [u8] {
        &mut self.piece.0
    }

    /// The next `read` bytes have come. What they make the head, or `None` if more must come.
    pub(super) fn took(&mut self, read: usize) -> Option<Result<Head, NoHead>> {
        let piece = self.piece.0;
        let bytes = &piece[..read];
        if self.total == 0 {
            // RFC 8446 §5.1: a handshake record, of any version that was ever put there.
            if bytes[0] == 0x16 && bytes.get(1).is_none_or(|version| *version == 0x03) {
                return Some(Err(NoHead::Tls));
            }
        }
        for &byte in bytes {
            self.total += 1;
            if byte == b'\n' && self.line.last() == Some(&b'\r') {
                self.line.pop();
                let line = std::mem::take(&mut self.line);
                if line.is_empty() {
                    return Some(self.head());
                }
                if let Err(status) = self.take_line(&line) {
                    self.wrong.get_or_insert(status);
                }
            } else if self.total >= HEAD_LIMIT || self.first.is_none() && self.line.len() == TARGET_LIMIT {
                return Some(Err(NoHead::Refused(431)));
            } else if self.first.is_none() || self.line.len() < KEPT {
                self.line.push(byte);
            } else {
                self.drop_byte(byte);
            }
        }
        None
    }

    /// A byte of a line that is longer than what is kept: the last place is that of a CR, which may be the line's end.
    fn drop_byte(&mut self, byte: u8) {
        let is_control = |byte: u8| byte.is_ascii_control() && byte != b'\t';
        if self.line.last().is_some_and(|last| is_control(*last)) {
            self.wrong.get_or_insert(400);
        }
        self.line.truncate(KEPT - 1);
        self.line.push(byte);
    }

    fn take_line(&mut self, line: &[u8]) -> Result<(), u16> {
        if self.first.is_none() {
            // Whatever is wrong with it, what follows are header lines.
            self.first = Some(Default::default());
            self.first = Some(parse_first(line)?);
            return Ok(());
        }
        self.fields.take(line)
    }

    fn head(&mut self) -> Result<Head, NoHead> {
        let first = self.first.take().filter(|_| self.wrong.is_none());
        let Some((method, target)) = first else { return Err(NoHead::Refused(self.wrong.unwrap_or(400))) };
        if self.fields.length.is_some_and(|length| length > BODY_LIMIT) {
            return Err(NoHead::Refused(413));
        }
        let method = Method::from_str(&method).map_err(|()| NoHead::Refused(400))?;
        Ok(Head { method, target, host: self.fields.host.take() })
    }
}

/// The method and the target of a request line; the error is the status to answer.
fn parse_first(line: &[u8]) -> Result<(String, String), u16> {
    // A byte outside ASCII must not become the `?` between path and query.
    if !line.is_ascii() {
        return Err(400);
    }
    let head = ended(line);
    let mut request = httparse::Request::new(&mut []);
    match request.parse(&head) {
        Ok(httparse::Status::Complete(_)) => {}
        Err(httparse::Error::Version) => return Err(505),
        Ok(httparse::Status::Partial) | Err(_) => return Err(400),
    }
    match (request.method, request.path) {
        (Some(method), Some(target)) => Ok((method.to_owned(), target.to_owned())),
        _ => Err(400),
    }
}

/// A line as a head of its own: a line end in it would begin a second field, for which there is no place.
fn ended(line: &[u8]) -> Vec<u8> {
    [line, b"\r\n\r\n"].concat()
}

impl Fields {
    /// Takes a header line; the error is the status to answer.
    fn take(&mut self, line: &[u8]) -> Result<(), u16> {
        let head = ended(line);
        let mut fields = [httparse::EMPTY_HEADER];
        let Ok(httparse::Status::Complete((_, [field]))) = httparse::parse_headers(&head, &mut fields) else {
            return Err(400);
        };
        // Cookies of other programs on this host may hold anything; nothing that we look at may.
        let value = String::from_utf8_lossy(field.value);
        let is = |name: &str| field.name.eq_ignore_ascii_case(name);
        if is("Host") && self.host.replace(value.to_ascii_lowercase()).is_some() {
            return Err(400);
        }
        if is("Content-Length") && self.length.replace(value.parse().map_err(|_| 400_u16)?).is_some() {
            return Err(400);
        }
        if is("Transfer-Encoding") {
            return Err(411);
        }
        Ok(())
    }
}

fn read_before(mut stream: &TcpStream, buffer: &mut [u8], deadline: Instant) -> io::Result<usize> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Answers with `page` before `deadline` and closes. The peer may be gone: nothing depends on the answer.
pub(super) fn answer(stream: &TcpStream, status: u16, page: &Page, with_body: bool, deadline: Instant) {
    let mut bytes = Vec::new();
    let mut response = Response::from_data(page.html().into_bytes()).with_status_code(status);
    for (name, value) in pages::HEADERS {
        if let Ok(header) = Header::from_bytes(*name, *value) {
            response.add_header(header);
        }
    }
    if status == 405
        && let Ok(header) = Header::from_bytes("Allow", "GET")
    {
        response.add_header(header);
    }
    // As HTTP/1.0: the connection closes after it, and this writer cannot say `Connection: close`.
    if response.raw_print(&mut bytes, HTTPVersion(1, 0), &[], !with_body, None).is_ok() {
        send(stream, &bytes, deadline);
    }
}

/// A TLS alert, so that the browser gives up at once: fatal, handshake_failure (RFC 8446 §6).
pub(super) fn answer_tls(stream: &TcpStream, deadline: Instant) {
    send(stream, &[0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x28], deadline);
}

fn send(mut stream: &TcpStream, bytes: &[u8], deadline: Instant) {
    let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    let sent = stream.set_write_timeout(Some(left)).and_then(|()| stream.write_all(bytes));
    let _ = sent.and_then(|()| stream.shutdown(Shutdown::Write));
}

/// Reads what the peer still sends, up to [`DRAIN_LIMIT`] and for a short while. Closing with bytes unread would reset
/// the connection, and the answer could be lost with it (RFC 9112 §9.6).
pub(super) fn drain(stream: &TcpStream, deadline: Instant) {
    let deadline = deadline.min(Instant::now() + Duration::from_millis(500));
    let mut buffer = [0; 8 * 1024];
    let mut left = DRAIN_LIMIT;
    while left > 0 {
        match read_before(stream, &mut buffer, deadline) {
            Ok(read) if read > 0 => left = left.saturating_sub(read),
            _ => return,
        }
    }
}
