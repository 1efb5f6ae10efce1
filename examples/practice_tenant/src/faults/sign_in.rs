//! What goes wrong at the sign-in page, and between it and the stored grant.

use super::At::{Account, Back, Code, Page, Refresh};
use super::Wording::{Composed, Documented, Reported, Seen};
use super::{Claim, Fault, Row, refusal};

/// A tenant that is not ours.
const ELSEWHERE: &str = "e15e0000-0000-4000-8000-00000000beef";

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "redirect-uri-mismatch",
        meaning: "the redirect URI is not registered in the app",
        finding: "ms-redirect-uri-mismatch",
        wording: Documented,
        fault: Fault::OAuth(refusal(
            &[Page],
            "invalid_request",
            50_011,
            "The redirect URI specified in the request does not match the redirect URIs configured for the application \
             '{client_id}'. Make sure the redirect URI sent in the request matches one added to your application in \
             the Azure portal.",
        )),
    },
    Row {
        name: "no-redirect-uri",
        meaning: "the app has no redirect URI at all",
        finding: "ms-no-redirect-uri-registered",
        wording: Reported,
        fault: Fault::OAuth(refusal(
            &[Page],
            "invalid_request",
            500_113,
            "No reply address is registered for the application.",
        )),
    },
    Row {
        name: "app-not-found",
        meaning: "the client ID belongs to no app of this tenant",
        finding: "ms-app-not-found",
        wording: Documented,
        fault: Fault::OAuth(refusal(
            &[Page, Code, Refresh],
            "unauthorized_client",
            700_016,
            "Application with identifier '{client_id}' was not found in the directory 'Contoso'. This can happen if the \
             application has not been installed by the administrator of the tenant or consented to by any user in the \
             tenant. You may have sent your authentication request to the wrong tenant.",
        )),
    },
    Row {
        name: "tenant-not-found",
        meaning: "the tenant does not exist, or in another cloud",
        finding: "ms-tenant-not-found",
        wording: Composed,
        fault: Fault::OAuth(refusal(
            &[Page, Code, Refresh],
            "invalid_request",
            90_002,
            "Tenant 'contoso.example' not found. Check to make sure you have the correct tenant ID and are signing into \
             the correct cloud.",
        )),
    },
    Row {
        name: "app-disabled",
        meaning: "the enterprise application is switched off",
        finding: "ms-app-disabled-in-tenant",
        wording: Composed,
        fault: Fault::OAuth(refusal(
            &[Page, Code, Refresh],
            "unauthorized_client",
            7_000_112,
            "Application '{client_id}' is disabled.",
        )),
    },
    Row {
        name: "app-for-personal-accounts",
        meaning: "the app takes personal accounts only",
        finding: "ms-app-personal-only",
        wording: Reported,
        fault: Fault::OAuth(refusal(
            &[Page],
            "invalid_request",
            9_002_331,
            "Application '{client_id}'(mailgrant practice) is configured for use by Microsoft Account users only. Please \
             use the /consumers endpoint to serve this request.",
        )),
    },
    Row {
        name: "single-tenant-app",
        meaning: "the app is for one tenant, the request went to /common",
        finding: "ms-single-tenant-on-common",
        wording: Documented,
        fault: Fault::OAuth(refusal(
            &[Page],
            "invalid_request",
            50_194,
            "Application '{client_id}'(mailgrant practice) is not configured as a multi-tenant application. Usage of the \
             /common endpoint is not supported for such applications created after '10/15/2018'. Use a tenant-specific \
             endpoint or configure the application to be multi-tenant.",
        )),
    },
    Row {
        name: "user-not-in-tenant",
        meaning: "the account belongs to another organisation",
        finding: "ms-user-not-in-tenant",
        wording: Documented,
        fault: Fault::OAuth(refusal(
            &[Account],
            "invalid_request",
            50_020,
            "User account '{user}' from identity provider 'https://sts.windows.net/e15e0000-0000-4000-8000-00000000beef/' \
             does not exist in tenant 'Contoso' and cannot access the application '{client_id}' in that tenant. The \
             account needs to be added as an external user in the tenant first.",
        )),
    },
    Row {
        name: "guest-not-added",
        meaning: "a guest who was never added to the tenant",
        finding: "ms-external-account-must-be-added",
        wording: Documented,
        fault: Fault::OAuth(refusal(
            &[Account],
            "invalid_request",
            90_072,
            "User account '{user}' from identity provider 'live.com' does not exist in tenant 'Contoso' and cannot \
             access the application '{client_id}' in that tenant.",
        )),
    },
    Row {
        name: "user-unknown",
        meaning: "there is no such account in the directory",
        finding: "ms-user-account-not-found",
        wording: Documented,
        fault: Fault::OAuth(refusal(
            &[Account],
            "invalid_grant",
            50_034,
            "The user account {EmailHidden} does not exist in the contoso.example directory. To sign into this \
             application, the account must be added to the directory.",
        )),
    },
    Row {
        name: "account-disabled",
        meaning: "the account is blocked from signing in",
        finding: "ms-account-disabled",
        wording: Documented,
        fault: Fault::OAuth(refusal(&[Account, Refresh], "invalid_grant", 50_057, "The user account is disabled.")),
    },
    Row {
        name: "account-locked",
        meaning: "too many wrong passwords, or a suspicious address",
        finding: "ms-account-locked-or-ip-blocked",
        wording: Documented,
        fault: Fault::OAuth(refusal(
            &[Account],
            "invalid_grant",
            50_053,
            "You've tried to sign in too many times with an incorrect user ID or password.",
        )),
    },
    Row {
        name: "user-not-assigned",
        meaning: "the app is for assigned users only, and this one is not",
        finding: "ms-user-not-assigned",
        wording: Documented,
        fault: Fault::OAuth(refusal(
            &[Account, Refresh],
            "invalid_grant",
            50_105,
            "Your administrator has configured the application mailgrant practice ('{client_id}') to block users unless \
             they are specifically granted ('assigned') access to the application. The signed in user '{EmailHidden}' \
             is blocked because they are not a direct member of a group with access, nor had access directly assigned \
             by an administrator.",
        )),
    },
    Row {
        name: "mfa-failed",
        meaning: "the second factor was not confirmed",
        finding: "ms-mfa-failed",
        wording: Reported,
        fault: Fault::OAuth(refusal(
            &[Account],
            "invalid_grant",
            500_121,
            "Authentication failed during strong authentication request.",
        )),
    },
    Row {
        name: "consent-declined",
        meaning: "the user said no to the permissions",
        finding: "ms-user-declined-consent",
        wording: Documented,
        fault: Fault::OAuth(refusal(&[Back], "access_denied", 65_004, "User declined to consent to access the app.")),
    },
    Row {
        name: "admin-consent-needed",
        meaning: "users may not consent, an administrator must",
        finding: "ms-admin-consent-required",
        wording: Documented,
        fault: Fault::OAuth(refusal(
            &[Account],
            "access_denied",
            90_094,
            "An administrator of Contoso has set a policy that prevents you from granting mailgrant practice the \
             permissions it is requesting. Contact an administrator of Contoso, who can grant permissions to this app \
             on your behalf.",
        )),
    },
    Row {
        name: "wrong-account-signed-in",
        meaning: "the browser was signed in as Alice, and goes on as her",
        finding: "other-account-signed-in",
        wording: Seen,
        fault: Fault::OtherAccount,
    },
    Row {
        name: "no-refresh-token",
        meaning: "offline_access was not granted",
        finding: "no-refresh-token",
        wording: Seen,
        fault: Fault::NoRefreshToken,
    },
    Row {
        name: "sending-not-granted",
        meaning: "everything was granted but SMTP.Send",
        finding: "scopes-not-granted",
        wording: Seen,
        fault: Fault::SendingNotGranted,
    },
    Row {
        name: "id-token-other-tenant",
        meaning: "the identity token is of another tenant",
        finding: "id-token-refused",
        wording: Seen,
        fault: Fault::IdClaims(&[Claim::Tenant(ELSEWHERE)]),
    },
    Row {
        name: "id-token-other-app",
        meaning: "the identity token is for another app",
        finding: "id-token-refused",
        wording: Seen,
        fault: Fault::IdClaims(&[Claim::Is("aud", "5a4d0000-0000-4000-8000-0000000000ff")]),
    },
    Row {
        name: "no-device-code",
        meaning: "a plain OpenID provider takes no device codes (authorize --device-code)",
        finding: "no-device-code",
        wording: Seen,
        fault: Fault::NoDeviceCode,
    },
];
