//! Google: Gmail and Workspace.

mod app_tasks;
mod tasks;

use std::time::Duration;

use super::super::credential::Credential;
use super::super::endpoint::TlsMode::Implicit;
use super::super::protocol::Protocol::{self, Gmail, Imap, Pop3, Smtp};
use super::super::protocol::Side::{self, Incoming, Outgoing};
use super::cloud::Cloud;
use super::family::{Family, FamilyRow};
use super::gone::USUAL;
use super::page::{By, Page, PagePreset};
use super::row::EndpointPreset::{Server, Web};
use super::row::{
    ClientIdForm, Deployment, DeviceFlow, HostPreset, Quirks, Row, SecretForm, SelectAccount, ServiceAccounts,
    ServicePreset, SignInPreset, Step,
};
use crate::finding_code::FindingCode;

/// Gmail and Workspace.
pub(super) static GOOGLE: Row = Row {
    key: "google",
    title: "Google",
    about: "Gmail and Google Workspace",
    family: Family::GOOGLE,
    deployments: &[Deployment {
        cloud: Cloud::Global,
        sign_in: SignInPreset::Fixed {
            issuer: "https://accounts.google.com",
            // Google's documents allow its tokens this older form.
            issuer_also: &["accounts.google.com"],
            authorization: "https://accounts.google.com/o/oauth2/v2/auth",
            token: "https://oauth2.googleapis.com/token",
            device_authorization: Some("https://oauth2.googleapis.com/device/code"),
        },
        portal: "Google Cloud console (console.cloud.google.com) > APIs & Services > Credentials",
        pages: PAGES,
        domains: &["gmail.com", "googlemail.com"],
        exchangers: &["google.com", "googlemail.com"],
        token_issuers: &[],
        token_exchange_audience: None,
        services: &[
            service(Imap, Incoming, "imap.gmail.com", 993),
            service(Pop3, Incoming, "pop.gmail.com", 995),
            service(Smtp, Outgoing, "smtp.gmail.com", 465),
            // Headers are all that is read, so that bodies need not be opened.
            api(
                Incoming,
                &["https://www.googleapis.com/auth/gmail.metadata"],
                &["gmail.readonly", "gmail.modify", "mail.google.com"],
            ),
            api(
                Outgoing,
                &["https://www.googleapis.com/auth/gmail.send"],
                &["gmail.compose", "gmail.modify", "mail.google.com"],
            ),
        ],
        // Google's client secrets do not expire, and its directory of clients is closed to programs.
        directory: None,
        exchange_admin: None,
    }],
    always: &["openid", "email"],
    // Google sends a refresh token only for offline access, and again only after a new consent.
    authorize_params: &[("access_type", "offline"), ("prompt", "consent select_account")],
    redirect_uri: "http://127.0.0.1",
    client_ids: ClientIdForm::EndingIn {
        end: ".apps.googleusercontent.com",
        code: FindingCode::CLIENT_ID_NOT_OF_GOOGLE,
    },
    // Google's client secrets have 24 or 35 characters.
    secrets: SecretForm { has_ids: false, shortest: 16 },
    register: &[Step { text: "{portal}: an OAuth client of type 'Desktop app' needs no redirect URI", only: None }],
    permissions: &[Step { text: "OAuth consent screen > Data access: {scopes}", only: None }],
    enabling: &[(
        Gmail,
        "Enable the Gmail API for the project: https://console.cloud.google.com/apis/library/gmail.googleapis.com",
    )],
    tasks: tasks::TASKS,
    app_tasks: app_tasks::TASKS,
    permission_ids: &[],
    role_ids: &[],
    alternative: Some(Gmail),
    quirks: Quirks {
        select_account: SelectAccount::Beside,
        scopes_on_refresh: false,
        token_per_resource: false,
        secret_propagation: Duration::ZERO,
        is_personal: false,
        device: DeviceFlow {
            // Google's list for limited-input devices; a mail scope is answered with invalid_scope.
            scopes: Some(&[
                "openid",
                "email",
                "profile",
                "https://www.googleapis.com/auth/drive.appdata",
                "https://www.googleapis.com/auth/drive.file",
                "https://www.googleapis.com/auth/youtube",
                "https://www.googleapis.com/auth/youtube.readonly",
            ]),
            advice: None,
        },
        // Its metadata has no private_key_jwt (RFC 7523).
        credentials: &[Credential::Secret, Credential::None, Credential::ServiceAccount],
        service_accounts: Some(ServiceAccounts {
            token_exchange: "https://sts.googleapis.com/v1/token",
            signer: "https://iamcredentials.googleapis.com",
            personal: &["gmail.com", "googlemail.com"],
        }),
        enrols_apps: false,
        gone: &USUAL,
    },
};

/// Addresses as public instructions have them. The owners of the Cloud project may change the client.
static PAGES: &[PagePreset] = &[
    client_page(Page::App),
    client_page(Page::Authentication),
    client_page(Page::Secrets),
    PagePreset {
        page: Page::Permissions,
        path: Some("Google Cloud console > OAuth consent screen > Data access"),
        url: Some("https://console.cloud.google.com/auth/scopes"),
        by: Some(By::AppOwner),
    },
    PagePreset {
        page: Page::SignInLogs,
        path: Some("Google Admin console > Reporting > Audit and investigation > User log events"),
        url: Some("https://admin.google.com/ac/reporting/audit/login"),
        by: Some(By::WorkspaceAdministrator),
    },
    PagePreset {
        page: Page::Mailbox,
        path: Some("Gmail > Settings > Forwarding and POP/IMAP"),
        url: Some("https://mail.google.com/mail/u/0/#settings/fwdandpop"),
        by: Some(By::User),
    },
    PagePreset {
        page: Page::Consent,
        path: Some(
            "Google Admin console > Security > Access and data control > API controls > Manage third-party app access",
        ),
        url: Some("https://admin.google.com/ac/owl/list?tab=configuredApps"),
        by: Some(By::WorkspaceAdministrator),
    },
];

/// The page of the client, which is one for all of it.
const fn client_page(page: Page) -> PagePreset {
    PagePreset {
        page,
        path: Some("{portal}"),
        url: Some("https://console.cloud.google.com/auth/clients/{client_id}"),
        by: Some(By::AppOwner),
    }
}

/// One scope opens all of Gmail.
const fn service(protocol: Protocol, side: Side, host: &'static str, port: u16) -> ServicePreset {
    ServicePreset {
        protocol,
        side,
        endpoint: Server(HostPreset { host, port, tls: Implicit }),
        delegated: &["https://mail.google.com/"],
        shared: &[],
        stronger: &[],
        application: None,
        audiences: None,
    }
}

/// One side of the Gmail API.
const fn api(side: Side, delegated: &'static [&'static str], stronger: &'static [&'static str]) -> ServicePreset {
    ServicePreset {
        protocol: Gmail,
        side,
        endpoint: Web("https://gmail.googleapis.com"),
        delegated,
        shared: &[],
        stronger,
        application: None,
        audiences: None,
    }
}

static FAMILY: FamilyRow = FamilyRow {
    key: "google",
    title: "Google",
    about: "Google",
    part_of: None,
    signs: &["gsmtp", "support.google.com/mail", "support.google.com/accounts", "Invalid credentials (Failure)"],
    names: &["gmail", "google"],
    finds_by_trace_id: false,
};

impl Family {
    /// Google.
    pub const GOOGLE: Self = Self(&FAMILY);
}
