//! What carries HTTP: TLS through the connector that the mail side uses too. ureq is built
//! without TLS of its own, because it would parse the system's CA bundle once more and report less of what failed.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time;

use native_tls::{HandshakeError, TlsStream};
use oauth2::http::Uri;
use ureq::unversioned::transport::time::{Duration, Instant};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};
use zeroize::Zeroize;

use crate::failure::{Failure, FailureKind};
use crate::net::tls::{TrustAnchors, tls_fault};
use crate::text::Redactor;
use crate::transcript::{Speaker, Transcript};

/// Our own failure on its way through ureq.
fn pass(kind: FailureKind) -> ureq::Error {
    pass_on(Failure::new(kind))
}

pub(super) fn pass_on(failure: Failure) -> ureq::Error {
    ureq::Error::Other(Box::new(failure))
}

pub(super) fn host_of(uri: &Uri) -> String {
    uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned()
}

pub(super) fn port_of(uri: &Uri) -> u16 {
    uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 })
}

/// Wraps https connections in TLS.
pub(super) struct Tls {
    anchors: TrustAnchors,
    transcript: Transcript,
    certificate: Certificate,
    /// How long connecting may take, TLS included.
    limit: time::Duration,
}

/// The last server's certificate (DER): its issuer tells whether a proxy on the way inspects TLS.
pub(super) type Certificate = Arc<Mutex<Option<Vec<u8>>>>;

impl Tls {
    pub(super) fn new(
        anchors: TrustAnchors,
        transcript: Transcript,
        certificate: Certificate,
        limit: time::Duration,
    ) -> Self {
        Self { anchors, transcript, certificate, limit }
    }
}

impl<In: Transport> Connector<In> for Tls {
    type Out = Either<In, TlsTransport>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, ureq::Error> {
        let Some(transport) = chained else { return Ok(None) };
        if !details.needs_tls() || transport.is_tls() {
            return Ok(Some(Either::A(transport)));
        }
        let connector = self.anchors.connector().map_err(pass_on)?;
        let host = host_of(details.uri);
        let mut adapter = TransportAdapter::new(transport.boxed(), details.current_time.clone());
        adapter.set_timeout(rest_of(details));
        let stream = ErrorTap { stream: adapter, seen: Arc::default(), is_handshaking: true };
        let seen = Arc::clone(&stream.seen);
        let mut stream = connector.connect(&host, stream).map_err(|error| match error {
            // A timeout or a reset below TLS is the cause; what TLS makes of it is not.
            HandshakeError::Failure(error) => match take(&seen) {
                Some(ureq::Error::Io(_)) => pass(FailureKind::ConnectionLost {
                    during: shown!("the TLS handshake with {}", Redactor::by_shape(&host)),
                }),
                Some(other) => other,
                None => pass(FailureKind::Tls(tls_fault(&error, &host))),
            },
            HandshakeError::WouldBlock(_) => pass(FailureKind::TimedOut {
                during: shown!("the TLS handshake with {}", Redactor::by_shape(&host)),
                after: self.limit,
            }),
        })?;
        stream.get_mut().is_handshaking = false;
        let certificate = stream.peer_certificate().ok().flatten().and_then(|certificate| certificate.to_der().ok());
        *self.certificate.lock().unwrap_or_else(PoisonError::into_inner) = certificate;
        self.transcript.at(&host).line(
            "HTTP",
            Speaker::Remark,
            &format!("TLS with {host} is set up, its certificate is verified"),
        );
        let config = details.config;
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        Ok(Some(Either::B(TlsTransport { buffers, stream })))
    }
}

