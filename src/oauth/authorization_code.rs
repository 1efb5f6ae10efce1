//! The authorization request that the browser opens, and the answer that it brings back (RFC 6749 §4.1, RFC 7636,
//! OpenID Connect Core §3.1.2).

use std::borrow::Cow;

use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, RedirectUrl};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use url::{Url, form_urlencoded};

use super::discovery::Endpoints;
use super::identity;
use crate::failure::{Failure, FailureKind, OAuthFault};
use crate::profile::{Address, App, IdentityRule, RedirectUri, Scope};
use crate::transcript::Redactor;

/// One request for authorization: made for one sign-in, and void after it.
pub struct AuthorizationRequest {
    url: Url,
    redirect_uri: RedirectUri,
    state: SecretString,
    nonce: SecretString,
    verifier: SecretString,
    issuer: IdentityRule,
    issuer_in_response: bool,
}

/// What a valid answer to an [`AuthorizationRequest`] brought.
pub struct Callback {
    /// The authorization code. It is good once, and for minutes.
    pub code: SecretString,
}

/// How an answer's query reads.
pub(super) enum Answer {
    /// It is not for us: no state, or another one, or not what an authorization server sends. The wait goes on.
    Stray(Stray),
    /// It is the one that was waited for, and it decides.
    Ours(Result<Callback, Failure>),
}

/// Why an answer is not for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stray {
    /// No `state` or several.
    NoState,
    /// Another `state`.
    OtherState,
    /// The right `state`, but not exactly one of `code` and `error`.
    Malformed,
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

    /// The address that the browser opens. It holds the state: show it to the user, and serve it to nobody.
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

    /// Reads the address that the user has copied out of the browser: the whole redirect address, or its query alone.
    ///
    /// # Errors
    /// [`FailureKind::ProtocolViolation`] if it does not answer this request, [`FailureKind::OAuth`] if it brings an
    /// error.
    pub fn parse_pasted(&self, text: &str, redactor: &Redactor) -> Result<Callback, Failure> {
        // Terminals wrap long lines, and the wraps come along with the copy.
        let text: String = text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
        let text = text.trim_matches(|c| matches!(c, '"' | '\'' | '<' | '>'));
        let violation = |what: &str| Err(FailureKind::ProtocolViolation { what: what.to_owned() }.into());
        let query = if text.contains("://") {
            let Ok(url) = Url::parse(text) else { return violation("what was pasted is no address") };
            let ours = self.redirect_uri.as_url();
            if url.origin() != ours.origin() || url.path() != ours.path() {
                return violation("the pasted address is not the redirect address of this sign-in");
            }
            url.query().unwrap_or_default().to_owned()
        } else {
            text.trim_start_matches('?').to_owned()
        };
        match self.read_query(&query, redactor) {
            Answer::Ours(result) => result,
            Answer::Stray(Stray::NoState) => violation("the pasted address has no state, or several"),
            Answer::Stray(Stray::OtherState) => violation("the pasted address belongs to another sign-in"),
            Answer::Stray(Stray::Malformed) => violation("the pasted address holds neither a code nor an error"),
        }
    }

    /// Reads a query string. The state is compared, in constant time, before anything else in it is looked at.
    pub(super) fn read_query(&self, query: &str, redactor: &Redactor) -> Answer {
        let pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = form_urlencoded::parse(query.as_bytes()).collect();
        let all = |wanted: &str| pairs.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value).collect();
        let states: Vec<&Cow<'_, str>> = all("state");
        let [state] = states.as_slice() else { return Answer::Stray(Stray::NoState) };
        if !bool::from(state.as_bytes().ct_eq(self.state.expose_secret().as_bytes())) {
            return Answer::Stray(Stray::OtherState);
        }
        let (codes, errors, issuers): (Vec<_>, Vec<_>, Vec<_>) = (all("code"), all("error"), all("iss"));
        if let Err(failure) = self.check_issuer(&issuers) {
            return Answer::Ours(Err(failure));
        }
        match (codes.as_slice(), errors.as_slice()) {
            ([code], []) if !code.is_empty() => {
                let code = SecretString::from(code.to_string());
                redactor.learn(&code);
                Answer::Ours(Ok(Callback { code }))
            }
            ([], [error]) if !error.is_empty() => {
                let description = all("error_description").first().map(|text| clean(redactor, text));
                let codes = description.as_deref().map(super::token_answer::aadsts).unwrap_or_default();
                Answer::Ours(Err(FailureKind::OAuth(OAuthFault {
                    error: clean(redactor, error),
                    suberror: all("error_subcode").first().map(|text| clean(redactor, text)),
                    description,
                    codes,
                    ..OAuthFault::default()
                })
                .into()))
            }
            _ => Answer::Stray(Stray::Malformed),
        }
    }

    /// RFC 9207 §2.4: the issuer must be the one that was asked, and must be named where it has announced to do so.
    fn check_issuer(&self, issuers: &[&Cow<'_, str>]) -> Result<(), Failure> {
        let what = match issuers {
            [] if !self.issuer_in_response => return Ok(()),
            [] => "the answer does not name its issuer, though the provider has announced that it does".to_owned(),
            [issuer] if identity::fits_rule(issuer, &self.issuer) => return Ok(()),
            [issuer] => format!("the answer comes from another issuer: {}", identity::plain(issuer, 200)),
            _ => "the answer names several issuers".to_owned(),
        };
        Err(FailureKind::ProtocolViolation { what }.into())
    }
}

fn clean(redactor: &Redactor, text: &str) -> String {
    redactor.clean(&text.chars().take(2000).collect::<String>())
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

/// The `prompt` of the profile, and `select_account` beside it on a first sign-in. `none` and `login` stand alone:
/// with the first no page is shown at all, and the second asks for the account anyway.
fn prompt(app: &App, first_sign_in: bool) -> Option<String> {
    let own = app.authorize_params.iter().rfind(|(name, _)| name == "prompt").map(|(_, value)| value.as_str());
    let mut words: Vec<&str> = own.unwrap_or_default().split_ascii_whitespace().collect();
    let alone = words.iter().any(|word| matches!(*word, "none" | "login" | "create" | "select_account"));
    // Microsoft takes one word only.
    if first_sign_in && !alone && (words.is_empty() || !app.provider.is_microsoft()) {
        words.push("select_account");
    }
    if words.is_empty() { None } else { Some(words.join(" ")) }
}
