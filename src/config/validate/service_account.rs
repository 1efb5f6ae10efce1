//! How an app's service account is used: what the profile says, over what the provider has.

use std::path::Path;

use toml::Spanned;

use crate::config::error::{Checked, Problem};
use crate::config::file::{AppFile, ServiceAccountFile};
use crate::profile::{EndpointUrl, Invalid, Provider, ServiceAccountSpec};

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
        external_account: given.and_then(|given| given.external_account.as_ref()).map(|path| base.join(path)),
        token_exchange: url(
            "token_exchange_url",
            given.and_then(|given| given.token_exchange_url.as_ref()),
            preset.token_exchange,
        )?,
        signer: url("signer_url", given.and_then(|given| given.signer_url.as_ref()), preset.signer)?,
    })
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
