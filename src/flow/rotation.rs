//! The rotation of a client secret, as a state machine that can be stopped at any step and run again.
//!
//! ```text
//! (nothing) -> Stored -> Proven -> Activated -> (nothing)      roll_back: -> RolledBack
//! ```
//! The journal is in the app's record, beside the secrets, so that one write moves both (SECURITY.md R1). Until
//! `Activated` the old secret is the active one: whatever happens, every mailbox goes on working with it.
//!
//! Several apps of a profile may be one registration at the provider. They are rotated together, each with a record and a
//! journal of its own: a step is taken in all records before the next one is taken in any, and what stops half-way is
//! taken up by the next run record by record.

mod at_directory;
mod back;
mod certificate;
mod certificate_proof;
mod forward;
mod issue;
mod issue_certificate;
mod issued;
mod job;
mod lifetime;
mod own_keys;
mod preview;
mod proof;
mod prover;
mod roll_back;
mod steps;

pub use back::{discard, roll_back};
pub use certificate::{CertificateChange, change_certificate};
pub use forward::rotate;
pub use issue::{IssueOptions, issue};
pub use issue_certificate::issue_certificate;
pub use job::Job;
pub use lifetime::Lifetime;
pub use preview::{Wanted, preview};
pub use proof::{PROOF_LIFE, Proof};
pub use prover::{Prover, Tested, WireProver};
pub use roll_back::{Force, Restored, RolledBack};

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use jiff::civil::Date;
use secrecy::{ExposeSecret as _, SecretString};

use crate::clock::Clock;
use crate::failure::{Failure, StoreFault};
use crate::profile::{App, KeyId, Mailbox, Name};
use crate::secrets::{AppRecord, ClientSecret, RotationPhase, SecretStore, load_app};

/// A rotation that was stopped this recently, with only its end left, is what a run without a new secret is about.
const RECENT: SignedDuration = SignedDuration::from_hours(24);

/// What a rotation works with. The caller holds the locks of all apps.
pub struct Rotation<'a> {
    /// Where the apps' records are kept.
    pub store: &'a dyn SecretStore,
    /// The app that was named.
    pub app: &'a App,
    /// It and the others that are the same registration, in the order of their names.
    pub apps: &'a [&'a App],
    /// The mailboxes of all of them.
    pub mailboxes: &'a [&'a Mailbox],
    /// The time of day.
    pub clock: Clock,
    /// How long a refused secret may be refused because not every server knows it yet.
    pub propagation: Duration,
    /// Whether the mailboxes' connections are tested too.
    pub test_connections: bool,
    /// When the whole command must have ended, where a bound was given.
    pub deadline: Option<Instant>,
    /// Redeems refresh tokens and tests connections.
    pub prover: &'a (dyn Prover + Sync),
}

/// What a run is asked for.
pub enum RotationRequest {
    /// Rotate to this secret.
    New(NewSecret),
    /// Finish what was begun; a date is that of the secret that it was begun with.
    Finish {
        /// The day on which that secret expires, where it was given now.
        expires: Option<Date>,
    },
}

/// A new secret.
pub struct NewSecret {
    /// The secret.
    pub value: SecretString,
    /// The day on which it expires.
    pub expires: Option<Date>,
    /// What a directory says of it, where one has issued it.
    pub issued: Option<Issued>,
}

/// What is known of a secret that a directory has issued.
pub struct Issued {
    /// Its ID there.
    pub key_id: KeyId,
    /// The name that the record has it under as requested, until it is stored.
    pub requested_as: Option<String>,
    /// For how many days the directory keeps the previous secret; none where it is not asked to remove it.
    pub keep_previous: Option<u16>,
}

/// What an earlier run has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Idle,
    /// A new secret that is not in use yet.
    Pending,
    /// The new secret is in use; only the journal's end is left.
    Activated {
        /// Whether that happened in the last day, so that a run without a new secret means this rotation.
        recently: bool,
    },
}

/// How a rotation ended.
#[derive(Debug)]
pub enum Ending {
    /// The new secret is the active one.
    Activated,
    /// It was already.
    Unchanged,
    /// The provider refused it; nothing has changed.
    Refused(Failure),
    /// It could not be proven yet; the old one is active, and running again goes on from here.
    Unfinished,
}

/// What was seen on the way.
#[derive(Debug)]
pub struct ProofResult {
    /// How it ended.
    pub ending: Ending,
    /// For each mailbox in order, what its proof came to; `None` where it was not reached.
    pub proofs: Vec<Option<Proof>>,
    /// For each mailbox in order, the tests of its connections.
    pub connections: Vec<Tested>,
}

