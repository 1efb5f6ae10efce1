//! What carries HTTP up to TLS: the connections come from the dialler that mail uses too, and go through the proxy that
//! it uses too. ureq's own connector would try a host's addresses one after the other, and let the first silent one take
//! half of the time.

use std::fmt;
use std::io::{self, Read, Write};
use std::time;

use native_tls::{HandshakeError, TlsStream};
use oauth2::http::Uri;
use ureq::config::Config;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::time::Duration;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
};
use zeroize::Zeroize;

use super::tls::{host_of, pass_on, port_of};
use crate::failure::{Failure, FailureKind};
use crate::net::tls::{TrustAnchors, tls_fault};
use crate::net::{Dialler, Proxies, Proxy, Route, Timed, Traffic};

/// Gives ureq no address: the names are looked up where the connections are made, in [`Tcp`].
#[derive(Debug)]
pub(super) struct LaterLookup;

impl Resolver for LaterLookup {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

/// What an address of this scheme is, as far as proxies go.
pub(super) fn traffic(scheme: Option<&str>) -> Traffic {
    if scheme == Some("http") { Traffic::Http } else { Traffic::Https }
}

/// Opens connections as the mail side does.
pub(super) struct Tcp {
    dialler: Dialler,
    /// The same, for connections that TLS comes on.
    tls_dialler: Dialler,
    proxies: Proxies,
    /// For a proxy that is spoken to inside TLS.
    anchors: TrustAnchors,
    /// How long it may take.
    limit: time::Duration,
}

impl Tcp {
    pub(super) fn new(proxies: Proxies, anchors: TrustAnchors, limit: time::Duration) -> Self {
        let dialler = Dialler::system();
        Self { tls_dialler: dialler.clone().with_anchors(anchors.clone()), dialler, proxies, anchors, limit }
    }

    fn open(&self, uri: &Uri, deadline: time::Instant) -> Result<Box<dyn Channel>, Failure> {
        let (host, port) = (host_of(uri), port_of(uri));
        match self.proxies.route(traffic(uri.scheme_str()), &host, port) {
            Route::Direct => {
                let is_tls = uri.scheme_str() != Some("http");
                let dialler = if is_tls { &self.tls_dialler } else { &self.dialler };
                let (stream, _) = dialler.dial(&host, port, deadline)?;
                Ok(Box::new(Timed::new(stream, deadline)))
            }
            Route::Unreadable(setting) => Err(setting.unreadable(&host)),
            Route::Through(proxy) => {
                let dialler = &self.tls_dialler;
                let stream = dialler.dial_proxy(proxy, &host, deadline, &dialler.meanwhile(|| {}))?;
                let mut stream = self.channel(proxy, stream, &host, deadline)?;
                self.dialler.ask_proxy(proxy, &mut *stream, (&host, port), deadline)?;
                Ok(stream)
            }
        }
    }

    /// The stream to `proxy`, inside TLS where that is how it is spoken to.
    fn channel(
        &self,
        proxy: &Proxy,
        stream: Timed,
        host: &str,
        deadline: time::Instant,
    ) -> Result<Box<dyn Channel>, Failure> {
        if !proxy.needs_tls() {
            return Ok(Box::new(stream));
        }
        let connector = self.anchors.connector()?;
        match connector.connect(proxy.host(), stream) {
            Ok(stream) => Ok(Box::new(stream)),
            Err(HandshakeError::Failure(error)) if time::Instant::now() < deadline => {
                Err(proxy.not_reached(host, FailureKind::Tls(tls_fault(&error, proxy.host())).into()))
            }
            Err(_) => {
                let during = shown!("the TLS handshake with the proxy {}", proxy);
                Err(proxy.not_reached(host, FailureKind::TimedOut { during, after: self.limit }.into()))
            }
        }
    }
}

impl<In: Transport> Connector<In> for Tcp {
    type Out = Either<In, Plain>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, ureq::Error> {
        if let Some(transport) = chained {
            return Ok(Some(Either::A(transport)));
        }
        let limit = match details.timeout.after {
            Duration::Exact(left) => left.min(self.limit),
            Duration::NotHappening => self.limit,
        };
        let stream = self.open(details.uri, time::Instant::now() + limit).map_err(pass_on)?;
        Ok(Some(Either::B(Plain::new(stream, details.config))))
    }
}

impl fmt::Debug for Tcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tcp")
    }
}

/// A stream whose deadline can be moved.
trait Channel: Read + Write + Send + Sync {
    fn until(&mut self, deadline: time::Instant);
}

impl Channel for Timed {
    fn until(&mut self, deadline: time::Instant) {
        Self::until(self, deadline);
    }
}

impl Channel for TlsStream<Timed> {
    fn until(&mut self, deadline: time::Instant) {
        self.get_mut().until(deadline);
    }
}

/// A connection without TLS, or below it.
pub(super) struct Plain {
    buffers: LazyBuffers,
    stream: Box<dyn Channel>,
}

impl Plain {
    fn new(stream: Box<dyn Channel>, config: &Config) -> Self {
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

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plain")
    }
}

#[cfg(test)]
mod tests;
