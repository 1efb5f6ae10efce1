//! How providers say that a refresh token itself is gone, as data.
//!
//! `invalid_grant` (RFC 6749 §5.2) covers more than that: Entra sends it for a policy, a second factor or a consent that
//! is missing too, and the refresh token works again when that has been put right. Only what is listed here is final.

/// What a provider says of a refresh token that is gone, in an answer whose `error` is `invalid_grant`.
#[derive(Debug, Clone, Copy)]
pub enum GoneTokens {
    /// Only what is listed here means that it is gone.
    Listed {
        /// Values of `suberror`.
        suberrors: &'static [&'static str],
        /// Numbers of `error_codes`.
        numbers: &'static [u32],
        /// Numbers that mean it only beside a phrase of the description.
        phrases: &'static [(u32, &'static str)],
    },
    /// Every `invalid_grant` means it, but for descriptions that say otherwise.
    Usual {
        /// Phrases (in lower case) of what passes, or can be put right without a new sign-in.
        passing: &'static [&'static str],
    },
}

/// An `invalid_grant` as the token endpoint sent it.
#[derive(Debug, Clone, Copy)]
pub struct InvalidGrant<'a> {
    /// Microsoft's AADSTS numbers.
    pub numbers: &'a [u32],
    /// Microsoft's `suberror`.
    pub suberror: Option<&'a str>,
    /// The description.
    pub description: &'a str,
}

/// What most providers send: `invalid_grant` means that the token is gone, unless the description says otherwise.
pub(super) static USUAL: GoneTokens = GoneTokens::Usual {
    passing: &[
        // The account: Keycloak's "User disabled", "Account is not fully set up", "Account temporarily disabled".
        "disabled",
        "not fully set up",
        "locked",
        "suspended",
        "blocked",
        // The way of signing in, or the place. Google: "reauth related error (invalid_rapt)", a session control policy.
        "rapt",
        "reauth",
        "policy",
        "multi-factor",
        "multifactor",
        "mfa",
        "two-factor",
        "second factor",
        "location",
        "not allowed",
        // Consent.
        "consent",
        // The request. Keycloak: "Token client and authorized client don't match"; Google: "Invalid JWT: Token must be
        // a short-lived token".
        "don't match",
        "short-lived",
        "clock",
        // The moment.
        "temporar",
        "try again",
        "rate limit",
        "too many",
    ],
};

impl GoneTokens {
    /// Whether `answer` says that the refresh token is gone. Where several numbers are given, each must say so.
    #[must_use]
    pub fn is_said_by(&self, answer: InvalidGrant<'_>) -> bool {
        let description = answer.description.to_lowercase();
        match self {
            Self::Listed { suberrors, numbers, phrases } => {
                let is_listed = |number: &u32| {
                    numbers.contains(number)
                        || phrases.iter().any(|(other, phrase)| other == number && description.contains(phrase))
                };
                answer.suberror.is_some_and(|suberror| suberrors.contains(&suberror))
                    || !answer.numbers.is_empty() && answer.numbers.iter().all(is_listed)
            }
            Self::Usual { passing } => !passing.iter().any(|phrase| description.contains(phrase)),
        }
    }
}
