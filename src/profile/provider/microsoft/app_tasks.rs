//! The set-up of a mailbox at Microsoft that an app opens by itself, without a person: five steps in Entra and Exchange, in the
//! order in which each needs the one before.

use super::super::page::By;
use super::super::task::Needed::{By as OnlyBy, Over, Servers};
use super::super::task::{Proof, Task, always, only};
use crate::profile::credential::ClientType::Confidential;
use crate::profile::protocol::Protocol::{Imap, Pop3, Smtp};

/// Graph's application permissions. Its list of them is too long to be read.
/// <https://learn.microsoft.com/graph/permissions-reference>
pub(super) static ROLE_IDS: &[(&str, &str)] = &[
    ("Mail.ReadBasic.All", "693c5e45-0940-467d-9b8a-1022fb9d42ef"),
    ("Mail.Read", "810c84a8-4a9e-49e6-bf7d-12d183f40d01"),
    ("Mail.ReadWrite", "e2a3a72e-5f79-4c64-b1b1-878b674786c9"),
    ("Mail.Send", "b633e1c5-b582-4048-a93e-9f11b44c7e96"),
];

/// For an organisation. Personal accounts let no app in by itself.
pub(super) static WORK: &[Task] = &[
    Task {
        title: "App registration",
        why: "The app gets its tokens in its own name, as an app that the organisation knows.",
        by: By::EntraAdministrator,
        proof: Proof::Token,
        steps: &[
            always(
                "In {portal} > App registrations > New registration, give it a name and choose the accounts of this organisation only; it needs no redirect URI",
            ),
            always(
                "Or with the Azure CLI: `az ad app create --display-name mailgrant --sign-in-audience AzureADMyOrg`",
            ),
            always("Compare the Application (client) ID in {page:app} with the one in the profile: {client_id}"),
        ],
    },
    Task {
        title: "Credential",
        why: "The app authenticates with a certificate, a federated token or a client secret, by itself.",
        by: By::AppOwner,
        proof: Proof::Secret,
        steps: &[only(
            OnlyBy(Confidential),
            "In {page:secrets}, upload the certificate, add the federated credential, or choose New client secret and store it with: `mailgrant rotate-secret {app} --expires DATE`",
        )],
    },
    Task {
        title: "Application permission",
        why: "What the app may do by itself. Delegated permissions of the same name do not count.",
        by: By::AppOwner,
        proof: Proof::Permission,
        steps: &[always("In {page:permissions} > Add a permission > {api} > Application permissions, tick: {roles}")],
    },
    Task {
        title: "Admin consent",
        why: "An application permission counts only once an administrator has consented; the token then names it in roles.",
        by: By::EntraAdministrator,
        proof: Proof::Role,
        steps: &[
            always("In {page:permissions}, choose Grant admin consent"),
            always("Or with the Azure CLI: `az ad app permission admin-consent --id {client_id}`"),
        ],
    },
    Task {
        title: "Service principal in Exchange",
        why: "Exchange has to know the app, by the object ID of the enterprise application and not by that of the app \
              registration.",
        by: By::ExchangeAdministrator,
        proof: Proof::Enrolment,
        steps: &[
            only(Servers, "Connect: `Connect-ExchangeOnline`"),
            only(Servers, "Make the app known: `New-ServicePrincipal -AppId {client_id} -ObjectId {object_id}`"),
            only(Servers, "Check that it shows {object_id}: `Get-ServicePrincipal | fl AppId,ObjectId`"),
        ],
    },
    Task {
        title: "Right on the mailbox",
        why: "Exchange opens to the app only the mailboxes that were given to it.",
        by: By::ExchangeAdministrator,
        proof: Proof::MailboxRight,
        steps: &[
            only(
                Servers,
                "Give it the mailbox: `Add-MailboxPermission -Identity {address} -User {object_id} -AccessRights FullAccess`",
            ),
            only(
                Over(Smtp),
                "To send alone, a role of Exchange does as well, with SMTP.SendAsApp left out of the app's permissions: `New-ManagementRoleAssignment -Role 'Application SMTP.SendAsApp' -App {object_id} -CustomResourceScope SCOPE`",
            ),
        ],
    },
    Task {
        title: "Protocols",
        why: "Exchange opens and closes each protocol for each mailbox, whatever the app may do.",
        by: By::ExchangeAdministrator,
        proof: Proof::Switches,
        steps: &[
            only(Over(Imap), "Switch IMAP on: `Set-CASMailbox -Identity {address} -ImapEnabled $true`"),
            only(Over(Pop3), "Switch POP3 on: `Set-CASMailbox -Identity {address} -PopEnabled $true`"),
            only(
                Over(Smtp),
                "Allow sending over SMTP, whatever the organisation's setting is: `Set-CASMailbox -Identity {address} -SmtpClientAuthenticationDisabled $false`",
            ),
        ],
    },
];
