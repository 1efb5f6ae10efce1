//! `apply`: a file says which apps and mailboxes the profile is to have, and one write makes it so.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args as ClapArgs;

use crate::arguments::dry_run::DryRunFlag;
use crate::arguments::typed;
use crate::config::{ProfileDocument, Wanted};
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::apply::{self, Apply};
use crate::flow::secret_source::SecretSource;
use crate::profile::{Invalid, Name};
use crate::report::Document;
use crate::text::Shown;

/// Larger than any list of mailboxes that a profile can hold.
const LIMIT: u64 = 4 * 1024 * 1024;

/// Give the profile the apps and mailboxes of a file: TOML or JSON as the profile has them, or CSV
///
/// What the profile has is changed to what the file says; what the file does not say stays. All of the file is checked before
/// anything changes, and the second run changes nothing. Client secrets are never in the file.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant apply mailboxes.csv --dry-run            shows what would change\n  \
    mailgrant apply mailboxes.csv --secret-env shop=SHOP_SECRET\n  \
    mailgrant apply - --prune --yes < mailboxes.toml   also removes what the file does not name")]
pub struct Args {
    /// The file; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Remove mailboxes that the file does not name, with their tokens
    #[arg(long)]
    prune: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Read the client secret of an app from an environment variable; may be repeated
    #[arg(long, value_name = "APP=VAR", value_parser = typed::<Pair>())]
    secret_env: Vec<Pair>,
    /// Read the client secret of an app from a file; may be repeated
    #[arg(long, value_name = "APP=FILE", value_parser = typed::<Pair>())]
    secret_file: Vec<Pair>,
    /// Read the client secret of this app from standard input
    #[arg(long, value_name = "APP", value_parser = typed::<Name>())]
    secret_stdin: Option<Name>,
    #[command(flatten)]
    dry_run: DryRunFlag,
}

/// An app, and where its secret is.
#[derive(Debug, Clone)]
struct Pair {
    app: Name,
    place: String,
}

impl FromStr for Pair {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.split_once('=') {
            Some((app, place)) if !place.is_empty() => Ok(Self { app: app.parse()?, place: place.to_owned() }),
            // What stands there may be the secret itself.
            _ => Err(Invalid::new("this is not APP=PLACE", "write the app's name, =, and where its secret is")),
        }
    }
}

impl Args {
    fn secrets(&self) -> Result<Vec<(Name, SecretSource)>, CommandError> {
        let variables =
            self.secret_env.iter().map(|pair| (pair.app.clone(), SecretSource::Variable(pair.place.clone())));
        let files = self.secret_file.iter().map(|pair| (pair.app.clone(), SecretSource::File((&pair.place).into())));
        let stdin = self.secret_stdin.iter().map(|app| (app.clone(), SecretSource::Stdin));
        let mut secrets: Vec<(Name, SecretSource)> = variables.chain(files).chain(stdin).collect();
        // The order of their locks.
        secrets.sort_by(|(one, _), (other, _)| one.cmp(other));
        if let Some(twice) = secrets.windows(2).find(|two| two[0].0 == two[1].0) {
            let text = shown!("The secret of app '{}' is given twice.", twice[0].0);
            return Err(CommandError::usage(text, "Leave one of the flags out"));
        }
        Ok(secrets)
    }
}

/// Runs the command.
///
/// # Errors
/// All that is wrong with the file; a removal that was not confirmed; if the profile or the store cannot be used.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let is_stdin = args.file == Path::new("-");
    if is_stdin && args.secret_stdin.is_some() {
        return Err(CommandError::usage(
            "The file and --secret-stdin would both be read from standard input.",
            "Give the secret with --secret-env APP=VAR or --secret-file APP=FILE",
        ));
    }
    let secrets = args.secrets()?;
    let document = ProfileDocument::open(&context.profile_path)?;
    let source = read(&args.file, is_stdin)?;
    let called = if is_stdin { Path::new("standard input") } else { &args.file };
    let wanted = Wanted::read(called, &source, document.profile()).map_err(|errors| apply::refused(&errors))?;
    let is_dry_run = args.dry_run.is_given;
    let apply = Apply { wanted: &wanted, secrets: &secrets, prunes: args.prune, is_dry_run };
    let plan = apply.plan(&document)?;
    if let Some(question) = plan.question().filter(|_| !args.yes && !is_dry_run) {
        let answer = context.prompter.confirm(&question);
        if !answer.map_err(|error| CommandError::unasked(&error, "--yes"))? {
            return Err(CommandError::cancelled());
        }
    }
    apply.run(&plan, &document, context)
}

/// The text of the file.
fn read(file: &Path, is_stdin: bool) -> Result<String, CommandError> {
    let called = if is_stdin { Shown::from("Standard input") } else { Shown::of(file) };
    let unreadable = |error: std::io::Error| {
        CommandError::usage(shown!("{}: {}.", called, error), "Name a file that can be read, or - for standard input")
    };
    let mut bytes = Vec::new();
    let count = if is_stdin {
        std::io::stdin().lock().take(LIMIT + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes))
    };
    if count.map_err(unreadable)? as u64 > LIMIT {
        return Err(CommandError::usage(
            shown!("{} is larger than {} bytes.", called, LIMIT),
            "Apply it in parts, each with a profile of its own (--profile FILE)",
        ));
    }
    String::from_utf8(bytes).map_err(|_| {
        CommandError::usage(
            shown!("{} is not UTF-8 text.", called),
            "Save it as UTF-8; spreadsheets call that CSV UTF-8",
        )
    })
}
