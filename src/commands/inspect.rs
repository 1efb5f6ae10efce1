//! `inspect`: what a mailbox's access token says of itself, and what is wrong with it. Never the token.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clap::Args as ClapArgs;
use jiff::Timestamp;

use crate::arguments::fleet::Fleet;
use crate::arguments::typed;
use crate::arguments::unlisted::{Subjects, Unlisted};
use crate::clock::in_words;
use crate::context::Context;
use crate::diagnosis::preflight::TokenClaims;
use crate::diagnosis::{self, FailureContext};
use crate::error::CommandError;
use crate::failure::StoreFault;
use crate::flow::check;
use crate::flow::explain;
use crate::flow::gather::gather;
use crate::flow::given::Given;
use crate::flow::lookup;
use crate::flow::plan::Plan;
use crate::flow::preflight::{Acceptance, Inspection};
use crate::flow::session::{AccessToken, TokenSource};
use crate::flow::workspace::Workspace;
use crate::profile::{App, Mailbox, Profile, Reference, missing_scopes};
use crate::report::{Check, Document, Finding, FindingCode, Report, Stage};
use crate::secrets::{AppRecord, MailboxRecord, load_app};
use crate::text::{Redactor, Shown};

/// Show what an access token says, and what is wrong with it
///
/// For whom it is, for what, and until when; never the token.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant inspect shop\n  \
    mailgrant inspect --all --offline   the tokens in the store, without the network\n  \
    mailgrant inspect --address shop@contoso.com --provider google --token-stdin   without a profile")]
pub struct Args {
    /// The mailboxes' names or addresses
    #[arg(required_unless_present_any = ["all", "address", "provider", "token_stdin", "token_env"],
          conflicts_with = "all", value_name = "NAME", value_parser = typed::<Reference>())]
    names: Vec<Reference>,
    /// Look at the token of every enabled mailbox
    #[arg(long)]
    all: bool,
    /// Look at the token in the store, even if it has expired, and touch no network
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    fleet: Fleet,
    #[command(flatten)]
    unlisted: Unlisted,
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let is_named = args.all || !args.names.is_empty();
    let Subjects { profile, given } = args.unlisted.subjects(is_named, context)?;
    let mut document = Document::new("inspect");
    if is_named {
        args.inspect(&profile, context, &mut document)?;
    }
    if let Some(given) = &given {
        let workspace = Workspace::open(context, &profile)?;
        for mailbox in profile.mailboxes.values() {
            document.reports.push(of_token(mailbox, given, &workspace)?);
        }
    }
    Ok(document)
}

impl Args {
    /// The tokens of mailboxes of the profile, several at once.
    fn inspect(&self, profile: &Profile, context: &Context, document: &mut Document) -> Result<(), CommandError> {
        let mut mailboxes = lookup::mailboxes(profile, &self.names, self.all)?;
        if mailboxes.is_empty() {
            return Err(Finding::of(FindingCode::NOTHING_TO_CHECK).into());
        }
        self.fleet.share(self.all, &mut mailboxes, &mut Vec::new())?.tell(document, None);
        let fault = Mutex::new(None);
        check::each(context, profile, &mailboxes, self.fleet.limits(), document, |workspace, mailbox| {
            of_profile(mailbox, self.offline, workspace).unwrap_or_else(|unreadable| {
                fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(unreadable);
                Report::of_mailbox(mailbox)
            })
        })?;
        let fault = fault.into_inner().unwrap_or_else(PoisonError::into_inner);
        fault.map_or(Ok(()), |fault| Err(fault.into()))
    }
}

/// The token that was handed over.
fn of_token(mailbox: &Mailbox, given: &Given, workspace: &Workspace<'_>) -> Result<Report, CommandError> {
    let access = given.access(workspace.clock.now()).ok_or_else(|| {
        CommandError::usage("There is no access token to look at.", "Give --token-stdin or --token-env VAR")
    })?;
    let mut report = Report::of_mailbox(mailbox);
    let first = report.facts.len();
    describe(&mut report, first, &access, mailbox, workspace);
    Ok(report)
}

/// The token of a mailbox of the profile.
fn of_profile(mailbox: &Mailbox, is_offline: bool, workspace: &Workspace<'_>) -> Result<Report, StoreFault> {
    let app = workspace.app_of(mailbox);
    let session = workspace.session(mailbox);
    let about = FailureContext::of_mailbox(app, mailbox);
    // The issuer of the token has seen the client secret too, and may have written it into a claim.
    let record = load_app(workspace.store, &app.name)?;
    record.iter().flat_map(AppRecord::secrets).for_each(|secret| workspace.transcript.redactor().learn(secret));
    let mut report = Report::of_mailbox(mailbox);
    let mut is_explained = false;
    if !is_offline {
        let seen = gather(workspace, &Plan::of(mailbox, []));
        is_explained = seen.tokens.iter().all(|fetched| fetched.token().is_none());
        report.checks.extend(explain::tokens(&seen));
    }
    if !is_explained && let Err(failure) = session.grant() {
        report.checks.push(Check::failed(Stage::Token, Duration::ZERO, diagnosis::finding(&failure, about)));
    }
    if let Ok(grant) = session.stored_grant() {
        inspect(&mut report, workspace, &grant, mailbox);
    }
    Ok(report)
}

