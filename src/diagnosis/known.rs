//! What servers are known to say, as data. First match wins, so the telling entries stand before the general ones.
//!
//! The texts of Exchange and Entra come from documents and from users' reports; none was seen from a live server while
//! this was written, so `confidence` is `Likely` unless a document defines the number.

use crate::report::Confidence::{self, Certain, Likely, Possible};
use crate::report::ExitCode::{self, AuthorizationNeeded, CheckFailed};

/// One known answer.
pub(super) struct Known {
    /// Stable name.
    pub code: &'static str,
    /// Cause; `{address}` and the like are filled in.
    pub cause: &'static str,
    /// Steps.
    pub fix: &'static [&'static str],
    /// How sure.
    pub confidence: Confidence,
    /// Where from.
    pub source: &'static str,
    /// Exit code.
    pub exit: ExitCode,
}

/// Known by an AADSTS number. Numbers are compared whole: 50011 is a prefix of 500113.
pub(super) const AADSTS: &[(&[u32], Known)] = &[
    (
        &[7_000_215],
        Known {
            code: "ms-secret-wrong",
            cause: "Microsoft does not accept the client secret of app '{app}': it is not a current secret of {client_id}.",
            fix: &[
                "In {portal} > App registrations > {client_id} > Certificates & secrets, compare the first three characters of your secret with the column Value; the column Secret ID is not the secret",
                "If it was created within the last two minutes, wait and run the command again",
                "Otherwise add a New client secret, copy its Value, and run: mailgrant rotate-secret {app}",
            ],
            confidence: Certain,
            source: "Microsoft identity platform error codes, AADSTS7000215",
            exit: CheckFailed,
        },
    ),
    (
        &[7_000_222],
        Known {
            code: "ms-secret-expired",
            cause: "The client secret of app '{app}' has expired. The sign-ins made with it stay good: they work again with a new secret.",
            fix: &[
                "In {portal} > App registrations > {client_id} > Certificates & secrets, choose New client secret and copy its Value",
                "Run: mailgrant rotate-secret {app} --expires DATE",
            ],
            confidence: Certain,
            source: "Microsoft identity platform error codes, AADSTS7000222",
            exit: CheckFailed,
        },
    ),
    (
        &[7_000_218],
        Known {
            code: "ms-secret-missing",
            cause: "The redirect URI is registered under the platform Web, which demands a client secret, and none was sent.",
            fix: &[
                "Either move {redirect_uri} to the platform 'Mobile and desktop applications' in {portal} > App registrations > {client_id} > Authentication",
                "Or set credential = \"secret\" for app '{app}' and run: mailgrant rotate-secret {app}",
                "With --device-code, no redirect URI tells: switch on Authentication > Advanced settings > Allow public client flows",
            ],
            confidence: Certain,
            source: "Microsoft support article on AADSTS7000218",
            exit: CheckFailed,
        },
    ),
    (
        &[700_025, 90_023],
        Known {
            code: "ms-secret-unwanted",
            cause: "The redirect URI is registered under 'Mobile and desktop applications', a public client, which must not send a secret.",
            fix: &[
                "Either set credential = \"none\" for app '{app}' in the profile",
                "Or register {redirect_uri} under the platform Web in {portal} > App registrations > {client_id} > Authentication",
            ],
            confidence: Certain,
            source: "Microsoft identity platform error codes, AADSTS700025",
            exit: CheckFailed,
        },
    ),
    (
        &[50_011, 500_113, 900_971],
        Known {
            code: "ms-redirect-uri-mismatch",
            cause: "The redirect URI {redirect_uri} is not registered on the app {client_id}.",
            fix: &[
                "In {portal} > App registrations > {client_id} > Authentication > Add a platform > Web (with a client secret) or Mobile and desktop applications (without), add exactly: {redirect_uri}",
                "Save, wait three to five minutes, and run: mailgrant authorize {mailbox}",
            ],
            confidence: Certain,
            source: "Microsoft identity platform, redirect URI restrictions",
            exit: CheckFailed,
        },
    ),
    (
        &[700_016],
        Known {
            code: "ms-app-not-found",
            cause: "There is no app with the client ID {client_id} in tenant {tenant}.",
            fix: &[
                "In {portal} > App registrations > your app > Overview, compare Application (client) ID and Directory (tenant) ID with the profile",
                "Correct client_id or tenant of app '{app}' in the profile, and run: mailgrant authorize {mailbox}",
            ],
            confidence: Certain,
            source: "Microsoft identity platform error codes, AADSTS700016",
            exit: CheckFailed,
        },
    ),
    (
        &[90_002],
        Known {
            code: "ms-tenant-not-found",
            cause: "Microsoft knows no tenant {tenant} in this cloud.",
            fix: &[
                "In {portal} > App registrations > {client_id} > Overview, copy Directory (tenant) ID into `tenant` of app '{app}'",
                "If the tenant lives in a national cloud, set `cloud` as well",
            ],
            confidence: Certain,
            source: "Microsoft identity platform error codes, AADSTS90002",
            exit: CheckFailed,
        },
    ),
    (
        &[65_001, 65_004, 90_094, 90_095],
        Known {
            code: "ms-consent-missing",
            cause: "Nobody has consented yet to what app {client_id} asks for.",
            fix: &[
                "Run: mailgrant authorize {mailbox}, and accept the permissions as {user}",
                "If the page says that an administrator must approve: {portal} > App registrations > {client_id} > API permissions > Grant admin consent",
            ],
            confidence: Certain,
            source: "Microsoft identity platform error codes, AADSTS65001",
            exit: AuthorizationNeeded,
        },
    ),
    (
        &[50_020, 90_072, 50_034],
        Known {
            code: "ms-account-not-in-tenant",
            cause: "The account that signed in does not belong to tenant {tenant}.",
            fix: &[
                "Run: mailgrant authorize {mailbox}, in a private browser window, and sign in as {user}",
                "If {user} is right, correct `tenant` of app '{app}' in the profile",
            ],
            confidence: Certain,
            source: "Microsoft identity platform error codes, AADSTS50020",
            exit: CheckFailed,
        },
    ),
    (
        &[70_008, 700_082, 70_043, 50_173, 700_084],
        Known {
            code: "ms-grant-expired",
            cause: "The sign-in of {user} no longer holds: it has expired, or the password was changed or the sessions revoked.",
            fix: &["Run: mailgrant authorize {mailbox}"],
            confidence: Certain,
            source: "Microsoft identity platform error codes, AADSTS700082",
            exit: AuthorizationNeeded,
        },
    ),
    (
        &[50_076, 50_079, 50_074, 50_158, 53_000, 53_001, 53_003, 530_003],
        Known {
            code: "ms-conditional-access",
            cause: "A policy of tenant {tenant} wants more from {user} than a refresh can give: multi-factor sign-in, a managed device or a known place.",
            fix: &[
                "Run: mailgrant authorize {mailbox}, in a browser that meets the policy",
                "If it is refused again, ask the administrator for the sign-in log: {portal} > Users > {user} > Sign-in logs",
            ],
            confidence: Likely,
            source: "Microsoft identity platform error codes, AADSTS50076 and AADSTS53003",
            exit: AuthorizationNeeded,
        },
    ),
    (
        &[530_036],
        Known {
            code: "ms-device-code-blocked",
            cause: "A policy of tenant {tenant} blocks sign-ins by device code, and the refreshes of one that was made so.",
            fix: &["Run: mailgrant authorize {mailbox}, in a browser, or with --no-browser; both are no device code"],
            confidence: Likely,
            source: "Microsoft Entra: Conditional Access, authentication flows",
            exit: AuthorizationNeeded,
        },
    ),
];

