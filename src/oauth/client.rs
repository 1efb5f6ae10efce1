//! The client at its token endpoint (RFC 6749 §3.2): one way to ask for tokens, whatever the grant.
//!
//! The oauth2 crate makes the authorization request. It does not make these: it cannot send an assertion, it refuses
//! valid answers over `"expires_in":"3599"`, drops status and Retry-After, and its parse error carries the raw body,
//! tokens included.

use super::client_credential::ClientCredential;
use super::form::Form;
use super::grant::Grant;
use super::token_endpoint::{TokenEndpoint, is_about_the_client};
use super::token_response::{self, TokenResponse};
use crate::clock::Clock;
use crate::failure::{Failure, FailureKind};
use crate::net::{HttpClient, HttpResponse};
use crate::profile::{App, ClientAuthentication, EndpointUrl};
use crate::transcript::Speaker;

/// An app, what it authenticates with, and the endpoint that it asks.
#[derive(Clone, Copy)]
pub struct Client<'a> {
    /// The way to the endpoint.
    pub http: &'a HttpClient,
    /// The time of day, for assertions.
    pub clock: Clock,
    /// The app.
    pub app: &'a App,
    /// The token endpoint.
    pub endpoint: &'a TokenEndpoint,
    /// What the app authenticates with.
    pub credential: &'a ClientCredential,
}

impl Client<'_> {
    /// Trades `grant` for tokens. It is sent once, whatever comes back (SECURITY.md T3); only a server that says that it
    /// has not looked at it, because it did not accept the client, gets it again with the secret sent another way.
    ///
    /// # Errors
    /// [`FailureKind::OAuth`] if the endpoint says no, [`FailureKind::NotOAuth`] if it says something else entirely, and
    /// what [`HttpClient::send`] and the credential report.
    pub fn token(&self, grant: &dyn Grant) -> Result<TokenResponse, Failure> {
        self.ask(grant).0
    }

    /// The same, and the way of sending the secret that was used last.
    pub(super) fn ask(&self, grant: &dyn Grant) -> (Result<TokenResponse, Failure>, ClientAuthentication) {
        self.in_turn(|way| {
            let answer = self.post(&self.endpoint.url, way, |form| grant.parameters(form))?;
            let answer = token_response::read(&self.http.transcript().at(self.endpoint.url.host()), answer)?;
            Ok(TokenResponse { client_authentication: way, ..answer })
        })
    }

    /// Sends a form to `url`: what `fill` appends, and the client's authentication.
    pub(super) fn post(
        &self,
        url: &EndpointUrl,
        way: ClientAuthentication,
        fill: impl FnOnce(&mut Form<'_>),
    ) -> Result<HttpResponse, Failure> {
        let redactor = self.http.transcript().redactor();
        let mut form = Form::new(redactor);
        fill(&mut form);
        let (client_id, audience) = (&self.app.client_id, &self.endpoint.url);
        let header = self.credential.apply(way, &mut form, client_id, redactor, audience, self.clock.now())?;
        form.send(self.http, url, header)
    }

    /// Calls `ask` with the way of sending the secret that the profile or the endpoint wants. Where that is refused for
    /// the client's credentials, it asks again in the other ways, as long as they make another request. The answer, or
    /// the first refusal where the other ways are refused for the same, comes with the way that was used last.
    ///
    /// A further request costs nothing: a server authenticates the client before it looks at the code or the refresh
    /// token (RFC 6749 §4.1.3, §6), so a refused client has spent neither.
    pub(super) fn in_turn<T>(
        &self,
        mut ask: impl FnMut(ClientAuthentication) -> Result<T, Failure>,
    ) -> (Result<T, Failure>, ClientAuthentication) {
        let mut ask = |way| ask(way).map_err(|failure| failure.proven_with(self.credential.federated()));
        let first = self.app.client_authentication.unwrap_or(self.endpoint.client_authentication);
        let refusal = match ask(first) {
            Err(failure) if self.app.client_authentication.is_none() && is_about_the_client(&failure, first) => failure,
            result => return (result, first),
        };
        let mut last = first;
        let differs = |way: &ClientAuthentication| self.credential.differs(&self.app.client_id, first, *way);
        for way in self.endpoint.fallbacks.iter().copied().filter(differs) {
            let text = format!("the client was refused; once more with the secret sent another way ({})", way.key());
            let transcript = self.http.transcript().at(self.endpoint.url.host());
            transcript.line("HTTP", Speaker::Remark, &text);
            last = way;
            match ask(way) {
                Ok(answer) => return (Ok(answer), way),
                Err(failure) if is_about_the_client(&failure, way) => {}
                // The client was accepted this way, and something else is wrong.
                Err(failure) if matches!(failure.kind, FailureKind::OAuth(_)) => return (Err(failure), way),
                Err(_) => break,
            }
        }
        (Err(refusal), last)
    }
}

#[cfg(test)]
mod tests;
