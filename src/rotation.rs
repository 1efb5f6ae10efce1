//! The rotation of a client secret, as a state machine that can be stopped at any step and run again.
//!
//! ```text
//! (nothing) -> Stored -> Proven -> Activated -> (nothing)      roll_back: -> RolledBack
//! ```
//! The journal stands in the app's record, beside the secrets, so that one write moves both (SECURITY.md R1). Until
//! `Activated` the old secret is the active one: whatever happens, every mailbox goes on working with it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::civil::Date;
use secrecy::{ExposeSecret, SecretString};

use crate::clock::Clock;
use crate::diagnosis::{self, About};
use crate::failure::{Failure, FailureKind, StoreFault};
use crate::fleet::{self, Limits, Panicked};
use crate::profile::{App, Mailbox};
use crate::report::{Check, ExitCode, Stage};
use crate::secrets::{AppRecord, ClientSecret, RotationJournal, RotationPhase, SecretStore, load_app, save_app};

/// How long a new secret may be refused at Microsoft because not every server knows it yet. Users report 4 to 18 seconds.
pub const MICROSOFT_PROPAGATION: Duration = Duration::from_secs(120);

/// What a rotation works with. The caller holds the app's lock.
pub struct Rotation<'a> {
    /// Where the app's record is kept.
    pub store: &'a dyn SecretStore,
    /// The app.
    pub app: &'a App,
    /// Its mailboxes.
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

/// What a rotation asks the outside world for.
pub trait Prover {
    /// Redeems the mailbox's refresh token with `secret`.
    ///
    /// # Errors
    /// What the token endpoint, the store or the lock say.
    fn redeem(&self, mailbox: &Mailbox, secret: &SecretString) -> Result<(), Failure>;

    /// Tests the mailbox's connections; a token that must be refreshed for that is refreshed with `secret`.
    fn connect(&self, mailbox: &Mailbox, secret: &SecretString) -> Vec<Check>;

    /// Waits before the next try; `said` is what the server said to the last.
    fn wait(&self, pause: Duration, said: &Failure);
}

/// A new secret.
pub struct NewSecret {
    /// The secret.
    pub value: SecretString,
    /// The day on which it expires.
    pub expires: Option<Date>,
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

/// What a rollback came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolledBack {
    /// The previous secret is the active one again.
    Restored,
    /// It was so already.
    Already,
    /// A new secret that was not in use yet is gone.
    Dropped,
    /// There is nothing to bring back.
    Nothing,
}

/// What was seen on the way.
#[derive(Debug)]
pub struct Answer {
    /// How it ended.
    pub ending: Ending,
    /// For each mailbox in order, what its proof came to; `None` where it was not reached.
    pub proofs: Vec<Option<Proof>>,
    /// For each mailbox in order, the tests of its connections.
    pub connections: Vec<Vec<Check>>,
}

/// What the token endpoint said to a mailbox's refresh token with the new secret.
#[derive(Debug, Clone)]
pub enum Proof {
    /// The secret is good.
    Accepted,
    /// The secret is good (the client is checked before the grant, RFC 6749 §5.2), but this mailbox must be authorized
    /// again.
    GrantLost(Failure),
    /// There is no sign-in to prove it with.
    NotAuthorized(Failure),
    /// No answer that counts.
    Unknown(Failure),
    /// The secret is not accepted.
    Refused(Failure),
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

    /// The app's record, if it belongs to the client ID that the profile has; an empty one otherwise.
    ///
    /// # Errors
    /// What the store says.
    pub fn record(&self) -> Result<AppRecord, StoreFault> {
        let record = load_app(self.store, &self.app.name)?.filter(|record| record.is_of(self.app));
        Ok(record.unwrap_or_else(|| AppRecord::of(self.app)))
    }

