//! What Graph's directory refuses where client secrets are issued.

use super::ApiCall::{AddPassword, Directory};
use super::Wording::{Documented, Reported, Seen};
use super::graph::after;
use super::{ApiCall, ApiRefusal, Fault, Row};
use crate::api::Service;

const fn directory(at: ApiCall, status: u16, code: &'static str, message: &'static str) -> Fault {
    Fault::Api(ApiRefusal { service: Service::Graph, at, status, code, message, retry_after: None, link: None })
}

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "directory-not-permitted",
        meaning: "the app may not see or change its own registration",
        finding: "directory-permission-missing",
        wording: Documented,
        fault: directory(
            Directory,
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        ),
    },
    Row {
        name: "directory-secrets-forbidden",
        meaning: "a policy forbids client secrets altogether",
        finding: "graph-credential-type-policy",
        wording: Reported,
        fault: directory(
            AddPassword,
            400,
            "CredentialTypeNotAllowedAsPerAppPolicy",
            "Credential type not allowed as per assigned policy '0a11ce00-0000-4000-8000-00000000b01c'.",
        ),
    },
    Row {
        name: "directory-app-unknown",
        meaning: "the directory does not know the app registration yet",
        finding: "graph-app-not-found",
        wording: Documented,
        fault: directory(
            Directory,
            404,
            "Request_ResourceNotFound",
            "Resource '5a4d0000-0000-4000-8000-00000000ab01' does not exist or one of its queried reference-property \
             objects are not present.",
        ),
    },
    Row {
        name: "directory-throttled",
        meaning: "too many changes in the directory; wait two minutes",
        finding: "graph-throttled",
        wording: Documented,
        fault: after(directory(Directory, 429, "TooManyRequests", "Too many requests."), 120),
    },
    Row {
        name: "directory-unavailable",
        meaning: "the directory cannot serve anyone at the moment",
        finding: "server-says-later",
        wording: Reported,
        fault: directory(Directory, 503, "ServiceUnavailable", "The service is temporarily unavailable."),
    },
    Row {
        name: "directory-secret-lifetime",
        meaning: "a policy lets client secrets live 30 days",
        finding: "-",
        wording: Seen,
        fault: Fault::LongestSecret(30),
    },
    Row {
        name: "directory-behind",
        meaning: "the sign-in servers know a new secret only after two minutes",
        finding: "-",
        wording: Seen,
        fault: Fault::ReplicationLag(120),
    },
    Row {
        name: "directory-no-hints",
        meaning: "the directory does not show which secret is which",
        finding: "-",
        wording: Seen,
        fault: Fault::NoHints,
    },
    Row {
        name: "directory-same-hints",
        meaning: "all secrets begin with the same three characters",
        finding: "-",
        wording: Seen,
        fault: Fault::SameHints,
    },
];
