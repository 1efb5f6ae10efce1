//! What proves a client secret: an answer of the token endpoint, and how long it counts.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::Rotation;
use super::prover::Tested;
use crate::diagnosis::{self, FailureContext};
use crate::failure::{Failure, FailureKind, StoreFault};
use crate::flow::parallel::{self, Limits, Panicked};
use crate::oauth::ClientCredential;
use crate::profile::{Access, Mailbox};
use crate::report::{Check, Stage};
use crate::secrets::{AppRecord, save_app};

/// How long a proof counts. Later the secret may have been removed, and each mailbox proves it once more.
pub const PROOF_LIFE: SignedDuration = SignedDuration::from_mins(10);

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

impl Proof {
    /// Whether the secret is good.
    pub(super) fn is_good(&self) -> bool {
        matches!(self, Self::Accepted | Self::GrantLost(_))
    }

    /// Whether `proofs` leave it open that the secret is good for every mailbox. Where it is known to be good, an OAuth error
    /// belongs to one mailbox; no answer belongs to none.
    pub(super) fn leave_open(proofs: &[Option<Self>]) -> bool {
        let accepted = proofs.iter().flatten().any(|proof| matches!(proof, Self::Accepted));
        proofs.iter().any(|proof| match proof {
            None => true,
            Some(Self::Unknown(failure)) => !(accepted && matches!(failure.kind, FailureKind::OAuth(_))),
            Some(_) => false,
        })
    }

    /// What was said, if the secret is refused.
    pub(super) fn refusal(&self) -> Option<&Failure> {
        match self {
            Self::Refused(failure) => Some(failure),
            _ => None,
        }
    }
}

