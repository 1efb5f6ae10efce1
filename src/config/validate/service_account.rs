//! How an app's service account is used: what the profile says, over what the provider has.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;

use crate::config::error::{Checked, Problem};
use crate::config::file::{AppFile, ServiceAccountFile};
use crate::profile::{EndpointUrl, Invalid, Provider, ServiceAccountSpec, Workload};

/// How a pool's provider is named.
const PROVIDER: &str = "//iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/ID";

/// Checks `service_account`; a relative path is counted from `base`.
///
/// # Errors
/// The first value that does not fit, and a provider that has no such accounts.
pub(super) fn checked(file: &AppFile, provider: Provider, base: &Path) -> Checked<ServiceAccountSpec> {
    let place = || file.credential.as_ref().map_or(0..0, Spanned::span);
    let Some(preset) = &provider.quirks.service_accounts else {
        let problem = format!("{} has no service accounts", provider.title);
        let invalid = Invalid::new(problem, "write another credential, as in credential = \"certificate\"");
        return Err(Problem::new("credential", place(), invalid));
    };
    let given = settings(file);
    let url = |key: &'static str, given: Option<&Spanned<String>>, usual: &str| match given {
        Some(given) => url(key, given),
        None => usual.parse().map_err(|invalid| Problem::new(key, 0..0, invalid)),
    };
    Ok(ServiceAccountSpec {
        workload: workload(file)?,
        external_account: given.and_then(|given| given.external_account.as_ref()).map(|path| base.join(path)),
        token_exchange: url(
            "token_exchange_url",
            given.and_then(|given| given.token_exchange_url.as_ref()),
            preset.token_exchange,
        )?,
        signer: url("signer_url", given.and_then(|given| given.signer_url.as_ref()), preset.signer)?,
    })
}

/// Whom Google signs for against federated tokens: all that it takes, or nothing of it.
fn workload(file: &AppFile) -> Checked<Option<Workload>> {
    let given = settings(file);
    let account = given.and_then(|given| given.account.as_ref());
    let audience = given.and_then(|given| given.audience.as_ref());
    let is_in_file = given.is_some_and(|given| given.external_account.is_some());
    match (account, audience, &file.federated) {
        (None, None, None) => Ok(None),
        (Some(account), Some(audience), Some(_)) if !is_in_file => {
            if !audience.get_ref().starts_with("//") {
                let problem = format!("'{}' is not the resource name of a pool's provider", audience.get_ref());
                let invalid = Invalid::new(problem, format!("write it as in audience = \"{PROVIDER}\""));
                return Err(Problem::new("service_account.audience", audience.span(), invalid));
            }
            let account = account.get_ref().parse();
            let account = account.map_err(|invalid| Problem::new("service_account", place(file), invalid))?;
            Ok(Some(Workload { account, audience: audience.get_ref().clone() }))
        }
        _ => {
            let problem = "Google signs for an account against federated tokens where account, audience and federated are \
                           given, and no external_account";
            let instead = format!(
                "write service_account = {{ account = \"NAME@PROJECT.iam.gserviceaccount.com\", audience = \
                 \"{PROVIDER}\" }} and federated = {{ source = \"github\" }}, or another source"
            );
            Err(Problem::new("service_account", place(file), Invalid::new(problem, instead)))
        }
    }
}

/// The place of the settings in the profile.
fn place(file: &AppFile) -> Range<usize> {
    file.service_account.as_ref().map_or(0..0, Spanned::span)
}

/// The token endpoint for service accounts, where it is another than the provider's.
///
/// # Errors
/// If it is not one.
pub(super) fn token_url(file: &AppFile) -> Checked<Option<EndpointUrl>> {
    settings(file).and_then(|given| given.token_url.as_ref()).map(|given| url("token_url", given)).transpose()
}

fn settings(file: &AppFile) -> Option<&ServiceAccountFile> {
    file.service_account.as_ref().map(Spanned::get_ref)
}

fn url(key: &'static str, given: &Spanned<String>) -> Checked<EndpointUrl> {
    given.get_ref().parse().map_err(|invalid| Problem::new(key, given.span(), invalid))
}
