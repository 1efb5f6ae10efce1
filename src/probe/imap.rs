//! IMAP (RFC 9051, RFC 3501). Up to the end of STARTTLS the words are ours; from AUTHENTICATE on they are the imap
//! crate's, over a bridge.

mod bridge;

use std::cell::RefCell;
use std::rc::Rc;

use secrecy::{ExposeSecret as _, SecretString};

use self::bridge::{Bridge, Shared};
use super::connect::{handshake, open};
use super::observe::{Stop, choose, describe_sign_in, leave_politely, observe};
use super::stream::{Wire, violation};
use super::{Message, ProbeOutcome, Target, TokenSource, headers};
use crate::failure::{Failure, FailureKind, Rejection};
use crate::profile::{MailProtocol, TlsMode};
use crate::report::Stage;
use crate::sasl::{self, SaslMechanism};

/// The command line that a server must be able to take, with CRLF (RFC 2683 §3.2.1.5).
const COMMAND_LIMIT: usize = 8000;
/// How many envelopes are asked for at once: their answer must fit the limit of a reply.
const BATCH: u32 = 20;

/// What to look at once signed in, beside opening INBOX.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImapAsk {
    /// How many of the newest messages to list.
    pub latest: usize,
}

/// Connects, signs in and opens INBOX read-only.
#[must_use]
pub fn run(target: &Target<'_>, token: TokenSource<'_>, ask: &ImapAsk) -> ProbeOutcome {
    let mut outcome = ProbeOutcome::default();
    if let Ok(mut inbox) = enter(target, token, &mut outcome) {
        if ask.latest > 0 {
            let listed = observe(&mut outcome, Stage::Latest, || {
                let latest = inbox.latest(ask.latest)?;
                let detail = format!("{} listed", latest.len());
                Ok((latest, detail))
            });
            outcome.latest = listed.unwrap_or_default();
        }
        inbox.leave(&outcome);
    }
    outcome
}

/// INBOX, opened read-only.
pub(super) struct Inbox {
    session: imap::Session<Shared>,
    bridge: Shared,
    messages: u32,
}

/// Connects, signs in and opens INBOX.
pub(super) fn enter(target: &Target<'_>, token: TokenSource<'_>, outcome: &mut ProbeOutcome) -> Result<Inbox, Stop> {
    let mut wire = None;
    let entered = sign_in(target, token, outcome, &mut wire);
    // Where the imap crate has taken over, the bridge has the wire.
    leave_politely(outcome, wire, "p9 LOGOUT\r\n");
    let (mut session, bridge) = entered?;
    let opened = observe(outcome, Stage::Folder, || {
        bridge.0.borrow_mut().wire().phase("waiting for the answer to EXAMINE");
        let folder =
            session.examine("INBOX").map_err(|error| bridge.0.borrow_mut().failure("EXAMINE INBOX", &error))?;
        Ok((folder.exists, describe_folder(folder.exists, folder.unseen)))
    });
    match opened {
        Ok(messages) => Ok(Inbox { session, bridge, messages }),
        Err(stop) => {
            Inbox { session, bridge, messages: 0 }.leave(outcome);
            Err(stop)
        }
    }
}

/// EXAMINE may tell the first unseen message, not how many there are; that would be another turn.
fn describe_folder(messages: u32, first_unseen: Option<u32>) -> String {
    let unseen = match first_unseen {
        Some(first) if (1..=messages).contains(&first) && first == messages => ", 1 unseen".to_owned(),
        Some(first) if (1..=messages).contains(&first) => format!(", unseen from number {first} on"),
        _ => String::new(),
    };
    format!("INBOX, {messages} messages{unseen}")
}

