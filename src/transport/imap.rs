//! IMAP (RFC 9051, RFC 3501). Up to the end of STARTTLS the words are ours; from AUTHENTICATE on they are the imap
//! crate's, over a bridge.

mod bridge;
mod preamble;
mod syntax;
mod untagged;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use secrecy::{ExposeSecret as _, SecretString};

use self::bridge::{Bridge, Shared};
use self::preamble::{ask_for_tls, capabilities, capabilities_in, greet};
use self::syntax::strip_prefix_ignoring_case;
use super::arrival::{self, Pauses};
use super::connect::{handshake, open};
use super::dialect::Dialect;
use super::greeting::await_greeting;
use super::headers::{self, Message};
use super::log::{Log, Stop};
use super::mark::{self, Mark};
use super::sign_in::{Offer, choose, describe_sign_in};
use super::stream::{Wire, violation};
use super::{Account, PendingToken, ServerTarget, Target, Task, Transport};
use crate::failure::{Failure, FailureKind, Service};
use crate::net::Traffic;
use crate::profile::TlsMode;
use crate::report::{Detail, Evidence, Stage};
use crate::sasl::{self, SaslMechanism};
use crate::text::{self, Shown};

/// The command line that a server must be able to take, with CRLF (RFC 2683 §3.2.1.5).
const COMMAND_LIMIT: usize = 8000;
/// What is shown of a message, and no more than 2 KiB of it: an ENVELOPE lists every recipient.
const HEADERS: &str = "BODY.PEEK[HEADER.FIELDS (DATE FROM SUBJECT)]<0.2048>";
/// How many messages are asked for at once: the answer must fit the limit of a reply.
const BATCH: u32 = 20;

/// What ends a session.
const FAREWELL: &str = "p9 LOGOUT\r\n";

const DIALECT: Dialect = Dialect { label: "IMAP", service: Some(Service::Imap), begins: b"*", traffic: Traffic::Mail };

/// IMAP.
pub(super) struct Imap;

impl Transport for Imap {
    fn reach(&self, target: &Target<'_>, log: &mut Log) {
        let Some(target) = target.of_server(log) else { return };
        let mut wire = None;
        let _ = arrive(&target, log, &mut wire);
        log.leave_politely(wire, FAREWELL);
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
            Task::Read { latest } => read(&target, account, token, latest, log),
            Task::Find { mark, patience } => {
                let Some(token) = token() else { return };
                arrival::wait(&target, patience, log, |target, pauses| find(target, account, &token, mark, pauses));
            }
            // Nothing can be sent with it.
            Task::Send { .. } => log.fault(task.aim(), Instant::now()),
        }
    }
}

/// Signs in, opens INBOX read-only, and lists the newest messages where they are asked for.
fn read(target: &ServerTarget<'_>, account: Account<'_>, token: PendingToken<'_>, count: usize, log: &mut Log) {
    let Ok(mut inbox) = enter(target, account, token, log) else { return };
    if count > 0 {
        let listed = log.observe(Stage::Latest, || {
            let latest = inbox.latest(count)?;
            let detail = shown!("{} listed", latest.len());
            Ok((latest, inbox.bridge.0.borrow_mut().wire().with_notices(detail)))
        });
        log.latest = listed.unwrap_or_default();
    }
    inbox.leave(log);
}

/// Looks for the message with `mark`, again and again on one session, until it is there.
fn find(
    target: &ServerTarget<'_>,
    account: Account<'_>,
    token: &SecretString,
    mark: &Mark,
    pauses: &mut Pauses,
) -> Result<bool, Failure> {
    let mut log = Log::default();
    let Ok(mut inbox) = enter(target, account, Box::new(|| Some(token.clone())), &mut log) else {
        return Err(log.failure());
    };
    let mut found = inbox.has(mark);
    while matches!(found, Ok(false)) && pauses.next() {
        found = inbox.has(mark);
    }
    if found.is_ok() {
        inbox.leave(&log);
    }
    found
}

