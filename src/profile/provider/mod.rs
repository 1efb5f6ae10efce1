//! What we know of each provider, as data. A new provider is a new row, not a new branch.
//!
//! No live server of these providers was contacted while this was written: the values come from the providers'
//! documents, or, where a remark says so, from what users report. Every one can be overridden in the profile.

mod gone;

pub use gone::{GoneTokens, InvalidGrant};

use super::TlsMode::{self, Implicit, StartTls};

/// Who runs the sign-in and the mail servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Work and school accounts at Exchange Online.
    #[value(name = "microsoft365")]
    Microsoft365,
    /// Personal accounts: Outlook.com, Hotmail, Live.
    Outlook,
    /// Gmail and Google Workspace.
    Google,
    /// Any OpenID provider, with mail servers of your own.
    Oidc,
}

/// Microsoft's national clouds. Registrations are not shared between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, clap::ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// Everybody else's, GCC included.
    #[default]
    Global,
    /// US Government, GCC High.
    GccHigh,
    /// US Department of Defense.
    Dod,
    /// China, run by 21Vianet.
    China,
}

/// What a provider (in one cloud) presets.
#[derive(Debug, Clone, Copy)]
pub struct Preset {
    /// Where to sign in.
    pub sign_in: SignInPreset,
    /// Scopes asked for always.
    pub always: &'static [&'static str],
    /// Scopes for IMAP.
    pub imap_scopes: &'static [&'static str],
    /// Scopes for POP3.
    pub pop3_scopes: &'static [&'static str],
    /// Scopes for SMTP.
    pub smtp_scopes: &'static [&'static str],
    /// The only scopes that can be asked for at the device authorization endpoint, where not all of them can.
    pub device_scopes: Option<&'static [&'static str]>,
    /// Further parameters of the authorization request.
    pub authorize_params: &'static [(&'static str, &'static str)],
    /// The redirect URI to register.
    pub redirect_uri: &'static str,
    /// The IMAP server.
    pub imap: Option<HostPreset>,
    /// The POP3 server.
    pub pop3: Option<HostPreset>,
    /// The submission server.
    pub smtp: Option<HostPreset>,
    /// The tenant where the profile gives none.
    pub default_tenant: Option<&'static str>,
    /// Where apps are registered, in words.
    pub portal: &'static str,
}

/// Where a preset signs in.
#[derive(Debug, Clone, Copy)]
pub enum SignInPreset {
    /// `{authority}/{tenant}/oauth2/v2.0/…`
    Microsoft {
        /// Scheme and host.
        authority: &'static str,
    },
    /// Fixed endpoints and issuer.
    Fixed {
        /// The issuer of identity tokens.
        issuer: &'static str,
        /// The authorization endpoint.
        authorization: &'static str,
        /// The token endpoint.
        token: &'static str,
        /// The device authorization endpoint (RFC 8628 §3.1).
        device_authorization: &'static str,
    },
    /// The profile names the issuer.
    FromProfile,
}

/// A preset mail server.
#[derive(Debug, Clone, Copy)]
pub struct HostPreset {
    /// Host name.
    pub host: &'static str,
    /// Port.
    pub port: u16,
    /// TLS mode.
    pub tls: TlsMode,
}

const fn host(host: &'static str, port: u16, tls: TlsMode) -> Option<HostPreset> {
    Some(HostPreset { host, port, tls })
}

const OIDC_SCOPES: &[&str] = &["openid", "profile", "email", "offline_access"];

const MICROSOFT_GLOBAL: Preset = Preset {
    sign_in: SignInPreset::Microsoft { authority: "https://login.microsoftonline.com" },
    always: OIDC_SCOPES,
    // The Outlook address, not Graph's: a Graph token is refused at Outlook's door.
    imap_scopes: &["https://outlook.office.com/IMAP.AccessAsUser.All"],
    pop3_scopes: &["https://outlook.office.com/POP.AccessAsUser.All"],
    smtp_scopes: &["https://outlook.office.com/SMTP.Send"],
    device_scopes: None,
    authorize_params: &[],
    // localhost, not 127.0.0.1: the portal's form takes only this, and ignores its port.
    redirect_uri: "http://localhost",
    imap: host("outlook.office365.com", 993, Implicit),
    pop3: host("outlook.office365.com", 995, Implicit),
    smtp: host("smtp.office365.com", 587, StartTls),
    default_tenant: None,
    portal: "Microsoft Entra admin center (entra.microsoft.com)",
};

const OUTLOOK: Preset = Preset {
    // Reported by users: one IMAP host serves work and personal accounts.
    smtp: host("smtp-mail.outlook.com", 587, StartTls),
    default_tenant: Some("consumers"),
    ..MICROSOFT_GLOBAL
};

