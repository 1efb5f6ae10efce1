//! What Gmail's API refuses.

use super::ApiCall::{Any, Send};
use super::Wording::Reported;
use super::graph::after;
use super::{ApiCall, ApiRefusal, Fault, Row};
use crate::api::Service;

const fn gmail(at: ApiCall, status: u16, reason: &'static str, message: &'static str) -> Fault {
    gmail_with_link(at, status, reason, message, None)
}

const fn gmail_with_link(
    at: ApiCall,
    status: u16,
    code: &'static str,
    message: &'static str,
    link: Option<&'static str>,
) -> Fault {
    Fault::Api(ApiRefusal { service: Service::Gmail, at, status, code, message, retry_after: None, link })
}

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "gmail-api-off",
        meaning: "the Gmail API is not switched on in the Google project",
        finding: "google-api-not-enabled",
        wording: Reported,
        fault: gmail_with_link(
            Any,
            403,
            "accessNotConfigured",
            "Gmail API has not been used in project 4711 before or it is disabled. Enable it by visiting \
             https://console.developers.google.com/apis/api/gmail.googleapis.com/overview?project=4711 then retry. If you \
             enabled this API recently, wait a few minutes for the action to propagate to our systems and retry.",
            Some("https://console.developers.google.com/apis/api/gmail.googleapis.com/overview?project=4711"),
        ),
    },
    Row {
        name: "gmail-scope-missing",
        meaning: "the person has not ticked the box for sending",
        finding: "gmail-insufficient-scopes",
        wording: Reported,
        fault: gmail(Send, 403, "insufficientPermissions", "Request had insufficient authentication scopes."),
    },
    Row {
        name: "gmail-no-mail-service",
        meaning: "the Google account has no Gmail",
        finding: "gmail-mail-service-not-enabled",
        wording: Reported,
        fault: gmail(Any, 400, "failedPrecondition", "Mail service not enabled"),
    },
    Row {
        name: "gmail-rate-limit-403",
        meaning: "too many requests, said with 403",
        finding: "gmail-rate-limited",
        wording: Reported,
        fault: gmail(
            Any,
            403,
            "rateLimitExceeded",
            "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service \
             'gmail.googleapis.com' for consumer 'project_number:4711'.",
        ),
    },
    Row {
        name: "gmail-user-rate-limit",
        meaning: "too many requests for this account",
        finding: "gmail-rate-limited",
        wording: Reported,
        fault: gmail(Any, 403, "userRateLimitExceeded", "User-rate limit exceeded."),
    },
    Row {
        name: "gmail-rate-limit-429",
        meaning: "too many requests, said with 429; wait 30 seconds",
        finding: "gmail-rate-limited",
        wording: Reported,
        fault: after(gmail(Any, 429, "rateLimitExceeded", "Too many concurrent requests for user"), 30),
    },
    Row {
        name: "gmail-delegation-denied",
        meaning: "the account may not open this mailbox",
        finding: "gmail-delegation-denied",
        wording: Reported,
        fault: gmail(Any, 403, "forbidden", "Delegation denied for shop@contoso.example"),
    },
    Row {
        name: "gmail-token-refused",
        meaning: "Google does not take the access token",
        finding: "gmail-invalid-credentials",
        wording: Reported,
        fault: gmail(
            Any,
            401,
            "authError",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid \
             authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
        ),
    },
    Row {
        name: "gmail-backend-error",
        meaning: "Google cannot serve anyone at the moment",
        finding: "server-says-later",
        wording: Reported,
        fault: gmail(Any, 503, "backendError", "The service is currently unavailable."),
    },
];
