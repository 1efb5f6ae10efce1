//! TLS as every connection of ours has it: verified against the system's roots (and a private CA's, where one is
//! configured), TLS 1.2 or newer. There is no switch to skip verification (SECURITY.md X4).

use std::collections::HashMap;
use std::fs::File;
use std::hint::black_box;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use jiff::Timestamp;
use native_tls::{Certificate, Protocol, TlsConnector};

use crate::failure::{Failure, FailureKind, TlsFault};
use crate::text::{Redactor, Shown};

/// A PEM file with more than this many bytes is not a CA file. Debian's whole bundle has 220 KB.
const CA_FILE_LIMIT: u64 = 1024 * 1024;

/// The trusted authorities: hands out one shared connector for each CA file. Building one parses the whole CA bundle
/// (45-65 ms and 1.3 MiB), so clones of a `Trust` share what has been built, and a [`Dialler`](super::Dialler) has it built
/// on a thread of its own while it waits. Cheap to clone.
///
/// OpenSSL reads the bundle twice where its own default path (`SSL_CERT_FILE`, or `cert.pem` below its OPENSSLDIR) is the
/// file that openssl-probe finds: native-tls loads both, and has no way to leave one out.
#[derive(Clone, Default)]
pub struct Trust {
    slots: Arc<Mutex<HashMap<Key, Slot>>>,
}

/// The place of one connector: locked while it is built, so that threads that ask together wait for one connector
/// instead of each building its own.
type Slot = Arc<Mutex<Option<Arc<TlsConnector>>>>;

/// The CA file, and the newest version that may be spoken (None: any).
type Key = (Option<PathBuf>, Option<Newest>);

/// The newest version where it is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Newest {
    Tls12,
}

impl Trust {
    /// Trust without connectors so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins to build the connector for `ca_file` on a thread of its own, so that parsing the CA bundle goes on beside
    /// what comes before the first handshake. What is wrong with the file, [`connector`](Self::connector) reports.
    fn begin(&self, ca_file: Option<&Path>) {
        let key = (ca_file.map(Path::to_path_buf), None);
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.contains_key(&key) {
            return;
        }
        let slot = Slot::default();
        slots.insert(key.clone(), Arc::clone(&slot));
        drop(slots);
        // Without a thread, the first who asks for the connector builds it.
        let _ = thread::Builder::new().name("tls".to_owned()).spawn(move || {
            make_room();
            fill(&slot, &key).is_ok()
        });
    }

    /// The connector that trusts the system's roots and the certificates in `ca_file`; built on first use.
    ///
    /// # Errors
    /// [`FailureKind::Local`] if the file cannot be read or holds no certificate, [`TlsFault::Other`] if the TLS library
    /// does not start.
    pub fn connector(&self, ca_file: Option<&Path>) -> Result<Arc<TlsConnector>, Failure> {
        self.cached((ca_file.map(Path::to_path_buf), None))
    }

    /// As [`connector`](Self::connector), but without TLS 1.3, which encrypts the server's certificate: for a second look
    /// at a certificate that has been refused. It verifies all the same.
    ///
    /// # Errors
    /// As [`connector`](Self::connector).
    pub fn connector_for_tls12(&self, ca_file: Option<&Path>) -> Result<Arc<TlsConnector>, Failure> {
        self.cached((ca_file.map(Path::to_path_buf), Some(Newest::Tls12)))
    }

    fn cached(&self, key: Key) -> Result<Arc<TlsConnector>, Failure> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = Arc::clone(slots.entry(key.clone()).or_default());
        drop(slots);
        fill(&slot, &key)
    }
}

/// Makes room on this thread's heap for what a CA bundle becomes. glibc grows the heap of any thread but the first by a page at
/// a time, each with a call to the system that all threads wait for: 500 of them for Debian's bundle.
fn make_room() {
    /// What a bundle becomes, and some more; memory that is not used costs nothing.
    const ROOM: usize = 2 * 1024 * 1024;
    if cfg!(all(target_os = "linux", target_env = "gnu")) {
        // The first is a mapping of its own. That it is given back teaches the library to keep what is smaller on the heap, where
        // the second leaves its place free (mallopt(3), M_MMAP_THRESHOLD).
        for size in [ROOM, ROOM - 64 * 1024] {
            drop(black_box(Vec::<u8>::with_capacity(size)));
        }
    }
}

/// The connector of `slot`; built by the first who asks.
fn fill(slot: &Slot, key: &Key) -> Result<Arc<TlsConnector>, Failure> {
    let mut place = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(connector) = place.as_ref() {
        return Ok(Arc::clone(connector));
    }
    let connector = Arc::new(build(key.0.as_deref(), key.1)?);
    // Never freed: it serves until the process ends, and to free each root by itself would take a millisecond of that end.
    std::mem::forget(Arc::clone(&connector));
    *place = Some(Arc::clone(&connector));
    Ok(connector)
}

