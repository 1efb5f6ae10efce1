//! Through a proxy to a host. What fails on the way is told as the proxy's trouble, not as the host's.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use super::connect_method;
use super::dial::{Dialler, Meanwhile};
use super::exceptions::plain_host;
use super::proxy::{Proxy, ProxyKind};
use super::socks::{self, Destination};
use super::timed::Timed;
use crate::failure::{Failure, FailureKind};
use crate::text::Redactor;

impl Dialler {
    /// Connects to `proxy`, on the way to `host`.
    ///
    /// # Errors
    /// As [`Self::dial`], told as the proxy's.
    pub fn dial_proxy(
        &self,
        proxy: &Proxy,
        host: &str,
        deadline: Instant,
        meanwhile: &Meanwhile<'_>,
    ) -> Result<Timed, Failure> {
        match self.dial_and(&proxy.host, proxy.port, deadline, meanwhile) {
            Ok((stream, _)) => Ok(Timed::new(stream, deadline)),
            Err(failure) => Err(proxy.not_reached(host, failure)),
        }
    }

    /// Asks `proxy`, to which `stream` leads, for a connection to `port` of `host`.
    ///
    /// # Errors
    /// If the proxy does not give one; if a name that we must look up cannot be.
    pub fn ask_proxy(
        &self,
        proxy: &Proxy,
        stream: &mut (impl Read + Write + ?Sized),
        (host, port): (&str, u16),
        deadline: Instant,
    ) -> Result<(), Failure> {
        let started = Instant::now();
        let credential = proxy.credential.as_ref();
        let answered = match proxy.kind {
            ProxyKind::Http | ProxyKind::Https => connect_method::connect(stream, host, port, credential),
            kind => {
                let destination = self.destination(kind, host, port, deadline)?;
                match kind {
                    ProxyKind::Socks4 | ProxyKind::Socks4a => socks::connect_4(stream, &destination, credential),
                    _ => socks::connect_5(stream, &destination, credential),
                }
            }
        };
        match answered {
            Ok(Ok(())) => Ok(()),
            Ok(Err(fault)) => Err(proxy.trouble(host, fault)),
            Err(error) => Err(proxy.not_reached(host, silence(&error, proxy, started).into())),
        }
    }

    fn destination(&self, kind: ProxyKind, host: &str, port: u16, deadline: Instant) -> Result<Destination, Failure> {
        let plain = plain_host(host);
        if let Ok(address) = plain.parse::<IpAddr>() {
            return Ok(Destination::Address(SocketAddr::new(address, port)));
        }
        if !kind.wants_address() {
            return Ok(Destination::Name(plain, port));
        }
        let addresses = self.look_up(host, port, deadline, &self.meanwhile(|| {}))?;
        let usable = addresses.iter().find(|address| kind != ProxyKind::Socks4 || address.is_ipv4());
        usable
            .copied()
            .map(Destination::Address)
            .ok_or_else(|| FailureKind::NameNotFound { host: Redactor::by_shape(host) }.into())
    }
}

/// What an error of the stream to the proxy means.
fn silence(error: &io::Error, proxy: &Proxy, started: Instant) -> FailureKind {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => FailureKind::TimedOut {
            during: shown!("waiting for the answer of the proxy {}", proxy),
            after: started.elapsed(),
        },
        _ => FailureKind::ConnectionLost { during: shown!("waiting for the answer of the proxy {}", proxy) },
    }
}
