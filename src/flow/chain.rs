//! The whole chain of one mailbox: store, token endpoint, incoming and outgoing side, side by side where they do not
//! depend on each other, and what it all means together.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use secrecy::SecretString;

use super::checks::{Side, Tester};
use super::preflight::Acceptance;
use super::secret_expiry;
use crate::diagnosis::verdict::{self, Role, SecretStory, Server, Situation, TokenAnswer};
use crate::diagnosis::{self, FailureContext};
use crate::failure::{Failure, FailureKind};
use crate::flow::session::{AccessToken, Session, TokenSource};
use crate::profile::{App, Credential, EndpointUrl, Mailbox};
use crate::report::{Check, Report, Stage};
use crate::secrets::{AppRecord, GrantIdentity, MailboxRecord, load_app};
use crate::transport::Log;

/// Tests the whole chain of `mailbox`.
#[must_use]
pub fn whole(tester: &Tester<'_>, mailbox: &Mailbox) -> Report {
    let app = tester.workspace.app_of(mailbox);
    let about = FailureContext::of_mailbox(app, mailbox);
    let session = tester.session(mailbox);
    let mut report = Report::of_mailbox(mailbox);
    report.checks.push(Check::passed(
        Stage::Profile,
        Duration::ZERO,
        format!("app '{}' at {}, client ID {}", app.name, app.provider.title, app.client_id),
    ));
    let kept = Kept::read(&session, app, tester, about, &mut report);

    let sides = [Side::Incoming { latest: 0 }, Side::outgoing_of(mailbox)];
    let (feeds, waiting): (Vec<_>, Vec<_>) = sides.iter().map(|_| mpsc::channel::<Option<SecretString>>()).unzip();
    let (fetched, outcomes) = std::thread::scope(|scope| {
        let fetch = scope.spawn(|| {
            let fetched = Fetched::fetch(&session, kept.not_asked);
            for feed in &feeds {
                // Nobody listens any more where the connection failed before the token was wanted.
                let _ = feed.send(fetched.token.as_ref().map(|access| access.token.clone()));
            }
            let looked = fetched.token.as_ref().map(|access| tester.look(access, mailbox, mailbox.protocols()));
            (fetched, looked)
        });
        let probes: Vec<_> = sides
            .iter()
            .zip(waiting)
            .map(|(side, feed)| {
                scope.spawn(move || tester.run(mailbox, side, Box::new(move || feed.recv().ok().flatten())))
            })
            .collect();
        let outcomes: Vec<Option<Log>> = probes.into_iter().map(joined).collect();
        (joined(fetch), outcomes)
    });
    let (fetched, looked) = fetched;
    fetched.note(tester, about, &mut report);
    if let Some(looked) = &looked {
        let acceptance = |protocol| {
            let seen = sides.iter().zip(&outcomes).find(|(side, _)| side.protocol(mailbox) == Some(protocol));
            seen.and_then(|(_, outcome)| outcome.as_ref())
                .map_or(Acceptance::NotTried, |seen| Acceptance::seen(&seen.observations))
        };
        report.checks.extend(tester.preflight(looked, acceptance, about));
    }
    let mut servers: Vec<Server> = fetched.server(kept.grant.as_ref()).into_iter().collect();
    for (side, outcome) in sides.iter().zip(outcomes) {
        let Some(outcome) = outcome else { continue };
        servers.extend(side.seen(mailbox, &outcome));
        let mut one = Report::of_mailbox(mailbox);
        tester.note(mailbox, side, outcome, looked.as_ref(), &mut one);
        report.checks.append(&mut one.checks);
        let (server, mechanism) = match side {
            Side::Incoming { .. } => ("incoming", "incoming_mechanism"),
            Side::Outgoing(_) => ("outgoing", "outgoing_mechanism"),
        };
        for fact in one.facts {
            match fact.name {
                "server" => report.fact(server, fact.value),
                "mechanism_used" => report.fact(mechanism, fact.value),
                _ => {}
            }
        }
    }
    let now = tester.workspace.clock.now();
    let today = now.to_zoned(TimeZone::UTC).date();
    let secret = kept.app.as_ref().and_then(|record| record.active.as_ref());
    let identity = kept.grant.as_ref().and_then(|grant| grant.identity.as_ref());
    let account = identity.map_or_else(Vec::new, GrantIdentity::all_names);
    report.verdict = verdict::verdict(&Situation {
        checks: &report.checks,
        about,
        servers: &servers,
        token: fetched.answer(),
        account: &account,
        secret: SecretStory {
            has_worked: secret.zip(kept.grant.as_ref()).is_some_and(|(secret, grant)| {
                worked_since(grant.refreshed.unwrap_or(grant.obtained), secret.added, now)
            }),
            is_new: secret.is_some_and(|secret| is_minutes_old(secret.added, now)),
            has_expired: secret_expiry::of(app, kept.app.as_ref()).map(|day| day < today),
        },
        works_until: fetched.leftover().map(|access| access.expires),
        now,
    })
    .map(Box::new);
    report
}

/// Whether `used` came after `stored`. A time in the future is of a clock that was ahead, and proves nothing.
fn worked_since(used: Timestamp, stored: Timestamp, now: Timestamp) -> bool {
    stored < used && used <= now
}

/// Whether `time` was a quarter of an hour ago or less.
fn is_minutes_old(time: Timestamp, now: Timestamp) -> bool {
    time <= now && now.duration_since(time).as_mins() < 15
}

fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// What the store holds.
struct Kept {
    grant: Option<MailboxRecord>,
    app: Option<AppRecord>,
    /// Why the token endpoint cannot be asked.
    not_asked: Option<&'static str>,
}

impl Kept {
    fn read(
        session: &Session<'_>,
        app: &App,
        tester: &Tester<'_>,
        about: FailureContext<'_>,
        report: &mut Report,
    ) -> Self {
        let started = Instant::now();
        let mut kept = Self { grant: None, app: None, not_asked: None };
        let read = || -> Result<(MailboxRecord, Option<AppRecord>), Failure> {
            let grant = session.stored_grant()?;
            session.client_credential()?;
            Ok((grant, load_app(session.store, &app.name)?))
        };
        let outcome = read();
        let elapsed = started.elapsed();
        let failed = |stage, failure: &Failure| Check::failed(stage, elapsed, diagnosis::finding(failure, about));
        let check = match outcome {
            Ok((grant, record)) => {
                let who = grant.identity.as_ref().map_or_else(String::new, |who| format!(" as {}", who.label));
                let since = grant.obtained.strftime("%Y-%m-%d");
                let secret = match (app.credential, secret_expiry::of(app, record.as_ref())) {
                    (Credential::None, _) => String::new(),
                    (_, Some(day)) => format!("; client secret until {day}"),
                    (_, None) => "; client secret, expiry unknown".to_owned(),
                };
                let lost = match grant.needs_authorization.as_ref().and_then(|lost| lost.at) {
                    Some(at) => format!("; refused by the provider on {}", at.strftime("%Y-%m-%d")),
                    None => String::new(),
                };
                kept = Self { grant: Some(grant), app: record, not_asked: None };
                Check::passed(Stage::SecretStore, elapsed, format!("signed in{who} since {since}{secret}{lost}"))
            }
            Err(failure) => {
                let (stage, not_asked) = match &failure.kind {
                    kind if kind.needs_authorization() => (Stage::Token, "there is no sign-in to use"),
                    FailureKind::NoClientSecret { .. } => (Stage::SecretStore, "no client secret is stored"),
                    _ => (Stage::SecretStore, "the secret store could not be read"),
                };
                kept.not_asked = Some(not_asked);
                failed(stage, &failure)
            }
        };
        report.checks.push(check.begun(tester.workspace.since_start(started)));
        kept
    }
}

/// The token that the mail servers get.
struct Fetched {
    started: Instant,
    elapsed: Duration,
    /// Why the token endpoint was not asked.
    not_asked: Option<&'static str>,
    /// What it says; `None` where it was not asked.
    refusal: Option<Failure>,
    /// A new one, or what is left of the last one where the endpoint refused.
    token: Option<AccessToken>,
}

impl Fetched {
    /// Asks the token endpoint, whatever the store holds: that alone proves grant and secret. Where it refuses, a token
    /// that is still good shows whether the mail servers are all right.
    fn fetch(session: &Session<'_>, not_asked: Option<&'static str>) -> Self {
        let started = Instant::now();
        if not_asked.is_some() {
            return Self { started, elapsed: Duration::ZERO, not_asked, refusal: None, token: None };
        }
        let (refusal, token) = match session.refreshed_token() {
            Ok(token) => (None, Some(token)),
            Err(failure) => (Some(failure), session.stored_token()),
        };
        Self { started, elapsed: started.elapsed(), not_asked, refusal, token }
    }

    /// What the endpoint makes of client and grant.
    fn answer(&self) -> TokenAnswer {
        match (&self.refusal, &self.token) {
            (Some(failure), _) => TokenAnswer::of(Err(&failure.kind)),
            (None, Some(_)) => TokenAnswer::of(Ok(())),
            (None, None) => TokenAnswer::None,
        }
    }

    /// The endpoint as a server, where it was asked.
    fn server(&self, grant: Option<&MailboxRecord>) -> Option<Server> {
        let url: EndpointUrl = grant?.token_endpoint.parse().ok()?;
        if self.refusal.is_none() && self.token.is_none() {
            return None;
        }
        let (host, port) = (url.as_url().host_str()?, url.as_url().port_or_known_default()?);
        let steps = [(Stage::TokenEndpoint, self.refusal.as_ref().map(|failure| &failure.kind))];
        Some(Server::seen(Role::SignIn, host.trim_matches(['[', ']']), port, steps))
    }

    /// A token that is good although the endpoint refused a new one.
    fn leftover(&self) -> Option<&AccessToken> {
        self.token.as_ref().filter(|token| token.source == TokenSource::Store)
    }

    fn note(&self, tester: &Tester<'_>, about: FailureContext<'_>, report: &mut Report) {
        let check = match (&self.refusal, &self.token) {
            (Some(failure), _) => Check::failed(Stage::TokenEndpoint, self.elapsed, diagnosis::finding(failure, about)),
            (None, Some(token)) => {
                let detail = format!("grant and client accepted; new token {}", tester.until(token.expires));
                Check::passed(Stage::TokenEndpoint, self.elapsed, detail)
            }
            (None, None) => Check::skipped(Stage::TokenEndpoint, self.not_asked.unwrap_or("it was not asked")),
        };
        report.checks.push(check.begun(tester.workspace.since_start(self.started)));
        if let Some(token) = self.leftover() {
            let detail = format!("{}, from the store", tester.until(token.expires));
            report.checks.push(Check::passed(Stage::Token, Duration::ZERO, detail));
        }
    }
}
