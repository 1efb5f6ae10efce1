//! A TCP connection whose every read and write ends by a deadline.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

/// The connection. A drip of single bytes gains nothing: each operation gets what is left of the time.
#[derive(Debug)]
pub struct Timed {
    stream: TcpStream,
    deadline: Instant,
}

impl Timed {
    /// `stream` until `deadline`.
    #[must_use]
    pub fn new(stream: TcpStream, deadline: Instant) -> Self {
        // What is written is a whole request that waits for its answer; an error here costs speed, not function.
        let _ = stream.set_nodelay(true);
        Self { stream, deadline }
    }

    /// Moves the deadline.
    pub fn until(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    /// The connection without its deadline.
    #[must_use]
    pub fn into_inner(self) -> TcpStream {
        self.stream
    }

    fn timed<T>(&mut self, mut operation: impl FnMut(&mut TcpStream) -> io::Result<T>) -> io::Result<T> {
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            // macOS refuses this once the peer has closed; what it sent can be read all the same.
            let _ = self.stream.set_read_timeout(Some(left));
            let _ = self.stream.set_write_timeout(Some(left));
            match operation(&mut self.stream) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What an elapsed SO_RCVTIMEO looks like on Unix.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(io::ErrorKind::TimedOut.into()),
                result => return result,
            }
        }
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.timed(|stream| stream.read(buffer))
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.timed(|stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
