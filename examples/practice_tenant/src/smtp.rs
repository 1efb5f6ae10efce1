//! Message submission (RFC 6409) into the practice mailboxes; nothing leaves the machine. The refusals follow what
//! documents and users report of Exchange Online; they have not been seen on the wire by us.

use std::io;
use std::sync::Arc;

use native_tls::TlsAcceptor;

use crate::faults::{Fault, Stage};
use crate::mail_sign_in::{self, Mechanism, Protocol};
use crate::mailstore::{Message, SentMessage};
use crate::wire::Wire;
use crate::world::{TENANT_DOMAIN, User, World, now};

const HOST: &str = "smtp.contoso.example";
/// A command line with CRLF (RFC 5321 §4.5.3.1.4). A token does not fit: AUTH must go in two steps (RFC 4954 §4).
const LONGEST_COMMAND: usize = 512;

#[derive(Default)]
struct Session {
    greeted: bool,
    /// Whose token it is.
    user: Option<String>,
    sender: Option<String>,
    recipients: Vec<String>,
}

/// Talks until the client leaves.
pub fn serve(world: &Arc<World>, mut wire: Wire, acceptor: &TlsAcceptor) -> io::Result<()> {
    let shown = world.faults.certificate();
    if let Some(words) = world.faults.words(Protocol::Smtp, Stage::Greeting) {
        return wire.say(words.words);
    }
    wire.say(&format!("220 {HOST} Practice ESMTP MAIL Service ready"))?;
    let mut session = Session::default();
    loop {
        let Some(line) = wire.text_line()? else { return Ok(()) };
        if line.len() + 2 > LONGEST_COMMAND {
            world.surprise("SMTP: a command line of more than 512 bytes");
            wire.say("500 5.5.2 Line too long")?;
            continue;
        }
        let (verb, argument) = line.split_once(' ').unwrap_or((&line, ""));
        let verb = verb.to_ascii_uppercase();
        let open = session.user.is_some() && wire.is_tls();
        match verb.as_str() {
            "EHLO" if !argument.is_empty() => {
                session.greeted = true;
                say_extensions(world, &mut wire, open)?;
            }
            "NOOP" => wire.say("250 2.0.0 OK")?,
            "RSET" => {
                (session.sender, session.recipients) = (None, Vec::new());
                wire.say("250 2.0.0 Resetting")?;
            }
            "QUIT" => return wire.say("221 2.0.0 Service closing transmission channel"),
            "STARTTLS" if session.greeted && !wire.is_tls() => {
                wire.say("220 2.0.0 SMTP server ready")?;
                if let Err(error) = wire.upgrade(acceptor) {
                    world.handshake_failed(shown, "SMTP: STARTTLS", &error);
                    return Err(error);
                }
                // What was said before TLS counts for nothing (RFC 3207 §4.2).
                session = Session::default();
            }
            "AUTH" if session.greeted && wire.is_tls() && !open => {
                session.user = authenticate(world, &mut wire, argument)?;
            }
            "MAIL" if open => mail(world, &mut wire, &mut session, argument)?,
            "RCPT" if open && session.sender.is_some() => rcpt(world, &mut wire, &mut session, argument)?,
            "DATA" if open && !session.recipients.is_empty() => data(world, &mut wire, &mut session)?,
            "MAIL" | "RCPT" | "DATA" if !open => {
                world.surprise(format!("SMTP: {verb} before AUTH"));
                wire.say(&format!("530 5.7.57 Client not authenticated to send mail. [{HOST}]"))?;
            }
            "RCPT" | "DATA" => wire.say("503 5.5.1 Bad sequence of commands")?,
            _ => {
                world.surprise(format!("SMTP: {verb}"));
                wire.say("500 5.3.3 Unrecognized command")?;
            }
        }
    }
}

fn say_extensions(world: &World, wire: &mut Wire, open: bool) -> io::Result<()> {
    wire.say(&format!("250-{HOST} Hello [127.0.0.1]"))?;
    wire.say("250-SIZE 157286400")?;
    match (wire.is_tls(), open) {
        (false, _) if world.faults.is_on(Fault::NoStartTls) => {}
        (false, _) => wire.say("250-STARTTLS")?,
        (true, false) => match world.faults.offers(Protocol::Smtp).unwrap_or("LOGIN XOAUTH2 OAUTHBEARER") {
            "" => {}
            offered => wire.say(&format!("250-AUTH {offered}"))?,
        },
        (true, true) => {}
    }
    wire.say("250-PIPELINING")?;
    wire.say("250-ENHANCEDSTATUSCODES")?;
    wire.say("250 8BITMIME")
}

/// RFC 4954 §4. The user, where the login went well.
fn authenticate(world: &World, wire: &mut Wire, argument: &str) -> io::Result<Option<String>> {
    let mut words = argument.split_whitespace();
    let Some(mechanism) = words.next().and_then(Mechanism::from_name) else {
        world.surprise("SMTP: AUTH with an unknown mechanism");
        wire.say("504 5.7.4 Unrecognized authentication type")?;
        return Ok(None);
    };
    let response = match words.next() {
        Some(initial) => initial.to_owned(),
        None => {
            wire.say("334 ")?;
            wire.text_line()?.unwrap_or_default()
        }
    };
    let login = mail_sign_in::sign_in(world, Protocol::Smtp, mechanism, &response);
    if refused(world, wire, Stage::SignIn)? {
        return Ok(None);
    }
    if let Some(login) = login {
        wire.say(&format!("235 2.7.0 Authentication successful target host {HOST}"))?;
        return Ok(Some(login.user));
    }
    if let Some(challenge) = mechanism.error_challenge() {
        wire.say(&format!("334 {challenge}"))?;
        if wire.text_line()?.as_deref() != Some("AQ==") {
            world.surprise("SMTP: the error challenge was not answered with AQ==");
        }
    }
    let echo = mail_sign_in::echo(world, &response);
    wire.say(&format!("535 5.7.3 Authentication unsuccessful [{HOST}]{echo}"))?;
    Ok(None)
}

