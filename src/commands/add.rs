//! `add`: flags or prompts to a checked app and mailbox, the secret into the store, the profile written.

mod answers;
mod credential;
mod flags;
mod missing;
mod missing_flag;
mod naming;
mod questions;
mod same;
mod store;
mod unused;

use clap::Args as ClapArgs;

use crate::arguments::dry_run::DryRunFlag;
use crate::arguments::filed::{unspanned, wrong_flag};
use crate::arguments::mailbox_flags::MailboxFlags;
use crate::arguments::typed;
use crate::config::{self, Edit, ProfileDocument, base_of};
use crate::context::Context;
use crate::diagnosis::slips;
use crate::error::CommandError;
use crate::flow::describe;
use crate::flow::enrol;
use crate::flow::first_steps;
use crate::flow::lookup;
use crate::profile::registration;
use crate::profile::{Access, Address, App, Invalid, Mailbox, Name, Profile};
use crate::report::{Document, Finding, FindingCode, Step, Warning, WarningCode};
use crate::text::{self, Redactor, Shown};
use answers::Answers;
use flags::AppFlags;
use naming::Named;

/// Add a mailbox (and its app, where it is new) to the profile
#[derive(Debug, Default, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant add shop@contoso.com                               asks for what is missing\n  \
    mailgrant add sales --app shop --address sales@contoso.com   a second mailbox of an app")]
pub struct Args {
    /// The mailbox's address, or a name for it; at a terminal all that is missing is asked for
    #[arg(value_parser = typed::<Named>())]
    name: Option<Named>,
    /// Replace what the profile has under these names, and take values that look like a mistake
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    dry_run: DryRunFlag,
    #[command(flatten, next_help_heading = "The mailbox")]
    mailbox: MailboxFlags,
    #[command(flatten)]
    app: AppFlags,
}

/// Runs the command. At a terminal the answers are shown as a command line, also where it is given up; then the mailbox can be
/// signed in and tested.
///
/// # Errors
/// If a value is missing or wrong, the names are taken, or the store or the profile cannot be written.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let mut answers = Answers { is_forced: args.force, ..Answers::default() };
    let mut begun = Shown::default();
    let added = add(args, &mut answers, &mut begun, context);
    let line = answers.command_line(&args.app, &args.app.secret.source(), context);
    let was_asked = line != begun;
    if context.prompter.is_interactive() && answers.name.is_some() && was_asked {
        let lead = if added.is_ok() { "The same as one command:" } else { "To go on from here:" };
        context.prompter.say(&shown!("\n{}\n  {}", lead, line));
    }
    let Added { mut document, name } = added.map_err(|error| match error.finding().code {
        FindingCode::CANCELLED if answers.has_new_key => Finding::of(FindingCode::CANCELLED).case("key").bare().into(),
        _ => error,
    })?;
    // Where all was on the command line, a person has not begun a conversation.
    if (was_asked || answers.has_typed_secret) && !args.dry_run.is_given {
        first_steps::offer(&name, &mut document, context);
    }
    Ok(document)
}

/// What was added.
struct Added {
    document: Document,
    name: Name,
}

