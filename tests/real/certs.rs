//! A certificate authority for one test.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _};
use sha2::Digest as _;

/// The files of a test's own CA and of the server certificate that it signed for `localhost`.
#[derive(Clone)]
pub(crate) struct Certs {
    /// The CA's certificate.
    pub(crate) ca: PathBuf,
    /// The server's certificate.
    pub(crate) cert: PathBuf,
    /// The server's key.
    pub(crate) key: PathBuf,
    /// The SHA-256 of the server's public key, as Chromium wants it.
    pub(crate) spki: String,
    /// The certificate that the CA signed for another host, and its key.
    elsewhere: [PathBuf; 2],
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

        let sign = |names: &[&str]| {
            let text: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let mut server = CertificateParams::new(text).expect("these are names");
            server.distinguished_name.push(DnType::CommonName, names[0]);
            let key = KeyPair::generate().expect("a key can be made");
            (server.signed_by(&key, &issuer).expect("the CA can sign"), key)
        };
        let (server_cert, server_key) = sign(&["localhost", "127.0.0.1"]);
        let (other_cert, other_key) = sign(&["elsewhere.example"]);

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
            elsewhere: [write("other.pem", other_cert.pem()), write("other.key", other_key.serialize_pem())],
        }
    }

    /// For servers that have the certificate of another host.
    pub(crate) fn of_another_host(&self) -> Self {
        let [cert, key] = self.elsewhere.clone();
        Self { cert, key, ca: self.ca.clone(), spki: String::new(), elsewhere: self.elsewhere.clone() }
    }
}
