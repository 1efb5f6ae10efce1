//! The set-up of a mailbox at Google.

use super::super::page::By;
use super::super::task::Needed::{By as OnlyBy, Over};
use super::super::task::{Proof, Task, always, only};
use crate::profile::credential::ClientType::Confidential;
use crate::profile::protocol::Protocol::{Gmail, Imap, Pop3};

/// For Gmail and Workspace.
pub(super) static TASKS: &[Task] = &[
    Task {
        title: "OAuth client",
        why: "Mail programs sign in as a client that Google knows.",
        by: By::AppOwner,
        proof: Proof::SignIn,
        steps: &[
            always("In {page:app}, make an OAuth client of the type Desktop app, which needs no redirect URI"),
            always("Compare its client ID with the one in the profile: {client_id}"),
        ],
    },
    Task {
        title: "Scopes",
        why: "What the client may ask for in the name of the person who signs in.",
        by: By::AppOwner,
        proof: Proof::SignIn,
        steps: &[
            always("In {page:permissions}, add: {scopes}"),
            only(Over(Gmail), "In Google Cloud console > APIs & Services > Library > Gmail API, choose Enable"),
        ],
    },
    Task {
        title: "Approval",
        why: "A Workspace organisation may let its people use trusted apps only. Other accounts need no approval.",
        by: By::WorkspaceAdministrator,
        proof: Proof::SignIn,
        steps: &[always("In {page:consent} > Add app, find {client_id} and set it to Trusted")],
    },
    Task {
        title: "Client secret",
        why: "The client proves with it that it is the client.",
        by: By::AppOwner,
        proof: Proof::Secret,
        steps: &[only(
            OnlyBy(Confidential),
            "Copy it in {page:secrets}, hand it over in a safe way, and store it: `mailgrant rotate-secret {app}`",
        )],
    },
    Task {
        title: "Mailbox",
        why: "A Workspace organisation may have switched these protocols off.",
        by: By::WorkspaceAdministrator,
        proof: Proof::Test,
        steps: &[
            only(
                Over(Imap),
                "In Google Admin console > Apps > Google Workspace > Gmail > End User Access > POP and IMAP access, allow IMAP",
            ),
            only(
                Over(Pop3),
                "In Google Admin console > Apps > Google Workspace > Gmail > End User Access > POP and IMAP access, allow POP; then let {user} enable POP in {page:mailbox}",
            ),
        ],
    },
];
