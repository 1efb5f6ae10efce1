//! The conversation with a server, in lines: every phase has a deadline, every line and reply a size, and every line goes
//! to the transcript (SECURITY.md P1, P2, K2).

mod tls;

use std::cell::RefCell;
use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, TcpStream};
use std::rc::Rc;
use std::time::{Duration, Instant};

use native_tls::TlsStream;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::socket::{Notes, Socket};
use crate::failure::{Failure, FailureKind};
use crate::text::Shown;
use crate::transcript::{Speaker, Transcript};

/// The longest line that we take, with its end.
pub(super) const LINE_LIMIT: usize = 8 * 1024;
/// The longest reply that we take: all that comes until we speak again.
pub(super) const REPLY_LIMIT: usize = 64 * 1024;
/// More remarks of a server than these are not shown beside one step.
const MOST_NOTICES: usize = 5;

/// No more is shown of a line that never ended, in characters.
const MOST_OF_HALF_A_LINE: usize = 200;

enum Link {
    Plain(Socket),
    Tls(Box<TlsStream<Socket>>),
    #[cfg(fuzzing)]
    Script(Box<super::script::Script>),
    /// The handshake took the socket and failed.
    Gone,
}

/// One connection.
pub(super) struct Wire {
    link: Link,
    notes: Rc<RefCell<Notes>>,
    /// The socket below TLS.
    bare: Rc<TcpStream>,
    local: Option<IpAddr>,
    protocol: &'static str,
    transcript: Transcript,
    timeout: Duration,
    overall: Option<Instant>,
    /// What the current phase is called in a failure, and when it began.
    during: &'static str,
    since: Instant,
    /// What was read from the socket; up to `taken` it has been handed on.
    buffer: Vec<u8>,
    taken: usize,
    /// How many bytes of the current reply have been handed on.
    reply: usize,
    /// What the server wants people to read, and has not been shown yet.
    notices: Vec<Shown>,
}

impl Wire {
    pub(super) fn new(
        socket: Socket,
        protocol: &'static str,
        transcript: Transcript,
        timeout: Duration,
        overall: Option<Instant>,
    ) -> Self {
        Self {
            notes: socket.notes(),
            bare: socket.stream(),
            local: socket.local_addr().ok().map(|address| address.ip().to_canonical()),
            link: Link::Plain(socket),
            protocol,
            transcript,
            timeout,
            overall,
            during: "connecting",
            since: Instant::now(),
            buffer: Vec::new(),
            taken: 0,
            reply: 0,
            notices: Vec::new(),
        }
    }

    /// Keeps words of the server's that people are to read, as an alert (RFC 9051 §7.1).
    pub(super) fn notice(&mut self, words: &str) {
        let words = self.clean(words);
        if self.notices.len() < MOST_NOTICES && !self.notices.contains(&words) {
            self.notices.push(words);
        }
    }

    /// `detail`, and behind it what the server wanted people to read since the last step.
    pub(super) fn with_notices(&mut self, detail: Shown) -> Shown {
        match std::mem::take(&mut self.notices).as_slice() {
            [] => detail,
            notices => shown!("{}; the server says: {}", detail, Shown::join(notices, "; ")),
        }
    }

    /// Our own address on this connection.
    pub(super) fn local_ip(&self) -> Option<IpAddr> {
        self.local
    }

    /// `text` of the server's, cleaned.
    pub(super) fn clean(&self, text: &str) -> Shown {
        self.transcript.redactor().clean(text)
    }

    /// Begins a phase: it may take the configured time in all, however many reads and writes it has. `during` is what a
    /// failure calls it, as in "waiting for the greeting".
    pub(super) fn phase(&mut self, during: &'static str) {
        self.during = during;
        self.since = Instant::now();
        let own = self.since + self.timeout;
        self.notes.borrow_mut().deadline = self.overall.map_or(own, |overall| overall.min(own));
    }

    /// Ends everything by then, where that is nearer than the end of a phase.
    pub(super) fn end_by(&mut self, overall: Option<Instant>) {
        self.overall = overall;
    }

    /// Shows what we say, where that is not sent as a line.
    pub(super) fn say(&self, text: &str) {
        self.transcript.line(self.protocol, Speaker::Client, text);
    }

    /// Shows what the server said, where that did not come as a line.
    pub(super) fn heard(&self, text: &str) {
        self.transcript.line(self.protocol, Speaker::Server, text);
    }

