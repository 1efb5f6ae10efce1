//! A certificate in place of a client secret (RFC 7523 §2.2): where it is, and how assertions are signed with its key.

use std::path::{Path, PathBuf};

use super::KeyId;

/// `certificate = { … }` of an app. The files are read again whenever they are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateSpec {
    /// The certificate in PEM, with its private key where `key_file` names no other file.
    pub file: PathBuf,
    /// The private key in PEM, where it is not in `file`.
    pub key_file: Option<PathBuf>,
    /// How assertions are signed; as is usual for the key where there is none.
    pub algorithm: Option<SigningAlgorithm>,
    /// What the directory calls it, where a rotation has uploaded it.
    pub key_id: Option<KeyId>,
    /// What a rotation has put aside, to return to.
    pub previous: Option<CertificateFiles>,
    /// What a rotation that is under way has made, and not put to use yet.
    pub next: Option<CertificateFiles>,
}

/// Where a certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate in PEM, with its private key where `key_file` names no other file.
    pub file: PathBuf,
    /// The private key in PEM, where it is not in `file`.
    pub key_file: Option<PathBuf>,
    /// What the directory calls it, where a rotation has uploaded it.
    pub key_id: Option<KeyId>,
}

impl CertificateFiles {
    /// Whether both are the same files.
    #[must_use]
    pub fn are(&self, others: &Self) -> bool {
        (&self.file, &self.key_file) == (&others.file, &others.key_file)
    }
}

impl CertificateSpec {
    /// The file that holds the private key.
    #[must_use]
    pub fn key_file(&self) -> &Path {
        self.key_file.as_ref().unwrap_or(&self.file)
    }

    /// The files.
    #[must_use]
    pub fn files(&self) -> CertificateFiles {
        CertificateFiles { file: self.file.clone(), key_file: self.key_file.clone(), key_id: self.key_id.clone() }
    }

    /// The same with `files` in use, and the files of before as the previous ones.
    #[must_use]
    pub fn followed_by(&self, files: CertificateFiles) -> Self {
        let next = self.next.clone().filter(|next| !next.are(&files));
        let CertificateFiles { file, key_file, key_id } = files;
        Self { file, key_file, algorithm: self.algorithm, key_id, previous: Some(self.files()), next }
    }

    /// The same with the previous files in use again; none where there are no such.
    #[must_use]
    pub fn taken_back(&self) -> Option<Self> {
        self.previous.clone().map(|previous| self.followed_by(previous))
    }
}

/// A signature algorithm of JWTs (RFC 7518 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[value(rename_all = "UPPER")]
pub enum SigningAlgorithm {
    /// RSASSA-PSS with SHA-256, and the certificate's SHA-256 thumbprint beside it.
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, and the certificate's SHA-1 thumbprint, as older programs send it.
    Rs256,
    /// ECDSA with P-256 and SHA-256.
    Es256,
}

impl SigningAlgorithm {
    /// The value in the profile, and the `alg` of a JWT.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }
}
