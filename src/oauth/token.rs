//! The token endpoint: trading a code (RFC 6749 §4.1.3, RFC 7636 §4.5) or a refresh token (§6) for an access token.
//!
//! The oauth2 crate builds the requests. Its own reading of answers is not used: it refuses valid tokens over
//! `"expires_in":"3599"`, drops status and Retry-After, and its parse error carries the raw body, tokens included.

use std::cell::RefCell;
use std::fmt;
use std::time::Duration;

use oauth2::basic::BasicClient;
use oauth2::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet, PkceCodeVerifier, RedirectUrl,
    RefreshToken, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};

use super::authorization_code::AuthorizationRequest;
use super::discovery::{ClientAuth, Endpoints, TokenEndpoint};
use super::http::{HttpAnswer, HttpClient};
use super::token_answer;
use crate::failure::{Failure, FailureKind};
use crate::profile::{App, Scope};

/// What a token endpoint gave us (RFC 6749 §5.1).
pub struct TokenAnswer {
    /// The access token, of printable ASCII characters.
    pub access_token: SecretString,
    /// The next refresh token; where there is none, the one that was used stays valid (RFC 6749 §6).
    pub refresh_token: Option<SecretString>,
    /// How long the access token lives from now, at most a day: what claims to live longer is asked for again.
    pub expires_in: Duration,
    /// The granted scopes, where the server named them.
    pub scopes: Option<Vec<String>>,
    /// The identity token (OpenID Connect Core §3.1.3.3).
    pub id_token: Option<SecretString>,
}

/// Trades `code`, which `request` brought, for tokens. The code is sent once, whatever comes back (security.md T3).
///
/// # Errors
/// [`FailureKind::OAuth`] if the endpoint says no, [`FailureKind::NotOAuth`] if it says something else entirely, and
/// what [`HttpClient::post_form`] reports.
pub fn exchange_code(
    http: &HttpClient,
    app: &App,
    endpoints: &Endpoints,
    request: &AuthorizationRequest,
    code: SecretString,
    secret: Option<&SecretString>,
) -> Result<TokenAnswer, Failure> {
    http.transcript().redactor().learn(&code);
    let client = client(http, app, &endpoints.token, secret);
    let redirect = RedirectUrl::new(request.redirect_uri().to_string()).map_err(|error| FailureKind::Local {
        what: "write the redirect URI into the token request".to_owned(),
        reason: error.to_string(),
    })?;
    let client = client.set_redirect_uri(redirect);
    let answer = Slot::default();
    let exchange = client
        .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(request.verifier().expose_secret().to_owned()));
    let _ = exchange.request(&|request| answer.fill(http, &endpoints.token, request));
    token_answer::read(http.transcript(), answer.take()?)
}

/// Asks for a new access token. `scopes` may name those of one resource only, where the grant holds several (Microsoft
/// gives each access token for one resource).
///
/// # Errors
/// As [`exchange_code`].
pub fn refresh(
    http: &HttpClient,
    app: &App,
    endpoint: &TokenEndpoint,
    refresh_token: &SecretString,
    scopes: &[Scope],
    secret: Option<&SecretString>,
) -> Result<TokenAnswer, Failure> {
    http.transcript().redactor().learn(refresh_token);
    let client = client(http, app, endpoint, secret);
    let answer = Slot::default();
    let token = RefreshToken::new(refresh_token.expose_secret().to_owned());
    let scopes = scopes.iter().map(|scope| oauth2::Scope::new(scope.to_string()));
    let refresh = client.exchange_refresh_token(&token).add_scopes(scopes);
    let _ = refresh.request(&|request| answer.fill(http, endpoint, request));
    token_answer::read(http.transcript(), answer.take()?)
}

type TokenClient = BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

fn client(http: &HttpClient, app: &App, endpoint: &TokenEndpoint, secret: Option<&SecretString>) -> TokenClient {
    let client = BasicClient::new(ClientId::new(app.client_id.to_string()))
        .set_token_uri(TokenUrl::from_url(endpoint.url.as_url().clone()))
        .set_auth_type(match endpoint.client_auth {
            ClientAuth::Body => AuthType::RequestBody,
            ClientAuth::Basic => AuthType::BasicAuth,
        });
    match secret {
        Some(secret) => {
            http.transcript().redactor().learn(secret);
            client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
        }
        None => client,
    }
}

/// Catches the answer on its way to the crate, which is told that there is none.
#[derive(Default)]
struct Slot(RefCell<Option<Result<HttpAnswer, Failure>>>);

#[derive(Debug)]
struct Caught;

impl fmt::Display for Caught {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer is read elsewhere")
    }
}

impl std::error::Error for Caught {}

impl Slot {
    fn fill(
        &self,
        http: &HttpClient,
        endpoint: &TokenEndpoint,
        request: oauth2::HttpRequest,
    ) -> Result<oauth2::HttpResponse, Caught> {
        let answer = http.post_form(&endpoint.url, request);
        self.0.replace(Some(answer));
        Err(Caught)
    }

    fn take(self) -> Result<HttpAnswer, Failure> {
        self.0.into_inner().unwrap_or_else(|| {
            Err(Failure::new(FailureKind::Local {
                what: "build the token request".to_owned(),
                reason: "the request is not valid HTTP".to_owned(),
            }))
        })
    }
}
