//! Client IDs and client secrets that do not look like the provider's, and what people paste in their place.
//!
//! A form is knowledge from outside, and providers change theirs: what does not fit is doubted, never refused for good.
//! Each doubt is a code of the catalogue (`own/values.toml`), where its words are.

use super::provider::ClientIdForm;
use super::{Address, Credential, Provider, Tenant, placeholder};
use crate::finding_code::FindingCode;

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
pub fn client_id_doubt(
    id: &str,
    provider: Provider,
    tenant: Option<&Tenant>,
    credential: Credential,
) -> Option<FindingCode> {
    if has_outer_blank(id) {
        return Some(FindingCode::CLIENT_ID_OUTER_BLANK);
    }
    if is_wrapped(id) {
        return Some(FindingCode::CLIENT_ID_IN_QUOTES);
    }
    if id.parse::<Address>().is_ok() {
        return Some(FindingCode::CLIENT_ID_IS_ADDRESS);
    }
    if tenant.is_some_and(|tenant| id.eq_ignore_ascii_case(tenant.as_str())) {
        return Some(FindingCode::CLIENT_ID_IS_TENANT_ID);
    }
    if credential == Credential::ServiceAccount {
        let is_number = id.bytes().all(|byte| byte.is_ascii_digit());
        return (!is_number).then_some(FindingCode::CLIENT_ID_NOT_A_NUMBER);
    }
    match provider.client_ids {
        ClientIdForm::Guid if !super::is_guid(id) => Some(FindingCode::CLIENT_ID_NOT_A_GUID),
        ClientIdForm::EndingIn { end, code } if !id.ends_with(end) => Some(code),
        ClientIdForm::Any | ClientIdForm::Guid | ClientIdForm::EndingIn { .. } => None,
    }
}

/// Why `secret` cannot be right as the secret of the client `id` at `provider`: a code of the catalogue.
#[must_use]
pub fn secret_doubt(secret: &str, provider: Provider, id: &str) -> Option<FindingCode> {
    if has_outer_blank(secret) {
        return Some(FindingCode::SECRET_OUTER_BLANK);
    }
    if placeholder::is_certain(secret) || placeholder::likely(secret) == Some(secret) {
        return Some(FindingCode::SECRET_IS_PLACEHOLDER);
    }
    if is_wrapped(secret) {
        return Some(FindingCode::SECRET_IN_QUOTES);
    }
    if secret.eq_ignore_ascii_case(id) {
        return Some(FindingCode::SECRET_IS_CLIENT_ID);
    }
    if provider.secrets.has_ids && super::is_guid(secret) {
        return Some(FindingCode::SECRET_IS_ID);
    }
    if secret.parse::<Address>().is_ok() {
        return Some(FindingCode::SECRET_IS_ADDRESS);
    }
    (secret.chars().count() < provider.secrets.shortest).then_some(FindingCode::SECRET_TOO_SHORT)
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
        let doubt = |id, provider| client_id_doubt(id, provider, Some(&tenant), Credential::Secret);
        for (id, provider, wanted) in [
            (GUID, Provider::MICROSOFT365, None),
            (GUID, Provider::OUTLOOK, None),
            (GOOGLE_ID, Provider::GOOGLE, None),
            ("mailgrant", Provider::OIDC, None),
            ("two words", Provider::OIDC, None),
            ("myapp", Provider::MICROSOFT365, Some("client-id-not-a-guid")),
            ("myapp", Provider::GOOGLE, Some("client-id-not-of-google")),
            (GUID, Provider::GOOGLE, Some("client-id-not-of-google")),
            ("shop@contoso.com", Provider::MICROSOFT365, Some("client-id-is-address")),
            ("shop@contoso.com", Provider::OIDC, Some("client-id-is-address")),
            ("{11111111-2222-3333-4444-555555555555}", Provider::MICROSOFT365, Some("client-id-in-quotes")),
            ("\"mailgrant\"", Provider::OIDC, Some("client-id-in-quotes")),
            ("mailgrant ", Provider::OIDC, Some("client-id-outer-blank")),
            (tenant.as_str(), Provider::MICROSOFT365, Some("client-id-is-tenant-id")),
        ] {
            assert_eq!(doubt(id, provider).map(FindingCode::as_str), wanted, "{id} at {provider:?}");
        }
        for (id, wanted) in [
            ("103821043821043821043", None),
            (GOOGLE_ID, Some("client-id-not-a-number")),
            ("mail@shop-1234.iam.gserviceaccount.com", Some("client-id-is-address")),
        ] {
            let doubt = client_id_doubt(id, Provider::GOOGLE, None, Credential::ServiceAccount);
            assert_eq!(doubt.map(FindingCode::as_str), wanted, "{id}");
        }
    }

    #[test]
    fn a_secret_that_cannot_be_one_is_doubted() {
        for (secret, provider, wanted) in [
            (SECRET, Provider::MICROSOFT365, None),
            (SECRET, Provider::GOOGLE, None),
            ("two words in a pass phrase", Provider::OIDC, None),
            ("a", Provider::OIDC, None),
            (GUID, Provider::OIDC, None),
            (GUID, Provider::GOOGLE, None),
            (GUID, Provider::MICROSOFT365, Some("secret-is-id")),
            ("99999999-2222-3333-4444-555555555555", Provider::OUTLOOK, Some("secret-is-id")),
            ("xyz", Provider::MICROSOFT365, Some("secret-too-short")),
            ("xyz", Provider::GOOGLE, Some("secret-too-short")),
            ("mailgrant", Provider::OIDC, Some("secret-is-client-id")),
            ("\"Q8Q~abcdefghijklmnopqrstuvwxyz\"", Provider::MICROSOFT365, Some("secret-in-quotes")),
            ("“Q8Q~abcdefghijklmnopqrstuvwxyz”", Provider::OIDC, Some("secret-in-quotes")),
            ("{abcdefghijklmnopqrstuvwxyz}", Provider::OIDC, Some("secret-in-quotes")),
            (" Q8Q~abcdefghijklmnopqrstuvwxyz", Provider::MICROSOFT365, Some("secret-outer-blank")),
            ("Q8Q~abcdefghijklmnopqrstuvwxyz ", Provider::MICROSOFT365, Some("secret-outer-blank")),
            ("YOUR_CLIENT_SECRET", Provider::OIDC, Some("secret-is-placeholder")),
            ("changeme", Provider::OIDC, Some("secret-is-placeholder")),
            ("********", Provider::OIDC, Some("secret-is-placeholder")),
            ("shop@contoso.com", Provider::OIDC, Some("secret-is-address")),
        ] {
            assert_eq!(
                secret_doubt(secret, provider, "mailgrant").map(FindingCode::as_str),
                wanted,
                "{secret} at {provider:?}"
            );
        }
    }
}
