//! Connecting by TCP: every address of a host gets its chance, and the first that answers is taken (RFC 8305).

use std::cell::Cell;
use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::connecting::Connecting;
use super::names::{self, Resolve};
use super::tls::{Trust, TrustAnchors};
use crate::failure::{Failure, FailureKind};
use crate::text::{Redactor, Shown};

/// How long an address may keep us before the next one is tried beside it (RFC 8305 §5).
const HEAD_START: Duration = Duration::from_millis(250);

/// What opens a connection to one address within a time. It calls what it is given once it has nothing to do but wait.
type Connect = Arc<dyn Fn(&SocketAddr, Duration, &dyn Fn()) -> io::Result<TcpStream> + Send + Sync>;

fn connect(address: &SocketAddr, limit: Duration, meanwhile: &dyn Fn()) -> io::Result<TcpStream> {
    let connecting = Connecting::begin(address)?;
    meanwhile();
    connecting.finish(limit)
}

/// What is done once, while the network is waited for: what it begins would take the processor from a connection that is
/// not under way yet.
pub struct Meanwhile<'a>(Cell<Option<Box<dyn FnOnce() + 'a>>>);

impl<'a> Meanwhile<'a> {
    fn new(work: impl FnOnce() + 'a) -> Self {
        Self(Cell::new(Some(Box::new(work))))
    }

    /// Does it, if it was not done yet.
    pub(super) fn run(&self) {
        if let Some(work) = self.0.take() {
            work();
        }
    }
}

impl fmt::Debug for Meanwhile<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meanwhile")
    }
}

/// Looks up names and connects, under the caller's deadline.
#[derive(Clone)]
pub struct Dialler {
    resolve: Resolve,
    connect: Connect,
    /// What TLS will need once there is a connection.
    anchors: Option<TrustAnchors>,
}

impl Dialler {
    /// A dialler that asks the system.
    #[must_use]
    pub fn system() -> Self {
        Self { resolve: names::system(), connect: Arc::new(connect), anchors: None }
    }

    /// The same for connections that TLS comes on: while it waits, the connector that trusts the system's roots and the
    /// certificates in `ca_file` is built.
    #[must_use]
    pub fn for_tls(self, trust: &Trust, ca_file: Option<&Path>) -> Self {
        self.with_anchors(TrustAnchors::new(trust, ca_file))
    }

    pub(super) fn with_anchors(self, anchors: TrustAnchors) -> Self {
        Self { anchors: Some(anchors), ..self }
    }

    /// What there is to do while a connection of this dialler is waited for, and `further` things.
    #[must_use]
    pub fn meanwhile<'a>(&'a self, further: impl FnOnce() + 'a) -> Meanwhile<'a> {
        Meanwhile::new(move || {
            if let Some(anchors) = &self.anchors {
                anchors.begin();
            }
            further();
        })
    }

    /// The addresses of `host`, the families in turn.
    ///
    /// # Errors
    /// If there is no such name, or the lookup fails or takes too long.
    pub fn look_up(
        &self,
        host: &str,
        port: u16,
        deadline: Instant,
        meanwhile: &Meanwhile<'_>,
    ) -> Result<Vec<SocketAddr>, Failure> {
        names::look_up(&self.resolve, host, port, deadline, || meanwhile.run())
    }

    /// Connects to that of `addresses`, which are `host`'s, that answers first; each gets a head start before the next.
    ///
    /// # Errors
    /// If none answers in time: what they all have in common, else the reasons.
    pub fn reach(
        &self,
        host: &str,
        addresses: &[SocketAddr],
        deadline: Instant,
        meanwhile: &Meanwhile<'_>,
    ) -> Result<(TcpStream, SocketAddr), Failure> {
        let start = Instant::now();
        let timed_out = || FailureKind::TimedOut {
            during: shown!("connecting to {}", Redactor::by_shape(host)),
            after: start.elapsed(),
        };
        // There is nothing to try beside it, so no thread is needed.
        if let [only] = addresses {
            let left = deadline.saturating_duration_since(start);
            if left.is_zero() {
                return Err(timed_out().into());
            }
            let connected = (self.connect)(only, left, &|| meanwhile.run()).map(|stream| (stream, *only));
            return connected
                .map_err(|error| common_cause(host, only.port(), &[error]).unwrap_or_else(timed_out).into());
        }
        let (sender, receiver) = mpsc::channel();
        let mut waiting = addresses.iter().copied();
        let mut under_way = 0_usize;
        let mut errors = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(timed_out().into());
            }
            if let Some(address) = waiting.next() {
                let (sender, connect) = (sender.clone(), Arc::clone(&self.connect));
                under_way += 1;
                thread::spawn(move || {
                    // A connection that comes too late is dropped with the channel.
                    let _ = sender.send((address, connect(&address, left, &|| {})));
                });
                meanwhile.run();
            } else if under_way == 0 {
                let port = addresses.first().map_or(0, SocketAddr::port);
                return Err(common_cause(host, port, &errors).unwrap_or_else(timed_out).into());
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

    /// Looks `host` up and connects to it.
    ///
    /// # Errors
    /// As [`Self::look_up`] and [`Self::reach`].
    pub fn dial(&self, host: &str, port: u16, deadline: Instant) -> Result<(TcpStream, SocketAddr), Failure> {
        self.dial_and(host, port, deadline, &self.meanwhile(|| {}))
    }

    /// The same, and `meanwhile` beside it.
    pub(super) fn dial_and(
        &self,
        host: &str,
        port: u16,
        deadline: Instant,
        meanwhile: &Meanwhile<'_>,
    ) -> Result<(TcpStream, SocketAddr), Failure> {
        let addresses = self.look_up(host, port, deadline, meanwhile)?;
        self.reach(host, &addresses, deadline, meanwhile)
    }
}

impl fmt::Debug for Dialler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Dialler")
    }
}

