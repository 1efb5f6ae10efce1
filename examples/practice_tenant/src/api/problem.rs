//! How Graph, Exchange's admin API and Gmail's API word a refusal.

use serde_json::json;

use super::Service;
use crate::http::Response;
use crate::world::now;

/// A refusal.
#[derive(Debug, Clone)]
pub struct Problem {
    pub status: u16,
    /// Graph's and Exchange's `code`, Gmail's `reason`; none where there is no body.
    pub code: &'static str,
    pub message: String,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// A link that helps, where Gmail gives one.
    pub link: Option<&'static str>,
}

impl Problem {
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), headers: Vec::new(), link: None }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn response(self, service: Service, id: &str, client_id: &str) -> Response {
        if self.code.is_empty() {
            return Response::empty(self.status);
        }
        let body = match service {
            Service::Graph | Service::Exchange => json!({ "error": {
                "code": self.code,
                "message": self.message,
                "innerError": {
                    "date": now().strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                    "request-id": id,
                    "client-request-id": client_id,
                },
            }}),
            Service::Gmail => {
                let mut error = json!({
                    "code": self.status,
                    "message": self.message,
                    "errors": [{
                        "message": short_message(self.code).unwrap_or(&self.message),
                        "domain": domain(self.code),
                        "reason": self.code,
                    }],
                    "status": status_word(self.status, self.code),
                });
                if let Some(url) = self.link {
                    error["errors"][0]["extendedHelp"] = json!("https://console.developers.google.com");
                    error["details"] = json!([{
                        "@type": "type.googleapis.com/google.rpc.Help",
                        "links": [{ "description": "Google developers console API activation", "url": url }],
                    }]);
                }
                json!({ "error": error })
            }
        };
        self.headers
            .into_iter()
            .fold(Response::json(self.status, &body), |response, (name, value)| response.with(name, value))
    }
}

/// What Google says beside some reasons, where it is not the whole message.
fn short_message(reason: &str) -> Option<&'static str> {
    match reason {
        "authError" => Some("Invalid Credentials"),
        "insufficientPermissions" => Some("Insufficient Permission"),
        _ => None,
    }
}

/// What kind of reason it is.
fn domain(reason: &str) -> &'static str {
    match reason {
        "accessNotConfigured" | "rateLimitExceeded" | "userRateLimitExceeded" | "dailyLimitExceeded" => "usageLimits",
        _ => "global",
    }
}

/// Google's word beside a status (google.rpc.Code).
fn status_word(status: u16, reason: &str) -> &'static str {
    match status {
        400 if reason == "failedPrecondition" => "FAILED_PRECONDITION",
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        500.. => "INTERNAL",
        _ => "PERMISSION_DENIED",
    }
}

pub fn access_denied() -> Problem {
    Problem::new(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
}

pub fn no_user(name: &str) -> Problem {
    Problem::new(404, "ErrorInvalidUser", format!("The requested user '{name}' is invalid."))
}

pub fn bad_request(message: impl Into<String>) -> Problem {
    Problem::new(400, "BadRequest", message)
}
