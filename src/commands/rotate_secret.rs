//! `rotate-secret`: a new client secret is proven before it is used, and the old one stays until it is told to go.

use std::time::Duration;

use clap::Args as ClapArgs;
use jiff::civil::Date;
use secrecy::SecretString;

use super::authorize::{self, How};
use super::checks::{Side, Tester};
use super::secret_source::SecretSource;
use super::{CommandError, subject};
use crate::config::ProfileDocument;
use crate::context::Context;
use crate::diagnosis::{self, About};
use crate::failure::Failure;
use crate::profile::{App, Credential, Mailbox};
use crate::report::{Check, Document, ExitCode, Report, Stage, Subject};
use crate::rotation::{Answer, Ending, MICROSOFT_PROPAGATION, NewSecret, Proof, Prover, RolledBack, Rotation};
use crate::secrets::{RecordKey, RecordLock};

/// Replace an app's client secret: prove the new one for every mailbox, then use it; run again to finish what was interrupted
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The app's name, or a mailbox's, meaning its app
    name: String,
    #[command(flatten)]
    secret: SecretSource,
    /// The day on which the new secret expires, as in 2027-05-20 or '24 months'
    #[arg(long, value_name = "DATE", value_parser = super::expires::flag)]
    expires: Option<Date>,
    /// Take a new secret that looks like a mistake
    #[arg(long, conflicts_with_all = ["rollback", "discard_previous"])]
    force: bool,
    /// Bring the previous secret back, or drop a new one that is not in use yet
    #[arg(long, conflicts_with_all = ["SecretSource", "expires", "discard_previous", "reauthorize"])]
    rollback: bool,
    /// Forget the previous secret
    #[arg(long, conflicts_with_all = ["SecretSource", "expires", "reauthorize"])]
    discard_previous: bool,
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
    let app = subject::app(&profile, &args.name)?;
    if app.credential == Credential::None {
        return Err(CommandError::new(
            "no-secret",
            ExitCode::Profile,
            format!(
                "App '{}' is a public client (credential = \"none\"): it has no client secret to rotate.",
                app.name
            ),
            vec!["Nothing needs to be done; its sign-ins do not depend on a secret".to_owned()],
        ));
    }
    if args.no_browser && args.secret.reads_stdin() {
        return Err(CommandError::usage(
            "--secret-stdin and --no-browser both read standard input.",
            "Give the secret with --secret-env VAR or --secret-file FILE",
        ));
    }
    let tester = Tester::new(context, &profile)?;
    // A mailbox that is switched off still has tokens to give, so its sign-in must go on with the new secret.
    let mailboxes: Vec<&Mailbox> = profile.mailboxes.values().filter(|mailbox| mailbox.app == app.name).collect();
    let prover = Wire { tester: &tester, say: context.say };
    let usual = if app.provider.is_microsoft() { MICROSOFT_PROPAGATION } else { Duration::ZERO };
    let rotation = Rotation {
        store: context.store(&profile.secrets)?,
        app,
        mailboxes: &mailboxes,
        clock: context.clock,
        propagation: args.wait_propagation.map_or(usual, |seconds| Duration::from_secs(seconds.into())),
        test_connections: !args.skip_connection_tests,
        deadline: context.deadline(),
        prover: &prover,
    };
    let lock = app_lock(&rotation, context)?;
    let (mut document, is_settled) = if args.rollback {
        (roll_back(&rotation, lock, context)?, false)
    } else if args.discard_previous {
        (discard(&rotation)?, false)
    } else {
        rotate(args, &rotation, lock, context)?
    };
    if args.reauthorize && is_settled {
        let hidden_variable = args.secret.variable().map(str::to_owned);
        let how = How { no_browser: args.no_browser, hidden_variable, ..How::default() };
        for mailbox in mailboxes.iter().filter(|mailbox| mailbox.enabled) {
            let report = reauthorized(&tester, app, mailbox, &how, context);
            if report.first_finding().is_none() {
                // Its lost sign-in has just been mended.
                document.reports.retain(|old| old.subject != report.subject || old.first_finding().is_none());
            }
            document.reports.push(report);
        }
    }
    Ok(document)
}

/// Signs in again; what stops that is a check of this mailbox and not the end of the report.
fn reauthorized(tester: &Tester<'_>, app: &App, mailbox: &Mailbox, how: &How, context: &Context) -> Report {
    authorize::sign_in(tester, app, mailbox, how, context).unwrap_or_else(|error| {
        let mut report = super::checks::report(mailbox);
        report.checks.push(Check::failed(Stage::Authorize, Duration::ZERO, error.finding().clone()));
        report
    })
}

