//! TLS on a connection: the change to it, what a failed handshake means, and the certificate that was shown.

use std::io::Read as _;
use std::net::Shutdown;

use native_tls::{HandshakeError, TlsConnector};

use super::{Link, Wire, violation};
use crate::failure::{Failure, FailureKind, TlsFault};
use crate::net;
use crate::text::Shown;
use crate::transport::handshake::{self, Seen};
use crate::transport::socket::Socket;

impl Wire {
    /// After the answer to STARTTLS: plain text that is already there would be taken for the server's words over TLS
    /// (CVE-2011-0411), so it ends the connection.
    pub(in crate::transport) fn refuse_leftovers(&mut self) -> Result<(), Failure> {
        match self.unread() {
            [] => Ok(()),
            _ => Err(violation("it sent more after its answer to STARTTLS, before TLS")),
        }
    }

    /// Turns the connection into a TLS one. Nothing may have been read ahead.
    ///
    /// # Errors
    /// [`FailureKind::Tls`] and the failures of any phase. No credential has been sent.
    pub(in crate::transport) fn start_tls(
        &mut self,
        connector: &TlsConnector,
        host: &str,
    ) -> Result<Seen, (Failure, Seen)> {
        let Link::Plain(socket) = std::mem::replace(&mut self.link, Link::Gone) else {
            return Err((violation("TLS inside TLS"), Seen::default()));
        };
        self.notes.borrow_mut().handshake = Some(Vec::new());
        let result = connector.connect(host, socket);
        let bytes = self.notes.borrow_mut().handshake.take().unwrap_or_default();
        let seen = handshake::look_at(&bytes);
        match result {
            Ok(stream) => {
                self.link = Link::Tls(Box::new(stream));
                Ok(seen)
            }
            Err(error) => {
                let failure = self.handshake_failure(error, host, &bytes, &seen);
                // The library has dropped its part of the socket; ours ends with it.
                let _ = self.bare.shutdown(Shutdown::Both);
                Err((failure, seen))
            }
        }
    }

    fn handshake_failure(&self, error: HandshakeError<Socket>, host: &str, bytes: &[u8], seen: &Seen) -> Failure {
        const PROTOCOL_VERSION: u8 = 70;
        if seen.is_not_tls {
            return Failure::new(FailureKind::Tls(TlsFault::NotTls)).said(self.first_words(bytes));
        }
        if seen.alert == Some(PROTOCOL_VERSION) || seen.version.is_some_and(|version| version < 0x0303) {
            return FailureKind::Tls(TlsFault::TooOld).into();
        }
        let fault = match error {
            HandshakeError::Failure(error) => net::tls_fault(&error, host),
            HandshakeError::WouldBlock(_) => return self.io_failure(),
        };
        match fault {
            // The peer's end, or the deadline, in the middle: the library's words are about nothing else.
            TlsFault::Other(_) if bytes.is_empty() || self.notes.borrow().error.is_some() => self.io_failure(),
            TlsFault::Other(words) => FailureKind::Tls(TlsFault::Other(self.clean(&words))).into(),
            fault => FailureKind::Tls(fault).into(),
        }
    }

    /// The first line of what came instead of TLS, most often a greeting. The library has read a few bytes of it.
    fn first_words(&self, bytes: &[u8]) -> Shown {
        let mut more = [0; 200];
        let more_len = match self.bare.set_nonblocking(true) {
            Ok(()) => (&*self.bare).read(&mut more).unwrap_or(0),
            Err(_) => 0,
        };
        let words = [bytes, &more[..more_len]].concat();
        let words = String::from_utf8_lossy(&words);
        self.clean(words.lines().next().unwrap_or_default())
    }

    /// The server's certificate (DER), once TLS is set up.
    pub(in crate::transport) fn peer_certificate(&self) -> Option<Vec<u8>> {
        match &self.link {
            Link::Tls(stream) => {
                stream.peer_certificate().ok().flatten().and_then(|certificate| certificate.to_der().ok())
            }
            Link::Plain(_) | Link::Gone => None,
            #[cfg(fuzzing)]
            Link::Script(_) => None,
        }
    }

    /// Begins TLS where a script plays the server; false where none does.
    #[cfg(fuzzing)]
    pub(in crate::transport) fn begin_scripted_tls(&mut self) -> bool {
        let Link::Script(script) = &mut self.link else { return false };
        script.begin_tls();
        true
    }
}
