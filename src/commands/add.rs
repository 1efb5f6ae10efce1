//! `add`: flags or prompts to a checked app and mailbox, the secret into the store, the profile written.

mod flags;
mod questions;
mod same;
mod unused;

use clap::Args as ClapArgs;

use crate::arguments::secret::SecretFlags;
use crate::arguments::typed;
use crate::config::{self, AppFile, Edit, Problem, ProblemKind, ProfileDocument, base_of};
use crate::context::Context;
use crate::diagnosis::slips;
use crate::error::CommandError;
use crate::flow::describe;
use crate::flow::enrol;
use crate::flow::lookup;
use crate::profile::registration;
use crate::profile::{App, Invalid, Mailbox, Name, Profile};
use crate::report::{Document, Finding, FindingCode};
use crate::secrets::load_app;
use crate::text::{self, Redactor, Shown};
use flags::{AppFlags, MailboxFlags};

/// Add a mailbox (and its app, where it is new) to the profile
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The mailbox's name in the profile
    #[arg(value_parser = typed::<Name>())]
    name: Name,
    #[command(flatten)]
    app: AppFlags,
    #[command(flatten)]
    mailbox: MailboxFlags,
    #[command(flatten)]
    secret: SecretFlags,
    /// Replace what the profile has under these names, and take values that look like a mistake
    #[arg(long)]
    force: bool,
}

/// Runs the command.
///
/// # Errors
/// If a value is missing or wrong, the names are taken, or the store or the profile cannot be written.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let name = args.name.clone();
    let document = ProfileDocument::open(&context.profile_path)?;
    let base = base_of(&context.profile_path).to_owned();
    if context.prompter.is_interactive() && args.app.credential.unwrap_or_default().has_secret() {
        // A store that cannot be read is told before the first question: no answer is lost to it.
        load_app(context.store(&document.profile().secrets)?, &name)?;
    }

    let Chosen { name: app_name, file: app_file, is_found } = choose_app(args, &name, &document, context)?;
    let old_app = document.profile().apps.get(&app_name).cloned();
    let app = config::validate_app(app_name.clone(), &app_file, 0..0, &base).map_err(wrong_flag)?;

    let old_mailbox = document.profile().mailboxes.get(&name).cloned();
    let mut mailbox_file = args.mailbox.over(document.mailbox_file(&name), &app_name);
    if old_mailbox.is_none() {
        questions::mailbox(&mut mailbox_file, &args.mailbox, &app, context)?;
    }
    let mailbox = config::validate_mailbox(name.clone(), &mailbox_file, &app, 0..0, &base).map_err(wrong_flag)?;

    let source = args.secret.source();
    unused::refuse(&args.app, &args.mailbox, source.is_given(), &app, &mailbox)?;
    if !args.force {
        if old_app.as_ref().is_some_and(|old| *old != app && !same::completes_app(old, &app)) {
            let user = document.profile().mailboxes.values().find(|mailbox| mailbox.app == app_name);
            return Err(app_taken(&app_name, user.map(|mailbox| &mailbox.name), args));
        }
        if old_mailbox.as_ref().is_some_and(|old| *old != mailbox && !same::completes_mailbox(old, &mailbox)) {
            return Err(mailbox_taken(&name));
        }
    }
    let twin = same::mailbox(&mailbox, document.profile()).filter(|_| old_mailbox.is_none());
    if let Some(twin) = twin
        && !args.force
        && context.prompter.is_interactive()
        && !questions::twice(&mailbox.address, twin.name.as_str(), context)?
    {
        return Err(CommandError::cancelled());
    }
    let expires = args.app.expires.or(app.secret_expires.filter(|_| old_app.is_none()));
    let planned = enrol::Planned { app: &app, known: old_app.as_ref(), expires, force: args.force };
    let read = match app.credential.has_secret() {
        true => Some(planned.read(&source, &document.profile().secrets, context)?),
        false => None,
    };
    let secrets = document.profile().secrets.clone();

    // All is asked: from here on no person is waited for.
    let mut document = ProfileDocument::open_locked(&context.profile_path, context.locks(), context.lock_wait())?;
    let now = document.profile();
    let same_app = [old_app.as_ref(), Some(&app)].contains(&now.apps.get(&app_name));
    let same_mailbox = [old_mailbox.as_ref(), Some(&mailbox)].contains(&now.mailboxes.get(&name));
    if !same_app || !same_mailbox || now.secrets != secrets {
        return Err(lookup::changed_meanwhile(&context.profile_path));
    }
    let new_app = Some(&app).filter(|app| old_app.as_ref() != Some(*app));
    let new_mailbox = Some(&mailbox).filter(|mailbox| old_mailbox.as_ref() != Some(*mailbox));
    let warnings = warnings(new_app, new_mailbox, now);
    let is_registered = is_registered(&app, &mailbox, now);
    document.put_app(&app_name, &app_file);
    document.put_mailbox(&name, &mailbox_file);
    let edit = document.prepare()?;
    let stored = read.map_or_else(
        || Ok(enrol::Applied::default()),
        |read| read.apply(context.locks(), context.lock_wait(), context.clock.now()),
    )?;
    let edit = match edit.commit() {
        Ok(edit) => edit,
        Err(error) => {
            // A secret without a profile would never be found and removed.
            stored.undo(&app_name)?;
            return Err(error.into());
        }
    };
    let unchanged = edit == Edit::Unchanged && !stored.is_new();
    drop(stored);

    let mut report = describe::mailbox(&app, &mailbox);
    if is_found {
        report
            .fact("app_reused", shown!("'{}' has this client ID already; its settings and secret are used", app_name));
    }
    report.fact("profile", &context.profile_path);
    report.fact("changed", if unchanged { "no (already up to date)" } else { "yes" });
    let mut answer = Document::new("add");
    answer.reports.push(report);
    answer.warnings = warnings;
    if !is_registered {
        answer.next = registration::steps(&app, &mailbox);
    }
    answer.next.push(shown!("Then sign in as {}: mailgrant authorize {}", mailbox.signs_in_as(), name));
    Ok(answer)
}

