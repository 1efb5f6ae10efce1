//! POP3 (RFC 1939, RFC 2449, RFC 5034) for clients that only look. The answers to a failed login follow what documents
//! and users report of Exchange Online; they have not been seen on the wire by us.

use std::io;
use std::sync::Arc;

use native_tls::TlsAcceptor;

use crate::faults::{Fault, Stage};
use crate::mail_sign_in::{self, Login, Mechanism, Protocol};
use crate::mailstore::Message;
use crate::wire::Wire;
use crate::world::World;

/// Talks until the client leaves.
pub fn serve(world: &Arc<World>, mut wire: Wire, acceptor: &TlsAcceptor) -> io::Result<()> {
    let shown = world.faults.certificate();
    if let Some(words) = world.faults.words(Protocol::Pop3, Stage::Greeting) {
        return wire.say(words.words);
    }
    wire.say("+OK The practice POP3 service is ready.")?;
    let mut messages: Option<Vec<Message>> = None;
    loop {
        let Some(line) = wire.text_line()? else { return Ok(()) };
        let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
        let verb = verb.to_ascii_uppercase();
        match (verb.as_str(), &messages) {
            ("CAPA", _) if world.faults.is_on(Fault::NoCapa) => wire.say("-ERR Unknown command.")?,
            ("AUTH", None) if argument.is_empty() && world.faults.auth_lists().is_some() => {
                say_mechanisms(world, &mut wire)?
            }
            ("CAPA", _) => say_capabilities(world, &mut wire, messages.is_some())?,
            ("NOOP", Some(_)) => wire.say("+OK")?,
            ("QUIT", _) => return wire.say("+OK The practice POP3 service is signing off."),
            ("STLS", None) if !wire.is_tls() => {
                wire.say("+OK Begin TLS negotiation.")?;
                if let Err(error) = wire.upgrade(acceptor) {
                    world.handshake_failed(shown, "POP3: STLS", &error);
                    return Err(error);
                }
            }
            ("AUTH", None) if wire.is_tls() => match authenticate(world, &mut wire, argument)? {
                Step::In(login) => messages = Some(world.state().mail.inbox(&login.mailbox)),
                Step::Out => {}
                Step::End => return Ok(()),
            },
            (_, Some(messages)) => match world.faults.words(Protocol::Pop3, Stage::Inside) {
                Some(words) if words.hangs_up => return wire.say(words.words),
                Some(words) => wire.say(words.words)?,
                None => inside(world, &mut wire, messages, &verb, argument)?,
            },
            (_, None) => refuse(world, &mut wire, &verb)?,
        }
    }
}

enum Step {
    In(Login),
    Out,
    End,
}

/// Exchange wants mechanism and response on two lines; one line ends the connection.
fn authenticate(world: &World, wire: &mut Wire, argument: &str) -> io::Result<Step> {
    let mut words = argument.split_whitespace();
    let mechanism = words.next().and_then(Mechanism::from_name);
    let (Some(mechanism), None) = (mechanism, words.next()) else {
        world.surprise("POP3: AUTH with an initial response or an unknown mechanism");
        wire.say("-ERR Protocol error. Connection is closed. 10")?;
        return Ok(Step::End);
    };
    wire.say("+ ")?;
    let Some(response) = wire.text_line()? else { return Ok(Step::End) };
    let login = mail_sign_in::sign_in(world, Protocol::Pop3, mechanism, &response);
    if let Some(words) = world.faults.words(Protocol::Pop3, Stage::SignIn) {
        wire.say(words.words)?;
        return Ok(if words.hangs_up { Step::End } else { Step::Out });
    }
    match login {
        Some(login) if login.connected => {
            wire.say("+OK User successfully authenticated.")?;
            return Ok(Step::In(login));
        }
        Some(_) | None => {}
    }
    if let Some(challenge) = mechanism.error_challenge() {
        wire.say(&format!("+ {challenge}"))?;
        if wire.text_line()?.as_deref() != Some("AQ==") {
            world.surprise("POP3: the error challenge was not answered with AQ==");
        }
    }
    let echo = mail_sign_in::echo(world, &response);
    wire.say(&format!("-ERR Authentication failure: unknown user name or bad password.{echo}"))?;
    Ok(Step::Out)
}

