//! What is inside the vault once it is open.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::failure::StoreFault;
use crate::secrets::SecretBytes;

const SCHEMA: u32 = 1;

/// The records, their values still in base64. What does not change is borrowed from the plain text: a vault of a
/// hundred mailboxes holds a megabyte, and wiping copies of it takes longer than decrypting it.
#[derive(Default)]
pub(super) struct Contents<'a> {
    records: BTreeMap<String, Record<'a>>,
}

enum Record<'a> {
    Kept(&'a str),
    New(Zeroizing<String>),
}

impl Record<'_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Kept(text) => text,
            Self::New(text) => text,
        }
    }
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
    pub(super) fn parse(plain: &'a [u8]) -> Result<Self, StoreFault> {
        let parsed = serde_json::from_slice::<ContentsFile<'_>>(plain);
        // A newer schema may look like nothing we know but for its number.
        let schema = match &parsed {
            Ok(file) => Some(file.schema),
            Err(_) => serde_json::from_slice::<SchemaFile>(plain).ok().map(|file| file.schema),
        };
        match (parsed, schema) {
            (_, Some(schema)) if schema > SCHEMA => {
                Err(damaged(&format!("a newer mailgrant wrote it (schema {schema}; this one knows up to {SCHEMA})")))
            }
            (Ok(file), _) => {
                let kept = file.records.into_iter().map(|(name, text)| (name, Record::Kept(text)));
                Ok(Self { records: kept.collect() })
            }
            // The parser's own words can quote the input; its position cannot.
            (Err(error), _) => {
                Err(damaged(&format!("it holds no records of ours (line {}, column {})", error.line(), error.column())))
            }
        }
    }

    /// Written by hand, so that the buffer is large enough from the start: one that grows leaves copies behind.
    pub(super) fn to_json(&self) -> Zeroizing<Vec<u8>> {
        let start = format!("{{\"schema\":{SCHEMA},\"records\":{{");
        // At most six characters stand for one of a name.
        let size: usize = self.records.iter().map(|(name, record)| 6 * name.len() + record.as_str().len() + 8).sum();
        let mut json = Zeroizing::new(Vec::with_capacity(start.len() + size + 8));
        json.extend_from_slice(start.as_bytes());
        for (index, (name, record)) in self.records.iter().enumerate() {
            json.extend_from_slice(if index == 0 { b"\n" } else { b",\n" });
            json.extend_from_slice(serde_json::Value::from(name.as_str()).to_string().as_bytes());
            json.extend_from_slice(b":\"");
            json.extend_from_slice(record.as_str().as_bytes());
            json.push(b'"');
        }
        json.extend_from_slice(b"\n}}\n");
        json
    }

    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn get(&self, name: &str) -> Result<Option<SecretBytes>, StoreFault> {
        let decode = |record: &Record<'_>| STANDARD.decode(record.as_str()).map(SecretBytes::new);
        let decoded = self.records.get(name).map(decode).transpose();
        decoded.map_err(|_| damaged(&format!("the record {name} is no base64")))
    }

    pub(super) fn set(&mut self, name: String, value: &SecretBytes) {
        self.records.insert(name, Record::New(Zeroizing::new(STANDARD.encode(value.expose()))));
    }

    /// Whether there was such a record.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        self.records.remove(name).is_some()
    }
}

fn damaged(why: &str) -> StoreFault {
    StoreFault::Damaged { what: format!("the vault: {why}") }
}
