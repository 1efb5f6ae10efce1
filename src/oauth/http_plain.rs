//! What carries HTTP up to TLS: the connections come from the dialler that mail uses too. ureq's own connector would try
//! a host's addresses one after the other, and let the first silent one take half of the time.

use std::io::{self, Read, Write};
use std::time;

use oauth2::http::Uri;
use ureq::config::Config;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::time::Duration;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
};
use zeroize::Zeroize;

use super::http_transport::{CONNECT_LIMIT, host_of, pass_on, port_of};
use crate::net::{Dialler, Timed};

/// Gives ureq no address: the names are looked up where the connections are made, in [`Tcp`].
#[derive(Debug)]
pub(super) struct LaterLookup;

impl Resolver for LaterLookup {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

/// Opens connections as the mail side does.
#[derive(Debug)]
pub(super) struct Tcp(Dialler);

impl Tcp {
    pub(super) fn new(dialler: Dialler) -> Self {
        Self(dialler)
    }
}

impl<In: Transport> Connector<In> for Tcp {
    type Out = Either<In, Plain>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, ureq::Error> {
        if let Some(transport) = chained {
            return Ok(Some(Either::A(transport)));
        }
        let limit = match details.timeout.after {
            Duration::Exact(left) => left.min(CONNECT_LIMIT),
            Duration::NotHappening => CONNECT_LIMIT,
        };
        let deadline = time::Instant::now() + limit;
        let (stream, _) = self.0.dial(&host_of(details.uri), port_of(details.uri), deadline).map_err(pass_on)?;
        Ok(Some(Either::B(Plain::new(Timed::new(stream, deadline), details.config))))
    }
}

/// A connection without TLS, or below it.
pub(super) struct Plain {
    buffers: LazyBuffers,
    stream: Timed,
}

impl Plain {
    fn new(stream: Timed, config: &Config) -> Self {
        Self { buffers: LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size()), stream }
    }

    fn begin(&mut self, timeout: NextTimeout) {
        if let Some(left) = timeout.not_zero() {
            self.stream.until(time::Instant::now() + *left);
        }
    }
}

/// ureq's word for an operation that took too long.
fn error(error: io::Error, timeout: NextTimeout) -> ureq::Error {
    match error.kind() {
        io::ErrorKind::TimedOut => ureq::Error::Timeout(timeout.reason),
        _ => ureq::Error::Io(error),
    }
}

impl Drop for Plain {
    /// What was sent and received holds tokens and secrets (SECURITY.md K3).
    fn drop(&mut self) {
        let unread = self.buffers.input().len();
        self.buffers.input_consume(unread);
        self.buffers.input_append_buf().zeroize();
        self.buffers.output().zeroize();
    }
}

impl Transport for Plain {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.begin(timeout);
        let output = &self.buffers.output()[..amount];
        self.stream.write_all(output).map_err(|cause| error(cause, timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.begin(timeout);
        let read = self.stream.read(self.buffers.input_append_buf()).map_err(|cause| error(cause, timeout))?;
        self.buffers.input_appended(read);
        Ok(read > 0)
    }

    /// Asked of connections that are kept for a second request, and none is (SECURITY.md T3).
    fn is_open(&mut self) -> bool {
        true
    }
}

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Plain")
    }
}
