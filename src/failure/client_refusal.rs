//! How providers say that they do not accept the client's own credentials (RFC 6749 §5.2). The standard's word is
//! `invalid_client`; not every provider uses it, and some use it for something else.

use super::OAuthFault;

/// One way to say it, or to say something that only looks like it. The first row that fits decides.
struct Row {
    /// The `error` field in lower case; any where it is empty.
    errors: &'static [&'static str],
    /// The HTTP status; any where there is none.
    status: Option<u16>,
    /// One of these numbers of Microsoft's must be there; none need be where this is empty.
    numbers: &'static [u32],
    /// One of these must be part of the description, in lower case; none need be where this is empty.
    words: &'static [&'static str],
    /// Whether the client's credentials are what is refused.
    is_client: bool,
}

const ANY: Row = Row { errors: &[], status: None, numbers: &[], words: &[], is_client: true };

/// Words about the credentials, whatever the code beside them.
const CREDENTIALS: &[&str] =
    &["client secret", "client_secret", "client credential", "client authentication", "authenticate the client"];

/// Microsoft's numbers for a federated token that fits none of the app's federated credentials: its issuer, audience or
/// subject differs, perhaps in capitals alone, or the app has none.
const UNMATCHED: &[u32] = &[70_021, 700_211, 700_212, 700_213, 7_002_138, 70_025];

const TABLE: &[Row] = &[
    // Microsoft: the value is wrong, expired, missing, or given by a public client.
    Row { numbers: &[7_000_215, 7_000_222, 7_000_218, 700_025, 7_000_216], ..ANY },
    // Microsoft: no federated credential of the app fits the token, or its issuer's tokens do not count.
    Row { numbers: UNMATCHED, ..ANY },
    Row { numbers: &[7_002_137, 700_222, 700_229, 7_000_272], ..ANY },
    // Microsoft: the redirect URI differs, the app is not assigned, not found, or off; all of them as invalid_client or
    // unauthorized_client.
    Row { numbers: &[500_112, 501_051, 700_016, 7_000_112, 700_030], is_client: false, ..ANY },
    // RFC 6749 §5.2; Zoho says it with status 200. The others are GitHub's, Slack's, Salesforce's and Zoho's words.
    Row {
        errors: &[
            "invalid_client",
            "invalid_client_secret",
            "invalid_client_credentials",
            "incorrect_client_credentials",
            "bad_client_credentials",
            "bad_client_secret",
        ],
        ..ANY
    },
    // Keycloak: "Client not allowed for direct access grants", "Client not enabled to retrieve service account"; Google:
    // "Client is unauthorized to retrieve access tokens using this method". The client is known, and may not do this.
    Row {
        errors: &["unauthorized_client"],
        words: &["not allowed", "not enabled", "to retrieve", "grant type", "response type", "this method"],
        is_client: false,
        ..ANY
    },
    // Keycloak: 401, "Invalid client or Invalid client credentials", "Invalid client secret"; older ones with status 400.
    Row {
        errors: &["unauthorized_client", "invalid_request", "access_denied", "unauthorized"],
        words: CREDENTIALS,
        ..ANY
    },
    // Google says this of the key of a service account: it was deleted, or it is another account's.
    Row { errors: &["invalid_grant"], words: &["invalid jwt signature", "account not found"], ..ANY },
    // Google says this of a refresh token that another client was given.
    Row { errors: &["unauthorized_client"], words: &["unauthorized"], is_client: false, ..ANY },
    // RFC 6749 §5.2: 401 is for a client that was not authenticated. Auth0 says access_denied, Spring unauthorized.
    Row { errors: &["unauthorized_client", "unauthorized"], status: Some(401), ..ANY },
    Row { errors: &["access_denied"], status: Some(401), words: &["unauthorized"], ..ANY },
];

impl OAuthFault {
    /// Whether it is the client's own credentials that the token endpoint does not accept. The client is authenticated
    /// before the grant is looked at (RFC 6749 §4.1.3, §6): this says nothing of a code or a refresh token.
    #[must_use]
    pub fn refuses_client(&self) -> bool {
        // A server in trouble says nothing of the client, and what came through the redirect asked for no secret.
        if self.status == 429 || self.status >= 500 {
            return false;
        }
        let error = self.error.to_ascii_lowercase();
        let description = self.description.as_deref().unwrap_or_default().to_lowercase();
        let row = TABLE.iter().find(|row| {
            (row.errors.is_empty() || row.errors.contains(&error.as_str()))
                && row.status.is_none_or(|status| status == self.status)
                && (row.numbers.is_empty() || row.numbers.iter().any(|number| self.codes.contains(number)))
                && (row.words.is_empty() || row.words.iter().any(|words| description.contains(words)))
        });
        row.is_some_and(|row| row.is_client)
    }

