//! A certificate authority for one test.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _};
use sha2::Digest as _;

/// The files of a test's own CA and of the one server certificate that it signed, for `localhost`.
pub(crate) struct Certs {
    /// The CA's certificate.
    pub(crate) ca: PathBuf,
    /// The server's certificate.
    pub(crate) cert: PathBuf,
    /// The server's key.
    pub(crate) key: PathBuf,
    /// The SHA-256 of the server's public key, as Chromium wants it.
    pub(crate) spki: String,
}

impl Certs {
    /// Makes them in `folder`.
    pub(crate) fn make(folder: &Path) -> Self {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        authority.distinguished_name.push(DnType::CommonName, "mailgrant test CA");
        let authority_key = KeyPair::generate().expect("a key can be made");
        let authority_cert = authority.self_signed(&authority_key).expect("a CA can sign itself");
        let issuer = Issuer::new(authority, authority_key);

        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut server = CertificateParams::new(names).expect("these are names");
        server.distinguished_name.push(DnType::CommonName, "localhost");
        let server_key = KeyPair::generate().expect("a key can be made");
        let server_cert = server.signed_by(&server_key, &issuer).expect("the CA can sign");

        let write = |name: &str, text: String| {
            let path = folder.join(name);
            fs::write(&path, text).expect("the folder is ours");
            path
        };
        let digest = sha2::Sha256::digest(server_key.subject_public_key_info());
        Self {
            ca: write("ca.pem", authority_cert.pem()),
            cert: write("server.pem", server_cert.pem()),
            key: write("server.key", server_key.serialize_pem()),
            spki: base64::engine::general_purpose::STANDARD.encode(digest),
        }
    }
}
