//! Loopback listeners, and the byte streams behind them: plain, TLS, or plain that becomes TLS.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use native_tls::{TlsAcceptor, TlsStream};

use crate::steady::Steady;

/// A client that says nothing for this long is dropped.
const IDLE: Duration = Duration::from_secs(60);
/// Longest line from a client. Microsoft's tokens are up to 4,000 characters, base64 makes that 5,400.
const LONGEST_LINE: usize = 64 * 1024;

/// A listener on 127.0.0.1 with a thread for each connection. Dropping it closes the port and every connection.
pub struct Listener {
    port: u16,
    stop: Arc<AtomicBool>,
    open: Arc<Mutex<HashMap<u64, TcpStream>>>,
    acceptor: Option<JoinHandle<()>>,
}

impl Listener {
    /// Listens on a free port and hands each connection to `serve`, whose errors mean only that the client has gone.
    pub fn start<F>(serve: F) -> io::Result<Self>
    where
        F: Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
    {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = socket.local_addr()?.port();
        let stop = Arc::new(AtomicBool::new(false));
        let open: Arc<Mutex<HashMap<u64, TcpStream>>> = Arc::default();
        let serve = Arc::new(serve);
        let (stop_seen, all_open) = (Arc::clone(&stop), Arc::clone(&open));
        let acceptor = thread::spawn(move || {
            for (number, stream) in (0u64..).zip(socket.incoming()) {
                if stop_seen.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let Ok(handle) = stream.try_clone() else { continue };
                // Replies go out line by line; Nagle's algorithm would hold each second one back for 40 ms.
                let _ = stream.set_nodelay(true);
                lock(&all_open).insert(number, handle);
                let (serve, all_open) = (Arc::clone(&serve), Arc::clone(&all_open));
                thread::spawn(move || {
                    let _ = stream.set_read_timeout(Some(IDLE)).and_then(|()| serve(stream));
                    if let Some(handle) = lock(&all_open).remove(&number) {
                        let _ = handle.shutdown(Shutdown::Both);
                    }
                });
            }
        });
        Ok(Self { port, stop, open, acceptor: Some(acceptor) })
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // The accept loop sleeps in accept(); a connection of our own wakes it.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
        for stream in lock(&self.open).values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Locks, also after a panic elsewhere: the sandbox has nothing that half a change could spoil.
pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One connection with a read buffer.
pub struct Wire {
    stream: Option<Stream>,
    buffer: Vec<u8>,
}

enum Stream {
    Plain(Steady),
    Tls(Box<TlsStream<Steady>>),
}

impl Wire {
    pub fn plain(stream: TcpStream) -> Self {
        Self { stream: Some(Stream::Plain(Steady(stream))), buffer: Vec::new() }
    }

    /// TLS from the first byte.
    pub fn tls(stream: TcpStream, acceptor: &TlsAcceptor) -> io::Result<Self> {
        let mut wire = Self::plain(stream);
        wire.upgrade(acceptor)?;
        Ok(wire)
    }

    /// Goes from plain to TLS. A client that sent anything before the handshake is dropped: it could have been
    /// injected by a man in the middle (RFC 3207 §4.2 and its kin).
    pub fn upgrade(&mut self, acceptor: &TlsAcceptor) -> io::Result<()> {
        if !self.buffer.is_empty() {
            return Err(io::Error::other("bytes before the TLS handshake"));
        }
        let Some(Stream::Plain(tcp)) = self.stream.take() else {
            return Err(io::Error::other("no plain stream"));
        };
        let tls = acceptor.accept(tcp).map_err(|error| io::Error::other(error.to_string()))?;
        self.stream = Some(Stream::Tls(Box::new(tls)));
        Ok(())
    }

    pub fn is_tls(&self) -> bool {
        matches!(self.stream, Some(Stream::Tls(_)))
    }

    /// One line without its ending, or `None` where the client has gone.
    pub fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = self.buffer.iter().position(|&byte| byte == b'\n') {
                let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(Some(line));
            }
            if self.buffer.len() > LONGEST_LINE {
                return Err(io::Error::other("line too long"));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    /// Like [`Wire::line`], as text; bytes that are not UTF-8 become U+FFFD.
    pub fn text_line(&mut self) -> io::Result<Option<String>> {
        Ok(self.line()?.map(|line| String::from_utf8_lossy(&line).into_owned()))
    }

    /// Exactly `count` bytes.
    pub fn exact(&mut self, count: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < count {
            if !self.fill()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.buffer.drain(..count).collect())
    }

    fn fill(&mut self) -> io::Result<bool> {
        let mut chunk = [0; 8192];
        let count = match &mut self.stream {
            Some(Stream::Plain(stream)) => stream.read(&mut chunk)?,
            Some(Stream::Tls(stream)) => stream.read(&mut chunk)?,
            None => 0,
        };
        self.buffer.extend_from_slice(&chunk[..count]);
        Ok(count > 0)
    }

    /// Writes `bytes` as they are.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.stream {
            Some(Stream::Plain(stream)) => stream.write_all(bytes),
            Some(Stream::Tls(stream)) => stream.write_all(bytes).and_then(|()| stream.flush()),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Writes `text` and CRLF.
    pub fn say(&mut self, text: &str) -> io::Result<()> {
        self.send(format!("{text}\r\n").as_bytes())
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // Without close_notify a client must take the end for a cut (RFC 8446 §6.1).
        if let Some(Stream::Tls(stream)) = &mut self.stream {
            let _ = stream.shutdown();
        }
    }
}
