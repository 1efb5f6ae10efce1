//! The authorization request that the browser opens (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1).

use std::borrow::Cow;

use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, RedirectUrl};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::discovery::Endpoints;
use crate::profile::provider::SelectAccount;
use crate::profile::{Address, App, IdentityRule, RedirectUri, Scope};

/// One request for authorization: made for one sign-in, and void after it.
pub struct AuthorizationRequest {
    url: Url,
    redirect_uri: RedirectUri,
    pub(super) state: SecretString,
    nonce: SecretString,
    verifier: SecretString,
    pub(super) issuer: IdentityRule,
    pub(super) issuer_in_response: bool,
}

impl AuthorizationRequest {
    /// Makes a request of `app` for `scopes`, with a new state (256 bits), nonce and PKCE verifier. `redirect` is the
    /// address that really listens, port included. On a first sign-in the provider is asked to let the user choose the
    /// account, because the browser's current one is often an administrator's.
    #[must_use]
    pub fn begin(
        app: &App,
        endpoints: &Endpoints,
        redirect: &RedirectUri,
        scopes: &[Scope],
        login_hint: &Address,
        first_sign_in: bool,
    ) -> Self {
        let secret = |bytes| SecretString::from(CsrfToken::new_random_len(bytes).into_secret());
        let (state, nonce) = (secret(32), secret(32));
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let redirect_url =
            RedirectUrl::new(redirect.to_string()).unwrap_or_else(|_| RedirectUrl::from_url(redirect.as_url().clone()));
        let client = oauth2::basic::BasicClient::new(ClientId::new(app.client_id.to_string()))
            .set_auth_uri(AuthUrl::from_url(endpoints.authorization.as_url().clone()));
        let state_text = state.expose_secret().to_owned();
        let mut request = client
            .authorize_url(|| CsrfToken::new(state_text))
            .set_pkce_challenge(challenge)
            .set_redirect_uri(Cow::Owned(redirect_url))
            .add_scopes(scopes.iter().map(|scope| oauth2::Scope::new(scope.to_string())))
            .add_extra_param("nonce", nonce.expose_secret().to_owned())
            .add_extra_param("login_hint", login_hint.as_str());
        if let Some(prompt) = prompt(app, first_sign_in) {
            request = request.add_extra_param("prompt", prompt);
        }
        for (name, value) in app.authorize_params.iter().filter(|(name, _)| !is_ours(name)) {
            request = request.add_extra_param(name.as_str(), value.as_str());
        }
        let (url, _) = request.url();
        Self {
            url,
            redirect_uri: redirect.clone(),
            state,
            nonce,
            verifier: SecretString::from(verifier.into_secret()),
            issuer: app.identity.clone(),
            issuer_in_response: endpoints.issuer_in_response,
        }
    }

    /// The address that the browser opens. It holds the state: show it to the user, and serve it to no other program.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Where the answer comes to.
    #[must_use]
    pub fn redirect_uri(&self) -> &RedirectUri {
        &self.redirect_uri
    }

    /// What the identity token must repeat (OpenID Connect Core §3.1.2.1).
    #[must_use]
    pub fn nonce(&self) -> &SecretString {
        &self.nonce
    }

    pub(super) fn verifier(&self) -> &SecretString {
        &self.verifier
    }
}

/// The parameters that a profile cannot set, because the sign-in's safety hangs on them; `prompt` is merged.
fn is_ours(name: &str) -> bool {
    const OURS: [&str; 11] = [
        "client_id",
        "code_challenge",
        "code_challenge_method",
        "login_hint",
        "nonce",
        "prompt",
        "redirect_uri",
        "response_mode",
        "response_type",
        "scope",
        "state",
    ];
    OURS.contains(&name)
}

