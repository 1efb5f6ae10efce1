//! The answers of a POP3 server: status lines (RFC 1939 §3), and the lines behind them.

use crate::failure::{Failure, FailureKind, Rejection};
use crate::text::Shown;
use crate::transport::stream::{Wire, violation};

/// A status line (RFC 1939 §3), and the continuation of RFC 5034 §4.
pub(super) enum Status {
    Ok(String),
    Err(String),
    Continue(String),
}

pub(super) fn read_status(wire: &mut Wire) -> Result<Status, Failure> {
    let line = wire.line()?;
    let after = |sign: &str| {
        let rest = line.strip_prefix(sign)?;
        (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim_start().to_owned())
    };
    if let Some(text) = after("+OK") {
        Ok(Status::Ok(text))
    } else if let Some(text) = after("-ERR") {
        Ok(Status::Err(text))
    } else if let Some(text) = after("+") {
        Ok(Status::Continue(text))
    } else {
        Err(violation("its answer is not a POP3 status").said(wire.clean(&line)))
    }
}

pub(super) fn expect_ok(wire: &mut Wire, command: &str) -> Result<String, Failure> {
    match read_status(wire)? {
        Status::Ok(text) => Ok(text),
        Status::Err(text) => Err(rejection(wire, command, &text, None)),
        Status::Continue(text) => Err(violation(shown!("it wants {} to be continued", wire.clean(command)))
            .said(wire.clean(&format!("+ {text}")))),
    }
}

pub(super) fn rejection(wire: &Wire, command: &str, text: &str, challenge: Option<Shown>) -> Failure {
    let kind = FailureKind::Rejected(Rejection {
        command: wire.clean(command),
        code: None,
        // RFC 2449 §8.
        detail_code: text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(code, _)| wire.clean(code)),
        challenge,
        closes: false,
        retry_after: None,
    });
    Failure::new(kind).said(wire.clean(format!("-ERR {text}").trim_end()))
}

/// Sends one command; its answer must be positive.
pub(super) fn command(wire: &mut Wire, command: &str) -> Result<String, Failure> {
    refuse_early_words(wire)?;
    wire.send(&format!("{command}\r\n"))?;
    expect_ok(wire, command)
}

/// An answer that is there before its command answers nothing.
pub(super) fn refuse_early_words(wire: &mut Wire) -> Result<(), Failure> {
    let unread = wire.unread();
    // A server that has waited too long says so and closes.
    if unread.is_empty() || unread.starts_with(b"-ERR") {
        return Ok(());
    }
    Err(violation("it spoke before it was asked"))
}

/// The lines of a multi-line answer (RFC 1939 §3), dots undoubled.
pub(super) fn lines(wire: &mut Wire) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    loop {
        let line = wire.line()?;
        match line.strip_prefix('.') {
            Some("") => return Ok(lines),
            Some(undoubled) => lines.push(undoubled.to_owned()),
            None => lines.push(line),
        }
    }
}
