//! A support bundle: what goes into it, and what must not.

mod sections;

use std::path::Path;

use secrecy::SecretString;

use super::parallel::{self, Limits};
use super::plan::{self, Plan};
use super::status::{Alarm, Asked};
use super::workspace::Workspace;
use super::{check, describe, settings, status};
use crate::context::Context;
use crate::error::CommandError;
use crate::failure::StoreFault;
use crate::files;
use crate::profile::{Mailbox, Profile, Service, StoreSpec};
use crate::report::{Document, Finding, FindingCode, Report, Thresholds, View, format};
use crate::secrets::{self, SecretStore, load_app, load_mailbox};
use crate::text::Shown;
use crate::transport::Task;
use sections::{Bundle, Leak};

/// A file of vault keys has a few lines.
const LARGEST_KEY_FILE: usize = 64 * 1024;

/// What a bundle is made of.
pub struct Collected<'a> {
    /// The outside world.
    pub context: &'a Context,
    /// The profile, where it can be read.
    pub profile: Option<&'a Profile>,
    /// What the doctor found.
    pub document: &'a Document,
    /// The conversations with the servers, by server.
    pub conversations: &'a [(String, String)],
    /// The secrets that could not be read, and so cannot be searched for.
    pub unread: &'a [String],
    /// Whether the mailboxes are tested too.
    pub with_tests: bool,
}

/// Refuses a name that is taken, or where nothing can be written, before anything is waited for.
pub fn refuse_taken(path: &Path) -> Result<(), CommandError> {
    if path.symlink_metadata().is_err() {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        return files::write_test(folder, b"a bundle will be written here").map(drop).map_err(|failure| {
            let cause = CommandError::from(failure).finding().cause.clone();
            CommandError::usage(
                shown!("The bundle could not be written: {} Nothing was done.", cause),
                "Name another file: `mailgrant doctor --bundle FILE`",
            )
        });
    }
    Err(Finding::of(FindingCode::BUNDLE_EXISTS).with("path", path).into())
}

/// Teaches the redactor every secret that this machine holds for us, so that all of them can be searched for. What could
/// not be read, in words.
pub fn learn_all(context: &Context, profile: Option<&Profile>, choice: &StoreSpec) -> Vec<String> {
    let redactor = context.transcript.redactor();
    let mut unread = Vec::new();
    match files::read_private(&secrets::vault_key_file(choice, context.world()), LARGEST_KEY_FILE) {
        Ok(None) => {}
        Ok(Some(bytes)) => {
            let text = String::from_utf8_lossy(&bytes);
            let keys = text.lines().filter(|line| !line.trim_start().starts_with('#'));
            keys.for_each(|line| redactor.learn(&SecretString::from(line)));
        }
        Err(_) => unread.push("the vault's key".to_owned()),
    }
    let Some(profile) = profile else {
        unread.push("the secrets of all apps and mailboxes, as the profile cannot be read".to_owned());
        return unread;
    };
    let Ok(store) = context.store(profile) else {
        unread.push("all secrets, as the store cannot be opened".to_owned());
        return unread;
    };
    unread.extend(learn_records(store, profile, |secret| redactor.learn(secret)));
    unread
}

fn learn_records(store: &dyn SecretStore, profile: &Profile, learn: impl Fn(&SecretString)) -> Vec<String> {
    let mut unread = Vec::new();
    for name in profile.apps.keys() {
        match load_app(store, name) {
            Ok(record) => record.iter().flat_map(|record| record.secrets()).for_each(&learn),
            Err(_) => unread.push(format!("those of app {name}")),
        }
    }
    for name in profile.mailboxes.keys() {
        match load_mailbox(store, name) {
            Ok(grant) => grant.iter().flat_map(|grant| grant.secrets()).for_each(&learn),
            Err(_) => unread.push(format!("those of mailbox {name}")),
        }
    }
    unread
}

/// Collects, searches, and writes.
pub fn write(path: &Path, collected: &Collected<'_>) -> Result<(), CommandError> {
    let bundle = collect(collected);
    // Tests may have fetched new tokens; the code that received one has taught it to the redactor.
    let known = collected.context.transcript.redactor();
    match bundle.searched(known) {
        Ok(text) => Ok(sections::write(path, &text)?),
        Err(Leak(section)) => Err(Finding::of(FindingCode::BUNDLE_HOLDS_SECRET).with("section", section).into()),
    }
}

