//! POP3 (RFC 1939, RFC 2449, RFC 2595, RFC 5034).

use std::time::{Duration, Instant};

use secrecy::{ExposeSecret as _, SecretString};

use super::arrival::{self, Pauses};
use super::connect::{handshake, open};
use super::dialect::Dialect;
use super::greeting::await_greeting;
use super::log::{Log, Stop};
use super::mark::Mark;
use super::sign_in::{Offer, choose, describe_sign_in};
use super::stream::{REPLY_LIMIT, Wire, unreadable, violation};
use super::{Account, ServerTarget, Target, Task, TokenSource, Transport, headers};
use crate::failure::{Failure, FailureKind, GREETING, Rejection, Service};
use crate::profile::TlsMode;
use crate::report::Stage;
use crate::sasl::{self, SaslMechanism};
use crate::text::Shown;

/// The longest head of a message that is read; of what is longer than a reply may be, the beginning is held.
const LONGEST_HEAD: usize = 1024 * 1024;
/// A message that can only be looked at whole is left alone if it is larger, in octets.
const LARGEST_WHOLE: u64 = 32 * 1024;
/// How long to wait for the list behind a `+OK` that may come alone.
const LIST_PATIENCE: Duration = Duration::from_secs(2);
/// A message is looked for among this many of the newest: POP3 cannot search.
const DEPTH: usize = 10;
/// What ends a session.
const FAREWELL: &str = "QUIT\r\n";

const DIALECT: Dialect = Dialect { label: "POP3", service: Some(Service::Pop3), begins: b"+-" };

/// POP3.
pub(super) struct Pop3;

impl Transport for Pop3 {
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
        token: TokenSource<'_>,
        task: &Task<'_>,
        log: &mut Log,
    ) {
        let Some(target) = target.of_server(log) else { return };
        match *task {
            Task::Read { latest } => {
                let mut wire = None;
                let _ = read(&target, account, token, latest, log, &mut wire);
                log.leave_politely(wire, FAREWELL);
            }
            Task::Find { mark, patience } => {
                let Some(token) = token() else { return };
                arrival::wait(&target, patience, log, |target, pauses| find(target, account, &token, mark, pauses));
            }
            // Nothing can be sent with it.
            Task::Send { .. } => log.fault(task.aim(), Instant::now()),
        }
    }
}

/// Signs in, counts the messages, and lists the newest where they are asked for: that needs a server with TOP.
fn read(
    target: &ServerTarget<'_>,
    account: Account<'_>,
    token: TokenSource<'_>,
    count: usize,
    log: &mut Log,
    slot: &mut Option<Wire>,
) -> Result<(), Stop> {
    let maildrop = enter(target, account, token, log, slot)?;
    let Some(wire) = slot else { return Err(Stop) };
    if count == 0 {
        return Ok(());
    }
    let latest = log.observe(Stage::Latest, || {
        if maildrop.top == Top::Missing {
            return Ok((Vec::new(), "none listed: the server does not offer TOP".into()));
        }
        let mut latest = Vec::new();
        for number in maildrop.newest(count) {
            let head = top(wire, number)?;
            latest.push(headers::message(&head, |text| wire.clean(text)));
        }
        let detail = shown!("{} listed", latest.len());
        Ok((latest, detail))
    })?;
    log.latest = latest;
    Ok(())
}

/// Looks for the message with `mark` until it is there. The maildrop is as it was at sign-in (RFC 1939 §8), so each look
/// is a session of its own.
fn find(
    target: &ServerTarget<'_>,
    account: Account<'_>,
    token: &SecretString,
    mark: &Mark,
    pauses: &mut Pauses,
) -> Result<bool, Failure> {
    loop {
        match look(target, account, token, mark) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            // The maildrop is still locked by the session before, or the server asks for patience (RFC 2449 §8.1).
            Err(failure) if is_passing(&failure) => {}
            Err(failure) => return Err(failure),
        }
        if !pauses.next() {
            return Ok(false);
        }
    }
}

fn look(target: &ServerTarget<'_>, account: Account<'_>, token: &SecretString, mark: &Mark) -> Result<bool, Failure> {
    let mut log = Log::default();
    let mut slot = None;
    let maildrop = enter(target, account, Box::new(|| Some(token.clone())), &mut log, &mut slot);
    let Ok(mut maildrop) = maildrop else {
        log.leave_politely(slot, FAREWELL);
        return Err(log.failure());
    };
    let Some(mut wire) = slot else { return Err(log.failure()) };
    for number in maildrop.newest(DEPTH) {
        if maildrop.head(&mut wire, number)?.is_some_and(|head| mark.is_on(&head)) {
            wire.leave(FAREWELL);
            return Ok(true);
        }
    }
    wire.leave(FAREWELL);
    Ok(false)
}

fn is_passing(failure: &Failure) -> bool {
    match &failure.kind {
        FailureKind::Rejected(rejection) => rejection.detail_code.as_deref().is_some_and(|code| {
            ["IN-USE", "LOGIN-DELAY", "SYS/TEMP"].iter().any(|known| code.eq_ignore_ascii_case(known))
        }),
        _ => false,
    }
}

/// What STAT says, and whether the messages' headers can be asked for.
struct Maildrop {
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
    fn newest(&self, count: usize) -> impl Iterator<Item = u32> + use<> {
        (1..=self.messages).rev().take(count)
    }

    /// The headers of a message; where there is no TOP, of a small message, which must be read whole for that.
    fn head(&mut self, wire: &mut Wire, number: u32) -> Result<Option<String>, Failure> {
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

/// What the server says it can do, and the mechanisms that it lists.
struct Capabilities {
    listed: Option<Vec<String>>,
    offer: Offer,
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
            ask_for_tls(wire)?;
            let preamble = |wire: &mut Wire| greet(wire).and_then(|_| ask_for_tls(wire));
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
        if parameters(list, "SASL").is_none() {
            detail = match &offer {
                Offer::Listed(names) => shown!("{}; AUTH lists {}", detail, Shown::join(names, ", ")),
                Offer::Untold => shown!("{}; no list of mechanisms", detail),
            };
        }
        Ok((Capabilities { listed, offer }, detail))
    })
}

/// Connects, signs in, and asks STAT. The connection is in `slot` from the moment it is made.
fn enter(
    target: &ServerTarget<'_>,
    account: Account<'_>,
    token: TokenSource<'_>,
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
        Ok((maildrop, shown!("{} messages, {} octets", messages, octets)))
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
        Err(violation("its answer is not a POP3 status").said(wire.clean(&line)))
    }
}

fn greet(wire: &mut Wire) -> Result<Shown, Failure> {
    wire.phase("waiting for the greeting");
    expect_ok(wire, GREETING).map(|text| wire.clean(&text))
}

fn expect_ok(wire: &mut Wire, command: &str) -> Result<String, Failure> {
    match read_status(wire)? {
        Status::Ok(text) => Ok(text),
        Status::Err(text) => Err(rejection(wire, command, &text, None)),
        Status::Continue(text) => Err(violation(shown!("it wants {} to be continued", wire.clean(command)))
            .said(wire.clean(&format!("+ {text}")))),
    }
}

fn rejection(wire: &Wire, command: &str, text: &str, challenge: Option<Shown>) -> Failure {
    let kind = FailureKind::Rejected(Rejection {
        command: wire.clean(command),
        code: None,
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

/// An answer that is there before its command answers nothing.
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

/// The headers of a message.
fn top(wire: &mut Wire, number: u32) -> Result<String, Failure> {
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
