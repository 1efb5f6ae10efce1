//! One record: the name of its file, and what is inside once that is open.
//!
//! The plain text is a line `mailgrant-record 1 mailbox:shop` and then the record itself. The name inside prevents files from
//! being swapped; the number says which format it is.

use std::fmt::Write as _;
use std::path::Path;

use zeroize::Zeroizing;

use crate::secrets::{RecordKey, SecretBytes};

const MAGIC: &str = "mailgrant-record";

/// The format that this program writes.
pub(super) const FORMAT: u32 = 1;

/// The ending of every record's file.
pub(super) const ENDING: &str = ".age";

/// Why a plain text is not the record that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is the record of this entry.
    Other(String),
    /// A later mailgrant wrote it, in the format of this number.
    Newer(u32),
    /// It is not a record of ours.
    NotOurs,
}

/// The name of the record's file, the same on every machine, as in `mailbox-shop.age`.
pub(super) fn file_name(key: &RecordKey) -> String {
    format!("{}{ENDING}", stem(key))
}

/// A name for files that belong to the record. Capitals become `%` and two digits, so that names that differ only in
/// case are two files on file systems that ignore case; with no colon, no name that Windows reserves, and at most 200
/// bytes it fits everywhere.
pub(in crate::secrets) fn stem(key: &RecordKey) -> String {
    let (kind, name) = key.kind_and_name();
    let mut stem = format!("{kind}-");
    for c in name.as_str().chars() {
        if c.is_ascii_uppercase() {
            // Writing to a String cannot fail.
            let _ = write!(stem, "%{:02x}", u32::from(c));
        } else {
            stem.push(c);
        }
    }
    stem
}

/// The record whose file has this name; `None` for a file of another kind. Only what is inside says for certain.
pub(super) fn key_of(path: &Path) -> Option<RecordKey> {
    let stem = path.file_stem()?.to_str()?;
    let (kind, rest) = stem.split_once('-')?;
    let mut pieces = rest.split('%');
    let mut name = pieces.next()?.to_owned();
    for piece in pieces {
        let (digits, behind) = piece.split_at_checked(2)?;
        name.push(char::from(u8::from_str_radix(digits, 16).ok()?));
        name.push_str(behind);
    }
    RecordKey::from_entry_name(&format!("{kind}:{name}"))
}

/// The plain text of the record.
pub(super) fn compose(entry: &str, value: &[u8]) -> Zeroizing<Vec<u8>> {
    let head = format!("{MAGIC} {FORMAT} {entry}\n");
    // All at once: a buffer that grows leaves copies behind.
    let mut plain = Zeroizing::new(Vec::with_capacity(head.len() + value.len()));
    plain.extend_from_slice(head.as_bytes());
    plain.extend_from_slice(value);
    plain
}

/// The record in a plain text that should be that of `entry`.
pub(super) fn parse(entry: &str, plain: &[u8]) -> Result<SecretBytes, Unread> {
    let end = plain.iter().position(|byte| *byte == b'\n').ok_or(Unread::NotOurs)?;
    let head = std::str::from_utf8(&plain[..end]).map_err(|_| Unread::NotOurs)?;
    let mut words = head.split(' ');
    let (magic, format) = (words.next(), words.next().and_then(|number| number.parse::<u32>().ok()));
    match (magic, format) {
        // A later format may have anything behind its number.
        (Some(MAGIC), Some(number)) if number > FORMAT => return Err(Unread::Newer(number)),
        (Some(MAGIC), Some(FORMAT)) => {}
        _ => return Err(Unread::NotOurs),
    }
    match (words.next(), words.next()) {
        (Some(name), None) if name == entry => Ok(SecretBytes::new(plain[end + 1..].to_vec())),
        (Some(name), None) if is_entry_name(name) => Err(Unread::Other(name.to_owned())),
        _ => Err(Unread::NotOurs),
    }
}

/// Whether a text may be shown as an entry's name.
fn is_entry_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':');
    text.len() <= 100 && text.contains(':') && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailbox(name: &str) -> RecordKey {
        RecordKey::Mailbox(name.parse().unwrap())
    }

    #[test]
    fn a_files_name_gives_the_record_back() {
        for entry in ["app:contoso", "mailbox:Shop-1", "mailbox:a-B.c_d"] {
            let key = RecordKey::from_entry_name(entry).unwrap();
            assert_eq!(key_of(Path::new(&file_name(&key))), Some(key));
        }
        for other in ["vault.age", "app-%zz.age", "app-%5.age", "notes.txt", "app-.age"] {
            assert_eq!(key_of(Path::new(other)), None, "{other}");
        }
    }

    #[test]
    fn names_of_files_fit_every_file_system_and_never_meet() {
        assert_eq!(file_name(&mailbox("shop")), "mailbox-shop.age");
        assert_eq!(file_name(&mailbox("Shop")), "mailbox-%53hop.age");
        assert_eq!(file_name(&RecordKey::App("a.b_c-1".parse().unwrap())), "app-a.b_c-1.age");
        let longest = file_name(&mailbox(&"Z".repeat(64)));
        assert!(longest.len() <= 255 - ".lock".len(), "{}", longest.len());
        let names = ["a", "A", "aA", "Aa", "AA", "aa", "a-a", "a.a", "app-a", "con", "z."];
        let mut files: Vec<String> = names.iter().map(|name| file_name(&mailbox(name))).collect();
        files.push(file_name(&RecordKey::App("a".parse().unwrap())));
        files.push(file_name(&RecordKey::App("mailbox-a".parse().unwrap())));
        let mut folded: Vec<String> = files.iter().map(|file| file.to_ascii_lowercase()).collect();
        folded.sort();
        folded.dedup();
        assert_eq!(folded.len(), files.len(), "{files:?}");
        for file in &files {
            assert!(file.chars().all(|c| c.is_ascii_alphanumeric() || ".%_-".contains(c)), "{file}");
        }
    }

    #[test]
    fn a_record_is_read_back_under_its_own_name_and_no_other() {
        for value in [&b""[..], b"\n", b"{\"a\":1}\n", b"\0\xff"] {
            let plain = compose("mailbox:shop", value);
            assert_eq!(parse("mailbox:shop", &plain).unwrap().expose(), value);
            assert_eq!(parse("mailbox:office", &plain).err(), Some(Unread::Other("mailbox:shop".into())));
        }
        for (plain, why) in [
            (&b"mailgrant-record 2 [anything]\n"[..], Unread::Newer(2)),
            (b"mailgrant-record 1 mailbox:shop", Unread::NotOurs),
            (b"mailgrant-record 1 mailbox:shop more\n", Unread::NotOurs),
            (b"mailgrant-record 1 canary\x1b[2J\n", Unread::NotOurs),
            (b"mailgrant-record 0 mailbox:shop\n", Unread::NotOurs),
            (b"mailgrant-record  mailbox:shop\n", Unread::NotOurs),
            (b"\xff\n", Unread::NotOurs),
            (b"{\"schema\":1,\"records\":{}}\n", Unread::NotOurs),
            (b"", Unread::NotOurs),
        ] {
            assert_eq!(parse("mailbox:shop", plain).err(), Some(why), "{}", String::from_utf8_lossy(plain));
        }
    }
}