/// Asks for what is missing, and adds it. `begun` is the command line before the first answer.
fn add(args: &Args, answers: &mut Answers, begun: &mut Shown, context: &Context) -> Result<Added, CommandError> {
    let document = ProfileDocument::open(&context.profile_path)?;
    let base = base_of(&context.profile_path).to_owned();
    // A store that cannot be used is told before the first question: no answer is lost to it.
    let is_dry_run = args.dry_run.is_given;
    let store = store::choose(&document, is_dry_run, context)?;
    (answers.store, answers.has_new_key) = (store.noted, store.has_new_key);
    let name = name(args, &document, answers, begun, context)?;

    let Chosen { name: app_name, is_found } = choose_app(args, &name, &document, answers, context)?;
    if answers.is_app_known {
        complete_credential(args, answers, context)?;
    }
    let old_app = document.profile().apps.get(&app_name).cloned();
    let app = config::validate_app(app_name.clone(), &answers.app, 0..0, &base).map_err(wrong_flag)?;

    let old_mailbox = document.profile().mailboxes.get(&name).cloned();
    answers.mailbox.app = Some(unspanned(app_name.to_string()));
    if old_mailbox.is_none() {
        questions::sides(&mut answers.mailbox, &args.mailbox, &app, context)?;
        answers.has_sides = true;
    }
    let mailbox = config::validate_mailbox(name.clone(), &answers.mailbox, &app, 0..0, &base).map_err(wrong_flag)?;

    let source = args.app.secret.source();
    let is_stored = credential::is_stored(&app, source.is_given())?;
    unused::refuse(&args.app, &args.mailbox, (source.is_given(), is_stored), &app, &mailbox)?;
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
    let read = if is_stored {
        let mut after = Profile { secrets: store.spec.clone(), ..document.profile().clone() };
        after.apps.insert(app_name.clone(), app.clone());
        after.mailboxes.insert(name.clone(), mailbox.clone());
        Some(planned.read(&source, &after, context)?)
    } else {
        None
    };
    answers.has_typed_secret = !source.is_given() && read.as_ref().is_some_and(enrol::Read::has_secret);
    let missing = read.as_ref().and_then(enrol::Read::missing).map(CommandError::from);
    let secrets = document.profile().secrets.clone();

    // All is asked: from here on no person is waited for.
    let path = &context.profile_path;
    let mut document = match is_dry_run {
        true => document,
        false => ProfileDocument::open_locked(path, context.locks(), context.lock_wait())?,
    };
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
    document.put_app(&app_name, &answers.app);
    document.put_mailbox(&name, &answers.mailbox);
    if let Some(kind) = store.noted {
        document.put_store(kind);
    }
    let diff = if is_dry_run { document.diff()? } else { Vec::new() };
    let is_changed = match is_dry_run {
        true => !diff.is_empty() || read.as_ref().is_some_and(|read| read.is_new(context.clock.now())),
        false => write(&document, read.as_ref(), &app_name, context)?,
    };
    let mut report = describe::mailbox(&app, &mailbox, context.clock.now());
    if is_found {
        report
            .fact("app_reused", shown!("'{}' has this client ID already; its settings and secret are used", app_name));
    }
    report.fact("profile", &context.profile_path);
    report.changed = Some(is_changed);
    report.fact("changed", if is_changed { "yes" } else { "no (already up to date)" });
    let mut answer = Document { is_dry_run, diff, ..Document::new("add") };
    answer.reports.push(report);
    answer.warnings = warnings;
    if !is_registered {
        answer.next = registration::steps(&app, &mailbox).into_iter().map(Step::from).collect();
    }
    answer.next.extend(missing.iter().flat_map(|error| &error.finding().fix).take(1).cloned());
    let lead = match mailbox.access {
        Access::User => shown!("Then sign in as {}: ", mailbox.signs_in_as()),
        Access::App => "Then see how much of that is done, without a sign-in: ".into(),
    };
    answer.next.push(Step::from(lead).command(shown!("mailgrant authorize {}", name)));
    Ok(Added { document: answer, name })
}

/// Stores the secret and writes the profile; whether either changed.
fn write(
    document: &ProfileDocument,
    read: Option<&enrol::Read<'_>>,
    app: &Name,
    context: &Context,
) -> Result<bool, CommandError> {
    let edit = document.prepare()?;
    let stored = read.map_or_else(
        || Ok(enrol::Applied::default()),
        |read| read.apply(context.locks(), context.lock_wait(), context.clock.now()),
    )?;
    match edit.commit() {
        Ok(edit) => Ok(edit == Edit::Written || stored.is_new()),
        Err(error) => {
            // A secret without a profile would never be found and removed.
            stored.undo(app)?;
            Err(error.into())
        }
    }
}

/// The mailbox's name and address: as they are given, or asked for.
fn name(
    args: &Args,
    document: &ProfileDocument,
    answers: &mut Answers,
    begun: &mut Shown,
    context: &Context,
) -> Result<Name, CommandError> {
    let profile = document.profile();
    let mut given = naming::address(args.name.as_ref(), args.mailbox.address.as_ref())?.cloned();
    let typed = match &args.name {
        Some(Named::Name(name)) => Some(name.clone()),
        Some(Named::Address(_)) => None,
        None => {
            let has_source = args.app.secret.source().is_given();
            let (app, mailbox) = (args.app.over(None)?, args.mailbox.over(None));
            missing::refuse(false, (&app, &args.app.settings), &mailbox, has_source, context)?;
            None
        }
    };
    let known = typed.as_ref().and_then(|name| document.mailbox_file(name));
    let is_told = typed.is_some() || given.is_some();
    if !is_told {
        given = Some(questions::address(context)?);
    }
    let name = match (typed, &given) {
        (Some(name), _) => name,
        (None, Some(address)) => {
            let name = naming::of(address, profile).map_err(|Invalid { problem, instead }| {
                CommandError::usage(Redactor::by_shape(&problem), text::sentence(&instead))
            })?;
            if context.prompter.is_interactive() {
                context.prompter.say(&shown!("Its name in mailgrant is '{}'.", name));
            }
            name
        }
        (None, None) => return Err(CommandError::cancelled()),
    };
    let known = known.or_else(|| document.mailbox_file(&name));
    answers.mailbox = args.mailbox.over(known);
    if let Some(address) = &given {
        answers.mailbox.address = Some(unspanned(address.to_string()));
    }
    answers.name = Some(name.clone());
    answers.app = args.app.over(None)?;
    if is_told {
        *begun = answers.command_line(&args.app, &args.app.secret.source(), context);
    }
    if answers.mailbox.address.is_none() && context.prompter.is_interactive() {
        answers.mailbox.address = Some(unspanned(questions::address(context)?.to_string()));
    }
    Ok(name)
}

