//! A whole vault in a variable, for jobs that have no disk to keep one on: all records in the form of one file ([`single`]),
//! encrypted with the vault's key, as base64. It is read only.

use std::ffi::OsString;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::key::VaultKey;
use super::place::vault_key_file;
use super::{seal, single};
use crate::failure::{HandedOver, StoreFault};
use crate::files::{Sensitivity, WatchedPath};
use crate::profile::StoreSpec;
use crate::secrets::{RecordKey, SecretBytes, SecretStore, World};
use crate::text::{self, Shown};

/// The variable that holds the vault.
const VARIABLE: &str = "MAILGRANT_VAULT";

/// A vault that was handed over.
pub struct HandedVault {
    text: OsString,
    key: VaultKey,
}

impl HandedVault {
    /// The vault in `MAILGRANT_VAULT`, if there is one.
    #[must_use]
    pub fn open(spec: &StoreSpec, world: World<'_>) -> Option<Self> {
        let text = (world.env)(VARIABLE).filter(|text| !text.to_string_lossy().trim().is_empty())?;
        Some(Self { text, key: VaultKey::of(world.env, vault_key_file(spec, world)) })
    }

    fn plain(&self) -> Result<Zeroizing<Vec<u8>>, StoreFault> {
        let identities = self.key.identities()?;
        let sealed = self.text.to_str().and_then(decoded);
        let unusable = "it is not a vault in base64, as `mailgrant store export` writes one".into();
        let sealed = sealed.ok_or(StoreFault::BadVariable { variable: VARIABLE.into(), why: unusable })?;
        single::open(Path::new(VARIABLE), &identities, &sealed)
    }

    fn read_only(&self) -> StoreFault {
        StoreFault::ReadOnly { store: self.describe(), handed: HandedOver::Vault }
    }
}

impl SecretStore for HandedVault {
    fn get(&self, key: &RecordKey) -> Result<Option<SecretBytes>, StoreFault> {
        let plain = self.plain()?;
        single::Contents::parse(Path::new(VARIABLE), &plain)?.get(&key.entry_name())
    }

    fn variables(&self, _: &[RecordKey]) -> Vec<Shown> {
        [Some(VARIABLE), self.key.variable()].into_iter().flatten().map(Shown::from).collect()
    }

    fn is_read_only(&self) -> bool {
        true
    }

    fn put(&self, _: &RecordKey, _: &SecretBytes) -> Result<(), StoreFault> {
        Err(self.read_only())
    }

    fn delete(&self, _: &RecordKey) -> Result<bool, StoreFault> {
        Err(self.read_only())
    }

    fn keys(&self) -> Result<Option<Vec<RecordKey>>, StoreFault> {
        let plain = self.plain()?;
        let contents = single::Contents::parse(Path::new(VARIABLE), &plain)?;
        Ok(Some(contents.names().filter_map(RecordKey::from_entry_name).collect()))
    }

    fn self_test(&self) -> Result<Shown, StoreFault> {
        let count = self.keys()?.unwrap_or_default().len();
        Ok(shown!("its key opens it ({}); it is read only", text::count(count as u64, "record")))
    }

    fn places(&self) -> Vec<WatchedPath> {
        match &self.key {
            VaultKey::File(key) => vec![WatchedPath::new("vault key", key.clone(), Sensitivity::Secret)],
            VaultKey::Value(_) => Vec::new(),
        }
    }

    fn describe(&self) -> Shown {
        shown!("vault in {}", VARIABLE)
    }
}

/// A vault with these records, to be handed over in a variable: one line of text. The key that opens the vault of the profile
/// opens it too.
///
/// # Errors
/// [`StoreFault`] if there is no key, or it does not encrypt.
pub fn vault_text(
    spec: &StoreSpec,
    world: World<'_>,
    records: &[(RecordKey, SecretBytes)],
) -> Result<String, StoreFault> {
    encoded(&VaultKey::of(world.env, vault_key_file(spec, world)), records)
}

fn encoded(key: &VaultKey, records: &[(RecordKey, SecretBytes)]) -> Result<String, StoreFault> {
    Ok(STANDARD.encode(seal::seal(&key.identities()?, &single::compose(records))?))
}

/// The file in a text: base64, of which lines may have been made, or age's own armor, which is the same between two lines.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let lines = text.lines().filter(|line| !line.starts_with("-----"));
    let text: String = lines.flat_map(str::chars).filter(|c| !c.is_whitespace()).collect();
    STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(name: &str, value: &[u8]) -> (RecordKey, SecretBytes) {
        (RecordKey::Mailbox(name.parse().unwrap()), SecretBytes::new(value.to_vec()))
    }

    fn key() -> VaultKey {
        VaultKey::Value(age::x25519::Identity::generate().to_string())
    }

    fn copy(key: &VaultKey) -> VaultKey {
        match key {
            VaultKey::Value(text) => VaultKey::Value(text.clone()),
            VaultKey::File(path) => VaultKey::File(path.clone()),
        }
    }

    #[test]
    fn a_vault_that_was_made_for_a_variable_opens_in_it_and_is_read_only() {
        let key = key();
        let records = [record("shop", b"one"), record("office", &[0, 255, 34, 92]), record("empty", b"")];
        let text = encoded(&key, &records).unwrap();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)), "{text}");
        // As one line, as a CI system or base64(1) wraps it, and as age's armor.
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let armor =
            format!("-----BEGIN AGE ENCRYPTED FILE-----\n{}\n-----END AGE ENCRYPTED FILE-----\n", lines.join("\n"));
        for text in [text.clone(), format!(" {}\r\n", lines.join("\r\n")), armor] {
            let vault = HandedVault { text: text.into(), key: copy(&key) };
            for (name, value) in &records {
                assert!(vault.get(name).unwrap().unwrap().expose() == value.expose(), "{name}");
            }
            assert!(vault.get(&record("other", b"").0).unwrap().is_none());
            assert_eq!(vault.keys().unwrap().unwrap().len(), 3);
            assert!(vault.is_read_only() && vault.self_test().unwrap().contains("3 records"));
            for fault in [vault.put(&records[0].0, &records[0].1).err(), vault.delete(&records[0].0).err()] {
                assert!(matches!(fault, Some(StoreFault::ReadOnly { handed: HandedOver::Vault, .. })), "{fault:?}");
            }
        }
        let vault = HandedVault { text: encoded(&key, &[]).unwrap().into(), key: copy(&key) };
        assert_eq!(vault.keys().unwrap(), Some(Vec::new()));
    }

    #[test]
    fn what_is_not_a_vault_and_a_wrong_key_are_told_apart() {
        let text = encoded(&key(), &[record("shop", b"one")]).unwrap();
        let fault = |text: String| HandedVault { text: text.into(), key: key() }.get(&record("shop", b"").0).err();
        assert_eq!(fault(text.clone()), Some(StoreFault::WrongKey));
        assert!(matches!(fault("not base64!".into()), Some(StoreFault::BadVariable { .. })));
        assert!(matches!(
            fault(text[..text.len() / 2].to_owned()),
            Some(StoreFault::BadVariable { .. } | StoreFault::VaultDamaged { .. })
        ));
        assert!(matches!(fault(STANDARD.encode("no age file")), Some(StoreFault::VaultDamaged { .. })));
    }
}
