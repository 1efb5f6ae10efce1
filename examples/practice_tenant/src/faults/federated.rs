//! What goes wrong where a job or a machine asks for the token that is to prove the app.

use super::Wording::{Composed, Documented, Seen};
use super::{Fault, Row};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "runner-refuses",
        meaning: "the runner does not give the job a token",
        finding: "federated-refused",
        wording: Composed,
        fault: Fault::RunnerRefuses,
    },
    Row {
        name: "runner-token-old",
        meaning: "the runner hands out a token that has run out",
        finding: "federated-expired",
        wording: Seen,
        fault: Fault::RunnerTokenOld,
    },
    Row {
        name: "issuer-key-not-published",
        meaning: "the issuer signs with a key that its metadata does not name",
        finding: "ms-federated-key-unknown",
        wording: Seen,
        fault: Fault::IssuerKeyNotPublished,
    },
    Row {
        name: "identity-not-found",
        meaning: "the machine does not have this managed identity",
        finding: "federated-identity-not-found",
        wording: Documented,
        fault: Fault::IdentityNotFound,
    },
    Row {
        name: "metadata-busy",
        meaning: "the machine's metadata service has too many requests",
        finding: "federated-unavailable",
        wording: Composed,
        fault: Fault::MetadataBusy,
    },
];
