//! What Google answers to service accounts, and to those who ask for one of them.

use super::At::ServiceAccount;
use super::Wording::{Documented, Reported, Seen};
use super::{Fault, Row, refusal};

const fn google(error: &'static str, status: u16, text: &'static str) -> Fault {
    Fault::OAuth(refusal(&[ServiceAccount], error, 0, text).status(status))
}

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "delegation-missing",
        meaning: "the Workspace has not delegated its mailboxes to the service account, or not for this scope",
        finding: "google-dwd-unauthorized",
        wording: Documented,
        fault: google(
            "unauthorized_client",
            401,
            "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the \
             scopes requested.",
        ),
    },
    Row {
        name: "delegation-unknown-user",
        meaning: "the Workspace has no user of this address",
        finding: "google-dwd-invalid-subject",
        wording: Reported,
        fault: google("invalid_grant", 400, "Invalid email or User ID"),
    },
    Row {
        name: "service-account-key-gone",
        meaning: "the service account's key was deleted",
        finding: "google-service-account-key-unknown",
        wording: Reported,
        fault: google("invalid_grant", 400, "Invalid JWT Signature."),
    },
    Row {
        name: "service-account-gone",
        meaning: "the service account was deleted",
        finding: "google-service-account-key-unknown",
        wording: Reported,
        fault: google("invalid_grant", 400, "Invalid grant: account not found"),
    },
    Row {
        name: "service-account-clock",
        meaning: "this machine's clock is wrong where a service account signs",
        finding: "google-jwt-time",
        wording: Documented,
        fault: google(
            "invalid_grant",
            400,
            "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp \
             values in the JWT claim.",
        ),
    },
    Row {
        name: "sign-jwt-denied",
        meaning: "the job may not sign for the service account",
        finding: "google-sign-jwt-denied",
        wording: Seen,
        fault: Fault::SigningDenied,
    },
    Row {
        name: "pool-unknown",
        meaning: "the workload identity pool or its provider is deleted or switched off",
        finding: "google-pool-provider-unknown",
        wording: Seen,
        fault: Fault::PoolGone,
    },
];