    /// Rotates to `new`, or finishes what was begun where there is none.
    ///
    /// # Errors
    /// What the store says. The record is then as it was before the step that failed.
    pub fn run(&self, new: Option<NewSecret>) -> Result<Answer, StoreFault> {
        let mut record = self.record()?;
        if !self.begin(&mut record, new)? {
            return Ok(self.answer(Ending::Unchanged, Vec::new(), Vec::new()));
        }
        let Some(pending) = record.pending.clone() else {
            return Ok(self.answer(Ending::Unchanged, Vec::new(), Vec::new()));
        };
        let (mut record, proofs) = self.prove(record, &pending.value)?;
        if let Some(Proof::Refused(failure)) = proofs.iter().flatten().find(|proof| matches!(proof, Proof::Refused(_)))
        {
            let failure = failure.clone();
            self.give_up(record)?;
            return Ok(self.answer(Ending::Refused(failure), proofs, Vec::new()));
        }
        // Where the secret is known to be good, an OAuth error is one mailbox's own trouble; no answer is nobody's.
        let accepted = proofs.iter().flatten().any(|proof| matches!(proof, Proof::Accepted));
        let open = |proof: &Option<Proof>| match proof {
            None => true,
            Some(Proof::Unknown(failure)) => !(accepted && matches!(failure.kind, FailureKind::OAuth(_))),
            Some(_) => false,
        };
        if proofs.iter().any(open) {
            return Ok(self.answer(Ending::Unfinished, proofs, Vec::new()));
        }
        self.journal(&mut record, RotationPhase::Proven)?;
        let connections = self.connect(&proofs, &pending.value);
        // A bug of ours in the look at a connection says nothing of the secret, and must not keep the old one in use.
        let failed = |check: &Check| check.finding().is_some_and(|finding| finding.exit != ExitCode::Bug);
        if connections.iter().flatten().any(failed) {
            return Ok(self.answer(Ending::Unfinished, proofs, connections));
        }
        self.activate(record, pending)?;
        Ok(self.answer(Ending::Activated, proofs, connections))
    }

    /// Ends a rotation whose effects outside the store (the profile's expiry date) are done too.
    ///
    /// # Errors
    /// What the store says.
    pub fn settle(&self) -> Result<(), StoreFault> {
        let mut record = self.record()?;
        if record.journal.as_ref().is_some_and(|journal| journal.phase == RotationPhase::Activated) {
            record.journal = None;
            save_app(self.store, &self.app.name, &record)?;
        }
        Ok(())
    }

    /// Brings the previous secret back, or drops a new one that was not activated yet. Run twice, it changes nothing
    /// the second time: a rollback that was interrupted can be repeated.
    ///
    /// # Errors
    /// What the store says.
    pub fn roll_back(&self) -> Result<RolledBack, StoreFault> {
        let mut record = self.record()?;
        if record.pending.is_some() {
            self.give_up(record)?;
            return Ok(RolledBack::Dropped);
        }
        if record.journal.as_ref().is_some_and(|journal| journal.phase == RotationPhase::RolledBack) {
            return Ok(RolledBack::Already);
        }
        let Some(previous) = record.previous.take() else { return Ok(RolledBack::Nothing) };
        record.previous = record.active.replace(previous);
        let started = self.clock.now();
        record.journal = Some(RotationJournal { phase: RotationPhase::RolledBack, started, proven: Vec::new() });
        save_app(self.store, &self.app.name, &record)?;
        Ok(RolledBack::Restored)
    }

    /// Forgets the previous secret. Answers whether there was one.
    ///
    /// # Errors
    /// What the store says.
    pub fn discard_previous(&self) -> Result<bool, StoreFault> {
        let mut record = self.record()?;
        if record.previous.take().is_none() {
            return Ok(false);
        }
        if record.journal.as_ref().is_some_and(|journal| journal.phase == RotationPhase::RolledBack) {
            record.journal = None;
        }
        save_app(self.store, &self.app.name, &record)?;
        Ok(true)
    }

    fn answer(&self, ending: Ending, mut proofs: Vec<Option<Proof>>, mut connections: Vec<Vec<Check>>) -> Answer {
        proofs.resize_with(self.mailboxes.len(), || None);
        connections.resize_with(self.mailboxes.len(), Vec::new);
        Answer { ending, proofs, connections }
    }

