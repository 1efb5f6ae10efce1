//! `authorize`: somebody signs in, and the mailbox is authorized, or it is said why not.

use std::time::{Duration, Instant};

use clap::Args as ClapArgs;
use secrecy::{ExposeSecret, SecretString};

use super::checks::{Tester, valid_until};
use super::{CommandError, subject};
use crate::context::{Context, interrupt};
use crate::diagnosis::{self, About};
use crate::failure::{Failure, FailureKind};
use crate::oauth::{
    self, AuthorizationRequest, Callback, Endpoints, FailurePage, HttpClient, Identity, LoopbackListener, PendingPage,
    SuccessPage, identity,
};
use crate::profile::{Address, App, Mailbox, RedirectUri, Scope};
use crate::report::{Check, Confidence, Document, ExitCode, Finding, Report, Stage};
use crate::secrets::{Grant, GrantIdentity, load_grant};
use crate::session::{self, Session};

/// How long somebody may take at the sign-in page. Entra's own page gives up after about ten minutes.
const PATIENCE: Duration = Duration::from_secs(300);
/// What is said while the browser shows an error of its own (SECURITY.md L7).
const HTTPS_INSTEAD: &str = "The browser opened the redirect address with https instead of http: switch off its HTTPS-only mode \
                             for localhost, then load that page again with http:// in front.";

/// Sign in as the mailbox's user in a browser, and keep the grant
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The mailbox's name
    name: String,
    #[command(flatten)]
    how: How,
}

/// How somebody signs in.
#[derive(Debug, Default, ClapArgs)]
pub struct How {
    /// Open no browser and no listener: show the address, and take the one that the browser ends on from standard input
    #[arg(long)]
    pub no_browser: bool,
    /// Accept another account than the mailbox's own (an alias, a renamed user)
    #[arg(long)]
    pub allow_other_account: bool,
    /// The environment variable that holds a secret, which the browser must not inherit
    #[arg(skip)]
    pub hidden_variable: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// If the profile, the store or the sign-in server cannot be used.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let mailbox = subject::mailbox(&profile, &args.name)?;
    // Opened before anybody signs in: a sign-in that cannot be kept helps nobody.
    let tester = Tester::new(context, &profile)?;
    let mut document = Document::new("authorize");
    let report = sign_in(&tester, profile.app_of(mailbox), mailbox, &args.how, context)?;
    let passed = report.first_finding().is_none();
    document.reports.push(report);
    if passed {
        if mailbox.incoming.is_some() {
            document.next.push(format!("mailgrant test-mailbox {}", mailbox.name));
        }
        if mailbox.outgoing.is_some() {
            document.next.push(format!("mailgrant test-smtp {}", mailbox.name));
        }
    }
    Ok(document)
}