    /// Whether the connection stands and the server waits for us, as far as can be told without waiting.
    pub(super) fn is_idle(&mut self) -> bool {
        self.notes.borrow_mut().is_hasty = true;
        let read = self.read_more();
        self.notes.borrow_mut().is_hasty = false;
        let is_waiting = read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
        is_waiting && self.taken == self.buffer.len()
    }

    /// Shows a remark of ours.
    pub(super) fn remark(&self, text: &str) {
        self.transcript.line(self.protocol, Speaker::Remark, text);
    }

    /// Sends commands as they are, each with its CRLF; begins a new reply.
    pub(super) fn send(&mut self, commands: &str) -> Result<(), Failure> {
        for line in commands.split_terminator("\r\n") {
            self.transcript.line(self.protocol, Speaker::Client, line);
        }
        self.send_unseen(commands.as_bytes())
    }

    /// Sends `command` and a secret behind it as one line. The transcript shows how long the secret is.
    pub(super) fn send_secret(&mut self, command: &str, secret: &SecretString) -> Result<(), Failure> {
        let secret = secret.expose_secret();
        if self.transcript.is_on() {
            let shown = format!("{command}[{} characters of SASL response]", secret.len());
            self.transcript.line(self.protocol, Speaker::Client, &shown);
        }
        let mut line = Zeroizing::new(Vec::with_capacity(command.len() + secret.len() + 2));
        line.extend_from_slice(command.as_bytes());
        line.extend_from_slice(secret.as_bytes());
        line.extend_from_slice(b"\r\n");
        self.send_unseen(&line)
    }

    /// Sends bytes that the transcript does not show; begins a new reply.
    pub(super) fn send_unseen(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.reply = 0;
        let sent = match &mut self.link {
            Link::Plain(socket) => socket.write_all(bytes).and_then(|()| socket.flush()),
            Link::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
            #[cfg(fuzzing)]
            Link::Script(script) => script.hear(bytes),
            Link::Gone => Err(io::ErrorKind::NotConnected.into()),
        };
        sent.map_err(|_| self.io_failure())
    }

