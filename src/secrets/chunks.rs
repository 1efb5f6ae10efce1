//! Values in entries that are too small for them (SECURITY.md S3): Windows' Credential Manager holds 2,560 bytes.
//!
//! A value that fits is the entry. A longer one is cut into parts, and the entry becomes a header that names them:
//! `mailgrant-parts/1 SLOT NONCE COUNT LENGTH`. There are two slots, `a` and `b`; a write fills the one that the
//! present header does not name, then replaces the header, then empties the other. So a write that is cut short leaves
//! the old value whole, and what it left lying about is overwritten by the next. Each part begins with its write's
//! nonce, so that a reader that was overtaken by two writes notices and reads again.

use zeroize::Zeroizing;

use crate::failure::StoreFault;
use crate::random;
use crate::text::Redactor;

const MAGIC: &str = "mailgrant-parts/1 ";
const NONCE: usize = 16;
const MOST_PARTS: usize = 64;
/// A header may say what it likes: room is made for no more than the parts of the largest entries hold.
const LARGEST: usize = MOST_PARTS * 256 * 1024;
/// A reader is overtaken only by writers that hold the record's lock, one after the other.
const MOST_READS: usize = 3;

/// Entries by name, of a limited size.
pub(super) trait Entries {
    fn get(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFault>;
    fn set(&self, name: &str, value: &[u8]) -> Result<(), StoreFault>;
    fn delete(&self, name: &str) -> Result<bool, StoreFault>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    A,
    B,
}

impl Slot {
    fn letter(self) -> char {
        match self {
            Self::A => 'a',
            Self::B => 'b',
        }
    }

    fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }

    fn entry(self, name: &str, index: usize) -> String {
        format!("{name}#{}{index}", self.letter())
    }
}

struct Header {
    slot: Slot,
    nonce: String,
    count: usize,
    length: usize,
}

impl Header {
    fn to_text(&self) -> String {
        format!("{MAGIC}{} {} {} {}", self.slot.letter(), self.nonce, self.count, self.length)
    }

    /// `None` if the entry is the value itself.
    fn parse(name: &str, entry: &[u8]) -> Result<Option<Self>, StoreFault> {
        let Some(rest) = entry.strip_prefix(MAGIC.as_bytes()) else {
            return Ok(None);
        };
        let parsed = std::str::from_utf8(rest).ok().and_then(|rest| {
            let mut words = rest.split(' ');
            let slot = match words.next()? {
                "a" => Slot::A,
                "b" => Slot::B,
                _ => return None,
            };
            let nonce = words.next().filter(|nonce| nonce.len() == NONCE)?.to_owned();
            let count = words.next()?.parse().ok().filter(|count| *count <= MOST_PARTS)?;
            let length = words.next()?.parse().ok().filter(|length| *length <= LARGEST)?;
            Some(Self { slot, nonce, count, length })
        });
        parsed.map(Some).ok_or_else(|| damaged(name, "its header is not understood"))
    }
}