/// What is left for connecting when TCP has had its part.
fn rest_of(details: &ConnectionDetails) -> NextTimeout {
    let mut timeout = details.timeout;
    if let (Duration::Exact(after), Instant::Exact(started)) = (timeout.after, details.now) {
        timeout.after = Duration::Exact(after.saturating_sub(started.elapsed()));
    }
    timeout
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

pub(super) struct TlsTransport {
    buffers: LazyBuffers,
    stream: TlsStream<ErrorTap>,
}

impl TlsTransport {
    fn begin(&mut self, timeout: NextTimeout) {
        self.stream.get_mut().stream.set_timeout(timeout);
    }

    /// The error from below TLS where there is one, else TLS's own.
    fn cause(&self, error: io::Error) -> ureq::Error {
        take(&self.stream.get_ref().seen).unwrap_or(ureq::Error::Io(error))
    }
}

impl Drop for TlsTransport {
    /// What was sent and received holds tokens and secrets (SECURITY.md K3).
    fn drop(&mut self) {
        let unread = self.buffers.input().len();
        self.buffers.input_consume(unread);
        self.buffers.input_append_buf().zeroize();
        self.buffers.output().zeroize();
    }
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.begin(timeout);
        let output = &self.buffers.output()[..amount];
        let written = self.stream.write_all(output);
        written.map_err(|error| self.cause(error))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.begin(timeout);
        let read = self.stream.read(self.buffers.input_append_buf());
        match read {
            // Some errors reach us as an end of file.
            Ok(0) => take(&self.stream.get_ref().seen).map_or(Ok(false), Err),
            Ok(amount) => {
                self.buffers.input_appended(amount);
                Ok(true)
            }
            Err(error) => Err(self.cause(error)),
        }
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().stream.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsTransport")
    }
}

/// Holds the first error from below TLS, which the TLS library would blur.
struct ErrorTap {
    stream: TransportAdapter,
    seen: Arc<Mutex<Option<ureq::Error>>>,
    /// Until the handshake is over the peer's end is an error; after it, it may be the end of a body.
    is_handshaking: bool,
}

fn take(seen: &Mutex<Option<ureq::Error>>) -> Option<ureq::Error> {
    seen.lock().unwrap_or_else(PoisonError::into_inner).take()
}

impl ErrorTap {
    fn note(&self, error: io::Error) -> io::Error {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.into());
        io::Error::other("the connection below TLS failed")
    }
}

impl Read for ErrorTap {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.stream.read(buffer) {
            Ok(0) if self.is_handshaking && !buffer.is_empty() => Err(self.note(io::ErrorKind::UnexpectedEof.into())),
            read => read.map_err(|error| self.note(error)),
        }
    }
}

impl Write for ErrorTap {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.write(buffer).map_err(|error| self.note(error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush().map_err(|error| self.note(error))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::sync::mpsc;

    use native_tls::{Identity, TlsAcceptor};

    use super::*;
    use crate::failure::TlsFault;
    use crate::net::http::{LIMITS, Limits};
    use crate::net::{HttpClient, Proxies, Trust};
    use crate::profile::EndpointUrl;

    /// A CA's certificate as a file, and a server identity for `name` that it has signed.
    fn authority(name: &str) -> (tempfile::NamedTempFile, Identity) {
        let ca_key = rcgen::KeyPair::generate().unwrap();
        let mut ca = rcgen::CertificateParams::new(Vec::new()).unwrap();
        // By default every certificate has the same name, and the leaf would pass for self-signed.
        ca.distinguished_name.push(rcgen::DnType::CommonName, "test authority");
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca_certificate = ca.self_signed(&ca_key).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let issuer = rcgen::Issuer::new(ca, ca_key);
        let leaf = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let identity = Identity::from_pkcs8(leaf.pem().as_bytes(), key.serialize_pem().as_bytes()).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), ca_certificate.pem()).unwrap();
        (file, identity)
    }

