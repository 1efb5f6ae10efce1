//! The token endpoint: trading a code (RFC 6749 §4.1.3, RFC 7636 §4.5) or a refresh token (§6) for an access token.
//!
//! The oauth2 crate builds the requests. Its own reading of answers is not used: it refuses valid tokens over
//! `"expires_in":"3599"`, drops status and Retry-After, and its parse error carries the raw body, tokens included.

use std::cell::RefCell;
use std::fmt;

use oauth2::basic::BasicClient;
use oauth2::http::header::{AUTHORIZATION, HeaderValue};
use oauth2::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet, PkceCodeVerifier, RedirectUrl,
    RefreshToken, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroize;

use super::authorization_request::AuthorizationRequest;
use super::client_authentication::{self, TokenEndpoint};
use super::discovery::Endpoints;
use super::token_response::{self, TokenAnswer};
use crate::failure::{Failure, FailureKind};
use crate::net::{HttpClient, HttpResponse};
use crate::profile::{App, ClientAuth, Scope};

/// Trades `code`, which `request` brought, for tokens. The code is sent once, whatever comes back (SECURITY.md T3); only a
/// server that says that it has not looked at it, because it did not accept the client, gets it again with the secret
/// sent another way.
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
    http.transcript().redactor().learn(request.verifier());
    let redirect = RedirectUrl::new(request.redirect_uri().to_string()).map_err(|error| FailureKind::Local {
        what: "write the redirect URI into the token request".to_owned(),
        reason: error.to_string(),
    })?;
    let endpoint = &endpoints.token;
    let answer = client_authentication::in_turn(http.transcript(), app, endpoint, secret, |way| {
        let client = client(http, app, endpoint, way, secret).set_redirect_uri(redirect.clone());
        let answer = Slot::default();
        let exchange = client
            .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(request.verifier().expose_secret().to_owned()));
        let _ = exchange.request(&|request| answer.fill(http, endpoint, proved(request, app, way, secret)));
        token_response::read(http.transcript(), answer.take()?)
    });
    answer.map(|(answer, client_auth)| TokenAnswer { client_auth, ..answer })
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
    let answer = client_authentication::in_turn(http.transcript(), app, endpoint, secret, |way| {
        let client = client(http, app, endpoint, way, secret);
        let answer = Slot::default();
        let token = RefreshToken::new(refresh_token.expose_secret().to_owned());
        let scopes = scopes.iter().map(|scope| oauth2::Scope::new(scope.to_string()));
        let refresh = client.exchange_refresh_token(&token).add_scopes(scopes);
        let _ = refresh.request(&|request| answer.fill(http, endpoint, proved(request, app, way, secret)));
        // The crate does not wipe it (SECURITY.md K3).
        token.into_secret().zeroize();
        token_response::read(http.transcript(), answer.take()?)
    });
    answer.map(|(answer, client_auth)| TokenAnswer { client_auth, ..answer })
}

type TokenClient = BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

fn client(
    http: &HttpClient,
    app: &App,
    endpoint: &TokenEndpoint,
    way: ClientAuth,
    secret: Option<&SecretString>,
) -> TokenClient {
    let client = BasicClient::new(ClientId::new(app.client_id.to_string()))
        .set_token_uri(TokenUrl::from_url(endpoint.url.as_url().clone()))
        .set_auth_type(match way {
            ClientAuth::Body => AuthType::RequestBody,
            ClientAuth::Basic | ClientAuth::BasicRaw => AuthType::BasicAuth,
        });
    match secret {
        Some(secret) => {
            http.transcript().redactor().learn(secret);
            client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
        }
        None => client,
    }
}

