//! What an organisation's rules forbid: conditional access and security defaults.

use super::At::{Account, Refresh};
use super::Wording::{Composed, Documented, Reported};
use super::{Fault, Row, refusal};

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "mfa-needed",
        meaning: "conditional access wants a second factor",
        finding: "ms-mfa-required",
        wording: Documented,
        fault: Fault::OAuth(
            refusal(
                &[Refresh],
                "invalid_grant",
                50_076,
                "Due to a configuration change made by your administrator, or because you moved to a new location, you \
                 must use multi-factor authentication to access '00000002-0000-0ff1-ce00-000000000000'.",
            )
            .suberror("basic_action"),
        ),
    },
    Row {
        name: "mfa-enrolment-needed",
        meaning: "a second factor is wanted, and none is set up",
        finding: "ms-mfa-enrolment-required",
        wording: Documented,
        fault: Fault::OAuth(
            refusal(
                &[Refresh],
                "interaction_required",
                50_079,
                "Due to a configuration change made by your administrator, or because you moved to a new location, you \
                 must enroll in multi-factor authentication to access '00000002-0000-0ff1-ce00-000000000000'.",
            )
            .suberror("basic_action"),
        ),
    },
    Row {
        name: "device-not-compliant",
        meaning: "conditional access wants a compliant device",
        finding: "ms-device-not-compliant",
        wording: Documented,
        fault: Fault::OAuth(
            refusal(
                &[Account, Refresh],
                "interaction_required",
                53_000,
                "Conditional Access policy requires a compliant device, and the device isn't compliant.",
            )
            .suberror("message_only"),
        ),
    },
    Row {
        name: "device-not-managed",
        meaning: "conditional access wants a managed device",
        finding: "ms-device-must-be-managed",
        wording: Reported,
        fault: Fault::OAuth(refusal(
            &[Account, Refresh],
            "interaction_required",
            530_003,
            "Your device is required to be managed to access this resource.",
        )),
    },
    Row {
        name: "blocked-by-policy",
        meaning: "conditional access blocks this sign-in",
        finding: "ms-conditional-access-blocked",
        wording: Composed,
        fault: Fault::OAuth(
            refusal(
                &[Account, Refresh],
                "invalid_grant",
                53_003,
                "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
            )
            .suberror("message_only"),
        ),
    },
    Row {
        name: "device-code-blocked",
        meaning: "the sign-in once came by device code, which a policy now blocks",
        finding: "ms-auth-flow-blocked",
        wording: Composed,
        fault: Fault::OAuth(refusal(
            &[Refresh],
            "invalid_grant",
            530_036,
            "The refresh token is invalid due to authentication flow checks by Conditional Access.",
        )),
    },
    Row {
        name: "sign-in-frequency",
        meaning: "conditional access wants a fresh sign-in every day",
        finding: "ms-signin-frequency-expired",
        wording: Composed,
        fault: Fault::OAuth(
            refusal(
                &[Refresh],
                "invalid_grant",
                70_043,
                "The refresh token has expired or is invalid due to sign-in frequency checks by Conditional Access. The \
                 token was issued on 2026-01-07T08:00:00.0000000Z and the maximum allowed lifetime for this request is \
                 86400.",
            )
            .suberror("token_expired"),
        ),
    },
    Row {
        name: "security-defaults",
        meaning: "security defaults block this sign-in",
        finding: "ms-blocked-by-security-defaults",
        wording: Documented,
        fault: Fault::OAuth(refusal(
            &[Account, Refresh],
            "invalid_grant",
            530_035,
            "Access has been blocked by security defaults.",
        )),
    },
    Row {
        name: "user-at-risk",
        meaning: "the account counts as taken over",
        finding: "ms-risk-blocked",
        wording: Documented,
        fault: Fault::OAuth(refusal(
            &[Account, Refresh],
            "invalid_grant",
            53_011,
            "User blocked due to risk on home tenant.",
        )),
    },
];
