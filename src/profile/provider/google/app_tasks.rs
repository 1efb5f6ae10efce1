//! The set-up of a mailbox at Google that a service account opens, without a person.

use super::super::page::By;
use super::super::task::Needed::Over;
use super::super::task::{Proof, Task, always, only};
use crate::profile::protocol::Protocol::{Gmail, Imap, Pop3};

/// For Workspace. A private account cannot be delegated.
pub(super) static TASKS: &[Task] = &[
    Task {
        title: "Service account",
        why: "It gets its tokens in the name of the mailbox's user, without that person.",
        by: By::AppOwner,
        proof: Proof::Role,
        steps: &[
            always("In Google Cloud console > IAM & Admin > Service accounts, create one"),
            always("Compare its Unique ID, a number under Details, with the client ID in the profile: {client_id}"),
            always(
                "Add a JSON key under Keys and store it: `mailgrant rotate-secret {app} --secret-file KEY.json`; or let a workload identity pool's principal use it: Principals with access > Service Account Token Creator",
            ),
            only(Over(Gmail), "In Google Cloud console > APIs & Services > Library > Gmail API, choose Enable"),
        ],
    },
    Task {
        title: "Domain-wide delegation",
        why: "A Workspace lets a service account act for its users only for the scopes that are entered there.",
        by: By::WorkspaceAdministrator,
        proof: Proof::Role,
        steps: &[always(
            "In Google Admin console > Security > Access and data control > API controls > Domain-wide delegation (https://admin.google.com/ac/owl/domainwidedelegation) > Add new, enter {client_id} as client ID and these OAuth scopes: {delegated_scopes}",
        )],
    },
    Task {
        title: "Mailbox",
        why: "A Workspace organisation may have switched Gmail or these protocols off.",
        by: By::WorkspaceAdministrator,
        proof: Proof::Test,
        steps: &[
            only(
                Over(Imap),
                "In Google Admin console > Apps > Google Workspace > Gmail > End User Access > POP and IMAP access, allow IMAP",
            ),
            only(
                Over(Pop3),
                "In Google Admin console > Apps > Google Workspace > Gmail > End User Access > POP and IMAP access, allow POP",
            ),
            only(
                Over(Gmail),
                "In Google Admin console > Apps > Google Workspace > Gmail > Service status, switch Gmail on for {address}",
            ),
        ],
    },
];
