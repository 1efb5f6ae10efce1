//! What fuzzing reaches of this room: the listener's judgement, and the readers of callbacks, token answers and metadata.

use super::Callback;
use super::authorization_code::AuthorizationRequest;
use super::authorization_response::Answer;
use super::discovery::{self, Endpoints};
use super::token_answer::{self, TokenAnswer};
use crate::failure::Failure;
use crate::loopback::listener::{LoopbackListener, Refused};
use crate::loopback::request::{self, Arriving, NoHead};
use crate::net::HttpAnswer;
use crate::profile::{EndpointUrl, RedirectUri};
use crate::transcript::{Redactor, Transcript};

/// What became of the bytes of one connection.
pub enum Arrival {
    /// They ended before the head did.
    Gone,
    /// They begin a TLS handshake.
    Tls,
    /// They are refused with this status.
    Refused(u16),
    /// They are the answer that is waited for.
    Taken(Result<Callback, Failure>),
}

/// A listener and the request that it waits for the answer to.
pub struct Judge {
    listener: LoopbackListener,
    request: AuthorizationRequest,
}

impl Judge {
    /// Binds a listener on a free port for `redirect`; `begin` makes the request for the address that it listens on.
    ///
    /// # Errors
    /// What binding says.
    pub fn new(
        redirect: &RedirectUri,
        begin: impl FnOnce(&RedirectUri) -> AuthorizationRequest,
    ) -> Result<Self, Failure> {
        let listener = LoopbackListener::bind(redirect, Transcript::default())?;
        let request = begin(listener.redirect_uri());
        Ok(Self { listener, request })
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &AuthorizationRequest {
        &self.request
    }

    /// Reads `bytes` as a connection's, in pieces of `piece` bytes, and judges the head.
    #[must_use]
    pub fn judge(&self, bytes: &[u8], piece: usize) -> Arrival {
        let mut arriving = Arriving::default();
        let mut left = bytes;
        loop {
            let room = arriving.room();
            let read = left.len().min(piece.max(1)).min(room.len());
            if read == 0 {
                return Arrival::Gone;
            }
            let (now, later) = left.split_at(read);
            room[..read].copy_from_slice(now);
            left = later;
            let Some(head) = arriving.took(read) else { continue };
            return match head.map(|head| self.listener.judge(&head, &self.request)) {
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

/// Reads a callback's query; `None` if it is a stray.
#[must_use]
pub fn read_callback(
    request: &AuthorizationRequest,
    query: &str,
    redactor: &Redactor,
) -> Option<Result<Callback, Failure>> {
    match request.read_query(query, redactor) {
        Answer::Ours(result) => Some(result),
        Answer::Stray(_) => None,
    }
}

/// Reads a token endpoint's answer.
///
/// # Errors
/// As the reader's.
pub fn read_token_answer(transcript: &Transcript, answer: HttpAnswer) -> Result<TokenAnswer, Failure> {
    token_answer::read(transcript, answer)
}

/// Reads an issuer's metadata.
///
/// # Errors
/// As the reader's.
pub fn read_metadata(transcript: &Transcript, answer: &HttpAnswer, issuer: &EndpointUrl) -> Result<Endpoints, Failure> {
    discovery::read(transcript, answer, issuer)
}