/// Rotates, and says whether the secret that was given is the one in use now.
fn rotate(
    args: &Args,
    rotation: &Rotation<'_>,
    lock: RecordLock,
    context: &Context,
) -> Result<(Document, bool), CommandError> {
    let before = rotation.record()?;
    let resumes = !args.secret.is_given() && Rotation::is_under_way(&before);
    let new = if resumes {
        None
    } else {
        Some(NewSecret { value: args.secret.read(rotation.app, context, args.force)?, expires: args.expires })
    };
    let answer = rotation.run(new)?;
    let mut document = Document::new("rotate-secret");
    let mut report = Report::new(Subject::App(rotation.app.name.to_string()));
    report.fact("client_id", rotation.app.client_id.to_string());
    if resumes {
        report.fact("resumed", "the rotation that was begun before");
    }
    let is_settled = matches!(answer.ending, Ending::Activated | Ending::Unchanged);
    match &answer.ending {
        Ending::Activated => {
            report.fact("client_secret", "the new one is in use");
            report.checks.push(Check::passed(Stage::Rotation, Duration::ZERO, "activated"));
            finish(rotation, lock, args, context, &mut document)?;
            if !answer.proofs.iter().flatten().any(proven) {
                document.warnings.push(
                    "no mailbox of this app is authorized, so the new secret could not be proven; authorize will show"
                        .to_owned(),
                );
            }
            if before.active.is_some() {
                let name = &rotation.app.name;
                document.next.push(format!(
                    "When all is well: mailgrant rotate-secret {name} --discard-previous, and remove the old secret in the portal"
                ));
                document.next.push(format!("If not: mailgrant rotate-secret {name} --rollback"));
            }
        }
        Ending::Unchanged => {
            report.fact("client_secret", "it is in use already");
            report.checks.push(Check::passed(Stage::Rotation, Duration::ZERO, "nothing to prove"));
            if resumes || args.expires.is_some() || Rotation::is_under_way(&rotation.record()?) {
                finish(rotation, lock, args, context, &mut document)?;
            }
        }
        Ending::Refused(failure) => {
            report.fact("client_secret", "unchanged; the old one is in use");
            let about = About { app: Some(rotation.app), ..About::default() };
            report.checks.push(Check::failed(Stage::Rotation, Duration::ZERO, diagnosis::finding(failure, about)));
        }
        Ending::Unfinished => {
            report.fact("client_secret", "unchanged; the old one is in use, the new one is kept until it is proven");
            report.checks.push(Check::failed(Stage::Rotation, Duration::ZERO, unfinished(rotation.app)));
        }
    }
    document.reports.push(report);
    if matches!(answer.ending, Ending::Activated | Ending::Unfinished) {
        document.reports.extend(mailbox_reports(rotation, answer));
    }
    Ok((document, is_settled))
}

/// What is left to do once the secret is in use: its date in the profile, and the end of the journal. A profile that
/// cannot be written does not undo the rotation: it is said, and a rerun does it.
fn finish(
    rotation: &Rotation<'_>,
    lock: RecordLock,
    args: &Args,
    context: &Context,
    document: &mut Document,
) -> Result<(), CommandError> {
    match note_expiry(rotation, lock, context) {
        Ok(true) => {}
        Ok(false) if args.expires.is_some() => {}
        Ok(false) => document.warnings.push(
            "without --expires nobody can warn before this secret expires; its date stands in the portal".to_owned(),
        ),
        Err(error) => {
            let cause = &error.finding().cause;
            document.warnings.push(format!("the new secret is in use, but its date could not be noted: {cause}"));
            return Ok(());
        }
    }
    let _lock = app_lock(rotation, context)?;
    Ok(rotation.settle()?)
}

fn app_lock(rotation: &Rotation<'_>, context: &Context) -> Result<RecordLock, CommandError> {
    Ok(RecordLock::acquire(context.locks(), &RecordKey::App(rotation.app.name.clone()), context.lock_wait())?)
}

fn proven(proof: &Proof) -> bool {
    matches!(proof, Proof::Accepted | Proof::GrantLost(_))
}

fn unfinished(app: &App) -> crate::report::Finding {
    let cause = "The new client secret could not be proven for every mailbox; the checks below say why.";
    let mut finding = crate::report::Finding::new("rotation-unfinished", cause, ExitCode::RotationUnfinished);
    finding.fix = vec![
        format!("Mend that, and go on with: mailgrant rotate-secret {}", app.name),
        "If a mailbox was broken before, add --skip-connection-tests, or set enabled = false for it".to_owned(),
        format!("To drop the new secret: mailgrant rotate-secret {} --rollback", app.name),
    ];
    finding
}

