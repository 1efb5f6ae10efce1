//! The files of a certificate and its key, as they are now.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::fault::{self, missing, unread};
use super::pem::{self, Block, NoPem};
use crate::failure::Failure;
use crate::files;
use crate::finding_code::FindingCode;
use crate::profile::CertificateSpec;

/// A key and a chain of certificates take a few kilobytes.
const LARGEST: usize = 64 * 1024;

/// What the files hold, in bytes.
#[derive(PartialEq, Eq)]
pub(super) struct Contents {
    /// The file with the certificate, unless it is the key's too.
    certificate: Option<Zeroizing<Vec<u8>>>,
    /// The file with the key.
    key: Zeroizing<Vec<u8>>,
}

impl Contents {
    /// Reads them.
    ///
    /// # Errors
    /// If a file is missing, too large, or a key that others can read.
    pub(super) fn read(spec: &CertificateSpec) -> Result<Self, Failure> {
        let certificate = match &spec.key_file {
            Some(_) => Some(open(&spec.file)?),
            None => None,
        };
        Ok(Self { certificate, key: private(spec.key_file())? })
    }

    /// The blocks of the certificate's file and of the key's, which may be the same.
    pub(super) fn blocks(&self, spec: &CertificateSpec) -> Result<(Vec<Block>, Vec<Block>), Failure> {
        let certificate = match &self.certificate {
            Some(contents) => blocks(&spec.file, contents)?,
            None => Vec::new(),
        };
        Ok((certificate, blocks(spec.key_file(), &self.key)?))
    }
}

fn blocks(file: &Path, contents: &[u8]) -> Result<Vec<Block>, Failure> {
    pem::blocks(contents).map_err(|why| match why {
        NoPem::Damaged(number) => {
            let reason = shown!("its PEM block no. {} has no end, or is not base64", number);
            fault::of(FindingCode::CERTIFICATE_DAMAGED, file).with("reason", reason).into()
        }
        NoPem::Der => fault::of(FindingCode::CERTIFICATE_NOT_PEM, file).case("der").into(),
        NoPem::Pfx => fault::of(FindingCode::CERTIFICATE_NOT_PEM, file).case("pfx").into(),
        NoPem::Utf16 => fault::of(FindingCode::CERTIFICATE_NOT_PEM, file).case("utf-16").into(),
        NoPem::Other => fault::of(FindingCode::CERTIFICATE_NOT_PEM, file).into(),
    })
}

/// A file that is ours alone. What Kubernetes mounts are links to it: what they lead to is what must be private.
fn private(file: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let target = file.canonicalize().map_err(|error| unread(file, files::local("read", file, &error)))?;
    let contents = files::read_private(&target, LARGEST).map_err(|failure| unread(file, failure))?;
    contents.ok_or_else(|| missing(file))
}

/// A file that everyone may read.
fn open(file: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let failed = |error: &io::Error| unread(file, files::local("read", file, error));
    // Opening a pipe would wait for its writer.
    let is = std::fs::metadata(file).map_err(|error| failed(&error))?;
    if !is.is_file() {
        return Err(failed(&io::Error::other("it is not a regular file")));
    }
    // There may be a key in it: a buffer that grows leaves copies behind that are not wiped.
    let mut contents = Zeroizing::new(Vec::with_capacity(LARGEST + 1));
    let opened = File::open(file).map_err(|error| failed(&error))?;
    opened.take(LARGEST as u64 + 1).read_to_end(&mut contents).map_err(|error| failed(&error))?;
    if contents.len() > LARGEST {
        return Err(fault::of(FindingCode::CERTIFICATE_FILE_TOO_LARGE, file).with("limit", LARGEST / 1024).into());
    }
    Ok(contents)
}
