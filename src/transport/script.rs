//! A server that fuzzing plays, in memory: it says one turn of its script first, and another after each thing it hears.
//! It replaces the socket and TLS in builds for fuzzing alone.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

thread_local! {
    static NEXT: RefCell<Option<Script>> = const { RefCell::new(None) };
    static HEARD: RefCell<Heard> = RefCell::default();
    /// The wire has a socket beside TLS; the peer of this one says nothing.
    static SOCKET: Option<(TcpStream, SocketAddr, TcpListener)> = socket();
}

fn socket() -> Option<(TcpStream, SocketAddr, TcpListener)> {
    let listener = TcpListener::bind("127.0.0.1:0").ok()?;
    let address = listener.local_addr().ok()?;
    Some((TcpStream::connect(address).ok()?, address, listener))
}

/// What a scripted server heard.
#[derive(Default)]
pub struct Heard {
    /// What was sent at once each time, and whether that was inside TLS.
    pub turns: Vec<(bool, Vec<u8>)>,
}

/// What a scripted server says.
#[derive(Default)]
pub(super) struct Script {
    turns: VecDeque<Vec<u8>>,
    /// Said, and not read yet.
    saying: VecDeque<u8>,
    is_tls: bool,
}

/// Has the next connection of this thread follow a script of `turns`.
pub(super) fn prepare<'a>(mut turns: impl Iterator<Item = &'a [u8]>) {
    let saying = turns.next().unwrap_or_default().iter().copied().collect();
    let script = Script { turns: turns.map(<[u8]>::to_vec).collect(), saying, is_tls: false };
    NEXT.set(Some(script));
    HEARD.take();
}

/// The script that was prepared, and a socket to build a wire on.
pub(super) fn next() -> Option<(Script, TcpStream, SocketAddr)> {
    let script = NEXT.take()?;
    SOCKET.with(|socket| {
        let (stream, address, _) = socket.as_ref()?;
        Some((script, stream.try_clone().ok()?, *address))
    })
}

/// What was heard on the last connection.
pub(super) fn heard() -> Heard {
    HEARD.take()
}

impl Script {
    pub(super) fn hear(&mut self, bytes: &[u8]) -> io::Result<()> {
        HEARD.with_borrow_mut(|heard| heard.turns.push((self.is_tls, bytes.to_vec())));
        self.saying.extend(self.turns.pop_front().unwrap_or_default());
        Ok(())
    }

    pub(super) fn read(&mut self, buffer: &mut [u8], is_hasty: bool) -> io::Result<usize> {
        if self.saying.is_empty() && is_hasty {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        io::Read::read(&mut self.saying, buffer)
    }

    pub(super) fn begin_tls(&mut self) {
        self.is_tls = true;
    }
}
