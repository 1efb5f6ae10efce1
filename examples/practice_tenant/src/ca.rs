//! The practice certificate authority: a root that no client trusts unless told to, and one server certificate under it.

use std::sync::OnceLock;

use crate::world::now;
use native_tls::{Identity, TlsAcceptor};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

/// Which certificate the servers show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Certificate {
    /// The right one.
    #[default]
    Good,
    /// One of an authority that no client was told of.
    OfAnotherCa,
    /// One for another host.
    OfAnotherHost,
    /// One that has expired.
    Expired,
    /// One whose time has not come.
    NotYetValid,
}

/// The server sides of TLS, each made when it is first wanted.
pub struct Acceptors {
    ca: PracticeCa,
    made: [OnceLock<TlsAcceptor>; 5],
}

impl Acceptors {
    pub fn new(ca: PracticeCa) -> Self {
        Self { ca, made: Default::default() }
    }

    pub fn show(&self, certificate: Certificate) -> TlsAcceptor {
        const HERE: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
        let make = || match certificate {
            Certificate::Good => self.ca.acceptor(&HERE, USUAL),
            Certificate::OfAnotherCa => PracticeCa::new().acceptor(&HERE, USUAL),
            Certificate::OfAnotherHost => self.ca.acceptor(&["mail.elsewhere.example"], USUAL),
            Certificate::Expired => self.ca.acceptor(&HERE, (-30, -1)),
            Certificate::NotYetValid => self.ca.acceptor(&HERE, (2, 30)),
        };
        self.made[certificate as usize].get_or_init(make).clone()
    }
}

/// A fresh authority. Its key lives in memory only and goes with it.
pub struct PracticeCa {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl PracticeCa {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "mailgrant practice CA (worthless outside the sandbox)");
        set_validity(&mut params, (-60, 60));
        let key = KeyPair::generate().expect("a P-256 key can be made");
        let pem = params.self_signed(&key).expect("the root can be signed").pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// The root certificate, as `--ca-file` takes it.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A server side of TLS whose certificate is for `names` (DNS names and IP addresses), from one day to another.
    fn acceptor(&self, names: &[&str], days: (i64, i64)) -> TlsAcceptor {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("the names are ASCII");
        params.distinguished_name.push(DnType::CommonName, "mailgrant practice server");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // Each start has a CA of the same name; by its key's identifier a leaf of another start is told to be a stranger.
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, days);
        let key = server_key();
        let leaf = params.signed_by(&key, &self.issuer).expect("the leaf can be signed");
        let identity = Identity::from_pkcs8(leaf.pem().as_bytes(), key.serialize_pem().as_bytes())
            .expect("the TLS library reads what rcgen wrote");
        TlsAcceptor::new(identity).expect("the TLS library takes the certificate")
    }
}

/// The key of a server certificate.
#[cfg(not(windows))]
fn server_key() -> KeyPair {
    KeyPair::generate().expect("a P-256 key can be made")
}

/// The key of the server certificates: Schannel imports none but RSA keys from PKCS #8, and making one takes a while.
#[cfg(windows)]
fn server_key() -> KeyPair {
    static KEY: OnceLock<Vec<u8>> = OnceLock::new();
    KeyPair::try_from(KEY.get_or_init(crate::rsa_key::pkcs8).as_slice()).expect("the key can be read back")
}

/// From yesterday (clocks differ) for a month: macOS refuses server certificates of more than 825 days.
const USUAL: (i64, i64) = (-1, 30);

fn set_validity(params: &mut CertificateParams, (from, to): (i64, i64)) {
    const DAY: i64 = 86_400;
    let now = now().as_second();
    let day = |offset: i64| {
        let date = jiff::Timestamp::from_second(now + offset).expect("in range").to_zoned(jiff::tz::TimeZone::UTC);
        rcgen::date_time_ymd(i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = day(from * DAY);
    params.not_after = day(to * DAY);
}

/// A self-signed certificate, in PEM, good for a year from today; its key is gone.
pub fn stranger(name: &str) -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    set_validity(&mut params, (0, 365));
    let key = KeyPair::generate().expect("a P-256 key can be made");
    params.self_signed(&key).expect("the certificate can be signed").pem()
}