/// Signs `mailbox` in and reports on it.
pub(super) fn sign_in(
    tester: &Tester<'_>,
    app: &App,
    mailbox: &Mailbox,
    how: &How,
    context: &Context,
) -> Result<Report, CommandError> {
    let about = About { app: Some(app), mailbox: Some(mailbox), protocol: None };
    let explained = |failure: Failure| CommandError::explained(&failure, about);
    // --timeout bounds the search for the endpoints, and then the person's time; a code that comes at the last moment
    // must still be redeemed.
    let bounded = tester.http(app);
    let mut tester = tester.clone();
    tester.deadline = None;
    let http = tester.http(app);
    let session = tester.session(mailbox, &http);
    let secret = session.client_secret().map_err(explained)?;
    let before = load_grant(session.store, &mailbox.name)?;

    let mut report = super::checks::report(mailbox);
    let started = Instant::now();
    let endpoints = oauth::endpoints(&bounded, app).map_err(explained)?;
    let asked = app.scopes.for_protocols(mailbox.protocols());
    let is_first = before.as_ref().is_none_or(|grant| grant.binding != session.binding());
    let begin = |redirect: &RedirectUri| {
        AuthorizationRequest::begin(app, &endpoints, redirect, &asked, mailbox.signs_in_as(), is_first)
    };
    let (request, callback, mut page) = if how.no_browser || !app.redirect_uri.is_loopback() {
        let request = begin(&app.redirect_uri);
        let callback = pasted(&request, app, mailbox, context);
        (request, callback, None)
    } else {
        let say = context.say;
        let listener = LoopbackListener::bind(&app.redirect_uri, context.transcript.clone())
            .map_err(explained)?
            .on_tls(move || say(HTTPS_INSTEAD));
        let request = begin(listener.redirect_uri());
        announce(&request, mailbox, context);
        let deadline = Instant::now() + context.timeout.unwrap_or(PATIENCE);
        if context.opens_browser {
            let (open, say, url) = (context.browser, context.say, request.url().clone());
            let hide = how.hidden_variable.clone();
            // Starting a browser takes a while, and nobody needs to wait for it: a fast one is back before that.
            std::thread::spawn(move || {
                if let Err(reason) = open(&url, &hide.iter().map(String::as_str).collect::<Vec<_>>()) {
                    say(&format!("No browser could be opened ({reason}): open the address above yourself."));
                }
            });
        }
        let cancelled = interrupt::catch();
        match listener.wait(&request, deadline, cancelled.flag()) {
            Ok((callback, page)) => (request, Ok(callback), Some(page)),
            Err(_) if cancelled.is_set() => return Err(CommandError::cancelled()),
            Err(failed) => (request, Err(failed.failure), Some(failed.page)),
        }
    };
    let attempt = Attempt { app, mailbox, session: &session, http: &http, endpoints: &endpoints, asked: &asked, how };
    let outcome = callback.and_then(|callback| {
        report.checks.push(Check::passed(Stage::Authorize, started.elapsed(), "the browser came back with a code"));
        attempt.finish(&request, callback, secret.as_ref(), before.as_ref(), &mut report, context)
    });
    match outcome {
        Ok((grant, missing)) => {
            describe(&mut report, &grant, context);
            if let Some(page) = page.take() {
                page.succeed(&SuccessPage {
                    mailbox: mailbox.name.to_string(),
                    address: mailbox.address.to_string(),
                    signed_in_as: grant.identity.map_or_else(|| "unknown".to_owned(), |identity| identity.label),
                });
            }
            if !missing.is_empty() {
                report.checks.push(Check::failed(Stage::Token, Duration::ZERO, scopes_missing(&missing, app, mailbox)));
            }
        }
        Err(failure) => {
            let finding = diagnosis::finding(&failure, about);
            answer_browser(page.take(), &finding);
            report.checks.push(Check::failed(stage_of(&failure), started.elapsed(), finding));
        }
    }
    Ok(report)
}

/// What stays the same during one sign-in.
struct Attempt<'a> {
    app: &'a App,
    mailbox: &'a Mailbox,
    session: &'a Session<'a>,
    http: &'a HttpClient,
    endpoints: &'a Endpoints,
    asked: &'a [Scope],
    how: &'a How,
}

