//! What an app proves itself with: the kind, and the settings that belong to it.

use std::path::{Path, PathBuf};

use toml::Spanned;

use super::{federated, service_account};
use crate::config::error::{Checked, Problem, missing};
use crate::config::file::{AppFile, CertificateFile};
use crate::profile::{
    CertificateFiles, CertificateSpec, ClientType, Credential, FederatedSpec, Invalid, KeyId, Provider,
    ServiceAccountSpec,
};

/// What an app proves itself with.
pub(super) struct Proof {
    pub credential: Credential,
    pub certificate: Option<CertificateSpec>,
    pub federated: Option<FederatedSpec>,
    pub service_account: Option<ServiceAccountSpec>,
}

/// Checks the credential of an app and the settings of that kind; relative paths are counted from `base`.
///
/// # Errors
/// The first value that does not fit.
pub(super) fn proof(file: &AppFile, provider: Provider, base: &Path) -> Checked<Proof> {
    let credential = file.credential_kind();
    if let Some(value) = file.client_authentication.as_ref().filter(|_| !credential.has_secret()) {
        let problem = "client_authentication says how a client secret is sent, and this app has none";
        let invalid = Invalid::new(problem, "remove client_authentication");
        return Err(Problem::new("client_authentication", value.span(), invalid));
    }
    belongs(file.certificate.as_ref(), credential, Credential::Certificate)?;
    // Google trades them for a signature of a service account.
    let federated = file.federated.as_ref().filter(|_| credential != Credential::ServiceAccount);
    belongs(federated, credential, Credential::Federated)?;
    belongs(file.service_account.as_ref(), credential, Credential::ServiceAccount)?;
    let place = || file.credential.as_ref().map_or(0..0, Spanned::span);
    let mut proof = Proof { credential, certificate: None, federated: None, service_account: None };
    match credential {
        Credential::Secret | Credential::None => {}
        Credential::Certificate => {
            let instead = "write certificate = { file = \"app.pem\" }";
            let value = file.certificate.as_ref().ok_or_else(|| missing("certificate.file", &place(), instead))?;
            proof.certificate = Some(certificate(value, base)?);
        }
        Credential::Federated => {
            let instead = "write federated = { source = \"github\" }, or another source";
            let value = file.federated.as_ref().ok_or_else(|| missing("federated.source", &place(), instead))?;
            proof.federated = Some(federated::spec(value, base)?);
        }
        Credential::ServiceAccount => {
            let account = service_account::checked(file, provider, base)?;
            let tokens = file.federated.as_ref().map(|value| federated::spec(value, base)).transpose()?;
            proof.federated = account.workload.as_ref().zip(tokens).map(|(workload, tokens)| workload.traded(tokens));
            proof.service_account = Some(account);
        }
    }
    Ok(proof)
}

/// Refuses settings of another kind of credential: they would be in force for nothing.
fn belongs<T>(value: Option<&Spanned<T>>, is: Credential, of: Credential) -> Checked<()> {
    match (value, of.settings()) {
        (Some(value), Some(key)) if is != of => {
            let problem = format!("{key} belongs to credential = \"{}\"", of.key());
            let instead = format!("write credential = \"{}\", or remove {key}", of.key());
            Err(Problem::new(key, value.span(), Invalid::new(problem, instead)))
        }
        _ => Ok(()),
    }
}

fn certificate(value: &Spanned<CertificateFile>, base: &Path) -> Checked<CertificateSpec> {
    let named = value.get_ref();
    let instead = "write certificate = { file = \"app.pem\" }";
    let file = named.file.as_ref().ok_or_else(|| missing("certificate.file", &value.span(), instead))?;
    let belongs = |key: &'static str, is_given: bool, to: &'static str, has_file: bool| {
        let problem = format!("{key} belongs to the certificate that {to} names, and it names none");
        let invalid = Invalid::new(problem, format!("write {to} too, or remove {key}"));
        if is_given && !has_file { Err(Problem::new(key, value.span(), invalid)) } else { Ok(()) }
    };
    belongs("previous_key_file", named.previous_key_file.is_some(), "previous_file", named.previous_file.is_some())?;
    belongs("previous_key_id", named.previous_key_id.is_some(), "previous_file", named.previous_file.is_some())?;
    belongs("next_key_id", named.next_key_id.is_some(), "next_file", named.next_file.is_some())?;
    let at = |path: &Option<PathBuf>| path.as_ref().map(|path| base.join(path));
    let files = |file, key_file, key_id| CertificateFiles { file, key_file, key_id };
    let previous_id = id("previous_key_id", named.previous_key_id.as_ref())?;
    let next_id = id("next_key_id", named.next_key_id.as_ref())?;
    Ok(CertificateSpec {
        file: base.join(file),
        key_file: at(&named.key_file),
        algorithm: named.algorithm,
        key_id: id("key_id", named.key_id.as_ref())?,
        previous: at(&named.previous_file).map(|file| files(file, at(&named.previous_key_file), previous_id)),
        next: at(&named.next_file).map(|file| files(file, None, next_id)),
    })
}

/// What a directory calls a certificate.
fn id(key: &'static str, value: Option<&Spanned<String>>) -> Checked<Option<KeyId>> {
    let parsed = |value: &Spanned<String>| {
        value.get_ref().parse().map_err(|_| {
            let invalid = Invalid::new("it is not the ID of a certificate", format!("remove {key}"));
            Problem::new(key, value.span(), invalid)
        })
    };
    value.map(parsed).transpose()
}

/// Whether the app can have tokens of its own.
pub(super) fn is_confidential(credential: Credential) -> bool {
    credential.client_type() == ClientType::Confidential
}