pub(super) fn get(entries: &impl Entries, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFault> {
    for _ in 0..MOST_READS {
        let Some(entry) = entries.get(name)? else {
            return Ok(None);
        };
        let Some(header) = Header::parse(name, &entry)? else {
            return Ok(Some(entry));
        };
        if let Some(value) = collect(entries, name, &header)? {
            return Ok(Some(value));
        }
    }
    Err(damaged(name, "parts of it are missing"))
}

pub(super) fn put(entries: &impl Entries, name: &str, value: &[u8], limit: usize) -> Result<(), StoreFault> {
    // A header that is not understood names no parts; the new value replaces it.
    let entry = entries.get(name)?;
    let old = entry.as_ref().and_then(|entry| Header::parse(name, entry).ok().flatten());
    let slot = old.as_ref().map_or(Slot::A, |old| old.slot.other());
    if value.len() <= limit && !value.starts_with(MAGIC.as_bytes()) {
        replace(entries, name, entry.as_deref(), value)?;
        if old.is_some() {
            sweep(entries, name, slot, 0);
            sweep(entries, name, slot.other(), 0);
        }
        return Ok(());
    }
    let nonce = nonce()?;
    let parts = value.chunks(limit - NONCE);
    let header = Header { slot, nonce, count: parts.len(), length: value.len() };
    if header.count > MOST_PARTS {
        return Err(StoreFault::Other {
            reason: shown!("{} is too large for this keyring ({} bytes)", Redactor::by_shape(name), value.len()),
        });
    }
    let written = parts.enumerate().try_for_each(|(index, bytes)| {
        let mut part = Zeroizing::new(Vec::with_capacity(NONCE + bytes.len()));
        part.extend_from_slice(header.nonce.as_bytes());
        part.extend_from_slice(bytes);
        set_and_compare(entries, &slot.entry(name, index), &part)
    });
    if let Err(fault) = written {
        sweep(entries, name, slot, 0);
        return Err(fault);
    }
    replace(entries, name, entry.as_deref(), header.to_text().as_bytes())?;
    // The new value is stored; what cannot be removed now is overwritten or removed by a later write.
    sweep(entries, name, slot, header.count);
    sweep(entries, name, slot.other(), 0);
    Ok(())
}

pub(super) fn delete(entries: &impl Entries, name: &str) -> Result<bool, StoreFault> {
    let was_there = entries.delete(name)?;
    for slot in [Slot::A, Slot::B] {
        for index in (0..count(entries, name, slot, 0)?).rev() {
            entries.delete(&slot.entry(name, index))?;
        }
    }
    Ok(was_there)
}

/// The value that the header names; `None` if its parts are another write's.
fn collect(entries: &impl Entries, name: &str, header: &Header) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFault> {
    let mut value = Zeroizing::new(Vec::with_capacity(header.length));
    for index in 0..header.count {
        let part = entries.get(&header.slot.entry(name, index))?;
        let Some(bytes) = part.as_ref().and_then(|part| part.strip_prefix(header.nonce.as_bytes())) else {
            return Ok(None);
        };
        value.extend_from_slice(bytes);
    }
    Ok((value.len() == header.length).then_some(value))
}

/// Sets the entry that decides which value counts. If the keyring garbles it, the old one is put back.
fn replace(entries: &impl Entries, name: &str, old: Option<&Vec<u8>>, new: &[u8]) -> Result<(), StoreFault> {
    let result = set_and_compare(entries, name, new);
    if let (Err(StoreFault::NotKept { .. }), Some(old)) = (&result, old) {
        let _ = entries.set(name, old);
    }
    result
}

fn set_and_compare(entries: &impl Entries, name: &str, value: &[u8]) -> Result<(), StoreFault> {
    entries.set(name, value)?;
    match entries.get(name)? {
        Some(stored) if *stored == value => Ok(()),
        Some(_) => Err(not_kept(name, "what is read back is not what was written")),
        None => Err(not_kept(name, "it was written, and cannot be read back")),
    }
}

/// How far a slot's parts go, from `first`.
fn count(entries: &impl Entries, name: &str, slot: Slot, first: usize) -> Result<usize, StoreFault> {
    let mut end = first;
    while end < MOST_PARTS && entries.get(&slot.entry(name, end))?.is_some() {
        end += 1;
    }
    Ok(end)
}

/// Removes a slot's parts from `first` on, as far as it can; backwards, so that being cut short leaves no gap.
fn sweep(entries: &impl Entries, name: &str, slot: Slot, first: usize) {
    let Ok(end) = count(entries, name, slot, first) else {
        return;
    };
    for index in (first..end).rev() {
        if entries.delete(&slot.entry(name, index)).is_err() {
            return;
        }
    }
}

fn nonce() -> Result<String, StoreFault> {
    random::hex::<{ NONCE / 2 }>().map_err(|error| StoreFault::Other {
        reason: shown!("the system gives no random numbers: {}", Redactor::by_shape(&error.to_string())),
    })
}

fn not_kept(name: &str, why: &'static str) -> StoreFault {
    StoreFault::NotKept { what: shown!("the keyring entry {}: {}", Redactor::by_shape(name), why) }
}

fn damaged(name: &str, why: &'static str) -> StoreFault {
    StoreFault::Damaged { what: shown!("the keyring entry {}: {}", Redactor::by_shape(name), why) }
}

#[cfg(test)]
mod tests;
