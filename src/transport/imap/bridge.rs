//! The imap crate on our wire. The crate holds what it writes in buffers that are not wiped, takes whatever answer is there
//! for the answer to its command, parses without bounds, panics at lawful responses that it does not expect, and its
//! errors hide the server's words. So it is handed what its command is about and nothing else, each line checked; the SASL response is put in behind its back; and the words are stored here.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::rc::Rc;

use secrecy::SecretString;

use super::syntax::{literal_len, response_code};
use super::untagged::{self, Running, Sorted};
use crate::failure::{Failure, FailureKind, Rejection};
use crate::sasl::{self, SaslMechanism};
use crate::text::Shown;
use crate::transport::stream::{Wire, unreadable, violation};

/// The longest literal that we take (SECURITY.md P1).
const LITERAL_LIMIT: usize = 64 * 1024;
/// The crate parses a response again from its start for each literal in it: a bound keeps that cheap. An envelope has
/// four strings and four for each address.
const MOST_LITERALS: usize = 128;
/// The crate's parser recurses into parentheses. A body structure of a usual message has fewer than ten.
const DEEPEST: usize = 64;

/// Where the SASL exchange is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exchange {
    /// There is none.
    None,
    /// AUTHENTICATE goes out next, or has gone out, without the response.
    Due,
    /// The response has gone out.
    Sent,
    /// The server's error challenge has been answered.
    Ended,
}

/// The wire and what must be remembered between the crate's calls.
pub(super) struct Bridge {
    wire: Wire,
    fault: Option<Failure>,
    /// What the crate has written and not flushed.
    outgoing: Vec<u8>,
    /// What the crate has not read yet of the piece that was handed to it.
    incoming: Vec<u8>,
    /// The tag of the command that waits for its answer.
    tag: Option<String>,
    running: Running,
    /// How many messages the folder holds, by what the server has said last.
    exists: u32,
    exchange: Exchange,
    mechanism: SaslMechanism,
    response: Option<SecretString>,
    challenge: Option<Shown>,
    /// The server's words on the current command that are worth keeping, fit to be shown.
    words: Vec<Shown>,
    /// The code in brackets of the tagged answer.
    detail_code: Option<Shown>,
    has_said_bye: bool,
    literal_left: usize,
    literals: usize,
    depth: usize,
    is_inside: bool,
    /// Whether the crate gets the response that is being read.
    is_handed: bool,
}

/// What a response begins with.
enum Begun {
    /// The crate gets this piece, and the response ends with it.
    Piece(Vec<u8>),
    /// An untagged response.
    Untagged(Sorted),
}

/// A handle for the crate, and one for us.
#[derive(Clone)]
pub(super) struct Shared(pub(super) Rc<RefCell<Bridge>>);

impl Bridge {
    /// Prepares for signing in: `response` goes out after the first `+`.
    pub(super) fn new(wire: Wire, mechanism: SaslMechanism, response: SecretString) -> Self {
        Self {
            wire,
            fault: None,
            outgoing: Vec::new(),
            incoming: Vec::new(),
            tag: None,
            running: Running::Other,
            exists: 0,
            exchange: Exchange::Due,
            mechanism,
            response: Some(response),
            challenge: None,
            words: Vec::new(),
            detail_code: None,
            has_said_bye: false,
            literal_left: 0,
            literals: 0,
            depth: 0,
            is_inside: false,
            is_handed: false,
        }
    }

    /// How many messages the folder holds.
    pub(super) fn exists(&self) -> u32 {
        self.exists
    }

    pub(super) fn wire(&mut self) -> &mut Wire {
        &mut self.wire
    }

    pub(super) fn into_wire(self) -> Wire {
        self.wire
    }

    /// Lets the response go out with the command already (RFC 4959).
    pub(super) fn respond_at_once(&mut self) {
        self.exchange = Exchange::Sent;
    }

    /// The SASL exchange is over.
    pub(super) fn signed_in(&mut self) {
        self.exchange = Exchange::None;
    }

