//! POP3 (RFC 1939, RFC 2449, RFC 2595, RFC 5034).

use std::time::{Duration, Instant};

use secrecy::{ExposeSecret as _, SecretString};

use super::connect::{handshake, open};
use super::greeting::await_greeting;
use super::log::{Offer, Stop, choose, describe_sign_in, leave_politely, observe};
use super::stream::{REPLY_LIMIT, Wire, unreadable, violation};
use super::{ProbeOutcome, Target, TokenSource, headers};
use crate::failure::{Failure, FailureKind, GREETING, Rejection};
use crate::profile::{Protocol, TlsMode};
use crate::report::Stage;
use crate::sasl::{self, SaslMechanism};

/// The longest head of a message that is read; of what is longer than a reply may be, the beginning is held.
const LONGEST_HEAD: usize = 1024 * 1024;
/// A message that can only be looked at whole is left alone if it is larger, in octets.
const LARGEST_WHOLE: u64 = 32 * 1024;
/// How long to wait for the list behind a `+OK` that may stand alone.
const LIST_PATIENCE: Duration = Duration::from_secs(2);
/// What ends a session.
pub(super) const FAREWELL: &str = "QUIT\r\n";

/// What to look at once signed in, beside STAT.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pop3Ask {
    /// How many of the newest messages to list. Needs a server with TOP.
    pub latest: usize,
}

/// Connects, signs in and counts the messages.
#[must_use]
pub fn run(target: &Target<'_>, token: TokenSource<'_>, ask: &Pop3Ask) -> ProbeOutcome {
    let mut outcome = ProbeOutcome::default();
    let mut wire = None;
    let _ = converse(target, token, ask, &mut outcome, &mut wire);
    leave_politely(&outcome, wire, FAREWELL);
    outcome
}

fn converse(
    target: &Target<'_>,
    token: TokenSource<'_>,
    ask: &Pop3Ask,
    outcome: &mut ProbeOutcome,
    slot: &mut Option<Wire>,
) -> Result<(), Stop> {
    let maildrop = enter(target, token, outcome, slot)?;
    let Some(wire) = slot else { return Ok(()) };
    if ask.latest == 0 {
        return Ok(());
    }
    let latest = observe(outcome, Stage::Latest, || {
        if maildrop.top == Top::Missing {
            return Ok((Vec::new(), "none listed: the server does not offer TOP".to_owned()));
        }
        let mut latest = Vec::new();
        for number in maildrop.newest(ask.latest) {
            let head = top(wire, number)?;
            latest.push(headers::message(&head, |text| wire.clean(text)));
        }
        let detail = format!("{} listed", latest.len());
        Ok((latest, detail))
    })?;
    outcome.latest = latest;
    Ok(())
}

/// What STAT says, and whether the messages' headers can be asked for.
pub(super) struct Maildrop {
    messages: u32,
    top: Top,
}

/// Whether the server has TOP, which is optional (RFC 1939 §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Top {
    /// It says so.
    Offered,
    /// It says nothing of what it has.
    Untold,
    /// It has not.
    Missing,
}

impl Maildrop {
    /// The numbers of the `count` newest messages, newest first.
    pub(super) fn newest(&self, count: usize) -> impl Iterator<Item = u32> + use<> {
        (1..=self.messages).rev().take(count)
    }

    /// The headers of a message; where there is no TOP, of a small message, which must be read whole for that.
    pub(super) fn head(&mut self, wire: &mut Wire, number: u32) -> Result<Option<String>, Failure> {
        if self.top != Top::Missing {
            match top(wire, number) {
                Err(Failure { kind: FailureKind::Rejected(_), .. }) if self.top == Top::Untold => {}
                head => return head.map(Some),
            }
            self.top = Top::Missing;
        }
        wire.phase("waiting for a message");
        let size = command(wire, &format!("LIST {number}"))?;
        let size = size.split_ascii_whitespace().nth(1).and_then(|size| size.parse::<u64>().ok());
        if size.is_none_or(|size| size > LARGEST_WHOLE) {
            return Ok(None);
        }
        command(wire, &format!("RETR {number}"))?;
        let lines = lines(wire)?;
        Ok(Some(lines.split(String::is_empty).next().unwrap_or_default().join("\r\n")))
    }
}

