//! What to register at the provider for a profile's app, as click paths.

use super::provider::Step;
use super::{App, Mailbox, Protocol, Scope, permission_name};
use crate::text::{Redactor, Shown};

/// The provider's steps, with the profile's values: redirect URI, what is to be switched on, then permissions.
pub fn steps(app: &App, mailbox: &Mailbox) -> Vec<Shown> {
    let scopes = app.scopes.for_channels(mailbox.channels());
    let registered = filled(app.provider.register.iter(), app, &scopes);
    let is_used = |protocol: &Protocol| mailbox.protocols().into_iter().any(|used| used == *protocol);
    let enabled =
        app.provider.enabling.iter().filter(|(protocol, _)| is_used(protocol)).map(|(_, step)| (*step).into());
    registered.chain(enabled).chain(filled(app.provider.permissions.iter(), app, &scopes)).collect()
}

/// Where the permissions for `scopes` are added to the registration, in one line.
#[must_use]
pub fn permissions(app: &App, scopes: &[Scope]) -> Shown {
    Shown::join(filled(app.provider.permissions.iter(), app, scopes).map(|step| step.part(str::trim)), " ")
}

fn filled<'a>(
    steps: impl Iterator<Item = &'static Step> + 'a,
    app: &'a App,
    scopes: &[Scope],
) -> impl Iterator<Item = Shown> + 'a {
    let all: Vec<&str> = scopes.iter().map(Scope::as_str).collect();
    let permissions: Vec<&str> = all
        .iter()
        .map(|scope| permission_name(scope))
        .filter(|permission| !matches!(*permission, "openid" | "profile" | "email"))
        .collect();
    let (all, permissions) = (all.join(" "), permissions.join(", "));
    let client = app.credential.client_type();
    steps.filter(move |step| step.only.is_none_or(|only| only == client)).map(move |step| {
        let text = step
            .text
            .replace("{portal}", app.deployment().portal)
            .replace("{client_id}", app.client_id.as_str())
            .replace("{redirect_uri}", &app.redirect_uri.to_string())
            .replace("{scopes}", &all)
            .replace("{permissions}", &permissions);
        Redactor::by_shape(&text)
    })
}