/// Whether a fault wants something else to be said here, and was heard.
fn refused(world: &World, wire: &mut Wire, stage: Stage) -> io::Result<bool> {
    let Some(words) = world.faults.words(Protocol::Smtp, stage) else { return Ok(false) };
    wire.say(words.words)?;
    Ok(true)
}

fn mail(world: &World, wire: &mut Wire, session: &mut Session, argument: &str) -> io::Result<()> {
    match path(argument, "FROM:") {
        Some(_) if refused(world, wire, Stage::Sender)? => Ok(()),
        Some(address) => {
            session.sender = Some(address);
            session.recipients.clear();
            wire.say("250 2.1.0 Sender OK")
        }
        None => wire.say("501 5.5.4 Invalid arguments"),
    }
}

fn rcpt(world: &World, wire: &mut Wire, session: &mut Session, argument: &str) -> io::Result<()> {
    let Some(address) = path(argument, "TO:") else { return wire.say("501 5.5.4 Invalid arguments") };
    if refused(world, wire, Stage::Recipient)? {
        return Ok(());
    }
    if world.user(&address).is_some() {
        session.recipients.push(address);
        return wire.say("250 2.1.5 Recipient OK");
    }
    if address.to_lowercase().ends_with(&format!("@{TENANT_DOMAIN}")) {
        return wire.say("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup");
    }
    wire.say("550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain")
}

/// The address between angle brackets (RFC 5321 §4.1.2), its parameters ignored.
fn path(argument: &str, keyword: &str) -> Option<String> {
    let (given, rest) = argument.split_at_checked(keyword.len())?;
    let (address, _) = rest.strip_prefix('<')?.split_once('>')?;
    (given.eq_ignore_ascii_case(keyword) && address.contains('@')).then(|| address.to_owned())
}

fn data(world: &World, wire: &mut Wire, session: &mut Session) -> io::Result<()> {
    wire.say("354 Start mail input; end with <CRLF>.<CRLF>")?;
    let mut raw = Vec::new();
    loop {
        let Some(line) = wire.line()? else { return Ok(()) };
        if line == b"." {
            break;
        }
        // RFC 5321 §4.5.2: one leading dot was added on the way.
        raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        raw.extend_from_slice(b"\r\n");
    }
    let (Some(user), Some(sender)) = (session.user.clone(), session.sender.take()) else {
        return wire.say("503 5.5.1 Bad sequence of commands");
    };
    let recipients = std::mem::take(&mut session.recipients);
    if refused(world, wire, Stage::Message)? {
        return Ok(());
    }
    let message = Message { uid: 0, received: now(), raw };
    let from = message.field("From").unwrap_or_default();
    let from = from.rsplit_once('<').map_or(from.trim(), |(_, rest)| rest.trim().trim_end_matches('>'));
    for address in [from, &sender] {
        let is_delegate = |owner: &User| owner.delegates.contains(&user) && !world.faults.is_on(Fault::NoDelegates);
        let may = world.user(address).is_some_and(|owner| owner.address == user || is_delegate(owner));
        if !may {
            return wire.say(&format!(
                "554 5.2.252 SendAsDenied; {user} not allowed to send as {address}; STOREDRV.Submission.Exception:\
                 SendAsDeniedException.MapiExceptionSendAsDenied"
            ));
        }
    }
    for name in ["Date", "Message-ID"] {
        if message.field(name).is_none() {
            world.surprise(format!("SMTP: a message without {name}"));
        }
    }
    let message_id = message.field("Message-ID").unwrap_or_default();
    let delivered = match world.faults.message_id() {
        Some(keeps) => with_another_message_id(&message, keeps),
        None => message.raw.clone(),
    };
    let mut state = world.state();
    for recipient in &recipients {
        state.mail.deliver(recipient, delivered.clone());
    }
    state.mail.sent.push(SentMessage { user, sender, recipients, raw: message.raw });
    drop(state);
    wire.say(&format!("250 2.0.0 OK {message_id} [Hostname={HOST}] Queued mail for delivery"))
}

/// The message with a Message-ID of the server's own; the header `keeps` holds the one that it had.
fn with_another_message_id(message: &Message, keeps: Option<&str>) -> Vec<u8> {
    let text = String::from_utf8_lossy(&message.raw);
    let own = format!("Message-ID: <{}@{HOST}>\r\n", now().as_nanosecond());
    let mut is_dropped = false;
    let mut rest = String::new();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    for line in head.split("\r\n") {
        if !line.starts_with([' ', '\t']) {
            is_dropped = line.to_ascii_lowercase().starts_with("message-id:");
        }
        if !is_dropped {
            rest.push_str(&format!("{line}\r\n"));
        }
    }
    if let (Some(name), Some(old)) = (keeps, message.field("Message-ID")) {
        rest.push_str(&format!("{name}: {old}\r\n"));
    }
    format!("{own}{rest}\r\n{body}").into_bytes()
}
