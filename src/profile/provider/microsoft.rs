//! Microsoft: work and school accounts at Exchange Online in all national clouds, and personal accounts.

mod app_tasks;
mod pages;
mod tasks;

use std::time::Duration;

use super::super::credential::{ClientType, Credential};
use super::super::endpoint::TlsMode::{Implicit, StartTls};
use super::super::protocol::Protocol::{Graph, Imap, Pop3, Smtp};
use super::super::protocol::Side::{Incoming, Outgoing};
use super::cloud::Cloud;
use super::family::{Family, FamilyRow};
use super::gone::GoneTokens;
use super::row::EndpointPreset::{Server, Web};
use super::row::{
    Application, Audiences, ClientIdForm, Deployment, DeviceFlow, HostPreset, Quirks, Row, SecretForm, SelectAccount,
    ServicePreset, SignInPreset, Step,
};

/// IMAP, POP3 and SMTP of Exchange Online, and mail over Graph: the address of the delegated scopes, the scope of an
/// app's own token, the host of IMAP and POP3, the host of SMTP; Graph's address, and the scope of an app's own token there.
macro_rules! services {
    ($address:literal, $application:expr, $incoming:expr, $outgoing:expr, $graph:literal, $graph_application:expr) => {
        &[
            ServicePreset {
                protocol: Imap,
                side: Incoming,
                endpoint: Server(HostPreset { host: $incoming, port: 993, tls: Implicit }),
                delegated: &[concat!($address, "/IMAP.AccessAsUser.All")],
                shared: &[],
                stronger: &[],
                application: application($application, "IMAP.AccessAsApp", false),
                audiences: Some(&AUDIENCES),
            },
            ServicePreset {
                protocol: Pop3,
                side: Incoming,
                endpoint: Server(HostPreset { host: $incoming, port: 995, tls: Implicit }),
                delegated: &[concat!($address, "/POP.AccessAsUser.All")],
                shared: &[],
                stronger: &[],
                application: application($application, "POP.AccessAsApp", false),
                audiences: Some(&AUDIENCES),
            },
            ServicePreset {
                protocol: Smtp,
                side: Outgoing,
                endpoint: Server(HostPreset { host: $outgoing, port: 587, tls: StartTls }),
                delegated: &[concat!($address, "/SMTP.Send")],
                shared: &[],
                stronger: &[],
                // Exchange has a role of its own for sending ("Application SMTP.SendAsApp").
                application: application($application, "SMTP.SendAsApp", true),
                audiences: Some(&AUDIENCES),
            },
            ServicePreset {
                protocol: Graph,
                side: Incoming,
                endpoint: Web($graph),
                // Headers are all that is read, so that bodies need not be opened.
                delegated: &[concat!($graph, "/Mail.ReadBasic")],
                shared: &[concat!($graph, "/Mail.ReadBasic.Shared")],
                stronger: &["Mail.Read", "Mail.ReadWrite", "Mail.Read.Shared", "Mail.ReadWrite.Shared"],
                application: application($graph_application, "Mail.ReadBasic.All", true),
                audiences: Some(&GRAPH_AUDIENCES),
            },
            ServicePreset {
                protocol: Graph,
                side: Outgoing,
                endpoint: Web($graph),
                delegated: &[concat!($graph, "/Mail.Send")],
                shared: &[concat!($graph, "/Mail.Send.Shared")],
                stronger: &[],
                application: application($graph_application, "Mail.Send", true),
                audiences: Some(&GRAPH_AUDIENCES),
            },
        ]
    };
}

/// Microsoft 365.
pub(super) static MICROSOFT365: Row = BOTH;

