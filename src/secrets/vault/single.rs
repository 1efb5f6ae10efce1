//! The vault's form of before: one file with every record. It is read as long as no write has made the folder of it.
//!
//! Its plain text is a JSON object `{"schema":1,"records":{"mailbox:shop":"…base64…"}}`.

use std::collections::BTreeMap;
use std::path::Path;

use age::x25519::Identity;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::faults::{fault, unfit};
use super::seal::{self, Unopened};
use crate::failure::StoreFault;
use crate::files;
use crate::secrets::{RecordKey, SecretBytes};
use crate::text::{Redactor, Shown};

const SCHEMA: u32 = 1;

/// The most that it may hold, in bytes: a thousand mailboxes take about 10 MB.
const LARGEST: usize = 64 * 1024 * 1024;

/// The file as it is on the disk; `None` if there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreFault> {
    let read = files::read_private(path, LARGEST).map_err(|failure| unfit(fault(&failure), path))?;
    // Out of its wrapper: there is nothing in it to wipe.
    Ok(read.map(|mut sealed| std::mem::take(&mut *sealed)))
}

/// Its plain text.
pub(super) fn open(path: &Path, identities: &[Identity], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, StoreFault> {
    seal::open(identities, sealed).map_err(|unopened| match unopened {
        Unopened::WrongKey => StoreFault::WrongKey,
        Unopened::Damaged(why) => damaged(path, why),
    })
}

/// The plain text with these records.
pub(super) fn compose(records: &[(RecordKey, SecretBytes)]) -> Zeroizing<Vec<u8>> {
    let head = format!("{{\"schema\":{SCHEMA},\"records\":{{");
    let names: Vec<String> = records.iter().map(|(key, _)| key.entry_name()).collect();
    // Quotes, a colon and a comma beside the name and the value in base64, of which neither needs escapes.
    let most =
        names.iter().zip(records).map(|(name, (_, value))| name.len() + value.expose().len().div_ceil(3) * 4 + 6);
    // All at once: a buffer that grows leaves copies behind.
    let mut plain = Zeroizing::new(String::with_capacity(head.len() + most.sum::<usize>() + 2));
    plain.push_str(&head);
    for (index, (name, (_, value))) in names.iter().zip(records).enumerate() {
        let comma = if index == 0 { "" } else { "," };
        [comma, "\"", name, "\":\""].iter().for_each(|part| plain.push_str(part));
        STANDARD.encode_string(value.expose(), &mut plain);
        plain.push('"');
    }
    plain.push_str("}}");
    Zeroizing::new(std::mem::take(&mut *plain).into_bytes())
}

/// The records, their values still in base64 and borrowed from the plain text.
pub(super) struct Contents<'a> {
    records: BTreeMap<String, &'a str>,
}

#[derive(Deserialize)]
struct ContentsFile<'a> {
    schema: u32,
    // Borrowing works because base64 needs no escapes.
    #[serde(borrow)]
    records: BTreeMap<String, &'a str>,
}

#[derive(Deserialize)]
struct SchemaFile {
    schema: u32,
}

impl<'a> Contents<'a> {
    pub(super) fn parse(path: &Path, plain: &'a [u8]) -> Result<Self, StoreFault> {
        let parsed = serde_json::from_slice::<ContentsFile<'_>>(plain);
        // A newer schema may look like nothing we know but for its number.
        let schema = match &parsed {
            Ok(file) => Some(file.schema),
            Err(_) => serde_json::from_slice::<SchemaFile>(plain).ok().map(|file| file.schema),
        };
        match (parsed, schema) {
            (_, Some(schema)) if schema > SCHEMA => {
                Err(StoreFault::Newer { what: Shown::of(path), number: schema, known: SCHEMA })
            }
            (Ok(file), _) => Ok(Self { records: file.records }),
            // The parser's own words can quote the input; its position cannot.
            (Err(error), _) => Err(damaged(
                path,
                shown!("it holds no records of ours (line {}, column {})", error.line(), error.column()),
            )),
        }
    }

    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// The names of all records.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.records.keys().map(String::as_str)
    }

    pub(super) fn get(&self, name: &str) -> Result<Option<SecretBytes>, StoreFault> {
        let decoded = self.records.get(name).map(|text| STANDARD.decode(text).map(SecretBytes::new)).transpose();
        // The name is a text of the file's, which could be anything.
        decoded.map_err(|_| StoreFault::Damaged {
            what: shown!("the vault: the record {} is not base64", Redactor::by_shape(name)),
        })
    }
}

fn damaged(path: &Path, why: impl Into<Shown>) -> StoreFault {
    StoreFault::VaultDamaged { path: path.to_owned(), why: why.into() }
}