/// The crate's request with the header that `way` wants: the crate knows only the encoded one.
fn proved(
    mut request: oauth2::HttpRequest,
    app: &App,
    way: ClientAuth,
    secret: Option<&SecretString>,
) -> oauth2::HttpRequest {
    if let (ClientAuth::BasicRaw, Some(secret)) = (way, secret)
        && let Ok(value) = HeaderValue::from_str(&client_authentication::basic(way, app.client_id.as_str(), secret))
    {
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    request
}

/// Catches the answer on its way to the crate, which is told that there is none.
#[derive(Default)]
struct Slot(RefCell<Option<Result<HttpResponse, Failure>>>);

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

    fn take(self) -> Result<HttpResponse, Failure> {
        self.0.into_inner().unwrap_or_else(|| {
            Err(Failure::new(FailureKind::Local {
                what: "build the token request".to_owned(),
                reason: "the request is not valid HTTP".to_owned(),
            }))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;
    use crate::oauth::testing::{self, Server};
    use crate::profile::EndpointUrl;

    const TOKEN: &str = r#"{"access_token":"canary-access","refresh_token":"canary-refresh","expires_in":3599}"#;

    fn form(request: &str) -> Vec<(String, String)> {
        let body = request.split_once("\r\n\r\n").unwrap().1;
        let mut fields: Vec<_> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
        fields.sort();
        fields
    }

    fn value<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
        form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_code_is_sent_with_its_verifier_and_the_secret_in_the_body() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let server = Server::script(vec![Box::new(move |request, stream| {
            sender.send(request.to_owned()).unwrap();
            testing::reply("200 OK", "", TOKEN)(request, stream);
        })]);
        let app = testing::microsoft("common");
        let endpoints = testing::endpoints(server.url("/token"));
        let redirect = "http://localhost:1234".parse().unwrap();
        let hint = "shop@contoso.com".parse().unwrap();
        let request = AuthorizationRequest::begin(&app, &endpoints, &redirect, &[], &hint, true);
        let (http, shown) = testing::recorded_client();
        let secret = SecretString::from("canary-secret");
        let code = SecretString::from("canary-code");
        let token = exchange_code(&http, &app, &endpoints, &request, code, Some(&secret)).ok().unwrap();
        assert_eq!(token.access_token.expose_secret(), "canary-access");
        let raw = receiver.recv().unwrap();
        assert!(raw.starts_with("POST /token HTTP/1.1\r\n"), "{raw}");
        assert!(!raw.to_ascii_lowercase().contains("authorization:"));
        let form = form(&raw);
        assert_eq!(value(&form, "grant_type"), Some("authorization_code"));
        assert_eq!(value(&form, "code"), Some("canary-code"));
        assert_eq!(value(&form, "client_id"), Some(app.client_id.as_str()));
        assert_eq!(value(&form, "client_secret"), Some("canary-secret"));
        // Exactly as the authorization request had it, without the slash that a URL parser adds.
        assert_eq!(value(&form, "redirect_uri"), Some("http://localhost:1234"));
        assert_eq!(value(&form, "code_verifier"), Some(request.verifier().expose_secret()));
        let shown = shown.lock().unwrap();
        assert!(shown.contains("grant_type=authorization_code"), "{shown}");
        for secret in ["canary", request.verifier().expose_secret()] {
            assert!(!shown.contains(secret), "{shown}");
        }
        server.finish();
    }

    #[test]
    fn a_public_client_sends_no_secret_and_a_refresh_names_its_scopes() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let server = Server::script(vec![Box::new(move |request, stream| {
            sender.send(request.to_owned()).unwrap();
            testing::reply("200 OK", "", r#"{"access_token":"t"}"#)(request, stream);
        })]);
        let app = testing::oidc("https://id.example");
        let scopes = ["a".parse().unwrap(), "b".parse().unwrap()];
        let old = SecretString::from("canary-old");
        let endpoint = server.url("/token").into();
        let token = refresh(&testing::client(), &app, &endpoint, &old, &scopes, None).ok().unwrap();
        assert!(token.refresh_token.is_none());
        let form = form(&receiver.recv().unwrap());
        let expected = [
            ("client_id", "my-app"),
            ("grant_type", "refresh_token"),
            ("refresh_token", "canary-old"),
            ("scope", "a b"),
        ];
        assert_eq!(form, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        server.finish();
    }

    #[test]
    fn the_header_carries_the_secret_only_where_the_provider_takes_nothing_else() {
        let server = Server::script(vec![Box::new(|request, stream| {
            // RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
            assert!(request.contains("authorization: Basic bXktYXBwOmElM0FiKyUyNQ=="), "{request}");
            assert!(!request.contains("client_secret"), "{request}");
            testing::reply("200 OK", "", r#"{"access_token":"t"}"#)(request, stream);
        })]);
        let app = testing::oidc("https://id.example");
        let endpoint = TokenEndpoint::known(server.url("/token"), ClientAuth::Basic);
        let secret = SecretString::from("a:b %");
        let old = SecretString::from("r");
        refresh(&testing::client(), &app, &endpoint, &old, &[], Some(&secret)).ok().unwrap();
        server.finish();
    }

    /// Answers every request with the first `cut` bytes of an answer, and hangs up. Counts connections, and requests that
    /// hold the code.
    struct Cutter {
        url: EndpointUrl,
        cut: Arc<AtomicUsize>,
        connections: Arc<AtomicUsize>,
        codes: Arc<AtomicUsize>,
    }

    impl Cutter {
        fn start(answer: String) -> Self {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}/token", listener.local_addr().unwrap()).parse().unwrap();
            let counters: [Arc<AtomicUsize>; 3] = Default::default();
            let [cut, connections, codes] = counters.clone();
            // It ends with the test's process.
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    let mut stream = stream.unwrap();
                    connections.fetch_add(1, SeqCst);
                    let request = testing::read_request(&mut stream);
                    codes.fetch_add(usize::from(request.contains("code=canary-code")), SeqCst);
                    let _ = std::io::Write::write_all(&mut stream, &answer.as_bytes()[..cut.load(SeqCst)]);
                }
            });
            let [cut, connections, codes] = counters;
            Self { url, cut, connections, codes }
        }
    }

    #[test]
    fn a_code_is_sent_once_at_whatever_byte_the_answer_breaks_off() {
        let whole = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{TOKEN}", TOKEN.len());
        let server = Cutter::start(whole.clone());
        let app = testing::oidc("https://id.example");
        let endpoints = testing::endpoints(server.url.clone());
        let redirect = "http://127.0.0.1:1234/callback".parse().unwrap();
        let hint = "shop@contoso.com".parse().unwrap();
        for cut in 0..=whole.len() {
            server.cut.store(cut, SeqCst);
            let request = AuthorizationRequest::begin(&app, &endpoints, &redirect, &[], &hint, true);
            let code = SecretString::from("canary-code");
            let result = exchange_code(&testing::client(), &app, &endpoints, &request, code, None);
            match result.map_err(|failure| failure.kind) {
                Ok(_) => assert_eq!(cut, whole.len(), "half an answer is no token"),
                Err(FailureKind::ConnectionLost { .. } | FailureKind::Unreadable { .. }) => {
                    assert!(cut < whole.len());
                }
                Err(kind) => panic!("after {cut} bytes: {kind:?}"),
            }
            // Nobody would hear of a second request later: the exchange has ended.
            let counted = (server.connections.load(SeqCst), server.codes.load(SeqCst));
            assert_eq!(counted, (cut + 1, cut + 1), "after {cut} bytes");
        }
    }
}
