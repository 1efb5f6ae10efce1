//! What to register at the provider for a profile's app, as click paths.

use crate::profile::{App, Credential, Mailbox, Provider};

/// The steps: redirect URI, then permissions.
pub(super) fn steps(app: &App, mailbox: &Mailbox) -> Vec<String> {
    let portal = app.provider.preset(app.cloud).portal;
    let redirect = &app.redirect_uri;
    let scopes = app.scopes.for_protocols(mailbox.protocols());
    match app.provider {
        Provider::Microsoft365 | Provider::Outlook => {
            let platform = match app.credential {
                Credential::Secret => "Web",
                Credential::None => "Mobile and desktop applications",
            };
            // The portal lists a permission by the last part of its scope.
            let permissions: Vec<&str> = scopes
                .iter()
                .map(|scope| scope.as_str().rsplit('/').next().unwrap_or_default())
                .filter(|permission| !matches!(*permission, "openid" | "profile" | "email"))
                .collect();
            vec![
                format!(
                    "{portal} > App registrations > {} > Authentication > Add a platform > {platform}:",
                    app.client_id
                ),
                format!("  redirect URI {redirect}"),
                "API permissions > Add a permission > Microsoft Graph > Delegated permissions:".to_owned(),
                format!("  {}", permissions.join(", ")),
            ]
        }
        Provider::Google => vec![
            format!("{portal}: an OAuth client of type 'Desktop app' needs no redirect URI"),
            format!("OAuth consent screen > Data access: {}", joined(&scopes)),
        ],
        Provider::Oidc => vec![
            format!("At {portal}, register for the client {}:", app.client_id),
            format!("  redirect URI {redirect} (any port, RFC 8252 section 7.3)"),
            format!("  scopes {}", joined(&scopes)),
            "  grant types authorization_code and refresh_token".to_owned(),
        ],
    }
}

fn joined(scopes: &[crate::profile::Scope]) -> String {
    scopes.iter().map(crate::profile::Scope::as_str).collect::<Vec<_>>().join(" ")
}
