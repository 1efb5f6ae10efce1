//! A line to a server on this machine that is as slow as one to a server far away.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// A line on which every byte takes half a round trip. It counts the round trips that its clients wait for.
pub(crate) struct SlowLine {
    pub(crate) port: u16,
    pub(crate) round_trip: Duration,
    waited: Arc<AtomicU32>,
}

impl SlowLine {
    /// A line of this round trip to `server`, a port of this machine.
    pub(crate) fn start(server: u16, round_trip: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has ports");
        let port = listener.local_addr().expect("it is bound").port();
        let waited = Arc::<AtomicU32>::default();
        let count = Arc::clone(&waited);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let count = Arc::clone(&count);
                // Either end may hang up at any time.
                thread::spawn(move || connection(client, server, round_trip, &count));
            }
        });
        Self { port, round_trip, waited }
    }

    /// How many round trips were waited for since the last look, those of TCP's own handshakes included.
    pub(crate) fn take(&self) -> u32 {
        self.waited.swap(0, Ordering::SeqCst)
    }
}

fn connection(client: TcpStream, server: u16, round_trip: Duration, waited: &Arc<AtomicU32>) -> Option<()> {
    // The client's TCP handshake with us took no time; one with the server would have taken a round trip.
    waited.fetch_add(1, Ordering::SeqCst);
    thread::sleep(round_trip);
    let server = TcpStream::connect(("127.0.0.1", server)).ok()?;
    for stream in [&client, &server] {
        stream.set_nodelay(true).ok()?;
    }
    // True from what the client says until what it hears of it.
    let asked = Arc::new(AtomicBool::new(false));
    let has_left = Arc::new(AtomicBool::new(false));
    let there = {
        let (from, to) = (client.try_clone().ok()?, server.try_clone().ok()?);
        let (asked, has_left) = (Arc::clone(&asked), Arc::clone(&has_left));
        let pieces = read_all(from, move |piece| {
            if piece.is_empty() { &has_left } else { &asked }.store(true, Ordering::SeqCst);
        });
        thread::spawn(move || deliver(&pieces, to, round_trip / 2, || {}))
    };
    let waited = Arc::clone(waited);
    let pieces = read_all(server, |_| {});
    deliver(&pieces, client, round_trip / 2, || {
        // What comes when the client has left was not waited for.
        if !has_left.load(Ordering::SeqCst) && asked.swap(false, Ordering::SeqCst) {
            waited.fetch_add(1, Ordering::SeqCst);
        }
    });
    there.join().ok()
}

/// What `from` says, each piece with its time; the last piece is empty.
fn read_all(mut from: TcpStream, note: impl Fn(&[u8]) + Send + 'static) -> Receiver<(Instant, Vec<u8>)> {
    let (sender, pieces) = mpsc::channel();
    thread::spawn(move || {
        let mut piece = [0; 16 * 1024];
        loop {
            let length = from.read(&mut piece).unwrap_or(0);
            note(&piece[..length]);
            if sender.send((Instant::now(), piece[..length].to_vec())).is_err() || length == 0 {
                break;
            }
        }
    });
    pieces
}

/// Says each piece to `to` when it has been on its way for `delay`.
fn deliver(pieces: &Receiver<(Instant, Vec<u8>)>, mut to: TcpStream, delay: Duration, note: impl Fn()) {
    for (read, piece) in pieces {
        thread::sleep((read + delay).saturating_duration_since(Instant::now()));
        if piece.is_empty() {
            break;
        }
        note();
        if to.write_all(&piece).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