/// The app that a mailbox is to sign in with.
struct Chosen {
    name: Name,
    /// What the profile is to say of it.
    file: AppFile,
    /// Whether it was found by its client ID alone.
    is_found: bool,
}

/// `--app`, else the app of the mailbox that the profile has, else the app that has this client ID, else a new one that
/// is called as the mailbox.
fn choose_app(
    args: &Args,
    mailbox: &Name,
    document: &ProfileDocument,
    context: &Context,
) -> Result<Chosen, CommandError> {
    let profile = document.profile();
    let name = match &args.app.app {
        Some(app) => app.clone(),
        None => profile.mailboxes.get(mailbox).map_or_else(|| mailbox.clone(), |known| known.app.clone()),
    };
    let known = document.app_file(&name);
    let is_new = known.is_none();
    let mut file = args.app.over(known)?;
    if !is_new {
        return Ok(Chosen { name, file, is_found: false });
    }
    let base = base_of(document.path());
    let mut refused: Option<Name> = None;
    let mut found = |file: &AppFile| -> Result<Option<Chosen>, CommandError> {
        let app = same::app(file, document, base).filter(|_| args.app.app.is_none());
        let Some(app) = app.filter(|app| refused.as_ref() != Some(&app.name)) else { return Ok(None) };
        if !questions::use_app(app, context)? {
            refused = Some(app.name.clone());
            return Ok(None);
        }
        let file = args.app.over(document.app_file(&app.name))?;
        Ok(Some(Chosen { name: app.name.clone(), file, is_found: true }))
    };
    if let Some(chosen) = found(&file)? {
        return Ok(chosen);
    }
    questions::sign_in(&mut file, args.force, context)?;
    if let Some(chosen) = found(&file)? {
        return Ok(chosen);
    }
    questions::secret(&mut file, args.secret.source().is_given(), context)?;
    Ok(Chosen { name, file, is_found: false })
}

/// What is right, but deserves a look, of the parts that are new or changed.
fn warnings(app: Option<&App>, mailbox: Option<&Mailbox>, profile: &Profile) -> Vec<Shown> {
    let mut warnings = Vec::new();
    if let Some(app) = app {
        warnings.extend(same::warnings(app, profile));
        warnings.extend(slips::of_app(app));
    }
    if let Some(mailbox) = mailbox {
        let twin = same::mailbox(mailbox, profile);
        warnings.extend(twin.map(|twin| shown!("mailbox '{}' has the address {} as well", twin.name, twin.address)));
        warnings.extend(slips::of_mailbox(mailbox));
    }
    warnings
}

/// Whether the other mailboxes of `app` need all that this one does, so that it is registered already.
fn is_registered(app: &App, mailbox: &Mailbox, profile: &Profile) -> bool {
    let others = profile.mailboxes.values().filter(|other| other.app == app.name && other.name != mailbox.name);
    let channels: Vec<_> = others.flat_map(Mailbox::channels).collect();
    let used = app.scopes.for_channels(channels.iter().copied());
    !channels.is_empty() && app.scopes.for_channels(mailbox.channels()).iter().all(|scope| used.contains(scope))
}

/// The app called `name` has other values, and `user` is a mailbox that signs in with it.
fn app_taken(name: &Name, user: Option<&Name>, args: &Args) -> CommandError {
    let told = Finding::of(FindingCode::NAME_TAKEN).case("app").with("what", "app").with("name", name);
    let told = match user {
        Some(user) => told.with("user_of_it", user),
        None => told.case("unused"),
    };
    match args.app.expires {
        Some(day) => told.case("expires").with("day", day).into(),
        None => told.into(),
    }
}

fn mailbox_taken(name: &Name) -> CommandError {
    Finding::of(FindingCode::NAME_TAKEN).with("what", "mailbox").with("name", name).with("user_of_it", name).into()
}

/// A value that came from a flag, told as one.
fn wrong_flag(problem: Problem) -> CommandError {
    match problem.kind {
        ProblemKind::NoSide => CommandError::usage(
            "A mailbox must be read, or sent from, or both.",
            "Give --incoming imap or pop3, or --outgoing smtp, or both",
        ),
        ProblemKind::NoServer(side) => {
            let side = side.key();
            CommandError::usage(
                shown!("--{}-host is missing: mailgrant does not know this provider's server.", side),
                shown!("Give --{}-host HOST, or --{} none", side, side),
            )
        }
        ProblemKind::Value => {
            let flag = match problem.key {
                "secret_expires" => "expires",
                "scopes" => "scope",
                key => key,
            };
            let Invalid { problem: cause, instead } = problem.invalid;
            CommandError::usage(
                shown!("--{}: {}.", Redactor::by_shape(&flag.replace('_', "-")), Redactor::by_shape(&cause)),
                text::sentence(&instead),
            )
        }
    }
}
