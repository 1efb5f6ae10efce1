//! Finding what a command is about, by its name on the command line.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::CommandError;
use crate::profile::{App, Mailbox, Name, Profile};
use crate::report::{Finding, FindingCode};
use crate::text::Shown;

/// The mailbox called `name`.
///
/// # Errors
/// If there is none.
pub fn mailbox<'a>(profile: &'a Profile, name: &Name) -> Result<&'a Mailbox, CommandError> {
    profile.mailboxes.get(name).ok_or_else(|| unknown(profile, name))
}

/// The app called `name`, or the app of the mailbox called so.
///
/// # Errors
/// If there is neither.
pub fn app<'a>(profile: &'a Profile, name: &Name) -> Result<&'a App, CommandError> {
    let by_app = profile.apps.get(name);
    by_app.map_or_else(|| mailbox(profile, name).map(|mailbox| profile.app_of(mailbox)), Ok)
}

/// The mailboxes called `names`, each once; all enabled ones where `all` is set.
///
/// # Errors
/// The first that there is not.
pub fn mailboxes<'a>(profile: &'a Profile, names: &[Name], all: bool) -> Result<Vec<&'a Mailbox>, CommandError> {
    if all {
        return Ok(profile.mailboxes.values().filter(|mailbox| mailbox.enabled).collect());
    }
    let mut seen = BTreeSet::new();
    names.iter().filter(|name| seen.insert(*name)).map(|name| mailbox(profile, name)).collect()
}

fn unknown(profile: &Profile, name: &Name) -> CommandError {
    let told = Finding::of(FindingCode::UNKNOWN_MAILBOX).with("name", name);
    told.case_if(!profile.mailboxes.is_empty(), "others")
        .with("names", Shown::join(profile.mailboxes.keys(), ", "))
        .into()
}

/// The profile is not what the user was asked about any more.
pub fn changed_meanwhile(profile: &Path) -> CommandError {
    Finding::of(FindingCode::PROFILE_CHANGED).with("path", profile).into()
}