const MICROSOFT_GCC_HIGH: Preset = Preset {
    sign_in: SignInPreset::Microsoft { authority: "https://login.microsoftonline.us" },
    imap_scopes: &["https://outlook.office365.us/IMAP.AccessAsUser.All"],
    pop3_scopes: &["https://outlook.office365.us/POP.AccessAsUser.All"],
    smtp_scopes: &["https://outlook.office365.us/SMTP.Send"],
    imap: host("outlook.office365.us", 993, Implicit),
    pop3: host("outlook.office365.us", 995, Implicit),
    // Microsoft's list says outlook.office365.us; users report smtp.office365.us. `host` in the profile decides.
    smtp: host("outlook.office365.us", 587, StartTls),
    portal: "Azure portal for US Government (portal.azure.us)",
    ..MICROSOFT_GLOBAL
};

const MICROSOFT_DOD: Preset = Preset {
    // The scope prefix is GCC High's; no document says so for DoD.
    imap: host("outlook-dod.office365.us", 993, Implicit),
    pop3: host("outlook-dod.office365.us", 995, Implicit),
    smtp: host("outlook-dod.office365.us", 587, StartTls),
    ..MICROSOFT_GCC_HIGH
};

const MICROSOFT_CHINA: Preset = Preset {
    sign_in: SignInPreset::Microsoft { authority: "https://login.partner.microsoftonline.cn" },
    // Reported by users, and not with certainty.
    imap_scopes: &["https://partner.outlook.cn/IMAP.AccessAsUser.All"],
    pop3_scopes: &["https://partner.outlook.cn/POP.AccessAsUser.All"],
    smtp_scopes: &["https://partner.outlook.cn/SMTP.Send"],
    imap: host("partner.outlook.cn", 993, Implicit),
    pop3: host("partner.outlook.cn", 995, Implicit),
    smtp: host("smtp.partner.outlook.cn", 587, StartTls),
    portal: "Azure portal for China (portal.azure.cn)",
    ..MICROSOFT_GLOBAL
};

const GOOGLE: Preset = Preset {
    sign_in: SignInPreset::Fixed {
        issuer: "https://accounts.google.com",
        authorization: "https://accounts.google.com/o/oauth2/v2/auth",
        token: "https://oauth2.googleapis.com/token",
        device_authorization: "https://oauth2.googleapis.com/device/code",
    },
    always: &["openid", "email"],
    imap_scopes: &["https://mail.google.com/"],
    pop3_scopes: &["https://mail.google.com/"],
    smtp_scopes: &["https://mail.google.com/"],
    // Google's list for limited-input devices; a mail scope is answered with invalid_scope.
    device_scopes: Some(&[
        "openid",
        "email",
        "profile",
        "https://www.googleapis.com/auth/drive.appdata",
        "https://www.googleapis.com/auth/drive.file",
        "https://www.googleapis.com/auth/youtube",
        "https://www.googleapis.com/auth/youtube.readonly",
    ]),
    // Google sends a refresh token only for offline access, and again only after a new consent.
    authorize_params: &[("access_type", "offline"), ("prompt", "consent select_account")],
    redirect_uri: "http://127.0.0.1",
    imap: host("imap.gmail.com", 993, Implicit),
    pop3: host("pop.gmail.com", 995, Implicit),
    smtp: host("smtp.gmail.com", 465, Implicit),
    default_tenant: None,
    portal: "Google Cloud console (console.cloud.google.com) > APIs & Services > Credentials",
};

const OIDC: Preset = Preset {
    sign_in: SignInPreset::FromProfile,
    always: OIDC_SCOPES,
    imap_scopes: &[],
    pop3_scopes: &[],
    smtp_scopes: &[],
    device_scopes: None,
    // OpenID Connect Core §11: offline_access is granted only where consent is asked for.
    authorize_params: &[("prompt", "consent")],
    redirect_uri: "http://127.0.0.1/callback",
    imap: None,
    pop3: None,
    smtp: None,
    default_tenant: None,
    portal: "your OpenID provider's administration",
};

impl Provider {
    /// The presets for `cloud`. Only Microsoft 365 has more than one.
    #[must_use]
    pub fn preset(self, cloud: Cloud) -> &'static Preset {
        match (self, cloud) {
            (Self::Microsoft365, Cloud::Global) => &MICROSOFT_GLOBAL,
            (Self::Microsoft365, Cloud::GccHigh) => &MICROSOFT_GCC_HIGH,
            (Self::Microsoft365, Cloud::Dod) => &MICROSOFT_DOD,
            (Self::Microsoft365, Cloud::China) => &MICROSOFT_CHINA,
            (Self::Outlook, _) => &OUTLOOK,
            (Self::Google, _) => &GOOGLE,
            (Self::Oidc, _) => &OIDC,
        }
    }

    /// Whether this is one of Microsoft's.
    #[must_use]
    pub fn is_microsoft(self) -> bool {
        matches!(self, Self::Microsoft365 | Self::Outlook)
    }

    /// The name that people know it by.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Microsoft365 => "Microsoft 365",
            Self::Outlook => "Outlook.com",
            Self::Google => "Google",
            Self::Oidc => "OpenID provider",
        }
    }

    /// The word in the profile.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Microsoft365 => "microsoft365",
            Self::Outlook => "outlook",
            Self::Google => "google",
            Self::Oidc => "oidc",
        }
    }
}
