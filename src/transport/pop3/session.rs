//! A session from the connection to the sign-in: greeting, TLS, capabilities, AUTH, STAT.

use std::time::{Duration, Instant};

use secrecy::{ExposeSecret as _, SecretString};

use super::maildrop::{Maildrop, Top};
use super::reply::{Status, command, expect_ok, lines, read_status, refuse_early_words, rejection};
use crate::failure::{Failure, FailureKind, GREETING, Service};
use crate::net::Traffic;
use crate::profile::TlsMode;
use crate::report::{Detail, Evidence, Stage};
use crate::sasl::{self, SaslMechanism};
use crate::text::{self, Shown};
use crate::transport::connect::{handshake, open};
use crate::transport::dialect::Dialect;
use crate::transport::greeting::await_greeting;
use crate::transport::log::{Log, Stop};
use crate::transport::sign_in::{Offer, choose, describe_sign_in};
use crate::transport::stream::{Wire, unreadable, violation};
use crate::transport::{Account, PendingToken, ServerTarget};

/// How long to wait for the list behind a `+OK` that may come alone.
const LIST_PATIENCE: Duration = Duration::from_secs(2);
/// What ends a session.
pub(super) const FAREWELL: &str = "QUIT\r\n";

const DIALECT: Dialect = Dialect { label: "POP3", service: Some(Service::Pop3), begins: b"+-", traffic: Traffic::Mail };

/// What the server says it can do, and the mechanisms that it lists.
pub(super) struct Capabilities {
    listed: Option<Vec<String>>,
    offer: Offer,
}

/// Connects, starts TLS and asks what the server can do. The connection is in `slot` from the moment it is made.
pub(super) fn arrive(target: &ServerTarget<'_>, log: &mut Log, slot: &mut Option<Wire>) -> Result<Capabilities, Stop> {
    let (wire, way) = open(target, DIALECT, log)?;
    let wire = slot.insert(wire);
    log.observe(Stage::Greeting, || {
        await_greeting(target, DIALECT, wire, way)?;
        Ok(((), greet(wire)?))
    })?;
    if target.endpoint.tls == TlsMode::StartTls {
        log.observe(Stage::Tls, || {
            ask_for_tls(wire)?;
            let preamble = |_: &ServerTarget<'_>, wire: &mut Wire| greet(wire).and_then(|_| ask_for_tls(wire));
            Ok(((), handshake(target, DIALECT, wire, way, Some(preamble))?))
        })?;
    }
    // What was said before TLS is forgotten (RFC 2595 §4).
    log.observe(Stage::Capabilities, || {
        let listed = capabilities(wire)?;
        let mut detail = listed.as_ref().map_or("CAPA is not known here".into(), |list| wire.clean(&list.join(", ")));
        let list = listed.as_deref().unwrap_or_default();
        let names = parameters(list, "SASL").into_iter().flatten().collect::<Vec<_>>();
        let offer = if names.is_empty() { ask_for_mechanisms(wire)? } else { Offer::of(names, wire) };
        if parameters(list, "SASL").is_some() {
            return Ok((Capabilities { listed, offer }, detail));
        }
        let offer = match offer {
            // Such servers are older than RFC 5034, or break it: what they list need not be all.
            Offer::Listed(names) => Offer::InPart(names),
            other @ (Offer::InPart(_) | Offer::Untold) => other,
        };
        detail = match &offer {
            Offer::Listed(names) | Offer::InPart(names) => {
                shown!("{}; AUTH lists {}", detail, Shown::join(names, ", "))
            }
            Offer::Untold => shown!("{}; no list of mechanisms", detail),
        };
        Ok((Capabilities { listed, offer }, detail))
    })
}

/// Connects, signs in, and asks STAT. The connection is in `slot` from the moment it is made.
pub(super) fn enter(
    target: &ServerTarget<'_>,
    account: Account<'_>,
    token: PendingToken<'_>,
    log: &mut Log,
    slot: &mut Option<Wire>,
) -> Result<Maildrop, Stop> {
    let Capabilities { listed, offer } = arrive(target, log, slot)?;
    let Some(wire) = slot else { return Err(Stop) };
    let (mechanism, token) = choose(target, token, log, offer)?;
    let described = describe_sign_in(mechanism, &log.mechanisms_offered);
    log.observe(Stage::Authentication, || {
        let response = sasl::encode(&mechanism.initial_response(account.mailbox, target.endpoint, &token)?);
        authenticate(wire, mechanism, &response)?;
        Ok(((), described))
    })?;
    log.mechanism_used = Some(mechanism);
    log.observe(Stage::Folder, || {
        wire.phase("waiting for the answer to STAT");
        let answer = command(wire, "STAT")?;
        let mut numbers = answer.split_ascii_whitespace().map_while(|word| word.parse::<u64>().ok());
        let (Some(messages), Some(octets)) = (numbers.next().and_then(|n| u32::try_from(n).ok()), numbers.next())
        else {
            return Err(unreadable("its answer to STAT has no two numbers").said(wire.clean(&answer)));
        };
        let top = match &listed {
            None => Top::Untold,
            Some(list) if parameters(list, "TOP").is_some() => Top::Offered,
            Some(_) => Top::Missing,
        };
        let maildrop = Maildrop { messages, top };
        let words = shown!("{}, {} octets", text::count(messages.into(), "message"), octets);
        let evidence = Evidence { messages: Some(messages.into()), ..Evidence::default() };
        Ok((maildrop, Detail { words, evidence }))
    })
}

