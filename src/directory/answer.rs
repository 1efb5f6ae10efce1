//! What a directory answers: JSON, or a refusal with Graph's error code.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::failure::{Failure, FailureKind, Rejection, ReplyCode};
use crate::net::HttpResponse;
use crate::text::{Redactor, Shown};

/// The body of an answer with a status of success.
pub(super) struct Answer {
    /// What was asked.
    pub(super) what: &'static str,
    /// The body; it may hold a secret.
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl Answer {
    /// The body as JSON. The parser's words stay out: they could quote it.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let body = self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body);
        serde_json::from_slice(body).map_err(|error| {
            let at =
                shown!("the directory's answer to {} (line {}, column {})", self.what, error.line(), error.column());
            FailureKind::Unreadable { what: at }.into()
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorFile {
    error: ErrorObject,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorObject {
    code: Option<String>,
    message: Option<String>,
}

/// The failure that an answer with another status than success is.
pub(super) fn refusal(answer: &HttpResponse, what: &'static str, redactor: &Redactor) -> Failure {
    // A proxy or a portal answers without Graph's object; its status says enough.
    let ErrorFile { error } = serde_json::from_slice(&answer.body).unwrap_or_default();
    let cut = |text: &String| text.chars().take(2000).collect::<String>();
    let code = error.code.as_ref().map(|code| redactor.clean_code(&cut(code)));
    let message = error.message.as_ref().map(|message| redactor.clean_of_tokens(&cut(message)));
    let mut said = shown!("HTTP {}", answer.status);
    for part in [&code, &message].into_iter().flatten() {
        said = shown!("{}: {}", said, part);
    }
    if let Some(id) = &answer.request_id {
        said = shown!("{} (request-id {})", said, redactor.clean(id));
    }
    let kind = FailureKind::Rejected(Rejection {
        command: what.into(),
        code: Some(ReplyCode::Http(answer.status)),
        detail_code: code,
        retry_after: answer.retry_after,
        ..Rejection::default()
    });
    Failure::new(kind).said(said)
}

/// A text of the directory for people.
pub(super) fn shown(text: Option<String>) -> Option<Shown> {
    text.filter(|text| !text.is_empty()).map(|text| Redactor::by_shape(&text).cut(120))
}
