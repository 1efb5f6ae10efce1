//! Message submission over SMTP (RFC 6409, RFC 5321, RFC 4954).

mod flight;
mod reply;

use std::net::IpAddr;
use std::time::Instant;

use lettre::transport::smtp::commands::{Data, Ehlo, Mail, Quit, Rcpt, Rset, Starttls};
use lettre::transport::smtp::extension::{ClientId, MailBodyParameter, MailParameter};
use secrecy::{ExposeSecret as _, SecretString};

use self::flight::Flight;
use self::reply::{command, read_reply};
use super::connect::{handshake, open};
use super::dialect::Dialect;
use super::greeting::await_greeting;
use super::log::{Log, Stop};
use super::sign_in::{Offer, choose, describe_sign_in};
use super::stream::{Wire, violation};
use super::{Account, PendingToken, ServerTarget, Target, Task, Transport};
use crate::failure::{Failure, FailureKind, GREETING, MESSAGE, Service};
use crate::net::Traffic;
use crate::profile::{Address, HostName, TlsMode};
use crate::report::Stage;
use crate::sasl::{self, SaslMechanism};
use crate::text::{Redactor, Shown};

/// RFC 5321 §4.5.3.1.4, with CRLF. RFC 4954 §4 holds the initial response to it.
const COMMAND_LIMIT: usize = 512;

const DIALECT: Dialect =
    Dialect { label: "SMTP", service: Some(Service::Smtp), begins: b"0123456789", traffic: Traffic::Mail };

/// SMTP.
pub(super) struct Smtp;

impl Transport for Smtp {
    fn reach(&self, target: &Target<'_>, log: &mut Log) {
        let Some(target) = target.of_server(log) else { return };
        let mut wire = None;
        let _ = arrive(&target, log, &mut wire);
        log.leave_politely(wire, &farewell());
    }

    fn exercise(
        &self,
        target: &Target<'_>,
        account: Account<'_>,
        token: PendingToken<'_>,
        task: &Task<'_>,
        log: &mut Log,
    ) {
        let Some(target) = target.of_server(log) else { return };
        match *task {
            Task::Send { recipient, message } => {
                let envelope = Envelope { sender: account.mailbox, recipient, message };
                let mut wire = None;
                let _ = converse(&target, account, token, envelope, log, &mut wire);
                log.leave_politely(wire, &farewell());
            }
            // Nothing can be read with it.
            Task::Read { .. } | Task::Find { .. } => log.fault(task.aim(), Instant::now()),
        }
    }
}

/// What ends a session.
fn farewell() -> String {
    format!("{Rset}{Quit}")
}

/// A mail and its way. Without a message, sender and recipient are tried and taken back.
#[derive(Debug, Clone, Copy)]
struct Envelope<'a> {
    sender: &'a Address,
    recipient: &'a Address,
    /// Not dot-stuffed.
    message: Option<&'a [u8]>,
}

/// Connects, starts TLS and asks what the server can do. The connection is in `slot` from the moment it is made.
fn arrive(target: &ServerTarget<'_>, log: &mut Log, slot: &mut Option<Wire>) -> Result<Capabilities, Stop> {
    let (wire, way) = open(target, DIALECT, log)?;
    let wire = slot.insert(wire);
    log.observe(Stage::Greeting, || {
        await_greeting(target, DIALECT, wire, way)?;
        Ok(((), greet(wire)?))
    })?;
    if target.endpoint.tls == TlsMode::StartTls {
        log.observe(Stage::Tls, || {
            ask_for_tls(target, wire)?;
            let preamble =
                |target: &ServerTarget<'_>, wire: &mut Wire| greet(wire).and_then(|_| ask_for_tls(target, wire));
            Ok(((), handshake(target, DIALECT, wire, way, Some(preamble))?))
        })?;
    }
    // What was said before TLS is forgotten (RFC 3207 §4.2).
    log.observe(Stage::Capabilities, || {
        let capabilities = hello(target, wire)?;
        let detail = wire.clean(&capabilities.0.join(", "));
        Ok((capabilities, detail))
    })
}

