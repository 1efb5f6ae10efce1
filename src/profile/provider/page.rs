//! The pages of a provider that people are sent to, and who may use them.

/// A page, by what is done there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Page {
    /// The app's registration
    App,
    /// Its redirect URIs, and whether it is a public client
    Authentication,
    /// Its client secrets
    Secrets,
    /// Its permissions
    Permissions,
    /// What the provider noted of each sign-in
    SignInLogs,
    /// The mailbox's protocols and who may open it
    Mailbox,
    /// Where the app is approved
    Consent,
}

/// A page of one deployment. `{portal}`, `{tenant}`, `{client_id}`, `{redirect_uri}` and `{address}` are filled in, and
/// `{at_tenant}`: the tenant as a part of the portal's addresses, where the profile names one.
#[derive(Debug)]
pub struct PagePreset {
    /// What is done there.
    pub page: Page,
    /// The click path to it; the address itself where there is none.
    pub path: Option<&'static str>,
    /// Its address, where a source has it.
    pub url: Option<&'static str>,
    /// Who may use it.
    pub by: Option<By>,
}

/// Who has the right to do something.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The person who runs mailgrant.
    You,
    /// The person who signs in to the mailbox.
    User,
    /// An owner of the app's registration.
    AppOwner,
    /// An administrator of Microsoft Entra.
    EntraAdministrator,
    /// An administrator of Exchange Online.
    ExchangeAdministrator,
    /// An administrator of Google Workspace.
    WorkspaceAdministrator,
    /// The administrator of the mail server, or of the sign-in server.
    ServerAdministrator,
    /// The administrator of the network, its firewall or its proxy.
    NetworkAdministrator,
}

impl By {
    /// Who that is, in words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::You => "you",
            Self::User => "the mailbox's user",
            Self::AppOwner => "an owner of the app's registration",
            Self::EntraAdministrator => "an Entra administrator",
            Self::ExchangeAdministrator => "an Exchange administrator",
            Self::WorkspaceAdministrator => "a Google Workspace administrator",
            Self::ServerAdministrator => "the server's administrator",
            Self::NetworkAdministrator => "the network's administrator",
        }
    }
}