/// What the errors of all addresses come to; `None` where all of them took too long.
fn common_cause(host: &str, port: u16, errors: &[io::Error]) -> Option<FailureKind> {
    let host = Redactor::by_shape(host);
    if errors.iter().all(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
        return Some(FailureKind::ConnectionRefused { host, port });
    }
    if errors.iter().all(|error| error.kind() == io::ErrorKind::TimedOut) {
        return None;
    }
    let mut reasons: Vec<Shown> = errors.iter().map(Shown::of).collect();
    reasons.dedup();
    Some(FailureKind::Unreachable { host, port, reason: Shown::join(reasons, "; ") })
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, TcpListener};

    use super::*;
    #[cfg(target_os = "linux")]
    use crate::net::Proxy;

    const GOOD: Ipv4Addr = Ipv4Addr::LOCALHOST;

    /// How an address of the script behaves.
    #[derive(Debug, Clone, Copy)]
    enum Behaviour {
        Silent,
        Refuses,
        Answers,
    }

    /// A dialler whose name has one address for each of `behaviours`; the one that answers is a real listener.
    fn scripted(behaviours: &'static [Behaviour]) -> (Dialler, TcpListener) {
        let listener = TcpListener::bind((GOOD, 0)).unwrap();
        let real = listener.local_addr().unwrap();
        let ip = |at: usize| IpAddr::V4(Ipv4Addr::new(192, 0, 2, u8::try_from(at).unwrap()));
        let resolve: Resolve =
            Arc::new(move |_, port| Ok((0..behaviours.len()).map(|at| SocketAddr::new(ip(at), port)).collect()));
        let connect: Connect = Arc::new(move |address, limit, meanwhile| {
            meanwhile();
            let at = (0..behaviours.len()).find(|at| ip(*at) == address.ip()).unwrap();
            match behaviours[at] {
                Behaviour::Silent => {
                    thread::sleep(limit);
                    Err(io::ErrorKind::TimedOut.into())
                }
                Behaviour::Refuses => Err(io::ErrorKind::ConnectionRefused.into()),
                Behaviour::Answers => TcpStream::connect(real),
            }
        });
        (Dialler { resolve, connect, anchors: None }, listener)
    }

    fn dialled(behaviours: &'static [Behaviour], limit: Duration) -> (Result<SocketAddr, FailureKind>, Duration) {
        let (dialler, _listener) = scripted(behaviours);
        let start = Instant::now();
        let result = dialler.dial("login.example", 443, start + limit);
        (result.map(|(_, address)| address).map_err(|failure| failure.kind), start.elapsed())
    }

    #[test]
    fn eight_silent_addresses_before_the_good_one_cost_two_seconds() {
        use Behaviour::{Answers, Silent};
        const NINE: &[Behaviour] = &[Silent, Silent, Silent, Silent, Silent, Silent, Silent, Silent, Answers];
        let (reached, took) = dialled(NINE, Duration::from_secs(10));
        assert_eq!(reached.map(|address| address.to_string()), Ok("192.0.2.8:443".to_owned()));
        assert!((Duration::from_millis(1900)..Duration::from_millis(2500)).contains(&took), "{took:?}");
    }

    #[test]
    fn an_address_that_refuses_costs_nothing_and_all_of_them_are_a_refusal() {
        use Behaviour::{Answers, Refuses};
        let (reached, took) = dialled(&[Refuses, Refuses, Refuses, Answers], Duration::from_secs(10));
        assert!(reached.is_ok() && took < Duration::from_millis(240), "{reached:?} after {took:?}");
        let (reached, _) = dialled(&[Refuses, Refuses], Duration::from_secs(10));
        assert_eq!(reached, Err(FailureKind::ConnectionRefused { host: "login.example".into(), port: 443 }));
    }

    #[test]
    fn silence_of_all_addresses_ends_at_the_deadline() {
        use Behaviour::{Refuses, Silent};
        let (reached, took) = dialled(&[Silent, Silent], Duration::from_millis(600));
        assert!(matches!(reached, Err(FailureKind::TimedOut { .. })), "{reached:?}");
        assert!(took < Duration::from_secs(2), "{took:?}");
        let (reached, _) = dialled(&[Silent, Refuses], Duration::from_millis(600));
        assert!(
            !matches!(reached, Err(FailureKind::ConnectionRefused { .. })),
            "one of them said nothing: {reached:?}"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn other_things_are_done_once_the_connection_is_under_way_through_a_proxy_too() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let proxy = Proxy::parse("all_proxy", &format!("socks5h://{address}")).unwrap();
        let (dialler, deadline) = (Dialler::system(), Instant::now() + Duration::from_secs(5));
        for through_proxy in [false, true] {
            let met = Cell::new(0);
            let meanwhile = dialler.meanwhile(|| {
                let patience = Instant::now() + Duration::from_secs(2);
                while listener.accept().is_err() && Instant::now() < patience {}
                met.set(met.get() + i32::from(Instant::now() < patience));
            });
            match through_proxy {
                true => drop(dialler.dial_proxy(&proxy, "imap.example", deadline, &meanwhile).unwrap()),
                false => drop(dialler.reach("imap.example", &[address], deadline, &meanwhile).unwrap()),
            }
            assert_eq!(met.get(), 1, "through a proxy: {through_proxy}");
        }
    }
}
