//! A key with its certificate, and the assertions that they make.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::fault;
use super::files::Contents;
use super::key::{self, SigningKey};
use super::x509::{self, Certificate};
use crate::failure::{Failure, FailureKind};
use crate::finding_code::FindingCode;
use crate::profile::{CertificateSpec, SigningAlgorithm};
use crate::random;
use crate::text::Shown;

/// An assertion is valid from so long before now until so long after it, ten minutes in all: Microsoft's own advice is five
/// to ten, and clocks may differ either way.
const LEEWAY: SignedDuration = SignedDuration::from_mins(5);

/// A key with its certificate.
pub(super) struct Signer {
    key: SigningKey,
    pub(super) certificate: Certificate,
    algorithm: SigningAlgorithm,
}

impl Signer {
    /// The signer of these files.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn of(
        spec: &CertificateSpec,
        contents: &Contents,
        passphrase: Option<&SecretString>,
    ) -> Result<Self, Failure> {
        let (own, of_key) = contents.blocks(spec)?;
        let is_in_one = spec.key_file.is_none();
        let blocks = if is_in_one { &of_key } else { &own };
        let certificates = x509::all(&spec.file, blocks)?;
        if certificates.is_empty() {
            return Err(x509::none(&spec.file, blocks));
        }
        let mut key = key::find(spec.key_file(), &of_key, passphrase)?;
        // Behind its own certificate a file may have those that signed it.
        for certificate in certificates {
            match key.with(&certificate.public_key) {
                Ok(key) => return Self { algorithm: key.usual(), key, certificate }.signing(spec),
                Err(other) => key = other,
            }
        }
        let mismatch = fault::of(FindingCode::CERTIFICATE_KEY_MISMATCH, &spec.file);
        Err(if is_in_one {
            mismatch.into()
        } else {
            mismatch.case("two-files").with("key_file", spec.key_file()).into()
        })
    }

    /// The same, signing as the profile says.
    fn signing(self, spec: &CertificateSpec) -> Result<Self, Failure> {
        let algorithm = spec.algorithm.unwrap_or(self.algorithm);
        if !self.key.fits(algorithm) {
            let fault = fault::of(FindingCode::CERTIFICATE_ALGORITHM_UNFIT, spec.key_file());
            let fault = fault.with("algorithm", algorithm.key()).with("usual", self.key.usual().key());
            return Err(fault.with("kind", self.key.kind()).into());
        }
        Ok(Self { algorithm, ..self })
    }

    /// A JWT in which `issuer` speaks of itself to `audience` (RFC 7523 §3), valid for ten minutes.
    ///
    /// # Errors
    /// If the certificate is not valid at `now`, or the system gives no random numbers.
    pub(super) fn assertion(
        &self,
        spec: &CertificateSpec,
        issuer: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<SecretString, Failure> {
        self.certificate.must_be_valid(&spec.file, now)?;
        let id = random::hex::<16>().map_err(|error| {
            let (what, reason) = ("make an assertion".into(), Shown::of(std::io::Error::from(error)));
            Failure::new(FailureKind::Local { what, reason })
        })?;
        let claims = json!({
            "aud": audience,
            "iss": issuer,
            "sub": issuer,
            "jti": id,
            "iat": now.as_second(),
            "nbf": (now - LEEWAY).as_second(),
            "exp": (now + LEEWAY).as_second(),
        });
        self.signed(self.algorithm, &claims)
    }

    /// A proof that its holder has the key, valid for ten minutes: the claims and the algorithm that Graph's page "Generating
    /// proof of possession tokens for rolling keys" has, whatever assertions are signed with.
    ///
    /// # Errors
    /// If the certificate is not valid at `now`, or the system gives no random numbers.
    pub(super) fn proof(
        &self,
        spec: &CertificateSpec,
        issuer: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<SecretString, Failure> {
        self.certificate.must_be_valid(&spec.file, now)?;
        let claims = json!({
            "aud": audience,
            "iss": issuer,
            "nbf": (now - LEEWAY).as_second(),
            "exp": (now + LEEWAY).as_second(),
        });
        self.signed(self.key.oldest(), &claims)
    }

    fn signed(&self, algorithm: SigningAlgorithm, claims: &Value) -> Result<SecretString, Failure> {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", part(&self.header(algorithm)), part(claims));
        let signature = self.key.sign(algorithm, input.as_bytes())?;
        Ok(SecretString::from(format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))))
    }

    /// Names the certificate by its SHA-256 (RFC 7515 §4.1.8); beside RS256, which is for servers of before, by its SHA-1
    /// (§4.1.7).
    fn header(&self, algorithm: SigningAlgorithm) -> Value {
        let (name, thumbprint) = match algorithm {
            SigningAlgorithm::Ps256 | SigningAlgorithm::Es256 => ("x5t#S256", &self.certificate.sha256),
            SigningAlgorithm::Rs256 => ("x5t", &self.certificate.sha1),
        };
        json!({"alg": algorithm.key(), "typ": "JWT", name: BASE64_URL_SAFE_NO_PAD.encode(thumbprint)})
    }
}
