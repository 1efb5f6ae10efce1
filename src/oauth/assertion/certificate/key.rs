//! Private keys: their forms (PKCS#8, PKCS#1, SEC1, and PKCS#8 under a passphrase), and what they sign.

use std::path::Path;

use pkcs8::der::Decode as _;
use pkcs8::{EncryptedPrivateKeyInfo, ObjectIdentifier, PrivateKeyInfo};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::fault;
use super::pem::Block;
use crate::failure::{Failure, FailureKind};
use crate::finding_code::FindingCode;
use crate::profile::SigningAlgorithm;
use crate::text::{Redactor, Shown};

/// What is signed with shorter ones is not accepted (RFC 7518 §3.3, §3.5).
const SHORTEST_RSA: usize = 2048;
/// What the library signs with.
const LONGEST_RSA: usize = 4096;
/// More rounds take minutes: a file that asks for them is a mistake or an attack.
const MOST_ROUNDS: u32 = 10_000_000;
const LARGEST_SCRYPT: u64 = 1 << 20;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// A private key whose public half is not known yet.
pub(super) enum PrivateKey {
    /// RSA (RFC 8017).
    Rsa(Box<RsaKeyPair>),
    /// The number of an elliptic curve key on P-256 (RFC 5915).
    P256(Zeroizing<Vec<u8>>),
}

/// A key that signs.
pub(super) enum SigningKey {
    Rsa(Box<RsaKeyPair>),
    P256(Box<EcdsaKeyPair>),
}

/// The one private key of `file`.
///
/// # Errors
/// If there is none, or none that can be used.
pub(super) fn find(file: &Path, blocks: &[Block], passphrase: Option<&SecretString>) -> Result<PrivateKey, Failure> {
    let Some(block) = blocks.iter().find(|block| block.label.ends_with("PRIVATE KEY")) else {
        let is_public = blocks.iter().any(|block| block.label.ends_with("PUBLIC KEY"));
        let code = if is_public { FindingCode::CERTIFICATE_KEY_IS_PUBLIC } else { FindingCode::CERTIFICATE_NO_KEY };
        return Err(fault::of(code, file).into());
    };
    if block.is_legacy_encrypted {
        return Err(fault::of(FindingCode::CERTIFICATE_KEY_OLD_ENCRYPTION, file).into());
    }
    match block.label.as_str() {
        "PRIVATE KEY" => pkcs8(file, &block.der),
        "RSA PRIVATE KEY" => rsa(file, &block.der),
        "EC PRIVATE KEY" => sec1(file, &block.der),
        "ENCRYPTED PRIVATE KEY" => {
            let clear = decrypt(file, &block.der, passphrase)?;
            // A wrong passphrase leaves padding that looks right once in 256 times.
            PrivateKeyInfo::from_der(&clear).map_err(|_| fault::of(FindingCode::CERTIFICATE_PASSPHRASE_WRONG, file))?;
            pkcs8(file, &clear)
        }
        other => Err(unsupported(file, shown!("a key of the form {}", Redactor::by_shape(other)))),
    }
}

/// Whether the key of `blocks` is under a passphrase.
pub(super) fn is_encrypted(blocks: &[Block]) -> bool {
    let key = blocks.iter().find(|block| block.label.ends_with("PRIVATE KEY"));
    key.is_some_and(|block| block.label == "ENCRYPTED PRIVATE KEY")
}

fn decrypt(file: &Path, der: &[u8], passphrase: Option<&SecretString>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let foreign = || fault::of(FindingCode::CERTIFICATE_KEY_OLD_ENCRYPTION, file).case("scheme");
    let encrypted = EncryptedPrivateKeyInfo::from_der(der).map_err(|_| foreign())?;
    let scheme = encrypted.encryption_algorithm.pbes2().ok_or_else(foreign)?;
    let is_slow = scheme.kdf.pbkdf2().is_some_and(|kdf| kdf.iteration_count > MOST_ROUNDS)
        || scheme.kdf.scrypt().is_some_and(|kdf| kdf.cost_parameter > LARGEST_SCRYPT);
    if is_slow {
        return Err(foreign().into());
    }
    let Some(passphrase) = passphrase else {
        return Err(fault::of(FindingCode::CERTIFICATE_PASSPHRASE_MISSING, file).into());
    };
    match scheme.decrypt(passphrase.expose_secret(), encrypted.encrypted_data) {
        Ok(clear) => Ok(Zeroizing::new(clear)),
        Err(pkcs5::Error::DecryptFailed | pkcs5::Error::EncryptFailed) => {
            Err(fault::of(FindingCode::CERTIFICATE_PASSPHRASE_WRONG, file).into())
        }
        Err(_) => Err(foreign().into()),
    }
}

fn pkcs8(file: &Path, der: &[u8]) -> Result<PrivateKey, Failure> {
    let key = PrivateKeyInfo::from_der(der).map_err(|_| damaged(file))?;
    match key.algorithm.oid {
        RSA | RSA_PSS => rsa(file, key.private_key),
        EC if key.algorithm.parameters_oid().is_ok_and(|curve| curve == P256) => sec1(file, key.private_key),
        EC => Err(unsupported(file, "a key on another curve than P-256")),
        ED25519 => Err(unsupported(file, "an Ed25519 key")),
        other => Err(unsupported(file, shown!("a key of the kind {}", Redactor::by_shape(&other.to_string())))),
    }
}

