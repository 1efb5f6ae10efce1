//! What the store holds of a mailbox.

use super::Session;
use crate::failure::{Failure, FailureKind};
use crate::secrets::{MailboxRecord, load_mailbox};

impl Session<'_> {
    /// What the store holds of the mailbox. Where that is nothing, a user must sign in first.
    pub(super) fn stored_record(&self) -> Result<MailboxRecord, Failure> {
        match load_mailbox(self.store, &self.mailbox.name)? {
            Some(record) => Ok(record),
            None => {
                self.refuse_absent_store()?;
                Err(FailureKind::NotAuthorized { why: "there has been no sign-in yet".into() }.into())
            }
        }
    }
}
