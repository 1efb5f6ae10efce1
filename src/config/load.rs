//! Reads a profile and says what is wrong with it.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::Path;

use super::error::{ConfigError, Problem};
use super::file::ProfileFile;
use super::locate::base_of;
use super::{mask, validate};
use crate::profile::{App, Invalid, Mailbox, Name, Profile};

/// A profile larger than this is not one: 500 mailboxes take 100 KiB.
const SIZE_LIMIT: u64 = 4 * 1024 * 1024;

/// Reads the profile at `path`.
///
/// # Errors
/// Where there is none, it cannot be read, or something in it is wrong.
pub fn load(path: &Path) -> Result<Profile, ConfigError> {
    let source = read(path)?.ok_or_else(|| {
        let instead = "run `mailgrant add NAME` to make one, or name another with --config".to_owned();
        ConfigError::whole(path, "there is no profile here", Some(instead))
    })?;
    parse(path, &source)
}

/// The text of the profile at `path`; `None` where there is none.
pub(super) fn read(path: &Path) -> Result<Option<String>, ConfigError> {
    use std::io::Read;

    let whole = |problem: String| ConfigError::whole(path, problem, None);
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(whole(format!("it cannot be read: {error}"))),
    };
    let mut bytes = Vec::new();
    file.take(SIZE_LIMIT + 1).read_to_end(&mut bytes).map_err(|error| whole(format!("it cannot be read: {error}")))?;
    if bytes.len() as u64 > SIZE_LIMIT {
        return Err(whole(format!("it is larger than {SIZE_LIMIT} bytes")));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| whole("it is not UTF-8 text".to_owned()))
}

/// Parses and checks `source`, which stands at `path`.
///
/// # Errors
/// The first thing that is wrong, with its line.
pub fn parse(path: &Path, source: &str) -> Result<Profile, ConfigError> {
    let file = mirror(path, source)?;
    let base = base_of(path);
    let at = |span: Range<usize>, invalid: Invalid, what: &str| {
        ConfigError::at(path, source, span, format!("{what}: {}", invalid.problem), Some(invalid.instead))
    };
    let problem = |place: &Range<usize>, problem: Problem| {
        let span = if problem.span.is_empty() { place.clone() } else { problem.span };
        at(span, problem.invalid, problem.key)
    };

    let mut apps = BTreeMap::new();
    for (key, app) in &file.apps {
        let name: Name = key.get_ref().parse().map_err(|invalid| at(key.span(), invalid, "app name"))?;
        let checked =
            validate::app(name.clone(), app, key.span(), base).map_err(|found| problem(&key.span(), found))?;
        apps.insert(name, checked);
    }
    // A profile may have as many apps as mailboxes.
    let by_name: HashMap<&str, &App> = apps.iter().map(|(name, app)| (name.as_str(), app)).collect();
    let mut mailboxes: BTreeMap<Name, Mailbox> = BTreeMap::new();
    for (key, mailbox) in &file.mailboxes {
        let name: Name = key.get_ref().parse().map_err(|invalid| at(key.span(), invalid, "mailbox name"))?;
        let app_key = mailbox.app.as_ref();
        let Some(app) = app_key.and_then(|app| by_name.get(app.get_ref().as_str()).copied()) else {
            let span = app_key.map_or_else(|| key.span(), toml::Spanned::span);
            let wrong = app_key.map_or_else(
                || "app is missing".to_owned(),
                |app| format!("there is no [apps.{}]", app.get_ref().escape_debug()),
            );
            let known: Vec<&str> = apps.keys().map(Name::as_str).collect();
            let instead = if known.is_empty() {
                "add an [apps.NAME] table first".to_owned()
            } else {
                format!("write one of: {}", known.join(", "))
            };
            return Err(ConfigError::at(path, source, span, wrong, Some(instead)));
        };
        let checked = validate::mailbox(name.clone(), mailbox, app, key.span(), base)
            .map_err(|found| problem(&key.span(), found))?;
        mailboxes.insert(name, checked);
    }
    Ok(Profile { apps, mailboxes, secrets: file.secrets.based_at(base) })
}

pub(super) fn mirror(path: &Path, source: &str) -> Result<ProfileFile, ConfigError> {
    toml::from_str(source).map_err(|error| syntax(path, source, &error))
}

/// What TOML or serde found wrong, in our words where we know better.
fn syntax(path: &Path, source: &str, error: &toml::de::Error) -> ConfigError {
    let span = error.span().unwrap_or(0..0);
    let message = error.message();
    if let Some(key) = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()) {
        if mask::looks_secret(key) {
            let problem = format!("{key}: secrets never stand in this file");
            let instead = "remove the line, treat that secret as leaked and issue a new one, then run `mailgrant \
                           rotate-secret NAME`, which asks for it"
                .to_owned();
            return ConfigError::at(path, source, span, problem, Some(instead));
        }
        let known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
        let instead = match nearest(key, &known) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("known here: {}", known.join(", ")),
        };
        return ConfigError::at(path, source, span, format!("unknown key '{}'", key.escape_debug()), Some(instead));
    }
    let line_start = source.get(..span.start).map_or(0, |before| before.rfind('\n').map_or(0, |newline| newline + 1));
    let line = mask::masked_line(source, line_start);
    if message.starts_with("unknown variant") && message.contains("expected `secret` or `none`") {
        let problem = "credential: this is neither \"secret\" nor \"none\"".to_owned();
        let instead =
            "write how the app proves itself, not the secret; if one stood here, treat it as leaked, issue a \
                       new one and run `mailgrant rotate-secret NAME`, which asks for it"
                .to_owned();
        return ConfigError::at(path, source, span, problem, Some(instead));
    }
    // The library's message may quote the value that stands there; where the line is not shown, the value is not.
    let quotes = ["invalid type", "invalid value", "invalid length", "unknown variant"];
    let problem = if !line.is_cut {
        message.trim().replace('\n', "; ")
    } else if quotes.iter().any(|quote| message.starts_with(quote)) {
        match message.rsplit_once("expected ") {
            Some((_, expected)) => format!("this is not what belongs here; expected {}", expected.trim()),
            None => "this is not what belongs here".to_owned(),
        }
    } else {
        "this is no valid TOML".to_owned()
    };
    ConfigError::at(path, source, span, problem, None)
}

/// The known word that `word` is most likely meant to be: at most a third of it differs.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate))
        .filter(|(distance, candidate)| *distance * 3 <= candidate.len().max(word.len()))
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let cost = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], cost);
        }
    }
    row[b.len()]
}