fn mailbox_reports(rotation: &Rotation<'_>, answer: Answer) -> Vec<Report> {
    let pairs = answer.proofs.into_iter().zip(answer.connections);
    rotation
        .mailboxes
        .iter()
        .zip(pairs)
        .map(|(mailbox, (proof, connections))| {
            let mut report = super::checks::report(mailbox);
            let about = About { app: Some(rotation.app), mailbox: Some(mailbox), protocol: None, ..About::default() };
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

/// Writes the active secret's expiry into the profile, where people and `status` look; a date of the secret before it
/// goes. Answers whether there is one. The app's lock is let go first: the profile's comes before it in the order.
fn note_expiry(rotation: &Rotation<'_>, lock: RecordLock, context: &Context) -> Result<bool, CommandError> {
    let expires = rotation.record()?.active.and_then(|active| active.expires);
    drop(lock);
    let mut document = ProfileDocument::open_locked(&context.profile_path, context.locks(), context.lock_wait())?;
    document.set_secret_expires(&rotation.app.name, expires);
    document.save()?;
    Ok(expires.is_some())
}

fn roll_back(rotation: &Rotation<'_>, lock: RecordLock, context: &Context) -> Result<Document, CommandError> {
    let mut document = Document::new("rotate-secret");
    let mut report = Report::new(Subject::App(rotation.app.name.to_string()));
    let passed = |detail: &str| Check::passed(Stage::Rotation, Duration::ZERO, detail);
    match rotation.roll_back()? {
        ending @ (RolledBack::Restored | RolledBack::Already) => {
            report.fact("client_secret", "the previous one is in use again");
            report.checks.push(passed(if ending == RolledBack::Restored {
                "rolled back"
            } else {
                "rolled back already"
            }));
            if let Err(error) = note_expiry(rotation, lock, context) {
                let cause = &error.finding().cause;
                document.warnings.push(format!("the date of its expiry could not be noted: {cause}"));
            }
        }
        RolledBack::Dropped => {
            report.fact("client_secret", "unchanged; the new one that was not in use yet is forgotten");
            report.checks.push(passed("the rotation was given up"));
        }
        RolledBack::Nothing => {
            report
                .checks
                .push(Check::skipped(Stage::Rotation, "there is no previous client secret; nothing was changed"));
        }
    }
    document.reports.push(report);
    Ok(document)
}

fn discard(rotation: &Rotation<'_>) -> Result<Document, CommandError> {
    let mut document = Document::new("rotate-secret");
    let mut report = Report::new(Subject::App(rotation.app.name.to_string()));
    if rotation.discard_previous()? {
        report.checks.push(Check::passed(Stage::Rotation, Duration::ZERO, "the previous client secret is forgotten"));
        document.next.push("Remove it in the portal too".to_owned());
    } else {
        report.checks.push(Check::skipped(Stage::Rotation, "there is no previous client secret; nothing was changed"));
    }
    document.reports.push(report);
    Ok(document)
}

/// Proves over the wire.
struct Wire<'a> {
    tester: &'a Tester<'a>,
    say: fn(&str),
}

impl<'a> Wire<'a> {
    fn proving(&self, secret: &SecretString) -> Tester<'a> {
        let mut tester = self.tester.clone();
        tester.proving = Some(secret.clone());
        tester
    }
}

impl Prover for Wire<'_> {
    fn redeem(&self, mailbox: &Mailbox, secret: &SecretString) -> Result<(), Failure> {
        let tester = self.proving(secret);
        let http = tester.http(tester.app_of(mailbox));
        tester.session(mailbox, &http).refreshed_token().map(|_| ())
    }

    fn connect(&self, mailbox: &Mailbox, secret: &SecretString) -> Vec<Check> {
        if !mailbox.enabled {
            return Vec::new();
        }
        let tester = self.proving(secret);
        let mut checks = Vec::new();
        if mailbox.incoming.is_some() {
            let mut report = super::checks::report(mailbox);
            tester.side(mailbox, &Side::Incoming { latest: 0 }, &mut report);
            checks.append(&mut report.checks);
        }
        if mailbox.outgoing.is_some() {
            let mut report = super::checks::report(mailbox);
            tester.side(mailbox, &Side::outgoing_of(mailbox), &mut report);
            checks.append(&mut report.checks);
        }
        checks
    }

    fn wait(&self, pause: Duration, said: &Failure) {
        let words = said.server_said.as_deref().unwrap_or("refused");
        (self.say)(&format!(
            "The new secret is not accepted ({words}). The provider's servers may need up to two minutes to know it; \
             trying again in {} seconds. Ctrl-C loses nothing.",
            pause.as_secs()
        ));
        std::thread::sleep(pause);
    }
}
