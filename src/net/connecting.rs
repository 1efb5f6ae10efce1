//! A TCP connection in two steps: it is begun, and waited for, so that other things can be done in between.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A connection that is on its way.
#[derive(Debug)]
pub(super) struct Connecting(on_its_way::Connecting);

impl Connecting {
    /// Begins to connect to `address`.
    ///
    /// # Errors
    /// What the system says at once, such as that there is no way to the network.
    pub(super) fn begin(address: &SocketAddr) -> io::Result<Self> {
        on_its_way::Connecting::begin(address).map(Self)
    }

    /// Waits for the connection, but no longer than `limit`.
    ///
    /// # Errors
    /// Why there is none; [`io::ErrorKind::TimedOut`] after `limit`.
    pub(super) fn finish(self, limit: Duration) -> io::Result<TcpStream> {
        self.0.finish(limit)
    }
}

#[cfg(target_os = "linux")]
mod on_its_way {
    use std::io;
    use std::net::{SocketAddr, TcpStream};
    use std::time::{Duration, Instant};

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::io::Errno;
    use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with};

    #[derive(Debug)]
    pub(super) struct Connecting(TcpStream);

    impl Connecting {
        pub(super) fn begin(address: &SocketAddr) -> io::Result<Self> {
            let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
            let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
            match connect(&socket, address) {
                Ok(()) | Err(Errno::INPROGRESS) => Ok(Self(TcpStream::from(socket))),
                Err(error) => Err(error.into()),
            }
        }

        pub(super) fn finish(self, limit: Duration) -> io::Result<TcpStream> {
            let Self(stream) = self;
            let start = Instant::now();
            loop {
                let left = limit.saturating_sub(start.elapsed());
                let left = Timespec::try_from(left).map_err(io::Error::other)?;
                match poll(&mut [PollFd::new(&stream, PollFlags::OUT)], Some(&left)) {
                    Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
                    Ok(_) => break,
                    Err(Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            match stream.take_error()? {
                Some(error) => Err(error),
                None => {
                    stream.set_nonblocking(false)?;
                    Ok(stream)
                }
            }
        }
    }
}

/// Where the standard library alone knows how, the connection begins when it is waited for.
#[cfg(not(target_os = "linux"))]
mod on_its_way {
    use std::io;
    use std::net::{SocketAddr, TcpStream};
    use std::time::Duration;

    #[derive(Debug)]
    pub(super) struct Connecting(SocketAddr);

    impl Connecting {
        pub(super) fn begin(address: &SocketAddr) -> io::Result<Self> {
            Ok(Self(*address))
        }

        pub(super) fn finish(self, limit: Duration) -> io::Result<TcpStream> {
            TcpStream::connect_timeout(&self.0, limit)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    #[cfg(target_os = "linux")]
    use std::time::Instant;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    fn connect(address: SocketAddr, limit: Duration) -> io::Result<TcpStream> {
        Connecting::begin(&address)?.finish(limit)
    }

    #[test]
    fn what_comes_waits_for_its_bytes_as_any_connection_does() {
        for host in ["127.0.0.1:0", "[::1]:0"] {
            // A machine may be without IPv6.
            let Ok(listener) = TcpListener::bind(host) else { continue };
            let mut stream = connect(listener.local_addr().unwrap(), LIMIT).unwrap();
            let (mut server, _) = listener.accept().unwrap();
            let late = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(50));
                server.write_all(b"late").unwrap();
            });
            let mut words = String::new();
            stream.read_to_string(&mut words).unwrap();
            late.join().unwrap();
            assert_eq!(words, "late");
        }
    }

    #[test]
    fn a_refusal_is_told() {
        let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert_eq!(connect(closed, LIMIT).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_silence_ends_at_the_limit() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // The first fills the queue, and no answer comes to those after it.
        rustix::net::listen(&listener, 0).unwrap();
        let _first = connect(address, LIMIT).unwrap();
        let start = Instant::now();
        let error = connect(address, Duration::from_millis(200)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!((Duration::from_millis(200)..LIMIT).contains(&start.elapsed()), "{:?}", start.elapsed());
    }
}
