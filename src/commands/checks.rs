//! From probes to checks: the token and the mail server side by side, each failure explained.

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use secrecy::SecretString;

use super::preflight::{self, Door};
use crate::clock::Clock;
use crate::context::Context;
use crate::diagnosis::preflight::Preflight;
use crate::diagnosis::{self, About};
use crate::failure::{Failure, StoreFault};
use crate::oauth::HttpClient;
use crate::probe::{self, Observation, ProbeOutcome, Target, TokenSource};
use crate::profile::{Address, App, IncomingProtocol, MailProtocol, Mailbox, Profile, ServerEndpoint};
use crate::report::{Check, Headline, Report, Stage, Subject};
use crate::sasl::SaslMechanism;
use crate::secrets::SecretStore;
use crate::session::{self, AccessToken, Session};
use crate::tls::Trust;
use crate::transcript::Transcript;

/// How long one phase of a mail protocol may take. RFC 5321 §4.5.3.2 allows a server five minutes; people do not.
const PHASE: Duration = Duration::from_secs(30);

/// What every test of a mailbox needs. It can be shared by threads, as `Context` cannot.
#[derive(Clone)]
pub(super) struct Tester<'a> {
    profile: &'a Profile,
    store: &'a dyn SecretStore,
    locks: &'a Path,
    trust: &'a Trust,
    transcript: &'a Transcript,
    clock: Clock,
    phase: Duration,
    /// The mechanism that the command line forces.
    pub mechanism: Option<SaslMechanism>,
    /// A new client secret that is being proven, to be used instead of the active one.
    pub proving: Option<SecretString>,
    /// When everything must be over.
    pub deadline: Option<Instant>,
}

/// What a test of the outgoing side shall try.
pub(super) struct Outgoing<'a> {
    /// For RCPT TO.
    pub recipient: &'a Address,
    /// The message, where one shall be sent.
    pub message: Option<&'a [u8]>,
}

impl<'a> Tester<'a> {
    /// A tester for the mailboxes of `profile`.
    ///
    /// # Errors
    /// If the secret store cannot be opened.
    pub(super) fn new(context: &'a Context, profile: &'a Profile) -> Result<Self, StoreFault> {
        Ok(Self {
            profile,
            store: context.store(&profile.secrets)?,
            locks: context.locks(),
            trust: &context.trust,
            transcript: &context.transcript,
            clock: context.clock,
            deadline: context.deadline(),
            // A bound on the whole may be longer than a phase's usual one: for a server that is known to be slow.
            phase: context.timeout.unwrap_or(PHASE),
            mechanism: None,
            proving: None,
        })
    }