/// INBOX, opened read-only.
struct Inbox {
    session: imap::Session<Shared>,
    bridge: Shared,
    messages: u32,
}

/// Connects, signs in and opens INBOX.
fn enter(
    target: &ServerTarget<'_>,
    account: Account<'_>,
    token: PendingToken<'_>,
    log: &mut Log,
) -> Result<Inbox, Stop> {
    let mut wire = None;
    let entered = sign_in(target, account, token, log, &mut wire);
    // Where the imap crate has taken over, the bridge has the wire.
    log.leave_politely(wire, FAREWELL);
    let (mut session, bridge) = entered?;
    let opened = log.observe(Stage::Folder, || {
        bridge.0.borrow_mut().wire().phase("waiting for the answer to EXAMINE");
        let folder =
            session.examine("INBOX").map_err(|error| bridge.0.borrow_mut().failure("EXAMINE INBOX", &error))?;
        let described = describe_folder(folder.exists, folder.unseen);
        let words = bridge.0.borrow_mut().wire().with_notices(described);
        let evidence = Evidence { messages: Some(folder.exists.into()), ..Evidence::default() };
        Ok((folder.exists, Detail { words, evidence }))
    });
    match opened {
        Ok(messages) => Ok(Inbox { session, bridge, messages }),
        Err(stop) => {
            Inbox { session, bridge, messages: 0 }.leave(log);
            Err(stop)
        }
    }
}

/// EXAMINE may tell the first unseen message, not how many there are; that would be another turn.
fn describe_folder(messages: u32, first_unseen: Option<u32>) -> Shown {
    let unseen = match first_unseen {
        Some(first) if (1..=messages).contains(&first) && first == messages => ", 1 unseen".into(),
        Some(first) if (1..=messages).contains(&first) => shown!(", unseen from number {} on", first),
        _ => Shown::default(),
    };
    shown!("INBOX, {}{}", text::count(messages.into(), "message"), unseen)
}

/// Connects, starts TLS and asks what the server can do. The connection is in `slot` from the moment it is made.
fn arrive(target: &ServerTarget<'_>, log: &mut Log, slot: &mut Option<Wire>) -> Result<Vec<String>, Stop> {
    let (wire, way) = open(target, DIALECT, log)?;
    let wire = slot.insert(wire);
    let greeting = log.observe(Stage::Greeting, || {
        await_greeting(target, DIALECT, wire, way)?;
        let greeting = greet(wire)?;
        let detail = wire.clean(&greeting);
        Ok((greeting, detail))
    })?;
    let mut known = capabilities_in(&greeting);
    if target.endpoint.tls == TlsMode::StartTls {
        log.observe(Stage::Tls, || {
            ask_for_tls(wire, known.take())?;
            let preamble = |_: &ServerTarget<'_>, wire: &mut Wire| {
                let greeting = greet(wire)?;
                ask_for_tls(wire, capabilities_in(&greeting))
            };
            let described = handshake(target, DIALECT, wire, way, Some(preamble))?;
            Ok(((), described.told(|words| wire.with_notices(words))))
        })?;
    }
    // What was said before TLS is forgotten (RFC 9051 §6.2.1): `known` is empty then.
    log.observe(Stage::Capabilities, || {
        let capabilities = known.map_or_else(|| capabilities(wire), Ok)?;
        let detail = wire.clean(&capabilities.join(", "));
        Ok((capabilities, wire.with_notices(detail)))
    })
}

