//! Workload identity federation: a token of an outside issuer as an app's proof. Issuer, subject and audience must be those
//! of one of the app's federated credentials.

use crate::client_assertion::{is_in_time, malformed};
use crate::faults::Fault;
use crate::issuer;
use crate::jwt::{PublicKey, Token};
use crate::oauth_error::OAuthError;
use crate::world::{App, FederatedCredential, TENANT_ID, World};

/// Whether `token` proves `app`.
pub fn verify(world: &World, app: &App, token: &Token) -> Result<(), OAuthError> {
    if app.federated.is_empty() {
        let text =
            format!("The client '{}'({}) has no configured federated identity credentials.", app.client_id, app.name);
        return Err(OAuthError::new("invalid_client", 70_025, text));
    }
    let claim = |name: &str| Token::text(&token.claims, name);
    let (issuer, subject) = (claim("iss"), claim("sub"));
    if issuer == own_issuer(world) && claim("idtyp") != "app" {
        let text =
            "Forbidden token type. Only app-only tokens may be used as Federated Identity Credentials for AAD issuer.";
        return Err(OAuthError::new("invalid_client", 700_229, text));
    }
    is_trusted(&app.federated, token, issuer, subject)?;
    is_signed(world, token, issuer)?;
    is_in_time(token)
}

/// The issuer of the tokens that managed identities get.
pub fn own_issuer(world: &World) -> String {
    format!("{}/{TENANT_ID}/v2.0", world.authority)
}

fn is_trusted(
    credentials: &[FederatedCredential],
    token: &Token,
    issuer: &str,
    subject: &str,
) -> Result<(), OAuthError> {
    let of_issuer: Vec<_> = credentials.iter().filter(|known| known.issuer == issuer).collect();
    if of_issuer.is_empty() {
        return Err(no_match(700_211, "issuer", issuer));
    }
    let of_subject: Vec<_> = of_issuer.iter().filter(|known| known.subject == subject).collect();
    if of_subject.is_empty() {
        if of_issuer.iter().any(|known| known.subject.eq_ignore_ascii_case(subject)) {
            let text = format!(
                "No matching federated identity record found for presented assertion subject '{subject}'. The subject \
                 matches with case-insensitive comparison, but not with case-sensitive comparison."
            );
            return Err(OAuthError::new("invalid_client", 7_002_138, text));
        }
        return Err(no_match(700_213, "subject", subject));
    }
    if !of_subject.iter().any(|known| token.is_for(&known.audience)) {
        return Err(no_match(700_212, "audience", &token.claims["aud"].to_string().replace('"', "")));
    }
    Ok(())
}

fn is_signed(world: &World, token: &Token, issuer: &str) -> Result<(), OAuthError> {
    let key = match issuer == own_issuer(world) {
        true => Some(world.signer.public_key()),
        false => issuer::published_key(world, issuer),
    };
    let is_published = key.filter(|_| !world.faults.is_on(Fault::IssuerKeyNotPublished));
    match is_published {
        Some(key) if token.is_signed_by(&key) => Ok(()),
        Some(key) if token.fits(&key) || key == PublicKey::Other => Err(malformed()),
        Some(_) | None => {
            let id = Token::text(&token.header, "kid");
            let text = format!(
                "The certificate with identifier {id} used to sign the federated credential could not be found in the \
                 metadata of identity provider {issuer}. Please validate that your Identity Provider's metadata exposes the \
                 key used to sign the incoming token."
            );
            Err(OAuthError::new("invalid_client", 7_000_272, text))
        }
    }
}

fn no_match(number: u32, what: &str, value: &str) -> OAuthError {
    let text = format!(
        "No matching federated identity record found for presented assertion {what} '{value}'. Check your federated identity \
         credential Subject, Audience and Issuer against the presented assertion. \
         https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
    );
    OAuthError::new("invalid_client", number, text)
}
