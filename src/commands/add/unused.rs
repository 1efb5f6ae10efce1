//! Flags that would do nothing: refused with the reason, because a flag that is taken is believed.

use super::flags::AppFlags;
use crate::arguments::mailbox_flags::MailboxFlags;
use crate::error::CommandError;
use crate::profile::{App, Mailbox};
use crate::report::{Finding, FindingCode};
use crate::text::{Redactor, Shown};

/// A part of an app or a mailbox, and the flags that are about it alone.
struct Part<'a> {
    is_there: bool,
    /// Each with whether it was given.
    flags: &'a [(&'static str, bool)],
    /// Why the part is absent.
    why: Shown,
    /// The flag that adds it.
    case: &'static str,
}

/// Refuses what the flags say of a part that `app` or `mailbox` does not have. `has_source` tells whether a flag names
/// a source of the secret, and `is_stored` whether the app has one in the store.
///
/// # Errors
/// The first flag without an effect.
pub(super) fn refuse(
    app_flags: &AppFlags,
    flags: &MailboxFlags,
    (has_source, is_stored): (bool, bool),
    app: &App,
    mailbox: &Mailbox,
) -> Result<(), CommandError> {
    let name = &mailbox.name;
    let parts = [
        Part {
            is_there: mailbox.incoming.is_some(),
            flags: &flags.incoming_details(),
            why: shown!("mailbox '{}' has no incoming side", name),
            case: "incoming",
        },
        Part {
            is_there: mailbox.outgoing.is_some(),
            flags: &flags.outgoing_details(),
            why: shown!("mailbox '{}' has no outgoing side", name),
            case: "outgoing",
        },
        Part {
            is_there: is_stored,
            flags: &[("--secret-stdin, --secret-env or --secret-file", has_source)],
            why: shown!("app '{}' has no secret in the store", app.name),
            case: "secret",
        },
        Part {
            is_there: app.credential.has_secret(),
            flags: &[("--expires", app_flags.expires.is_some())],
            why: shown!("app '{}' has no client secret", app.name),
            case: "secret",
        },
    ];
    for Part { flags, why, case, .. } in parts.iter().filter(|part| !part.is_there) {
        if let Some((flag, _)) = flags.iter().find(|(_, is_given)| *is_given) {
            let told = Finding::of(FindingCode::FLAG_WITHOUT_EFFECT)
                .with("flag", Redactor::by_shape(flag))
                .with("reason", why);
            return Err(told.case(case).with("name", name).into());
        }
    }
    Ok(())
}
