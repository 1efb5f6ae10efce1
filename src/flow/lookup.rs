//! Finding what a command is about, and describing it.

use std::path::Path;

use super::CommandError;
use crate::profile::{Address, App, Mailbox, Name, Profile};
use crate::report::{Finding, FindingCode, Report, Subject};

/// A report's subject: the mailbox of this name.
pub(super) fn subject(name: &Name) -> Subject {
    Subject::Mailbox(name.to_string())
}

/// The mailbox called `name`.
pub(super) fn mailbox<'a>(profile: &'a Profile, name: &str) -> Result<&'a Mailbox, CommandError> {
    profile.mailboxes.values().find(|mailbox| mailbox.name.as_str() == name).ok_or_else(|| unknown(profile, name))
}

/// The app called `name`, or the app of the mailbox called so.
pub(super) fn app<'a>(profile: &'a Profile, name: &str) -> Result<&'a App, CommandError> {
    let by_app = profile.apps.values().find(|app| app.name.as_str() == name);
    by_app.map_or_else(|| mailbox(profile, name).map(|mailbox| profile.app_of(mailbox)), Ok)
}

/// The mailboxes called `names`, each once; all enabled ones where `all` is set.
pub(super) fn mailboxes<'a>(
    profile: &'a Profile,
    names: &[String],
    all: bool,
) -> Result<Vec<&'a Mailbox>, CommandError> {
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
pub(super) fn changed_meanwhile(profile: &Path) -> CommandError {
    Finding::of(FindingCode::PROFILE_CHANGED).with("path", profile.display()).into()
}

/// Says what the profile says of a mailbox.
pub(super) fn describe(report: &mut Report, app: &App, mailbox: &Mailbox) {
    report.fact("address", mailbox.address.to_string());
    if let Some(delegate) = &mailbox.sign_in_as {
        report.fact("sign_in_as", delegate.to_string());
    }
    report.fact("app", app.name.to_string());
    report.fact("provider", app.provider.title);
    if let Some(tenant) = &app.tenant {
        report.fact("tenant", tenant.to_string());
    }
    report.fact("client_id", app.client_id.to_string());
    if let Some(incoming) = &mailbox.incoming {
        report.fact("incoming", format!("{} {}", incoming.protocol, incoming.server));
    }
    if let Some(outgoing) = &mailbox.outgoing {
        report.fact("outgoing", format!("{} {}", outgoing.protocol, outgoing.server));
    }
    let servers =
        [mailbox.incoming.as_ref().map(|side| &side.server), mailbox.outgoing.as_ref().map(|side| &side.server)];
    let hosts = servers.into_iter().flatten().map(|server| server.host.respelled());
    let addresses = [Some(&mailbox.address), mailbox.sign_in_as.as_ref()].into_iter().flatten().map(Address::respelled);
    // A name outside ASCII may look like another; as DNS has it, it does not.
    let mut respelled: Vec<&str> = addresses.chain(hosts).flatten().collect();
    respelled.dedup();
    if !respelled.is_empty() {
        report.fact("on_the_wire", respelled.join(", "));
    }
    if !mailbox.enabled {
        report.fact("enabled", "no");
    }
}