/// Known by the OAuth `error` value (RFC 6749 §4.1.2.1, §5.2).
pub(super) const OAUTH: &[(&str, Known)] = &[
    (
        "invalid_grant",
        Known {
            code: "oauth-invalid-grant",
            cause: "The provider no longer accepts the sign-in of {user}: it has expired, was revoked, or was used up.",
            fix: &["Run: mailgrant authorize {mailbox}"],
            confidence: Certain,
            source: "RFC 6749 section 5.2",
            exit: AuthorizationNeeded,
        },
    ),
    (
        "invalid_client",
        Known {
            code: "oauth-invalid-client",
            cause: "The provider does not accept the app's credential: a wrong or expired client secret, or a wrong client ID.",
            fix: &[
                "Compare client ID {client_id} with {portal}",
                "Issue a new client secret there and run: mailgrant rotate-secret {app}",
            ],
            confidence: Certain,
            source: "RFC 6749 section 5.2",
            exit: CheckFailed,
        },
    ),
    (
        "unauthorized_client",
        Known {
            code: "oauth-unauthorized-client",
            cause: "The app {client_id} is not allowed to use this way of signing in.",
            fix: &["In {portal}, allow the authorization code flow with refresh tokens for the app {client_id}"],
            confidence: Certain,
            source: "RFC 6749 section 5.2",
            exit: CheckFailed,
        },
    ),
    (
        "access_denied",
        Known {
            code: "oauth-access-denied",
            cause: "The sign-in was refused, by the person at the page or by a policy of the organisation.",
            fix: &[
                "Run: mailgrant authorize {mailbox}, sign in as {user} and accept the permissions",
                "If the page did not offer to accept, an administrator must approve the app {client_id} in {portal}",
            ],
            confidence: Certain,
            source: "RFC 6749 section 4.1.2.1",
            exit: CheckFailed,
        },
    ),
    (
        // Microsoft's word for it at the device code's page.
        "authorization_declined",
        Known {
            code: "oauth-access-denied",
            cause: "The sign-in was refused by the person at the page.",
            fix: &["Run: mailgrant authorize {mailbox}, sign in as {user} and accept the permissions"],
            confidence: Certain,
            source: "Microsoft identity platform, device authorization grant",
            exit: CheckFailed,
        },
    ),
    (
        "expired_token",
        Known {
            code: "device-code-expired",
            cause: "Nobody entered the code and signed in while it was good.",
            fix: &["Run: mailgrant authorize {mailbox} --device-code, and enter the new code that it shows"],
            confidence: Certain,
            source: "RFC 8628 section 3.5",
            exit: CheckFailed,
        },
    ),
    (
        "invalid_scope",
        Known {
            code: "oauth-invalid-scope",
            cause: "The provider does not know, or does not allow this app, one of the scopes that were asked for.",
            fix: &["Compare `scopes` of app '{app}' in the profile with what {portal} lists for {client_id}"],
            confidence: Certain,
            source: "RFC 6749 section 5.2",
            exit: CheckFailed,
        },
    ),
    (
        "interaction_required",
        Known {
            code: "oauth-interaction-required",
            cause: "The provider wants {user} to sign in again in a browser.",
            fix: &["Run: mailgrant authorize {mailbox}"],
            confidence: Certain,
            source: "OpenID Connect Core section 3.1.2.6",
            exit: AuthorizationNeeded,
        },
    ),
    (
        "temporarily_unavailable",
        Known {
            code: "oauth-temporarily-unavailable",
            cause: "The provider is overloaded or under maintenance.",
            fix: &["Wait a minute and run the command again"],
            confidence: Certain,
            source: "RFC 6749 section 4.1.2.1",
            exit: ExitCode::Network,
        },
    ),
    (
        "server_error",
        Known {
            code: "oauth-server-error",
            cause: "The provider met an error of its own.",
            fix: &["Wait a minute and run the command again; if it stays, ask the provider with the words below"],
            confidence: Certain,
            source: "RFC 6749 section 4.1.2.1",
            exit: ExitCode::Network,
        },
    ),
];