impl Rotation<'_> {
    /// Whether a rotation of this record was begun and not finished.
    #[must_use]
    pub fn is_under_way(record: &AppRecord) -> bool {
        match record.journal.as_ref().map(|journal| journal.phase) {
            Some(RotationPhase::Stored | RotationPhase::Proven) => record.pending.is_some(),
            Some(RotationPhase::Activated) => true,
            Some(RotationPhase::RolledBack) | None => false,
        }
    }

    /// The apps' records in order; an empty one for an app whose record belongs to another client ID than the profile's.
    ///
    /// # Errors
    /// What the store says.
    pub fn records(&self) -> Result<Vec<AppRecord>, StoreFault> {
        let record = |app: &&App| {
            let record = load_app(self.store, &app.name)?.filter(|record| record.is_of(app));
            Ok(record.unwrap_or_else(|| AppRecord::of(app)))
        };
        self.apps.iter().map(record).collect()
    }

    /// What an earlier run has left.
    ///
    /// # Errors
    /// What the store says.
    pub fn standing(&self) -> Result<Standing, StoreFault> {
        let records = self.records()?;
        let mut under_way = records.iter().filter(|record| Self::is_under_way(record)).peekable();
        if under_way.peek().is_none() {
            return Ok(Standing::Idle);
        }
        if records.iter().any(|record| Self::is_under_way(record) && record.pending.is_some()) {
            return Ok(Standing::Pending);
        }
        let recently = under_way.filter_map(|record| record.journal.as_ref()).any(|journal| {
            let age = self.clock.now().duration_since(journal.started);
            (SignedDuration::ZERO..RECENT).contains(&age)
        });
        Ok(Standing::Activated { recently })
    }

    /// Rotates to a new secret, or finishes what was begun.
    ///
    /// # Errors
    /// What the store says. The records are then as they were before the step that failed.
    pub fn run(&self, request: RotationRequest) -> Result<ProofResult, StoreFault> {
        let started = self.clock.now();
        let mut records = self.records()?;
        let Some(credential) = self.begin(&mut records, request)? else {
            return Ok(self.answer(Ending::Unchanged, Vec::new(), Vec::new()));
        };
        let (mut records, proofs) = self.prove(records, &credential)?;
        if let Some(failure) = proofs.iter().flatten().find_map(Proof::refusal) {
            let failure = failure.clone();
            self.give_up(&mut records)?;
            return Ok(self.answer(Ending::Refused(failure), proofs, Vec::new()));
        }
        if Proof::leave_open(&proofs) {
            return Ok(self.answer(Ending::Unfinished, proofs, Vec::new()));
        }
        self.journal(&mut records, RotationPhase::Proven)?;
        let connections = self.connect(&proofs, &credential);
        if connections.iter().any(Tested::has_failed) {
            return Ok(self.answer(Ending::Unfinished, proofs, connections));
        }
        // What an earlier run has proven may have been removed since, and the connection tests may have taken longer than a
        // proof counts.
        match self.prove_again(&records, &proofs, &credential, started)? {
            Some(Proof::Refused(failure)) => {
                self.give_up(&mut records)?;
                return Ok(self.answer(Ending::Refused(failure), proofs, connections));
            }
            Some(Proof::Unknown(_) | Proof::NotAuthorized(_)) => {
                return Ok(self.answer(Ending::Unfinished, proofs, connections));
            }
            Some(Proof::Accepted | Proof::GrantLost(_)) | None => {}
        }
        self.activate(&mut records)?;
        Ok(self.answer(Ending::Activated, proofs, connections))
    }

    /// Which of `others` still have one of the previous secrets in use, so that it must stay in the portal.
    ///
    /// # Errors
    /// What the store says.
    pub fn holders_of_previous(&self, others: &[Name]) -> Result<Vec<Name>, StoreFault> {
        let records = self.records()?;
        let removals: Vec<&KeyId> =
            records.iter().flat_map(|record| &record.removals).map(|removal| &removal.key_id).collect();
        let previous: Vec<&ClientSecret> = records.iter().filter_map(|record| record.previous.as_ref()).collect();
        let mut holders = Vec::new();
        for name in others.iter().filter(|name| self.apps.iter().all(|app| app.name != **name)) {
            // A record that cannot be read is not in use.
            let Ok(Some(record)) = load_app(self.store, name) else { continue };
            let in_use = [&record.active, &record.pending];
            let holds = |secret: &ClientSecret| {
                let is_to_go = secret.key_id.as_ref().is_some_and(|key| removals.contains(&key));
                is_to_go || previous.iter().any(|previous| is_same(previous, &secret.value))
            };
            if in_use.into_iter().flatten().any(holds) {
                holders.push(name.clone());
            }
        }
        Ok(holders)
    }

    fn answer(&self, ending: Ending, mut proofs: Vec<Option<Proof>>, mut connections: Vec<Tested>) -> ProofResult {
        proofs.resize_with(self.mailboxes.len(), || None);
        connections.resize_with(self.mailboxes.len(), Tested::default);
        ProofResult { ending, proofs, connections }
    }
}

/// Whether `value` is the text of `secret`.
fn is_same(secret: &ClientSecret, value: &SecretString) -> bool {
    secret.value.expose_secret() == value.expose_secret()
}

#[cfg(test)]
mod tests;
