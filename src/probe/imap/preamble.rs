//! IMAP up to AUTHENTICATE, in our own words: greeting, CAPABILITY, STARTTLS.

use crate::failure::{Failure, FailureKind, Rejection};
use crate::probe::stream::{Wire, violation};

/// The code in brackets of a response text, as in `OK [CAPABILITY IMAP4rev1] hello` (RFC 9051 §7.1).
pub(super) fn response_code(response: &str) -> Option<&str> {
    let (_status, rest) = response.split_once(' ')?;
    rest.strip_prefix('[')?.split_once(']').map(|(code, _)| code)
}

pub(super) fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The capabilities in a greeting or another response with a code.
pub(super) fn capabilities_in(response: &str) -> Option<Vec<String>> {
    let list = strip_prefix_ignoring_case(response_code(response)?, "CAPABILITY ")?;
    Some(list.split_ascii_whitespace().map(str::to_owned).collect())
}

/// The greeting without its star.
pub(super) fn greet(wire: &mut Wire) -> Result<String, Failure> {
    wire.phase("waiting for the greeting");
    let line = wire.line()?;
    let greeting = line.strip_prefix("* ").unwrap_or_default();
    let status = greeting.split(' ').next().unwrap_or_default().to_ascii_uppercase();
    match status.as_str() {
        "OK" => Ok(greeting.to_owned()),
        "BYE" => Err(rejection(wire, "the connection", &[greeting.to_owned()])),
        // A session that somebody else has opened proves nothing, and before TLS it would keep us from TLS
        // (RFC 9051 §6.2.1).
        "PREAUTH" => Err(violation("it says that we are signed in already (PREAUTH)").said(wire.clean(&line))),
        _ => Err(violation("its greeting is no IMAP").said(wire.clean(&line))),
    }
}

/// Sends a command of ours before the imap crate takes over; its untagged lines.
fn command(wire: &mut Wire, tag: &str, command: &str) -> Result<Vec<String>, Failure> {
    if !wire.unread().is_empty() {
        return Err(violation("it spoke before it was asked"));
    }
    wire.send(&format!("{tag} {command}\r\n"))?;
    let mut untagged = Vec::new();
    loop {
        let line = wire.line()?;
        if let Some(data) = line.strip_prefix("* ") {
            if strip_prefix_ignoring_case(data, "PREAUTH").is_some() {
                return Err(violation("it sent PREAUTH in the middle of a session").said(wire.clean(&line)));
            }
            if strip_prefix_ignoring_case(data, "BYE").is_some() {
                return Err(rejection(wire, command, &[data.to_owned()]));
            }
            untagged.push(data.to_owned());
            continue;
        }
        let answer = line.strip_prefix(tag).and_then(|rest| rest.strip_prefix(' ')).unwrap_or_default();
        let status = answer.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        match status.as_str() {
            "OK" => return Ok(untagged),
            "NO" | "BAD" => {
                let mut words = untagged;
                words.push(answer.to_owned());
                return Err(rejection(wire, command, &words));
            }
            _ => return Err(violation("it answered with a tag that is not ours").said(wire.clean(&line))),
        }
    }
}

fn rejection(wire: &Wire, command: &str, words: &[String]) -> Failure {
    let kind = FailureKind::Rejected(Rejection {
        command: command.to_owned(),
        detail_code: words.last().and_then(|last| response_code(last)).map(|code| wire.clean(code)),
        ..Rejection::default()
    });
    Failure::new(kind).said(words.iter().map(|line| wire.clean(line)).collect::<Vec<_>>().join("\n"))
}

pub(super) fn capabilities(wire: &mut Wire) -> Result<Vec<String>, Failure> {
    wire.phase("waiting for the answer to CAPABILITY");
    let untagged = command(wire, "p1", "CAPABILITY")?;
    let list = untagged.iter().find_map(|data| strip_prefix_ignoring_case(data, "CAPABILITY "));
    match list {
        Some(list) => Ok(list.split_ascii_whitespace().map(str::to_owned).collect()),
        None => Err(violation("its answer to CAPABILITY lists none")),
    }
}

pub(super) fn ask_for_tls(wire: &mut Wire, known: Option<Vec<String>>) -> Result<(), Failure> {
    let capabilities = known.map_or_else(|| capabilities(wire), Ok)?;
    if !capabilities.iter().any(|word| word.eq_ignore_ascii_case("STARTTLS")) {
        return Err(FailureKind::StartTlsNotOffered.into());
    }
    wire.phase("waiting for the answer to STARTTLS");
    command(wire, "p2", "STARTTLS").map(drop)
}
