//! `practice`: a practice tenant in this process, and a walk through the whole job against it.
//!
//! Nothing of it runs unless this verb is asked for. The tenant listens on loopback alone, its secrets open nothing else, and
//! what is practised is kept in a folder that goes when the practice ends: the reader's own profile and keyring stay as they
//! are.

mod browser;
mod faults;
mod home;
mod lines;
mod steps;
mod walk;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args as ClapArgs;
use url::Url;

use self::faults::Chosen;
use self::home::{Home, failed};
use self::lines::Who;
use crate::context::{Context, interrupt};
use crate::error::CommandError;
use crate::files::{self, Privacy};
use crate::report::{Document, Warning, WarningCode};
use crate::text::Redactor;

/// Practise the whole job on this machine, without an account
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant practice                       walks through it, a command at a time\n  \
    mailgrant practice --fault imap-off      the same with something broken\n  \
    mailgrant practice --env-file FILE       for scripts: serves until Ctrl-C")]
pub struct Args {
    /// Break something: a name from --list-faults, with =SECONDS only for so long; may be given several times
    #[arg(long = "fault", value_name = "NAME[=SECONDS]", value_parser = faults::chosen)]
    faults: Vec<Chosen>,
    /// List what can be broken, and the finding that each fault leads to
    #[arg(long)]
    list_faults: bool,
    /// Ask nothing: add the mailbox, write the variables for a shell to FILE, and serve until Ctrl-C or for --timeout
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Sign in at this address as a person at a browser would: what BROWSER is during the practice
    #[arg(long, value_name = "URL", hide = true)]
    sign_in: Option<Url>,
    /// The device code to enter there
    #[arg(long, value_name = "CODE", hide = true, requires = "sign_in")]
    code: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// If the tenant cannot start, or a file cannot be written.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let mut document = Document::new("practice");
    if args.list_faults {
        document.reports = faults::list();
        return Ok(document);
    }
    if let Some(url) = &args.sign_in {
        browser::sign_in(url, args.code.as_deref()).map_err(|reason| failed(Redactor::by_shape(&reason)))?;
        return Ok(document);
    }
    if args.env_file.is_none() && !context.prompter.is_interactive() {
        return Err(CommandError::usage(
            "There is no terminal, so mailgrant cannot walk through the practice.",
            "Say where the variables for a shell go: mailgrant practice --env-file FILE",
        ));
    }
    let home = Home::start(context)?;
    home.switch_on(&args.faults);
    match &args.env_file {
        Some(file) => serve(args, file, context, &home)?,
        None => walk::walk(context, &home, &args.faults)?,
    }
    let surprises = home.sandbox().surprises();
    document.warnings = surprises
        .iter()
        .map(|what| shown!("the practice tenant noted: {}", Redactor::by_shape(what)))
        .map(|told| Warning::new(WarningCode::PracticeNoted, told))
        .collect();
    Ok(document)
}

/// Adds the mailbox, says the variables, and serves until Ctrl-C or the end of `--timeout`.
fn serve(args: &Args, file: &Path, context: &Context, home: &Home) -> Result<(), CommandError> {
    const LOOK: Duration = Duration::from_millis(50);
    let caught = interrupt::catch();
    home.add_quietly()?;
    let exports = lines::exports(&home.variables(Who::Shop));
    for line in faults::said(&args.faults).into_iter().chain(SERVING.lines().map(str::to_owned)) {
        (context.say)(&format!("# {line}"));
    }
    (context.say)(&exports);
    write(file, &exports)?;
    let is_over = || context.deadline().is_some_and(|deadline| Instant::now() >= deadline);
    while !caught.is_set() && !is_over() {
        std::thread::sleep(LOOK);
    }
    Ok(())
}

const SERVING: &str =
    "The practice tenant is running on this machine; Ctrl-C ends it and removes its profile and vault.
With these variables in a shell: mailgrant authorize practice, then mailgrant test practice.
The secrets among them are for practice only.";

fn write(file: &Path, exports: &str) -> Result<(), CommandError> {
    // A name without a folder is a file of this one.
    let file = std::path::absolute(file).map_err(|error| failed(shown!("{}: {}", file, error)))?;
    Ok(files::write_atomic(&file, exports.as_bytes(), Privacy::Secret)?)
}
