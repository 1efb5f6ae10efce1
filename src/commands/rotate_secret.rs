//! `rotate-secret`: a new client secret or certificate is proven before it is used, and the old one stays until it is told
//! to go.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;
use jiff::civil::Date;

use crate::arguments::admin::AdminFlags;
use crate::arguments::dry_run::DryRunFlag;
use crate::arguments::secret::SecretFlags;
use crate::arguments::typed;
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::lookup;
use crate::flow::rotation::{
    self, CertificateChange, Force, IssueOptions, Job, Lifetime, Rotation, Wanted, WireProver,
};
use crate::flow::secret_source::SecretSource;
use crate::flow::sign_in::{self, SignInOptions, Way};
use crate::flow::workspace::Workspace;
use crate::profile::{App, CertificateFiles, ClientType, Mailbox, Profile, Reference};
use crate::report::{Document, Finding, FindingCode, Report, WarningCode};
use crate::secrets::RecordKey;
use crate::text::Shown;

/// Replace an app's client secret or certificate, tested before it is used
///
/// The new one is tested with every mailbox of the app.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant rotate-secret shop --expires 2027-05-20   asks for the new secret\n  \
    mailgrant rotate-secret shop --issue                the directory issues it (Microsoft)\n  \
    mailgrant rotate-secret shop --certificate new.pem  of an app that signs with a certificate")]
pub struct Args {
    /// The app's name, or a mailbox's name or address, meaning its app
    #[arg(value_parser = typed::<Reference>())]
    name: Reference,
    #[command(flatten)]
    secret: SecretFlags,
    /// The new certificate, in PEM with its key, of an app that signs with one; the profile names it once it is tested
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "SecretFlags", "expires", "issue", "rollback", "discard_previous",
    ])]
    certificate: Option<PathBuf>,
    /// With --certificate: the file of its key, where that is another one
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key_file: Option<PathBuf>,
    /// The day on which the new secret expires, as in 2027-05-20 or '24 months'
    #[arg(long, value_name = "DATE", value_parser = crate::profile::date::flag)]
    expires: Option<Date>,
    /// Have the provider's directory issue the new secret, and remove the old one there later; of an app with a certificate,
    /// make the next one and hand it to the directory (Microsoft)
    #[arg(long, conflicts_with_all = ["SecretFlags", "expires", "rollback", "discard_previous"])]
    issue: bool,
    #[command(flatten)]
    issuing: IssueFlags,
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
    #[command(flatten)]
    dry_run: DryRunFlag,
}

/// The flags that belong to `--issue`.
#[derive(Debug, ClapArgs)]
struct IssueFlags {
    /// With --issue: how long the new secret lives, in days or until a date [default: 180, and never longer than the
    /// organisation's policy allows]
    #[arg(long, value_name = "DAYS|DATE", requires = "issue", value_parser = typed::<Lifetime>())]
    lifetime: Option<Lifetime>,
    /// With --issue: for how many days the directory keeps the old secret; 0 removes it at once
    #[arg(long, value_name = "DAYS", requires = "issue", default_value_t = 7)]
    keep_old: u16,
    /// With --issue: do nothing unless the secret in use ends within this many days, and half of its life is over
    #[arg(long, value_name = "DAYS", requires = "issue")]
    if_expires_within: Option<u16>,
    #[command(flatten)]
    admin: AdminFlags,
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used, or the new secret cannot be one.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let app = lookup::app(&profile, &args.name)?;
    let change = certificate_change(args, app)?;
    refuse_unfit(args)?;
    // Before any lock is taken: standard input may be slow.
    let authority = args.issuing.admin.authority(context)?;
    let workspace = Workspace::open(context, &profile)?;
    if app.certificate.is_none() {
        workspace.store.check_writable(&RecordKey::App(app.name.clone()))?;
    }
    let apps = rotated_together(&profile, app);
    // A mailbox that is switched off still has tokens to give, so its sign-in must go on with the new secret.
    let mailboxes: Vec<&Mailbox> =
        profile.mailboxes.values().filter(|mailbox| apps.iter().any(|app| app.name == mailbox.app)).collect();
    let prover = WireProver { workspace: &workspace, new: app.rotated(), say: context.say };
    let usual = app.provider.quirks.secret_propagation;
    let rotation = Rotation {
        store: context.store(&profile)?,
        app,
        apps: &apps,
        mailboxes: &mailboxes,
        clock: context.clock,
        // What was in use before is known everywhere.
        propagation: match args.wait_propagation {
            _ if args.rollback => Duration::ZERO,
            Some(seconds) => Duration::from_secs(seconds.into()),
            None => usual,
        },
        test_connections: !args.skip_connection_tests && !args.rollback,
        deadline: context.deadline(),
        prover: &prover,
    };
    let force = if args.force { Force::Yes } else { Force::No };
    let is_dry_run = args.dry_run.is_given;
    if is_dry_run && !args.issue {
        let source = args.secret.source();
        let wanted = match &change {
            Some(change) => Wanted::Certificate(change),
            None if args.rollback => Wanted::RollBack,
            None if args.discard_previous => Wanted::Discard,
            None => Wanted::New(&source, args.expires),
        };
        return rotation::preview(&rotation, wanted, force, context);
    }
    let job = match is_dry_run {
        true => Job::only_looking(&rotation, &profile, context),
        false => Job::begin(&rotation, &profile, context)?,
    };
    let (mut document, is_settled) = if let Some(change) = change {
        rotation::change_certificate(job, &workspace, change)?
    } else if args.rollback {
        (rotation::roll_back(job, force)?, false)
    } else if args.discard_previous {
        (rotation::discard(&job)?, false)
    } else if args.issue {
        let options = IssueOptions {
            authority: &authority,
            lifetime: args.issuing.lifetime.unwrap_or_default(),
            keep_previous: args.issuing.keep_old,
            if_expires_within: args.issuing.if_expires_within,
            is_dry_run,
            force,
        };
        match app.certificate {
            Some(_) => rotation::issue_certificate(job, &options, &workspace)?,
            None => rotation::issue(job, &options, &workspace)?,
        }
    } else {
        rotation::rotate(job, &args.secret.source(), args.expires, force)?
    };
    if args.reauthorize && !is_dry_run {
        reauthorize(args, &workspace, &mailboxes, is_settled, &mut document, context);
    }
    Ok(document)
}

