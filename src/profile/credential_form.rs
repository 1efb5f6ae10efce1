//! What client IDs and client secrets look like, provider by provider, and what people paste in their place.
//!
//! A form is knowledge from outside, and providers change theirs: what does not fit is doubted, never refused for good.
//! Each doubt is a code of the catalogue (`own.toml`), where its words are.

use super::{Address, Provider, Tenant, placeholder};

/// What one provider gives out.
#[derive(Debug)]
struct CredentialForm {
    client_id: ClientIdForm,
    /// Whether a secret has an ID of its own beside it, a GUID.
    has_secret_ids: bool,
    /// No secret of this provider is shorter, in characters.
    shortest_secret: usize,
}

#[derive(Debug)]
enum ClientIdForm {
    /// Anything of RFC 6749 appendix A.1.
    Any,
    /// A GUID.
    Guid,
    /// Anything with this end.
    EndingIn(&'static str),
}

/// Entra's client secrets have 32 to 44 characters, Google's 24 or 35.
const MICROSOFT: CredentialForm =
    CredentialForm { client_id: ClientIdForm::Guid, has_secret_ids: true, shortest_secret: 16 };
const GOOGLE: CredentialForm = CredentialForm {
    client_id: ClientIdForm::EndingIn(".apps.googleusercontent.com"),
    has_secret_ids: false,
    shortest_secret: 16,
};
/// Administrators of their own server may choose what they like (RFC 6749 §2.2).
const ANY: CredentialForm = CredentialForm { client_id: ClientIdForm::Any, has_secret_ids: false, shortest_secret: 1 };

fn form(provider: Provider) -> &'static CredentialForm {
    match provider {
        Provider::Microsoft365 | Provider::Outlook => &MICROSOFT,
        Provider::Google => &GOOGLE,
        Provider::Oidc => &ANY,
    }
}

/// Pairs of signs that people copy along with a value, or that documents put around it.
const WRAPPERS: [(char, char); 12] = [
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('“', '”'),
    ('„', '“'),
    ('‘', '’'),
    ('«', '»'),
    ('»', '«'),
    ('{', '}'),
    ('<', '>'),
    ('(', ')'),
    ('[', ']'),
];

fn is_wrapped(text: &str) -> bool {
    let text = text.trim();
    text.chars().count() > 1 && WRAPPERS.iter().any(|(open, close)| text.starts_with(*open) && text.ends_with(*close))
}

fn has_outer_blank(text: &str) -> bool {
    text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace)
}

/// Why `id` cannot be right as a client ID at `provider`: a code of the catalogue.
#[must_use]
pub fn client_id_doubt(id: &str, provider: Provider, tenant: Option<&Tenant>) -> Option<&'static str> {
    if has_outer_blank(id) {
        return Some("client-id-outer-blank");
    }
    if is_wrapped(id) {
        return Some("client-id-in-quotes");
    }
    if id.parse::<Address>().is_ok() {
        return Some("client-id-is-address");
    }
    if tenant.is_some_and(|tenant| id.eq_ignore_ascii_case(tenant.as_str())) {
        return Some("client-id-is-tenant-id");
    }
    match form(provider).client_id {
        ClientIdForm::Guid if !super::is_guid(id) => Some("client-id-not-a-guid"),
        ClientIdForm::EndingIn(end) if !id.ends_with(end) => Some("client-id-not-of-google"),
        ClientIdForm::Any | ClientIdForm::Guid | ClientIdForm::EndingIn(_) => None,
    }
}