    /// Serves one connection with `serve`, which returns what the client said.
    fn serve_once(serve: impl FnOnce(TcpStream) -> String + Send + 'static) -> (EndpointUrl, mpsc::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://localhost:{}/x", listener.local_addr().unwrap().port()).parse().unwrap();
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(time::Duration::from_secs(10))).unwrap();
            let _ = sender.send(serve(stream));
        });
        (url, receiver)
    }

    fn serve_tls(identity: Identity) -> (EndpointUrl, mpsc::Receiver<String>) {
        serve_once(move |stream| {
            let Ok(mut stream) = TlsAcceptor::new(identity).unwrap().accept(stream) else { return String::new() };
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).unwrap_or(0);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
            String::from_utf8_lossy(&buffer[..read]).into_owned()
        })
    }

    fn client(ca_file: Option<&std::path::Path>) -> HttpClient {
        client_with(ca_file, LIMITS)
    }

    fn client_with(ca_file: Option<&std::path::Path>, limits: Limits) -> HttpClient {
        let anchors = TrustAnchors::new(&Trust::new(), ca_file);
        HttpClient::with_limits(anchors, Transcript::default(), &Proxies::default(), limits)
    }

    fn fault(client: &HttpClient, url: &EndpointUrl) -> FailureKind {
        client.get(url).err().expect("a failure").kind
    }

    #[test]
    fn a_private_authority_is_trusted_when_it_is_configured() {
        let (ca, identity) = authority("localhost");
        let (url, said) = serve_tls(identity);
        let client = client(Some(ca.path()));
        assert_eq!(client.last_certificate(), None);
        let answer = client.get(&url).unwrap();
        let certificate = crate::net::PeerCertificate::from_der(&client.last_certificate().unwrap()).unwrap();
        assert_eq!(certificate.issuer, "CN=test authority");
        assert_eq!((answer.status, &answer.body[..]), (200, &b"{}"[..]));
        assert!(said.recv().unwrap().starts_with("GET /x HTTP/1.1\r\n"));
    }

    #[test]
    fn an_unknown_authority_and_a_wrong_name_get_no_request() {
        let (_, identity) = authority("localhost");
        let (url, said) = serve_tls(identity);
        let kind = fault(&client(None), &url);
        assert!(matches!(kind, FailureKind::Tls(TlsFault::UnknownIssuer { .. } | TlsFault::SelfSigned)), "{kind:?}");
        assert_eq!(said.recv().unwrap(), "");
        let (ca, identity) = authority("login.example");
        let (url, said) = serve_tls(identity);
        let kind = fault(&client(Some(ca.path())), &url);
        assert!(matches!(&kind, FailureKind::Tls(TlsFault::WrongHost { host, .. }) if host == "localhost"), "{kind:?}");
        assert_eq!(said.recv().unwrap(), "");
    }

    /// SECURITY.md T1, without a deadline: its numbers, and smaller ones that are waited for.
    #[test]
    fn connecting_takes_ten_seconds_at_most_and_a_whole_request_thirty() {
        assert_eq!((LIMITS.connect.as_secs(), LIMITS.whole.as_secs()), (10, 30));
        let limits = Limits { connect: time::Duration::from_secs(1), whole: time::Duration::from_secs(3) };
        fn wait_for_the_end(mut stream: TcpStream) -> String {
            stream.set_read_timeout(Some(time::Duration::from_secs(60))).unwrap();
            while stream.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {}
            String::new()
        }
        let (silent, _said) = serve_once(wait_for_the_end);
        let (dripping, _said) = serve_once(|mut stream| {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
            let started = time::Instant::now();
            while started.elapsed() < time::Duration::from_secs(60) && stream.write_all(b"x").is_ok() {
                std::thread::sleep(time::Duration::from_millis(100));
            }
            String::new()
        });
        let dripping: EndpointUrl = dripping.to_string().replace("https", "http").parse().unwrap();
        let measured = |url: EndpointUrl| {
            std::thread::spawn(move || {
                let started = time::Instant::now();
                let kind = fault(&client_with(None, limits), &url);
                let FailureKind::TimedOut { after, .. } = kind else { panic!("{kind:?}") };
                (after.as_secs(), started.elapsed().as_secs_f64())
            })
        };
        let (connecting, whole) = (measured(silent), measured(dripping));
        let (said, took) = connecting.join().unwrap();
        assert!(said == 1 && (0.9..5.0).contains(&took), "connecting: {took} seconds, and it says {said}");
        let (said, took) = whole.join().unwrap();
        assert!(said == 3 && (2.9..7.0).contains(&took), "the whole: {took} seconds, and it says {said}");
    }

    #[test]
    fn a_server_without_tls_a_silent_one_and_one_that_hangs_up_are_told_apart() {
        let (url, _said) = serve_once(|mut stream| {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
            let _ = stream.read(&mut [0; 1024]);
            String::new()
        });
        let kind = fault(&client(None), &url);
        assert_eq!(kind, FailureKind::Tls(TlsFault::NotTls));
        let (url, _said) = serve_once(|mut stream| {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.read(&mut [0; 4096]);
            String::new()
        });
        let started = time::Instant::now();
        let kind = fault(&client(None).until(started + time::Duration::from_millis(400)), &url);
        assert!(matches!(kind, FailureKind::TimedOut { .. }), "{kind:?}");
        assert!(started.elapsed() < time::Duration::from_secs(3));
        let (url, _said) = serve_once(|mut stream| {
            // With the hello unread the end would come as a reset.
            let _ = stream.read(&mut [0; 4096]);
            String::new()
        });
        let kind = fault(&client(None), &url);
        assert!(matches!(kind, FailureKind::ConnectionLost { .. }), "{kind:?}");
    }
}