fn converse(
    target: &ServerTarget<'_>,
    account: Account<'_>,
    token: PendingToken<'_>,
    envelope: Envelope<'_>,
    log: &mut Log,
    slot: &mut Option<Wire>,
) -> Result<(), Stop> {
    let capabilities = arrive(target, log, slot)?;
    let Some(wire) = slot else { return Err(Stop) };
    let offer = Offer::of(capabilities.mechanisms(), wire);
    let (mechanism, token) = choose(target, token, log, offer)?;
    let described = describe_sign_in(mechanism, &log.mechanisms_offered);
    log.observe(Stage::Authentication, || {
        // Exchange accepts only the token's own user; a shared mailbox's address goes into MAIL FROM.
        let response = sasl::encode(&mechanism.initial_response(account.user, target.endpoint, &token)?);
        authenticate(wire, mechanism, &response)?;
        Ok(((), described))
    })?;
    log.mechanism_used = Some(mechanism);
    submit(wire, &capabilities, envelope, log)
}

fn greet(wire: &mut Wire) -> Result<Shown, Failure> {
    wire.phase("waiting for the greeting");
    let reply = read_reply(wire)?;
    Ok(reply.expect(wire, &[220], GREETING)?.shown(wire))
}

/// What EHLO lists (RFC 5321 §4.1.1.1), one keyword with its parameters each.
struct Capabilities(Vec<String>);

impl Capabilities {
    fn parameters(&self, keyword: &str) -> Option<impl Iterator<Item = &str>> {
        self.0.iter().find_map(|line| {
            let mut words = line.split_ascii_whitespace();
            words.next().is_some_and(|first| first.eq_ignore_ascii_case(keyword)).then_some(words)
        })
    }

    fn has(&self, keyword: &str) -> bool {
        self.parameters(keyword).is_some()
    }

    /// Those of every AUTH line; `AUTH=` is how servers wrote it before RFC 2554, and some still write both.
    fn mechanisms(&self) -> Vec<String> {
        let mut mechanisms: Vec<String> = Vec::new();
        for line in &self.0 {
            let mut words = line.split([' ', '\t', '=']).filter(|word| !word.is_empty());
            if words.next().is_some_and(|first| first.eq_ignore_ascii_case("AUTH")) {
                for name in words {
                    if !mechanisms.iter().any(|other| other.eq_ignore_ascii_case(name)) {
                        mechanisms.push(name.to_owned());
                    }
                }
            }
        }
        mechanisms
    }
}

fn hello(target: &ServerTarget<'_>, wire: &mut Wire) -> Result<Capabilities, Failure> {
    wire.phase("waiting for the answer to EHLO");
    let reply = command(wire, &Ehlo::new(own_name(target, wire)).to_string())?.expect(wire, &[250], "EHLO")?;
    Ok(Capabilities(reply.text.into_iter().skip(1).collect()))
}

/// What this machine is called in EHLO: as the profile says; else by its address, since its own name is often no public one
/// (RFC 5321 §4.1.4).
fn own_name(target: &ServerTarget<'_>, wire: &Wire) -> ClientId {
    let given = target.endpoint.ehlo_name.as_ref().map(HostName::as_str);
    let address = given.map_or_else(|| wire.local_ip(), |name| name.parse().ok());
    match (address, given) {
        (Some(IpAddr::V4(address)), _) => ClientId::Ipv4(address),
        (Some(IpAddr::V6(address)), _) => ClientId::Ipv6(address),
        (None, Some(name)) => ClientId::Domain(name.to_owned()),
        (None, None) => ClientId::default(),
    }
}

fn ask_for_tls(target: &ServerTarget<'_>, wire: &mut Wire) -> Result<(), Failure> {
    if !hello(target, wire)?.has("STARTTLS") {
        return Err(FailureKind::StartTlsNotOffered.into());
    }
    wire.phase("waiting for the answer to STARTTLS");
    command(wire, &Starttls.to_string())?.expect(wire, &[220], "STARTTLS").map(drop)
}

