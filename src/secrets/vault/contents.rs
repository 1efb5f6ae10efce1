//! What is inside the vault once it is open.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::failure::StoreFault;
use crate::secrets::SecretBytes;

const SCHEMA: u32 = 1;

/// The records, their values still in base64.
#[derive(Default)]
pub(super) struct Contents {
    records: BTreeMap<String, Zeroizing<String>>,
}

#[derive(Deserialize)]
struct SchemaFile {
    schema: u32,
}

#[derive(Deserialize)]
struct ContentsFile<'a> {
    #[serde(borrow)]
    records: BTreeMap<String, &'a str>,
}

impl Contents {
    pub(super) fn parse(plain: &[u8]) -> Result<Self, StoreFault> {
        // The parser's own words can quote the input; its position cannot.
        let no_vault = |error: serde_json::Error| {
            damaged(&format!("it holds no records of ours (line {}, column {})", error.line(), error.column()))
        };
        let SchemaFile { schema } = serde_json::from_slice(plain).map_err(no_vault)?;
        if schema > SCHEMA {
            return Err(damaged(&format!(
                "a newer mailgrant wrote it (schema {schema}; this one knows up to {SCHEMA})"
            )));
        }
        let file: ContentsFile<'_> = serde_json::from_slice(plain).map_err(no_vault)?;
        let owned = |(name, value): (String, &str)| (name, Zeroizing::new(value.to_owned()));
        Ok(Self { records: file.records.into_iter().map(owned).collect() })
    }

    /// Written by hand, so that the buffer is large enough from the start: one that grows leaves copies behind.
    pub(super) fn to_json(&self) -> Zeroizing<Vec<u8>> {
        let start = format!("{{\"schema\":{SCHEMA},\"records\":{{");
        // At most six characters stand for one of a name.
        let size: usize = self.records.iter().map(|(name, value)| 6 * name.len() + value.len() + 8).sum();
        let mut json = Zeroizing::new(Vec::with_capacity(start.len() + size + 8));
        json.extend_from_slice(start.as_bytes());
        for (index, (name, value)) in self.records.iter().enumerate() {
            json.extend_from_slice(if index == 0 { b"\n" } else { b",\n" });
            json.extend_from_slice(serde_json::Value::from(name.as_str()).to_string().as_bytes());
            json.extend_from_slice(b":\"");
            json.extend_from_slice(value.as_bytes());
            json.push(b'"');
        }
        json.extend_from_slice(b"\n}}\n");
        json
    }

    /// Takes the record out of these contents.
    pub(super) fn take(&mut self, name: &str) -> Option<Result<SecretBytes, StoreFault>> {
        let value = self.records.remove(name)?;
        let decoded = STANDARD.decode(value.as_bytes()).map(SecretBytes::new);
        Some(decoded.map_err(|_| damaged(&format!("the record {name} is no base64"))))
    }

    pub(super) fn set(&mut self, name: String, value: &SecretBytes) {
        self.records.insert(name, Zeroizing::new(STANDARD.encode(value.expose())));
    }
}

fn damaged(why: &str) -> StoreFault {
    StoreFault::Damaged { what: format!("the vault: {why}") }
}
