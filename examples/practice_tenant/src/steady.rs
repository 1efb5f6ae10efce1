//! A TCP connection that does not mind that the process is stopped for a while.

use std::io::{self, Read, Write};
use std::net::TcpStream;

/// A connection. A call that has a time limit is cut off where the process is stopped and goes on (Ctrl-Z, then `fg`; signal(7)):
/// it is made again.
#[derive(Debug)]
pub struct Steady(pub TcpStream);

fn again<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

impl Read for Steady {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        again(|| self.0.read(buffer))
    }
}

impl Write for Steady {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        again(|| self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