    /// Whether a federated token was sent, and no federated credential that is registered for the app fits it.
    #[must_use]
    pub fn lacks_federated_credential(&self) -> bool {
        let is_unmatched = self.codes.iter().any(|code| UNMATCHED.contains(code));
        self.federated.is_some() && (is_unmatched || self.codes.is_empty() && self.refuses_client())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Shown;

    fn fault(status: u16, error: &'static str, description: &'static str, codes: &[u32]) -> OAuthFault {
        OAuthFault {
            error: error.into(),
            description: Some(Shown::from(description)).filter(|text| !text.is_empty()),
            status,
            codes: codes.to_vec(),
            ..OAuthFault::default()
        }
    }

    #[test]
    fn a_refused_client_is_known_under_all_its_spellings() {
        for (status, error, description, codes) in [
            (401, "invalid_client", "", &[][..]),
            (400, "invalid_client", "Wrong client secret", &[]),
            (401, "invalid_client", "AADSTS7000215: Invalid client secret provided.", &[7_000_215]),
            (401, "invalid_client", "AADSTS7000222: The provided client secret keys are expired.", &[7_000_222]),
            (400, "invalid_grant", "AADSTS7000215", &[7_000_215]),
            (400, "invalid_request", "AADSTS70021: No matching federated identity record found", &[70_021]),
            (400, "invalid_request", "AADSTS700222: AAD-issued tokens may not be used", &[700_222]),
            // Keycloak 26, 21, 12 and before.
            (401, "unauthorized_client", "Invalid client or Invalid client credentials", &[]),
            (401, "unauthorized_client", "Invalid client secret", &[]),
            (400, "unauthorized_client", "INVALID_CREDENTIALS: Invalid client credentials", &[]),
            (401, "unauthorized_client", "", &[]),
            // Zoho.
            (200, "invalid_client", "", &[]),
            (200, "invalid_client_secret", "", &[]),
            (200, "incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.", &[]),
            // Google, Auth0, Spring, Ory Hydra.
            (401, "invalid_client", "Unauthorized", &[]),
            (401, "access_denied", "Unauthorized", &[]),
            (401, "unauthorized", "Bad credentials", &[]),
            (401, "Unauthorized", "", &[]),
            (401, "invalid_client", "Client authentication failed (e.g., unknown client).", &[]),
            (401, "invalid_request", "Client authentication failed", &[]),
        ] {
            assert!(fault(status, error, description, codes).refuses_client(), "{status} {error} {description}");
        }
    }

    #[test]
    fn other_refusals_are_not_taken_for_one_of_the_client() {
        for (status, error, description, codes) in [
            (400, "invalid_grant", "", &[][..]),
            (401, "invalid_grant", "Token is not active", &[]),
            (400, "unauthorized_client", "", &[]),
            (400, "unauthorized_client", "Client not allowed for direct access grants", &[]),
            (401, "unauthorized_client", "Client not enabled to retrieve service account", &[]),
            (401, "unauthorized_client", "Client is unauthorized to retrieve access tokens using this method", &[]),
            (401, "unauthorized_client", "Unauthorized", &[]),
            (400, "unauthorized_client", "AADSTS700016: Application was not found", &[700_016]),
            (400, "invalid_client", "AADSTS500112: The reply address does not match", &[500_112]),
            (401, "invalid_client", "AADSTS501051: Application is not assigned to a role", &[501_051]),
            (503, "invalid_client", "", &[]),
            (429, "invalid_client", "", &[]),
            (403, "access_denied", "", &[]),
            (400, "access_denied", "The user denied the request", &[]),
            (400, "invalid_scope", "", &[]),
            (400, "invalid_request", "The request is missing a parameter: code", &[]),
        ] {
            assert!(!fault(status, error, description, codes).refuses_client(), "{status} {error} {description}");
        }
    }
}
