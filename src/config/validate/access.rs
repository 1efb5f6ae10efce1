//! Who is let into mailboxes, and whether the app and its provider can do that.

use toml::Spanned;

use super::proof;
use crate::config::error::{Checked, Problem};
use crate::config::file::AppFile;
use crate::profile::{Access, Credential, Deployment, Invalid, Provider, Tenant};

/// Checks `access` of an app, or of a mailbox of it.
///
/// # Errors
/// If no user is to sign in, and the app or the provider is not made for that.
pub(super) fn access(value: Option<&Spanned<Access>>, otherwise: Access, app: &AppIs<'_>) -> Checked<Access> {
    let access = value.map_or(otherwise, |value| *value.get_ref());
    let span = value.map_or(0..0, Spanned::span);
    let refused =
        |problem: String, instead: &str| Err(Problem::new("access", span.clone(), Invalid::new(problem, instead)));
    match access {
        Access::User if app.credential == Credential::ServiceAccount => {
            refused("a service account is let in without a user's sign-in".to_owned(), "write access = \"app\"")
        }
        Access::User => Ok(access),
        Access::App if !proof::is_confidential(app.credential) => refused(
            "an app that is let in without a user has to prove itself, and this one has no credential".to_owned(),
            &with_other_credential(app),
        ),
        Access::App if !app.provider.lets_apps_in(app.preset, app.credential) => refused(
            format!("{} lets no app in without a user, with this credential", app.provider.title),
            &with_other_credential(app),
        ),
        Access::App if app.tenant.is_some_and(|tenant| !tenant.is_one_directory()) => refused(
            "an app's own token comes from one directory, and this tenant stands for many".to_owned(),
            "write the Directory (tenant) ID from the app's Overview page as tenant",
        ),
        Access::App => Ok(access),
    }
}

/// What to write where the provider does not let an app in with its credential.
fn with_other_credential(app: &AppIs<'_>) -> String {
    let is_let_in = |kind: &Credential| app.provider.lets_apps_in(app.preset, *kind);
    let kinds = Credential::ALL.into_iter().filter(is_let_in).map(|kind| format!("\"{}\"", kind.key()));
    match kinds.collect::<Vec<_>>().as_slice() {
        [] => "write access = \"user\", or remove it".to_owned(),
        [only] => format!("write credential = {only}, or access = \"user\""),
        [most @ .., last] => format!("write credential = {} or {last}, or access = \"user\"", most.join(", ")),
    }
}

/// What of an app decides whether it is let in by itself.
pub(super) struct AppIs<'a> {
    pub provider: Provider,
    pub preset: &'a Deployment,
    pub credential: Credential,
    pub tenant: Option<&'a Tenant>,
}

impl<'a> AppIs<'a> {
    /// Of an app that was checked.
    pub(super) fn of(app: &'a crate::profile::App) -> Self {
        let (provider, preset) = (app.provider, app.deployment());
        Self { provider, preset, credential: app.credential, tenant: app.tenant.as_ref() }
    }
}

/// What the app's file says: [`access`] of the app itself.
pub(super) fn of_app(file: &AppFile, app: &AppIs<'_>) -> Checked<Access> {
    // A service account has no other way in.
    let otherwise = if app.credential == Credential::ServiceAccount { Access::App } else { Access::User };
    access(file.access.as_ref(), otherwise, app)
}