fn sign_in(
    target: &Target<'_>,
    token: TokenSource<'_>,
    outcome: &mut ProbeOutcome,
    slot: &mut Option<Wire>,
) -> Result<(imap::Session<Shared>, Shared), Stop> {
    let (wire, address) = open(target, MailProtocol::Imap, outcome)?;
    let wire = slot.insert(wire);
    let greeting = observe(outcome, Stage::Greeting, || {
        let greeting = greet(wire)?;
        let detail = wire.clean(&greeting);
        Ok((greeting, detail))
    })?;
    let mut known = capabilities_in(&greeting);
    if target.server.tls == TlsMode::StartTls {
        observe(outcome, Stage::Tls, || {
            ask_for_tls(wire, known.take())?;
            let preamble = |wire: &mut Wire| {
                let greeting = greet(wire)?;
                ask_for_tls(wire, capabilities_in(&greeting))
            };
            Ok(((), handshake(target, MailProtocol::Imap, wire, address, Some(preamble))?))
        })?;
    }
    // What was said before TLS is forgotten (RFC 9051 §6.2.1): `known` is empty then.
    let capabilities = observe(outcome, Stage::Capabilities, || {
        let capabilities = known.map_or_else(|| capabilities(wire), Ok)?;
        let detail = wire.clean(&capabilities.join(", "));
        Ok((capabilities, detail))
    })?;
    let offered = capabilities.iter().filter_map(|word| strip_prefix_ignoring_case(word, "AUTH="));
    let offered = offered.map(|name| wire.clean(name)).collect();
    let (mechanism, token) = choose(target, token, outcome, offered)?;
    let described = describe_sign_in(mechanism, &outcome.mechanisms_offered);
    let has_initial = capabilities.iter().any(|word| word.eq_ignore_ascii_case("SASL-IR"));
    let signed_in = observe(outcome, Stage::Authentication, || {
        let response = sasl::encode(&mechanism.initial_response(target.user, target.server, &token)?);
        Ok((authenticate(slot, mechanism, response, has_initial)?, described))
    })?;
    outcome.mechanism_used = Some(mechanism);
    Ok(signed_in)
}

fn authenticate(
    slot: &mut Option<Wire>,
    mechanism: SaslMechanism,
    response: SecretString,
    has_initial: bool,
) -> Result<(imap::Session<Shared>, Shared), Failure> {
    let Some(mut wire) = slot.take() else { return Err(violation("there is no connection")) };
    let asked = format!("AUTHENTICATE {mechanism}");
    let line_len = "a1 ".len() + asked.len() + 1 + response.expose_secret().len() + 2;
    wire.phase("signing in");
    let mut bridge = Bridge::new(wire, mechanism, response);
    if has_initial && line_len <= COMMAND_LIMIT {
        bridge.respond_at_once();
    }
    let bridge = Shared(Rc::new(RefCell::new(bridge)));
    match imap::Client::new(bridge.clone()).authenticate(mechanism.name(), &bridge) {
        Ok(session) => {
            bridge.0.borrow_mut().signed_in();
            Ok((session, bridge))
        }
        Err((error, _client)) => {
            let failure = bridge.0.borrow_mut().failure(&asked, &error);
            if matches!(failure.kind, FailureKind::Rejected(_)) {
                bridge.0.borrow_mut().wire().leave("p9 LOGOUT\r\n");
            }
            Err(failure)
        }
    }
}

