//! The way back: the previous secret is in use again, once it is known to be good still.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::proof::judge;
use super::{Proof, Rotation, is_same};
use crate::failure::{Failure, StoreFault};
use crate::flow::credential;
use crate::profile::{App, Mailbox, Name};
use crate::secrets::{AppRecord, ClientSecret, RotationJournal, RotationPhase, save_app};

/// Whether a previous secret that has expired, or that the provider refuses, is brought back all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// It is not.
    No,
    /// It is.
    Yes,
}

/// What a rollback came to.
#[derive(Debug)]
pub enum RolledBack {
    /// The previous secret is the active one again, in each of these records.
    Restored(Vec<Restored>),
    /// It was so already.
    Already,
    /// A new secret that was not in use yet is gone.
    Dropped,
    /// There is nothing to bring back.
    Nothing,
    /// The previous secret has expired; nothing was changed.
    Expired {
        /// The app whose previous secret it is.
        app: Name,
        /// Its last day.
        day: Date,
    },
    /// The provider refuses the previous secret; nothing was changed.
    Refused(Failure),
}

/// One app's previous secret that is in use again.
#[derive(Debug)]
pub struct Restored {
    /// The app.
    pub app: Name,
    /// What its proof came to; none where no mailbox could prove it.
    pub proof: Option<Proof>,
    /// The day on which it expires, if that was noted.
    pub expires: Option<Date>,
}

/// What a rollback is about.
pub(super) struct Back {
    /// The records whose previous secret is to be used again, by their places.
    pub(super) wanted: Vec<usize>,
    /// The new secrets that are not in use yet.
    pub(super) dropped: Vec<ClientSecret>,
    /// Whether a record was rolled back before.
    pub(super) is_back: bool,
}

impl Back {
    pub(super) fn of(records: &[AppRecord]) -> Self {
        let dropped: Vec<ClientSecret> = records.iter().filter_map(|record| record.pending.clone()).collect();
        let is_at = |record: &AppRecord, phase| record.journal.as_ref().is_some_and(|journal| journal.phase == phase);
        let is_back = |record: &AppRecord| is_at(record, RotationPhase::RolledBack);
        // A rotation that was stopped between two records has activated its secret in the first of them.
        let is_half = |record: &AppRecord| {
            is_at(record, RotationPhase::Activated)
                && record.active.as_ref().is_some_and(|active| dropped.iter().any(|new| is_same(active, &new.value)))
        };
        let wanted: Vec<usize> = (0..records.len())
            .filter(|&index| records[index].previous.is_some() && !is_back(&records[index]))
            .filter(|&index| dropped.is_empty() || is_half(&records[index]))
            .collect();
        Self { wanted, is_back: records.iter().any(is_back), dropped }
    }
}

impl Rotation<'_> {
    /// Brings the previous secret back, or drops a new one that was not activated yet. Run twice, it changes nothing
    /// the second time: a rollback that was interrupted can be repeated.
    ///
    /// # Errors
    /// What the store says.
    pub fn roll_back(&self, force: Force) -> Result<RolledBack, StoreFault> {
        let mut records = self.records()?;
        let Back { wanted, dropped, is_back } = Back::of(&records);
        if wanted.is_empty() {
            self.give_up(&mut records)?;
            return Ok(match () {
                () if !dropped.is_empty() => RolledBack::Dropped,
                () if is_back => RolledBack::Already,
                () => RolledBack::Nothing,
            });
        }
        let mut restored = Vec::new();
        for &index in &wanted {
            let (app, Some(previous)) = (self.apps[index], &records[index].previous) else { continue };
            let today = self.clock.now().to_zoned(TimeZone::UTC).date();
            if let Some(day) = previous.expires.filter(|day| *day < today && force == Force::No) {
                return Ok(RolledBack::Expired { app: app.name.clone(), day });
            }
            let proof = self.prove_previous(app, previous)?;
            match proof {
                Some(Proof::Refused(failure)) if force == Force::No => return Ok(RolledBack::Refused(failure)),
                proof => restored.push(Restored { app: app.name.clone(), proof, expires: previous.expires }),
            }
        }
        self.give_up(&mut records)?;
        for &index in &wanted {
            let record = &mut records[index];
            let Some(previous) = record.previous.take() else { continue };
            // It is in use again: the directory must not remove it.
            record.removals.retain(|removal| Some(&removal.key_id) != previous.key_id.as_ref());
            record.previous = record.active.replace(previous);
            record.journal = Some(RotationJournal::new(RotationPhase::RolledBack, self.clock.now()));
            save_app(self.store, &self.apps[index].name, record)?;
        }
        Ok(RolledBack::Restored(restored))
    }

    /// What the token endpoint says to the previous secret of `app`: its own mailboxes are asked before the others, until
    /// one answer tells.
    fn prove_previous(&self, app: &App, previous: &ClientSecret) -> Result<Option<Proof>, StoreFault> {
        let (own, others): (Vec<&Mailbox>, Vec<&Mailbox>) =
            self.mailboxes.iter().partition(|mailbox| mailbox.app == app.name);
        let mut last = None;
        for mailbox in own.into_iter().chain(others) {
            let credential = credential::proposed(app, &previous.value);
            let proof = judge(self.prover.redeem(mailbox, &credential), mailbox.access)?;
            let tells = matches!(proof, Proof::Accepted | Proof::GrantLost(_) | Proof::Refused(_));
            let is_silent = matches!(proof, Proof::NotAuthorized(_));
            if tells {
                return Ok(Some(proof));
            }
            // "There is no sign-in" says less than "no answer".
            if !is_silent || last.is_none() {
                last = Some(proof);
            }
        }
        Ok(last)
    }
}