/// Known by a phrase in a mail server's answer (compared in lower case).
pub(super) const PHRASES: &[(&str, Known)] = &[
    (
        "smtpclientauthentication is disabled for the tenant",
        Known {
            code: "ms-smtp-auth-off-tenant",
            cause: "SMTP AUTH is switched off for the whole organisation, for OAuth as well.",
            fix: &[
                "For this mailbox alone: Microsoft 365 admin center > Users > Active users > {user} > Mail > Manage email apps > tick Authenticated SMTP",
                "Or in Exchange Online PowerShell: Set-CASMailbox -Identity {user} -SmtpClientAuthenticationDisabled $false",
                "Wait up to an hour and run: mailgrant test-smtp {mailbox}",
            ],
            confidence: Likely,
            source: "Microsoft: Enable or disable SMTP AUTH in Exchange Online",
            exit: CheckFailed,
        },
    ),
    (
        "smtpclientauthentication is disabled for the mailbox",
        Known {
            code: "ms-smtp-auth-off-mailbox",
            cause: "SMTP AUTH is switched off for {user}, for OAuth as well.",
            fix: &[
                "Microsoft 365 admin center > Users > Active users > {user} > Mail > Manage email apps > tick Authenticated SMTP",
                "Wait up to an hour and run: mailgrant test-smtp {mailbox}",
                "A personal Outlook.com mailbox has no such switch: SMTP is closed there",
            ],
            confidence: Likely,
            source: "Microsoft: Enable or disable SMTP AUTH in Exchange Online",
            exit: CheckFailed,
        },
    ),
    (
        "authenticated but not connected",
        Known {
            code: "ms-authenticated-not-connected",
            cause: "The token is good, but it does not open the mailbox {address}: another account signed in, {protocol} is off for the mailbox, or the shared mailbox is not shared with {user}.",
            fix: &[
                "Run: mailgrant show {mailbox}, and look who signed in; if it is not {user}, run: mailgrant authorize {mailbox}",
                "Microsoft 365 admin center > Users > Active users > {address} > Mail > Manage email apps > tick {protocol}",
                "For a shared mailbox give {user} FullAccess: Exchange admin center > Mailboxes > {address} > Delegation",
            ],
            confidence: Likely,
            source: "users' reports on Exchange Online",
            exit: CheckFailed,
        },
    ),
    (
        "5.7.3 ",
        Known {
            code: "ms-identity-not-accepted",
            cause: "The server does not accept this identity: the token is for another user, another resource, or lacks the right for {protocol}.",
            fix: &[
                "Run: mailgrant show {mailbox}, and look who signed in and which scopes were granted",
                "Run: mailgrant authorize {mailbox}, in a private browser window, as {user}",
            ],
            confidence: Possible,
            source: "users' reports on Exchange Online",
            exit: CheckFailed,
        },
    ),
    (
        "sendasdenied",
        Known {
            code: "ms-send-as-denied",
            cause: "{user} may not send as {address}.",
            fix: &[
                "Exchange admin center > Mailboxes > {address} > Delegation > Send as > add {user}",
                "Wait up to an hour and run: mailgrant test-smtp {mailbox}",
            ],
            confidence: Likely,
            source: "Microsoft: Fix issues with printers, scanners and LOB applications (5.2.252)",
            exit: CheckFailed,
        },
    ),
    (
        "request is throttled",
        Known {
            code: "ms-throttled",
            cause: "The server asks us to slow down.",
            fix: &["Wait a few minutes and run the command again"],
            confidence: Certain,
            source: "users' reports on Exchange Online",
            exit: ExitCode::Network,
        },
    ),
];