    /// Why the crate's `command` failed with `error`.
    pub(super) fn failure(&mut self, command: &str, error: &imap::Error) -> Failure {
        let said = (!self.words.is_empty()).then(|| Shown::join(&self.words, "\n"));
        let fault = self.fault.take();
        let is_refusal = matches!(error, imap::Error::No(_) | imap::Error::Bad(_));
        let is_bye = self.has_said_bye
            && fault.as_ref().is_none_or(|fault| matches!(fault.kind, FailureKind::ConnectionLost { .. }));
        if fault.is_none() && is_refusal || is_bye {
            let kind = FailureKind::Rejected(Rejection {
                command: self.wire.clean(command),
                code: None,
                detail_code: self.detail_code.take(),
                challenge: self.challenge.take().filter(|text| !text.is_empty()),
                closes: is_bye,
                retry_after: None,
            });
            return Failure { kind, server_said: said };
        }
        let failure = fault.unwrap_or_else(|| unreadable("its answer cannot be read as IMAP"));
        Failure { server_said: failure.server_said.or(said), ..failure }
    }

    /// What the crate gets to read next. What its command is not about is read past.
    fn next_piece(&mut self) -> Result<Vec<u8>, Failure> {
        loop {
            if self.literal_left > 0 {
                let piece = self.wire.raw_bytes(self.literal_left.min(4096))?;
                self.literal_left -= piece.len();
                if self.is_handed {
                    return Ok(piece);
                }
                continue;
            }
            let mut line = self.wire.raw_line()?;
            // RFC 9051 §2.2 wants CRLF, and so does the crate's parser; some servers do without.
            let end = line.iter().rposition(|byte| !b"\r\n".contains(byte)).map_or(0, |at| at + 1);
            line.truncate(end);
            let mut instead = None;
            if !self.is_inside {
                (self.literals, self.depth) = (0, 0);
                match self.begin(&line)? {
                    Begun::Piece(piece) => return Ok(piece),
                    Begun::Untagged(Sorted::Whole) => self.is_handed = true,
                    Begun::Untagged(Sorted::Line(line)) => (self.is_handed, instead) = (false, Some(line)),
                    Begun::Untagged(Sorted::Past) => self.is_handed = false,
                }
            }
            self.measure(&line)?;
            if let Some(instead) = instead {
                return Ok(format!("{instead}\r\n").into_bytes());
            }
            if self.is_handed {
                line.extend_from_slice(b"\r\n");
                return Ok(line);
            }
        }
    }

    /// Holds a line of a response to our limits, and notes the literal that it announces.
    fn measure(&mut self, line: &[u8]) -> Result<(), Failure> {
        self.count_parentheses(line)?;
        let literal = literal_len(line);
        self.is_inside = literal.is_some();
        let Some(len) = literal else { return Ok(()) };
        self.literal_left = len;
        self.literals += 1;
        let too_large = |what: &'static str, limit| FailureKind::TooLarge { what: what.into(), limit };
        if len > LITERAL_LIMIT {
            return Err(too_large("a literal", LITERAL_LIMIT).into());
        }
        if self.literals > MOST_LITERALS {
            return Err(too_large("the number of literals", MOST_LITERALS).into());
        }
        Ok(())
    }

    /// Judges the first line of a response. For a continuation the crate gets a bare `+`: it would stumble over a
    /// challenge that is not base64. For a tagged answer it gets the status alone, and the words are stored here.
    fn begin(&mut self, line: &[u8]) -> Result<Begun, Failure> {
        let text = String::from_utf8_lossy(line);
        // RFC 9051 §7.6: a blank follows, and some servers leave it out where nothing else does. "+OK" is another protocol.
        if let Some(challenge) = text.strip_prefix('+').filter(|rest| rest.is_empty() || rest.starts_with(' ')) {
            match self.exchange {
                Exchange::Due => {}
                Exchange::Sent => {
                    let challenge = self.wire.clean(&sasl::decode_challenge(challenge));
                    self.wire.remark(&format!("the challenge says: {challenge}"));
                    self.challenge = Some(challenge);
                }
                Exchange::None => return Err(violation("it wants a command to be continued")),
                Exchange::Ended => return Err(violation("it sent a second error challenge")),
            }
            return Ok(Begun::Piece(b"+\r\n".to_vec()));
        }
        if let Some(response) = text.strip_prefix("* ") {
            return self.untagged(response).map(Begun::Untagged);
        }
        let (tag, answer) = text.split_once(' ').unwrap_or((&text, ""));
        if self.tag.as_deref() != Some(tag) {
            return Err(violation("it answered with a tag that is not ours").said(self.wire.clean(&text)));
        }
        self.tag = None;
        self.words.push(self.wire.clean(answer));
        let status = answer.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        self.detail_code = response_code(answer).map(|code| self.wire.clean(code));
        match (status.as_str(), self.exchange) {
            ("OK", Exchange::Due) => Err(violation("it accepted AUTHENTICATE before the token")),
            ("OK", Exchange::Ended) => Err(violation("it accepted AUTHENTICATE after an error challenge")),
            ("OK" | "NO" | "BAD", _) => Ok(Begun::Piece(format!("{tag} {status} done\r\n").into_bytes())),
            _ => Err(violation("its tagged answer is neither OK nor NO nor BAD")),
        }
    }