/// Why `secret` cannot be right as the secret of the client `id` at `provider`: a code of the catalogue.
#[must_use]
pub fn secret_doubt(secret: &str, provider: Provider, id: &str) -> Option<&'static str> {
    let form = form(provider);
    if has_outer_blank(secret) {
        return Some("secret-outer-blank");
    }
    if placeholder::is_certain(secret) || placeholder::likely(secret) == Some(secret) {
        return Some("secret-is-placeholder");
    }
    if is_wrapped(secret) {
        return Some("secret-in-quotes");
    }
    if secret.eq_ignore_ascii_case(id) {
        return Some("secret-is-client-id");
    }
    if form.has_secret_ids && super::is_guid(secret) {
        return Some("secret-is-id");
    }
    if secret.parse::<Address>().is_ok() {
        return Some("secret-is-address");
    }
    (secret.chars().count() < form.shortest_secret).then_some("secret-too-short")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "11111111-2222-3333-4444-555555555555";
    const GOOGLE_ID: &str = "4711-abc.apps.googleusercontent.com";
    const SECRET: &str = "Q8Q~xxxx~p+lus/slash=amp&percent%quote\"4711";

    #[test]
    fn a_client_id_of_another_form_is_doubted() {
        let tenant: Tenant = "99999999-2222-3333-4444-555555555555".parse().unwrap();
        let doubt = |id, provider| client_id_doubt(id, provider, Some(&tenant));
        for (id, provider, wanted) in [
            (GUID, Provider::Microsoft365, None),
            (GUID, Provider::Outlook, None),
            (GOOGLE_ID, Provider::Google, None),
            ("mailgrant", Provider::Oidc, None),
            ("two words", Provider::Oidc, None),
            ("myapp", Provider::Microsoft365, Some("client-id-not-a-guid")),
            ("myapp", Provider::Google, Some("client-id-not-of-google")),
            (GUID, Provider::Google, Some("client-id-not-of-google")),
            ("shop@contoso.com", Provider::Microsoft365, Some("client-id-is-address")),
            ("shop@contoso.com", Provider::Oidc, Some("client-id-is-address")),
            ("{11111111-2222-3333-4444-555555555555}", Provider::Microsoft365, Some("client-id-in-quotes")),
            ("\"mailgrant\"", Provider::Oidc, Some("client-id-in-quotes")),
            ("mailgrant ", Provider::Oidc, Some("client-id-outer-blank")),
            (tenant.as_str(), Provider::Microsoft365, Some("client-id-is-tenant-id")),
        ] {
            assert_eq!(doubt(id, provider), wanted, "{id} at {provider:?}");
        }
    }

    #[test]
    fn a_secret_that_cannot_be_one_is_doubted() {
        for (secret, provider, wanted) in [
            (SECRET, Provider::Microsoft365, None),
            (SECRET, Provider::Google, None),
            ("two words in a pass phrase", Provider::Oidc, None),
            ("a", Provider::Oidc, None),
            (GUID, Provider::Oidc, None),
            (GUID, Provider::Google, None),
            (GUID, Provider::Microsoft365, Some("secret-is-id")),
            ("99999999-2222-3333-4444-555555555555", Provider::Outlook, Some("secret-is-id")),
            ("xyz", Provider::Microsoft365, Some("secret-too-short")),
            ("xyz", Provider::Google, Some("secret-too-short")),
            ("mailgrant", Provider::Oidc, Some("secret-is-client-id")),
            ("\"Q8Q~abcdefghijklmnopqrstuvwxyz\"", Provider::Microsoft365, Some("secret-in-quotes")),
            ("“Q8Q~abcdefghijklmnopqrstuvwxyz”", Provider::Oidc, Some("secret-in-quotes")),
            ("{abcdefghijklmnopqrstuvwxyz}", Provider::Oidc, Some("secret-in-quotes")),
            (" Q8Q~abcdefghijklmnopqrstuvwxyz", Provider::Microsoft365, Some("secret-outer-blank")),
            ("Q8Q~abcdefghijklmnopqrstuvwxyz ", Provider::Microsoft365, Some("secret-outer-blank")),
            ("YOUR_CLIENT_SECRET", Provider::Oidc, Some("secret-is-placeholder")),
            ("changeme", Provider::Oidc, Some("secret-is-placeholder")),
            ("********", Provider::Oidc, Some("secret-is-placeholder")),
            ("shop@contoso.com", Provider::Oidc, Some("secret-is-address")),
        ] {
            assert_eq!(secret_doubt(secret, provider, "mailgrant"), wanted, "{secret} at {provider:?}");
        }
    }
}