fn authenticate(wire: &mut Wire, mechanism: SaslMechanism, response: &SecretString) -> Result<(), Failure> {
    let asked = shown!("AUTH {}", mechanism);
    wire.phase("signing in");
    reply::refuse_early_words(wire)?;
    if asked.len() + 1 + response.expose_secret().len() + 2 <= COMMAND_LIMIT {
        wire.send_secret(&format!("{asked} "), response)?;
    } else {
        command(wire, &format!("{asked}\r\n"))?.expect(wire, &[334], &asked)?;
        reply::refuse_early_words(wire)?;
        wire.send_secret("", response)?;
    }
    let reply = read_reply(wire)?;
    if reply.code != 334 {
        return reply.expect(wire, &[235], &asked).map(drop);
    }
    // The reason is in the challenge; the answer to it frees the final reply (RFC 7628 §3.2.3, RFC 4954 §4).
    let challenge = wire.clean(&sasl::decode_challenge(&reply.text.join("")));
    wire.remark(&format!("the challenge says: {challenge}"));
    let end = sasl::encode(&SecretString::from(mechanism.error_reply()));
    let reply = command(wire, &format!("{}\r\n", end.expose_secret()))?;
    if reply.code < 400 {
        return Err(violation(shown!("it answered {} with an error challenge and then with {}", asked, reply.code)));
    }
    let mut failure = reply.rejection(wire, &asked);
    if let FailureKind::Rejected(rejection) = &mut failure.kind {
        rejection.challenge = Some(challenge).filter(|text| !text.is_empty());
    }
    Err(failure)
}

/// Where the server offers PIPELINING, MAIL, RCPT and DATA go in one flight.
fn submit(wire: &mut Wire, capabilities: &Capabilities, envelope: Envelope<'_>, log: &mut Log) -> Result<(), Stop> {
    let mut flight = None;
    let submitted = submit_in(&mut flight, wire, capabilities, envelope, log);
    if let (Err(Stop), Some(flight)) = (&submitted, flight) {
        flight.give_up(wire);
    }
    submitted
}

/// The flight is in `slot` from the moment its commands are known.
fn submit_in(
    slot: &mut Option<Flight>,
    wire: &mut Wire,
    capabilities: &Capabilities,
    envelope: Envelope<'_>,
    log: &mut Log,
) -> Result<(), Stop> {
    log.observe(Stage::Sender, || {
        wire.phase("waiting for the answer to MAIL FROM");
        let rcpt = Rcpt::new(mailbox(envelope.recipient)?, Vec::new()).to_string();
        let commands = vec![mail_command(capabilities, envelope)?, rcpt];
        let data = envelope.message.map(|_| Data.to_string());
        let flight = slot.insert(Flight::new(commands, data, capabilities.has("PIPELINING")));
        Ok(((), flight.next(wire)?.expect(wire, &[250], "MAIL FROM")?.shown(wire)))
    })?;
    let Some(flight) = slot else { return Err(Stop) };
    log.observe(Stage::Recipient, || {
        wire.phase("waiting for the answer to RCPT TO");
        // 251: the server forwards it (RFC 5321 §3.4); 252: it takes it without knowing (§4.2.2).
        Ok(((), flight.next(wire)?.expect(wire, &[250, 251, 252], "RCPT TO")?.shown(wire)))
    })?;
    let Some(message) = envelope.message else { return Ok(()) };
    log.observe(Stage::Message, || {
        wire.phase("waiting for the answer to DATA");
        flight.next(wire)?.expect(wire, &[354], "DATA")?;
        wire.phase("waiting until the message is taken");
        reply::refuse_early_words(wire)?;
        wire.remark(&format!("the message, {} bytes", message.len()));
        wire.send_unseen(&stuffed(message))?;
        Ok(((), read_reply(wire)?.expect(wire, &[250], MESSAGE)?.shown(wire)))
    })
}