/// Connects, signs in, and asks STAT. The connection is in `slot` from the moment it stands.
pub(super) fn enter(
    target: &Target<'_>,
    token: TokenSource<'_>,
    outcome: &mut ProbeOutcome,
    slot: &mut Option<Wire>,
) -> Result<Maildrop, Stop> {
    let (wire, way) = open(target, Protocol::Pop3, outcome)?;
    let wire = slot.insert(wire);
    observe(outcome, Stage::Greeting, || {
        await_greeting(target, Protocol::Pop3, wire, way)?;
        Ok(((), greet(wire)?))
    })?;
    if target.server.tls == TlsMode::StartTls {
        observe(outcome, Stage::Tls, || {
            ask_for_tls(wire)?;
            let preamble = |wire: &mut Wire| greet(wire).and_then(|_| ask_for_tls(wire));
            Ok(((), handshake(target, Protocol::Pop3, wire, way, Some(preamble))?))
        })?;
    }
    // What was said before TLS is forgotten (RFC 2595 §4).
    let capabilities = observe(outcome, Stage::Capabilities, || {
        let capabilities = capabilities(wire)?;
        let mut detail = capabilities.as_ref().map_or("CAPA is not known here".to_owned(), |list| list.join(", "));
        let listed = capabilities.iter().flatten().cloned().collect::<Vec<_>>();
        let listed = parameters(&listed, "SASL").into_iter().flatten().map(str::to_owned).collect::<Vec<_>>();
        let offer = if listed.is_empty() { ask_for_mechanisms(wire)? } else { Offer::Listed(listed) };
        if parameters(capabilities.as_deref().unwrap_or_default(), "SASL").is_none() {
            detail.push_str(&match &offer {
                Offer::Listed(names) => format!("; AUTH lists {}", names.join(", ")),
                Offer::Untold => "; no list of mechanisms".to_owned(),
            });
        }
        Ok(((capabilities, offer.cleaned(wire)), wire.clean(&detail)))
    })?;
    let (capabilities, offer) = capabilities;
    let (mechanism, token) = choose(target, token, outcome, offer)?;
    let described = describe_sign_in(mechanism, &outcome.mechanisms_offered);
    observe(outcome, Stage::Authentication, || {
        authenticate(target, wire, mechanism, &token)?;
        Ok(((), described))
    })?;
    outcome.mechanism_used = Some(mechanism);
    observe(outcome, Stage::Folder, || {
        wire.phase("waiting for the answer to STAT");
        let answer = command(wire, "STAT")?;
        let mut numbers = answer.split_ascii_whitespace().map_while(|word| word.parse::<u64>().ok());
        let (Some(messages), Some(octets)) = (numbers.next().and_then(|n| u32::try_from(n).ok()), numbers.next())
        else {
            return Err(unreadable("its answer to STAT has no two numbers").said(wire.clean(&answer)));
        };
        let top = match &capabilities {
            None => Top::Untold,
            Some(list) if parameters(list, "TOP").is_some() => Top::Offered,
            Some(_) => Top::Missing,
        };
        let maildrop = Maildrop { messages, top };
        Ok((maildrop, format!("{messages} messages, {octets} octets")))
    })
}

/// A status line (RFC 1939 §3), and the continuation of RFC 5034 §4.
enum Status {
    Ok(String),
    Err(String),
    Continue(String),
}

fn read_status(wire: &mut Wire) -> Result<Status, Failure> {
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
        Err(violation("its answer is no POP3 status").said(wire.clean(&line)))
    }
}

fn greet(wire: &mut Wire) -> Result<String, Failure> {
    wire.phase("waiting for the greeting");
    expect_ok(wire, GREETING).map(|text| wire.clean(&text))
}

