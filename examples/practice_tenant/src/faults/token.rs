//! What goes wrong at the token endpoint, and in the tokens themselves.

use super::At::{Code, Refresh};
use super::Wording::{Composed, Documented, Reported, Seen};
use super::{At, Claim, Fault, Row, refusal};

/// Microsoft has one answer for every secret that it does not know; what is behind it, the rest of the story tells.
const fn unknown_secret(at: &'static [At]) -> Fault {
    Fault::OAuth(
        refusal(
            at,
            "invalid_client",
            7_000_215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not \
             the client secret ID, for a secret added to app '{client_id}'.",
        )
        .status(401),
    )
}

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "secrets-expired",
        meaning: "every client secret has expired",
        finding: "ms-secret-expired",
        wording: Documented,
        fault: Fault::OAuth(
            refusal(
                &[Code, Refresh],
                "invalid_client",
                7_000_222,
                "The provided client secret keys for app '{client_id}' are expired. Visit the Azure portal to create new \
                 keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added \
                 security: https://aka.ms/certCreds.",
            )
            .status(401),
        ),
    },
    Row {
        name: "secret-id-stored",
        meaning: "the Secret ID was stored, not the value",
        finding: "ms-secret-id-instead-of-value",
        wording: Documented,
        fault: unknown_secret(&[Code]),
    },
    Row {
        name: "secret-of-other-app",
        meaning: "the client secret is another app's",
        finding: "ms-secret-id-instead-of-value",
        wording: Documented,
        fault: unknown_secret(&[Code]),
    },
    Row {
        name: "secret-removed",
        meaning: "the client secret was taken away after the sign-in",
        finding: "secret-removed",
        wording: Documented,
        fault: unknown_secret(&[Refresh]),
    },
    Row {
        name: "secret-too-new",
        meaning: "not every server knows a new secret yet (=120: for two minutes)",
        finding: "secret-not-yet-known",
        wording: Documented,
        fault: unknown_secret(&[Refresh]),
    },
    Row {
        name: "secret-required",
        meaning: "the app is a Web app, and no secret was sent",
        finding: "ms-secret-required",
        wording: Composed,
        fault: Fault::OAuth(
            refusal(
                &[Code, Refresh],
                "invalid_client",
                7_000_218,
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
            )
            .status(401),
        ),
    },
    Row {
        name: "secret-unwanted",
        meaning: "the app is a public client, and a secret was sent",
        finding: "ms-public-client-sent-secret",
        wording: Documented,
        fault: Fault::OAuth(
            refusal(
                &[Code, Refresh],
                "invalid_client",
                700_025,
                "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
            )
            .status(401),
        ),
    },
    Row {
        name: "single-page-app",
        meaning: "the redirect URI is under the platform Single-page application",
        finding: "ms-spa-origin-required",
        wording: Reported,
        fault: Fault::OAuth(refusal(
            &[Code],
            "invalid_request",
            9_002_327,
            "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.",
        )),
    },
    Row {
        name: "grants-revoked",
        meaning: "an administrator or a new password has revoked the sign-in",
        finding: "ms-refresh-token-revoked",
        wording: Documented,
        fault: Fault::OAuth(refusal(
            &[Refresh],
            "invalid_grant",
            50_173,
            "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have \
             changed or reset their password.",
        )),
    },
    Row {
        name: "password-changed",
        meaning: "the session ended with the old password",
        finding: "ms-session-invalid",
        wording: Documented,
        fault: Fault::OAuth(refusal(
            &[Refresh],
            "invalid_grant",
            50_133,
            "Session is invalid due to expiration or recent password change.",
        )),
    },
    Row {
        name: "refresh-token-expired",
        meaning: "the refresh token has expired",
        finding: "ms-code-or-refresh-token-expired",
        wording: Composed,
        fault: Fault::OAuth(refusal(
            &[Refresh],
            "invalid_grant",
            70_008,
            "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive \
             authorization request for this user and resource.",
        )),
    },
    Row {
        name: "refresh-token-inactive",
        meaning: "the refresh token was not used for 90 days",
        finding: "ms-refresh-token-inactive",
        wording: Composed,
        fault: Fault::OAuth(refusal(
            &[Refresh],
            "invalid_grant",
            700_082,
            "The refresh token has expired due to inactivity. The token was issued on 2026-01-07T08:00:00.0000000Z and \
             was inactive for 90.00:00:00.",
        )),
    },
    Row {
        name: "grant-expired",
        meaning: "a personal account's sign-in has run out",
        finding: "ms-grant-expired-sign-in-again",
        wording: Reported,
        fault: Fault::OAuth(refusal(
            &[Refresh],
            "invalid_grant",
            70_000,
            "The user could not be authenticated as the grant is expired. The user must sign in again.",
        )),
    },
    Row {
        name: "consent-missing",
        meaning: "the permissions have not been consented to",
        finding: "ms-consent-missing",
        wording: Composed,
        fault: Fault::OAuth(
            refusal(
                &[Code, Refresh],
                "invalid_grant",
                65_001,
                "The user or administrator has not consented to use the application with ID '{client_id}' named \
                 'mailgrant practice'. Send an interactive authorization request for this user and resource.",
            )
            .suberror("consent_required"),
        ),
    },
    Row {
        name: "exchange-not-in-tenant",
        meaning: "the tenant has no Exchange Online",
        finding: "ms-resource-not-in-tenant",
        wording: Documented,
        fault: Fault::OAuth(refusal(
            &[Code, Refresh],
            "invalid_resource",
            500_011,
            "The resource principal named https://outlook.office.com was not found in the tenant named Contoso. This can \
             happen if the application has not been installed by the administrator of the tenant or consented to by any \
             user in the tenant. You might have sent your authentication request to the wrong tenant.",
        )),
    },
    Row {
        name: "token-throttled",
        meaning: "too many token requests; wait 30 seconds",
        finding: "ms-transient",
        wording: Composed,
        fault: Fault::OAuth(
            refusal(
                &[Code, Refresh],
                "invalid_request",
                90_055,
                "TenantThrottlingError: there are too many incoming requests.",
            )
            .status(429)
            .retry_after(30),
        ),
    },
    Row {
        name: "token-unavailable",
        meaning: "the token endpoint is down for a moment",
        finding: "ms-transient",
        wording: Composed,
        fault: Fault::OAuth(
            refusal(
                &[Code, Refresh],
                "temporarily_unavailable",
                90_033,
                "A transient error has occurred. Please try again.",
            )
            .status(503),
        ),
    },
    Row {
        name: "portal-page",
        meaning: "a hotel's sign-in page answers in the token endpoint's place",
        finding: "oauth-not-oauth",
        wording: Seen,
        fault: Fault::TokenPage {
            status: 200,
            body: "<!doctype html><title>Welcome to our guest network</title><p>Accept the terms to go on.</p>",
        },
    },
    Row {
        name: "proxy-page",
        meaning: "a proxy reports that it cannot reach the token endpoint",
        finding: "oauth-not-oauth",
        wording: Seen,
        fault: Fault::TokenPage {
            status: 502,
            body: "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>",
        },
    },
    Row {
        name: "token-for-graph",
        meaning: "the access token is for Microsoft Graph",
        finding: "local-token-wrong-audience",
        wording: Reported,
        fault: Fault::AccessClaims(&[Claim::Is("aud", "https://graph.microsoft.com")]),
    },
    Row {
        name: "token-other-tenant",
        meaning: "the access token is of another tenant",
        finding: "local-token-other-tenant",
        wording: Reported,
        fault: Fault::AccessClaims(&[Claim::Tenant("e15e0000-0000-4000-8000-00000000beef")]),
    },
    Row {
        name: "token-not-yet-valid",
        meaning: "the access token is good from two hours on",
        finding: "clock-off",
        wording: Reported,
        fault: Fault::AccessClaims(&[Claim::Later("nbf", 7_200), Claim::Later("exp", 7_200)]),
    },
    Row {
        name: "token-lacks-imap",
        meaning: "the access token lacks IMAP.AccessAsUser.All",
        finding: "local-token-lacks-scope",
        wording: Documented,
        fault: Fault::AccessClaims(&[Claim::Is("scp", "POP.AccessAsUser.All SMTP.Send")]),
    },
    Row {
        name: "token-lacks-smtp",
        meaning: "the access token lacks SMTP.Send",
        finding: "local-token-lacks-scope",
        wording: Documented,
        fault: Fault::AccessClaims(&[Claim::Is("scp", "IMAP.AccessAsUser.All POP.AccessAsUser.All")]),
    },
    Row {
        name: "wrong-account",
        meaning: "the stored sign-in is Alice's, not the mailbox's",
        finding: "other-account-signed-in",
        wording: Reported,
        fault: Fault::ForeignAccessToken,
    },
];
