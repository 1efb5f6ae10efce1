//! IMAP up to AUTHENTICATE, in our own words: greeting, CAPABILITY, STARTTLS.

use super::syntax::{literal_len, response_code, strip_prefix_ignoring_case};
use super::untagged;
use crate::failure::{Failure, FailureKind, GREETING, Rejection};
use crate::text::Shown;
use crate::transport::stream::{Wire, unreadable, violation};

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
        "BYE" => Err(closing(wire, GREETING, greeting)),
        // A session that another party has opened proves nothing, and before TLS it would keep us from TLS
        // (RFC 9051 §6.2.1).
        "PREAUTH" => Err(violation("it says that we are signed in already (PREAUTH)").said(wire.clean(&line))),
        _ => Err(unreadable("its greeting is not IMAP").said(wire.clean(&line))),
    }
}

/// Sends a command of ours before the imap crate takes over; its untagged lines.
fn command(wire: &mut Wire, tag: &str, command: &str) -> Result<Vec<String>, Failure> {
    // Data may come unasked for (RFC 9051 §7), answers may not.
    if !untagged::are_untagged(wire.unread()) {
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
                return Err(closing(wire, command, data));
            }
            if untagged::is_for_people(data) {
                wire.notice(data);
            }
            let mut literal = literal_len(line.as_bytes());
            while let Some(len) = literal {
                wire.skip_literal(len)?;
                literal = literal_len(wire.line()?.as_bytes());
            }
            untagged.push(data.to_owned());
            continue;
        }
        let answer = line.strip_prefix(tag).and_then(|rest| rest.strip_prefix(' ')).unwrap_or_default();
        let status = answer.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        match status.as_str() {
            "OK" => return Ok(untagged),
            "NO" | "BAD" => {
                let mut words: Vec<String> =
                    untagged.into_iter().filter(|data| untagged::is_for_people(data)).collect();
                words.push(answer.to_owned());
                return Err(rejection(wire, command, &words));
            }
            _ => return Err(violation("it answered with a tag that is not ours").said(wire.clean(&line))),
        }
    }
}

/// The server ends the connection instead of an answer to `command` (RFC 9051 §7.1.5).
fn closing(wire: &Wire, command: &str, words: &str) -> Failure {
    let mut failure = rejection(wire, command, &[words.to_owned()]);
    if let FailureKind::Rejected(rejection) = &mut failure.kind {
        rejection.closes = true;
    }
    failure
}

fn rejection(wire: &Wire, command: &str, words: &[String]) -> Failure {
    let kind = FailureKind::Rejected(Rejection {
        command: wire.clean(command),
        detail_code: words.last().and_then(|last| response_code(last)).map(|code| wire.clean(code)),
        ..Rejection::default()
    });
    Failure::new(kind).said(Shown::join(words.iter().map(|line| wire.clean(line)), "\n"))
}

pub(super) fn capabilities(wire: &mut Wire) -> Result<Vec<String>, Failure> {
    wire.phase("waiting for the answer to CAPABILITY");
    let untagged = command(wire, "p1", "CAPABILITY")?;
    // The last one is the answer: what came unasked for came before it.
    let list = untagged.iter().rev().find_map(|data| strip_prefix_ignoring_case(data, "CAPABILITY "));
    match list {
        Some(list) => Ok(list.split_ascii_whitespace().map(str::to_owned).collect()),
        None => Err(unreadable("its answer to CAPABILITY lists none")),
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