impl Attempt<'_> {
    /// From the code to the stored grant, and the scopes that were not granted.
    fn finish(
        &self,
        request: &AuthorizationRequest,
        callback: Callback,
        secret: Option<&SecretString>,
        before: Option<&Grant>,
        report: &mut Report,
        context: &Context,
    ) -> Result<(Grant, Vec<Scope>), Failure> {
        let held = self.session.lock()?;
        let started = Instant::now();
        let answer = oauth::exchange_code(self.http, self.app, self.endpoints, request, callback.code, secret)?;
        let detail = match &answer.refresh_token {
            Some(_) => "access and refresh token received",
            None => return Err(FailureKind::NoRefreshToken.into()),
        };
        report.checks.push(Check::passed(Stage::Token, started.elapsed(), detail));
        let identity = match &answer.id_token {
            Some(id_token) => Some(identity::verify(self.app, id_token, request.nonce(), context.clock.now())?),
            None => None,
        };
        report.checks.push(match &identity {
            Some(identity) => {
                self.compare(identity, before)?;
                if identity.names.is_empty() {
                    let why = "the provider gives no name or address of who signed in; a test will show it";
                    Check::skipped(Stage::Identity, why)
                } else {
                    Check::passed(Stage::Identity, Duration::ZERO, format!("{} signed in", identity.label()))
                }
            }
            None if before.is_some_and(|grant| grant.identity.is_some() && grant.binding == self.session.binding()) => {
                // Whoever leaves the name out must not get past the comparison with the first sign-in.
                return Err(FailureKind::IdToken { what: "it is missing, and the last sign-in had one".into() }.into());
            }
            None => Check::skipped(Stage::Identity, "the provider does not say who signed in; a test will show it"),
        });
        let granted = answer.scopes.clone();
        let grant = self.session.establish(&held, &self.endpoints.token, answer, identity.as_ref(), self.asked)?;
        let missing = granted.map_or_else(Vec::new, |granted| session::missing_scopes(self.asked, &granted));
        Ok((grant, missing))
    }

    /// The most common mistake of all: somebody else signed in (SECURITY.md I2).
    fn compare(&self, identity: &Identity, before: Option<&Grant>) -> Result<(), Failure> {
        if self.how.allow_other_account {
            return Ok(());
        }
        let known =
            before.and_then(|grant| grant.identity.as_ref().filter(|_| grant.binding == self.session.binding()));
        refuse_others(identity, known, self.mailbox.signs_in_as())
    }
}

/// Refuses whoever is neither the one that `known` was nor named as `expected`.
fn refuse_others(identity: &Identity, known: Option<&GrantIdentity>, expected: &Address) -> Result<(), Failure> {
    let name = |label: &str, subject: &str| format!("{label}, subject {subject}");
    let is_known = |known: &GrantIdentity| {
        known.issuer == identity.issuer && known.subject == identity.subject && known.tenant == identity.tenant
    };
    match known {
        // Whoever was accepted before, under whatever name, is the right one.
        Some(known) if is_known(known) => Ok(()),
        // Without any name there is nothing to compare; the mailbox opening is the proof.
        _ if !identity.names.is_empty() && !identity.is(expected) => {
            Err(FailureKind::OtherAccount { signed_in: identity.label().to_owned(), expected: expected.to_string() }
                .into())
        }
        Some(known) => Err(FailureKind::OtherSubject {
            recorded: name(&known.label, &known.subject),
            signed_in: name(identity.label(), &identity.subject),
        }
        .into()),
        None => Ok(()),
    }
}

fn announce(request: &AuthorizationRequest, mailbox: &Mailbox, context: &Context) {
    let say = |line: &str| context.prompter.say(line);
    say(&format!("Sign in as {} at:", mailbox.signs_in_as()));
    say(&format!("  {}", request.url()));
}

/// Shows the address and takes the one that the browser ends on.
fn pasted(
    request: &AuthorizationRequest,
    app: &App,
    mailbox: &Mailbox,
    context: &Context,
) -> Result<Callback, Failure> {
    announce(request, mailbox, context);
    context.prompter.say(&format!(
        "The browser will end on an address that begins with {}; the page itself may not load.\nPaste that address here:",
        app.redirect_uri
    ));
    let patience = context.timeout.unwrap_or(PATIENCE);
    let (send, receive) = std::sync::mpsc::channel();
    let read = context.prompter.line_reader();
    std::thread::spawn(move || send.send(read()));
    let line = receive.recv_timeout(patience).map_err(|_| FailureKind::SignInTimedOut { after: patience })?;
    let line = line.map_err(|error| FailureKind::Local {
        what: "Reading the pasted address".to_owned(),
        reason: error.to_string(),
    })?;
    context.transcript.redactor().learn(&line);
    request.parse_pasted(line.expose_secret(), context.transcript.redactor())
}