/// A [`Trust`] and the CA file of one app.
#[derive(Clone)]
pub(super) struct TrustAnchors {
    trust: Trust,
    ca_file: Option<PathBuf>,
}

impl TrustAnchors {
    pub(super) fn new(trust: &Trust, ca_file: Option<&Path>) -> Self {
        Self { trust: trust.clone(), ca_file: ca_file.map(Path::to_path_buf) }
    }

    pub(super) fn begin(&self) {
        self.trust.begin(self.ca_file.as_deref());
    }

    pub(super) fn connector(&self) -> Result<Arc<TlsConnector>, Failure> {
        self.trust.connector(self.ca_file.as_deref())
    }
}

fn build(ca_file: Option<&Path>, newest: Option<Newest>) -> Result<TlsConnector, Failure> {
    let mut builder = TlsConnector::builder();
    builder.min_protocol_version(Some(Protocol::Tlsv12));
    builder.max_protocol_version(newest.map(|Newest::Tls12| Protocol::Tlsv12));
    if let Some(path) = ca_file {
        for certificate in read_ca_file(path)? {
            builder.add_root_certificate(certificate);
        }
    }
    builder.build().map_err(|error| FailureKind::Tls(TlsFault::Other(Redactor::by_shape(&error.to_string()))).into())
}

fn read_ca_file(path: &Path) -> Result<Vec<Certificate>, Failure> {
    let wrong =
        |reason: Shown| Failure::new(FailureKind::Local { what: shown!("reading the CA file {}", path), reason });
    let is_file = std::fs::metadata(path).map_err(|error| wrong(Shown::of(error)))?.is_file();
    if !is_file {
        return Err(wrong("it is not a regular file".into()));
    }
    let mut pem = Vec::new();
    File::open(path)
        .and_then(|file| file.take(CA_FILE_LIMIT + 1).read_to_end(&mut pem))
        .map_err(|error| wrong(Shown::of(error)))?;
    if pem.len() as u64 > CA_FILE_LIMIT {
        return Err(wrong(shown!("it has more than {} bytes", CA_FILE_LIMIT)));
    }
    let certificates =
        Certificate::stack_from_pem(&pem).map_err(|error| wrong(Redactor::by_shape(&error.to_string())))?;
    if certificates.is_empty() {
        return Err(wrong("it holds no PEM certificate".into()));
    }
    Ok(certificates)
}

/// What each fault sounds like in the TLS libraries behind native-tls: OpenSSL's words, Secure Transport's
/// words, and Schannel's numbers (its words come in Windows' language). The first row that matches wins: OpenSSL's
/// "certificate verify failed" alone says nothing, its verify result in brackets does.
const FAULT_WORDS: [(&str, Kind); 40] = [
    ("hostname mismatch", Kind::WrongHost),
    ("host name mismatch", Kind::WrongHost),
    ("ip address mismatch", Kind::WrongHost),
    ("not yet valid", Kind::NotYetValid),
    ("has expired", Kind::Expired),
    ("certificate expired", Kind::Expired),
    // A whole chain up to a root that is not trusted, before the server's own certificate signed by itself.
    ("self-signed certificate in certificate chain", Kind::UnknownIssuer),
    ("self signed certificate in certificate chain", Kind::UnknownIssuer),
    ("self-signed certificate", Kind::SelfSigned),
    ("self signed certificate", Kind::SelfSigned),
    ("unsuitable certificate purpose", Kind::WrongUsage),
    ("unable to get local issuer", Kind::UnknownIssuer),
    ("unable to get issuer", Kind::UnknownIssuer),
    ("unable to verify the first certificate", Kind::UnknownIssuer),
    // A CA of the trusted one's name, with another key.
    ("certificate signature failure", Kind::UnknownIssuer),
    ("invalid ca certificate", Kind::UnknownIssuer),
    ("was not trusted", Kind::UnknownIssuer),
    ("unsupported protocol", Kind::TooOld),
    ("alert protocol version", Kind::TooOld),
    ("no protocols available", Kind::TooOld),
    ("wrong version number", Kind::NotTls),
    ("http request", Kind::NotTls),
    ("packet length too long", Kind::NotTls),
    ("record layer failure", Kind::NotTls),
    // CERT_E_CN_NO_MATCH, SEC_E_WRONG_PRINCIPAL
    ("-2146762481", Kind::WrongHost),
    ("-2146893022", Kind::WrongHost),
    // CERT_E_EXPIRED (also "not yet"), SEC_E_CERT_EXPIRED
    ("-2146762495", Kind::Expired),
    ("-2146893016", Kind::Expired),
    // CERT_E_UNTRUSTEDROOT, CERT_E_CHAINING, SEC_E_UNTRUSTED_ROOT
    ("-2146762487", Kind::UnknownIssuer),
    ("-2146762486", Kind::UnknownIssuer),
    ("-2146893019", Kind::UnknownIssuer),
    // CERT_E_WRONG_USAGE
    ("-2146762480", Kind::WrongUsage),
    // CRYPT_E_REVOKED, CERT_E_REVOKED
    ("-2146885616", Kind::Revoked),
    ("-2146762484", Kind::Revoked),
    // CRYPT_E_NO_REVOCATION_CHECK, CRYPT_E_REVOCATION_OFFLINE, CERT_E_REVOCATION_FAILURE
    ("-2146885614", Kind::RevocationUnknown),
    ("-2146885613", Kind::RevocationUnknown),
    ("-2146762482", Kind::RevocationUnknown),
    // SEC_E_ALGORITHM_MISMATCH, SEC_E_UNSUPPORTED_FUNCTION, SEC_E_INVALID_TOKEN
    ("-2146893007", Kind::TooOld),
    ("-2146893054", Kind::TooOld),
    ("-2146893048", Kind::NotTls),
];