    /// Journals the intent. False if there is nothing to prove.
    fn begin(&self, record: &mut AppRecord, new: Option<NewSecret>) -> Result<bool, StoreFault> {
        let same = |secret: Option<&ClientSecret>, new: &NewSecret| {
            secret.is_some_and(|secret| secret.value.expose_secret() == new.value.expose_secret())
        };
        let Some(new) = new else {
            return Ok(Self::is_under_way(record) && record.pending.is_some());
        };
        if same(record.active.as_ref(), &new) {
            let dated = record.active.as_mut().filter(|active| new.expires.is_some() && active.expires != new.expires);
            let changed = dated.map(|active| active.expires = new.expires).is_some() || record.pending.is_some();
            if changed {
                // A pending other secret is given up: the one that is in use was asked for.
                record.journal = record.journal.take().filter(|journal| journal.phase == RotationPhase::Activated);
                record.pending = None;
                save_app(self.store, &self.app.name, record)?;
            }
            return Ok(false);
        }
        if same(record.pending.as_ref(), &new) && Self::is_under_way(record) {
            if let Some(pending) = &mut record.pending
                && new.expires.is_some()
            {
                pending.expires = new.expires;
            }
        } else {
            let now = self.clock.now();
            // The profile is where people note the date; the old secret keeps it for a rollback.
            if let (Some(active), Some(day)) = (&mut record.active, self.app.secret_expires) {
                active.expires = Some(day);
            }
            record.pending = Some(ClientSecret { value: new.value, expires: new.expires, added: now });
            record.journal = Some(RotationJournal { phase: RotationPhase::Stored, started: now, proven: Vec::new() });
        }
        save_app(self.store, &self.app.name, record)?;
        Ok(true)
    }

    /// Proves the secret at the token endpoint: with one mailbox first, which may wait until the provider's servers
    /// all know the secret, then with the others side by side.
    fn prove(&self, record: AppRecord, secret: &SecretString) -> Result<(AppRecord, Vec<Option<Proof>>), StoreFault> {
        let record = Mutex::new(record);
        let mut proofs: Vec<Option<Proof>> = vec![None; self.mailboxes.len()];
        let mut rest = 0;
        for (index, mailbox) in self.mailboxes.iter().enumerate() {
            let proof = self.prove_one(&record, mailbox, secret)?;
            let decided = matches!(proof, Proof::Accepted | Proof::GrantLost(_));
            let stop = match &proof {
                Proof::Refused(_) => true,
                Proof::Unknown(failure) => !matches!(failure.kind, FailureKind::OAuth(_)),
                Proof::Accepted | Proof::GrantLost(_) | Proof::NotAuthorized(_) => false,
            };
            proofs[index] = Some(proof);
            rest = index + 1;
            if stop {
                return Ok((record.into_inner().unwrap_or_else(PoisonError::into_inner), proofs));
            }
            if decided {
                break;
            }
        }
        let others = &self.mailboxes[rest..];
        // One token endpoint for all of them.
        let tenant = |_: &&Mailbox| String::new();
        let prove = |mailbox: &&Mailbox| self.prove_one(&record, mailbox, secret);
        let answers = fleet::each(others, Limits::USUAL, tenant, prove, |_, Panicked| {
            Ok(Proof::Unknown(FailureKind::Bug.into()))
        });
        for (slot, answer) in proofs[rest..].iter_mut().zip(answers) {
            *slot = Some(answer?);
        }
        Ok((record.into_inner().unwrap_or_else(PoisonError::into_inner), proofs))
    }

