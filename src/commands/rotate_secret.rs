//! `rotate-secret`: a new client secret is proven before it is used, and the old one stays until it is told to go.

mod back;
mod job;
mod wire;

use std::time::Duration;

use clap::Args as ClapArgs;
use jiff::civil::Date;

use self::job::{Job, app_locks, report};
use self::wire::Wire;
use crate::arguments::secret::SecretFlags;
use crate::context::Context;
use crate::diagnosis::{self, FailureContext};
use crate::error::CommandError;
use crate::failure::Failure;
use crate::flow::lookup;
use crate::flow::rotation::{Ending, Force, NewSecret, Proof, ProofResult, Rotation, RotationRequest, Standing};
use crate::flow::secret_source::SecretSource;
use crate::flow::sign_in::{self, SignInOptions, Way};
use crate::flow::workspace::Workspace;
use crate::profile::{App, Credential, Mailbox};
use crate::report::{Check, Document, Finding, FindingCode, Report, Stage};
use crate::secrets::load_app;

/// Replace an app's client secret: prove the new one for every mailbox, then use it; run again to finish what was interrupted
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The app's name, or a mailbox's, meaning its app
    name: String,
    #[command(flatten)]
    secret: SecretFlags,
    /// The day on which the new secret expires, as in 2027-05-20 or '24 months'
    #[arg(long, value_name = "DATE", value_parser = crate::profile::date::flag)]
    expires: Option<Date>,
    /// Bring the previous secret back, or drop a new one that is not in use yet
    #[arg(long, conflicts_with_all = [
        "SecretFlags", "expires", "discard_previous", "reauthorize", "wait_propagation", "skip_connection_tests",
    ])]
    rollback: bool,
    /// Forget the previous secret
    #[arg(long, conflicts_with_all = [
        "SecretFlags", "expires", "reauthorize", "wait_propagation", "skip_connection_tests",
    ])]
    discard_previous: bool,
    /// Take a new secret that looks like a mistake, or replace one of another client ID; with --rollback, bring the
    /// previous one back although it has expired or the provider refuses it
    #[arg(long, conflicts_with = "discard_previous")]
    force: bool,
    /// Sign in again for every mailbox of the app afterwards
    #[arg(long)]
    reauthorize: bool,
    /// With --reauthorize: open no browser, take the address that it ends on from standard input
    #[arg(long, requires = "reauthorize")]
    no_browser: bool,
    /// How long a new secret may be refused because not every server of the provider knows it yet
    /// [default: 120 at Microsoft, 0 elsewhere]
    #[arg(long, value_name = "SECONDS")]
    wait_propagation: Option<u16>,
    /// Do not test the mailboxes' connections before the new secret is used
    #[arg(long)]
    skip_connection_tests: bool,
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used, or the new secret cannot be one.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let app = lookup::app(&profile, &args.name)?;
    if app.credential == Credential::None {
        return Err(Finding::of(FindingCode::NO_SECRET).with("name", &app.name).into());
    }
    if args.no_browser && args.secret.source() == SecretSource::Stdin {
        return Err(CommandError::usage(
            "--secret-stdin and --no-browser both read standard input.",
            "Give the secret with --secret-env VAR or --secret-file FILE",
        ));
    }
    context.trust.begin(app.ca_file.as_deref());
    let workspace = Workspace::open(context, &profile)?;
    // In the order of their names, which is the order of their locks.
    let apps: Vec<&App> = profile
        .apps
        .values()
        .filter(|other| other.credential == Credential::Secret && other.is_same_client(app))
        .collect();
    // A mailbox that is switched off still has tokens to give, so its sign-in must go on with the new secret.
    let mailboxes: Vec<&Mailbox> =
        profile.mailboxes.values().filter(|mailbox| apps.iter().any(|app| app.name == mailbox.app)).collect();
    let prover = Wire { workspace: &workspace, say: context.say };
    let usual = app.provider.quirks.secret_propagation;
    let rotation = Rotation {
        store: context.store(&profile.secrets)?,
        app,
        apps: &apps,
        mailboxes: &mailboxes,
        clock: context.clock,
        propagation: args.wait_propagation.map_or(usual, |seconds| Duration::from_secs(seconds.into())),
        test_connections: !args.skip_connection_tests,
        deadline: context.deadline(),
        prover: &prover,
    };
    let force = if args.force { Force::Yes } else { Force::No };
    let job = Job { rotation: &rotation, profile: &profile, context, locks: app_locks(&rotation, context)? };
    let (mut document, is_settled) = if args.rollback {
        (back::roll_back(job, force)?, false)
    } else if args.discard_previous {
        (back::discard(&job)?, false)
    } else {
        refuse_foreign(&rotation, force)?;
        rotate(args, job)?
    };
    if args.reauthorize && is_settled {
        let way = if args.no_browser { Way::PastedAddress } else { Way::Browser };
        let hidden_variable = args.secret.source().variable().map(str::to_owned);
        let how = SignInOptions { way, hidden_variable, ..SignInOptions::default() };
        for mailbox in mailboxes.iter().filter(|mailbox| mailbox.enabled) {
            let report = reauthorized(&workspace, mailbox, &how, context);
            if report.first_finding().is_none() {
                // Its lost sign-in is replaced by this one.
                document.reports.retain(|old| old.subject != report.subject || old.first_finding().is_none());
            }
            document.reports.push(report);
        }
    }
    if args.reauthorize {
        let off: Vec<&str> =
            mailboxes.iter().filter(|mailbox| !mailbox.enabled).map(|mailbox| mailbox.name.as_str()).collect();
        if !is_settled {
            document.warnings.push("--reauthorize was left out: the new secret is not in use".to_owned());
        } else if !off.is_empty() {
            let off = off.join(", ");
            document.warnings.push(format!("--reauthorize left out what is switched off (enabled = false): {off}"));
        }
    }
    Ok(document)
}

