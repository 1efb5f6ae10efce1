//! OAuth errors the way each dialect words them. Entra's numbers and texts come from Microsoft's documents and users'
//! reports; they have not been seen on the wire by us.

use jiff::Timestamp;
use serde_json::json;

use crate::http::{Response, escape_html};
use crate::world::{Dialect, new_guid, now};

/// An OAuth error (RFC 6749 §4.1.2.1, §5.2) with Microsoft's number for it.
#[derive(Debug, Clone)]
pub struct OAuthError {
    pub status: u16,
    pub error: &'static str,
    /// The number after AADSTS.
    pub number: u32,
    pub text: String,
    /// Microsoft's hint at what would help.
    pub suberror: Option<&'static str>,
    /// How many seconds to wait (RFC 9110 §10.2.3).
    pub retry_after: Option<u32>,
}

impl OAuthError {
    pub fn new(error: &'static str, number: u32, text: impl Into<String>) -> Self {
        let status = if error == "invalid_client" { 401 } else { 400 };
        Self { status, error, number, text: text.into(), suberror: None, retry_after: None }
    }

    /// The body of a token endpoint's refusal.
    pub fn body(&self, dialect: Dialect) -> Response {
        let mut value = match dialect {
            Dialect::Oidc => json!({"error": self.error, "error_description": self.text}),
            Dialect::Entra => {
                let (trace, correlation, time) = (new_guid(), new_guid(), entra_time(now()));
                json!({
                    "error": self.error,
                    "error_description": format!(
                        "AADSTS{}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}",
                        self.number, self.text
                    ),
                    "error_codes": [self.number],
                    "timestamp": time,
                    "trace_id": trace,
                    "correlation_id": correlation,
                    "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.number),
                })
            }
        };
        if let Some(suberror) = self.suberror {
            value["suberror"] = json!(suberror);
        }
        let answer = Response::json(self.status, &value);
        match self.retry_after {
            Some(seconds) => answer.with("Retry-After", seconds.to_string()),
            None => answer,
        }
    }

    /// The text as `error_description` carries it through a redirect.
    pub fn description(&self, dialect: Dialect) -> String {
        match dialect {
            Dialect::Entra => format!("AADSTS{}: {}", self.number, self.text),
            Dialect::Oidc => self.text.clone(),
        }
    }

    /// A page for the person at the browser. An error about the client or its redirect URI must not be redirected
    /// (RFC 6749 §4.1.2.1).
    pub fn page(&self, dialect: Dialect) -> Response {
        let text = escape_html(&self.description(dialect));
        Response::html(
            400,
            format!("<!doctype html><title>Sign in</title><h1>Sorry, we can't sign you in</h1><p>{text}</p>"),
        )
    }
}

fn entra_time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}
