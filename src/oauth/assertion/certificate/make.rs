//! A new key with a certificate that it signs itself: a provider is handed the certificate, and looks at nothing in it but
//! its key and its days.

use std::io;

use jiff::ToSpan as _;
use jiff::civil::Date;
use pkcs8::EncryptedPrivateKeyInfo;
use pkcs8::der::Encode as _;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, SignatureAlgorithm, date_time_ymd,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::pem;
use super::x509::Certificate;
use crate::failure::{Failure, FailureKind};
use crate::text::Redactor;

/// The kinds of keys that are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum KeyKind {
    /// RSA with 3072 bits, as strong as AES-128 (NIST SP 800-57).
    #[default]
    Rsa,
    /// EC on P-256, for providers that take ES256.
    Ec,
}

/// The bits of an RSA key.
const RSA_BITS: u32 = 3072;
/// Rounds of PBKDF2: fifty times what OpenSSL does.
const ROUNDS: u32 = 100_000;

/// What a certificate is made of.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Its common name.
    pub name: &'a str,
    /// The kind of its key.
    pub kind: KeyKind,
    /// Its first day, from midnight in UTC on: a clock that is behind by less does no harm.
    pub from: Date,
    /// For how many days it is valid.
    pub days: u16,
    /// What the key is encrypted with, if it is.
    pub passphrase: Option<&'a SecretString>,
}

/// A new key and its certificate.
pub struct Made {
    /// The key in PEM, and behind it the certificate.
    pub both: Zeroizing<String>,
    /// The certificate in PEM alone.
    pub public: Zeroizing<String>,
    /// What is told of it.
    pub certificate: Certificate,
}

/// Makes a key and its certificate.
///
/// # Errors
/// If the system gives no random numbers, or the platform makes no keys of this kind.
pub fn make(wanted: Wanted<'_>) -> Result<Made, Failure> {
    let (key, algorithm) = match wanted.kind {
        KeyKind::Rsa => (new_rsa()?, &PKCS_RSA_SHA256),
        KeyKind::Ec => (new_ec()?, &PKCS_ECDSA_P256_SHA256),
    };
    let certificate = self_signed(&key, algorithm, wanted)?;
    let public = pem::block("CERTIFICATE", &certificate.der);
    let of_key = match wanted.passphrase {
        Some(passphrase) => pem::block("ENCRYPTED PRIVATE KEY", &encrypted(&key, passphrase)?),
        None => pem::block("PRIVATE KEY", &key),
    };
    let mut both = Zeroizing::new(String::with_capacity(of_key.len() + public.len()));
    both.push_str(&of_key);
    both.push_str(&public);
    Ok(Made { both, public, certificate })
}

fn self_signed(key: &[u8], algorithm: &'static SignatureAlgorithm, wanted: Wanted<'_>) -> Result<Certificate, Failure> {
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&key.into(), algorithm).map_err(failed)?;
    let mut parameters = CertificateParams::default();
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, wanted.name);
    parameters.distinguished_name = name;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let last = wanted.from.checked_add(i64::from(wanted.days).days()).map_err(failed)?;
    let midnight =
        |date: Date| date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs());
    (parameters.not_before, parameters.not_after) = (midnight(wanted.from), midnight(last));
    let certificate = parameters.self_signed(&key).map_err(failed)?;
    Certificate::of_der(certificate.der()).ok_or_else(|| failed("it cannot be read back"))
}

fn new_ec() -> Result<Zeroizing<Vec<u8>>, Failure> {
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).map_err(failed)?;
    Ok(Zeroizing::new(made.as_ref().to_vec()))
}

/// By OpenSSL, which is there for TLS.
#[cfg(not(any(windows, target_vendor = "apple")))]
fn new_rsa() -> Result<Zeroizing<Vec<u8>>, Failure> {
    let key = openssl::rsa::Rsa::generate(RSA_BITS).and_then(openssl::pkey::PKey::from_rsa).map_err(failed)?;
    key.private_key_to_pkcs8().map(Zeroizing::new).map_err(failed)
}

/// There is no OpenSSL in the program here, and ring makes no RSA keys.
#[cfg(any(windows, target_vendor = "apple"))]
fn new_rsa() -> Result<Zeroizing<Vec<u8>>, Failure> {
    let fault = crate::failure::CredentialFault::new(crate::finding_code::FindingCode::CERTIFICATE_RSA_ELSEWHERE);
    Err(fault.with("bits", RSA_BITS).into())
}

fn encrypted(key: &[u8], passphrase: &SecretString) -> Result<Vec<u8>, Failure> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    getrandom::fill(&mut salt)
        .and_then(|()| getrandom::fill(&mut iv))
        .map_err(|error| failed(io::Error::from(error)))?;
    let scheme = pkcs5::pbes2::Parameters::pbkdf2_sha256_aes256cbc(ROUNDS, &salt, &iv).map_err(failed)?;
    let data = scheme.encrypt(passphrase.expose_secret(), key).map_err(failed)?;
    EncryptedPrivateKeyInfo { encryption_algorithm: scheme.into(), encrypted_data: &data }.to_der().map_err(failed)
}

fn failed(reason: impl ToString) -> Failure {
    FailureKind::Local { what: "make a certificate".into(), reason: Redactor::by_shape(&reason.to_string()) }.into()
}
