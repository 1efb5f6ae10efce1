//! What happens on this machine.

use std::time::Duration;

use super::disk;
use super::told::Told;
use crate::failure::{FailureKind, KeyTrouble, StoreFault};
use crate::report::{Finding, FindingCode};

/// The secret store.
pub(super) fn store(fault: &StoreFault) -> Finding {
    let told = match fault {
        StoreFault::Absent { reason } => Finding::of(FindingCode::KEYRING_ABSENT).with("reason", reason),
        StoreFault::Locked => Finding::of(FindingCode::KEYRING_LOCKED),
        StoreFault::Denied { reason } => Finding::of(FindingCode::KEYRING_DENIED).with("reason", reason),
        StoreFault::Slow { after } => Finding::of(FindingCode::KEYRING_SLOW).with("seconds", after.as_secs()),
        StoreFault::NoKey { expected } => Finding::of(FindingCode::VAULT_NO_KEY).with("expected", expected),
        StoreFault::NoVault { expected } => Finding::of(FindingCode::VAULT_ABSENT).with("expected", expected),
        StoreFault::BadKey { place, trouble } => bad_key(place, trouble),
        StoreFault::WrongKey => Finding::of(FindingCode::VAULT_WRONG_KEY),
        StoreFault::Damaged { what } => Finding::of(FindingCode::STORE_DAMAGED).with("what", what),
        StoreFault::NotKept { what } => Finding::of(FindingCode::STORE_NOT_KEPT).with("what", what),
        StoreFault::Newer { what, number, known } => {
            Finding::of(FindingCode::STORE_NEWER).with("what", what).with("number", number).with("known", known)
        }
        StoreFault::VaultDamaged { path, why } => {
            Finding::of(FindingCode::VAULT_DAMAGED).with("path", path.display()).with("reason", why)
        }
        StoreFault::Misfiled { path, holds, expected } => Finding::of(FindingCode::STORE_DAMAGED)
            .case("misfiled")
            .with("path", path.display())
            .with("holds", holds)
            .with("expected", expected),
        StoreFault::InUse { what, holder, waited } => busy(what, holder.as_deref(), *waited),
        StoreFault::File { what, path, reason, kind } => {
            let told = Finding::of(FindingCode::STORE_FAILED).with("reason", format_args!("{what}: {reason}"));
            return Finding { fix: disk::steps(path, *kind), ..told.finding() };
        }
        StoreFault::Unsafe { path, reason } => {
            Finding::of(FindingCode::STORE_UNSAFE).with("path", path).with("reason", reason)
        }
        StoreFault::Other { reason } => Finding::of(FindingCode::STORE_FAILED).with("reason", reason),
    };
    told.finding()
}

/// A vault's key that is none. The vault itself is not touched by it.
fn bad_key(place: &str, trouble: &KeyTrouble) -> Told<'static> {
    let told = Finding::of(FindingCode::VAULT_KEY_UNREADABLE).with("place", place);
    match trouble {
        KeyTrouble::Empty => told,
        KeyTrouble::Line(line) => told.case("line").with("line", line),
        KeyTrouble::NotText => told.case("not-text"),
    }
}

fn busy(what: &str, holder: Option<&str>, waited: Duration) -> Told<'static> {
    let told = Finding::of(FindingCode::BUSY).with("what", what).with("seconds", waited.as_secs());
    match holder {
        Some(holder) => told.with("holder", format_args!(" ({holder})")),
        None => told,
    }
}

/// Locks and files.
pub(super) fn finding(kind: &FailureKind) -> Finding {
    let local = |what: &str, reason: &str| Finding::of(FindingCode::LOCAL).with("what", what).with("reason", reason);
    match kind {
        FailureKind::Busy { what, holder, waited } => busy(what, holder.as_deref(), *waited).finding(),
        FailureKind::File { what, path, reason, kind } => disk::with_case(local(what, reason), path, *kind).finding(),
        FailureKind::Local { what, reason } => local(what, reason).finding(),
        other => unexpected(other),
    }
}

/// A failure that has no words of its own.
pub(super) fn unexpected(kind: &FailureKind) -> Finding {
    Finding::of(FindingCode::UNEXPECTED).case("seen").with("what", format_args!("{kind:?}")).bare().finding()
}
