//! What happens on this machine.

use crate::failure::{FailureKind, StoreFault};
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
            &["Make one with: mailgrant new-vault-key", "Or give an existing one in MAILGRANT_VAULT_KEY or key_file"],
        ),
        StoreFault::NoVault { expected } => (
            "vault-absent",
            format!("There is no vault at {expected}, though its key is given."),
            &[
                "In a container or a CI job: mount the vault there, or name its place in MAILGRANT_VAULT_FILE or vault_file",
                "If there has never been one: store the app's client secret (mailgrant rotate-secret NAME), if it has one, and sign in (mailgrant authorize NAME)",
            ],
        ),
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
        StoreFault::Unsafe { path, reason } => (
            "store-unsafe",
            format!("{path} is not private: {reason}."),
            &["Make it yours alone (chmod 600, chown to your user), and a plain file, then run the command again"],
        ),
        StoreFault::Other { reason } => {
            ("store-failed", format!("The secret store failed: {reason}."), &["Run the command again"])
        }
    };
    let mut finding = Finding::new(code, cause, ExitCode::SecretStore);
    finding.fix = fix.iter().map(|&step| step.to_owned()).collect();
    finding
}

/// Locks and files.
pub(super) fn finding(kind: &FailureKind) -> Finding {
    match kind {
        FailureKind::Busy { what, holder, waited } => {
            let holder = holder.as_deref().map_or(String::new(), |holder| format!(" ({holder})"));
            let mut finding = Finding::new(
                "busy",
                format!("Another process{holder} has been using {what} for {} seconds.", waited.as_secs()),
                ExitCode::Busy,
            );
            finding.fix = vec!["Wait until it ends, or end it, and run the command again".to_owned()];
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
