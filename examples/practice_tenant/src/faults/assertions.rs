//! What the token endpoint answers to apps that prove themselves with a certificate or with a token of another issuer.

use super::At::Own;
use super::Wording::{Composed, Documented, Reported};
use super::{Fault, Row, refusal};

const fn own(error: &'static str, status: u16, number: u32, text: &'static str) -> Fault {
    Fault::OAuth(refusal(&[Own], error, number, text).status(status))
}

/// Microsoft's answer where no federated credential of the app fits a token.
const fn no_match(number: u32, text: &'static str) -> Fault {
    own("invalid_client", 401, number, text)
}

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "app-certificate-not-registered",
        meaning: "the certificate was never uploaded, or was taken away",
        finding: "ms-cert-key-not-found",
        wording: Documented,
        fault: own(
            "invalid_client",
            401,
            700_027,
            "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - \
             The key was not found., Thumbprint of key used by client: '52ED9B5038A47B9E2E2190715CC238359D4F8F73', Please \
             visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id \
             '{client_id}'.]",
        ),
    },
    Row {
        name: "app-certificate-expired",
        meaning: "the certificate at Microsoft has expired",
        finding: "ms-cert-expired",
        wording: Documented,
        fault: own(
            "invalid_client",
            401,
            700_027,
            "Client assertion contains an invalid signature. [Reason - The key used is expired., Thumbprint of key used by \
             client: '52ED9B5038A47B9E2E2190715CC238359D4F8F73']",
        ),
    },
    Row {
        name: "app-certificate-of-another-key",
        meaning: "the certificate at Microsoft is not that of the key that signs",
        finding: "ms-cert-signature-invalid",
        wording: Documented,
        fault: own("invalid_client", 401, 700_027, "Client assertion failed signature validation."),
    },
    Row {
        name: "app-certificate-name-not-trusted",
        meaning: "the app trusts certificates by name, and not this name",
        finding: "ms-cert-invalid-700030",
        wording: Documented,
        fault: own(
            "invalid_client",
            401,
            700_030,
            "Invalid certificate - subject name in certificate isn't authorized.",
        ),
    },
    Row {
        name: "app-certificate-kind-of-key",
        meaning: "the certificate has a kind of key that Microsoft does not take",
        finding: "ms-assertion-key-unsupported",
        wording: Reported,
        fault: own("invalid_request", 400, 5_002_730, "Invalid JWT token. Unsupported key for the signing algorithm."),
    },
    Row {
        name: "assertion-out-of-time",
        meaning: "the signed proof has run out, or this machine's clock is wrong",
        finding: "ms-assertion-time-range",
        wording: Reported,
        fault: own(
            "invalid_client",
            401,
            700_024,
            "Client assertion is not within its valid time range. Current time: 2026-11-28T10:19:20.3135329Z, assertion valid \
             from 2026-11-28T08:57:37.0000000Z, expiry time of assertion 2026-11-28T09:02:37.0000000Z.",
        ),
    },
    Row {
        name: "assertion-malformed",
        meaning: "Microsoft cannot read the signed proof, or it is for another address",
        finding: "ms-assertion-malformed",
        wording: Documented,
        fault: own("invalid_request", 400, 50_027, "JWT token is invalid or malformed."),
    },
    Row {
        name: "federated-none",
        meaning: "the app has no federated credential",
        finding: "ms-no-federated-credential",
        wording: Reported,
        fault: no_match(
            70_025,
            "The client '{client_id}'(mailgrant practice) has no configured federated identity credentials.",
        ),
    },
    Row {
        name: "federated-too-new",
        meaning: "the federated credential was added a minute ago",
        finding: "ms-federated-subject-mismatch",
        wording: Reported,
        fault: own(
            "invalid_request",
            400,
            70_021,
            "No matching federated identity record found for presented assertion. Assertion Issuer: \
             'https://token.actions.githubusercontent.com'. Assertion Subject: 'repo:contoso/mail:ref:refs/heads/main'. \
             Assertion Audience: 'api://AzureADTokenExchange'.",
        ),
    },
    Row {
        name: "federated-issuer",
        meaning: "the federated credential names another issuer",
        finding: "ms-federated-subject-mismatch",
        wording: Composed,
        fault: no_match(
            700_211,
            "No matching federated identity record found for presented assertion issuer \
             'https://token.actions.githubusercontent.com'. Check your federated identity credential Subject, Audience and \
             Issuer against the presented assertion.",
        ),
    },
    Row {
        name: "federated-audience",
        meaning: "the federated credential names another audience",
        finding: "ms-federated-subject-mismatch",
        wording: Composed,
        fault: no_match(
            700_212,
            "No matching federated identity record found for presented assertion audience 'https://github.com/contoso'. Check \
             your federated identity credential Subject, Audience and Issuer against the presented assertion.",
        ),
    },
    Row {
        name: "federated-subject",
        meaning: "the federated credential names another branch, environment or pull request",
        finding: "ms-federated-subject-mismatch",
        wording: Reported,
        fault: no_match(
            700_213,
            "No matching federated identity record found for presented assertion subject \
             'repo:contoso@9919/mail@1296269:ref:refs/heads/main'. Check your federated identity credential Subject, Audience \
             and Issuer against the presented assertion. \
             https://learn.microsoft.com/entra/workload-id/workload-identity-federation",
        ),
    },
    Row {
        name: "federated-capitals",
        meaning: "the federated credential differs in capital letters",
        finding: "ms-federated-case-mismatch",
        wording: Reported,
        fault: no_match(
            7_002_138,
            "No matching federated identity record found for presented assertion subject \
             'repo:Contoso/mail:ref:refs/heads/main'. The subject matches with case-insensitive comparison, but not with \
             case-sensitive comparison.",
        ),
    },
    Row {
        name: "federated-subject-form",
        meaning: "the federated credential has the subject in another form",
        finding: "ms-federated-subject-form",
        wording: Reported,
        fault: no_match(
            7_002_137,
            "No matching federated identity record found for presented assertion subject \
             '/eid1/c/pub/t/AAAA/a/BBBB/7e307b14-2a27-4f66-ada8-ec6400eb4977'. Please make sure the federated identity \
             credential Subject is '/eid1/c/pub/t/{tenantId}/a/BBBB/7e307b14-2a27-4f66-ada8-ec6400eb4977'.",
        ),
    },
    Row {
        name: "federated-token-of-microsoft",
        meaning: "the token that is to prove the app is Microsoft's own",
        finding: "ms-federated-entra-issuer",
        wording: Reported,
        fault: no_match(700_222, "AAD-issued tokens may not be used for federated identity flows."),
    },
    Row {
        name: "federated-token-of-a-person",
        meaning: "the token that is to prove the app is that of a signed-in person",
        finding: "ms-federated-token-of-entra",
        wording: Reported,
        fault: no_match(
            700_229,
            "Forbidden token type. Only app-only tokens may be used as Federated Identity Credentials for AAD issuer.",
        ),
    },
];