fn say_capabilities(world: &World, wire: &mut Wire, inside: bool) -> io::Result<()> {
    wire.say("+OK")?;
    for line in ["TOP", "UIDL"] {
        wire.say(line)?;
    }
    match (wire.is_tls(), inside) {
        (false, _) if world.faults.is_on(Fault::NoStartTls) => {}
        (false, _) => wire.say("STLS")?,
        (true, false) if world.faults.auth_lists().is_some() => {}
        (true, false) => {
            let offered = world.faults.offers(Protocol::Pop3).unwrap_or("XOAUTH2 OAUTHBEARER");
            wire.say(&format!("SASL {offered}"))?;
        }
        (true, true) => {}
    }
    wire.say(".")
}

/// AUTH alone: as servers listed their mechanisms before RFC 5034.
fn say_mechanisms(world: &World, wire: &mut Wire) -> io::Result<()> {
    if world.faults.auth_lists() != Some(true) || !wire.is_tls() {
        return wire.say("-ERR Which mechanism?");
    }
    wire.say("+OK")?;
    for name in ["PLAIN", "XOAUTH2"] {
        wire.say(name)?;
    }
    wire.say(".")
}

fn inside(world: &World, wire: &mut Wire, messages: &[Message], verb: &str, argument: &str) -> io::Result<()> {
    let numbers: Vec<usize> = argument.split_whitespace().map_while(|word| word.parse().ok()).collect();
    let chosen = numbers.first().and_then(|number| number.checked_sub(1)).and_then(|index| messages.get(index));
    match (verb, chosen, numbers.as_slice()) {
        ("STAT", _, []) => {
            let size: usize = messages.iter().map(|message| message.raw.len()).sum();
            wire.say(&format!("+OK {} {size}", messages.len()))
        }
        ("LIST", _, []) => each(wire, messages, |message| message.raw.len().to_string()),
        ("LIST", Some(message), [number]) => wire.say(&format!("+OK {number} {}", message.raw.len())),
        ("UIDL", _, []) => each(wire, messages, |message| message.uid.to_string()),
        ("UIDL", Some(message), [number]) => wire.say(&format!("+OK {number} {}", message.uid)),
        ("RETR", Some(message), [_]) => show(wire, message, usize::MAX),
        ("TOP", Some(message), [_, lines]) => show(wire, message, *lines),
        ("LIST" | "UIDL" | "RETR" | "TOP", None, [_, ..]) => wire.say("-ERR No such message."),
        _ => refuse(world, wire, verb),
    }
}

fn each(wire: &mut Wire, messages: &[Message], show: impl Fn(&Message) -> String) -> io::Result<()> {
    wire.say("+OK")?;
    for (number, message) in (1..).zip(messages) {
        let number: u32 = number;
        wire.say(&format!("{number} {}", show(message)))?;
    }
    wire.say(".")
}

/// The headers and at most `lines` of the body, dots stuffed (RFC 1939 §3).
fn show(wire: &mut Wire, message: &Message, lines: usize) -> io::Result<()> {
    wire.say("+OK")?;
    let head = message.head().len();
    let body = &message.raw[head..];
    let text = [String::from_utf8_lossy(&message.raw[..head]), String::from_utf8_lossy(body)];
    let head_lines = text[0].trim_end_matches("\r\n").split("\r\n").chain([""]);
    let body_lines = text[1].split_terminator("\r\n").take(lines);
    for line in head_lines.chain(body_lines) {
        wire.say(&if line.starts_with('.') { format!(".{line}") } else { line.to_owned() })?;
    }
    wire.say(".")
}

/// Nothing here deletes: a tool that only tests must not ask for it.
fn refuse(world: &World, wire: &mut Wire, verb: &str) -> io::Result<()> {
    world.surprise(format!("POP3: {verb}"));
    wire.say("-ERR Protocol error. 14")
}