/// What is to become of the certificate of `app`, where it has one.
fn certificate_change(args: &Args, app: &App) -> Result<Option<CertificateChange>, CommandError> {
    let name = &app.name;
    let Some(spec) = &app.certificate else {
        return if args.certificate.is_some() {
            Err(CommandError::usage(
                shown!("App '{}' has no certificate that another one could follow.", name),
                "Leave --certificate out, or write credential = \"certificate\" into the profile first",
            ))
        } else if is_replaced(app) {
            Ok(None)
        } else {
            let is_elsewhere = app.credential.client_type() == ClientType::Confidential;
            Err(Finding::of(FindingCode::NO_SECRET).case_if(is_elsewhere, "elsewhere").with("name", name).into())
        };
    };
    let force = if args.force { Force::Yes } else { Force::No };
    Ok(Some(match &args.certificate {
        _ if args.issue => return Ok(None),
        Some(file) => {
            let (file, key_file) = (file.clone(), args.key_file.clone());
            CertificateChange::New(CertificateFiles { file, key_file, key_id: None })
        }
        None if args.rollback => CertificateChange::RollBack(force),
        None if args.discard_previous => CertificateChange::Discard,
        None => {
            let told = Finding::of(FindingCode::CERTIFICATE_IS_A_FILE).with("name", name);
            return Err(told.with("file", &spec.file).into());
        }
    }))
}

/// The apps that are one registration with `app` and authenticate with the same, in the order of their names, which is the
/// order of their locks.
fn rotated_together<'p>(profile: &'p Profile, app: &App) -> Vec<&'p App> {
    let has_same = |other: &App| match (&app.certificate, &other.certificate) {
        (Some(one), Some(other)) => one.files().are(&other.files()),
        (None, None) => is_replaced(other),
        (Some(_), None) | (None, Some(_)) => false,
    };
    profile.apps.values().filter(|other| has_same(other) && other.is_same_client(app)).collect()
}

/// Whether what `app` authenticates with is in the store, and replaced there from time to time.
fn is_replaced(app: &App) -> bool {
    app.handed_over().is_some()
}

/// Refuses flags that do not go together.
fn refuse_unfit(args: &Args) -> Result<(), CommandError> {
    if args.issuing.admin.is_given() && !args.issue {
        return Err(CommandError::usage(
            "--admin and --admin-token-stdin are about the directory that issues a secret.",
            "Add --issue, or leave them out",
        ));
    }
    if args.no_browser && args.secret.source() == SecretSource::Stdin {
        return Err(CommandError::usage(
            "--secret-stdin and --no-browser both read standard input.",
            "Give the secret with --secret-env VAR or --secret-file FILE",
        ));
    }
    if args.no_browser && args.issuing.admin.reads_stdin() {
        return Err(CommandError::usage(
            "--admin-token-stdin and --no-browser both read standard input.",
            "Take --admin az, or run authorize afterwards instead of --reauthorize",
        ));
    }
    Ok(())
}

/// Signs in again for the app's mailboxes, where the new secret is in use.
fn reauthorize(
    args: &Args,
    workspace: &Workspace<'_>,
    mailboxes: &[&Mailbox],
    is_settled: bool,
    document: &mut Document,
    context: &Context,
) {
    if !is_settled {
        document.warn(WarningCode::ReauthorizeLeftOut, "--reauthorize was left out: the new secret is not in use");
        return;
    }
    let way = if args.no_browser { Way::PastedAddress } else { Way::Browser };
    let hidden_variable = args.secret.source().variable().map(str::to_owned);
    let how = SignInOptions { way, hidden_variable, ..SignInOptions::default() };
    let (on, off): (Vec<&Mailbox>, Vec<&Mailbox>) = mailboxes.iter().partition(|mailbox| mailbox.enabled);
    for mailbox in on {
        let report = reauthorized(workspace, mailbox, &how, context);
        if report.first_finding().is_none() {
            // Its lost sign-in is replaced by this one.
            document.reports.retain(|old| old.subject != report.subject || old.first_finding().is_none());
        }
        document.reports.push(report);
    }
    if !off.is_empty() {
        let off = Shown::join(off.iter().map(|mailbox| &mailbox.name), ", ");
        document.warn(
            WarningCode::ReauthorizeLeftOut,
            shown!("--reauthorize left out what is switched off (enabled = false): {}", off),
        );
    }
}

/// Signs in again; what stops that is a check of this mailbox and not the end of the report.
fn reauthorized(workspace: &Workspace<'_>, mailbox: &Mailbox, how: &SignInOptions, context: &Context) -> Report {
    sign_in::sign_in(workspace, mailbox, how, context)
        .unwrap_or_else(|error| sign_in::stopped(mailbox, &error, context))
}