/// Outlook.com and its kin.
pub(super) static OUTLOOK: Row = Row {
    key: "outlook",
    title: "Outlook.com",
    about: "Personal accounts: Outlook.com, Hotmail, Live",
    family: Family(&PERSONAL),
    deployments: &[Deployment {
        sign_in: SignInPreset::Tenant { authority: AUTHORITY, default_tenant: Some("consumers") },
        pages: pages::PERSONAL,
        domains: &["outlook.com", "hotmail.com", "live.com", "msn.com"],
        // The regional ones, such as outlook.de, are too many to list.
        exchangers: &["olc.protection.outlook.com"],
        // Reported by users: one IMAP host serves work and personal accounts. Apps cannot sign in without a user.
        services: services!(
            "https://outlook.office.com",
            None,
            GLOBAL_HOST,
            "smtp-mail.outlook.com",
            "https://graph.microsoft.com",
            None
        ),
        ..GLOBAL
    }],
    tasks: tasks::PERSONAL,
    app_tasks: &[],
    quirks: Quirks { is_personal: true, ..QUIRKS },
    ..BOTH
};

const BOTH: Row = Row {
    key: "microsoft365",
    title: "Microsoft 365",
    about: "Work and school accounts at Exchange Online",
    family: Family::MICROSOFT,
    deployments: &[GLOBAL, GCC_HIGH, DOD, CHINA],
    always: &["openid", "profile", "email", "offline_access"],
    authorize_params: &[],
    // localhost, not 127.0.0.1: the portal's form takes only this, and ignores its port.
    redirect_uri: "http://localhost",
    client_ids: ClientIdForm::Guid,
    // Entra's client secrets have 32 to 44 characters.
    secrets: SecretForm { has_ids: true, shortest: 16 },
    register: &[
        Step {
            text: "{portal} > App registrations > {client_id} > Authentication > Add a platform > Web:",
            only: Some(ClientType::Confidential),
        },
        Step {
            text: "{portal} > App registrations > {client_id} > Authentication > Add a platform > Mobile and desktop \
                   applications:",
            only: Some(ClientType::Public),
        },
        Step { text: "  redirect URI {redirect_uri}", only: None },
    ],
    permissions: &[
        Step { text: "API permissions > Add a permission > Microsoft Graph > Delegated permissions:", only: None },
        Step { text: "  {permissions}", only: None },
    ],
    enabling: &[],
    tasks: tasks::WORK,
    app_tasks: app_tasks::WORK,
    permission_ids: tasks::PERMISSION_IDS,
    role_ids: app_tasks::ROLE_IDS,
    alternative: Some(Graph),
    quirks: QUIRKS,
};

const QUIRKS: Quirks = Quirks {
    // Microsoft takes one word only.
    select_account: SelectAccount::Alone,
    // Microsoft must be told for which resource the token is.
    scopes_on_refresh: true,
    token_per_resource: true,
    // Users report 4 to 18 seconds in which a new client secret is refused.
    secret_propagation: Duration::from_secs(120),
    is_personal: false,
    device: DeviceFlow {
        scopes: None,
        advice: Some(
            "Microsoft advises to block sign-ins by code: once a policy of the tenant does, this one ends. A browser, or \
             --no-browser, is the lasting way.",
        ),
    },
    credentials: &[Credential::Secret, Credential::None, Credential::Certificate, Credential::Federated],
    service_accounts: None,
    enrols_apps: true,
    gone: &GONE,
};

const AUTHORITY: &str = "https://login.microsoftonline.com";
const GLOBAL_HOST: &str = "outlook.office365.com";

const GLOBAL: Deployment = Deployment {
    cloud: Cloud::Global,
    sign_in: SignInPreset::Tenant { authority: AUTHORITY, default_tenant: None },
    portal: "Microsoft Entra admin center (entra.microsoft.com)",
    pages: pages::GLOBAL,
    domains: &["onmicrosoft.com"],
    exchangers: &["mail.protection.outlook.com", "mx.microsoft"],
    token_issuers: &["https://sts.windows.net", AUTHORITY],
    token_exchange_audience: Some("api://AzureADTokenExchange"),
    directory: Some("https://graph.microsoft.com"),
    exchange_admin: Some("https://outlook.office365.com"),
    // The Outlook address for mail protocols, not Graph's: Outlook's servers refuse a Graph token.
    services: services!(
        "https://outlook.office.com",
        Some(&["https://outlook.office365.com/.default"]),
        GLOBAL_HOST,
        "smtp.office365.com",
        "https://graph.microsoft.com",
        Some(&["https://graph.microsoft.com/.default"])
    ),
};

