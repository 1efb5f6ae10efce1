//! Certificates, one good kind and several bad ones, and the servers' side of TLS with each.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use openssl::pkey::PKey;
use openssl::ssl::{SslAcceptor, SslMethod, SslOptions, SslVersion};
use openssl::x509::X509;
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use serde::Deserialize;

/// What is special about a server's TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Certificate {
    /// Nothing.
    #[default]
    Good,
    Expired,
    NotYetValid,
    WrongHost,
    SelfSigned,
    UnknownCa,
    /// The intermediate that signed it is not sent along.
    MissingIntermediate,
    /// A certificate for TLS clients.
    WrongUsage,
    /// The certificate of an unknown CA whose name is full of escape sequences.
    HostileIssuer,
    /// A good certificate whose subject's name is full of escape sequences.
    HostileSubject,
    /// A good certificate of a server that speaks TLS 1.1 at most.
    Tls11,
    /// The same with TLS 1.0.
    Tls10,
}

impl Certificate {
    pub(crate) const BAD: [Self; 10] = [
        Self::Expired,
        Self::NotYetValid,
        Self::WrongHost,
        Self::SelfSigned,
        Self::UnknownCa,
        Self::MissingIntermediate,
        Self::WrongUsage,
        Self::HostileIssuer,
        Self::Tls11,
        Self::Tls10,
    ];

    const GOOD: [Self; 2] = [Self::Good, Self::HostileSubject];

    /// Whether a credential may go to its server.
    pub(crate) fn is_good(self) -> bool {
        Self::GOOD.contains(&self)
    }
}

/// A title for the terminal, a link (OSC 8), CSI in one byte of C1, and a character that turns text around.
const HOSTILE_NAME: &str = "\x1b]0;owned\x07\x1b]8;;https://evil.example\x1b\\\u{9b}31m\u{202e}CA";

/// A trusted CA, and servers that are worthy of it or not.
pub(crate) struct Pki {
    ca_file: tempfile::NamedTempFile,
    acceptors: BTreeMap<Certificate, SslAcceptor>,
}

impl Pki {
    pub(crate) fn new() -> Self {
        let (ca_pem, ca) = authority("Contoso Test CA", None);
        let (_, stranger) = authority("Fabrikam CA", None);
        let (_, strange_name) = authority(HOSTILE_NAME, None);
        let (_, intermediate) = authority("Contoso Intermediate", Some(&ca));
        let mut ca_file = tempfile::NamedTempFile::new().unwrap();
        ca_file.write_all(ca_pem.as_bytes()).unwrap();
        let kinds = Certificate::BAD.into_iter().chain(Certificate::GOOD);
        let acceptors = kinds
            .map(|kind| {
                let signer = match kind {
                    Certificate::UnknownCa => Some(&stranger),
                    Certificate::HostileIssuer => Some(&strange_name),
                    Certificate::MissingIntermediate => Some(&intermediate),
                    Certificate::SelfSigned => None,
                    _ => Some(&ca),
                };
                (kind, acceptor(kind, signer))
            })
            .collect();
        Self { ca_file, acceptors }
    }

    pub(crate) fn ca_file(&self) -> &Path {
        self.ca_file.path()
    }

    pub(crate) fn acceptor(&self, kind: Certificate) -> SslAcceptor {
        self.acceptors[&kind].clone()
    }
}

type Authority = Issuer<'static, KeyPair>;

fn authority(name: &str, signer: Option<&Authority>) -> (String, Authority) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    let certificate = match signer {
        Some(signer) => params.signed_by(&key, signer),
        None => params.self_signed(&key),
    };
    (certificate.unwrap().pem(), Issuer::new(params, key))
}

fn acceptor(kind: Certificate, signer: Option<&Authority>) -> SslAcceptor {
    let name = if kind == Certificate::WrongHost { "mail.fabrikam.com" } else { "localhost" };
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    let subject = if kind == Certificate::HostileSubject { HOSTILE_NAME } else { "mail.contoso.com" };
    params.distinguished_name.push(DnType::CommonName, subject);
    if kind == Certificate::WrongUsage {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    }
    let (from, until) = match kind {
        Certificate::Expired => (2019, 2020),
        Certificate::NotYetValid => (2090, 2091),
        _ => (2020, 2090),
    };
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = match signer {
        Some(signer) => params.signed_by(&key, signer),
        None => params.self_signed(&key),
    };
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
    builder.set_certificate(&X509::from_pem(certificate.unwrap().pem().as_bytes()).unwrap()).unwrap();
    builder.set_private_key(&PKey::private_key_from_pem(key.serialize_pem().as_bytes()).unwrap()).unwrap();
    let newest = match kind {
        Certificate::Tls11 => Some(SslVersion::TLS1_1),
        Certificate::Tls10 => Some(SslVersion::TLS1),
        _ => None,
    };
    if let Some(newest) = newest {
        // The library refuses such old versions unless it is told to allow them.
        builder.clear_options(SslOptions::NO_TLSV1 | SslOptions::NO_TLSV1_1);
        builder.set_cipher_list("ALL:@SECLEVEL=0").unwrap();
        builder.set_min_proto_version(Some(SslVersion::TLS1)).unwrap();
        builder.set_max_proto_version(Some(newest)).unwrap();
    }
    builder.build()
}
