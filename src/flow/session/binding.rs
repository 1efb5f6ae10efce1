//! Whose sign-in the store holds by a mailbox's name: several profiles may use one name.

use crate::failure::{Failure, FailureKind};
use crate::secrets::{Binding, MailboxRecord};
use crate::text::{Redactor, Shown};

/// What a new sign-in may replace in the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Replaced {
    /// What this profile's mailbox left there.
    #[default]
    Own,
    /// What another profile's mailbox of the same name left there too.
    Any,
}

/// The refusal to use or replace `grant`, which another mailbox has left.
pub(super) fn of_another(grant: &MailboxRecord) -> Failure {
    let Binding { client_id, address, issuer_or_authority } = &grant.binding;
    FailureKind::GrantOfAnother {
        address: Redactor::by_shape(address),
        client_id: Shown::of(client_id),
        at: Redactor::by_shape(issuer_or_authority),
        profile: grant.profile.as_deref().map(Redactor::by_shape),
    }
    .into()
}
