//! What a sign-in server looks at in a certificate (RFC 5280 §4.1): its key, and when it is good.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use jiff::Timestamp;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use x509_parser::prelude::{FromDer, X509Certificate, parse_x509_pem};

use crate::jwt::PublicKey;

/// A certificate.
#[derive(Debug, Clone)]
pub struct X509 {
    pub key: PublicKey,
    pub starts: Timestamp,
    pub ends: Timestamp,
    der: Vec<u8>,
}

/// rsaEncryption (RFC 8017 §C).
const RSA: &str = "1.2.840.113549.1.1.1";
/// secp256r1 (RFC 5480 §2.1.1.1).
const P256: &str = "1.2.840.10045.3.1.7";

impl X509 {
    /// The first certificate of a PEM text (RFC 7468 §5), whatever else is in it.
    pub fn from_pem(pem: &str) -> Option<Self> {
        let start = pem.find("-----BEGIN CERTIFICATE-----")?;
        let (_, block) = parse_x509_pem(&pem.as_bytes()[start..]).ok()?;
        Self::from_der(&block.contents)
    }

    /// A certificate in DER.
    pub fn from_der(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let time = |time: &x509_parser::time::ASN1Time| Timestamp::from_second(time.timestamp()).ok();
        let (starts, ends) = (time(&certificate.validity().not_before)?, time(&certificate.validity().not_after)?);
        let info = certificate.public_key();
        let bits = info.subject_public_key.data.to_vec();
        let curve = info.algorithm.parameters.as_ref().and_then(|parameters| parameters.as_oid().ok());
        let key = match (info.algorithm.algorithm.to_id_string().as_str(), curve.map(|curve| curve.to_id_string())) {
            (RSA, _) => PublicKey::Rsa(bits),
            (_, Some(curve)) if curve == P256 => PublicKey::P256(bits),
            _ => PublicKey::Other,
        };
        Some(Self { key, starts, ends, der: der.to_vec() })
    }

    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// `x5t` (RFC 7515 §4.1.7).
    pub fn x5t(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der))
    }

    /// `x5t#S256` (RFC 7515 §4.1.8).
    pub fn x5t_s256(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, &self.der))
    }

    /// The SHA-1 thumbprint as the portal shows it.
    pub fn thumbprint(&self) -> String {
        digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der).as_ref().iter().map(|byte| format!("{byte:02X}")).collect()
    }
}
