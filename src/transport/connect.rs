//! From a host name to a connection with TLS.

use std::net::TcpStream;
use std::time::Instant;

use super::dialect::Dialect;
use super::handshake::Seen;
use super::log::{Log, Stop};
use super::recognise::instead_of_tls;
use super::socket::Socket;
use super::stream::Wire;
use super::way::Way;
use super::{ServerTarget, Target};
use crate::clock::Clock;
use crate::failure::{Failure, FailureKind, TlsFault};
use crate::net::PeerCertificate;
use crate::profile::TlsMode;
use crate::report::{Detail, Evidence, Stage, TlsEvidence};
use crate::text::Shown;

/// More names of a certificate than this are not listed.
const MOST_NAMES: usize = 8;

/// How STARTTLS is asked for, from the greeting on; for a second look at a certificate that was not accepted.
pub(super) type Preamble = fn(&ServerTarget<'_>, &mut Wire) -> Result<(), Failure>;

/// Finds and reaches the server, and starts TLS where it comes first.
pub(super) fn open<'a>(target: &ServerTarget<'a>, dialect: Dialect, log: &mut Log) -> Result<(Wire, Way<'a>), Stop> {
    #[cfg(fuzzing)]
    if let Some((script, stream, address)) = super::script::next() {
        let mut wire = wire_over(target, dialect, stream);
        wire.follow(script);
        if target.endpoint.tls == TlsMode::Implicit {
            wire.begin_scripted_tls();
        }
        return Ok((wire, Way::Direct(address)));
    }
    let (mut wire, way) = open_plain(target, dialect, log)?;
    if target.endpoint.tls == TlsMode::Implicit {
        log.observe(Stage::Tls, || {
            let done = handshake(target, dialect, &mut wire, way, None);
            let done = done
                .map_err(|failure| if dialect.service.is_some() { instead_of_tls(target, failure) } else { failure });
            Ok(((), done?))
        })?;
    }
    Ok((wire, way))
}

/// Finds and reaches the server, and nothing more.
pub(super) fn open_plain<'a>(
    target: &ServerTarget<'a>,
    dialect: Dialect,
    log: &mut Log,
) -> Result<(Wire, Way<'a>), Stop> {
    let (stream, way) = Way::find(target, dialect.traffic, log, || deadline(target))?;
    Ok((wire_over(target, dialect, stream), way))
}

/// Reaches a server that speaks implicit TLS, and says nothing inside it.
pub fn reach_tls(target: &Target<'_>, log: &mut Log) {
    let Some(target) = target.of_server(log) else { return };
    // Why it stopped is in the last observation.
    let _ = open(&target, Dialect::TLS, log);
}

pub(super) fn wire_over(target: &ServerTarget<'_>, dialect: Dialect, stream: TcpStream) -> Wire {
    let socket = Socket::new(stream, Instant::now());
    let transcript = target.transcript.at(target.endpoint.host.as_str());
    let mut wire = Wire::new(socket, dialect.label, transcript, target.timeout, target.overall);
    wire.phase("connecting");
    wire
}

/// When a phase that begins now must be over.
fn deadline(target: &ServerTarget<'_>) -> Instant {
    let own = Instant::now() + target.timeout;
    target.overall.map_or(own, |overall| overall.min(own))
}

/// The TLS handshake; its detail is version and certificate. With a `preamble` TLS begins after STARTTLS, and the caller
/// has had it answered already.
pub(super) fn handshake(
    target: &ServerTarget<'_>,
    dialect: Dialect,
    wire: &mut Wire,
    way: Way<'_>,
    preamble: Option<Preamble>,
) -> Result<Detail, Failure> {
    let host = target.endpoint.host.as_str();
    wire.phase("the TLS handshake");
    if preamble.is_some() {
        wire.refuse_leftovers()?;
    }
    #[cfg(fuzzing)]
    if wire.begin_scripted_tls() {
        return Ok("TLS".into());
    }
    let connector = target.trust.connector(target.ca_file)?;
    match wire.start_tls(&connector, host) {
        Ok(seen) => {
            let certificate = wire.peer_certificate().and_then(|der| PeerCertificate::from_der(&der));
            let words = wire.clean(&describe(seen.version, certificate.as_ref()));
            wire.remark(&words);
            let tls = certificate.map(|certificate| TlsEvidence {
                version: version(seen.version).map(Shown::from),
                subject: wire.clean(&certificate.subject),
                issuer: wire.clean(&certificate.issuer),
                not_after: certificate.not_after,
            });
            Ok(Detail { words, evidence: Evidence { tls, ..Evidence::default() } })
        }
        Err((failure, seen)) => {
            let failure = match failure.kind {
                FailureKind::Tls(fault @ (TlsFault::UnknownIssuer { .. } | TlsFault::WrongHost { .. })) => {
                    let shown = certificate_of(seen).or_else(|| look_again(target, dialect, way, preamble));
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
type Presented = (PeerCertificate, bool);

fn certificate_of(seen: Seen) -> Option<Presented> {
    Some((PeerCertificate::from_der(&seen.certificate?)?, seen.is_alone))
}

/// TLS 1.3 encrypts the certificate, and native-tls gives out none that it did not accept. So that the finding can name
/// the issuer (a company's proxy) or the names (a wrong host), a second handshake is limited to TLS 1.2, where the
/// certificate is in the clear. It verifies as the first one did, and fails as that did.
fn look_again(
    target: &ServerTarget<'_>,
    dialect: Dialect,
    way: Way<'_>,
    preamble: Option<Preamble>,
) -> Option<Presented> {
    let stream = way.again(target, deadline(target))?;
    let mut wire = wire_over(target, dialect, stream);
    if let Some(preamble) = preamble {
        preamble(target, &mut wire).and_then(|()| wire.refuse_leftovers()).ok()?;
    }
    wire.phase("the TLS handshake");
    let connector = target.trust.connector_for_tls12(target.ca_file).ok()?;
    let (_, seen) = wire.start_tls(&connector, target.endpoint.host.as_str()).err()?;
    certificate_of(seen)
}

fn with_names(wire: &Wire, fault: TlsFault, shown: Option<Presented>) -> TlsFault {
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

fn version(seen: Option<u16>) -> Option<&'static str> {
    match seen? {
        0x0303 => Some("TLSv1.2"),
        0x0304 => Some("TLSv1.3"),
        _ => None,
    }
}

/// "TLSv1.3, CN=outlook.com, issued by CN=DigiCert Cloud Services CA-1, until 2027-01-01 (40 days)".
fn describe(seen: Option<u16>, certificate: Option<&PeerCertificate>) -> String {
    let version = version(seen).unwrap_or("TLS");
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