impl Inbox {
    /// The `count` newest messages, newest first.
    fn latest(&mut self, count: usize) -> Result<Vec<Message>, Failure> {
        let mut latest = Vec::new();
        let mut newest = self.messages;
        let mut left = u32::try_from(count).unwrap_or(u32::MAX).min(newest);
        while left > 0 {
            let oldest = newest - left.min(BATCH) + 1;
            self.bridge.0.borrow_mut().wire().phase("waiting for the answer to FETCH");
            let fetched = self
                .session
                .fetch(format!("{oldest}:{newest}"), "ENVELOPE")
                .map_err(|error| self.bridge.0.borrow_mut().failure("FETCH", &error))?;
            let mut bridge = self.bridge.0.borrow_mut();
            let wire = bridge.wire();
            let mut batch: Vec<_> = fetched.iter().filter(|fetch| (oldest..=newest).contains(&fetch.message)).collect();
            batch.sort_by_key(|fetch| std::cmp::Reverse(fetch.message));
            for envelope in batch.iter().filter_map(|fetch| fetch.envelope()) {
                let shown = |text: &[u8]| headers::show(&String::from_utf8_lossy(text), |text| wire.clean(text));
                let from = envelope.from.iter().flatten().map(|address| {
                    let part = |part: &Option<std::borrow::Cow<'_, [u8]>>| shown(part.as_deref().unwrap_or_default());
                    let (name, mailbox) = (part(&address.name), part(&address.mailbox) + "@" + &part(&address.host));
                    if name.is_empty() { mailbox } else { format!("{name} <{mailbox}>") }
                });
                latest.push(Message {
                    date: shown(envelope.date.as_deref().unwrap_or_default()),
                    from: from.take(3).collect::<Vec<_>>().join(", "),
                    subject: shown(envelope.subject.as_deref().unwrap_or_default()),
                });
            }
            left -= newest - oldest + 1;
            newest = oldest - 1;
        }
        Ok(latest)
    }

    /// Whether a message with this Message-ID is here. The identifier must be fit for a quoted string.
    pub(super) fn has(&mut self, message_id: &str) -> Result<bool, Failure> {
        self.bridge.0.borrow_mut().wire().phase("waiting for the answer to SEARCH");
        let asked = |bridge: &Shared, error| bridge.0.borrow_mut().failure("SEARCH", &error);
        // Some servers look for new messages only when they are given the chance.
        self.session.noop().map_err(|error| asked(&self.bridge, error))?;
        let found = self.session.search(format!("HEADER Message-ID \"{message_id}\""));
        Ok(!found.map_err(|error| asked(&self.bridge, error))?.is_empty())
    }

    /// Logs out, and does not wait for the answer.
    pub(super) fn leave(self, outcome: &ProbeOutcome) {
        // The crate's session holds one handle, and its buffers are empty.
        drop(self.session);
        let Ok(bridge) = Rc::try_unwrap(self.bridge.0) else { return };
        leave_politely(outcome, Some(bridge.into_inner().into_wire()), "p9 LOGOUT\r\n");
    }
}

/// The code in brackets of a response text, as in `OK [CAPABILITY IMAP4rev1] hello` (RFC 9051 §7.1).
fn response_code(response: &str) -> Option<&str> {
    let (_status, rest) = response.split_once(' ')?;
    rest.strip_prefix('[')?.split_once(']').map(|(code, _)| code)
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The capabilities in a greeting or another response with a code.
fn capabilities_in(response: &str) -> Option<Vec<String>> {
    let list = strip_prefix_ignoring_case(response_code(response)?, "CAPABILITY ")?;
    Some(list.split_ascii_whitespace().map(str::to_owned).collect())
}

/// The greeting without its star.
fn greet(wire: &mut Wire) -> Result<String, Failure> {
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

fn capabilities(wire: &mut Wire) -> Result<Vec<String>, Failure> {
    wire.phase("waiting for the answer to CAPABILITY");
    let untagged = command(wire, "p1", "CAPABILITY")?;
    let list = untagged.iter().find_map(|data| strip_prefix_ignoring_case(data, "CAPABILITY "));
    match list {
        Some(list) => Ok(list.split_ascii_whitespace().map(str::to_owned).collect()),
        None => Err(violation("its answer to CAPABILITY lists none")),
    }
}

fn ask_for_tls(wire: &mut Wire, known: Option<Vec<String>>) -> Result<(), Failure> {
    let capabilities = known.map_or_else(|| capabilities(wire), Ok)?;
    if !capabilities.iter().any(|word| word.eq_ignore_ascii_case("STARTTLS")) {
        return Err(FailureKind::StartTlsNotOffered.into());
    }
    wire.phase("waiting for the answer to STARTTLS");
    command(wire, "p2", "STARTTLS").map(drop)
}