#[derive(Clone, Copy)]
enum Kind {
    UnknownIssuer,
    SelfSigned,
    WrongUsage,
    WrongHost,
    Expired,
    NotYetValid,
    Revoked,
    RevocationUnknown,
    TooOld,
    NotTls,
}

/// Tells why a handshake with `host` failed. The certificate itself is not in the library's error, so its issuer and
/// names stay empty here.
#[must_use]
pub fn tls_fault(error: &native_tls::Error, host: &str) -> TlsFault {
    fault_from_words(&error.to_string(), host)
}

fn fault_from_words(words: &str, host: &str) -> TlsFault {
    let lower = words.to_ascii_lowercase();
    match FAULT_WORDS.iter().find(|(needle, _)| lower.contains(needle)).map(|(_, kind)| *kind) {
        Some(Kind::UnknownIssuer) => TlsFault::UnknownIssuer { issuer: None, is_alone: false },
        Some(Kind::SelfSigned) => TlsFault::SelfSigned,
        Some(Kind::WrongUsage) => TlsFault::WrongUsage,
        Some(Kind::WrongHost) => TlsFault::WrongHost { host: Redactor::by_shape(host), names: Vec::new() },
        Some(Kind::Expired) => TlsFault::Expired,
        Some(Kind::NotYetValid) => TlsFault::NotYetValid,
        Some(Kind::Revoked) => TlsFault::Revoked,
        Some(Kind::RevocationUnknown) => TlsFault::RevocationUnknown,
        Some(Kind::TooOld) => TlsFault::TooOld,
        Some(Kind::NotTls) => TlsFault::NotTls,
        None => TlsFault::Other(Redactor::by_shape(words)),
    }
}

/// What a server's certificate says of itself (RFC 5280 §4.1). The texts are the peer's: clean them before showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerCertificate {
    /// Whom it is for, as in `CN=outlook.com`.
    pub subject: String,
    /// Who signed it, as in `CN=DigiCert Cloud Services CA-1`.
    pub issuer: String,
    /// From when it is valid.
    pub not_before: Timestamp,
    /// Until when it is valid.
    pub not_after: Timestamp,
    /// The DNS names and IP addresses that it is for.
    pub names: Vec<String>,
    /// Whether subject and issuer are the same (RFC 5280 §3.2).
    pub is_self_issued: bool,
}

impl PeerCertificate {
    /// Reads a certificate in DER; none if it cannot be parsed.
    #[must_use]
    pub fn from_der(der: &[u8]) -> Option<Self> {
        use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let names = match certificate.subject_alternative_name() {
            Ok(Some(extension)) => extension
                .value
                .general_names
                .iter()
                .filter_map(|name| match name {
                    GeneralName::DNSName(dns) => Some((*dns).to_owned()),
                    GeneralName::IPAddress(bytes) => ip_text(bytes),
                    _ => None,
                })
                .collect(),
            Ok(None) | Err(_) => Vec::new(),
        };
        Some(Self {
            subject: short_name(certificate.subject()),
            issuer: short_name(certificate.issuer()),
            not_before: Timestamp::from_second(certificate.validity().not_before.timestamp()).ok()?,
            not_after: Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()?,
            names,
            is_self_issued: certificate.subject().as_raw() == certificate.issuer().as_raw(),
        })
    }
}

/// The common name where there is one, as people know a certificate by it; else the whole distinguished name.
fn short_name(name: &x509_parser::x509::X509Name<'_>) -> String {
    match name.iter_common_name().find_map(|common| common.as_str().ok()) {
        Some(common) => format!("CN={common}"),
        None => name.to_string(),
    }
}

fn ip_text(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(four).to_string());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|sixteen| std::net::Ipv6Addr::from(sixteen).to_string())
}

#[cfg(test)]
mod tests;