fn answer_browser(page: Option<PendingPage>, finding: &Finding) {
    let Some(page) = page else { return };
    page.fail(&FailurePage {
        title: "The mailbox is not authorized".to_owned(),
        cause: finding.cause.clone(),
        steps: finding.fix.clone(),
    });
}

fn stage_of(failure: &Failure) -> Stage {
    match failure.kind {
        FailureKind::OtherAccount { .. } | FailureKind::OtherSubject { .. } | FailureKind::IdToken { .. } => {
            Stage::Identity
        }
        FailureKind::Store(_) => Stage::SecretStore,
        FailureKind::SignInTimedOut { .. } | FailureKind::WrongPaste { .. } | FailureKind::OtherIssuer { .. } => {
            Stage::Authorize
        }
        FailureKind::OAuth(ref fault) if fault.status == 0 => Stage::Authorize,
        _ => Stage::Token,
    }
}

fn scopes_missing(missing: &[Scope], app: &App, mailbox: &Mailbox) -> Finding {
    let names: Vec<&str> = missing.iter().map(Scope::as_str).collect();
    Finding {
        code: "scopes-not-granted",
        cause: format!("Not granted: {}. What was granted is stored and works.", names.join(", ")),
        fix: vec![
            format!("Add the permission to app {} in {}", app.client_id, app.provider.preset(app.cloud).portal),
            format!("Run: mailgrant authorize {}, and accept it at the sign-in page", mailbox.name),
        ],
        server_said: None,
        confidence: Confidence::Certain,
        source: Some("RFC 6749 section 5.1"),
        exit: ExitCode::CheckFailed,
    }
}

/// What a grant says, without its tokens.
pub(super) fn describe(report: &mut Report, grant: &Grant, context: &Context) {
    report.fact("status", "authorized");
    if let Some(identity) = &grant.identity {
        report.fact("signed_in_as", identity.label.clone());
        if let Some(tenant) = &identity.tenant {
            report.fact("signed_in_tenant", tenant.clone());
        }
    }
    report.fact("authorized_since", grant.obtained.strftime("%Y-%m-%d %H:%M UTC").to_string());
    report.fact("scopes", grant.scopes.join(" "));
    if let Some(access) = &grant.access {
        report.fact("access_token", valid_until(access.expires, context.clock));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(subject: &str, names: &[&str]) -> Identity {
        Identity {
            issuer: "https://id.example".into(),
            subject: subject.into(),
            tenant: None,
            names: names.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    fn recorded(subject: &str) -> GrantIdentity {
        GrantIdentity {
            issuer: "https://id.example".into(),
            subject: subject.into(),
            tenant: None,
            label: "shop@contoso.com".into(),
        }
    }

    #[test]
    fn who_signed_in_is_held_against_the_address_and_the_first_sign_in() {
        let expected: Address = "shop@contoso.com".parse().unwrap();
        let judged = |identity: &Identity, known: Option<GrantIdentity>| {
            refuse_others(identity, known.as_ref(), &expected).map_err(|failure| failure.kind)
        };
        let shop = identity("1", &["SHOP@contoso.com"]);
        assert_eq!(judged(&shop, None), Ok(()));
        assert_eq!(judged(&shop, Some(recorded("1"))), Ok(()));
        assert!(matches!(judged(&shop, Some(recorded("2"))), Err(FailureKind::OtherSubject { .. })));
        let alice = identity("3", &["alice@contoso.com"]);
        assert!(matches!(judged(&alice, None), Err(FailureKind::OtherAccount { .. })));
        assert_eq!(judged(&alice, Some(recorded("3"))), Ok(()), "she was allowed before");
        let nameless = identity("4", &[]);
        assert_eq!(judged(&nameless, None), Ok(()), "nothing speaks against it");
        assert!(matches!(judged(&nameless, Some(recorded("1"))), Err(FailureKind::OtherSubject { .. })));
    }
}
