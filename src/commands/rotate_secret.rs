//! `rotate-secret`: a new client secret is proven before it is used, and the old one stays until it is told to go.

use std::time::Duration;

use clap::Args as ClapArgs;
use jiff::civil::Date;
use secrecy::SecretString;

use super::authorize::{self, How};
use super::checks::{Outgoing, Tester};
use super::secret_source::SecretSource;
use super::{CommandError, subject};
use crate::config::ProfileDocument;
use crate::context::Context;
use crate::diagnosis::{self, About};
use crate::failure::Failure;
use crate::profile::{App, Credential, Mailbox};
use crate::report::{Check, Document, ExitCode, Report, Stage, Subject};
use crate::rotation::{Answer, Ending, NewSecret, Proof, Prover, Rotation};
use crate::secrets::{LOCK_WAIT, RecordKey, RecordLock, load_app};

/// Replace an app's client secret: prove the new one for every mailbox, then use it; run again to finish what was interrupted
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The app's name, or a mailbox's, meaning its app
    name: String,
    #[command(flatten)]
    secret: SecretSource,
    /// The day on which the new secret expires, as in 2027-05-20
    #[arg(long, value_name = "DATE")]
    expires: Option<Date>,
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
    let tester = Tester::new(context, &profile)?;
    let mailboxes: Vec<&Mailbox> = profile.mailboxes_of(&app.name).collect();
    let prover = Wire { tester: &tester, say: context.say };
    let patience = args.wait_propagation.unwrap_or(if app.provider.is_microsoft() { 120 } else { 0 });
    let rotation = Rotation {
        store: context.store(&profile.secrets)?,
        app,
        mailboxes: &mailboxes,
        clock: context.clock,
        propagation: Duration::from_secs(patience.into()),
        test_connections: !args.skip_connection_tests,
        prover: &prover,
    };
    let lock = RecordLock::acquire(context.locks(), &RecordKey::App(app.name.clone()), LOCK_WAIT)?;
    let mut document = if args.rollback {
        roll_back(&rotation, context)?
    } else if args.discard_previous {
        discard(&rotation)?
    } else {
        rotate(args, &rotation, context)?
    };
    drop(lock);
    if args.reauthorize && document.exit_code() == ExitCode::AllPassed {
        let hidden_variable = args.secret.variable().map(str::to_owned);
        let how = How { no_browser: args.no_browser, allow_other_account: false, hidden_variable };
        for mailbox in mailboxes {
            document.reports.push(authorize::sign_in(&tester, app, mailbox, &how, context)?);
        }
    }
    Ok(document)
}

fn rotate(args: &Args, rotation: &Rotation<'_>, context: &Context) -> Result<Document, CommandError> {
    let record = load_app(rotation.store, &rotation.app.name)?;
    let resumes = !args.secret.is_given() && record.as_ref().is_some_and(Rotation::is_under_way);
    let new = if resumes {
        None
    } else {
        Some(NewSecret { value: args.secret.read(rotation.app, context)?, expires: args.expires })
    };
    let answer = rotation.run(new)?;
    let mut document = Document::new("rotate-secret");
    let mut report = Report::new(Subject::App(rotation.app.name.to_string()));
    report.fact("client_id", rotation.app.client_id.to_string());
    if resumes {
        report.fact("resumed", "the rotation that was begun before");
    }
    match &answer.ending {
        Ending::Activated | Ending::Unchanged => {
            note_expiry(rotation, context)?;
            rotation.settle()?;
            let changed = matches!(answer.ending, Ending::Activated);
            report.fact("client_secret", if changed { "the new one is in use" } else { "it is in use already" });
            report.checks.push(Check::passed(
                Stage::Rotation,
                Duration::ZERO,
                if changed { "activated" } else { "nothing to do" },
            ));
            if !answer.proofs.iter().flatten().any(proven) && changed {
                document.warnings.push(
                    "no mailbox of this app is authorized, so the new secret could not be proven; authorize will show"
                        .to_owned(),
                );
            }
            if changed && args.expires.is_none() && !resumes {
                document.warnings.push(
                    "without --expires nobody can warn before this secret expires; its date stands in the portal"
                        .to_owned(),
                );
            }
            if changed && record.is_some_and(|record| record.active.is_some()) {
                document.next.push(format!("When all is well: mailgrant rotate-secret {} --discard-previous, and remove the old secret in the portal", rotation.app.name));
                document.next.push(format!("If not: mailgrant rotate-secret {} --rollback", rotation.app.name));
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
    if !matches!(answer.ending, Ending::Refused(_) | Ending::Unchanged) {
        document.reports.extend(mailbox_reports(rotation, answer));
    }
    Ok(document)
}

fn proven(proof: &Proof) -> bool {
    matches!(proof, Proof::Accepted | Proof::GrantLost(_))
}

fn unfinished(app: &App) -> crate::report::Finding {
    crate::report::Finding {
        code: "rotation-unfinished",
        cause: "The new client secret could not be proven for every mailbox; the checks below say why.".to_owned(),
        fix: vec![
            format!("Mend that, and go on with: mailgrant rotate-secret {}", app.name),
            format!("If a mailbox was broken before, add --skip-connection-tests"),
            format!("To drop the new secret: mailgrant rotate-secret {} --rollback", app.name),
        ],
        server_said: None,
        confidence: crate::report::Confidence::Certain,
        source: None,
        exit: ExitCode::RotationUnfinished,
    }
}

fn mailbox_reports(rotation: &Rotation<'_>, answer: Answer) -> Vec<Report> {
    let pairs = answer.proofs.into_iter().zip(answer.connections);
    rotation
        .mailboxes
        .iter()
        .zip(pairs)
        .map(|(mailbox, (proof, connections))| {
            let mut report = super::checks::report(mailbox);
            let about = About { app: Some(rotation.app), mailbox: Some(mailbox), protocol: None };
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

/// Writes the active secret's expiry into the profile, where people and `status` look.
fn note_expiry(rotation: &Rotation<'_>, context: &Context) -> Result<(), CommandError> {
    let record = load_app(rotation.store, &rotation.app.name)?;
    let Some(active) = record.and_then(|record| record.active) else { return Ok(()) };
    let mut document = ProfileDocument::open(&context.profile_path)?;
    document.set_secret_expires(&rotation.app.name, active.expires);
    document.save()?;
    Ok(())
}

fn roll_back(rotation: &Rotation<'_>, context: &Context) -> Result<Document, CommandError> {
    let mut document = Document::new("rotate-secret");
    let mut report = Report::new(Subject::App(rotation.app.name.to_string()));
    match rotation.roll_back()? {
        Some(_) => {
            note_expiry(rotation, context)?;
            report.fact("client_secret", "the previous one is in use again");
            report.checks.push(Check::passed(Stage::Rotation, Duration::ZERO, "rolled back"));
        }
        None => {
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
        let tester = self.proving(secret);
        let mut checks = Vec::new();
        if mailbox.incoming.is_some() {
            let mut report = super::checks::report(mailbox);
            tester.incoming(mailbox, 0, &mut report);
            checks.append(&mut report.checks);
        }
        if mailbox.outgoing.is_some() {
            let mut report = super::checks::report(mailbox);
            tester.outgoing(mailbox, &Outgoing { recipient: &mailbox.address, message: None }, &mut report);
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
