//! Commands that go together where the server offers PIPELINING (RFC 2920), and their replies, each read in its turn.

use super::reply::{Reply, read_reply, refuse_early_words};
use crate::failure::Failure;
use crate::transport::stream::Wire;

/// What ends a message (RFC 5321 §4.1.1.4): with nothing before it, an empty one.
const END_OF_MESSAGE: &str = ".\r\n";

/// The commands of one mail transaction, in their order. DATA is the last of them, as RFC 2920 §3.1 wants it.
pub(super) struct Flight {
    /// Those that are not sent yet, each with its CRLF.
    waiting: Vec<String>,
    /// How many are sent and not answered.
    unanswered: usize,
    /// Whether the last of them is DATA.
    ends_in_data: bool,
    is_pipelining: bool,
    /// Whether a reply is still to be expected of the server.
    is_heard: bool,
}

impl Flight {
    /// `commands`, which go together where the server is `is_pipelining`, else each once the one before it is answered;
    /// `data` is the last of them, if there is one.
    pub(super) fn new(mut commands: Vec<String>, data: Option<String>, is_pipelining: bool) -> Self {
        let ends_in_data = data.is_some();
        commands.extend(data);
        Self { waiting: commands, unanswered: 0, ends_in_data, is_pipelining, is_heard: true }
    }

    /// The reply to the next command.
    ///
    /// # Errors
    /// What is wrong with the connection or with the reply. What the reply says is for the caller.
    pub(super) fn next(&mut self, wire: &mut Wire) -> Result<Reply, Failure> {
        let reply = self.heard(wire);
        // A server that says 421 says no more (RFC 5321 §3.8).
        self.is_heard = reply.as_ref().is_ok_and(|reply| reply.code != 421);
        reply
    }

    fn heard(&mut self, wire: &mut Wire) -> Result<Reply, Failure> {
        if self.unanswered == 0 {
            refuse_early_words(wire)?;
            let count = if self.is_pipelining { self.waiting.len() } else { 1 };
            let group: String = self.waiting.drain(..count.min(self.waiting.len())).collect();
            self.unanswered = count;
            wire.send(&group)?;
        }
        self.unanswered = self.unanswered.saturating_sub(1);
        read_reply(wire)
    }

    /// Ends a transaction in which a command was refused: reads what else is answered. A server may ask for the message
    /// although sender or recipient was refused; then an empty one is sent, as RFC 2920 §3.1 wants it.
    pub(super) fn give_up(mut self, wire: &mut Wire) {
        let mut last = None;
        while self.is_heard && self.unanswered > 0 {
            last = self.next(wire).ok();
        }
        let asks = self.ends_in_data && self.waiting.is_empty() && last.is_some_and(|reply| reply.code == 354);
        if !asks {
            return;
        }
        wire.remark("it asks for the message although it has refused sender or recipient; it gets an empty one");
        wire.phase("ending the message that has no recipient");
        if wire.send(END_OF_MESSAGE).is_ok() {
            // It has no recipient, whatever the server says to it.
            let _ = read_reply(wire);
        }
    }
}
