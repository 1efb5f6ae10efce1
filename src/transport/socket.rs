//! A TCP socket whose every read and write ends by a deadline, and which remembers how a TLS handshake began.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::time::Instant;

/// How much of a handshake is kept: a ServerHello and, in TLS 1.2, a usual chain of certificates.
const HANDSHAKE_KEPT: usize = 16 * 1024;

/// What is known of a socket beside its bytes. Shared, because a failed TLS handshake takes its socket with it.
pub(super) struct Notes {
    /// When the current phase must be over.
    pub(super) deadline: Instant,
    /// Whether a read that would have to wait returns `WouldBlock` instead.
    pub(super) is_hasty: bool,
    /// The first bytes from the server while a handshake runs.
    pub(super) handshake: Option<Vec<u8>>,
    /// The error that the last operation ended with. TLS libraries hide it in their own.
    pub(super) error: Option<io::ErrorKind>,
}

/// The socket.
pub(super) struct Socket {
    stream: Rc<TcpStream>,
    notes: Rc<RefCell<Notes>>,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, deadline: Instant) -> Self {
        // Each of our writes is a whole command that waits for its answer; errors here cost speed, not function.
        let _ = stream.set_nodelay(true);
        let notes = Notes { deadline, is_hasty: false, handshake: None, error: None };
        Self { stream: Rc::new(stream), notes: Rc::new(RefCell::new(notes)) }
    }

    pub(super) fn notes(&self) -> Rc<RefCell<Notes>> {
        Rc::clone(&self.notes)
    }

    /// The bare socket.
    pub(super) fn stream(&self) -> Rc<TcpStream> {
        Rc::clone(&self.stream)
    }

    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// Runs `operation` under the deadline. A drip of single bytes gains nothing: each gets what is left of the time. A process
    /// that was stopped and goes on (Ctrl-Z, then fg) finds a call cut off that has a time limit (signal(7)): it is made again.
    fn timed<T>(&mut self, mut operation: impl FnMut(&mut &TcpStream) -> io::Result<T>) -> io::Result<T> {
        let (deadline, is_hasty) = {
            let notes = self.notes.borrow();
            (notes.deadline, notes.is_hasty)
        };
        let result = loop {
            let result = if is_hasty { self.at_once(&mut operation) } else { self.until(deadline, &mut operation) };
            if !result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::Interrupted) {
                break result;
            }
        };
        self.notes.borrow_mut().error = result.as_ref().err().map(io::Error::kind);
        result
    }

    fn at_once<T>(&self, operation: &mut impl FnMut(&mut &TcpStream) -> io::Result<T>) -> io::Result<T> {
        self.stream.set_nonblocking(true)?;
        let result = operation(&mut &*self.stream);
        self.stream.set_nonblocking(false)?;
        result
    }

    fn until<T>(
        &self,
        deadline: Instant,
        operation: &mut impl FnMut(&mut &TcpStream) -> io::Result<T>,
    ) -> io::Result<T> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.set_write_timeout(Some(left))?;
        operation(&mut &*self.stream).map_err(|error| match error.kind() {
            // What an elapsed SO_RCVTIMEO looks like on Unix.
            io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
            _ => error,
        })
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.timed(|stream| stream.read(buffer))?;
        if let Some(kept) = &mut self.notes.borrow_mut().handshake {
            let room = HANDSHAKE_KEPT.saturating_sub(kept.len());
            kept.extend_from_slice(&buffer[..count.min(room)]);
        }
        Ok(count)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.timed(|stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
