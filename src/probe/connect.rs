//! From a host name to a connection: DNS, TCP, TLS.

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::handshake::Seen;
use super::observe::{Stop, observe};
use super::socket::Socket;
use super::stream::Wire;
use super::{ProbeOutcome, Target};
use crate::clock::Clock;
use crate::failure::{Failure, FailureKind, TlsFault};
use crate::profile::{MailProtocol, TlsMode};
use crate::report::Stage;
use crate::tls::PeerCertificate;

/// How long an address may keep us before the next one is tried beside it (RFC 8305 §5).
const HEAD_START: Duration = Duration::from_millis(250);
/// More addresses than this are not tried.
const MOST_ADDRESSES: usize = 8;
/// More names of a certificate than this are not listed.
const MOST_NAMES: usize = 8;

/// How STARTTLS is asked for, from the greeting on; for a second look at a certificate that was not accepted.
pub(super) type Preamble = fn(&mut Wire) -> Result<(), Failure>;

/// What the transcript calls the conversation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spoken(pub(super) &'static str);

impl From<MailProtocol> for Spoken {
    fn from(protocol: MailProtocol) -> Self {
        Self(match protocol {
            MailProtocol::Imap => "IMAP",
            MailProtocol::Pop3 => "POP3",
            MailProtocol::Smtp => "SMTP",
        })
    }
}

/// Finds and reaches the server, and starts TLS where it comes first.
pub(super) fn open(
    target: &Target<'_>,
    protocol: impl Into<Spoken>,
    outcome: &mut ProbeOutcome,
) -> Result<(Wire, SocketAddr), Stop> {
    let spoken = protocol.into();
    #[cfg(fuzzing)]
    if let Some((script, stream, address)) = super::script::next() {
        let mut wire = wire_over(target, spoken, stream);
        wire.follow(script);
        if target.server.tls == TlsMode::Implicit {
            wire.begin_scripted_tls();
        }
        return Ok((wire, address));
    }
    let addresses = observe(outcome, Stage::Dns, || {
        let addresses = look_up(target)?;
        let detail = addresses.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>().join(", ");
        Ok((addresses, detail))
    })?;
    let (mut wire, address) = observe(outcome, Stage::Tcp, || {
        let (stream, address) = reach(target, &addresses)?;
        Ok(((wire_over(target, spoken, stream), address), address.to_string()))
    })?;
    if target.server.tls == TlsMode::Implicit {
        observe(outcome, Stage::Tls, || Ok(((), handshake(target, spoken, &mut wire, address, None)?)))?;
    }
    Ok((wire, address))
}

fn wire_over(target: &Target<'_>, spoken: Spoken, stream: TcpStream) -> Wire {
    let socket = Socket::new(stream, Instant::now());
    let mut wire = Wire::new(socket, spoken.0, target.transcript.clone(), target.timeout, target.overall);
    wire.phase("connecting");
    wire
}

/// When a phase that begins now must be over.
fn deadline(target: &Target<'_>) -> Instant {
    let own = Instant::now() + target.timeout;
    target.overall.map_or(own, |overall| overall.min(own))
}

