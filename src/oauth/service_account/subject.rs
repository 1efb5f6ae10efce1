//! The token of another issuer, which is traded at Google (AIP-4117): in a file, at a web address, or where the app's
//! federated tokens come from.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use oauth2::http::uri::InvalidUri;
use oauth2::http::{HeaderMap, Request, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::failure::{CredentialFault, Failure};
use crate::finding_code::FindingCode;
use crate::jwt::TOKEN_LIMIT;
use crate::net::HttpClient;
use crate::oauth::assertion::Assertion;
use crate::profile::EndpointUrl;
use crate::text::{Redactor, Shown};

/// A longer value of a file is cut where it is shown.
pub(super) const SHOWN: usize = 200;

/// Where the token comes from.
pub(super) enum Subject {
    /// Where Google's file says.
    Stated(Source),
    /// Where the app's federated tokens come from.
    Federated(Arc<dyn Assertion>),
}

impl Subject {
    /// The token as it is now, for the token exchange at `audience`.
    ///
    /// # Errors
    /// If there is none to be had.
    pub(super) fn token(
        &self,
        http: &HttpClient,
        audience: &EndpointUrl,
        now: Timestamp,
    ) -> Result<SecretString, Failure> {
        match self {
            Self::Stated(source) => source.token(http),
            Self::Federated(assertion) => assertion.sign(audience, now),
        }
    }
}

/// `credential_source` of Google's file.
#[derive(Debug, PartialEq)]
pub(super) struct Source {
    /// Where.
    pub(super) place: Place,
    /// The field of a JSON object that holds the token; none where the text is the token.
    pub(super) field: Option<String>,
}

/// Where a token is.
#[derive(Debug, PartialEq)]
pub(super) enum Place {
    /// In a file, which its issuer replaces in time.
    File(PathBuf),
    /// At an address, which wants these headers. They may hold a token too.
    Web(EndpointUrl, HeaderMap),
}

impl Source {
    /// The token as it is now.
    ///
    /// # Errors
    /// If there is none to be had.
    fn token(&self, http: &HttpClient) -> Result<SecretString, Failure> {
        let (text, place) = match &self.place {
            Place::File(path) => (from_file(path)?, Shown::of(path)),
            Place::Web(url, headers) => (from_web(url, headers, http)?, Shown::of(url)),
        };
        let token = self.token_in(&text, &place)?;
        http.transcript().redactor().learn(&token);
        Ok(token)
    }

    /// The token in the bytes that `place` holds.
    fn token_in(&self, bytes: &[u8], place: &Shown) -> Result<SecretString, Failure> {
        let none = |case| Err(absent(case, place.clone()).into());
        let Ok(text) = std::str::from_utf8(bytes) else { return none("no-token") };
        let token = match &self.field {
            None => SecretString::from(text.trim()),
            Some(field) => match serde_json::from_str::<Value>(text) {
                Ok(value) => match value.get(field).and_then(Value::as_str) {
                    Some(token) => SecretString::from(token.trim()),
                    None => {
                        let field = Redactor::by_shape(field).cut(SHOWN);
                        return Err(absent("no-field", place.clone()).with("field", field).into());
                    }
                },
                Err(_) => return none("not-json"),
            },
        };
        let letters = token.expose_secret();
        let is_token =
            !letters.is_empty() && letters.len() <= TOKEN_LIMIT && letters.bytes().all(|b| b.is_ascii_graphic());
        if is_token { Ok(token) } else { none("no-token") }
    }
}

/// The whole file; it is read again for each token, because its issuer replaces it.
fn from_file(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    match whole(path) {
        Ok(bytes) if bytes.len() > TOKEN_LIMIT => Err(absent("too-large", Shown::of(path)).into()),
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(absent("no-file", Shown::of(path)).into()),
        Err(error) => Err(absent("unreadable", Shown::of(path)).with("reason", &error).into()),
    }
}

/// A file, up to one byte more than any token has.
pub(super) fn whole(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(TOKEN_LIMIT + 1));
    File::open(path)?.take(TOKEN_LIMIT as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn from_web(url: &EndpointUrl, headers: &HeaderMap, http: &HttpClient) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut request = Request::new(Vec::new());
    *request.uri_mut() = url.as_url().as_str().parse().map_err(|error: InvalidUri| {
        absent("unreadable", Shown::of(url)).with("reason", Redactor::by_shape(&error.to_string()))
    })?;
    *request.headers_mut() = headers.clone();
    if let Some(value) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) {
        http.transcript().redactor().learn(&SecretString::from(value));
    }
    let answer = http.send(url, request)?;
    if (200..300).contains(&answer.status) {
        return Ok(answer.body);
    }
    Err(absent("refused", Shown::of(url)).with("status", answer.status).into())
}

/// What `place` holds, which is not a token.
fn absent(case: &'static str, place: Shown) -> CredentialFault {
    CredentialFault::new(FindingCode::SERVICE_ACCOUNT_SUBJECT_TOKEN).case(case).with("place", place)
}