fn expect_ok(wire: &mut Wire, command: &str) -> Result<String, Failure> {
    match read_status(wire)? {
        Status::Ok(text) => Ok(text),
        Status::Err(text) => Err(rejection(wire, command, &text, None)),
        Status::Continue(text) => {
            Err(violation(format!("it wants {command} to be continued")).said(wire.clean(&format!("+ {text}"))))
        }
    }
}

fn rejection(wire: &Wire, command: &str, text: &str, challenge: Option<String>) -> Failure {
    let kind = FailureKind::Rejected(Rejection {
        command: command.to_owned(),
        reply_code: None,
        // RFC 2449 §8.
        detail_code: text.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(code, _)| wire.clean(code)),
        challenge,
        closes: false,
    });
    Failure::new(kind).said(wire.clean(format!("-ERR {text}").trim_end()))
}

/// Sends one command; its answer must be positive.
fn command(wire: &mut Wire, command: &str) -> Result<String, Failure> {
    refuse_early_words(wire)?;
    wire.send(&format!("{command}\r\n"))?;
    expect_ok(wire, command)
}

/// An answer that is there before its command is nobody's answer.
fn refuse_early_words(wire: &mut Wire) -> Result<(), Failure> {
    let unread = wire.unread();
    // A server that has waited too long says so and closes.
    if unread.is_empty() || unread.starts_with(b"-ERR") {
        return Ok(());
    }
    Err(violation("it spoke before it was asked"))
}

/// The lines of a multi-line answer (RFC 1939 §3), dots undoubled.
fn lines(wire: &mut Wire) -> Result<Vec<String>, Failure> {
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
            Ok(if names.is_empty() { Offer::Untold } else { Offer::Listed(names) })
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
fn authenticate(
    target: &Target<'_>,
    wire: &mut Wire,
    mechanism: SaslMechanism,
    token: &SecretString,
) -> Result<(), Failure> {
    let asked = format!("AUTH {mechanism}");
    let response = sasl::encode(&mechanism.initial_response(target.user, target.server, token)?);
    wire.phase("signing in");
    refuse_early_words(wire)?;
    wire.send(&format!("{asked}\r\n"))?;
    match read_status(wire)? {
        Status::Continue(_) => {}
        Status::Err(text) => return Err(rejection(wire, &asked, &text, None)),
        Status::Ok(text) => {
            return Err(violation(format!("it accepted {asked} before the token")).said(wire.clean(&text)));
        }
    }
    refuse_early_words(wire)?;
    wire.send_secret("", &response)?;
    let challenge = match read_status(wire)? {
        Status::Ok(_) => return Ok(()),
        Status::Err(text) => return Err(rejection(wire, &asked, &text, None)),
        Status::Continue(text) => wire.clean(&sasl::decode_challenge(&text)),
    };
    // The reason stands in the challenge; the answer to it frees the final status (RFC 7628 §3.2.3).
    wire.remark(&format!("the challenge says: {challenge}"));
    refuse_early_words(wire)?;
    let end = sasl::encode(&SecretString::from(mechanism.error_reply()));
    wire.send(&format!("{}\r\n", end.expose_secret()))?;
    match read_status(wire)? {
        Status::Err(text) => Err(rejection(wire, &asked, &text, Some(challenge).filter(|text| !text.is_empty()))),
        Status::Ok(text) | Status::Continue(text) => {
            Err(violation(format!("it answered {asked} with an error challenge and then not with -ERR"))
                .said(wire.clean(&text)))
        }
    }
}

/// The headers of a message.
pub(super) fn top(wire: &mut Wire, number: u32) -> Result<String, Failure> {
    wire.phase("waiting for a message's headers");
    command(wire, &format!("TOP {number} 0"))?;
    let (mut head, mut read) = (String::new(), 0);
    loop {
        let line = wire.line()?;
        // A message to hundreds of people has a head that no reply of another kind has.
        read += line.len();
        wire.forgive(LONGEST_HEAD.saturating_sub(read));
        match line.strip_prefix('.') {
            Some("") => return Ok(head),
            undoubled if head.len() < REPLY_LIMIT => {
                head.push_str(undoubled.unwrap_or(&line));
                head.push_str("\r\n");
            }
            _ => {}
        }
    }
}
