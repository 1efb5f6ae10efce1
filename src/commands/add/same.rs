//! Apps and mailboxes that the profile has already, under whichever name.
//!
//! A provider knows an app by its client ID, not by the profile's name for it: a second copy of the secret would be
//! rotated, and forgotten, alone.

use std::path::Path;

use toml::Spanned;

use crate::config::{self, AppFile, ProfileDocument};
use crate::profile::{Address, App, Mailbox, Profile, is_same_client_id};
use crate::report::{Warning, WarningCode};

/// The app of the profile that `file` is about: the same client ID, and nothing that `file` says of provider, cloud,
/// tenant, authority or issuer is another there.
pub(super) fn app<'a>(file: &AppFile, document: &'a ProfileDocument, base: &Path) -> Option<&'a App> {
    let id = file.client_id.as_ref()?.get_ref();
    let mut candidates = document.profile().apps.values().filter(|app| is_same_client_id(app.client_id.as_str(), id));
    candidates.find(|app| {
        document.app_file(&app.name).is_some_and(|known| {
            let provider = file.provider.as_ref().map_or(app.provider, |provider| *provider.get_ref());
            let text = |new: &Option<Spanned<String>>, old: Option<Spanned<String>>| new.clone().or(old);
            let merged = AppFile {
                tenant: text(&file.tenant, known.tenant),
                authority: text(&file.authority, known.authority),
                issuer: text(&file.issuer, known.issuer),
                cloud: file.cloud.clone().or(known.cloud),
                provider: known.provider,
                client_id: known.client_id,
                ..AppFile::default()
            };
            let merged = config::validate_app(app.name.clone(), &merged, 0..0, base);
            provider == app.provider && merged.is_ok_and(|merged| is_one(&merged, app))
        })
    })
}

/// The app of another mailbox with the same domain, which most likely serves this one too.
pub(super) fn app_of_domain<'a>(address: &Address, profile: &'a Profile) -> Option<(&'a App, &'a Mailbox)> {
    let is_beside = |mailbox: &&Mailbox| mailbox.address.domain().eq_ignore_ascii_case(address.domain());
    let mut beside = profile.mailboxes.values().filter(is_beside);
    // Where two such mailboxes have two apps, neither is the usual one.
    let first = beside.next()?;
    beside.all(|other| other.app == first.app).then(|| (profile.app_of(first), first))
}

/// Whether two apps are one at the provider.
fn is_one(one: &App, other: &App) -> bool {
    one.provider == other.provider
        && one.cloud == other.cloud
        && one.identity == other.identity
        && is_same_client_id(one.client_id.as_str(), other.client_id.as_str())
}

/// What is to be said of the other apps of `profile` with the client ID of `app`.
pub(super) fn warnings(app: &App, profile: &Profile) -> Vec<Warning> {
    let others = profile.apps.values().filter(|other| other.name != app.name);
    others
        // Providers give out IDs without regard to each other.
        .filter(|other| {
            other.registrar() == app.registrar() && is_same_client_id(other.client_id.as_str(), app.client_id.as_str())
        })
        .map(|other| {
            if is_one(app, other) {
                shown!(
                    "the apps '{}' and '{}' have one client ID, so they are one app at the provider with two copies of \
                     its secret; to share one, add mailboxes with --app {}",
                    app.name,
                    other.name,
                    other.name
                )
            } else {
                shown!(
                    "app '{}' has the same client ID for another tenant or kind of account; if it is the same app, add \
                     the mailbox with --app {}",
                    other.name,
                    other.name
                )
            }
        })
        .map(|told| Warning::new(WarningCode::SameClientId, told))
        .collect()
}

/// The other mailbox of `profile` that is the same mailbox, opened by the same person.
pub(super) fn mailbox<'a>(mailbox: &Mailbox, profile: &'a Profile) -> Option<&'a Mailbox> {
    profile.mailboxes.values().filter(|other| other.name != mailbox.name).find(|other| {
        other.address.matches(mailbox.address.as_str()) && other.signs_in_as().matches(mailbox.signs_in_as().as_str())
    })
}

/// Whether `new` only says what `old` leaves open.
pub(super) fn completes_app(old: &App, new: &App) -> bool {
    let mut completed = old.clone();
    completed.secret_expires = completed.secret_expires.or(new.secret_expires);
    completed.ca_file = completed.ca_file.or_else(|| new.ca_file.clone());
    completed == *new
}

/// Whether `new` only says what `old` leaves open.
pub(super) fn completes_mailbox(old: &Mailbox, new: &Mailbox) -> bool {
    let mut completed = old.clone();
    completed.incoming = completed.incoming.or_else(|| new.incoming.clone());
    completed.outgoing = completed.outgoing.or_else(|| new.outgoing.clone());
    completed.ca_file = completed.ca_file.or_else(|| new.ca_file.clone());
    completed == *new
}
