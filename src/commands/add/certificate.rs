//! An app's certificate, as flags and as a question, and whether its key needs a passphrase.

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, ValueEnum as _};
use toml::Spanned;

use crate::arguments::filed::unspanned;
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

impl CertificateFlags {
    /// Whether one of them is given.
    pub(super) fn are_given(&self) -> bool {
        let Self { certificate, key_file, algorithm } = self;
        certificate.is_some() || key_file.is_some() || algorithm.is_some()
    }

    /// These flags over what the profile has; another certificate comes with a key of its own.
    ///
    /// # Errors
    /// If a file cannot be named from elsewhere.
    pub(super) fn over(
        &self,
        old: Option<Spanned<CertificateFile>>,
    ) -> Result<Option<Spanned<CertificateFile>>, CommandError> {
        if !self.are_given() {
            return Ok(old);
        }
        let old = old.map(Spanned::into_inner).unwrap_or_default();
        let file = self.certificate.as_deref().map(|path| absolute("--certificate", path)).transpose()?;
        let key_file = self.key_file.as_deref().map(|path| absolute("--key-file", path)).transpose()?;
        let is_same = file.is_none();
        Ok(Some(unspanned(CertificateFile {
            file: file.or(old.file),
            key_file: key_file.or(old.key_file.filter(|_| is_same)),
            algorithm: self.algorithm.or(old.algorithm),
            key_id: old.key_id.filter(|_| is_same),
            ..old
        })))
    }
}

/// The profile may be in another folder than the one where the command was typed.
fn absolute(flag: &'static str, path: &Path) -> Result<PathBuf, CommandError> {
    std::path::absolute(path)
        .map_err(|error| CommandError::usage(shown!("{} {}: {}.", flag, path, error), "Name an existing PEM file"))
}

/// The flags that say the same as `file`.
pub(super) fn flags(file: &CertificateFile) -> Vec<(&'static str, String)> {
    // For what a rotation notes there is none.
    let CertificateFile { file, key_file, algorithm, .. } = file;
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let algorithm = algorithm.and_then(|algorithm| algorithm.to_possible_value());
    let flags = [
        ("--certificate", path(file)),
        ("--key-file", path(key_file)),
        ("--algorithm", algorithm.map(|value| value.get_name().to_owned())),
    ];
    flags.into_iter().filter_map(|(flag, value)| Some((flag, value?))).collect()
}

/// Whether `file` is of an app with a certificate and does not say which.
pub(super) fn is_open(file: &AppFile) -> bool {
    file.credential.as_ref().is_some_and(|kind| *kind.get_ref() == Credential::Certificate)
        && file.certificate.as_ref().is_none_or(|spec| spec.get_ref().file.is_none())
}

/// Where the certificate of a new app is, if it is one that has it and no flag says so.
pub(super) fn ask(file: &mut AppFile, context: &Context) -> Result<(), CommandError> {
    let prompter = context.prompter.as_ref();
    if !is_open(file) || !prompter.is_interactive() {
        return Ok(());
    }
    let is_there = |text: &str| if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(()) };
    let question = "The file with its certificate and private key (PEM; mailgrant new-certificate makes one)";
    let path =
        prompter.ask(question, None, &is_there).map_err(|error| CommandError::unasked(&error, "--certificate FILE"))?;
    let mut spec = file.certificate.take().map(Spanned::into_inner).unwrap_or_default();
    spec.file = Some(absolute("--certificate", Path::new(&path))?);
    file.certificate = Some(unspanned(spec));
    Ok(())
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