fn greet(wire: &mut Wire) -> Result<Shown, Failure> {
    wire.phase("waiting for the greeting");
    expect_ok(wire, GREETING).map(|text| wire.clean(&text))
}

/// What the server says it can do; none where it does not know CAPA, which is optional (RFC 2449 §5).
fn capabilities(wire: &mut Wire) -> Result<Option<Vec<String>>, Failure> {
    wire.phase("waiting for the answer to CAPA");
    match command(wire, "CAPA") {
        Ok(_) => lines(wire).map(Some),
        Err(Failure { kind: FailureKind::Rejected(_), .. }) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// AUTH alone lists the mechanisms on servers that are older than RFC 5034, or that leave them out of CAPA.
fn ask_for_mechanisms(wire: &mut Wire) -> Result<Offer, Failure> {
    wire.phase("waiting for the answer to AUTH");
    refuse_early_words(wire)?;
    wire.send("AUTH\r\n")?;
    match read_status(wire)? {
        Status::Ok(_) if wire.is_heard_by(Instant::now() + LIST_PATIENCE) => {
            let names: Vec<String> =
                lines(wire)?.iter().flat_map(|line| line.split_ascii_whitespace()).map(str::to_owned).collect();
            Ok(if names.is_empty() { Offer::Untold } else { Offer::of(names, wire) })
        }
        Status::Ok(_) | Status::Err(_) => Ok(Offer::Untold),
        Status::Continue(_) => {
            // RFC 5034 §4: a star alone ends an exchange that we did not mean.
            wire.send("*\r\n")?;
            read_status(wire).map(|_| Offer::Untold)
        }
    }
}

fn parameters<'a>(capabilities: &'a [String], keyword: &str) -> Option<impl Iterator<Item = &'a str>> {
    capabilities.iter().find_map(|line| {
        let mut words = line.split_ascii_whitespace();
        words.next().is_some_and(|first| first.eq_ignore_ascii_case(keyword)).then_some(words)
    })
}

fn ask_for_tls(wire: &mut Wire) -> Result<(), Failure> {
    // A server that does not know CAPA may know STLS; if not, it says so.
    if capabilities(wire)?.is_some_and(|list| parameters(&list, "STLS").is_none()) {
        return Err(FailureKind::StartTlsNotOffered.into());
    }
    wire.phase("waiting for the answer to STLS");
    command(wire, "STLS").map(drop)
}

/// Always in two steps: Exchange closes the connection on an initial response, and lines are short (RFC 2449 §4).
fn authenticate(wire: &mut Wire, mechanism: SaslMechanism, response: &SecretString) -> Result<(), Failure> {
    let asked = shown!("AUTH {}", mechanism);
    wire.phase("signing in");
    refuse_early_words(wire)?;
    wire.send(&format!("{asked}\r\n"))?;
    match read_status(wire)? {
        Status::Continue(_) => {}
        Status::Err(text) => return Err(rejection(wire, &asked, &text, None)),
        Status::Ok(text) => {
            return Err(violation(shown!("it accepted {} before the token", asked)).said(wire.clean(&text)));
        }
    }
    refuse_early_words(wire)?;
    wire.send_secret("", response)?;
    let challenge = match read_status(wire)? {
        Status::Ok(_) => return Ok(()),
        Status::Err(text) => return Err(rejection(wire, &asked, &text, None)),
        Status::Continue(text) => wire.clean(&sasl::decode_challenge(&text)),
    };
    // The reason is in the challenge; the answer to it frees the final status (RFC 7628 §3.2.3).
    wire.remark(&format!("the challenge says: {challenge}"));
    refuse_early_words(wire)?;
    let end = sasl::encode(&SecretString::from(mechanism.error_reply()));
    wire.send(&format!("{}\r\n", end.expose_secret()))?;
    match read_status(wire)? {
        Status::Err(text) => Err(rejection(wire, &asked, &text, Some(challenge).filter(|text| !text.is_empty()))),
        Status::Ok(text) | Status::Continue(text) => {
            Err(violation(shown!("it answered {} with an error challenge and then not with -ERR", asked))
                .said(wire.clean(&text)))
        }
    }
}
