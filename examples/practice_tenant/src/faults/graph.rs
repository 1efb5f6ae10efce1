//! What Graph refuses where mail is read and sent.

use super::ApiCall::{Any, Read, Send};
use super::Wording::{Documented, Reported, Seen};
use super::{ApiCall, ApiRefusal, Fault, Row};
use crate::api::Service;

const fn graph(at: ApiCall, status: u16, code: &'static str, message: &'static str) -> Fault {
    Fault::Api(ApiRefusal { service: Service::Graph, at, status, code, message, retry_after: None, link: None })
}

/// What Graph says where the account's sign-ins were revoked; the challenge is in a header.
pub const REVOKED: &str = "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: \
                           TokenIssuedBeforeRevocationTimestamp";

/// The same, with the seconds after which to try again.
pub(super) const fn after(fault: Fault, seconds: u32) -> Fault {
    match fault {
        Fault::Api(refusal) => Fault::Api(ApiRefusal { retry_after: Some(seconds), ..refusal }),
        other => other,
    }
}

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "graph-send-as-denied",
        meaning: "the sender is not one that the account may send as",
        finding: "graph-send-as-denied",
        wording: Reported,
        fault: graph(
            Send,
            403,
            "ErrorSendAsDenied",
            "The user account which was used to submit this request does not have the right to send mail on behalf of the \
             specified sending account., Cannot submit message.",
        ),
    },
    Row {
        name: "graph-no-mailbox-404",
        meaning: "the account has no mailbox at Exchange Online, said with 404",
        finding: "graph-mailbox-not-enabled",
        wording: Reported,
        fault: graph(
            Any,
            404,
            "MailboxNotEnabledForRESTAPI",
            "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
        ),
    },
    Row {
        name: "graph-no-mailbox-403",
        meaning: "the account has no mailbox at Exchange Online, said with 403",
        finding: "graph-mailbox-not-enabled",
        wording: Reported,
        fault: graph(Any, 403, "ErrorMailboxNotEnabledForRESTAPI", "REST API is not yet supported for this mailbox."),
    },
    Row {
        name: "graph-no-mailbox-400",
        meaning: "the account has no mailbox at Exchange Online, said with 400",
        finding: "graph-mailbox-not-enabled",
        wording: Reported,
        fault: graph(Any, 400, "ErrorMailboxNotEnabledForRESTAPI", "REST API is not yet supported for this mailbox."),
    },
    Row {
        name: "graph-no-permission-to-read",
        meaning: "the token has no permission to read mail",
        finding: "graph-access-denied",
        wording: Documented,
        fault: graph(Read, 403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."),
    },
    Row {
        name: "graph-no-permission-to-send",
        meaning: "the token has no permission to send mail",
        finding: "graph-access-denied",
        wording: Documented,
        fault: graph(Send, 403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."),
    },
    Row {
        name: "graph-access-policy",
        meaning: "an application access policy leaves this mailbox out",
        finding: "graph-appaccesspolicy-blocked",
        wording: Reported,
        fault: graph(
            Any,
            403,
            "ErrorAccessDenied",
            "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings.",
        ),
    },
    Row {
        name: "graph-token-expired",
        meaning: "Graph takes the access token for expired",
        finding: "graph-token-expired",
        wording: Reported,
        fault: graph(Any, 401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."),
    },
    Row {
        name: "graph-wrong-audience",
        meaning: "the access token is for another service",
        finding: "graph-invalid-audience",
        wording: Reported,
        fault: graph(Any, 401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience."),
    },
    Row {
        name: "graph-token-malformed",
        meaning: "Graph cannot read the access token",
        finding: "graph-token-malformed",
        wording: Reported,
        fault: graph(Any, 401, "InvalidAuthenticationToken", "CompactToken parsing failed with error code: 80049217"),
    },
    Row {
        name: "graph-claims-challenge",
        meaning: "conditional access wants a new sign-in in the middle of the token's life",
        finding: "graph-claims-challenge",
        wording: Reported,
        fault: graph(Any, 401, "InvalidAuthenticationToken", REVOKED),
    },
    Row {
        name: "graph-unknown-user",
        meaning: "the tenant has no such user",
        finding: "graph-invalid-user",
        wording: Reported,
        fault: graph(Any, 404, "ErrorInvalidUser", "The requested user 'shop@contoso.example' is invalid."),
    },
    Row {
        name: "graph-folder-missing",
        meaning: "the mailbox has no such folder",
        finding: "graph-item-not-found",
        wording: Reported,
        fault: graph(Read, 404, "ErrorItemNotFound", "The specified object was not found in the store."),
    },
    Row {
        name: "graph-throttled",
        meaning: "too many requests; wait 30 seconds",
        finding: "graph-throttled",
        wording: Reported,
        fault: after(graph(Any, 429, "TooManyRequests", "Too many requests"), 30),
    },
    Row {
        name: "graph-mailbox-concurrency",
        meaning: "more than four requests at a time for the mailbox; wait 2 seconds",
        finding: "graph-throttled",
        wording: Reported,
        fault: after(graph(Any, 429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit."), 2),
    },
    Row {
        name: "graph-unavailable",
        meaning: "Graph cannot serve anyone at the moment",
        finding: "server-says-later",
        wording: Reported,
        fault: after(graph(Any, 503, "ServiceUnavailable", "The service is temporarily unavailable."), 20),
    },
    Row {
        name: "graph-gateway-timeout",
        meaning: "the mailbox's server does not answer Graph in time",
        finding: "server-says-later",
        wording: Reported,
        fault: graph(Any, 504, "UnknownError", ""),
    },
    Row {
        name: "graph-from-dropped",
        meaning: "Graph sends as the mailbox itself, whatever the mail says",
        finding: "-",
        wording: Reported,
        fault: Fault::FromDroppedInMime,
    },
    Row {
        name: "api-index-behind",
        meaning: "a search finds a new mail only after 15 seconds",
        finding: "-",
        wording: Seen,
        fault: Fault::IndexDelay(15),
    },
];