    fn prove_one(
        &self,
        record: &Mutex<AppRecord>,
        mailbox: &Mailbox,
        secret: &SecretString,
    ) -> Result<Proof, StoreFault> {
        let lock = || record.lock().unwrap_or_else(PoisonError::into_inner);
        let done = lock().journal.as_ref().is_some_and(|journal| journal.proven.contains(&mailbox.name));
        if done {
            return Ok(Proof::Accepted);
        }
        let mut waited = Duration::ZERO;
        let mut pause = Duration::from_secs(2);
        let proof = loop {
            let proof = judge(self.prover.redeem(mailbox, secret))?;
            match &proof {
                Proof::Refused(failure) if waited < self.propagation => {
                    let next = pause.min(self.propagation - waited);
                    if self.deadline.is_some_and(|deadline| Instant::now() + next >= deadline) {
                        // Out of time is not refused: the new secret is kept, and a rerun goes on.
                        break Proof::Unknown(failure.clone());
                    }
                    self.prover.wait(next, failure);
                    waited += next;
                    pause = (pause * 2).min(Duration::from_secs(15));
                }
                _ => break proof,
            }
        };
        if matches!(proof, Proof::Accepted) {
            let mut record = lock();
            if let Some(journal) = &mut record.journal {
                journal.proven.push(mailbox.name.clone());
                save_app(self.store, &self.app.name, &record)?;
            }
        }
        Ok(proof)
    }

    fn connect(&self, proofs: &[Option<Proof>], secret: &SecretString) -> Vec<Vec<Check>> {
        if !self.test_connections {
            return Vec::new();
        }
        let pairs: Vec<(&Mailbox, bool)> = self
            .mailboxes
            .iter()
            .zip(proofs)
            .map(|(mailbox, proof)| (*mailbox, matches!(proof, Some(Proof::Accepted))))
            .collect();
        let host = |(mailbox, _): &(&Mailbox, bool)| {
            mailbox.incoming.as_ref().map_or(String::new(), |incoming| incoming.server.host.to_string())
        };
        let connect = |(mailbox, proven): &(&Mailbox, bool)| {
            if *proven { self.prover.connect(mailbox, secret) } else { Vec::new() }
        };
        fleet::each(&pairs, Limits::USUAL, host, connect, |_, Panicked| {
            let finding = diagnosis::finding(&FailureKind::Bug.into(), About::default());
            vec![Check::failed(Stage::Rotation, Duration::ZERO, finding)]
        })
    }

    fn journal(&self, record: &mut AppRecord, phase: RotationPhase) -> Result<(), StoreFault> {
        if let Some(journal) = &mut record.journal {
            journal.phase = phase;
        }
        save_app(self.store, &self.app.name, record)
    }

    /// Makes the new secret the active one, in one write.
    fn activate(&self, mut record: AppRecord, pending: ClientSecret) -> Result<(), StoreFault> {
        record.previous = record.active.replace(pending);
        record.pending = None;
        self.journal(&mut record, RotationPhase::Activated)
    }

    /// Drops the new secret.
    fn give_up(&self, mut record: AppRecord) -> Result<(), StoreFault> {
        record.pending = None;
        record.journal = None;
        save_app(self.store, &self.app.name, &record)
    }
}

/// What an answer of the token endpoint says of the secret. A store that fails stops the rotation.
fn judge(answer: Result<(), Failure>) -> Result<Proof, StoreFault> {
    let Err(failure) = answer else { return Ok(Proof::Accepted) };
    match &failure.kind {
        FailureKind::Store(fault) => Err(fault.clone()),
        kind if kind.needs_authorization() => Ok(Proof::NotAuthorized(failure)),
        // A server in trouble says nothing of the secret, whatever word it uses.
        FailureKind::OAuth(fault) if fault.status == 429 || fault.status >= 500 => Ok(Proof::Unknown(failure)),
        FailureKind::OAuth(fault) => Ok(match fault.error.as_str() {
            _ if fault.refuses_client() => Proof::Refused(failure),
            "invalid_grant" | "interaction_required" | "consent_required" => Proof::GrantLost(failure),
            _ => Proof::Unknown(failure),
        }),
        _ => Ok(Proof::Unknown(failure)),
    }
}

#[cfg(test)]
mod tests;
