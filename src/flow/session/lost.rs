//! Sign-ins whose refresh token is gone: what proves it, and how it is told again.

use crate::failure::{Failure, FailureKind, OAuthFault};
use crate::profile::{InvalidGrant, Provider};
use crate::secrets::MailboxRecord;

/// What becomes of a sign-in whose refresh token is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnLoss {
    /// It is marked, so that the provider is not asked in vain again.
    Mark,
    /// It is left as it is: what only looks changes nothing.
    LeaveUnmarked,
}

/// Why `grant` is lost, told as it was when the provider said so; none if it is not.
pub(super) fn loss(provider: Provider, grant: &MailboxRecord) -> Option<Failure> {
    let lost = grant.needs_authorization.as_ref()?;
    // The evidence is looked at again: what an older version took for final need not be.
    is_gone(provider, &lost.fault).then(|| FailureKind::GrantLost { fault: lost.fault.clone(), at: lost.at }.into())
}

/// Whether `fault` says that the refresh token itself is gone. Nothing else is a lost sign-in: not a portal's HTML, a
/// 5xx, a refused client secret, a policy, a second factor or a missing consent (SECURITY.md T2).
pub(super) fn is_gone(provider: Provider, fault: &OAuthFault) -> bool {
    let answer = InvalidGrant {
        numbers: &fault.codes,
        suberror: fault.suberror.as_deref(),
        description: fault.description.as_deref().unwrap_or_default(),
    };
    fault.error == "invalid_grant"
        && matches!(fault.status, 400 | 401)
        && fault.retry_after.is_none()
        && !fault.refuses_client()
        && provider.is_gone(answer)
}