    /// Judges an untagged response by its first line.
    fn untagged(&mut self, response: &str) -> Result<Sorted, Failure> {
        let word = response.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        match word.as_str() {
            "PREAUTH" => return Err(violation("it sent PREAUTH in the middle of a session")),
            // RFC 9051 §7.1.5: the server closes; nothing that comes behind it counts.
            "BYE" => {
                self.words.push(self.wire.clean(response));
                self.has_said_bye = true;
                return Err(FailureKind::ConnectionLost { during: "waiting for an answer".into() }.into());
            }
            _ => {}
        }
        if untagged::is_for_people(response) {
            self.words.push(self.wire.clean(response));
            self.wire.notice(response);
        }
        if let Some(exists) = untagged::exists(response) {
            self.exists = exists;
        } else if untagged::is_expunge(response) {
            self.exists = self.exists.saturating_sub(1);
        }
        Ok(self.running.sort(response))
    }

    fn count_parentheses(&mut self, line: &[u8]) -> Result<(), Failure> {
        for byte in line {
            match byte {
                b'(' => self.depth += 1,
                b')' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            if self.depth > DEEPEST {
                return Err(violation("its answer has too many parentheses in one another"));
            }
        }
        Ok(())
    }

    /// What the crate says when the server wants to hear more.
    fn answer(&mut self) -> &'static str {
        match self.exchange {
            Exchange::Due => {
                // The line will be empty; the response goes out at its end.
                self.exchange = Exchange::Sent;
                ""
            }
            Exchange::None | Exchange::Sent | Exchange::Ended => {
                self.exchange = Exchange::Ended;
                self.mechanism.error_reply()
            }
        }
    }

    fn send(&mut self) -> Result<(), Failure> {
        let line = std::mem::take(&mut self.outgoing);
        let line = String::from_utf8_lossy(&line);
        let line = line.strip_suffix("\r\n").unwrap_or(&line);
        // Data may come unasked for (RFC 9051 §7), answers may not.
        let early = !untagged::are_untagged(self.wire.unread());
        if early {
            return Err(violation("it spoke before it was asked"));
        }
        // While the exchange runs, lines are parts of it, and the tag stays.
        if self.tag.is_none() {
            let (tag, command) = line.split_once(' ').unwrap_or((line, ""));
            (self.tag, self.running) = (Some(tag.to_owned()), Running::of(command));
            (self.words, self.detail_code) = (Vec::new(), None);
        }
        match self.response.take_if(|_| self.exchange == Exchange::Sent) {
            Some(response) if line.is_empty() => self.wire.send_secret("", &response),
            Some(response) => self.wire.send_secret(&format!("{line} "), &response),
            None => self.wire.send(&format!("{line}\r\n")),
        }
    }

    /// Keeps what went wrong for [`failure`](Self::failure); the crate only learns that something did.
    fn note<T>(&mut self, result: Result<T, Failure>) -> io::Result<T> {
        result.map_err(|failure| {
            self.fault = Some(failure);
            io::ErrorKind::Other.into()
        })
    }
}

impl Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bridge = &mut *self.0.borrow_mut();
        if bridge.incoming.is_empty() {
            let piece = bridge.next_piece();
            bridge.incoming = bridge.note(piece)?;
        }
        let count = buffer.len().min(bridge.incoming.len());
        buffer[..count].copy_from_slice(&bridge.incoming[..count]);
        bridge.incoming.drain(..count);
        Ok(count)
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().outgoing.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let bridge = &mut *self.0.borrow_mut();
        if bridge.outgoing.is_empty() {
            return Ok(());
        }
        let sent = bridge.send();
        bridge.note(sent)
    }
}

impl imap::Authenticator for Shared {
    type Response = &'static str;

    fn process(&self, _challenge: &[u8]) -> &'static str {
        self.0.borrow_mut().answer()
    }
}
