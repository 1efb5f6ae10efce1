//! What happens on this machine.

use std::time::Duration;

use super::disk;
use super::told::Told;
use crate::failure::{CommandTrouble, Failure, FailureKind, HandedOver, KeyTrouble, StoreFault};
use crate::report::{Finding, FindingCode};
use crate::text::Shown;

/// The secret store.
pub(super) fn store(fault: &StoreFault) -> Finding {
    let told = match fault {
        StoreFault::Absent { reason, vault } => {
            let told = Finding::of(FindingCode::KEYRING_ABSENT).with("reason", reason);
            match vault {
                Some(vault) => told.case("vault").with("vault", vault),
                None => told,
            }
        }
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
            Finding::of(FindingCode::VAULT_DAMAGED).with("path", path).with("reason", why)
        }
        StoreFault::Misfiled { path, holds, expected } => Finding::of(FindingCode::STORE_DAMAGED)
            .case("misfiled")
            .with("path", path)
            .with("holds", holds)
            .with("expected", expected),
        StoreFault::InUse { what, holder, waited } => busy(what, holder.as_ref(), *waited),
        StoreFault::File { what, path, reason, kind } => {
            let told = Finding::of(FindingCode::STORE_FAILED).with("reason", shown!("{}: {}", what, reason));
            return Finding { fix: disk::steps(path, *kind), ..told.finding() };
        }
        StoreFault::Unsafe { path, reason } => {
            Finding::of(FindingCode::STORE_UNSAFE).with("path", path).with("reason", reason)
        }
        StoreFault::ReadOnly { store, handed } => read_only(store, handed),
        StoreFault::NoVariable { variable, holds } => {
            Finding::of(FindingCode::STORE_VARIABLE_MISSING).with("variable", variable).with("holds", holds)
        }
        StoreFault::BadVariable { variable, why } => {
            Finding::of(FindingCode::STORE_VARIABLE_UNUSABLE).with("variable", variable).with("reason", why)
        }
        StoreFault::SharedVariable { variable, one, other } => Finding::of(FindingCode::STORE_VARIABLE_SHARED)
            .with("variable", variable)
            .with("one", one)
            .with("other", other),
        StoreFault::NoCommand => Finding::of(FindingCode::STORE_COMMAND_MISSING),
        StoreFault::Command { program, what, trouble } => command(program, what, trouble),
        StoreFault::Other { reason } => Finding::of(FindingCode::STORE_FAILED).with("reason", reason),
    };
    told.finding()
}

/// A store that nothing is written to.
fn read_only(store: &Shown, handed: &HandedOver) -> Told<'static> {
    let told = Finding::of(FindingCode::STORE_READ_ONLY).with("store", store);
    match handed {
        HandedOver::Variable(variable) => told.case("variable").with("variable", variable),
        HandedOver::Vault => told.case("vault"),
        HandedOver::Command => told.case("command"),
    }
}

/// A store's command that did not do its part.
fn command(program: &Shown, what: &Shown, trouble: &CommandTrouble) -> Told<'static> {
    let told = Finding::of(FindingCode::STORE_COMMAND_FAILED).with("program", program).with("what", what);
    match trouble {
        CommandTrouble::Absent => told.case("absent"),
        CommandTrouble::NotRun { reason } => told.case("not-run").with("reason", reason),
        CommandTrouble::TimedOut { after } => told.case("timed-out").with("seconds", after.as_secs()),
        CommandTrouble::TooLong { limit } => told.case("too-long").with("limit", limit),
        CommandTrouble::Failed { status, words } => {
            let told = match status {
                Some(status) => told.case("failed").with("status", status),
                None => told.case("killed"),
            };
            if words.as_str().is_empty() { told } else { told.with("words", shown!(": {}", words)) }
        }
        CommandTrouble::Empty => told.case("empty"),
    }
}

/// A vault's key that is none. The vault itself is not touched by it.
fn bad_key(place: &Shown, trouble: &KeyTrouble) -> Told<'static> {
    let told = Finding::of(FindingCode::VAULT_KEY_UNREADABLE).with("place", place);
    match trouble {
        KeyTrouble::Empty => told,
        KeyTrouble::Line(line) => told.case("line").with("line", line),
        KeyTrouble::NotText => told.case("not-text"),
    }
}

fn busy(what: &Shown, holder: Option<&Shown>, waited: Duration) -> Told<'static> {
    let told = Finding::of(FindingCode::BUSY).with("what", what).with("seconds", waited.as_secs());
    match holder {
        Some(holder) => told.with("holder", shown!(" ({})", holder)),
        None => told,
    }
}

/// Locks and files.
pub(super) fn finding(kind: &FailureKind) -> Finding {
    let local =
        |what: &Shown, reason: &Shown| Finding::of(FindingCode::LOCAL).with("what", what).with("reason", reason);
    match kind {
        FailureKind::Busy { what, holder, waited } => busy(what, holder.as_ref(), *waited).finding(),
        FailureKind::File { what, path, reason, kind } => disk::with_case(local(what, reason), path, *kind).finding(),
        FailureKind::Local { what, reason } => local(what, reason).finding(),
        other => unexpected(other),
    }
}

/// A failure that has no words of its own.
pub(super) fn unexpected(kind: &FailureKind) -> Finding {
    Finding::of(FindingCode::UNEXPECTED)
        .case("seen")
        .with("what", Shown::of(Failure::new(kind.clone())))
        .bare()
        .finding()
}