fn rsa(file: &Path, der: &[u8]) -> Result<PrivateKey, Failure> {
    match rsa_bits(der).ok_or_else(|| damaged(file))? {
        bits if bits < SHORTEST_RSA => {
            Err(fault::of(FindingCode::CERTIFICATE_KEY_TOO_SHORT, file).with("bits", bits).into())
        }
        bits if bits > LONGEST_RSA => Err(unsupported(file, shown!("an RSA key of {} bits", bits))),
        _ => match RsaKeyPair::from_der(der) {
            Ok(key) => Ok(PrivateKey::Rsa(Box::new(key))),
            Err(rejected) => Err(fault::of(FindingCode::CERTIFICATE_DAMAGED, file)
                .with("reason", shown!("its key is refused: {}", Redactor::by_shape(&rejected.to_string())))
                .into()),
        },
    }
}

/// The length of the modulus: the second number of an RSAPrivateKey (RFC 8017 A.1.2).
fn rsa_bits(der: &[u8]) -> Option<usize> {
    use x509_parser::asn1_rs::{FromDer as _, Integer, Sequence};
    let (_, key) = Sequence::from_der(der).ok()?;
    let (rest, _version) = Integer::from_der(&key.content).ok()?;
    let (_, modulus) = Integer::from_der(rest).ok()?;
    let digits = modulus.as_ref();
    let first = digits.iter().position(|byte| *byte != 0)?;
    Some((digits.len() - first) * 8 - digits[first].leading_zeros() as usize)
}

fn sec1(file: &Path, der: &[u8]) -> Result<PrivateKey, Failure> {
    let key = sec1::EcPrivateKey::from_der(der).map_err(|_| damaged(file))?;
    match key.parameters.and_then(sec1::EcParameters::named_curve) {
        // Within PKCS#8 the curve is named outside.
        None | Some(P256) => Ok(PrivateKey::P256(Zeroizing::new(key.private_key.to_vec()))),
        Some(_) => Err(unsupported(file, "a key on another curve than P-256")),
    }
}

fn damaged(file: &Path) -> Failure {
    fault::of(FindingCode::CERTIFICATE_DAMAGED, file).with("reason", "its key cannot be read").into()
}

fn unsupported(file: &Path, kind: impl Into<Shown>) -> Failure {
    fault::of(FindingCode::CERTIFICATE_KEY_UNSUPPORTED, file).with("kind", kind.into()).into()
}

impl PrivateKey {
    /// The pair that it makes with `public`, the contents of a certificate's subjectPublicKey; none if they do not belong
    /// together.
    pub(super) fn with(self, public: &[u8]) -> Result<SigningKey, Self> {
        match self {
            Self::Rsa(key) if key.public().as_ref() == public => Ok(SigningKey::Rsa(key)),
            Self::Rsa(key) => Err(Self::Rsa(key)),
            Self::P256(number) => {
                let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
                match EcdsaKeyPair::from_private_key_and_public_key(algorithm, &number, public, &SystemRandom::new()) {
                    Ok(key) => Ok(SigningKey::P256(Box::new(key))),
                    Err(_) => Err(Self::P256(number)),
                }
            }
        }
    }
}

impl SigningKey {
    /// How it signs where nothing else is asked for.
    pub(super) fn usual(&self) -> SigningAlgorithm {
        match self {
            Self::Rsa(_) => SigningAlgorithm::Ps256,
            Self::P256(_) => SigningAlgorithm::Es256,
        }
    }

    /// How it signs for servers that know one way alone.
    pub(super) fn oldest(&self) -> SigningAlgorithm {
        match self {
            Self::Rsa(_) => SigningAlgorithm::Rs256,
            Self::P256(_) => SigningAlgorithm::Es256,
        }
    }

    /// What it is, for messages.
    pub(super) fn kind(&self) -> Shown {
        match self {
            Self::Rsa(key) => shown!("RSA, {} bits", key.public().modulus_len() * 8),
            Self::P256(_) => "EC, P-256".into(),
        }
    }

    /// Whether it signs this way.
    pub(super) fn fits(&self, algorithm: SigningAlgorithm) -> bool {
        match (self, algorithm) {
            (Self::Rsa(_), SigningAlgorithm::Ps256 | SigningAlgorithm::Rs256)
            | (Self::P256(_), SigningAlgorithm::Es256) => true,
            (Self::Rsa(_), SigningAlgorithm::Es256)
            | (Self::P256(_), SigningAlgorithm::Ps256 | SigningAlgorithm::Rs256) => false,
        }
    }

    /// The signature of `message` (RFC 7518 §3.3 to §3.5).
    ///
    /// # Errors
    /// If it does not [fit](Self::fits), or the system gives no random numbers.
    pub(super) fn sign(&self, algorithm: SigningAlgorithm, message: &[u8]) -> Result<Vec<u8>, Failure> {
        let failed = |_| {
            let (what, reason) = ("sign an assertion".into(), "the key does not sign this way".into());
            Failure::new(FailureKind::Local { what, reason })
        };
        let random = SystemRandom::new();
        match self {
            Self::Rsa(key) => {
                let encoding: &dyn RsaEncoding = match algorithm {
                    SigningAlgorithm::Ps256 => &RSA_PSS_SHA256,
                    SigningAlgorithm::Rs256 => &RSA_PKCS1_SHA256,
                    SigningAlgorithm::Es256 => return Err(failed(ring::error::Unspecified)),
                };
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(encoding, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Self::P256(key) => Ok(key.sign(&random, message).map_err(failed)?.as_ref().to_vec()),
        }
    }
}