const GCC_HIGH: Deployment = Deployment {
    cloud: Cloud::GccHigh,
    sign_in: SignInPreset::Tenant { authority: "https://login.microsoftonline.us", default_tenant: None },
    portal: "Azure portal for US Government (portal.azure.us)",
    pages: pages::GCC_HIGH,
    domains: &["onmicrosoft.us"],
    // DoD's addresses and hosts are not told from GCC High's.
    exchangers: &["mail.protection.office365.us"],
    token_issuers: &["https://sts.windows.net", "https://login.microsoftonline.us"],
    token_exchange_audience: Some("api://AzureADTokenExchangeUSGov"),
    directory: Some("https://graph.microsoft.us"),
    exchange_admin: Some("https://outlook.office365.us"),
    // Microsoft's list says outlook.office365.us; users report smtp.office365.us. `host` in the profile decides.
    services: services!(
        "https://outlook.office365.us",
        Some(&["https://outlook.office365.us/.default"]),
        "outlook.office365.us",
        "outlook.office365.us",
        "https://graph.microsoft.us",
        Some(&["https://graph.microsoft.us/.default"])
    ),
};

const DOD: Deployment = Deployment {
    cloud: Cloud::Dod,
    pages: pages::DOD,
    domains: &[],
    exchangers: &[],
    directory: Some("https://dod-graph.microsoft.us"),
    exchange_admin: Some("https://outlook-dod.office365.us"),
    // The scope prefix is GCC High's; no document says so for DoD.
    services: services!(
        "https://outlook.office365.us",
        Some(&["https://outlook.office365.us/.default"]),
        "outlook-dod.office365.us",
        "outlook-dod.office365.us",
        "https://dod-graph.microsoft.us",
        Some(&["https://dod-graph.microsoft.us/.default"])
    ),
    ..GCC_HIGH
};

const CHINA: Deployment = Deployment {
    cloud: Cloud::China,
    sign_in: SignInPreset::Tenant { authority: "https://login.partner.microsoftonline.cn", default_tenant: None },
    portal: "Azure portal for China (portal.azure.cn)",
    pages: pages::CHINA,
    domains: &["partner.onmschina.cn"],
    exchangers: &["mail.protection.partner.outlook.cn"],
    token_issuers: &[
        "https://sts.chinacloudapi.cn",
        "https://login.chinacloudapi.cn",
        "https://login.partner.microsoftonline.cn",
    ],
    token_exchange_audience: Some("api://AzureADTokenExchangeChina"),
    directory: Some("https://microsoftgraph.chinacloudapi.cn"),
    // Another host than the mailboxes': as Microsoft lists it for the admin API.
    exchange_admin: Some("https://outlook.office365.cn"),
    // Reported by users, and not with certainty.
    services: services!(
        "https://partner.outlook.cn",
        Some(&["https://partner.outlook.cn/.default"]),
        "partner.outlook.cn",
        "smtp.partner.outlook.cn",
        "https://microsoftgraph.chinacloudapi.cn",
        Some(&["https://microsoftgraph.chinacloudapi.cn/.default"])
    ),
};

const fn application(
    scopes: Option<&'static [&'static str]>,
    role: &'static str,
    is_known_to_server: bool,
) -> Option<Application> {
    match scopes {
        Some(scopes) => Some(Application { scopes, role, is_known_to_server }),
        None => None,
    }
}

