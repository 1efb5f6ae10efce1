//! What happens on this machine.

use std::time::Duration;

use super::disk;
use crate::failure::{FailureKind, KeyTrouble, StoreFault};
use crate::report::{ExitCode, Finding};

/// The secret store.
pub(super) fn store(fault: &StoreFault) -> Finding {
    let (code, cause, fix): (_, String, &[&str]) = match fault {
        StoreFault::Absent { reason } => (
            "keyring-absent",
            format!("This machine has no usable keyring: {reason}."),
            &[
                "On a desktop: start a keyring service (gnome-keyring, KWallet) and log in again",
                "On a server: use the encrypted vault: mailgrant new-vault-key, then add --store vault (or MAILGRANT_STORE=vault)",
                "Nothing was written anywhere",
            ],
        ),
        StoreFault::Locked => (
            "keyring-locked",
            "The keyring is locked.".to_owned(),
            &[
                "Unlock it (log in at the desktop, or answer its dialog) and run the command again",
                "Where nobody can unlock it, use the encrypted vault: --store vault",
            ],
        ),
        StoreFault::Denied { reason } => (
            "keyring-denied",
            format!("The secret store refused access: {reason}."),
            &["Allow mailgrant in the keyring's own settings and run the command again"],
        ),
        StoreFault::Slow { after } => (
            "keyring-slow",
            format!("The keyring did not answer within {} seconds.", after.as_secs()),
            &[
                "Look for a dialog that waits for an answer; otherwise restart the keyring service",
                "Or use --store vault",
            ],
        ),
        StoreFault::NoKey { expected } => (
            "vault-no-key",
            format!("The vault's key is missing: {expected}."),
            &[
                "Make one with: mailgrant new-vault-key",
                "Or give an existing one in MAILGRANT_VAULT_KEY or key_file; an empty variable counts as not set",
            ],
        ),
        StoreFault::NoVault { expected } => (
            "vault-absent",
            format!("There is no vault at {expected}, though its key is given."),
            &[
                "In a container or a CI job: mount the vault there, or name its place in MAILGRANT_VAULT_FILE or vault_file",
                "If there has never been one: store the app's client secret (mailgrant rotate-secret NAME), if it has one, and sign in (mailgrant authorize NAME)",
            ],
        ),
        StoreFault::BadKey { place, trouble } => return bad_key(place, trouble),
        StoreFault::WrongKey => (
            "vault-wrong-key",
            "The key does not open the vault.".to_owned(),
            &["Give the key that the vault was made with, in MAILGRANT_VAULT_KEY or key_file; the vault is untouched"],
        ),
        StoreFault::Damaged { what } => (
            "store-damaged",
            format!("What the secret store returned cannot be used: {what}."),
            &["Restore it from a backup, or remove the mailbox (mailgrant remove NAME) and add it again"],
        ),
        StoreFault::NotKept { what } => (
            "store-not-kept",
            format!("The secret store does not keep what it is given: {what}."),
            &[
                "Look for another program that writes there, and at the disk (for a keyring: at its service and its limits)",
                "Try the store with: mailgrant doctor; then run the command again",
            ],
        ),
        StoreFault::Newer { what, number, known } => (
            "store-newer",
            format!(
                "A later version of mailgrant wrote {what}, in format {number}; this version knows formats up to {known}."
            ),
            &["Run that version, or update this one (mailgrant --version says which it is); nothing was changed"],
        ),
        StoreFault::VaultDamaged { path, why } => (
            "vault-damaged",
            format!("The vault {} cannot be read: {why}.", path.display()),
            &[
                "Restore the file from a backup; nothing was changed",
                "Without a backup: move it away, then give each client secret again (mailgrant rotate-secret NAME) and sign in again (mailgrant authorize NAME)",
            ],
        ),
        StoreFault::Misfiled { path, holds, expected } => {
            let cause = format!("{} should hold {expected}, and it holds {holds}.", path.display());
            let mut finding = Finding::new("store-damaged", cause, ExitCode::SecretStore);
            finding.fix = vec![
                "Look whether files of the vault were renamed or swapped, and give each its own name again".to_owned(),
                "Or restore the vault's folder from a backup; nothing was changed".to_owned(),
            ];
            return finding;
        }
        StoreFault::InUse { what, holder, waited } => return busy(what, holder.as_deref(), *waited),
        StoreFault::File { what, path, reason, kind } => {
            let cause = format!("The secret store failed: {what}: {reason}.");
            let mut finding = Finding::new("store-failed", cause, ExitCode::SecretStore);
            finding.fix = disk::steps(path, *kind);
            return finding;
        }
        StoreFault::Unsafe { path, reason } => (
            "store-unsafe",
            format!("{path} is not private: {reason}."),
            &[
                "Make it yours alone (chmod 600, chown to your user), and a plain file, then run the command again",
                "In a container with a mounted folder: run as the user to whom the file belongs (docker run --user UID)",
            ],
        ),
        StoreFault::Other { reason } => {
            ("store-failed", format!("The secret store failed: {reason}."), &["Run the command again"])
        }
    };
    let mut finding = Finding::new(code, cause, ExitCode::SecretStore);
    finding.fix = fix.iter().map(|&step| step.to_owned()).collect();
    finding
}

/// A vault's key that is none. The vault itself is not touched by it.
fn bad_key(place: &str, trouble: &KeyTrouble) -> Finding {
    let cause = match trouble {
        KeyTrouble::Empty => format!("The vault's key cannot be read: {place} holds no key."),
        KeyTrouble::Line(line) => {
            format!(
                "The vault's key cannot be read: line {line} of {place} is not an age identity (AGE-SECRET-KEY-1…)."
            )
        }
        KeyTrouble::NotText => format!("The vault's key cannot be read: {place} is not a text file with a key."),
    };
    let mut finding = Finding::new("vault-key-unreadable", cause, ExitCode::SecretStore);
    finding.fix = vec![
        format!(
            "Put the key into {place} as mailgrant new-vault-key wrote it: one whole line that begins with AGE-SECRET-KEY-1; the vault is untouched"
        ),
        "If the key is in another place: give it in MAILGRANT_VAULT_KEY, or name its file as key_file in [secrets]"
            .to_owned(),
    ];
    finding
}

fn busy(what: &str, holder: Option<&str>, waited: Duration) -> Finding {
    let holder = holder.map_or(String::new(), |holder| format!(" ({holder})"));
    let cause = format!("Another process{holder} has been using {what} for {} seconds.", waited.as_secs());
    let mut finding = Finding::new("busy", cause, ExitCode::Busy);
    finding.fix = vec!["Wait until it ends, or end it, and run the command again".to_owned()];
    finding
}

/// Locks and files.
pub(super) fn finding(kind: &FailureKind) -> Finding {
    match kind {
        FailureKind::Busy { what, holder, waited } => busy(what, holder.as_deref(), *waited),
        FailureKind::File { what, path, reason, kind } => {
            let mut finding = Finding::new("local", format!("{what}: {reason}."), ExitCode::CheckFailed);
            finding.fix = disk::steps(path, *kind);
            finding
        }
        FailureKind::Local { what, reason } => {
            let mut finding = Finding::new("local", format!("{what}: {reason}."), ExitCode::CheckFailed);
            finding.fix = vec!["Mend that and run the command again".to_owned()];
            finding
        }
        other => Finding::new("unexpected", format!("{other:?}"), ExitCode::Bug),
    }
}
