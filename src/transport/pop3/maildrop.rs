//! The messages of a mailbox: how many, and their headers, with TOP or without.

use super::reply::{command, lines};
use crate::failure::{Failure, FailureKind};
use crate::transport::stream::{REPLY_LIMIT, Wire};

/// The longest head of a message that is read; of what is longer than a reply may be, the beginning is held.
const LONGEST_HEAD: usize = 1024 * 1024;
/// A message that can only be looked at whole is left alone if it is larger, in octets.
const LARGEST_WHOLE: u64 = 32 * 1024;

/// What STAT says, and whether the messages' headers can be asked for.
pub(super) struct Maildrop {
    pub(super) messages: u32,
    pub(super) top: Top,
}

/// Whether the server has TOP, which is optional (RFC 1939 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Top {
    /// It says so.
    Offered,
    /// It says nothing of what it has.
    Untold,
    /// It has not.
    Missing,
}

impl Maildrop {
    /// The numbers of the `count` newest messages, newest first.
    pub(super) fn newest(&self, count: usize) -> impl Iterator<Item = u32> + use<> {
        (1..=self.messages).rev().take(count)
    }

    /// The headers of a message; where there is no TOP, of a small message, which must be read whole for that.
    pub(super) fn head(&mut self, wire: &mut Wire, number: u32) -> Result<Option<String>, Failure> {
        if self.top != Top::Missing {
            match top(wire, number) {
                Err(Failure { kind: FailureKind::Rejected(_), .. }) if self.top == Top::Untold => {}
                head => return head.map(Some),
            }
            self.top = Top::Missing;
        }
        wire.phase("waiting for a message");
        let size = command(wire, &format!("LIST {number}"))?;
        let size = size.split_ascii_whitespace().nth(1).and_then(|size| size.parse::<u64>().ok());
        if size.is_none_or(|size| size > LARGEST_WHOLE) {
            return Ok(None);
        }
        command(wire, &format!("RETR {number}"))?;
        let lines = lines(wire)?;
        Ok(Some(lines.split(String::is_empty).next().unwrap_or_default().join("\r\n")))
    }
}

/// The headers of a message.
pub(super) fn top(wire: &mut Wire, number: u32) -> Result<String, Failure> {
    wire.phase("waiting for a message's headers");
    command(wire, &format!("TOP {number} 0"))?;
    let (mut head, mut read) = (String::new(), 0);
    loop {
        let line = wire.line()?;
        // A message to hundreds of people has a head that no reply of another kind has.
        read += line.len();
        wire.forgive(LONGEST_HEAD.saturating_sub(read));
        match line.strip_prefix('.') {
            Some("") => return Ok(head),
            undoubled if head.len() < REPLY_LIMIT => {
                head.push_str(undoubled.unwrap_or(&line));
                head.push_str("\r\n");
            }
            _ => {}
        }
    }
}