fn mail_command(capabilities: &Capabilities, envelope: Envelope<'_>) -> Result<String, Failure> {
    let mut parameters = Vec::new();
    if let Some(message) = envelope.message {
        if capabilities.has("SIZE") {
            parameters.push(MailParameter::Size(message.len()));
        }
        if capabilities.has("8BITMIME") && !message.is_ascii() {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
    }
    if !envelope.sender.as_str().is_ascii() || !envelope.recipient.as_str().is_ascii() {
        if !capabilities.has("SMTPUTF8") {
            return Err(FailureKind::Local {
                what: "writing the addresses".into(),
                reason: "one is not ASCII, and the server does not offer SMTPUTF8 (RFC 6531 §3.1)".into(),
            }
            .into());
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    Ok(Mail::new(Some(mailbox(envelope.sender)?), parameters).to_string())
}

fn mailbox(address: &Address) -> Result<lettre::Address, Failure> {
    address.as_str().parse().map_err(|error: lettre::address::AddressError| {
        FailureKind::Local {
            what: shown!("using the address {}", address),
            reason: Redactor::by_shape(&error.to_string()),
        }
        .into()
    })
}

/// The message as DATA carries it: CRLF alone ends a line, dots that begin one are doubled (RFC 5321 §4.5.2), and a lone
/// dot ends it all. A bare CR or LF could make a server see that end too early (RFC 5321 §2.3.8).
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut sent = Vec::with_capacity(message.len() + message.len() / 32 + 8);
    let mut rest = message;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        if line.starts_with(b".") {
            sent.push(b'.');
        }
        sent.extend_from_slice(line);
        sent.extend_from_slice(b"\r\n");
        rest = after.strip_prefix(b"\r\n").or_else(|| after.get(1..)).unwrap_or_default();
    }
    sent.extend_from_slice(b".\r\n");
    sent
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dots_are_doubled_and_only_crlf_ends_a_line() {
        for (message, sent) in [
            ("a\r\n.\r\n..b\r\nc.\r\n", "a\r\n..\r\n...b\r\nc.\r\n.\r\n"),
            ("a\n.\nb", "a\r\n..\r\nb\r\n.\r\n"),
            ("a\r.\r\r\nb\r\n", "a\r\n..\r\n\r\nb\r\n.\r\n"),
            ("a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n.\r\n"),
            ("", ".\r\n"),
        ] {
            assert_eq!(String::from_utf8(stuffed(message.as_bytes())).unwrap(), sent, "{message:?}");
        }
    }

    /// What a server makes of DATA's lines (RFC 5321 §4.5.2): up to a lone dot, without the first dot of a line.
    fn unstuffed(sent: &str) -> (Vec<String>, String) {
        let mut lines = Vec::new();
        let mut rest = sent;
        while let Some((line, after)) = rest.split_once("\r\n") {
            rest = after;
            if line == "." {
                break;
            }
            lines.push(line.strip_prefix('.').unwrap_or(line).to_owned());
        }
        (lines, rest.to_owned())
    }

    proptest! {
        #[test]
        fn a_server_reads_the_lines_that_were_meant_and_no_more(message in "(\\.|\r|\n|\r\n|a|ä|MAIL FROM:<x@y>){0,40}") {
            let sent = String::from_utf8(stuffed(message.as_bytes())).unwrap();
            let bare = sent.replace("\r\n", "");
            prop_assert!(!bare.contains(['\r', '\n']), "a bare CR or LF: {sent:?}");
            let (lines, after) = unstuffed(&sent);
            prop_assert_eq!(after, "", "something follows the end, and would be a command");
            let mut meant: Vec<String> =
                message.replace("\r\n", "\n").replace('\r', "\n").split('\n').map(str::to_owned).collect();
            // The last line has its end, or is one all the same.
            if meant.last().is_some_and(String::is_empty) {
                meant.pop();
            }
            prop_assert_eq!(&lines, &meant);
            // CRLF alone, and stuffing what is normal already changes nothing but the dots.
            let normal = lines.iter().map(|line| format!("{line}\r\n")).collect::<String>();
            prop_assert_eq!(String::from_utf8(stuffed(normal.as_bytes())).unwrap(), sent);
        }
    }
}
