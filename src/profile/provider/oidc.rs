//! Any OpenID provider, with mail servers that the profile names.

use std::time::Duration;

use super::super::credential::{ClientType, Credential};
use super::cloud::Cloud;
use super::family::Family;
use super::gone::USUAL;
use super::page::By;
use super::row::{ClientIdForm, Deployment, DeviceFlow, Quirks, Row, SecretForm, SelectAccount, SignInPreset, Step};
use super::task::{Needed, Proof, Task, always, only};

/// Any OpenID provider.
pub(super) static OIDC: Row = Row {
    key: "oidc",
    title: "OpenID provider",
    about: "Any OpenID provider, with mail servers of your own",
    family: Family::ANY,
    deployments: &[Deployment {
        cloud: Cloud::Global,
        sign_in: SignInPreset::FromProfile,
        portal: "your OpenID provider's administration",
        pages: &[],
        domains: &[],
        exchangers: &[],
        token_issuers: &[],
        token_exchange_audience: None,
        directory: None,
        exchange_admin: None,
        services: &[],
    }],
    always: &["openid", "profile", "email", "offline_access"],
    // OpenID Connect Core §11: offline_access is granted only where consent is asked for.
    authorize_params: &[("prompt", "consent")],
    redirect_uri: "http://127.0.0.1/callback",
    // Administrators of their own server may choose what they like (RFC 6749 §2.2).
    client_ids: ClientIdForm::Any,
    secrets: SecretForm { has_ids: false, shortest: 1 },
    register: &[
        Step { text: "At {portal}, register for the client {client_id}:", only: None },
        Step { text: "  redirect URI {redirect_uri} (any port, RFC 8252 section 7.3)", only: None },
        Step { text: "  scopes {scopes}", only: None },
        Step { text: "  grant types authorization_code and refresh_token", only: None },
    ],
    permissions: &[],
    enabling: &[],
    tasks: &[
        Task {
            title: "Client",
            why: "Mail programs sign in as a client that the provider knows.",
            by: By::ServerAdministrator,
            proof: Proof::SignIn,
            steps: &[
                always(
                    "At {portal}, register the client {client_id} with the redirect URI {redirect_uri}, with any port",
                ),
                always("Let it ask for the scopes {scopes}"),
                always("Let it use the grant types authorization_code and refresh_token"),
            ],
        },
        Task {
            title: "Client secret",
            why: "The client proves with it that it is the client.",
            by: By::ServerAdministrator,
            proof: Proof::Secret,
            steps: &[only(
                Needed::By(ClientType::Confidential),
                "Hand it over in a safe way; it is then stored with: `mailgrant rotate-secret {app}`",
            )],
        },
        Task {
            title: "Mail server",
            why: "The mail server must take the tokens of this provider, and know the user by the name that they hold.",
            by: By::ServerAdministrator,
            proof: Proof::Test,
            steps: &[only(
                Needed::Servers,
                "Let the mail server offer XOAUTH2 or OAUTHBEARER, and open {address} for the tokens of {user}",
            )],
        },
    ],
    app_tasks: &[
        Task {
            title: "Client",
            why: "The client gets its tokens in its own name, as one that the provider knows.",
            by: By::ServerAdministrator,
            proof: Proof::Role,
            steps: &[
                always(
                    "At {portal}, register the confidential client {client_id} for the grant type client_credentials",
                ),
                always("Let it ask for the scopes {scopes}"),
            ],
        },
        Task {
            title: "Mail server",
            why: "The mail server must take the client's own tokens, and open the mailbox for them.",
            by: By::ServerAdministrator,
            proof: Proof::Test,
            steps: &[only(
                Needed::Servers,
                "Let the mail server offer XOAUTH2 or OAUTHBEARER, and open {address} for the tokens of {client_id}",
            )],
        },
    ],
    permission_ids: &[],
    role_ids: &[],
    alternative: None,
    quirks: Quirks {
        // oidc-provider does not know this word, and refuses the whole request; `login_hint` must do there.
        select_account: SelectAccount::Never,
        token_per_resource: true,
        scopes_on_refresh: false,
        secret_propagation: Duration::ZERO,
        is_personal: false,
        device: DeviceFlow { scopes: None, advice: None },
        credentials: &[Credential::Secret, Credential::None, Credential::Certificate, Credential::Federated],
        service_accounts: None,
        enrols_apps: false,
        gone: &USUAL,
    },
};
