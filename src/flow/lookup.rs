//! Finding what a command is about, by its name on the command line.

use std::path::Path;

use crate::error::CommandError;
use crate::profile::{App, Mailbox, Name, Profile};
use crate::report::{Finding, FindingCode};

/// The mailbox called `name`.
pub fn mailbox<'a>(profile: &'a Profile, name: &str) -> Result<&'a Mailbox, CommandError> {
    profile.mailboxes.values().find(|mailbox| mailbox.name.as_str() == name).ok_or_else(|| unknown(profile, name))
}

/// The app called `name`, or the app of the mailbox called so.
pub fn app<'a>(profile: &'a Profile, name: &str) -> Result<&'a App, CommandError> {
    let by_app = profile.apps.values().find(|app| app.name.as_str() == name);
    by_app.map_or_else(|| mailbox(profile, name).map(|mailbox| profile.app_of(mailbox)), Ok)
}

/// The mailboxes called `names`, each once; all enabled ones where `all` is set.
pub fn mailboxes<'a>(profile: &'a Profile, names: &[String], all: bool) -> Result<Vec<&'a Mailbox>, CommandError> {
    if all {
        return Ok(profile.mailboxes.values().filter(|mailbox| mailbox.enabled).collect());
    }
    let mut found: Vec<&Mailbox> = Vec::new();
    for name in names {
        let mailbox = mailbox(profile, name)?;
        if !found.iter().any(|known| known.name == mailbox.name) {
            found.push(mailbox);
        }
    }
    Ok(found)
}

fn unknown(profile: &Profile, name: &str) -> CommandError {
    let known: Vec<&str> = profile.mailboxes.keys().map(Name::as_str).collect();
    let told = Finding::of(FindingCode::UNKNOWN_MAILBOX).with("name", name.escape_debug());
    told.case_if(!known.is_empty(), "others").with("names", known.join(", ")).into()
}

/// The profile is not what the user was asked about any more.
pub fn changed_meanwhile(profile: &Path) -> CommandError {
    Finding::of(FindingCode::PROFILE_CHANGED).with("path", profile.display()).into()
}
