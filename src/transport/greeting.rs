//! The first line of a server: whether the mail server that the profile names answers at all. Where nothing comes, a
//! second connection looks what else may be there; no credential is sent on it.

use std::time::{Duration, Instant};

use super::connect::wire_over;
use super::dialect::Dialect;
use super::stream::Wire;
use super::way::Way;
use super::{ServerTarget, recognise};
use crate::failure::{Failure, FailureKind, Service};
use crate::profile::TlsMode;

/// A server that has not greeted by then is looked at a second time. Some wait for a few seconds on purpose.
const PATIENCE: Duration = Duration::from_secs(7);
/// Of the time that is left, a silent server may take this part, and so may each step of the second look.
const SHARE: u32 = 4;

/// Waits for the greeting, which stays to be read.
///
/// # Errors
/// [`FailureKind::OtherService`] if its first bytes are not those of `dialect`, or if a second look finds out what it is
/// that says nothing; and the failures of any phase.
pub(super) fn await_greeting(
    target: &ServerTarget<'_>,
    dialect: Dialect,
    wire: &mut Wire,
    way: Way<'_>,
) -> Result<(), Failure> {
    wire.phase("waiting for the greeting");
    if !wire.is_heard_by(Instant::now() + share(target)) {
        wire.remark("nothing comes: a second connection looks what answers there");
        if let Some((found, is_tls)) = look(target, dialect, way)
            && is_telling(target, dialect, found, is_tls)
        {
            return Err(recognise::other(target.endpoint, found, is_tls));
        }
    }
    let is_tls = target.endpoint.tls == TlsMode::Implicit;
    // A TLS record has no lines.
    if recognise::service(wire.unread()) == Some(Service::Tls) {
        return Err(recognise::other(target.endpoint, Service::Tls, true));
    }
    let line = match wire.peek_line() {
        Ok(line) => line.to_vec(),
        // What has no line's end, and could not become a greeting either.
        Err(failure) => match wire.unread() {
            begun @ [first, ..] if !dialect.may_begin(*first) && is_unfinished_line(&failure) => begun.to_vec(),
            _ => return Err(failure),
        },
    };
    match recognise::service(&line) {
        Some(found) if dialect.service == Some(found) => Ok(()),
        found => {
            let words = String::from_utf8_lossy(&line);
            let found = found.unwrap_or(Service::Unknown);
            Err(recognise::other(target.endpoint, found, is_tls).said(wire.clean(words.trim_end())))
        }
    }
}

fn is_unfinished_line(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::ConnectionLost { .. } | FailureKind::TimedOut { .. })
}

/// A part of the time that the current step has left.
fn share(target: &ServerTarget<'_>) -> Duration {
    let left = target.overall.map(|overall| overall.saturating_duration_since(Instant::now()));
    let left = left.map_or(target.timeout, |left| left.min(target.timeout));
    (left / SHARE).min(PATIENCE)
}

/// Whether what a second look found differs from what the profile says: a slow server is the same server.
fn is_telling(target: &ServerTarget<'_>, dialect: Dialect, found: Service, is_tls: bool) -> bool {
    let is_other_mode = is_tls != (target.endpoint.tls == TlsMode::Implicit);
    is_other_mode || found != Service::Tls && dialect.service != Some(found)
}

/// What answers there, and whether in TLS from the first byte: asked with a ClientHello, and inside TLS, or where
/// that is not understood, as a web server is asked.
fn look(target: &ServerTarget<'_>, dialect: Dialect, way: Way<'_>) -> Option<(Service, bool)> {
    let target = ServerTarget { timeout: share(target), ..*target };
    let mut wire = again(&target, dialect, way)?;
    wire.phase("the TLS handshake");
    let connector = target.trust.connector(target.ca_file).ok()?;
    match wire.start_tls(&connector, target.endpoint.host.as_str()) {
        Ok(_) => {
            wire.phase("waiting for the greeting");
            Some((hear(&target, &mut wire).unwrap_or(Service::Tls), true))
        }
        Err((_, seen)) if seen.version.is_some() || seen.alert.is_some() => Some((Service::Tls, true)),
        Err((failure, _)) => match failure.server_said {
            Some(words) => recognise::service(words.as_bytes()).map(|found| (found, false)),
            None => {
                let mut wire = again(&target, dialect, way)?;
                ask(&target, &mut wire).map(|found| (found, false))
            }
        },
    }
}

fn again(target: &ServerTarget<'_>, dialect: Dialect, way: Way<'_>) -> Option<Wire> {
    let stream = way.again(target, Instant::now() + target.timeout)?;
    Some(wire_over(target, dialect, stream))
}

/// A greeting where there is one, and what is answered to a web client where there is none.
fn hear(target: &ServerTarget<'_>, wire: &mut Wire) -> Option<Service> {
    if wire.is_heard_by(Instant::now() + target.timeout / 2) {
        return recognise::service(wire.unread());
    }
    ask(target, wire)
}

/// What is answered to a web client, which speaks first, as mail clients do not (RFC 9110 §9.3.2).
fn ask(target: &ServerTarget<'_>, wire: &mut Wire) -> Option<Service> {
    wire.phase("waiting for an answer");
    wire.send(&format!("HEAD / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", target.endpoint.host)).ok()?;
    wire.is_heard_by(Instant::now() + target.timeout / 2);
    recognise::service(wire.unread())
}
