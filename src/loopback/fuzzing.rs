//! What fuzzing reaches of this module: the listener's judgement of a connection's bytes.

use super::listener::{LoopbackListener, QueryReader, Refused};
use super::request::{self, Arriving, NoHead};
use crate::failure::Failure;
use crate::profile::RedirectUri;
use crate::transcript::Transcript;

/// What became of the bytes of one connection.
pub enum Arrival<T> {
    /// They ended before the head did.
    Gone,
    /// They begin a TLS handshake.
    Tls,
    /// They are refused with this status.
    Refused(u16),
    /// They are the response that is waited for.
    Taken(Result<T, Failure>),
}

/// A listener whose connections are made up.
pub struct Judge(LoopbackListener);

impl Judge {
    /// Binds a listener on a free port for `redirect`.
    ///
    /// # Errors
    /// What binding says.
    pub fn new(redirect: &RedirectUri) -> Result<Self, Failure> {
        LoopbackListener::bind(redirect, Transcript::default()).map(Self)
    }

    /// The address that it listens on.
    #[must_use]
    pub fn redirect_uri(&self) -> &RedirectUri {
        self.0.redirect_uri()
    }

    /// Reads `bytes` as a connection's, in pieces of `piece` bytes, and judges the head; `read` reads its query.
    #[must_use]
    pub fn judge<T>(&self, bytes: &[u8], piece: usize, read: QueryReader<'_, T>) -> Arrival<T> {
        let mut arriving = Arriving::default();
        let mut left = bytes;
        loop {
            let space = arriving.space();
            let count = left.len().min(piece.max(1)).min(space.len());
            if count == 0 {
                return Arrival::Gone;
            }
            let (now, later) = left.split_at(count);
            space[..count].copy_from_slice(now);
            left = later;
            let Some(head) = arriving.took(count) else { continue };
            return match head.map(|head| self.0.judge(&head, read)) {
                Ok(Ok(taken)) => Arrival::Taken(taken),
                Ok(Err(Refused { status, .. })) | Err(NoHead::Refused(status)) => Arrival::Refused(status),
                Err(NoHead::Tls) => Arrival::Tls,
                Err(NoHead::Gone) => Arrival::Gone,
            };
        }
    }

    /// The most that a head may measure.
    pub const HEAD_LIMIT: usize = request::HEAD_LIMIT;
}