fn collect(collected: &Collected<'_>) -> Bundle {
    let Collected { context, profile, document, conversations, unread, with_tests } = collected;
    let mut bundle = Bundle::default();
    bundle.section("support bundle", &head(context, unread));
    bundle.section("doctor", &text(document));
    if let Some(profile) = profile {
        bundle.section("profile", &effective(context, profile));
        bundle.section("status", &statuses(context, profile).unwrap_or_else(|fault| cause(fault).to_string()));
    }
    for (host, conversation) in *conversations {
        bundle.section(format!("conversation with {host}"), conversation);
    }
    if *with_tests && let Some(profile) = profile {
        for (side, report, conversation) in tests(context, profile) {
            let mut document = Document::new("test");
            document.reports.push(report);
            bundle.section(format!("test of {side}"), &format!("{}\n{conversation}", text(&document)));
        }
    }
    bundle
}

fn head(context: &Context, unread: &[String]) -> String {
    let mut text = format!(
        "Made by mailgrant {} at {}. It was searched for the secrets that mailgrant knows, and holds none of them.\n\
         It does hold addresses, host names, paths and client IDs: read it before you send it.\n",
        env!("CARGO_PKG_VERSION"),
        context.clock.now()
    );
    if !unread.is_empty() {
        text.push_str(&format!("Could not be read, and so not be searched for: {}.\n", unread.join("; ")));
    }
    text
}

/// The effective settings of each mailbox, and where the store cannot be asked, what the profile has of it.
fn effective(context: &Context, profile: &Profile) -> String {
    let settings = |workspace: &Workspace<'_>| -> Result<Vec<Report>, CommandError> {
        profile.mailboxes.values().map(|mailbox| Ok(settings::of(workspace, mailbox)?.report)).collect()
    };
    let reports = Workspace::open(context, profile).map_err(CommandError::from).and_then(|opened| settings(&opened));
    let mut document = Document::new("show");
    document.reports = reports.unwrap_or_else(|_| describe::mailboxes(profile, context.clock.now()));
    text(&document)
}

/// The status of each mailbox.
fn statuses(context: &Context, profile: &Profile) -> Result<String, StoreFault> {
    let mailboxes: Vec<&Mailbox> = profile.mailboxes.values().collect();
    status::of(&Workspace::open(context, profile)?, &mailboxes, Alarm::Past, Thresholds::default(), &Asked::default())
        .map(|document| text(&document))
}

fn cause(fault: StoreFault) -> Shown {
    CommandError::from(fault).finding().cause.clone()
}

/// Every side of every enabled mailbox, tested: what it is, what was found, and the conversation.
fn tests(context: &Context, profile: &Profile) -> Vec<(String, Report, String)> {
    let Ok(workspace) = Workspace::open(context, profile) else { return Vec::new() };
    let enabled = profile.mailboxes.values().filter(|mailbox| mailbox.enabled);
    let sides: Vec<(&Mailbox, Task<'_>)> =
        enabled.flat_map(|mailbox| plan::each_side(mailbox).into_iter().map(move |task| (mailbox, task))).collect();
    let app = |(mailbox, _): &(&Mailbox, Task<'_>)| vec![mailbox.app.to_string()];
    let name = |mailbox: &Mailbox, task: &Task<'_>| match mailbox.service(task.side()) {
        None => mailbox.name.to_string(),
        Some(Service { protocol, .. }) if protocol.sides().len() == 1 => format!("{}, {protocol}", mailbox.name),
        Some(Service { protocol, .. }) => format!("{}, {protocol}, {}", mailbox.name, task.side().key()),
    };
    parallel::each(
        &sides,
        Limits::USUAL,
        app,
        |(mailbox, task)| {
            let (transcript, recording) = workspace.transcript.recorded();
            let workspace = Workspace { transcript: &transcript, ..workspace.clone() };
            let report = check::run(&workspace, &Plan::of(mailbox, [*task]));
            (name(mailbox, task), report, recording.text())
        },
        |(mailbox, task), panicked| (name(mailbox, task), check::fallen(mailbox, panicked), String::new()),
    )
}

/// A document as people read it, without colours.
fn text(document: &Document) -> String {
    let mut out = anstream::StripStream::new(Vec::new());
    // Writing to memory does not fail.
    let _ = format::TEXT.write(document, &View::of_file(true), &mut out);
    String::from_utf8_lossy(&out.into_inner()).into_owned()
}
