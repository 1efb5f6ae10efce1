//! An app's certificate, as flags and as a question, and whether its key needs a passphrase.

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum as _};
use toml::Spanned;

use super::settings::{Settings, absolute, first};
use crate::arguments::filed::unspanned;
use crate::commands::add::missing_flag::MissingFlag;
use crate::config::{AppFile, CertificateFile};
use crate::context::Context;
use crate::diagnosis::{self, FailureContext};
use crate::error::CommandError;
use crate::oauth::assertion::certificate;
use crate::profile::{App, Credential, SigningAlgorithm};

/// The app's certificate.
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "Certificate (--credential certificate)")]
pub(super) struct CertificateFlags {
    /// The certificate (PEM), with its private key unless --key-file names another file. If the key is encrypted, its
    /// passphrase is asked for, or read with --secret-stdin, --secret-env or --secret-file
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// The private key (PEM), where it is in a file of its own
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// How assertions are signed [default: PS256, and ES256 with an EC key]
    #[arg(long, value_name = "ALGORITHM")]
    algorithm: Option<SigningAlgorithm>,
}

impl Settings for CertificateFlags {
    fn kind(&self) -> Credential {
        Credential::Certificate
    }

    fn given(&self) -> Option<&'static str> {
        let Self { certificate, key_file, algorithm } = self;
        first([
            ("--certificate", certificate.is_some()),
            ("--key-file", key_file.is_some()),
            ("--algorithm", algorithm.is_some()),
        ])
    }

    /// Another certificate comes with a key of its own.
    fn write(&self, file: &mut AppFile) -> Result<(), CommandError> {
        let certificate = self.certificate.as_deref().map(|path| pem("--certificate", path)).transpose()?;
        let key_file = self.key_file.as_deref().map(|path| pem("--key-file", path)).transpose()?;
        let old = file.certificate.take().map(Spanned::into_inner).unwrap_or_default();
        let is_same = certificate.is_none();
        file.certificate = Some(unspanned(CertificateFile {
            file: certificate.or(old.file),
            key_file: key_file.or(old.key_file.filter(|_| is_same)),
            algorithm: self.algorithm.or(old.algorithm),
            key_id: old.key_id.filter(|_| is_same),
            ..old
        }));
        Ok(())
    }

    fn flags_of(&self, file: &AppFile) -> Vec<(&'static str, String)> {
        let Some(spec) = &file.certificate else { return Vec::new() };
        // For what a rotation notes there is none.
        let CertificateFile { file, key_file, algorithm, .. } = spec.get_ref();
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        let algorithm = algorithm.and_then(|algorithm| algorithm.to_possible_value());
        let flags = [
            ("--certificate", path(file)),
            ("--key-file", path(key_file)),
            ("--algorithm", algorithm.map(|value| value.get_name().to_owned())),
        ];
        flags.into_iter().filter_map(|(flag, value)| Some((flag, value?))).collect()
    }

    fn missing(&self, file: &AppFile) -> Option<MissingFlag> {
        let usage = "--certificate with the PEM file of the certificate and its key";
        is_open(file).then(|| MissingFlag::new("--certificate", usage))
    }

    fn ask(&self, file: &mut AppFile, context: &Context) -> Result<(), CommandError> {
        if !is_open(file) {
            return Ok(());
        }
        let is_there = |text: &str| if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(()) };
        let question = "The file with its certificate and private key (PEM; mailgrant new-certificate makes one)";
        let path = context.prompter.ask(question, None, &is_there);
        let path = path.map_err(|error| CommandError::unasked(&error, "--certificate FILE"))?;
        let mut spec = file.certificate.take().map(Spanned::into_inner).unwrap_or_default();
        spec.file = Some(pem("--certificate", Path::new(&path))?);
        file.certificate = Some(unspanned(spec));
        Ok(())
    }
}

/// The file of `flag`.
fn pem(flag: &'static str, path: &Path) -> Result<PathBuf, CommandError> {
    absolute(flag, path, "Name an existing PEM file")
}

/// Whether `file` does not say which certificate the app has.
fn is_open(file: &AppFile) -> bool {
    file.certificate.as_ref().is_none_or(|spec| spec.get_ref().file.is_none())
}

/// Whether the key of the app's certificate is encrypted. A file that is not there yet has no passphrase to ask for, unless a
/// flag gives one.
///
/// # Errors
/// If a passphrase is given, and the key cannot be read.
pub(super) fn is_locked(app: &App, is_given: bool) -> Result<bool, CommandError> {
    let Some(spec) = &app.certificate else { return Ok(false) };
    match certificate::is_locked(spec) {
        Ok(is_locked) => Ok(is_locked),
        Err(failure) if is_given => Err(diagnosis::finding(&failure, FailureContext::of_app(app)).into()),
        Err(_) => Ok(false),
    }
}
