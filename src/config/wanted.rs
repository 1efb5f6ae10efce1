//! A file that says what the profile is to have, as `apply` takes it: TOML in the profile's own shape, the same as JSON, or
//! CSV with a row for each mailbox. Whatever its form, it is read by the profile's own rules; all that is wrong is told at once.

mod csv;
mod json;
mod refused;
mod tables;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use self::tables::Tables;
use super::entry::{Entry, Fault, Found, Wrong};
use super::error::{ConfigError, Problem, Quotes, Text};
use super::file::{AppFile, MailboxFile, ServiceFile};
use super::load;
use crate::profile::{Invalid, Name, Profile, Side, is_same_client_id};

/// What the profile is to have. What it does not say stays as it is.
#[derive(Debug)]
pub struct Wanted {
    /// The apps, in the order of the file.
    pub apps: Vec<Item<AppFile>>,
    /// The mailboxes, in the order of the file.
    pub mailboxes: Vec<Item<MailboxFile>>,
    /// Whether a new mailbox has the usual sides where none is named: a row need not say them, and a table does.
    pub has_usual_sides: bool,
    path: PathBuf,
    source: String,
    quotes: Quotes,
}

/// An app or a mailbox of the file.
#[derive(Debug)]
pub struct Item<F> {
    /// Its name.
    pub name: Name,
    /// What the file says of it.
    pub file: F,
    /// The sides that the mailbox is not to have.
    pub without: Vec<Side>,
    place: Range<usize>,
    keys: Vec<(String, Range<usize>)>,
}

/// The form of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Toml,
    Json,
    Csv,
}

impl Form {
    /// What `source` looks like: JSON begins with a brace, and the first line of TOML that says something has a bracket or an
    /// equals sign, which no header of CSV has.
    fn of(source: &str) -> Self {
        let lines = source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        match lines.clone().next() {
            Some(line) if line.starts_with('{') => Self::Json,
            Some(line) if !line.starts_with('[') && !line.contains('=') => Self::Csv,
            Some(_) | None => Self::Toml,
        }
    }
}

impl Wanted {
    /// Reads `source`, the text of the file at `path`. `profile` is what there is: it tells which names are taken.
    ///
    /// # Errors
    /// All that is wrong, with its places.
    pub fn read(path: &Path, source: &str, profile: &Profile) -> Result<Self, Vec<ConfigError>> {
        let source = source.strip_prefix('\u{feff}').unwrap_or(source);
        let form = Form::of(source);
        let quotes = if form == Form::Toml { Quotes::Lines } else { Quotes::Nothing };
        let text = Text { path, source, quotes };
        let Tables { root, mut wrong, mut without } = match form {
            Form::Toml => toml(text)?,
            Form::Json => json::tables(source).map_err(|wrong| told(text, vec![wrong]))?,
            Form::Csv => csv::tables(source, profile),
        };
        let known = ["apps", "mailboxes"];
        for key in root.get_ref().keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            wrong.push(Wrong { key: None, span: key.span(), fault: other_key(key.get_ref(), &known) });
        }
        let apps = items(root.get_ref().get("apps"), "app name", &mut wrong);
        let mut mailboxes: Vec<Item<MailboxFile>> = items(root.get_ref().get("mailboxes"), "mailbox name", &mut wrong);
        for item in &mut mailboxes {
            item.without = without.remove(item.name.as_str()).unwrap_or_default();
        }
        if apps.is_empty() && mailboxes.is_empty() && wrong.is_empty() {
            let nothing = Invalid::new(
                "this names neither an app nor a mailbox",
                "write [mailboxes.NAME] tables as in the profile, or CSV with a header and a row for each mailbox",
            );
            wrong.push(Wrong { key: None, span: 0..0, fault: Fault::Value(nothing) });
        }
        if !wrong.is_empty() {
            return Err(told(text, wrong));
        }
        let has_usual_sides = form == Form::Csv;
        Ok(Self { apps, mailboxes, has_usual_sides, path: path.to_owned(), source: source.to_owned(), quotes })
    }

    /// What is wrong with the value of a key of `item`, at its place in the file.
    #[must_use]
    pub fn problem<F>(&self, item: &Item<F>, problem: Problem) -> ConfigError {
        let key = item.keys.iter().find(|(key, _)| key == problem.key);
        let span = key.map_or(&item.place, |(_, span)| span).clone();
        let text = format!("{}: {}", problem.key, problem.invalid.problem);
        self.text().error(span, text, Some(problem.invalid.instead))
    }

    fn text(&self) -> Text<'_> {
        Text { path: &self.path, source: &self.source, quotes: self.quotes }
    }
}