/// Signs in again; what stops that is a check of this mailbox and not the end of the report.
fn reauthorized(workspace: &Workspace<'_>, mailbox: &Mailbox, how: &SignInOptions, context: &Context) -> Report {
    sign_in::sign_in(workspace, mailbox, how, context).unwrap_or_else(|error| {
        let mut report = Report::of_mailbox(mailbox);
        report.checks.push(Check::failed(Stage::Authorize, Duration::ZERO, error.finding().clone()));
        report
    })
}

/// Records are found by name alone, and another profile may have left one of this name for another client.
fn refuse_foreign(rotation: &Rotation<'_>, force: Force) -> Result<(), CommandError> {
    for app in rotation.apps {
        let foreign = load_app(rotation.store, &app.name)?
            .filter(|record| !record.is_of(app) && record.secrets().next().is_some());
        if let Some(record) = foreign.filter(|_| force == Force::No) {
            let named = &rotation.app.name;
            let other = match &record.registrar {
                Some(registrar) if record.client_id == app.client_id => format!("this client ID at {registrar}"),
                _ => format!("another client ID ({})", record.client_id),
            };
            return Err(Finding::of(FindingCode::SECRET_OF_ANOTHER)
                .case("rotated")
                .with("store", rotation.store.describe())
                .with("name", &app.name)
                .with("other", other)
                .with("named", named)
                .into());
        }
    }
    Ok(())
}

