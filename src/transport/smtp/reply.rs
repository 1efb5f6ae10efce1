//! SMTP replies (RFC 5321 §4.2).

use lettre::transport::smtp::response::Response;

use crate::failure::{Failure, FailureKind, Rejection, ReplyCode};
use crate::text::Shown;
use crate::transport::stream::{Wire, violation};

/// One reply.
pub(super) struct Reply {
    /// Its three digits.
    pub(super) code: u16,
    /// Its lines without code and separator.
    pub(super) text: Vec<String>,
    /// Its lines as they came.
    raw: Vec<String>,
}

/// Sends `commands` and reads the reply to the first of them.
pub(super) fn command(wire: &mut Wire, commands: &str) -> Result<Reply, Failure> {
    refuse_early_words(wire)?;
    wire.send(commands)?;
    read_reply(wire)
}

/// A reply that is there before its command answers nothing. An SMTP server may only announce that it goes down
/// (RFC 5321 §3.8).
pub(super) fn refuse_early_words(wire: &mut Wire) -> Result<(), Failure> {
    let unread = wire.unread();
    if unread.is_empty() || unread.starts_with(b"421") {
        return Ok(());
    }
    Err(violation("it spoke before it was asked"))
}

/// Reads one reply of one or more lines.
pub(super) fn read_reply(wire: &mut Wire) -> Result<Reply, Failure> {
    let mut raw = Vec::new();
    let mut whole = String::new();
    loop {
        let line = wire.line()?;
        let is_last = match line.as_bytes() {
            [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9'] | [_, _, _, b' ', ..] => true,
            [_, _, _, b'-', ..] => false,
            _ => return Err(no_reply(wire, &line)),
        };
        whole.push_str(&line);
        // RFC 5321 §4.2: the text may be missing, and its blank with it; the parser wants the blank.
        whole.push_str(if line.len() == 3 { " \r\n" } else { "\r\n" });
        raw.push(line);
        if is_last {
            break;
        }
    }
    let last = raw.last().cloned().unwrap_or_default();
    let response: Response = whole.parse().map_err(|_| no_reply(wire, &last))?;
    Ok(Reply { code: response.code().into(), text: response.message().map(str::to_owned).collect(), raw })
}

fn no_reply(wire: &Wire, line: &str) -> Failure {
    violation("its answer is not an SMTP reply").said(wire.clean(line))
}

impl Reply {
    /// This reply, if its code is one of `codes`. Any other positive one is not a success, it is a reply to something else.
    pub(super) fn expect(self, wire: &Wire, codes: &[u16], to: &str) -> Result<Self, Failure> {
        if codes.contains(&self.code) {
            return Ok(self);
        }
        if self.code >= 400 {
            return Err(self.rejection(wire, to));
        }
        Err(violation(shown!("it answered {} with {} instead of {}", wire.clean(to), self.code, codes[0]))
            .said(self.shown(wire)))
    }

    /// The failure that this negative reply to `command` means.
    pub(super) fn rejection(&self, wire: &Wire, command: &str) -> Failure {
        let first = self.text.first().and_then(|line| line.split_ascii_whitespace().next());
        let kind = FailureKind::Rejected(Rejection {
            command: wire.clean(command),
            code: Some(ReplyCode::Smtp(self.code)),
            detail_code: first.filter(|word| is_enhanced_status(word)).map(|word| wire.clean(word)),
            challenge: None,
            closes: self.code == 421,
            retry_after: None,
        });
        Failure::new(kind).said(self.shown(wire))
    }

    /// All lines.
    pub(super) fn shown(&self, wire: &Wire) -> Shown {
        Shown::join(self.raw.iter().map(|line| wire.clean(line)), "\n")
    }
}

/// RFC 3463 §2.
fn is_enhanced_status(word: &str) -> bool {
    let is_number = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = word.split('.').collect();
    parts.len() == 3 && matches!(parts[0], "2" | "4" | "5") && parts.iter().all(|part| is_number(part))
}