/// The app that a mailbox is to sign in with.
struct Chosen {
    name: Name,
    /// Whether it was found by its client ID alone.
    is_found: bool,
}

/// `--app`, else the app of the mailbox that the profile has, else the app that has this client ID, else a new one that
/// is called as the mailbox. What the profile is to say of it is in `answers`.
fn choose_app(
    args: &Args,
    mailbox: &Name,
    document: &ProfileDocument,
    answers: &mut Answers,
    context: &Context,
) -> Result<Chosen, CommandError> {
    let profile = document.profile();
    let name = match &args.app.app {
        Some(app) => app.clone(),
        None => profile.mailboxes.get(mailbox).map_or_else(|| mailbox.clone(), |known| known.app.clone()),
    };
    let address: Option<Address> = answers.mailbox.address.as_ref().and_then(|address| address.get_ref().parse().ok());
    answers.app_name = args.app.app.clone();
    if let Some(known) = document.app_file(&name) {
        answers.is_app_known = true;
        answers.app = args.app.over(Some(known))?;
        return Ok(Chosen { name, is_found: false });
    }
    if context.prompter.is_interactive()
        && !args.app.says_which()
        && let Some((app, other)) = address.as_ref().and_then(|address| same::app_of_domain(address, profile))
        && questions::use_app_of(app, other, context)?
    {
        answers.uses(&app.name, args.app.over(document.app_file(&app.name))?);
        return Ok(Chosen { name: app.name.clone(), is_found: false });
    }
    let base = base_of(document.path());
    let mut refused: Option<Name> = None;
    let mut found = |answers: &mut Answers| -> Result<Option<Chosen>, CommandError> {
        let app = same::app(&answers.app, document, base).filter(|_| args.app.app.is_none());
        let Some(app) = app.filter(|app| refused.as_ref() != Some(&app.name)) else { return Ok(None) };
        if !questions::use_app(app, context)? {
            refused = Some(app.name.clone());
            return Ok(None);
        }
        answers.uses(&app.name, args.app.over(document.app_file(&app.name))?);
        Ok(Some(Chosen { name: app.name.clone(), is_found: true }))
    };
    if let Some(chosen) = found(answers)? {
        return Ok(chosen);
    }
    let has_source = args.app.secret.source().is_given();
    missing::refuse(true, (&answers.app, &args.app.settings), &answers.mailbox, has_source, context)?;
    questions::sign_in(&mut answers.app, address.as_ref(), &mut answers.is_forced, context)?;
    if let Some(chosen) = found(answers)? {
        return Ok(chosen);
    }
    questions::secret(&mut answers.app, has_source, context)?;
    args.app.settings.ask(&mut answers.app, context)?;
    questions::access(&mut answers.app, context)?;
    Ok(Chosen { name, is_found: false })
}

/// Asks for what a credential that the flags give to an app of the profile must be told.
fn complete_credential(args: &Args, answers: &mut Answers, context: &Context) -> Result<(), CommandError> {
    let flags = &args.app.settings;
    missing::refuse(true, (&answers.app, flags), &answers.mailbox, true, context)?;
    answers.is_credential_asked = !flags.missing(&answers.app).is_empty();
    flags.ask(&mut answers.app, context)
}

/// What is right, but deserves a look, of the parts that are new or changed.
fn warnings(app: Option<&App>, mailbox: Option<&Mailbox>, profile: &Profile) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let Some(app) = app {
        warnings.extend(same::warnings(app, profile));
        warnings.extend(slips::of_app(app));
    }
    if let Some(mailbox) = mailbox {
        let twin = same::mailbox(mailbox, profile);
        warnings.extend(twin.map(|twin| {
            let told = shown!("mailbox '{}' has the address {} as well", twin.name, twin.address);
            Warning::new(WarningCode::SameAddress, told)
        }));
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
