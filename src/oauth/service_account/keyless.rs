//! A service account without a key: the token of another issuer is traded for one of Google's (workload identity
//! federation), and with that Google is asked to sign for the account (IAM `signJwt`).

use oauth2::http::{HeaderValue, Request, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::file::ExternalAccount;
use super::statement::{Delegation, ServiceAccount};
use crate::failure::{Failure, FailureKind};
use crate::net::{HttpClient, HttpResponse};
use crate::oauth::error_response::{self, foreign};
use crate::oauth::form::Form;
use crate::oauth::grant::{Grant as _, TokenExchange};
use crate::oauth::token_response;
use crate::oauth::token_text::Token;
use crate::profile::{EndpointUrl, Invalid, Scope};
use crate::text::Redactor;

/// What the traded token must be good for, so that IAM takes it.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// An account that Google signs for.
pub(super) struct Keyless {
    /// What is traded, and for whom.
    pub(super) external: Box<ExternalAccount>,
    /// Google's token exchange.
    pub(super) exchange: EndpointUrl,
    /// Google's service that signs, without the path.
    pub(super) signer: EndpointUrl,
}

impl ServiceAccount for Keyless {
    fn assertion(&self, delegation: &Delegation<'_>, http: &HttpClient) -> Result<SecretString, Failure> {
        let subject = self.external.subject.token(http, &self.exchange, delegation.now)?;
        let access = self.traded(&subject, http)?;
        self.signed(&access, delegation, http)
    }
}

impl Keyless {
    /// Google's token for the other issuer's (RFC 8693 §2).
    fn traded(&self, subject: &SecretString, http: &HttpClient) -> Result<SecretString, Failure> {
        let scopes: Vec<Scope> = SCOPE.parse().into_iter().collect();
        let exchange = TokenExchange {
            subject_token: subject,
            subject_token_type: &self.external.token_type,
            audience: &self.external.audience,
            scopes: &scopes,
        };
        let mut form = Form::new(http.transcript().redactor());
        exchange.parameters(&mut form);
        let answer = form.send(http, &self.exchange, None)?;
        Ok(token_response::read(&http.transcript().at(self.exchange.host()), answer)?.access_token)
    }

    /// What Google signs for the account.
    fn signed(
        &self,
        access: &SecretString,
        delegation: &Delegation<'_>,
        http: &HttpClient,
    ) -> Result<SecretString, Failure> {
        let url = self.sign_url()?;
        let bearer = Zeroizing::new(format!("Bearer {}", access.expose_secret()));
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|error| unbuilt(&error))?;
        bearer.set_sensitive(true);
        let body = json!({ "payload": delegation.claims(&self.external.account).to_string() });
        let request = Request::post(url.as_url().as_str())
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::AUTHORIZATION, bearer)
            .body(body.to_string().into_bytes())
            .map_err(|error| unbuilt(&error))?;
        read_signed(http, &url, http.send(&url, request)?)
    }

    fn sign_url(&self) -> Result<EndpointUrl, Failure> {
        let mut url = self.signer.as_url().clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            let account = format!("{}:signJwt", self.external.account.as_str());
            segments.pop_if_empty().extend(["v1", "projects", "-", "serviceAccounts", &account]);
        }
        url.as_str().parse().map_err(|invalid: Invalid| {
            let (url, reason) = (Redactor::by_shape(url.as_str()), Redactor::by_shape(&invalid.problem));
            FailureKind::UnsafeUrl { url, reason }.into()
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Signed {
    signed_jwt: Token,
}

/// Reads what IAM answers: the signed statement, or an error as Google's services write it.
fn read_signed(http: &HttpClient, url: &EndpointUrl, answer: HttpResponse) -> Result<SecretString, Failure> {
    let transcript = http.transcript().at(url.host());
    let (fields, refusal) = error_response::parse::<Signed>(&transcript, &answer)?;
    if let Token::Text(signed) = &fields.signed_jwt {
        transcript.redactor().learn(signed);
    }
    refusal.note(&transcript);
    refusal.check(&transcript, &answer)?;
    match fields.signed_jwt {
        Token::Text(signed) if (200..300).contains(&answer.status) => Ok(signed),
        Token::Text(_) | Token::Absent => Err(foreign(&transcript, &answer, "JSON without a signed statement".into())),
    }
}

fn unbuilt(error: &dyn std::fmt::Display) -> Failure {
    let (what, reason) = ("build the request for a signature".into(), Redactor::by_shape(&error.to_string()));
    FailureKind::Local { what, reason }.into()
}