fn sign_in(
    target: &ServerTarget<'_>,
    account: Account<'_>,
    token: PendingToken<'_>,
    log: &mut Log,
    slot: &mut Option<Wire>,
) -> Result<(imap::Session<Shared>, Shared), Stop> {
    let capabilities = arrive(target, log, slot)?;
    let Some(wire) = slot.as_ref() else { return Err(Stop) };
    let offered = capabilities.iter().filter_map(|word| strip_prefix_ignoring_case(word, "AUTH="));
    let (mechanism, token) = choose(target, token, log, Offer::of(offered, wire))?;
    let described = describe_sign_in(mechanism, &log.mechanisms_offered);
    let has_initial = capabilities.iter().any(|word| word.eq_ignore_ascii_case("SASL-IR"));
    let signed_in = log.observe(Stage::Authentication, || {
        let response = sasl::encode(&mechanism.initial_response(account.mailbox, target.endpoint, &token)?);
        let (session, bridge) = authenticate(slot, mechanism, response, has_initial)?;
        let described = bridge.0.borrow_mut().wire().with_notices(described);
        Ok(((session, bridge), described))
    })?;
    log.mechanism_used = Some(mechanism);
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
                bridge.0.borrow_mut().wire().leave(FAREWELL);
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
            let fetched = self.session.fetch(format!("{oldest}:{newest}"), HEADERS);
            let fetched = fetched.map_err(|error| self.bridge.0.borrow_mut().failure("FETCH", &error))?;
            let mut bridge = self.bridge.0.borrow_mut();
            let wire = bridge.wire();
            let mut batch: Vec<_> = fetched.iter().filter(|fetch| (oldest..=newest).contains(&fetch.message)).collect();
            batch.sort_by_key(|fetch| std::cmp::Reverse(fetch.message));
            latest.extend(batch.iter().filter_map(|fetch| fetch.header()).map(|head| {
                let head = String::from_utf8_lossy(head);
                headers::message(&head, |text| wire.clean(text))
            }));
            left -= newest - oldest + 1;
            newest = oldest - 1;
        }
        Ok(latest)
    }

    /// Whether the message with this mark is here. What SEARCH finds counts unless its headers say otherwise. Where it
    /// finds nothing, the newest messages are looked at: a server's index may lag behind, or not know these headers.
    fn has(&mut self, mark: &Mark) -> Result<bool, Failure> {
        self.bridge.0.borrow_mut().wire().phase("waiting for the answer to SEARCH");
        let asked = |bridge: &Shared, error| bridge.0.borrow_mut().failure("SEARCH", &error);
        // Some servers look for new messages only when they are given the chance.
        self.session.noop().map_err(|error| asked(&self.bridge, error))?;
        let found = self.session.search(mark.search()).map_err(|error| asked(&self.bridge, error));
        let mut found: Vec<u32> = match found {
            Ok(found) => found.into_iter().collect(),
            Err(failure) if matches!(&failure.kind, FailureKind::Rejected(no) if !no.closes) => Vec::new(),
            Err(failure) => return Err(failure),
        };
        found.sort_unstable_by(|one, other| other.cmp(one));
        found.truncate(BATCH as usize);
        if !found.is_empty() {
            let set = found.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            if self.is_among(&set, mark)?.unwrap_or(true) {
                return Ok(true);
            }
        }
        let exists = self.bridge.0.borrow().exists();
        if exists == 0 {
            return Ok(false);
        }
        let newest = format!("{}:{exists}", exists.saturating_sub(BATCH - 1).max(1));
        Ok(self.is_among(&newest, mark)?.unwrap_or(false))
    }

    /// Whether the mark is on one of these messages; none if the server shows no headers of theirs.
    fn is_among(&mut self, set: &str, mark: &Mark) -> Result<Option<bool>, Failure> {
        self.bridge.0.borrow_mut().wire().phase("waiting for the answer to FETCH");
        let fetched = self.session.fetch(set, mark::HEADERS);
        let fetched = fetched.map_err(|error| self.bridge.0.borrow_mut().failure("FETCH", &error))?;
        let heads =
            fetched.iter().filter_map(|fetch| fetch.header()).map(|head| mark.is_on(&String::from_utf8_lossy(head)));
        Ok(heads.reduce(|one, other| one || other))
    }

    /// Logs out, and does not wait for the answer.
    fn leave(self, log: &Log) {
        // The crate's session holds one handle, and its buffers are empty.
        drop(self.session);
        let Ok(bridge) = Rc::try_unwrap(self.bridge.0) else { return };
        log.leave_politely(Some(bridge.into_inner().into_wire()), FAREWELL);
    }
}
