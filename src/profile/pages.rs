//! The provider's pages with a profile's values: click paths, and addresses to open.

use std::fmt;

use url::form_urlencoded;

use super::provider::{By, Deployment, Page};
use super::{App, Mailbox, Tenant};
use crate::text::{Redactor, Shown, open};

/// A page, as people find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPage {
    /// The click path, or the address itself.
    pub title: Shown,
    /// The address, where one is known that fits the profile.
    pub url: Option<Shown>,
    /// Who may use it.
    pub by: Option<By>,
}

/// The page of `app`, and of `mailbox` where it is about one; none where the provider has no such page.
#[must_use]
pub fn of(page: Page, app: &App, mailbox: Option<&Mailbox>) -> Option<NamedPage> {
    at(app.deployment(), page, Some(app), mailbox, &|_| None)
}

/// The same page at a `deployment` that need not be the app's. What the profile does not know is what `read` knows by the
/// same name, or in angle brackets.
#[must_use]
pub fn at(
    deployment: &Deployment,
    page: Page,
    app: Option<&App>,
    mailbox: Option<&Mailbox>,
    read: &dyn Fn(&str) -> Option<Shown>,
) -> Option<NamedPage> {
    let preset = deployment.pages.iter().find(|preset| preset.page == page)?;
    // Without an app, what is known of one is read.
    let given = |name: &str| read(name).filter(|_| app.is_none()).map(|value| value.to_string());
    let value = |name: &str| match (name, app) {
        ("portal", _) => Some(deployment.portal.to_owned()),
        ("tenant", Some(app)) => app.tenant.as_ref().map(Tenant::to_string),
        ("client_id", Some(app)) => Some(app.client_id.as_str().to_owned()),
        ("redirect_uri", Some(app)) => Some(app.redirect_uri.to_string()),
        ("address", _) => mailbox.map(|mailbox| mailbox.address.to_string()).or_else(|| given(name)),
        ("tenant" | "client_id" | "redirect_uri", None) => given(name),
        _ => None,
    };
    let tenant = || app.map_or_else(|| given("tenant")?.parse().ok(), |app| app.tenant.clone());
    let is_own = app.is_none_or(|app| std::ptr::eq(app.deployment(), deployment));
    let takes_tenant = page != Page::Consent || tenant().map_or(app.is_some(), |tenant| is_approvable(&tenant));
    let url = preset.url.filter(|_| is_own && takes_tenant).and_then(|url| {
        let at_tenant = || {
            tenant().filter(is_directory).map_or_else(String::new, |tenant| format!("@{}/", encoded(tenant.as_str())))
        };
        filled(
            url,
            |name| if name == "at_tenant" { Some(at_tenant()) } else { value(name).map(|value| encoded(&value)) },
        )
    });
    let or_open = |name: &str| Some(value(name).unwrap_or_else(|| open(name).to_string()));
    let title = match preset.path {
        Some(path) => filled(path, or_open),
        None => url.clone().or_else(|| filled(preset.url?, or_open)),
    };
    Some(NamedPage { title: Redactor::by_shape(&title?), url: url.as_deref().map(Redactor::by_shape), by: preset.by })
}

/// Whether it is one directory, and not a word for many.
fn is_directory(tenant: &Tenant) -> bool {
    !matches!(tenant.as_str(), "common" | "organizations" | "consumers")
}

/// Whether an administrator can approve an app there.
fn is_approvable(tenant: &Tenant) -> bool {
    !matches!(tenant.as_str(), "common" | "consumers")
}

fn encoded(value: &str) -> String {
    form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

/// `template` with its values; none where one is not known.
fn filled(template: &str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut pieces = template.split('{');
    let mut text = pieces.next()?.to_owned();
    for piece in pieces {
        let (name, behind) = piece.split_once('}')?;
        text.push_str(&value(name)?);
        text.push_str(behind);
    }
    Some(text)
}

show_as_displayed!(Page);

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use clap::ValueEnum as _;
        f.write_str(self.to_possible_value().as_ref().map_or("", |value| value.get_name()))
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;
    use crate::profile::provider::ALL;

    #[test]
    fn every_address_is_one_whatever_the_values_hold() {
        for deployment in ALL.iter().flat_map(|provider| provider.deployments) {
            for preset in deployment.pages {
                let Some(url) = preset.url else { continue };
                let url =
                    filled(url, |name| Some(if name == "at_tenant" { "@a/".into() } else { encoded("a/b \"<>#?&é") }));
                let url = url::Url::parse(&url.unwrap()).unwrap();
                assert_eq!(url.scheme(), "https", "{url}");
                assert!(!url.as_str().contains(['"', '<', '>', ' ']), "{url}");
            }
        }
    }

    #[test]
    fn a_provider_has_each_page_once_and_all_or_none() {
        for deployment in ALL.iter().flat_map(|provider| provider.deployments) {
            for page in Page::value_variants() {
                let count = deployment.pages.iter().filter(|preset| preset.page == *page).count();
                assert!(count == 1 || deployment.pages.is_empty(), "{}: {page} {count} times", deployment.portal);
            }
        }
    }
}