/// The `prompt` of the profile, and `select_account` beside it on a first sign-in at a provider that knows it. `none` and `login` are sent alone:
/// with the first no page is shown at all, and the second asks for the account anyway.
fn prompt(app: &App, first_sign_in: bool) -> Option<String> {
    let own = app.authorize_params.iter().rfind(|(name, _)| name == "prompt").map(|(_, value)| value.as_str());
    let mut words: Vec<&str> = own.unwrap_or_default().split_ascii_whitespace().collect();
    let alone = words.iter().any(|word| matches!(*word, "none" | "login" | "create" | "select_account"));
    let fits = match app.provider.quirks.select_account {
        SelectAccount::Alone => words.is_empty(),
        SelectAccount::Beside => true,
        SelectAccount::Never => false,
    };
    if first_sign_in && !alone && fits {
        words.push("select_account");
    }
    if words.is_empty() { None } else { Some(words.join(" ")) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::oauth::testing;
    use crate::profile::Provider;

    fn begin(app: &App, first: bool, announced: bool) -> AuthorizationRequest {
        let mut endpoints = testing::endpoints("https://login.example/token".parse().unwrap());
        endpoints.issuer_in_response = announced;
        let scopes = ["openid".parse().unwrap(), "https://outlook.office.com/SMTP.Send".parse().unwrap()];
        let redirect = "http://localhost:4711".parse().unwrap();
        AuthorizationRequest::begin(app, &endpoints, &redirect, &scopes, &"shop@contoso.com".parse().unwrap(), first)
    }

    fn parameters(request: &AuthorizationRequest) -> BTreeMap<String, String> {
        let pairs: Vec<_> = request.url().query_pairs().into_owned().collect();
        let map: BTreeMap<_, _> = pairs.iter().cloned().collect();
        assert_eq!(map.len(), pairs.len(), "each parameter once (RFC 6749 §3.1): {pairs:?}");
        map
    }

    #[test]
    fn the_request_has_everything_once_and_the_challenge_fits_the_verifier() {
        let request = begin(&testing::microsoft("common"), true, false);
        let parameters = parameters(&request);
        let expected = [
            ("client_id", "11111111-2222-3333-4444-555555555555"),
            ("code_challenge_method", "S256"),
            ("login_hint", "shop@contoso.com"),
            ("prompt", "select_account"),
            ("redirect_uri", "http://localhost:4711"),
            ("response_type", "code"),
            ("scope", "openid https://outlook.office.com/SMTP.Send"),
        ];
        for (name, value) in expected {
            assert_eq!(parameters[name], value, "{name}");
        }
        let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(request.verifier().expose_secret().as_bytes()));
        assert_eq!(parameters["code_challenge"], digest);
        assert_eq!(parameters["nonce"], request.nonce().expose_secret());
        assert_eq!(BASE64_URL_SAFE_NO_PAD.decode(&parameters["state"]).unwrap().len(), 32);
        assert!(request.verifier().expose_secret().len() >= 43, "RFC 7636 §4.1");
        assert!(!request.url().as_str().contains(request.verifier().expose_secret()));
    }

    #[test]
    fn state_and_nonce_have_256_bits_and_no_two_of_a_thousand_requests_share_any() {
        const COUNT: u32 = 1_000;
        let app = testing::microsoft("common");
        let mut seen = std::collections::BTreeSet::new();
        let mut ones = BTreeMap::from([("state", [0_u32; 256]), ("nonce", [0; 256]), ("code_challenge", [0; 256])]);
        for _ in 0..COUNT {
            let request = begin(&app, true, false);
            let parameters = parameters(&request);
            assert_eq!(parameters["code_challenge_method"], "S256");
            let verifier = request.verifier().expose_secret();
            // RFC 7636 §4.1: 43 to 128 characters.
            assert!((43..=128).contains(&verifier.len()), "{}", verifier.len());
            assert_eq!(parameters["code_challenge"], BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)));
            assert!(seen.insert(verifier.to_owned()), "a verifier came twice");
            for (name, ones) in &mut ones {
                assert!(seen.insert(parameters[*name].clone()), "{name} came twice");
                let bytes = BASE64_URL_SAFE_NO_PAD.decode(&parameters[*name]).unwrap();
                assert_eq!(bytes.len(), 32, "{name}");
                for (bit, ones) in ones.iter_mut().enumerate() {
                    *ones += u32::from(bytes[bit / 8] >> (bit % 8) & 1);
                }
            }
        }
        for (name, ones) in ones {
            // Half of a thousand, give or take nine standard deviations.
            assert!(
                ones.iter().all(|ones| ones.abs_diff(COUNT / 2) < 145),
                "{name} has a bit that does not vary: {ones:?}"
            );
        }
    }

    #[test]
    fn the_prompt_of_the_profile_and_of_a_first_sign_in_are_merged() {
        let mut app = testing::oidc("https://id.example");
        let mut prompt_of = |provider, own: Option<&str>, first| {
            app.provider = provider;
            app.authorize_params = own.map(|own| ("prompt".to_owned(), own.to_owned())).into_iter().collect();
            parameters(&begin(&app, first, false)).get("prompt").cloned()
        };
        for (provider, own, first, expected) in [
            (Provider::MICROSOFT365, None, true, Some("select_account")),
            (Provider::MICROSOFT365, None, false, None),
            (Provider::GOOGLE, Some("consent"), true, Some("consent select_account")),
            (Provider::OIDC, None, true, None),
            (Provider::OIDC, Some("consent"), true, Some("consent")),
            (Provider::OIDC, Some("consent"), false, Some("consent")),
            (Provider::GOOGLE, Some("consent select_account"), true, Some("consent select_account")),
            (Provider::OIDC, Some("login"), true, Some("login")),
            (Provider::OIDC, Some("none"), true, Some("none")),
            (Provider::MICROSOFT365, Some("consent"), true, Some("consent")),
        ] {
            assert_eq!(prompt_of(provider, own, first).as_deref(), expected, "{provider:?} {own:?} {first}");
        }
    }

    #[test]
    fn a_profile_can_add_parameters_but_not_replace_the_ones_that_protect() {
        let mut app = testing::oidc("https://id.example");
        let names = ["access_type", "state", "redirect_uri", "code_challenge_method", "response_type", "client_id"];
        app.authorize_params = names.map(|name| (name.to_owned(), "mine".to_owned())).to_vec();
        let parameters = parameters(&begin(&app, false, false));
        let mine: Vec<_> = parameters.iter().filter(|(_, value)| *value == "mine").map(|(name, _)| name).collect();
        assert_eq!(mine, ["access_type"]);
    }
}