/// Rotates, and says whether the secret that was given is the one in use now.
fn rotate(args: &Args, mut job: Job<'_>) -> Result<(Document, bool), CommandError> {
    let rotation = job.rotation;
    let had_secret = rotation.records()?.iter().any(|record| record.active.is_some());
    let mut document = Document::new("rotate-secret");
    let standing = rotation.standing()?;
    let source = args.secret.source();
    let resumes = !source.is_given() && matches!(standing, Standing::Pending | Standing::Activated { recently: true });
    if let Standing::Activated { recently: false } = standing {
        // Nothing of that rotation is left to prove, and what was given now is about the next one.
        rotation.settle()?;
    }
    let wish = if resumes {
        RotationRequest::Finish { expires: args.expires }
    } else {
        RotationRequest::New(NewSecret {
            value: source.read(rotation.app, job.context, args.force)?,
            expires: args.expires,
        })
    };
    let answer = rotation.run(wish)?;
    let mut report = report(rotation);
    report.fact("client_id", rotation.app.client_id.to_string());
    if resumes {
        report.fact("resumed", "the rotation that was begun before");
    }
    let is_settled = matches!(answer.ending, Ending::Activated | Ending::Unchanged);
    match &answer.ending {
        Ending::Activated => {
            report.fact("client_secret", "the new one is in use");
            report.checks.push(Check::passed(Stage::Rotation, Duration::ZERO, "activated"));
            job.finish(&mut document)?;
            if !answer.proofs.iter().flatten().any(proven) {
                document.warnings.push(
                    "no mailbox of this app is authorized, so the new secret could not be proven; authorize will show"
                        .to_owned(),
                );
            }
            if had_secret {
                job.advise(&mut document)?;
            }
        }
        Ending::Unchanged => {
            report.fact("client_secret", "it is in use already");
            report.checks.push(Check::passed(Stage::Rotation, Duration::ZERO, "nothing to prove"));
            if resumes || args.expires.is_some() || rotation.standing()? != Standing::Idle {
                job.finish(&mut document)?;
            }
        }
        Ending::Refused(failure) => {
            report.fact("client_secret", "unchanged; the old one is in use");
            let about = FailureContext::of_app(rotation.app);
            report.checks.push(Check::failed(Stage::Rotation, Duration::ZERO, diagnosis::finding(failure, about)));
        }
        Ending::Unfinished => {
            report.fact("client_secret", "unchanged; the old one is in use, the new one is kept until it is proven");
            report.checks.push(Check::failed(Stage::Rotation, Duration::ZERO, unfinished(rotation.app)));
        }
    }
    document.reports.push(report);
    if matches!(answer.ending, Ending::Activated | Ending::Unfinished) {
        document.reports.extend(mailbox_reports(&job, answer));
    }
    Ok((document, is_settled))
}

fn proven(proof: &Proof) -> bool {
    matches!(proof, Proof::Accepted | Proof::GrantLost(_))
}

fn unfinished(app: &App) -> Finding {
    Finding::of(FindingCode::ROTATION_UNFINISHED).with("name", &app.name).finding()
}

fn mailbox_reports(job: &Job<'_>, answer: ProofResult) -> Vec<Report> {
    let pairs = answer.proofs.into_iter().zip(answer.connections);
    job.rotation
        .mailboxes
        .iter()
        .zip(pairs)
        .map(|(mailbox, (proof, connections))| {
            let mut report = Report::of_mailbox(mailbox);
            let about = FailureContext {
                app: Some(job.profile.app_of(mailbox)),
                mailbox: Some(mailbox),
                ..FailureContext::default()
            };
            let failed =
                |failure: &Failure| Check::failed(Stage::Token, Duration::ZERO, diagnosis::finding(failure, about));
            report.checks.push(match &proof {
                None => Check::skipped(Stage::Token, "not reached"),
                Some(Proof::Accepted) => Check::passed(Stage::Token, Duration::ZERO, "the new secret is good"),
                Some(Proof::NotAuthorized(_)) => {
                    Check::skipped(Stage::Token, "not authorized, nothing to prove the secret with")
                }
                Some(Proof::GrantLost(failure) | Proof::Unknown(failure) | Proof::Refused(failure)) => failed(failure),
            });
            report.checks.extend(connections);
            report
        })
        .collect()
}