    /// The next line without its line ending.
    pub(super) fn line(&mut self) -> Result<String, Failure> {
        let line = self.raw_line()?;
        let text = String::from_utf8_lossy(&line);
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// The next line with its line ending.
    pub(super) fn raw_line(&mut self) -> Result<Vec<u8>, Failure> {
        let end = self.line_end()?;
        let line = self.hand_on(end)?;
        if self.transcript.is_on() {
            let text = String::from_utf8_lossy(&line);
            self.transcript.line(self.protocol, Speaker::Server, text.trim_end_matches(['\r', '\n']));
        }
        Ok(line)
    }

    /// The next line with its line ending, which stays to be read.
    pub(super) fn peek_line(&mut self) -> Result<&[u8], Failure> {
        let end = self.line_end()?;
        Ok(&self.buffer[self.taken..end])
    }

    /// Waits for a whole line. Where it ends in the buffer.
    fn line_end(&mut self) -> Result<usize, Failure> {
        let mut looked_at = self.taken;
        let end = loop {
            if let Some(at) = self.buffer[looked_at..].iter().position(|&byte| byte == b'\n') {
                break looked_at + at + 1;
            }
            looked_at = self.buffer.len();
            if looked_at - self.taken >= LINE_LIMIT {
                return Err(self.too_large("a line", LINE_LIMIT));
            }
            looked_at -= self.fill()?;
        };
        if end - self.taken > LINE_LIMIT {
            return Err(self.too_large("a line", LINE_LIMIT));
        }
        Ok(end)
    }

    /// Up to `most` bytes, at least one, without regard to lines: pieces of a literal.
    pub(super) fn raw_bytes(&mut self, most: usize) -> Result<Vec<u8>, Failure> {
        if self.taken == self.buffer.len() {
            self.fill()?;
        }
        let end = self.buffer.len().min(self.taken + most);
        self.hand_on(end)
    }

    /// Reads past a literal of `len` bytes.
    pub(super) fn skip_literal(&mut self, mut len: usize) -> Result<(), Failure> {
        while len > 0 {
            len -= self.raw_bytes(len.min(4096))?.len();
        }
        Ok(())
    }

    /// Counts what was read of this reply as not read, if at least a byte is `left` of what its reader allows itself: it
    /// does not hold what it reads.
    pub(super) fn forgive(&mut self, left: usize) {
        if left > 0 {
            self.reply = 0;
        }
    }

    fn hand_on(&mut self, end: usize) -> Result<Vec<u8>, Failure> {
        let bytes = self.buffer[self.taken..end].to_vec();
        self.taken = end;
        self.reply += bytes.len();
        if self.reply > REPLY_LIMIT {
            return Err(self.too_large("a reply", REPLY_LIMIT));
        }
        Ok(bytes)
    }

    /// Waits for more bytes. Returns by how much the buffer's content moved to the front.
    fn fill(&mut self) -> Result<usize, Failure> {
        let moved = std::mem::take(&mut self.taken);
        self.buffer.drain(..moved);
        match self.read_more() {
            Ok(0) => {
                self.remark("the server closed the connection");
                Err(self.with_half_a_line(self.lost()))
            }
            Ok(_) => Ok(moved),
            Err(_) => Err(self.io_failure()),
        }
    }

    fn read_more(&mut self) -> io::Result<usize> {
        let mut chunk = [0; 4096];
        let count = match &mut self.link {
            Link::Plain(socket) => socket.read(&mut chunk),
            Link::Tls(stream) => stream.read(&mut chunk),
            #[cfg(fuzzing)]
            Link::Script(script) => script.read(&mut chunk, self.notes.borrow().is_hasty),
            Link::Gone => Err(io::ErrorKind::NotConnected.into()),
        }?;
        self.buffer.extend_from_slice(&chunk[..count]);
        Ok(count)
    }

    /// What has arrived and not been read, without waiting. A server that waits for us has sent nothing.
    pub(super) fn unread(&mut self) -> &[u8] {
        self.notes.borrow_mut().is_hasty = true;
        while self.buffer.len() - self.taken < LINE_LIMIT && matches!(self.read_more(), Ok(1..)) {}
        self.notes.borrow_mut().is_hasty = false;
        &self.buffer[self.taken..]
    }

    /// Waits until the server has said something or has closed, and reads none of it on; false if nothing has come by
    /// `until`. The rest of the phase is left to the next reader.
    pub(super) fn is_heard_by(&mut self, until: Instant) -> bool {
        #[cfg(fuzzing)]
        if matches!(self.link, Link::Script(_)) {
            return true;
        }
        // Inside TLS, bytes on the socket may be the library's own affair (RFC 8446 §4.6.1): then there is still
        // nothing to read, and the wait goes on.
        while self.unread().is_empty() {
            let left = until.min(self.notes.borrow().deadline).saturating_duration_since(Instant::now());
            if left.is_zero() || self.bare.set_read_timeout(Some(left)).is_err() {
                return false;
            }
            match self.bare.peek(&mut [0; 1]) {
                Ok(0) => return true,
                Ok(_) => {}
                // The process was stopped, and goes on.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut),
            }
        }
        true
    }

    /// Takes a script's server in place of the socket.
    #[cfg(fuzzing)]
    pub(super) fn follow(&mut self, script: super::script::Script) {
        self.link = Link::Script(Box::new(script));
    }

    /// Says good-bye and does not wait for the answer.
    pub(super) fn leave(&mut self, commands: &str) {
        self.phase("leaving");
        // Whatever goes wrong now no longer matters.
        let _ = self.send(commands);
        if let Link::Tls(stream) = &mut self.link {
            let _ = stream.shutdown();
        }
    }

    fn too_large(&self, what: &'static str, limit: usize) -> Failure {
        self.remark(&format!("{what} has more than {limit} bytes, giving up"));
        FailureKind::TooLarge { what: what.into(), limit }.into()
    }

    fn lost(&self) -> Failure {
        FailureKind::ConnectionLost { during: self.during.into() }.into()
    }

    fn io_failure(&self) -> Failure {
        let failure = match self.notes.borrow().error {
            Some(io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) => {
                FailureKind::TimedOut { during: self.during.into(), after: self.since.elapsed() }.into()
            }
            _ => self.lost(),
        };
        self.remark(&format!("{} failed", self.during));
        self.with_half_a_line(failure)
    }

    /// `failure` with what had come of a line that never ended.
    fn with_half_a_line(&self, failure: Failure) -> Failure {
        match &self.buffer[self.taken..] {
            [] => failure,
            begun => failure.said(self.clean(&String::from_utf8_lossy(begun)).cut(MOST_OF_HALF_A_LINE)),
        }
    }
}

/// The peer's answer makes no sense, and nothing says that it was tampered with.
pub(super) fn unreadable(what: impl Into<Shown>) -> Failure {
    FailureKind::Unreadable { what: what.into() }.into()
}

/// The peer broke the protocol in a way that an attacker would.
pub(super) fn violation(what: impl Into<Shown>) -> Failure {
    FailureKind::ProtocolViolation { what: what.into() }.into()
}
