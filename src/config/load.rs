//! Reads a profile and says what is wrong with it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use toml::de::DeTable;

use super::entry::{Fault, Table, Wrong};
use super::error::{ConfigError, Problem, Quotes, Text};
use super::file::ProfileFile;
use super::locate::base_of;
use super::{mask, validate};
use crate::profile::{App, Name, Profile};
use crate::text::Shown;

/// A profile larger than this is not one: 500 mailboxes take 100 KiB.
pub(super) const SIZE_LIMIT: u64 = 4 * 1024 * 1024;

/// Reads the profile at `path`.
///
/// # Errors
/// Where there is none, it cannot be read, or something in it is wrong.
pub fn load(path: &Path) -> Result<Profile, ConfigError> {
    let source = read(path)?.ok_or_else(|| {
        let instead = "run `mailgrant add NAME` to make one, or name another with --profile".to_owned();
        ConfigError::whole(path, "there is no profile here", Some(instead))
    })?;
    parse(path, &source)
}

/// The text of the profile at `path`; `None` where there is none.
pub(super) fn read(path: &Path) -> Result<Option<String>, ConfigError> {
    use std::io::Read;

    let whole = |problem: String| ConfigError::whole(path, problem, None);
    let unread = |error: std::io::Error| whole(format!("it cannot be read: {}", Shown::of(error)));
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unread(error)),
    };
    let mut bytes = Vec::new();
    file.take(SIZE_LIMIT + 1).read_to_end(&mut bytes).map_err(unread)?;
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(whole(format!("it is larger than {SIZE_LIMIT} bytes")));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| whole("it is not UTF-8 text".to_owned()))
}

/// Parses and checks `source`, the text of the file at `path`.
///
/// # Errors
/// The first thing that is wrong, with its line.
pub fn parse(path: &Path, source: &str) -> Result<Profile, ConfigError> {
    let file = mirror(path, source)?;
    let base = base_of(path);
    let source_text = Text { path, source, quotes: Quotes::Lines };
    let problem = |place: &Range<usize>, problem: Problem| {
        let span = if problem.span.is_empty() { place.clone() } else { problem.span };
        let text = format!("{}: {}", problem.key, problem.invalid.problem);
        source_text.error(span, text, Some(problem.invalid.instead))
    };

    let mut apps: BTreeMap<Name, App> = BTreeMap::new();
    for (name, app) in &file.apps {
        let place = app.span();
        let checked = validate::app(name.clone(), app.get_ref(), place.clone(), base);
        apps.insert(name.clone(), checked.map_err(|found| problem(&place, found))?);
    }
    let mut mailboxes = BTreeMap::new();
    for (name, mailbox) in &file.mailboxes {
        let place = mailbox.span();
        let mailbox = mailbox.get_ref();
        let named = mailbox.app.as_ref().and_then(|app| apps.get(&app.get_ref().parse().ok()?));
        let Some(app) = named else {
            let (span, wrong) = match &mailbox.app {
                Some(app) => (app.span(), format!("there is no [apps.{}]", app.get_ref().escape_debug())),
                None => (place, "app is missing".to_owned()),
            };
            let known: Vec<&str> = apps.keys().map(Name::as_str).collect();
            let instead = if known.is_empty() {
                "add an [apps.NAME] table first".to_owned()
            } else {
                format!("write one of: {}", known.join(", "))
            };
            return Err(source_text.error(span, wrong, Some(instead)));
        };
        let checked = validate::mailbox(name.clone(), mailbox, app, place.clone(), base);
        mailboxes.insert(name.clone(), checked.map_err(|found| problem(&place, found))?);
    }
    Ok(Profile { apps, mailboxes, secrets: file.secrets.unwrap_or_default().based_at(base) })
}

pub(super) fn mirror(path: &Path, source: &str) -> Result<ProfileFile, ConfigError> {
    let text = Text { path, source, quotes: Quotes::Lines };
    let document = DeTable::parse(source).map_err(|error| no_toml(text, &error))?;
    let known = ProfileFile::KEYS.iter().map(|key| key.name);
    let read = Table::over(document.get_ref(), document.span(), known).and_then(|table| ProfileFile::read_from(&table));
    read.map_err(|wrong| told(text, wrong))
}

/// What is not TOML. The library's message may quote what is there; where the line is not shown, the message is not.
pub(super) fn no_toml(text: Text<'_>, error: &toml::de::Error) -> ConfigError {
    let span = error.span().unwrap_or(0..0);
    let problem = if text.is_shown(span.start) {
        error.message().trim().replace('\n', "; ")
    } else {
        "this is not valid TOML".to_owned()
    };
    text.error(span, problem, None)
}

/// What is wrong with a key or a value, and what to write.
pub(super) fn told(text: Text<'_>, Wrong { key: value_of, span, fault }: Wrong) -> ConfigError {
    let value_of = value_of.map(|key| format!("{key}: ")).unwrap_or_default();
    let (problem, instead) = match fault {
        Fault::UnknownKey { key, .. } if mask::looks_secret(&key) => {
            let instead = "remove the line, treat that secret as leaked and issue a new one, then run `mailgrant \
                           rotate-secret NAME`, which asks for it";
            (format!("{key}: this file never holds secrets"), Some(instead.to_owned()))
        }
        Fault::UnknownKey { key, known } => {
            let instead = match nearest(&key, &known) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("known here: {}", known.join(", ")),
            };
            (format!("unknown key '{}'", key.escape_debug()), Some(instead))
        }
        Fault::MissingKey(key) => (format!("{key} is missing"), None),
        Fault::UnknownWord { word, known } if text.is_shown(span.start) => {
            (format!("{value_of}unknown word `{word}`, expected {}", listed(&known, '`', "or")), None)
        }
        Fault::UnknownWord { known, .. } => {
            (format!("{value_of}this is not what belongs here; expected {}", listed(&known, '`', "or")), None)
        }
        Fault::Type { found, expected } => (format!("{value_of}this is of type {found}, expected {expected}"), None),
        Fault::Value(invalid) => (format!("{value_of}{}", invalid.problem), Some(invalid.instead)),
        Fault::NoCredential { known } => {
            let instead = "write how the app authenticates, not the secret; if one was here, treat it as leaked, issue \
                           a new one and run `mailgrant rotate-secret NAME`, which asks for it";
            (format!("credential: this is neither {}", listed(&known, '"', "nor")), Some(instead.to_owned()))
        }
    };
    text.error(span, problem, instead)
}

/// "`imap`, `pop3` or `smtp`", where `last_by` is "or".
fn listed(words: &[&str], quote: char, last_by: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("{quote}{word}{quote}")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} {last_by} {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The known word that `word` is most likely meant to be: at most a third of it differs.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::levenshtein(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance * 3 <= candidate.len().max(word.len()))
        .min()
        .map(|(_, candidate)| candidate)
}
