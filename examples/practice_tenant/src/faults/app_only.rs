//! What is missing where an app opens a mailbox as itself: in its token, and at Exchange.

use super::Stage::SignIn;
use super::Wording::{Reported, Seen};
use super::{Claim, Fault, Protocol, Row, Step, Words};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "app-consent-missing",
        meaning: "no administrator has consented to the app's permissions",
        finding: "local-app-only-token-without-roles",
        wording: Seen,
        fault: Fault::AppClaims(&[Claim::Absent("roles")]),
    },
    Row {
        name: "app-token-for-graph",
        meaning: "the app's own token is for Microsoft Graph",
        finding: "local-token-wrong-audience",
        wording: Reported,
        fault: Fault::AppClaims(&[Claim::Is("aud", "https://graph.microsoft.com")]),
    },
    Row {
        name: "app-token-other-tenant",
        meaning: "the app's own token is of another tenant",
        finding: "local-token-other-tenant",
        wording: Reported,
        fault: Fault::AppClaims(&[Claim::Tenant("e15e0000-0000-4000-8000-00000000beef")]),
    },
    Row {
        name: "app-token-not-yet-valid",
        meaning: "the app's own token is good from two hours on",
        finding: "clock-off",
        wording: Reported,
        fault: Fault::AppClaims(&[Claim::Later("nbf", 7_200), Claim::Later("exp", 7_200)]),
    },
    Row {
        name: "app-not-in-exchange",
        meaning: "the app's service principal was not made known to Exchange",
        finding: "app-not-known-to-exchange",
        wording: Reported,
        fault: Fault::NotSetUp(Step::Principal),
    },
    Row {
        name: "app-wrong-object-id",
        meaning: "Exchange was given the object ID of the app registration",
        finding: "app-not-known-to-exchange",
        wording: Reported,
        fault: Fault::NotSetUp(Step::ObjectId),
    },
    Row {
        name: "app-no-full-access",
        meaning: "the app has no permission on the mailbox",
        finding: "app-without-mailbox-right",
        wording: Reported,
        fault: Fault::NotSetUp(Step::FullAccess),
    },
    Row {
        name: "app-imap-off",
        meaning: "IMAP is off for the mailbox that the app opens",
        finding: "app-protocol-off",
        wording: Reported,
        fault: Fault::NotSetUp(Step::Imap),
    },
    Row {
        name: "app-logon-denied",
        meaning: "IMAP refuses the app's token with more words than usual, while SMTP takes it",
        finding: "app-protocol-off",
        wording: Reported,
        fault: Fault::Mail(Words {
            protocol: Protocol::Imap,
            at: SignIn,
            words: "{tag} NO AUTHENTICATE failed. Error=\"AuthFailed:LogonDenied-None-OAuthLog:AuthExc_Auth Failed. \
                    User:shop@contoso.example\"",
            hangs_up: false,
        }),
    },
];