/// The host's addresses, each family in turn beginning with the resolver's first choice (RFC 8305 §4).
fn look_up(target: &Target<'_>) -> Result<Vec<SocketAddr>, Failure> {
    let (host, port) = (target.server.host.as_str().to_owned(), target.server.port);
    let start = Instant::now();
    let (sender, receiver) = mpsc::channel();
    let asked = host.clone();
    // The system's resolver cannot be told a deadline: it gets a thread, which is left behind if it takes too long.
    thread::spawn(move || {
        let found = (asked.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        // Nobody listens any more once the deadline has passed.
        let _ = sender.send(found);
    });
    let found = receiver
        .recv_timeout(deadline(target).saturating_duration_since(start))
        .map_err(|_| FailureKind::TimedOut { during: "looking up the host name".to_owned(), after: start.elapsed() })?;
    match found {
        Ok(addresses) if addresses.is_empty() => Err(FailureKind::NameNotFound { host }.into()),
        Ok(addresses) => Ok(interleave(addresses)),
        Err(error) if is_not_found(&error) => Err(FailureKind::NameNotFound { host }.into()),
        Err(error) => Err(FailureKind::NameLookupFailed { host, reason: error.to_string() }.into()),
    }
}

/// The standard library passes getaddrinfo's code on as words only, and only on Windows as a number.
fn is_not_found(error: &io::Error) -> bool {
    const WORDS: [&str; 5] = [
        "Name or service not known",  // glibc, EAI_NONAME
        "No address associated",      // glibc, EAI_NODATA
        "Name does not resolve",      // musl
        "nodename nor servname",      // macOS, BSD
        "Name has no usable address", // musl
    ];
    const WSAHOST_NOT_FOUND: i32 = 11001;
    const WSANO_DATA: i32 = 11004;
    let words = error.to_string();
    matches!(error.raw_os_error(), Some(WSAHOST_NOT_FOUND | WSANO_DATA))
        || WORDS.iter().any(|known| words.contains(known))
}

fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let longest = first.len().max(second.len());
    let mut turns: Vec<SocketAddr> = Vec::with_capacity(MOST_ADDRESSES);
    for address in (0..longest).flat_map(|at| [first.get(at), second.get(at)]).flatten() {
        if turns.len() < MOST_ADDRESSES && !turns.contains(address) {
            turns.push(*address);
        }
    }
    turns
}

/// Connects to the address that answers first; each gets a head start before the next one (RFC 8305 §5).
fn reach(target: &Target<'_>, addresses: &[SocketAddr]) -> Result<(TcpStream, SocketAddr), Failure> {
    let (start, deadline) = (Instant::now(), deadline(target));
    let timed_out = || FailureKind::TimedOut { during: "connecting".to_owned(), after: start.elapsed() };
    let (sender, receiver) = mpsc::channel();
    let mut waiting = addresses.iter().copied();
    let mut under_way = 0_usize;
    let mut errors = Vec::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(timed_out().into());
        }
        let next = waiting.next();
        if let Some(address) = next {
            let sender = sender.clone();
            under_way += 1;
            thread::spawn(move || {
                // A connection that comes too late is dropped with the channel.
                let _ = sender.send((address, TcpStream::connect_timeout(&address, left)));
            });
        } else if under_way == 0 {
            return Err(unreachable(target, &errors));
        }
        let patience = if waiting.len() > 0 { HEAD_START.min(left) } else { left };
        match receiver.recv_timeout(patience) {
            Ok((address, Ok(stream))) => return Ok((stream, address)),
            Ok((_, Err(error))) => {
                under_way -= 1;
                errors.push(error);
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
    }
}

fn unreachable(target: &Target<'_>, errors: &[io::Error]) -> Failure {
    let (host, port) = (target.server.host.to_string(), target.server.port);
    if errors.iter().all(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
        return FailureKind::ConnectionRefused { host, port }.into();
    }
    if errors.iter().all(|error| error.kind() == io::ErrorKind::TimedOut) {
        return FailureKind::TimedOut { during: "connecting".to_owned(), after: target.timeout }.into();
    }
    let mut reasons: Vec<String> = errors.iter().map(ToString::to_string).collect();
    reasons.dedup();
    FailureKind::Unreachable { host, port, reason: reasons.join("; ") }.into()
}

/// The TLS handshake; its detail is version and certificate. With a `preamble` TLS begins after STARTTLS, and the caller
/// has had it answered already.
pub(super) fn handshake(
    target: &Target<'_>,
    protocol: impl Into<Spoken>,
    wire: &mut Wire,
    address: SocketAddr,
    preamble: Option<Preamble>,
) -> Result<String, Failure> {
    let spoken = protocol.into();
    let host = target.server.host.as_str();
    wire.phase("the TLS handshake");
    if preamble.is_some() {
        wire.refuse_leftovers()?;
    }
    #[cfg(fuzzing)]
    if wire.begin_scripted_tls() {
        return Ok("TLS".to_owned());
    }
    let connector = target.trust.connector(target.ca_file)?;
    match wire.start_tls(&connector, host) {
        Ok(seen) => {
            let certificate = wire.peer_certificate().and_then(|der| PeerCertificate::from_der(&der));
            let detail = wire.clean(&describe(seen.version, certificate.as_ref()));
            wire.remark(&detail);
            Ok(detail)
        }
        Err((failure, seen)) => {
            let failure = match failure.kind {
                FailureKind::Tls(fault @ (TlsFault::UnknownIssuer { .. } | TlsFault::WrongHost { .. })) => {
                    let shown = certificate_of(seen).or_else(|| look_again(target, spoken, address, preamble));
                    FailureKind::Tls(with_names(wire, fault, shown)).into()
                }
                _ => failure,
            };
            wire.remark(&format!("TLS failed: {failure}"));
            Err(failure)
        }
    }
}

