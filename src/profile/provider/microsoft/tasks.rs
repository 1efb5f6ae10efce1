//! The set-up of a mailbox at Microsoft.
//!
//! `az` has these options by its reference (`az ad app`); the numbers of the permissions are those of Microsoft Graph's
//! reference of permissions.

use super::super::page::By;
use super::super::task::Needed::{By as OnlyBy, EachPermission, Over, Servers, Shared, SharedToSend};
use super::super::task::{Proof, Task, always, only};
use crate::profile::credential::ClientType::{Confidential, Public};
use crate::profile::protocol::Protocol::{Imap, Pop3, Smtp};

/// Microsoft Graph's delegated permissions, and their numbers.
pub(super) static PERMISSION_IDS: &[(&str, &str)] = &[
    ("IMAP.AccessAsUser.All", "652390e4-393a-48de-9484-05f9b1212954"),
    ("POP.AccessAsUser.All", "d7b7f2d9-0f45-4ea1-9d42-e50810c06991"),
    ("SMTP.Send", "258f6531-6087-4cc4-bb90-092c5fb3ed3f"),
    ("Mail.ReadBasic", "a4b8392a-d8d1-4954-a029-8e668a39a170"),
    ("Mail.ReadBasic.Shared", "b11fa0e7-fdb7-4dc9-b1f1-59facd463480"),
    ("Mail.Send", "e383f46e-2787-4529-855e-0e479a3ffac0"),
    ("Mail.Send.Shared", "a367ab51-6b49-43bf-a716-a1fb06d2a174"),
    ("offline_access", "7427e0e9-2fba-42fe-b0c0-848c9e6a8182"),
];

const REDIRECT: Task = Task {
    title: "Redirect URI",
    why: "After the sign-in Microsoft sends the browser back to this address, and to no other.",
    by: By::AppOwner,
    proof: Proof::SignIn,
    steps: &[
        only(OnlyBy(Confidential), "In {page:authentication} > Add a platform > Web, enter {redirect_uri}"),
        only(
            OnlyBy(Public),
            "In {page:authentication} > Add a platform > Mobile and desktop applications, enter {redirect_uri}",
        ),
        only(
            OnlyBy(Confidential),
            "Or with the Azure CLI, which replaces the whole list: `az ad app update --id {client_id} --web-redirect-uris {redirect_uri}`",
        ),
        only(
            OnlyBy(Public),
            "Or with the Azure CLI, which replaces the whole list: `az ad app update --id {client_id} --public-client-redirect-uris {redirect_uri}`",
        ),
    ],
};

const PERMISSIONS: Task = Task {
    title: "Permissions",
    why: "What the app may do in the name of the person who signs in, and only with mailboxes that this person may open.",
    by: By::AppOwner,
    proof: Proof::SignIn,
    steps: &[
        always(
            "In {page:permissions} > Add a permission > Microsoft Graph > Delegated permissions, tick: {permissions}",
        ),
        only(
            EachPermission,
            "Or with the Azure CLI, {permission}: `az ad app permission add --id {client_id} --api 00000003-0000-0000-c000-000000000000 --api-permissions {permission_id}=Scope`",
        ),
    ],
};

const SECRET: Task = Task {
    title: "Client secret",
    why: "The app proves with it that it is the app. It ends on a day that mailgrant watches, once it knows it.",
    by: By::AppOwner,
    proof: Proof::Secret,
    steps: &[
        only(
            OnlyBy(Confidential),
            "In {page:secrets} > New client secret, choose how long it lives, and copy the column Value, which is shown only once",
        ),
        only(
            OnlyBy(Confidential),
            "Or with the Azure CLI, which prints it: `az ad app credential reset --id {client_id} --append --years 1`",
        ),
        only(
            OnlyBy(Confidential),
            "Hand it over in a safe way; it is then stored with: `mailgrant rotate-secret {app} --expires DATE`",
        ),
    ],
};

/// For an organisation.
pub(super) static WORK: &[Task] = &[
    Task {
        title: "App registration",
        why: "Mail programs sign in as an app that the organisation knows. One registration serves all its mailboxes.",
        by: By::EntraAdministrator,
        proof: Proof::SignIn,
        steps: &[
            always(
                "In {portal} > App registrations > New registration, give it a name and choose the accounts of this organisation only",
            ),
            always(
                "Or with the Azure CLI: `az ad app create --display-name mailgrant --sign-in-audience AzureADMyOrg`",
            ),
            always("Compare the Application (client) ID in {page:app} with the one in the profile: {client_id}"),
        ],
    },
    REDIRECT,
    PERMISSIONS,
    Task {
        title: "Approval",
        why: "Where people may not approve apps themselves, the sign-in page says 'Need admin approval'. One approval is good \
              for everyone in the organisation.",
        by: By::EntraAdministrator,
        proof: Proof::SignIn,
        steps: &[
            always(
                "Open {page:consent}, compare what it asks for with the permissions above, and accept; that the browser then ends at {redirect_uri}, where nothing answers, is right",
            ),
            always("Or choose Grant admin consent in {page:permissions}"),
            always("Or with the Azure CLI: `az ad app permission admin-consent --id {client_id}`"),
        ],
    },
    SECRET,
    Task {
        title: "Mailbox",
        why: "Exchange opens and closes each protocol for each mailbox, whatever the app may do.",
        by: By::ExchangeAdministrator,
        proof: Proof::Test,
        steps: &[
            only(
                Servers,
                "In Microsoft 365 admin center > Users > Active users > {address} > Mail > Manage email apps, tick what is used, or go on in PowerShell: `Connect-ExchangeOnline`",
            ),
            only(Over(Imap), "Switch IMAP on: `Set-CASMailbox -Identity {address} -ImapEnabled $true`"),
            only(Over(Pop3), "Switch POP3 on: `Set-CASMailbox -Identity {address} -PopEnabled $true`"),
            only(
                Over(Smtp),
                "Allow sending over SMTP, whatever the organisation's setting is: `Set-CASMailbox -Identity {user} -SmtpClientAuthenticationDisabled $false`",
            ),
            only(
                Servers,
                "Check it with: `Get-CASMailbox {address} | fl ImapEnabled,PopEnabled,SmtpClientAuthenticationDisabled`",
            ),
            only(
                Shared,
                "Let {user} open the mailbox, in {page:mailbox} > Delegation, or with: `Add-MailboxPermission -Identity {address} -User {user} -AccessRights FullAccess`",
            ),
            only(
                SharedToSend,
                "Let {user} send as it: `Add-RecipientPermission -Identity {address} -Trustee {user} -AccessRights SendAs`",
            ),
        ],
    },
];

/// For a personal account.
pub(super) static PERSONAL: &[Task] = &[
    Task {
        title: "App registration",
        why: "Mail programs sign in as an app that Microsoft knows.",
        by: By::AppOwner,
        proof: Proof::SignIn,
        steps: &[
            always(
                "In {portal} > App registrations > New registration, choose a type that includes personal Microsoft accounts",
            ),
            always("Compare the Application (client) ID in {page:app} with the one in the profile: {client_id}"),
        ],
    },
    REDIRECT,
    PERMISSIONS,
    SECRET,
    Task {
        title: "Mailbox",
        why: "Outlook.com opens POP and IMAP only where that was switched on.",
        by: By::User,
        proof: Proof::Test,
        steps: &[
            only(Over(Imap), "In {page:mailbox}, let devices and apps use IMAP"),
            only(Over(Pop3), "In {page:mailbox}, let devices and apps use POP"),
        ],
    },
];
