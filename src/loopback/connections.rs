//! The listener's connections: a bounded number at a time, each with a thread and five seconds.
//!
//! At the limit, one is closed for the next: an answered one first, then the longest silent, then the oldest. So a crowd of
//! idle or slow connections never delays the browser.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How many connections are held at once.
pub(super) const CONNECTIONS: usize = 32;
/// How long one connection may take.
pub(super) const CONNECTION_LIMIT: Duration = Duration::from_secs(5);
/// Threads of evicted connections need a moment to notice. New ones wait while there are this many.
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

struct Connection {
    id: u64,
    phase: Phase,
    stream: Arc<TcpStream>,
}

#[derive(Default)]
struct Table {
    /// In the order of their arrival.
    connections: Vec<Connection>,
    threads: usize,
    /// Threads that wait in `accept`.
    acceptors: usize,
}

/// The connections that are open, and the threads that serve and accept them.
#[derive(Default)]
pub(super) struct ConnectionPool {
    table: Mutex<Table>,
    freed: Condvar,
    closed: AtomicBool,
    next: AtomicU64,
}

/// One connection, as its thread sees it.
pub(super) struct Handle<'a> {
    pool: &'a ConnectionPool,
    id: u64,
    /// The connection.
    pub(super) stream: Arc<TcpStream>,
    /// When its time is up.
    pub(super) deadline: Instant,
}

impl Handle<'_> {
    /// Notes that its first bytes have come.
    pub(super) fn has_begun(&self) {
        self.becomes(Phase::Speaking);
    }

    /// Notes that it has been answered: it is the first to be closed at the limit.
    pub(super) fn is_served(&self) {
        self.becomes(Phase::Served);
    }

    fn becomes(&self, phase: Phase) {
        if let Some(connection) = self.pool.table().connections.iter_mut().find(|connection| connection.id == self.id) {
            connection.phase = phase;
        }
    }

    /// Takes the connection out of the pool's table, so that the pool does not close it. False if it has been closed
    /// already.
    pub(super) fn detach(&self) -> bool {
        self.pool.remove(self.id).is_some()
    }
}

impl ConnectionPool {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remove(&self, id: u64) -> Option<Connection> {
        let mut table = self.table();
        let at = table.connections.iter().position(|connection| connection.id == id)?;
        Some(table.connections.remove(at))
    }

    /// Accepts on `listener` until the pool closes; `serve` talks to each connection.
    pub(super) fn accept<'scope, 'env>(
        &'scope self,
        scope: &'scope thread::Scope<'scope, 'env>,
        listener: &TcpListener,
        serve: &'scope (dyn Fn(&Handle<'_>) + Sync),
    ) {
        self.table().acceptors += 1;
        while !self.closed.load(Ordering::SeqCst) {
            match listener.accept() {
                Ok((stream, _)) => self.admit(scope, stream, serve),
                Err(_) => {
                    // Most likely this process has no descriptor left. One connection less frees one; the pause saves a
                    // lasting fault from spinning.
                    let mut table = self.table();
                    evict(&mut table);
                    let _ = self.freed.wait_timeout(table, Duration::from_millis(50));
                }
            }
        }
        self.table().acceptors -= 1;
        self.freed.notify_all();
    }

    fn admit<'scope, 'env>(
        &'scope self,
        scope: &'scope thread::Scope<'scope, 'env>,
        stream: TcpStream,
        serve: &'scope (dyn Fn(&Handle<'_>) + Sync),
    ) {
        let stream = Arc::new(stream);
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut table = self.table();
        if table.connections.len() >= CONNECTIONS {
            evict(&mut table);
        }
        while table.threads >= THREADS && !self.closed.load(Ordering::SeqCst) {
            table = self.freed.wait(table).unwrap_or_else(PoisonError::into_inner);
        }
        // One that is admitted after all were closed would delay the closing.
        if self.closed.load(Ordering::SeqCst) {
            return;
        }
        table.connections.push(Connection { id, phase: Phase::Silent, stream: Arc::clone(&stream) });
        table.threads += 1;
        drop(table);
        let deadline = Instant::now() + CONNECTION_LIMIT;
        let talk = move || {
            serve(&Handle { pool: self, id, stream, deadline });
            self.leave(id);
        };
        if thread::Builder::new().stack_size(STACK).spawn_scoped(scope, talk).is_err() {
            self.leave(id);
        }
    }

    fn leave(&self, id: u64) {
        let mut table = self.table();
        table.connections.retain(|connection| connection.id != id);
        table.threads -= 1;
        drop(table);
        self.freed.notify_all();
    }

    /// Admits no more connections, closes all, and wakes the threads that accept on `listeners`.
    pub(super) fn close(&self, listeners: &[TcpListener]) {
        let mut table = self.table();
        self.closed.store(true, Ordering::SeqCst);
        for connection in table.connections.drain(..) {
            let _ = connection.stream.shutdown(Shutdown::Both);
        }
        self.freed.notify_all();
        // A connection of our own wakes a thread that waits in `accept`. It fails as long as the closed connections still
        // hold all descriptors, so it is tried until the last thread has woken.
        while table.acceptors > 0 {
            drop(table);
            for listener in listeners {
                if let Ok(address) = listener.local_addr() {
                    let _ = TcpStream::connect_timeout(&address, Duration::from_secs(1));
                }
            }
            table = self
                .freed
                .wait_timeout(self.table(), Duration::from_millis(10))
                .map_or_else(|poisoned| poisoned.into_inner().0, |(table, _)| table);
        }
    }
}

/// Closes one connection to make room.
fn evict(table: &mut Table) {
    // In the order of their arrival, so the oldest of equals is found.
    let found = table.connections.iter().enumerate().min_by_key(|(_, connection)| connection.phase).map(|(at, _)| at);
    if let Some(at) = found {
        let connection = table.connections.remove(at);
        let _ = connection.stream.shutdown(Shutdown::Both);
    }
}
