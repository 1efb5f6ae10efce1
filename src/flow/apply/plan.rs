//! The file against the profile: what becomes of each app and mailbox, and all that speaks against it.

use std::collections::BTreeSet;
use std::path::Path;

use toml::Spanned;

use super::some::some;
use crate::config::{
    self, AppFile, ConfigError, Item, MailboxFile, Problem, ProfileDocument, ServiceFile, Wanted, base_of,
};
use crate::error::CommandError;
use crate::flow::removal::Removal;
use crate::profile::{App, Invalid, Name, Profile, Protocol, Side};
use crate::report::{Finding, FindingCode};
use crate::text::{self, Shown};

/// More errors are not told at once.
const MOST_ERRORS: usize = 50;

/// What there is to do.
pub struct Plan {
    /// The apps as the profile is to say them.
    pub(super) apps: Vec<(Name, AppFile)>,
    /// The mailboxes as the profile is to say them.
    pub(super) mailboxes: Vec<(Name, MailboxFile)>,
    /// What goes.
    pub(super) removals: Vec<Removal>,
    /// The profile as it was read.
    pub(super) before: Profile,
    /// The profile once that is done, what goes aside.
    pub(super) after: Profile,
}

impl Plan {
    /// What `wanted` asks of the profile in `document`; with `prunes`, what it does not name goes.
    ///
    /// # Errors
    /// All that does not fit.
    pub(super) fn of(wanted: &Wanted, document: &ProfileDocument, prunes: bool) -> Result<Self, CommandError> {
        let before = document.profile().clone();
        let mut draft = Draft { document, base: base_of(document.path()), after: before.clone(), errors: Vec::new() };
        let apps: Vec<(Name, AppFile)> = wanted.apps.iter().map(|item| draft.app(wanted, item)).collect();
        let mailboxes: Vec<(Name, MailboxFile)> =
            wanted.mailboxes.iter().map(|item| draft.mailbox(wanted, item)).collect();
        let Draft { after, errors, .. } = draft;
        if !errors.is_empty() {
            return Err(refused(&errors));
        }
        let removals = if prunes { unnamed(wanted, &before, &after) } else { Vec::new() };
        Ok(Self { apps, mailboxes, removals, before, after })
    }

    /// The question whether what goes may go; none where nothing does.
    #[must_use]
    pub fn question(&self) -> Option<Shown> {
        let names: Vec<&Name> = self.removals.iter().map(Removal::name).collect();
        let count = text::count(names.len() as u64, "mailbox");
        (!names.is_empty())
            .then(|| shown!("Remove {} that the file does not name, with tokens: {}?", count, some(&names)))
    }
}

/// All that is wrong with a file.
///
/// The first of them are told whole, and how many more there are.
pub fn refused(errors: &[ConfigError]) -> CommandError {
    let told = Shown::join(errors.iter().take(MOST_ERRORS), "\n");
    let told = match errors.len().saturating_sub(MOST_ERRORS) {
        0 => told,
        more => shown!("{}\nand {} more", told, more),
    };
    Finding::of(FindingCode::APPLY_REFUSED).case("said").with("what", told).into()
}

/// The profile in the making.
struct Draft<'a> {
    document: &'a ProfileDocument,
    base: &'a Path,
    after: Profile,
    errors: Vec<ConfigError>,
}

impl Draft<'_> {
    fn app(&mut self, wanted: &Wanted, item: &Item<AppFile>) -> (Name, AppFile) {
        let file = item.over(self.document.app_file(&item.name));
        match config::validate_app(item.name.clone(), &file, 0..0, self.base) {
            Ok(app) => {
                self.after.apps.insert(item.name.clone(), app);
            }
            Err(problem) => self.errors.push(wanted.problem(item, problem)),
        }
        (item.name.clone(), file)
    }

    fn mailbox(&mut self, wanted: &Wanted, item: &Item<MailboxFile>) -> (Name, MailboxFile) {
        let known = self.document.mailbox_file(&item.name);
        let is_new = known.is_none();
        let mut file = item.over(known);
        let named = file.app.as_ref().and_then(|app| self.after.apps.get(&app.get_ref().parse::<Name>().ok()?));
        let checked = match named {
            Some(app) => {
                if is_new && wanted.has_usual_sides {
                    fill_sides(&mut file, app, &item.without);
                }
                config::validate_mailbox(item.name.clone(), &file, app, 0..0, self.base)
            }
            // Its own error says why it is not there.
            None if is_refused(&file, wanted) => return (item.name.clone(), file),
            None => Err(no_app(&file, &self.after)),
        };
        match checked {
            Ok(mailbox) => {
                self.after.mailboxes.insert(item.name.clone(), mailbox);
            }
            Err(problem) => self.errors.push(wanted.problem(item, problem)),
        }
        (item.name.clone(), file)
    }
}

/// Whether the file has the mailbox's app, which is not valid then.
fn is_refused(file: &MailboxFile, wanted: &Wanted) -> bool {
    let named = file.app.as_ref().map(|app| app.get_ref().as_str());
    wanted.apps.iter().any(|item| Some(item.name.as_str()) == named)
}

fn no_app(file: &MailboxFile, profile: &Profile) -> Problem {
    let names: Vec<&Name> = profile.apps.keys().collect();
    let instead = match names.as_slice() {
        [] => "say its provider and client_id, too".to_owned(),
        names => format!("write one of: {}, or say the new app's provider and client_id", some(names)),
    };
    let problem = match &file.app {
        Some(app) => format!("there is no app '{}'", app.get_ref().escape_debug()),
        None => "it is missing".to_owned(),
    };
    Problem::new("app", 0..0, Invalid::new(problem, instead))
}

/// The usual sides of a mailbox, as `add` gives them, where nothing is said of either.
fn fill_sides(file: &mut MailboxFile, app: &App, without: &[Side]) {
    let usual = |side: Side| {
        let protocol: Protocol = app.protocols(side).next().filter(|_| !without.contains(&side))?;
        let protocol = Spanned::new(0..0, protocol);
        Some(Spanned::new(0..0, ServiceFile { protocol, host: None, port: None, tls: None, ehlo_name: None }))
    };
    if file.incoming.is_none() {
        file.incoming = usual(Side::Incoming);
    }
    if file.outgoing.is_none() {
        file.outgoing = usual(Side::Outgoing);
    }
}

/// The removal of what the file does not name. An app goes with its last mailbox, unless the file names it.
fn unnamed(wanted: &Wanted, before: &Profile, after: &Profile) -> Vec<Removal> {
    let named: BTreeSet<&Name> = wanted.mailboxes.iter().map(|item| &item.name).collect();
    let kept: BTreeSet<&Name> = wanted.apps.iter().map(|item| &item.name).collect();
    let names: Vec<&Name> = before.mailboxes.keys().filter(|name| !named.contains(name)).collect();
    Removal::plan_all(before, after, &names, &kept)
}
