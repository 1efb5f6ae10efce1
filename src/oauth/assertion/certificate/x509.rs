//! Certificates (RFC 5280): what is told of one, and which of several belongs to a key.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::fault;
use super::pem::Block;
use crate::failure::Failure;
use crate::finding_code::FindingCode;
use crate::text::{Redactor, Shown};

/// A certificate that begins this soon was made where the clock is ahead, or this clock is behind.
const CLOCKS_APART: SignedDuration = SignedDuration::from_hours(24);

/// A certificate, as it is shown and looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whom it names.
    pub subject: Shown,
    /// When it begins to be valid.
    pub not_before: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
    /// The SHA-1 of its DER, which portals call the thumbprint.
    pub sha1: Vec<u8>,
    /// The SHA-256 of its DER.
    pub sha256: Vec<u8>,
    /// The contents of its subjectPublicKey.
    pub(super) public_key: Vec<u8>,
    /// The whole of it.
    pub(super) der: Vec<u8>,
}

impl Certificate {
    /// Its thumbprint as portals and PowerShell write it: SHA-1, in capitals.
    #[must_use]
    pub fn thumbprint(&self) -> Shown {
        hexadecimal(&self.sha1)
    }

    /// The SHA-256 in the same form, as newer tools write it.
    #[must_use]
    pub fn thumbprint_sha256(&self) -> Shown {
        hexadecimal(&self.sha256)
    }

    /// The day on which it ends, in UTC.
    #[must_use]
    pub fn last_day(&self) -> jiff::civil::Date {
        fault::day(self.not_after)
    }

    /// The whole of it, in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    pub(super) fn of_der(der: &[u8]) -> Option<Self> {
        let (rest, certificate) = X509Certificate::from_der(der).ok()?;
        let time = |time: x509_parser::time::ASN1Time| Timestamp::from_second(time.timestamp()).ok();
        let validity = certificate.validity();
        rest.is_empty().then_some(())?;
        Some(Self {
            subject: Redactor::by_shape(&certificate.subject().to_string()).cut(200),
            not_before: time(validity.not_before)?,
            not_after: time(validity.not_after)?,
            sha1: digest(&SHA1_FOR_LEGACY_USE_ONLY, der).as_ref().to_vec(),
            sha256: digest(&SHA256, der).as_ref().to_vec(),
            public_key: certificate.public_key().subject_public_key.data.to_vec(),
            der: der.to_vec(),
        })
    }

    /// Refuses one that is not valid at `now`: a server would, and not say which.
    pub(super) fn must_be_valid(&self, file: &Path, now: Timestamp) -> Result<(), Failure> {
        let found = |code| fault::of(code, file).with("subject", &self.subject);
        if now > self.not_after {
            return Err(found(FindingCode::CERTIFICATE_EXPIRED).with("day", fault::day(self.not_after)).into());
        }
        if now < self.not_before {
            let fault =
                found(FindingCode::CERTIFICATE_NOT_YET_VALID).with("day", fault::day(self.not_before)).with("now", now);
            let is_clock = self.not_before.duration_since(now) < CLOCKS_APART;
            return Err(if is_clock { fault.case("clock").into() } else { fault.into() });
        }
        Ok(())
    }
}

/// The certificates of `file`, in its order.
///
/// # Errors
/// If one cannot be read.
pub(super) fn all(file: &Path, blocks: &[Block]) -> Result<Vec<Certificate>, Failure> {
    let mut certificates = Vec::new();
    for block in blocks.iter().filter(|block| matches!(block.label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE")) {
        let certificate = Certificate::of_der(&block.der);
        let damaged =
            || fault::of(FindingCode::CERTIFICATE_DAMAGED, file).with("reason", "a certificate in it is damaged");
        certificates.push(certificate.ok_or_else(damaged)?);
    }
    Ok(certificates)
}

/// There is no certificate in `file`.
pub(super) fn none(file: &Path, blocks: &[Block]) -> Failure {
    let fault = fault::of(FindingCode::CERTIFICATE_NONE, file);
    let is_request = blocks.iter().any(|block| block.label.ends_with("CERTIFICATE REQUEST"));
    if is_request { fault.case("request").into() } else { fault.into() }
}

/// As digits of ours: a redactor would take a text of so many for a secret.
fn hexadecimal(bytes: &[u8]) -> Shown {
    const DIGITS: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "A", "B", "C", "D", "E", "F"];
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0x0f]);
    Shown::join(halves.map(|half| Shown::from(DIGITS[usize::from(half)])), "")
}
