//! `doctor`: the machine rather than a mailbox.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args as ClapArgs;

use crate::arguments::baseline::BaselineFlag;
use crate::config::ConfigError;
use crate::context::Context;
use crate::diagnosis::slips;
use crate::doctor::{self, Examination};
use crate::environment;
use crate::error::CommandError;
use crate::files::{Sensitivity, WatchedPath};
use crate::flow::support_bundle;
use crate::profile::{Profile, Provider};
use crate::report::{Check, Document, ExitCode, Finding, FindingCode, Report, Stage};
use crate::text;

/// How long the looks at the network may take together where `--timeout` says nothing.
const USUAL: Duration = Duration::from_secs(10);

/// Check this machine: store, files, certificates, network, clock
///
/// It signs in nowhere.
#[derive(Debug, ClapArgs)]
#[command(after_help = "The servers looked at are the profile's, or Microsoft 365's where there is no profile.\n\
                        All looks at the network go side by side and end within --timeout (10 seconds if not given).\n\n\
                        Examples:\n  \
                        mailgrant doctor\n  \
                        mailgrant doctor --bundle support.txt   writes a file that can be sent, without secrets")]
pub struct Args {
    /// Write a support bundle (a text file you can send); it is checked for secrets first and not written if any is found
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// Test every enabled mailbox too, as test-mailbox and test-smtp do, for the bundle alone
    #[arg(long, requires = "bundle")]
    with_tests: bool,
    #[command(flatten)]
    baseline: BaselineFlag,
}

/// Runs the command.
///
/// # Errors
/// If the bundle may not or cannot be written. What is wrong with the machine or the profile is a finding.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    if let Some(path) = &args.bundle {
        support_bundle::refuse_taken(path)?;
    }
    let baseline = args.baseline.read("doctor")?;
    let mut report = doctor::report(&context.profile_path);
    let profile = read_profile(context, &mut report);
    let known = profile.clone().unwrap_or_default();
    let unread = match &args.bundle {
        // Before the first line of a conversation is kept.
        Some(_) => support_bundle::learn_all(context, profile.as_ref(), &known.secrets),
        None => Vec::new(),
    };
    let store = context.store(&known);
    context.expect(1);
    let examined = Examination {
        profile: profile.as_ref(),
        places: places(context, store.as_ref().map_or_else(|_| Vec::new(), |store| store.places())),
        store,
        trust: &context.trust,
        proxies: &context.proxies,
        transcript: &context.transcript,
        clock: context.clock,
        deadline: Instant::now() + context.timeout.unwrap_or(USUAL),
        progress: &context.progress,
        env: &environment::text,
    }
    .run(report);
    let mut document = Document::new("doctor");
    document.reports = examined.reports;
    document.warnings = examined.warnings;
    document.next = examined.next;
    if let Some(profile) = &profile {
        document.warnings.extend(profile.apps.values().flat_map(slips::of_app));
        document.warnings.extend(profile.mailboxes.values().flat_map(slips::of_mailbox));
    }
    if let Some(baseline) = baseline {
        baseline.tell(&mut document, |_| false);
    }
    if document.exit_code() == ExitCode::AllPassed && profile.as_ref().is_some_and(|known| !known.mailboxes.is_empty())
    {
        document.next.push("The machine is well. Test the mailboxes: `mailgrant test --all`".into());
    }
    if let Some(path) = &args.bundle {
        let collected = support_bundle::Collected {
            context,
            profile: profile.as_ref(),
            document: &document,
            conversations: &examined.conversations,
            unread: &unread,
            with_tests: args.with_tests,
        };
        let written = support_bundle::write(path, &collected);
        if let Err(error) = written {
            // What was found about the machine is not lost with the bundle.
            document.error = Some(error.finding().clone());
            return Ok(document);
        }
        document.next.push(shown!("Read the bundle, then send it: {}", path).into());
    }
    Ok(document)
}

/// The profile, and a check on it: one that is wrong stops nothing here.
fn read_profile(context: &Context, report: &mut Report) -> Option<Profile> {
    let started = Instant::now();
    let path = &context.profile_path;
    let check = match context.profile() {
        Ok(profile) => {
            let (apps, mailboxes) = (profile.apps.len(), profile.mailboxes.len());
            let detail = shown!("{}, {}", text::count(apps as u64, "app"), text::count(mailboxes as u64, "mailbox"));
            report.checks.push(Check::passed(Stage::Profile, started.elapsed(), detail));
            return Some(profile);
        }
        // It was not asked for by name: there is none yet.
        Err(_) if is_absent(path) && *path == context.folders.default_profile() => {
            let usual = Provider::usual().title;
            Check::skipped(Stage::Profile, shown!("there is none yet; {}'s servers are looked at", usual))
        }
        Err(error) => Check::failed(Stage::Profile, started.elapsed(), wrong(error)),
    };
    report.checks.push(check);
    None
}

fn is_absent(path: &Path) -> bool {
    path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

fn wrong(error: ConfigError) -> Finding {
    Finding::of(FindingCode::PROFILE).case("said").case("doctor").with("what", error).finding()
}

/// The files and folders that a command of ours reads or writes; `stored` are the store's.
fn places(context: &Context, stored: Vec<WatchedPath>) -> Vec<WatchedPath> {
    let profile = &context.profile_path;
    let mut places = vec![WatchedPath::new("profile", profile.clone(), Sensitivity::Settings)];
    if let Some(folder) = profile.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        places.push(WatchedPath::new("profile's folder", folder.to_owned(), Sensitivity::SettingsFolder));
    }
    places.extend(stored);
    places.push(WatchedPath::new("state folder", context.folders.state.clone(), Sensitivity::OwnFolder));
    places.push(WatchedPath::new("folder of locks", context.locks().join("locks"), Sensitivity::OwnFolder));
    places
}
