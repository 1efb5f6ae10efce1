//! The listener's door: accepts connections, a bounded number at a time, each with a thread and five seconds.
//!
//! When the house is full, somebody is shown out to make room: who has been served, else who has been silent longest,
//! else who has been speaking longest. So a crowd of idle or dawdling connections never keeps the browser waiting.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How many connections are held at once.
pub(super) const CONNECTIONS: usize = 32;
/// How long one connection may take.
pub(super) const CONNECTION_LIMIT: Duration = Duration::from_secs(5);
/// Threads of connections that were shown out need a moment to notice. New ones wait while there are this many.
const THREADS: usize = 2 * CONNECTIONS;
/// Twice the largest buffer, and room for parsing and answering.
const STACK: usize = 256 * 1024;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// It has its answer.
    Served,
    /// It has sent nothing yet.
    Silent,
    /// It has begun a request.
    Speaking,
}

struct Guest {
    id: u64,
    phase: Phase,
    stream: Arc<TcpStream>,
}

#[derive(Default)]
struct Book {
    guests: Vec<Guest>,
    threads: usize,
    /// Threads that wait in `accept`.
    acceptors: usize,
}

/// Who is inside.
#[derive(Default)]
pub(super) struct Door {
    book: Mutex<Book>,
    freed: Condvar,
    closed: AtomicBool,
    next: AtomicU64,
}

/// One connection, as its thread sees it.
pub(super) struct Visit<'a> {
    door: &'a Door,
    id: u64,
    /// The connection.
    pub(super) stream: Arc<TcpStream>,
    /// When its time is up.
    pub(super) deadline: Instant,
}

impl Visit<'_> {
    /// It has begun to speak.
    pub(super) fn speaks(&self) {
        self.becomes(Phase::Speaking);
    }

    /// It has been answered, and may go when room is needed.
    pub(super) fn is_served(&self) {
        self.becomes(Phase::Served);
    }

    fn becomes(&self, phase: Phase) {
        if let Some(guest) = self.door.book().guests.iter_mut().find(|guest| guest.id == self.id) {
            guest.phase = phase;
        }
    }

    /// Takes the connection out of the door's book, so that nobody closes it. False if it has been closed already.
    pub(super) fn keep(&self) -> bool {
        self.door.remove(self.id).is_some()
    }
}

impl Door {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remove(&self, id: u64) -> Option<Guest> {
        let mut book = self.book();
        let at = book.guests.iter().position(|guest| guest.id == id)?;
        Some(book.guests.remove(at))
    }

    /// Accepts on `listener` until the door closes, and has `serve` do the talking.
    pub(super) fn accept<'scope, 'env>(
        &'scope self,
        scope: &'scope thread::Scope<'scope, 'env>,
        listener: &TcpListener,
        serve: &'scope (dyn Fn(&Visit<'_>) + Sync),
    ) {
        self.book().acceptors += 1;
        while !self.closed.load(Ordering::SeqCst) {
            match listener.accept() {
                Ok((stream, _)) => self.admit(scope, stream, serve),
                Err(_) => {
                    // Most likely this process has no descriptor left. One guest less frees one; the pause keeps a
                    // lasting fault from spinning.
                    let mut book = self.book();
                    show_out(&mut book);
                    let _ = self.freed.wait_timeout(book, Duration::from_millis(50));
                }
            }
        }
        self.book().acceptors -= 1;
        self.freed.notify_all();
    }

    fn admit<'scope, 'env>(
        &'scope self,
        scope: &'scope thread::Scope<'scope, 'env>,
        stream: TcpStream,
        serve: &'scope (dyn Fn(&Visit<'_>) + Sync),
    ) {
        let stream = Arc::new(stream);
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut book = self.book();
        if book.guests.len() >= CONNECTIONS {
            show_out(&mut book);
        }
        while book.threads >= THREADS && !self.closed.load(Ordering::SeqCst) {
            book = self.freed.wait(book).unwrap_or_else(PoisonError::into_inner);
        }
        // Whoever comes in after everybody was shown out would keep the closing waiting.
        if self.closed.load(Ordering::SeqCst) {
            return;
        }
        book.guests.push(Guest { id, phase: Phase::Silent, stream: Arc::clone(&stream) });
        book.threads += 1;
        drop(book);
        let deadline = Instant::now() + CONNECTION_LIMIT;
        let talk = move || {
            serve(&Visit { door: self, id, stream, deadline });
            self.leave(id);
        };
        if thread::Builder::new().stack_size(STACK).spawn_scoped(scope, talk).is_err() {
            self.leave(id);
        }
    }

    fn leave(&self, id: u64) {
        let mut book = self.book();
        book.guests.retain(|guest| guest.id != id);
        book.threads -= 1;
        drop(book);
        self.freed.notify_all();
    }

    /// Lets nobody in any more, shows everybody out, and wakes the threads that accept on `listeners`.
    pub(super) fn close(&self, listeners: &[TcpListener]) {
        let mut book = self.book();
        self.closed.store(true, Ordering::SeqCst);
        for guest in book.guests.drain(..) {
            let _ = guest.stream.shutdown(Shutdown::Both);
        }
        self.freed.notify_all();
        // A connection of our own wakes who waits in `accept`. It fails as long as the guests still hold all descriptors,
        // so it is tried until the last one has woken.
        while book.acceptors > 0 {
            drop(book);
            for listener in listeners {
                if let Ok(address) = listener.local_addr() {
                    let _ = TcpStream::connect_timeout(&address, Duration::from_secs(1));
                }
            }
            book = self
                .freed
                .wait_timeout(self.book(), Duration::from_millis(10))
                .map_or_else(|poisoned| poisoned.into_inner().0, |(book, _)| book);
        }
    }
}

fn show_out(book: &mut Book) {
    // The guests stand in the order of their coming, and the first of equals is found.
    let found = book.guests.iter().enumerate().min_by_key(|(_, guest)| guest.phase).map(|(at, _)| at);
    if let Some(at) = found {
        let guest = book.guests.remove(at);
        let _ = guest.stream.shutdown(Shutdown::Both);
    }
}
