//! The body of a token request: a form (RFC 6749 appendix B) that is wiped after use.

use oauth2::http::{HeaderValue, Request, header};
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use crate::failure::{Failure, FailureKind};
use crate::net::{HttpClient, HttpResponse};
use crate::profile::{EndpointUrl, Scope};
use crate::text::Redactor;

/// Room for what most requests hold; two long Microsoft tokens.
const USUAL_LENGTH: usize = 8 * 1024;

/// The parameters of a request in the order in which they were appended.
pub struct Form<'a> {
    body: Zeroizing<String>,
    redactor: &'a Redactor,
}

impl<'a> Form<'a> {
    /// An empty form. The redactor learns each secret that is appended.
    pub(super) fn new(redactor: &'a Redactor) -> Self {
        Self { body: Zeroizing::new(String::with_capacity(USUAL_LENGTH)), redactor }
    }

    /// Appends a parameter that may be shown.
    pub fn append(&mut self, name: &str, value: &str) {
        self.make_room(name, value);
        if !self.body.is_empty() {
            self.body.push('&');
        }
        byte_serialize(name.as_bytes()).for_each(|part| self.body.push_str(part));
        self.body.push('=');
        byte_serialize(value.as_bytes()).for_each(|part| self.body.push_str(part));
    }

    /// Appends a secret.
    pub fn append_secret(&mut self, name: &str, value: &SecretString) {
        self.redactor.learn(value);
        self.append(name, value.expose_secret());
    }

    /// Appends `scope` (RFC 6749 §3.3); nothing where there is none.
    pub fn append_scopes(&mut self, scopes: &[Scope]) {
        if !scopes.is_empty() {
            self.append("scope", &scopes.iter().map(Scope::as_str).collect::<Vec<_>>().join(" "));
        }
    }

    /// Sends it to `url`, with `authorization` where that has a value.
    ///
    /// # Errors
    /// What [`HttpClient::send`] reports; an answer of any status is `Ok`.
    pub(super) fn send(
        self,
        http: &HttpClient,
        url: &EndpointUrl,
        authorization: Option<HeaderValue>,
    ) -> Result<HttpResponse, Failure> {
        let mut request = Request::post(url.as_url().as_str())
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        let request = request.body(self.into_bytes()).map_err(|error| {
            let (what, reason) = ("build the token request".into(), Redactor::by_shape(&error.to_string()));
            Failure::new(FailureKind::Local { what, reason })
        })?;
        http.send(url, request)
    }

    /// The encoded form. The caller wipes it.
    fn into_bytes(mut self) -> Vec<u8> {
        std::mem::take(&mut *self.body).into_bytes()
    }

    /// Grows before the parameter is appended, so that the old buffer is wiped and not just freed.
    fn make_room(&mut self, name: &str, value: &str) {
        let needed = self.body.len() + 3 * (name.len() + value.len()) + 2;
        if needed > self.body.capacity() {
            let mut larger = Zeroizing::new(String::with_capacity(needed.max(2 * self.body.capacity())));
            larger.push_str(&self.body);
            self.body = larger;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_encoded_and_a_long_one_fits() {
        let redactor = Redactor::default();
        let mut form = Form::new(&redactor);
        form.append("grant_type", "urn:x:y");
        form.append_secret("client_secret", &SecretString::from("a:b %+ü"));
        form.append_scopes(&["a".parse().unwrap(), "b".parse().unwrap()]);
        form.append_scopes(&[]);
        let long = "%".repeat(30_000);
        form.append("x", &long);
        let body = form.into_bytes();
        let read: Vec<_> = url::form_urlencoded::parse(&body).into_owned().collect();
        let expected = [("grant_type", "urn:x:y"), ("client_secret", "a:b %+ü"), ("scope", "a b"), ("x", &long)];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert!(redactor.finds_known("it was a:b %+ü"));
    }
}