/// What the store holds.
fn inspect(report: &mut Report, workspace: &Workspace<'_>, grant: &MailboxRecord, mailbox: &Mailbox) {
    let app = workspace.app_of(mailbox);
    let now = workspace.clock.now();
    let facts = report.facts.len();
    describe_grant(report, grant, app, mailbox, now);
    let audience = workspace.session(mailbox).audience();
    let Some(access) = AccessToken::of(grant, audience.as_deref(), TokenSource::Store) else {
        report.checks.push(Check::skipped(Stage::Preflight, "the store holds no access token yet"));
        return;
    };
    describe(report, facts, &access, mailbox, workspace);
}

/// A token, and what is wrong with it. The facts from number `first` on are made of servers' words.
fn describe(report: &mut Report, first: usize, access: &AccessToken, mailbox: &Mailbox, workspace: &Workspace<'_>) {
    let app = workspace.app_of(mailbox);
    let (now, redactor) = (workspace.clock.now(), workspace.transcript.redactor());
    report.fact("access_token", explain::until(access, now).unwrap_or_else(|| "it does not say until when".into()));
    let inspection = Inspection::of(access, workspace, mailbox, mailbox.protocols());
    match &inspection.preflight.claims {
        Some(claims) => describe_token(report, claims, app, now),
        None => report.fact("form", "opaque: only its server can read it"),
    }
    // The words of servers, all of them.
    for fact in &mut report.facts[first..] {
        fact.value = redactor.clean(&fact.value);
    }
    report.checks.extend(inspection.checks(|_| Acceptance::NotTried, FailureContext::of_mailbox(app, mailbox)));
}

/// What the sign-in and the refreshes left.
fn describe_grant(report: &mut Report, grant: &MailboxRecord, app: &App, mailbox: &Mailbox, now: Timestamp) {
    if let Some(identity) = &grant.identity {
        report.fact("signed_in_as", Redactor::by_shape(&identity.label));
    }
    if let Some(since) = grant.since() {
        report.fact("authorized", when(since.as_second(), now));
    }
    let refreshed = grant.refreshed.map_or_else(|| "never".into(), |time| when(time.as_second(), now));
    report.fact("refreshed", refreshed);
    let granted = grant.granted();
    report.fact("scopes_asked", Redactor::by_shape(&grant.asked.join(" ")));
    report.fact("scopes_granted", Redactor::by_shape(&granted.join(" ")));
    let wanted = app.scopes.for_channels(mailbox.channels());
    let missing = missing_scopes(&wanted, &granted);
    if !missing.is_empty() {
        report.fact("scopes_missing", Shown::join(missing, " "));
    }
}

/// What the token says. Of claims that explain nothing only the names are shown: a value may be good for something.
fn describe_token(report: &mut Report, claims: &TokenClaims, app: &App, now: Timestamp) {
    report.fact("form", "JWT; whether its signature is good is for the mail server to check");
    let mut texts = |name: &'static str, values: &[String]| {
        if !values.is_empty() {
            report.fact(name, Redactor::by_shape(&values.join(" ")));
        }
    };
    texts("issuer", claims.issuer.as_slice());
    texts("audience", &claims.audience);
    texts("tenant", claims.tenant.as_slice());
    let is_ours = claims.client.as_deref() == Some(app.client_id.as_str());
    let whose = if is_ours { "" } else { " (not this app)" };
    texts("client", claims.client.as_ref().map(|client| format!("{client}{whose}")).as_slice());
    texts("scopes", &claims.scopes);
    texts("roles", &claims.roles);
    let app_alone = claims.is_app_only.then(|| "none: the token is the app's own".to_owned());
    texts("user", if claims.is_app_only { app_alone.as_slice() } else { &claims.names });
    texts("enterprise_application", claims.object.as_ref().filter(|_| claims.is_app_only).cloned().as_slice());
    for (name, time) in [("issued", claims.issued), ("not_before", claims.not_before), ("expires", claims.expires)] {
        texts(name, time.map(|time| when(time, now).to_string()).as_slice());
    }
    texts("version", claims.version.as_slice());
    texts("other_claims", &claims.others);
}

/// "2026-11-22 14:05 UTC (12 minutes ago)"
fn when(seconds: i64, now: Timestamp) -> Shown {
    let date = Timestamp::from_second(seconds).map_or_else(
        |_| shown!("{} seconds after 1970", seconds),
        |time| Shown::of(time.strftime("%Y-%m-%d %H:%M UTC")),
    );
    let difference = seconds.saturating_sub(now.as_second());
    let span = in_words(difference.unsigned_abs());
    if difference > 0 { shown!("{} (in {})", date, span) } else { shown!("{} ({} ago)", date, span) }
}