    /// The app of one of the profile's mailboxes.
    pub(super) fn app_of(&self, mailbox: &Mailbox) -> &'a App {
        self.profile.app_of(mailbox)
    }

    /// The way to the sign-in server of `app`.
    pub(super) fn http(&self, app: &App) -> HttpClient {
        let (trust, ca_file) = (self.trust.clone(), app.ca_file.clone());
        let http = HttpClient::new(move || trust.connector(ca_file.as_deref()), self.transcript.clone());
        match self.deadline {
            Some(deadline) => http.until(deadline),
            None => http,
        }
    }

    /// The session of `mailbox`.
    pub(super) fn session<'s>(&'s self, mailbox: &'s Mailbox, http: &'s HttpClient) -> Session<'s> {
        Session {
            store: self.store,
            locks: self.locks,
            http,
            clock: self.clock,
            app: self.profile.app_of(mailbox),
            mailbox,
            proving: self.proving.as_ref(),
            deadline: self.deadline,
        }
    }

    /// Tests the incoming side into `report`: token, connection, sign-in, folder.
    pub(super) fn incoming(&self, mailbox: &Mailbox, latest: usize, report: &mut Report) {
        let Some(side) = &mailbox.incoming else {
            report.checks.push(Check::skipped(Stage::Profile, "the profile gives no incoming side"));
            return;
        };
        let protocol = MailProtocol::from(side.protocol);
        let outcome = self.probe(mailbox, protocol, &side.server, report, |target, token| match side.protocol {
            IncomingProtocol::Imap => probe::imap::run(target, token, &probe::imap::ImapAsk { latest }),
            IncomingProtocol::Pop3 => probe::pop3::run(target, token, &probe::pop3::Pop3Ask { latest }),
        });
        report.latest = outcome
            .latest
            .into_iter()
            .map(|message| Headline { date: message.date, from: message.from, subject: message.subject })
            .collect();
    }

    /// Tests the outgoing side into `report`: token, connection, sign-in, sender, recipient, and the message if there is
    /// one.
    pub(super) fn outgoing(&self, mailbox: &Mailbox, ask: &Outgoing<'_>, report: &mut Report) {
        let Some(side) = &mailbox.outgoing else {
            report.checks.push(Check::skipped(Stage::Profile, "the profile gives no outgoing side"));
            return;
        };
        let ask = probe::smtp::SmtpAsk { sender: &mailbox.address, recipient: ask.recipient, message: ask.message };
        self.probe(mailbox, MailProtocol::Smtp, &side.server, report, |target, token| {
            probe::smtp::run(target, token, &ask)
        });
    }

    /// Waits until the message with this Message-ID stands in the mailbox.
    pub(super) fn arrival(&self, mailbox: &Mailbox, message_id: &str, patience: Duration) -> Check {
        let Some(side) = &mailbox.incoming else {
            return Check::skipped(Stage::Arrival, "the profile gives no incoming side to read it back from");
        };
        let protocol = MailProtocol::from(side.protocol);
        let about = self.about(mailbox, protocol);
        let started = Instant::now();
        let http = self.http(self.profile.app_of(mailbox));
        match self.session(mailbox, &http).access_token() {
            Err(failure) => Check::failed(Stage::Arrival, started.elapsed(), diagnosis::finding(&failure, about)),
            Ok(access) => {
                let target = self.target(mailbox, protocol, &side.server);
                let observation = probe::arrival::wait(&target, side.protocol, &access.token, message_id, patience);
                check(observation, about)
            }
        }
    }

    fn about<'s>(&'s self, mailbox: &'s Mailbox, protocol: MailProtocol) -> About<'s> {
        About { app: Some(self.profile.app_of(mailbox)), mailbox: Some(mailbox), protocol: Some(protocol) }
    }

    fn target<'s>(&'s self, mailbox: &'s Mailbox, protocol: MailProtocol, server: &'s ServerEndpoint) -> Target<'s> {
        Target {
            server,
            user: mailbox.sasl_identity(protocol),
            trust: self.trust,
            ca_file: mailbox.ca_file.as_deref(),
            transcript: self.transcript,
            mechanism: self.mechanism,
            timeout: self.phase,
            overall: self.deadline,
        }
    }

    /// Runs a probe while the token is fetched, and reports both.
    fn probe(
        &self,
        mailbox: &Mailbox,
        protocol: MailProtocol,
        server: &ServerEndpoint,
        report: &mut Report,
        run: impl FnOnce(&Target<'_>, TokenSource<'_>) -> ProbeOutcome,
    ) -> ProbeOutcome {
        let about = self.about(mailbox, protocol);
        let http = self.http(self.profile.app_of(mailbox));
        let session = self.session(mailbox, &http);
        let target = self.target(mailbox, protocol, server);
        let (send, receive) = mpsc::channel::<Option<SecretString>>();
        let (token, mut outcome) = std::thread::scope(|scope| {
            let fetch = scope.spawn(|| {
                let started = Instant::now();
                let token = session.access_token();
                // Nobody listens any more if the connection failed before the token was wanted.
                let _ = send.send(token.as_ref().ok().map(|access| access.token.clone()));
                let elapsed = started.elapsed();
                // Only now: what the token says of itself must not keep the connection waiting.
                let seen = token.as_ref().ok().map(|access| self.look(access, mailbox, protocol));
                (self.token_check(token, elapsed, about), seen)
            });
            let outcome = run(&target, Box::new(move || receive.recv().ok().flatten()));
            (fetch.join(), outcome)
        });
        let observations = std::mem::take(&mut outcome.observations);
        let has_token = match token {
            Ok((check, seen)) => {
                report.checks.push(check);
                let door = Door::seen(&observations);
                let redactor = self.transcript.redactor();
                if let Some((seen, elapsed)) = &seen {
                    let parts: Vec<_> = seen.doors.iter().map(|(_, part)| part).chain([&seen.account]).collect();
                    report.checks.extend(preflight::checks("", &parts, door, *elapsed, about, redactor));
                }
                seen.is_some()
            }
            Err(panic) => std::panic::resume_unwind(panic),
        };
        let connected = observations.iter().all(|observation| observation.result.is_ok());
        report.checks.extend(observations.into_iter().map(|observation| check(observation, about)));
        if !has_token && connected {
            report.checks.push(Check::skipped(Stage::Authentication, "there is no access token"));
        }
        report.fact("server", format!("{protocol} {server}"));
        if !outcome.mechanisms_offered.is_empty() {
            report.fact("mechanisms_offered", outcome.mechanisms_offered.join(", "));
        }
        if let Some(mechanism) = outcome.mechanism_used {
            report.fact("mechanism_used", mechanism.name());
        }
        outcome
    }

    /// What `access` says of itself, and how long it took to read.
    fn look(&self, access: &AccessToken, mailbox: &Mailbox, protocol: MailProtocol) -> (Preflight, Duration) {
        let started = Instant::now();
        let (app, now) = (self.app_of(mailbox), self.clock.now());
        let seen = diagnosis::preflight::look(preflight::presented(access), app, mailbox, [protocol], now);
        (seen, started.elapsed())
    }

    /// How the access token was come by.
    pub(super) fn token_check(
        &self,
        token: Result<AccessToken, Failure>,
        elapsed: Duration,
        about: About<'_>,
    ) -> Check {
        match token {
            Ok(access) => {
                let how = match access.source {
                    session::TokenSource::Store => "from the store",
                    session::TokenSource::Refresh => "refreshed just now",
                };
                Check::passed(Stage::Token, elapsed, format!("{}, {how}", self.until(access.expires)))
            }
            Err(failure) => Check::failed(Stage::Token, elapsed, diagnosis::finding(&failure, about)),
        }
    }

    fn until(&self, expires: jiff::Timestamp) -> String {
        valid_until(expires, self.clock)
    }
}

/// "valid until 2026-11-22 14:05 UTC (59 minutes)"
pub(super) fn valid_until(expires: jiff::Timestamp, clock: Clock) -> String {
    let minutes = expires.duration_since(clock.now()).as_mins();
    let when = expires.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC");
    if minutes < 0 { format!("expired at {when}") } else { format!("valid until {when} ({minutes} minutes)") }
}

fn check(observation: Observation, about: About<'_>) -> Check {
    let Observation { stage, elapsed, result } = observation;
    match result {
        Ok(detail) => Check::passed(stage, elapsed, detail),
        Err(failure) => Check::failed(stage, elapsed, diagnosis::finding(&failure, about)),
    }
}

/// A report on `mailbox` that begins with its address.
pub(super) fn report(mailbox: &Mailbox) -> Report {
    let mut report = Report::new(Subject::Mailbox(mailbox.name.to_string()));
    report.fact("address", mailbox.address.to_string());
    report
}
