//! The practice certificate authority: a root that nobody trusts unless told to, and one server certificate under it.

use mailgrant::clock::Clock;
use native_tls::{Identity, TlsAcceptor};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

/// A fresh authority. Its key lives in memory only and goes with it.
pub(crate) struct PracticeCa {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl PracticeCa {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "mailgrant practice CA (worthless outside the sandbox)");
        set_validity(&mut params);
        let key = KeyPair::generate().expect("a P-256 key can be made");
        let pem = params.self_signed(&key).expect("the root can be signed").pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// The root certificate, as `--ca-file` takes it.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// A server side of TLS whose certificate is for `names` (DNS names and IP addresses).
    pub(crate) fn acceptor(&self, names: &[&str]) -> TlsAcceptor {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("the names are ASCII");
        params.distinguished_name.push(DnType::CommonName, "mailgrant practice server");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // Each start has a CA of the same name; by its key's identifier a leaf of another start is told to be a stranger.
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params);
        let key = KeyPair::generate().expect("a P-256 key can be made");
        let leaf = params.signed_by(&key, &self.issuer).expect("the leaf can be signed");
        let identity = Identity::from_pkcs8(leaf.pem().as_bytes(), key.serialize_pem().as_bytes())
            .expect("the TLS library reads what rcgen wrote");
        TlsAcceptor::new(identity).expect("the TLS library takes the certificate")
    }
}

/// From yesterday (clocks differ) for a month: macOS refuses server certificates of more than 825 days.
fn set_validity(params: &mut CertificateParams) {
    const DAY: i64 = 86_400;
    let now = Clock::system().now().as_second();
    let day = |offset: i64| {
        let date = jiff::Timestamp::from_second(now + offset).expect("in range").to_zoned(jiff::tz::TimeZone::UTC);
        rcgen::date_time_ymd(i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = day(-DAY);
    params.not_after = day(30 * DAY);
}
