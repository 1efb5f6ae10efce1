//! What to register at the provider for a profile's app, as click paths.

use super::{App, Mailbox, Scope, permission_name};
use crate::text::{Redactor, Shown};

/// The provider's steps, with the profile's values: redirect URI, then permissions.
pub fn steps(app: &App, mailbox: &Mailbox) -> Vec<Shown> {
    let scopes = app.scopes.for_channels(mailbox.channels());
    let all: Vec<&str> = scopes.iter().map(Scope::as_str).collect();
    let permissions: Vec<&str> = all
        .iter()
        .map(|scope| permission_name(scope))
        .filter(|permission| !matches!(*permission, "openid" | "profile" | "email"))
        .collect();
    let client = app.credential.client_type();
    let steps = app.provider.register.iter().filter(|step| step.only.is_none_or(|only| only == client));
    steps
        .map(|step| {
            let text = step
                .text
                .replace("{portal}", app.deployment().portal)
                .replace("{client_id}", app.client_id.as_str())
                .replace("{redirect_uri}", &app.redirect_uri.to_string())
                .replace("{scopes}", &all.join(" "))
                .replace("{permissions}", &permissions.join(", "));
            Redactor::by_shape(&text)
        })
        .collect()
}
