//! A request that carries a bearer token (RFC 6750 §2.1), and its answer.

use oauth2::http::{Method, Request, header};
use secrecy::{ExposeSecret, SecretString};

use super::answer::{Answer, refusal};
use crate::failure::{Failure, FailureKind};
use crate::net::HttpClient;
use crate::profile::EndpointUrl;
use crate::text::Redactor;

/// A request before it is sent.
pub(super) struct Bearer<'a> {
    pub(super) http: &'a HttpClient,
    pub(super) token: &'a SecretString,
    pub(super) method: &'a Method,
    pub(super) url: &'a EndpointUrl,
    /// What is asked.
    pub(super) what: &'static str,
    /// Headers beside the usual ones.
    pub(super) headers: &'a [(&'static str, String)],
}

impl Bearer<'_> {
    /// Sends it, with `body` as JSON.
    pub(super) fn send(self, body: Option<&serde_json::Value>) -> Result<Answer, Failure> {
        let unwritable = |error: &dyn std::fmt::Display| {
            let (what, reason) = ("build the request to the directory".into(), Redactor::by_shape(&error.to_string()));
            Failure::new(FailureKind::Local { what, reason })
        };
        let Self { http, token, method, url, what, headers } = self;
        let bearer = zeroize::Zeroizing::new(format!("Bearer {}", token.expose_secret()));
        let mut bearer = header::HeaderValue::from_str(&bearer).map_err(|error| unwritable(&error))?;
        bearer.set_sensitive(true);
        let mut request = Request::builder()
            .method(method.clone())
            .uri(url.as_url().as_str())
            .header(header::ACCEPT, "application/json")
            .header(header::AUTHORIZATION, bearer);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
        let request = request.body(body).map_err(|error| unwritable(&error))?;
        let answer = http.send(url, request)?;
        if (200..300).contains(&answer.status) {
            return Ok(Answer { what, body: answer.body });
        }
        Err(refusal(&answer, what, http.transcript().redactor()))
    }
}
