//! A test of a store: write, read back, remove.

use super::{RecordKey, SecretBytes, SecretStore};
use crate::failure::StoreFault;
use crate::random;
use crate::text::{Redactor, Shown};

/// Two that try at the same time disturb each other.
const TRIES: usize = 3;

/// Tests the store with an entry of its own, of always the same name: what a crash or a dialog that was answered too
/// late left behind, the next trial removes.
pub(super) fn of_entry(store: &dyn SecretStore) -> Result<Shown, StoreFault> {
    let key = RecordKey::trial()?;
    let mut result = Err(StoreFault::Other { reason: "nothing was tried".into() });
    for _ in 0..TRIES {
        let tried = round(store, &key);
        // Whatever happened, nothing stays behind.
        let removed = store.delete(&key);
        result = tried.and_then(|()| removed.map(drop));
        if !matches!(result, Err(StoreFault::Damaged { .. } | StoreFault::NotKept { .. })) {
            break;
        }
    }
    result?;
    match store.get(&key)? {
        None => Ok("an entry was written, read back and removed".into()),
        Some(_) => Err(StoreFault::NotKept { what: "an entry that was removed is still there".into() }),
    }
}

fn round(store: &dyn SecretStore, key: &RecordKey) -> Result<(), StoreFault> {
    let value = random_value()?;
    store.put(key, &value)?;
    match store.get(key)? {
        Some(stored) if stored.expose() == value.expose() => Ok(()),
        _ => Err(StoreFault::NotKept { what: "what is read back is not what was written".into() }),
    }
}

/// Different each time, so that nothing old passes for it.
pub(super) fn random_value() -> Result<SecretBytes, StoreFault> {
    let random =
        random::hex::<16>().map_err(|error| StoreFault::Other { reason: Redactor::by_shape(&error.to_string()) })?;
    Ok(SecretBytes::new(format!("random_value {random}").into_bytes()))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::Mutex;

    use super::*;
    use crate::secrets::MemoryStore;

    /// A store that goes wrong at one step.
    struct Crooked {
        inner: MemoryStore,
        wrong_read: Mutex<Cell<u32>>,
        keeps: bool,
    }

    impl SecretStore for Crooked {
        fn get(&self, key: &RecordKey) -> Result<Option<SecretBytes>, StoreFault> {
            let wrong = self.wrong_read.lock().unwrap();
            if wrong.get() > 0 {
                wrong.set(wrong.get() - 1);
                return Ok(Some(SecretBytes::new(b"something else".to_vec())));
            }
            self.inner.get(key)
        }

        fn put(&self, key: &RecordKey, value: &SecretBytes) -> Result<(), StoreFault> {
            self.inner.put(key, value)
        }

        fn delete(&self, key: &RecordKey) -> Result<bool, StoreFault> {
            if self.keeps { Ok(true) } else { self.inner.delete(key) }
        }

        fn self_test(&self) -> Result<Shown, StoreFault> {
            of_entry(self)
        }

        fn describe(&self) -> Shown {
            "crooked".into()
        }
    }

    fn crooked(wrong_reads: u32, keeps: bool) -> Crooked {
        Crooked { inner: MemoryStore::default(), wrong_read: Mutex::new(Cell::new(wrong_reads)), keeps }
    }

    fn key() -> RecordKey {
        RecordKey::Trial("doctor".parse().unwrap())
    }

    #[test]
    fn a_good_store_passes_and_is_left_as_it_was() {
        let store = MemoryStore::default();
        of_entry(&store).unwrap();
        assert!(store.get(&key()).unwrap().is_none());
    }

    #[test]
    fn a_store_that_returns_something_else_fails_and_nothing_stays_behind() {
        let store = crooked(99, false);
        assert!(matches!(of_entry(&store), Err(StoreFault::NotKept { .. })));
        assert!(store.inner.get(&key()).unwrap().is_none());
    }

    #[test]
    fn another_self_test_at_the_same_time_is_not_a_fault() {
        of_entry(&crooked(1, false)).unwrap();
    }

    #[test]
    fn a_store_that_does_not_remove_fails() {
        assert!(matches!(of_entry(&crooked(0, true)), Err(StoreFault::NotKept { .. })));
    }

    #[test]
    fn a_locked_store_says_so() {
        let store = MemoryStore::default();
        *store.fault.lock().unwrap() = Some(StoreFault::Locked);
        assert_eq!(of_entry(&store), Err(StoreFault::Locked));
    }
}