/// Hosts in all clouds, and the application ID of "Office 365 Exchange Online".
static AUDIENCES: Audiences = Audiences {
    title: "Outlook",
    app_id: "00000002-0000-0ff1-ce00-000000000000",
    listed_as: "APIs my organization uses > Office 365 Exchange Online",
    accepted: &[
        "outlook.office.com",
        "outlook.office365.com",
        // The one in Microsoft's address for admin consent; apps ask for tokens with it as well.
        "ps.outlook.com",
        "00000002-0000-0ff1-ce00-000000000000",
        "outlook.office365.us",
        "outlook-dod.office365.us",
        "partner.outlook.cn",
    ],
    mistaken: &[
        ("graph.microsoft.com", "Microsoft Graph"),
        ("00000003-0000-0000-c000-000000000000", "Microsoft Graph"),
        ("graph.microsoft.us", "Microsoft Graph for US Government"),
        ("dod-graph.microsoft.us", "Microsoft Graph for the US Department of Defense"),
        ("microsoftgraph.chinacloudapi.cn", "Microsoft Graph in China"),
        ("graph.windows.net", "Azure AD Graph"),
        ("00000002-0000-0000-c000-000000000000", "Azure AD Graph"),
    ],
};

/// Graph's hosts in all clouds, and its application ID.
static GRAPH_AUDIENCES: Audiences = Audiences {
    title: "Microsoft Graph",
    app_id: "00000003-0000-0000-c000-000000000000",
    listed_as: "Microsoft Graph",
    accepted: &[
        "graph.microsoft.com",
        "00000003-0000-0000-c000-000000000000",
        "graph.microsoft.us",
        "dod-graph.microsoft.us",
        "microsoftgraph.chinacloudapi.cn",
    ],
    mistaken: &[
        ("outlook.office.com", "Outlook's mail servers"),
        ("outlook.office365.com", "Outlook's mail servers"),
        ("00000002-0000-0ff1-ce00-000000000000", "Outlook's mail servers"),
        ("graph.windows.net", "Azure AD Graph"),
        ("00000002-0000-0000-c000-000000000000", "Azure AD Graph"),
    ],
};

/// `invalid_grant` covers more than a refresh token that is gone; only what is listed here is final.
pub(super) static GONE: GoneTokens = GoneTokens::Listed {
    suberrors: &["bad_token", "token_expired"],
    numbers: &[
        50_173,  // revoked: a new password, "Revoke sessions"
        70_008,  // expired, or not used for too long
        70_043,  // older than the sign-in frequency that Conditional Access allows
        700_081, // older than its longest life
        700_082, // not used for 90 days
        700_084, // a single-page app's, which lives a day
        530_036, // made by a device code sign-in, which a policy has ended; the token itself is said to be invalid
    ],
    // Reported by users: personal accounts say so with a number that means many other things too.
    phrases: &[(70_000, "grant is expired")],
};

static WORK: FamilyRow = FamilyRow {
    key: "microsoft",
    title: "Microsoft 365",
    about: "Microsoft, work and school accounts",
    part_of: None,
    signs: &["AADSTS", ".prod.outlook.com", "5.7.139 ", "SmtpClientAuthentication is disabled"],
    names: &[
        "office365",
        "outlook.com",
        "office.com",
        "microsoft",
        "exchange online",
        "exchangelib",
        "azure",
        "msal",
        "windows.net",
        "partner.outlook.cn",
        "login.live.com",
    ],
    finds_by_trace_id: true,
};

static PERSONAL: FamilyRow = FamilyRow {
    key: "outlook-personal",
    title: "Outlook.com",
    about: "Microsoft, personal accounts",
    part_of: Some(Family::MICROSOFT),
    signs: &[],
    names: &[],
    // Its root's does.
    finds_by_trace_id: false,
};

impl Family {
    /// Microsoft; personal accounts are a part of it.
    pub const MICROSOFT: Self = Self(&WORK);
}