/// The server's certificate, and whether it came alone.
type Shown = (PeerCertificate, bool);

fn certificate_of(seen: Seen) -> Option<Shown> {
    Some((PeerCertificate::from_der(&seen.certificate?)?, seen.is_alone))
}

/// TLS 1.3 encrypts the certificate, and native-tls gives out none that it did not accept. So that the finding can name
/// the issuer (a company's proxy) or the names (a wrong host), a second handshake is limited to TLS 1.2, where the
/// certificate is in the clear. It verifies as the first one did, and fails as that did.
fn look_again(target: &Target<'_>, spoken: Spoken, address: SocketAddr, preamble: Option<Preamble>) -> Option<Shown> {
    let left = deadline(target).saturating_duration_since(Instant::now());
    let stream = TcpStream::connect_timeout(&address, left.max(Duration::from_millis(1))).ok()?;
    let mut wire = wire_over(target, spoken, stream);
    if let Some(preamble) = preamble {
        preamble(&mut wire).and_then(|()| wire.refuse_leftovers()).ok()?;
    }
    wire.phase("the TLS handshake");
    let connector = target.trust.connector_for_tls12(target.ca_file).ok()?;
    let (_, seen) = wire.start_tls(&connector, target.server.host.as_str()).err()?;
    certificate_of(seen)
}

fn with_names(wire: &Wire, fault: TlsFault, shown: Option<Shown>) -> TlsFault {
    match (fault, shown) {
        // Not every TLS library tells the two apart.
        (TlsFault::UnknownIssuer { .. }, Some((certificate, true))) if certificate.is_self_issued => {
            TlsFault::SelfSigned
        }
        (TlsFault::UnknownIssuer { .. }, Some((certificate, is_alone))) => {
            TlsFault::UnknownIssuer { issuer: Some(wire.clean(&certificate.issuer)), is_alone }
        }
        (TlsFault::WrongHost { host, .. }, Some((certificate, _))) => {
            let names = certificate.names.iter().take(MOST_NAMES).map(|name| wire.clean(name)).collect();
            TlsFault::WrongHost { host, names }
        }
        (fault, _) => fault,
    }
}

/// "TLSv1.3, CN=outlook.com, issued by CN=DigiCert Cloud Services CA-1, until 2027-01-01 (40 days)".
fn describe(version: Option<u16>, certificate: Option<&PeerCertificate>) -> String {
    let version = match version {
        Some(0x0303) => "TLSv1.2",
        Some(0x0304) => "TLSv1.3",
        _ => "TLS",
    };
    let Some(certificate) = certificate else { return version.to_owned() };
    let until = certificate.not_after;
    let days = until.duration_since(Clock::system().now()).as_hours() / 24;
    format!(
        "{version}, {}, issued by {}, until {} ({days} days)",
        certificate.subject,
        certificate.issuer,
        until.strftime("%Y-%m-%d")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn families_take_turns_beginning_with_the_resolvers_first() {
        let found = ["[2001:db8::1]:1", "[2001:db8::2]:1", "192.0.2.1:1", "192.0.2.1:1"].map(address);
        let turns = interleave(found.to_vec());
        assert_eq!(turns, ["[2001:db8::1]:1", "192.0.2.1:1", "[2001:db8::2]:1"].map(address));
    }

    #[test]
    fn what_the_resolvers_say_when_there_is_no_such_name() {
        let glibc = io::Error::other("failed to lookup address information: Name or service not known");
        let busy = io::Error::other("failed to lookup address information: Temporary failure in name resolution");
        assert!(is_not_found(&glibc));
        assert!(!is_not_found(&busy));
    }
}
