//! The pages of Microsoft's portals.
//!
//! Addresses of the app's pages, with the tenant behind `#@`, and of the sign-in logs: as public scripts and Microsoft's own
//! texts of error numbers have them. Exchange admin center: Microsoft's instructions for mailboxes, and for GCC High its
//! announcement. Admin consent: Microsoft's document on it; it takes neither `common` nor `consumers`. What no source
//! says has no address.

use super::super::page::{By, Page, PagePreset};

/// The pages of a cloud: scheme and host of its portal, of its sign-in, and the address of its Exchange admin center.
macro_rules! pages {
    ($portal:literal, $authority:literal, $exchange:expr) => {
        &[
            app!(App, "{portal} > App registrations > {client_id}", $portal, "Overview"),
            app!(
                Authentication,
                "{portal} > App registrations > {client_id} > Authentication",
                $portal,
                "Authentication"
            ),
            app!(
                Secrets,
                "{portal} > App registrations > {client_id} > Certificates & secrets",
                $portal,
                "Credentials"
            ),
            app!(Permissions, "{portal} > App registrations > {client_id} > API permissions", $portal, "CallAnAPI"),
            PagePreset {
                page: Page::SignInLogs,
                path: Some("{portal} > Monitoring & health > Sign-in logs"),
                url: Some(concat!($portal, "/#{at_tenant}view/Microsoft_AAD_IAM/SignInEventsV3Blade")),
                by: Some(By::EntraAdministrator),
            },
            PagePreset {
                page: Page::Mailbox,
                path: Some("Exchange admin center > Recipients > Mailboxes > {address}"),
                url: $exchange,
                by: Some(By::ExchangeAdministrator),
            },
            PagePreset {
                page: Page::Consent,
                path: None,
                url: Some(concat!(
                    $authority,
                    "/{tenant}/adminconsent?client_id={client_id}&redirect_uri={redirect_uri}"
                )),
                by: Some(By::EntraAdministrator),
            },
        ]
    };
}

macro_rules! app {
    ($page:ident, $path:literal, $portal:literal, $menu:literal) => {
        PagePreset {
            page: Page::$page,
            path: Some($path),
            url: Some(concat!(
                $portal,
                "/#{at_tenant}view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/",
                $menu,
                "/appId/{client_id}"
            )),
            by: Some(By::AppOwner),
        }
    };
}

pub(super) static GLOBAL: &[PagePreset] = pages!(
    "https://entra.microsoft.com",
    "https://login.microsoftonline.com",
    Some("https://admin.exchange.microsoft.com/#/mailboxes")
);
pub(super) static GCC_HIGH: &[PagePreset] = pages!(
    "https://portal.azure.us",
    "https://login.microsoftonline.us",
    Some("https://admin.exchange.office365.us/#/mailboxes")
);
pub(super) static DOD: &[PagePreset] = pages!("https://portal.azure.us", "https://login.microsoftonline.us", None);
pub(super) static CHINA: &[PagePreset] =
    pages!("https://portal.azure.cn", "https://login.partner.microsoftonline.cn", None);

/// Personal accounts: the app is registered as others are, the rest is the account's own.
pub(super) static PERSONAL: &[PagePreset] = &[
    app!(App, "{portal} > App registrations > {client_id}", "https://entra.microsoft.com", "Overview"),
    app!(
        Authentication,
        "{portal} > App registrations > {client_id} > Authentication",
        "https://entra.microsoft.com",
        "Authentication"
    ),
    app!(
        Secrets,
        "{portal} > App registrations > {client_id} > Certificates & secrets",
        "https://entra.microsoft.com",
        "Credentials"
    ),
    app!(
        Permissions,
        "{portal} > App registrations > {client_id} > API permissions",
        "https://entra.microsoft.com",
        "CallAnAPI"
    ),
    PagePreset {
        page: Page::SignInLogs,
        path: Some("Microsoft account > Recent activity"),
        url: Some("https://account.live.com/Activity"),
        by: Some(By::User),
    },
    PagePreset {
        page: Page::Mailbox,
        path: Some("outlook.live.com > Settings > Mail > Forwarding and IMAP"),
        url: Some("https://outlook.live.com/mail/0/options/mail/forwarding"),
        by: Some(By::User),
    },
    PagePreset {
        page: Page::Consent,
        path: Some("Microsoft account > Apps and services that can access your data"),
        url: Some("https://account.live.com/consent/Manage"),
        by: Some(By::User),
    },
];
