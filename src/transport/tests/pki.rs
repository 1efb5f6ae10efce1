//! Certificates for the scripted servers, good and bad, and the servers' side of TLS.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use native_tls::{Identity, TlsAcceptor};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

/// A connection with or without TLS.
pub(super) trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// A certificate authority, and a server's identity from it.
pub(super) struct Pki {
    ca: tempfile::NamedTempFile,
    certificate: String,
    key: String,
}

/// A server's side of the handshake.
pub(super) type Accept = Box<dyn Fn(TcpStream) -> Result<Box<dyn Stream>, String> + Send>;

/// What is special about a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    Expired,
    NotYetValid,
    WrongHost,
    UnknownCa,
    SelfSigned,
    /// For TLS clients only.
    WrongUsage,
}

impl Pki {
    pub(super) fn new(flaw: Flaw) -> Self {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca_params = CertificateParams::default();
        ca_params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca_params.distinguished_name.push(DnType::CommonName, "Contoso Test CA");
        let ca_pem = ca_params.self_signed(&ca_key).unwrap().pem();

        let names =
            if flaw == Flaw::WrongHost { ["mail.fabrikam.com"].to_vec() } else { ["localhost", "127.0.0.1"].to_vec() };
        let mut params = CertificateParams::new(names.into_iter().map(str::to_owned).collect::<Vec<_>>()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "mail.contoso.com");
        let years = match flaw {
            Flaw::Expired => (2019, 2020),
            Flaw::NotYetValid => (2090, 2091),
            _ => (2020, 2090),
        };
        if flaw == Flaw::WrongUsage {
            params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        }
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = match flaw {
            Flaw::SelfSigned => params.self_signed(&key),
            _ => params.signed_by(&key, &Issuer::from_params(&ca_params, &ca_key)),
        }
        .unwrap();

        let mut ca = tempfile::NamedTempFile::new().unwrap();
        let trusted = match flaw {
            Flaw::UnknownCa | Flaw::SelfSigned => {
                CertificateParams::default().self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
            }
            _ => ca_pem,
        };
        ca.write_all(trusted.as_bytes()).unwrap();
        Self { ca, certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// TLS 1.2: native-tls speaks nothing newer as a server.
    pub(super) fn accept_tls12(&self) -> Accept {
        let identity = Identity::from_pkcs8(self.certificate.as_bytes(), self.key.as_bytes()).unwrap();
        let acceptor = TlsAcceptor::new(identity).unwrap();
        Box::new(move |stream| match acceptor.accept(stream) {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(error.to_string()),
        })
    }

    /// TLS 1.3, or 1.2 if the client wants that.
    #[cfg(target_os = "linux")]
    pub(super) fn accept_tls13(&self) -> Accept {
        use openssl::{pkey, ssl, x509};

        let mut builder = ssl::SslAcceptor::mozilla_intermediate_v5(ssl::SslMethod::tls()).unwrap();
        builder.set_certificate(&x509::X509::from_pem(self.certificate.as_bytes()).unwrap()).unwrap();
        builder.set_private_key(&pkey::PKey::private_key_from_pem(self.key.as_bytes()).unwrap()).unwrap();
        let acceptor = builder.build();
        Box::new(move |stream| match acceptor.accept(stream) {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(error.to_string()),
        })
    }

    pub(super) fn ca_file(&self) -> &Path {
        self.ca.path()
    }
}
