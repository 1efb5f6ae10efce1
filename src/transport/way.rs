//! The way to a mail server: directly, or through the proxy that the environment names for all protocols.

use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Instant;

use super::ServerTarget;
use super::log::{Log, Stop};
use crate::failure::{Failure, ProxyFault};
use crate::net::{Dialler, Meanwhile, Proxy, Route, Traffic};
use crate::report::{Detail, Evidence, Stage};
use crate::text::Shown;

/// How a server was reached, so that it can be reached again.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way<'a> {
    /// At this address.
    Direct(SocketAddr),
    /// Through this proxy.
    Through(&'a Proxy),
}

impl<'a> Way<'a> {
    /// Finds and reaches the server; `deadline` gives each step its own time.
    pub(super) fn find(
        target: &ServerTarget<'a>,
        traffic: Traffic,
        log: &mut Log,
        deadline: impl Fn() -> Instant,
    ) -> Result<(TcpStream, Self), Stop> {
        let (host, port) = (target.endpoint.host.as_str(), target.endpoint.port);
        let dialler = Dialler::system().for_tls(target.trust, target.ca_file);
        let meanwhile = dialler.meanwhile(target.meanwhile);
        match target.proxies.route(traffic, host, port) {
            Route::Direct => {
                let addresses = log.observe(Stage::Dns, || {
                    let addresses = dialler.look_up(host, port, deadline(), &meanwhile)?;
                    let found: Vec<IpAddr> = addresses.iter().map(SocketAddr::ip).collect();
                    let words = Shown::join(&found, ", ");
                    let evidence = Evidence { addresses: found, ..Evidence::default() };
                    Ok((addresses, Detail { words, evidence }))
                })?;
                log.observe(Stage::Tcp, || {
                    let (stream, address) = dialler.reach(host, &addresses, deadline(), &meanwhile)?;
                    Ok(((stream, Self::Direct(address)), Shown::of(address)))
                })
            }
            Route::Unreadable(setting) => {
                (target.meanwhile)();
                log.observe(Stage::Proxy, || Err::<(_, Shown), _>(setting.unreadable(host)))
            }
            Route::Through(proxy) => log.observe(Stage::Proxy, || {
                let stream = through(&dialler, &meanwhile, proxy, target, deadline())?;
                Ok(((stream, Self::Through(proxy)), shown!("through {} ({})", proxy, proxy.variable())))
            }),
        }
    }

    /// Reaches the server once more the same way.
    pub(super) fn again(self, target: &ServerTarget<'_>, deadline: Instant) -> Option<TcpStream> {
        match self {
            Self::Direct(address) => {
                let left = deadline.saturating_duration_since(Instant::now());
                TcpStream::connect_timeout(&address, left.max(std::time::Duration::from_millis(1))).ok()
            }
            Self::Through(proxy) => {
                let dialler = Dialler::system();
                through(&dialler, &dialler.meanwhile(|| {}), proxy, target, deadline).ok()
            }
        }
    }
}

fn through(
    dialler: &Dialler,
    meanwhile: &Meanwhile<'_>,
    proxy: &Proxy,
    target: &ServerTarget<'_>,
    deadline: Instant,
) -> Result<TcpStream, Failure> {
    let (host, port) = (target.endpoint.host.as_str(), target.endpoint.port);
    if proxy.needs_tls() {
        let what = "mail goes through HTTP and SOCKS proxies, not through one inside TLS".into();
        return Err(proxy.trouble(host, ProxyFault::Unsupported { what }));
    }
    let mut stream = dialler.dial_proxy(proxy, host, deadline, meanwhile)?;
    dialler.ask_proxy(proxy, &mut stream, (host, port), deadline)?;
    Ok(stream.into_inner())
}