impl Item<AppFile> {
    /// What the file says of the app, over what the profile says.
    #[must_use]
    pub fn over(&self, old: Option<AppFile>) -> AppFile {
        let (new, mut old) = (self.file.clone(), old.unwrap_or_default());
        if let Some(credential) = &new.credential {
            old.authenticate_with(*credential.get_ref());
        }
        let source =
            |file: &AppFile| file.federated.as_ref()?.get_ref().source.as_ref().map(|source| *source.get_ref());
        if source(&new).is_some_and(|new| source(&old) != Some(new)) {
            old.federated = None;
        }
        let known = old.client_id.clone();
        let mut merged = Entry::over(new, old);
        // One that differs in the case of a GUID alone is the same one.
        if let (Some(id), Some(known)) = (&merged.client_id, known)
            && is_same_client_id(known.get_ref(), id.get_ref())
        {
            merged.client_id = Some(known);
        }
        merged
    }
}

impl Item<MailboxFile> {
    /// What the file says of the mailbox, over what the profile says.
    #[must_use]
    pub fn over(&self, old: Option<MailboxFile>) -> MailboxFile {
        let (new, mut old) = (self.file.clone(), old.unwrap_or_default());
        for (new, old) in [(&new.incoming, &mut old.incoming), (&new.outgoing, &mut old.outgoing)] {
            let protocol = |side: &Spanned<ServiceFile>| *side.get_ref().protocol.get_ref();
            // A server is of use to its protocol alone.
            if new.as_ref().zip(old.as_ref()).is_some_and(|(new, old)| protocol(new) != protocol(old)) {
                *old = None;
            }
        }
        let mut merged = Entry::over(new, old);
        for side in &self.without {
            match side {
                Side::Incoming => merged.incoming = None,
                Side::Outgoing => merged.outgoing = None,
            }
        }
        merged
    }
}

/// TOML, with all that its grammar says against it.
fn toml(text: Text<'_>) -> Result<Tables<'_>, Vec<ConfigError>> {
    let (root, errors) = DeTable::parse_recoverable(text.source);
    if errors.is_empty() {
        return Ok(Tables { root, wrong: Vec::new(), without: BTreeMap::new() });
    }
    Err(errors.iter().map(|error| load::no_toml(text, error)).collect())
}

/// The items of a group of the file, each read by itself.
fn items<F: Entry>(group: Option<&Found<'_>>, what: &'static str, wrong: &mut Vec<Wrong>) -> Vec<Item<F>> {
    let Some(group) = group else { return Vec::new() };
    let DeValue::Table(named) = group.get_ref() else {
        wrong.push(Fault::type_of(group, "a table"));
        return Vec::new();
    };
    let mut items = Vec::new();
    for (key, value) in named {
        let name: Result<Name, Invalid> = key.get_ref().parse();
        let name = name.map_err(|invalid| Wrong { key: Some(what), span: key.span(), fault: Fault::Value(invalid) });
        let file = F::read(value).map_err(|wrong| located(wrong, key.span()));
        match (name, file) {
            (Ok(name), Ok(file)) => {
                let table = value.get_ref().as_table().into_iter().flatten();
                let keys = table.map(|(key, value)| (key.get_ref().to_string(), value.span())).collect();
                items.push(Item { name, file, without: Vec::new(), place: key.span(), keys });
            }
            (name, file) => wrong.extend([name.err(), file.err()].into_iter().flatten()),
        }
    }
    items.sort_by_key(|item| item.place.start);
    items
}

/// What is wrong, at the name of its table where it has no place of its own.
fn located(wrong: Wrong, place: Range<usize>) -> Wrong {
    if wrong.span.is_empty() { Wrong { span: place, ..wrong } } else { wrong }
}

/// A key beside `apps` and `mailboxes`.
fn other_key(key: &str, known: &[&'static str]) -> Fault {
    if key == "secrets" {
        let instead = "write the store into the profile, and move its records with: mailgrant store migrate FROM TO";
        return Fault::Value(Invalid::new("secrets: apply changes no store", instead));
    }
    Fault::UnknownKey { key: key.to_owned(), known: known.to_vec() }
}

/// All that is wrong, in the order of the file.
fn told(text: Text<'_>, mut wrong: Vec<Wrong>) -> Vec<ConfigError> {
    wrong.sort_by_key(|wrong| wrong.span.start);
    let told = |wrong: Wrong| match &wrong.fault {
        Fault::UnknownKey { key, .. } if super::mask::looks_secret(key) => {
            let instead = "take it out, treat that secret as leaked and issue a new one; give that with --secret-env APP=VAR, \
                           --secret-file APP=FILE or --secret-stdin APP";
            let problem = format!("{}: this file never holds secrets", key.escape_debug());
            text.error(wrong.span, problem, Some(instead.to_owned()))
        }
        _ => load::told(text, wrong),
    };
    wrong.into_iter().map(told).collect()
}

#[cfg(test)]
mod tests;
