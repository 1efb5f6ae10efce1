//! What to register at the provider for a profile's app, as click paths.

use super::provider::Step;
use super::{App, Channel, Mailbox, Opener, Protocol, Scope, permission_name};
use crate::text::{Redactor, Shown};

/// The provider's steps, with the profile's values: redirect URI, what is to be switched on, then permissions. Where no person
/// signs in, the permissions alone: what comes after them has commands, and a guide.
pub fn steps(app: &App, mailbox: &Mailbox) -> Vec<Shown> {
    if !mailbox.access.needs_person() {
        let at = shown!("{} > App registrations > {}", app.deployment().portal, app.client_id);
        let to_add =
            app_permissions(app, mailbox.channels()).map(|path| shown!("{} > {}, and grant admin consent", at, path));
        let guide = shown!("Every step, with its command: mailgrant guide {}", mailbox.name);
        return to_add.into_iter().chain([guide]).collect();
    }
    let scopes = app.scopes.for_channels(mailbox.channels());
    let registered = filled(app.provider.register.iter(), app, &scopes);
    let is_used = |protocol: &Protocol| mailbox.protocols().into_iter().any(|used| used == *protocol);
    let enabled =
        app.provider.enabling.iter().filter(|(protocol, _)| is_used(protocol)).map(|(_, step)| (*step).into());
    registered.chain(enabled).chain(filled(app.provider.permissions.iter(), app, &scopes)).collect()
}

/// Where the permissions for `channel` are added to the registration, in one line.
#[must_use]
pub fn permissions(app: &App, channel: Channel) -> Shown {
    let added = filled(app.provider.permissions.iter(), app, app.scopes.of(channel));
    let delegated = || Shown::join(added.map(|step| step.part(str::trim)), " ");
    match channel.by {
        Opener::App => app_permissions(app, [channel]).unwrap_or_else(delegated),
        Opener::Owner | Opener::Delegate => delegated(),
    }
}

/// Where the permissions that an app needs by itself for `channels` are added; none where the provider has no such.
fn app_permissions(app: &App, channels: impl IntoIterator<Item = Channel>) -> Option<Shown> {
    let mut api = None;
    let mut roles: Vec<&str> = Vec::new();
    for channel in channels {
        let Some(service) = app.deployment().service(channel.protocol, channel.side) else { continue };
        api = api.or(service.audiences.map(|audiences| audiences.listed_as));
        roles.extend(service.application.map(|application| application.role));
    }
    let roles = Shown::join(roles.into_iter().map(Redactor::by_shape), ", ");
    Some(shown!("API permissions > Add a permission > {} > Application permissions: {}", api?, roles))
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
