//! The store of a command that keeps nothing: it is empty, and takes nothing.

use super::{RecordKey, SecretBytes, SecretStore};
use crate::failure::StoreFault;
use crate::text::Shown;

/// A store without records, on no disk.
pub struct Nothing;

impl Nothing {
    fn refusal() -> StoreFault {
        StoreFault::Other { reason: "nothing is stored for a mailbox that no profile has".into() }
    }
}

impl SecretStore for Nothing {
    fn get(&self, _: &RecordKey) -> Result<Option<SecretBytes>, StoreFault> {
        Ok(None)
    }

    fn put(&self, _: &RecordKey, _: &SecretBytes) -> Result<(), StoreFault> {
        Err(Self::refusal())
    }

    fn delete(&self, _: &RecordKey) -> Result<bool, StoreFault> {
        Ok(false)
    }

    fn self_test(&self) -> Result<Shown, StoreFault> {
        Err(Self::refusal())
    }

    fn describe(&self) -> Shown {
        "no store".into()
    }
}