impl Rotation<'_> {
    /// Proves the secret at the token endpoint: with one mailbox first, which may wait until the provider's servers
    /// all know the secret, then with the others side by side.
    pub(super) fn prove(
        &self,
        records: Vec<AppRecord>,
        credential: &ClientCredential,
    ) -> Result<(Vec<AppRecord>, Vec<Option<Proof>>), StoreFault> {
        let records = Mutex::new(records);
        let mut proofs: Vec<Option<Proof>> = vec![None; self.mailboxes.len()];
        let mut rest = 0;
        for (index, mailbox) in self.mailboxes.iter().enumerate() {
            let proof = self.prove_one(&records, mailbox, credential)?;
            let decided = matches!(proof, Proof::Accepted | Proof::GrantLost(_));
            let stop = match &proof {
                Proof::Refused(_) => true,
                Proof::Unknown(failure) => !matches!(failure.kind, FailureKind::OAuth(_)),
                Proof::Accepted | Proof::GrantLost(_) | Proof::NotAuthorized(_) => false,
            };
            proofs[index] = Some(proof);
            rest = index + 1;
            if stop {
                return Ok((records.into_inner().unwrap_or_else(PoisonError::into_inner), proofs));
            }
            if decided {
                break;
            }
        }
        let others = &self.mailboxes[rest..];
        // One token endpoint for all of them.
        let tenant = |_: &&Mailbox| vec![String::new()];
        let prove = |mailbox: &&Mailbox| self.prove_one(&records, mailbox, credential);
        let answers = parallel::each(others, Limits::USUAL, tenant, prove, |_, Panicked| {
            Ok(Proof::Unknown(FailureKind::Bug.into()))
        });
        for (slot, answer) in proofs[rest..].iter_mut().zip(answers) {
            *slot = Some(answer?);
        }
        Ok((records.into_inner().unwrap_or_else(PoisonError::into_inner), proofs))
    }

    fn prove_one(
        &self,
        records: &Mutex<Vec<AppRecord>>,
        mailbox: &Mailbox,
        credential: &ClientCredential,
    ) -> Result<Proof, StoreFault> {
        let lock = || records.lock().unwrap_or_else(PoisonError::into_inner);
        let own = self.apps.iter().position(|app| app.name == mailbox.app);
        let proven = |records: &[AppRecord]| own.and_then(|own| proven_at(&records[own], mailbox));
        if proven(&lock()).is_some_and(|proven| is_fresh(proven, self.clock.now())) {
            return Ok(Proof::Accepted);
        }
        let proof = self.ask(|| self.prover.redeem(mailbox, credential), mailbox.access)?;
        if let (Proof::Accepted, Some(own)) = (&proof, own) {
            let mut records = lock();
            let record = &mut records[own];
            if record.pending.is_some()
                && let Some(journal) = &mut record.journal
            {
                journal.proven.insert(mailbox.name.clone(), self.clock.now());
                save_app(self.store, &self.apps[own].name, record)?;
            }
        }
        Ok(proof)
    }

    /// Asks the token endpoint, and again as long as a refusal may only mean that not every server knows the secret.
    pub(super) fn ask(&self, redeem: impl Fn() -> Result<(), Failure>, access: Access) -> Result<Proof, StoreFault> {
        let mut waited = Duration::ZERO;
        let mut pause = Duration::from_secs(2);
        loop {
            let proof = judge(redeem(), access)?;
            match &proof {
                Proof::Refused(failure) if waited < self.propagation => {
                    let next = pause.min(self.propagation - waited);
                    if self.deadline.is_some_and(|deadline| Instant::now() + next >= deadline) {
                        // Out of time is not refused: the new secret stays stored, and a rerun goes on.
                        return Ok(Proof::Unknown(failure.clone()));
                    }
                    self.prover.wait(next, failure);
                    waited += next;
                    pause = (pause * 2).min(Duration::from_secs(15));
                }
                _ => return Ok(proof),
            }
        }
    }

    /// Proves the secret once more where no request of this run has, since `started`, or where that is too long ago. `None`
    /// if that is not needed, or if there was no proof at all.
    pub(super) fn prove_again(
        &self,
        records: &[AppRecord],
        proofs: &[Option<Proof>],
        credential: &ClientCredential,
        started: Timestamp,
    ) -> Result<Option<Proof>, StoreFault> {
        let now = self.clock.now();
        let proven =
            records.iter().filter_map(|record| record.journal.as_ref()).flat_map(|journal| journal.proven.values());
        let newest: Option<Timestamp> = proven.copied().max();
        if newest.is_none_or(|newest| newest >= started && is_fresh(newest, now)) {
            return Ok(None);
        }
        let accepted = |(_, proof): &(&&Mailbox, &Option<Proof>)| matches!(proof, Some(Proof::Accepted));
        let Some((mailbox, _)) = self.mailboxes.iter().zip(proofs).find(accepted) else { return Ok(None) };
        self.ask(|| self.prover.redeem(mailbox, credential), mailbox.access).map(Some)
    }

    /// Tests the connections of the mailboxes whose tokens the new secret has fetched.
    pub(super) fn connect(&self, proofs: &[Option<Proof>], credential: &ClientCredential) -> Vec<Tested> {
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
            vec![mailbox.incoming.as_ref().map_or(String::new(), |incoming| incoming.endpoint.host().to_owned())]
        };
        let connect = |(mailbox, proven): &(&Mailbox, bool)| {
            if *proven { self.prover.connect(mailbox, credential) } else { Tested::default() }
        };
        parallel::each(&pairs, Limits::USUAL, host, connect, |_, Panicked| {
            let finding = diagnosis::finding(&FailureKind::Bug.into(), FailureContext::default());
            let checks = vec![Check::failed(Stage::Rotation, Duration::ZERO, finding)];
            Tested { checks, ..Tested::default() }
        })
    }
}

/// Whether a proof of then is one of now. What came in this clock's future says nothing of the time.
fn is_fresh(proven: Timestamp, now: Timestamp) -> bool {
    let age = now.duration_since(proven);
    !age.is_negative() && age <= PROOF_LIFE
}

fn proven_at(record: &AppRecord, mailbox: &Mailbox) -> Option<Timestamp> {
    record.journal.as_ref()?.proven.get(&mailbox.name).copied()
}

/// What an answer of the token endpoint says of the secret. A store that fails stops the rotation.
pub(super) fn judge(answer: Result<(), Failure>, access: Access) -> Result<Proof, StoreFault> {
    let Err(failure) = answer else { return Ok(Proof::Accepted) };
    match &failure.kind {
        FailureKind::Store(fault) => Err(fault.clone()),
        kind if kind.needs_authorization() => Ok(Proof::NotAuthorized(failure)),
        // A server in trouble says nothing of the secret, whatever word it uses.
        FailureKind::OAuth(fault) if fault.status == 429 || fault.status >= 500 => Ok(Proof::Unknown(failure)),
        FailureKind::OAuth(fault) => Ok(match fault.error.as_str() {
            _ if fault.refuses_client() => Proof::Refused(failure),
            // Of an app that is let in by itself it says that what it stated does not hold, which may be anything.
            "invalid_grant" | "interaction_required" | "consent_required" if access.needs_person() => {
                Proof::GrantLost(failure)
            }
            _ => Proof::Unknown(failure),
        }),
        _ => Ok(Proof::Unknown(failure)),
    }
}
