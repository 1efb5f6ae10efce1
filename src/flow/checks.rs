//! From probes to checks: the token and the mail server side by side, each failure explained.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::preflight::{self, Acceptance, Inspected};
use super::workspace::Workspace;
use crate::clock;
use crate::diagnosis::verdict::{Role, Server};
use crate::diagnosis::{self, FailureContext, TokenFacts};
use crate::failure::{Failure, FailureKind};
use crate::flow::parallel::{self, Panicked};
use crate::flow::session::{self, AccessToken, Session};
use crate::oauth::ClientCredential;
use crate::profile::{Address, Endpoint, Mailbox, Protocol};
use crate::report::{Check, Headline, Report, Stage};
use crate::sasl::SaslMechanism;
use crate::text::Shown;
use crate::transport::mark::Mark;
use crate::transport::{self, Account, Log, Observation, Target, Task, TokenSource};

/// What every test of a mailbox needs.
#[derive(Clone)]
pub struct Tester<'a> {
    /// The profile, its store and the network.
    pub workspace: Workspace<'a>,
    /// The mechanism that the command line forces.
    pub mechanism: Option<SaslMechanism>,
    /// A new client secret that is being proven, to be used instead of the active one.
    pub proving: Option<ClientCredential>,
}

/// What a test of the outgoing side shall try.
pub struct Outgoing<'a> {
    /// For RCPT TO.
    pub recipient: &'a Address,
    /// The message, where one shall be sent.
    pub message: Option<&'a [u8]>,
}

/// One side of a mailbox, and what shall be tried there.
pub enum Side<'a> {
    /// The incoming side.
    Incoming {
        /// How many of the newest messages to list.
        latest: usize,
    },
    /// The outgoing side.
    Outgoing(Outgoing<'a>),
}

impl<'a> Tester<'a> {
    /// A tester that leaves every choice to mailgrant.
    #[must_use]
    pub fn new(workspace: Workspace<'a>) -> Self {
        Self { workspace, mechanism: None, proving: None }
    }

    /// The session of `mailbox`.
    #[must_use]
    pub fn session<'s>(&'s self, mailbox: &'s Mailbox) -> Session<'s> {
        Session { proving: self.proving.as_ref(), ..self.workspace.session(mailbox) }
    }

    /// Tests one side into `report`: token, connection, sign-in, and what is behind it.
    pub fn side(&self, mailbox: &Mailbox, side: &Side<'_>, report: &mut Report) {
        let Some(protocol) = side.protocol(mailbox) else {
            report.checks.push(Check::skipped(Stage::Profile, format!("the profile gives no {} side", side.name())));
            return;
        };
        let about = self.about(mailbox, protocol);
        let session = self.session(mailbox);
        let (send, receive) = mpsc::channel::<Option<SecretString>>();
        let (token, outcome) = std::thread::scope(|scope| {
            let fetch = scope.spawn(|| {
                let started = Instant::now();
                let token = session.access_token();
                // Nobody listens any more if the connection failed before the token was wanted.
                let _ = send.send(token.as_ref().ok().map(|access| access.token.clone()));
                let check = self.token_check(&token, started, about);
                (check, token.as_ref().ok().map(|access| self.look(access, mailbox, [protocol])))
            });
            let outcome = self.run(mailbox, side, Box::new(move || receive.recv().ok().flatten()));
            (fetch.join(), outcome)
        });
        let (check, looked) = token.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let outcome = outcome.unwrap_or_default();
        report.checks.push(check);
        if let Some(looked) = &looked {
            let acceptance = Acceptance::seen(&outcome.observations);
            report.checks.extend(self.preflight(looked, |_| acceptance, about));
        }
        self.note(mailbox, side, outcome, looked.as_ref(), report);
    }

    /// What `access` says of itself, and of what it opens. Whoever waits for the token has it by then.
    pub fn look(
        &self,
        access: &AccessToken,
        mailbox: &Mailbox,
        protocols: impl IntoIterator<Item = Protocol>,
    ) -> Inspected {
        let started = Instant::now();
        let (app, now) = (self.workspace.app_of(mailbox), self.workspace.clock.now());
        let seen = diagnosis::preflight::look(preflight::presented(access), app, mailbox, protocols, now);
        Inspected { seen, began: self.workspace.since_start(started), elapsed: started.elapsed() }
    }

    /// The checks of a token, with what became of it at each protocol's server.
    pub fn preflight(
        &self,
        looked: &Inspected,
        acceptance: impl Fn(Protocol) -> Acceptance,
        about: FailureContext<'_>,
    ) -> Vec<Check> {
        looked.checks(acceptance, about, self.workspace.transcript.redactor())
    }

    /// Talks to the server of one side, if the mailbox has it.
    pub fn run(&self, mailbox: &Mailbox, side: &Side<'_>, token: TokenSource<'_>) -> Option<Log> {
        let protocol = side.protocol(mailbox)?;
        Some(self.exercise(mailbox, protocol, side.server(mailbox)?, token, &side.task()))
    }

    fn exercise(
        &self,
        mailbox: &Mailbox,
        protocol: Protocol,
        endpoint: &Endpoint,
        token: TokenSource<'_>,
        task: &Task<'_>,
    ) -> Log {
        let target = self.target(mailbox, endpoint);
        let began = Instant::now();
        let exercised = parallel::survive(|| {
            let mut log = Log::default();
            transport::of(protocol).exercise(&target, Account::from(mailbox), token, task, &mut log);
            log
        });
        exercised.unwrap_or_else(|Panicked| {
            let mut log = Log::default();
            log.fault(task.aim(), began);
            log
        })
    }

    /// Writes down what a probe saw.
    pub fn note(
        &self,
        mailbox: &Mailbox,
        side: &Side<'_>,
        outcome: Log,
        looked: Option<&Inspected>,
        report: &mut Report,
    ) {
        let (Some(protocol), Some(server)) = (side.protocol(mailbox), side.server(mailbox)) else { return };
        let is_for_server = looked.is_some_and(|looked| looked.seen.is_for(protocol));
        let about = FailureContext { token: TokenFacts { is_for_server }, ..self.about(mailbox, protocol) };
        let connected = outcome.observations.iter().all(|observation| observation.result.is_ok());
        let observed = outcome.observations.into_iter();
        report.checks.extend(observed.map(|observation| self.check(observation, about).over(protocol)));
        if looked.is_none() && connected {
            let skipped = Check::skipped(Stage::Authentication, "there is no access token");
            report.checks.push(skipped.over(protocol));
        }
        report.fact("server", format!("{protocol} {server}"));
        if !outcome.mechanisms_offered.is_empty() {
            report.fact("mechanisms_offered", Shown::join(&outcome.mechanisms_offered, ", ").to_string());
        }
        if let Some(mechanism) = outcome.mechanism_used {
            report.fact("mechanism_used", mechanism.name());
        }
        let latest = outcome.latest.into_iter();
        report.latest.extend(latest.map(|message| Headline {
            date: message.date,
            from: message.from,
            subject: message.subject,
        }));
    }

    /// Waits until the message with this mark stands in the mailbox.
    pub fn arrival(&self, mailbox: &Mailbox, mark: &Mark, patience: Duration) -> Check {
        let Some(side) = &mailbox.incoming else {
            return Check::skipped(Stage::Arrival, "the profile gives no incoming side to read it back from");
        };
        let protocol = side.protocol;
        let about = self.about(mailbox, protocol);
        let started = Instant::now();
        match self.session(mailbox).access_token() {
            Err(failure) => Check::failed(Stage::Arrival, started.elapsed(), diagnosis::finding(&failure, about)),
            Ok(access) => {
                let token: TokenSource<'_> = Box::new(|| Some(access.token.clone()));
                let log = self.exercise(mailbox, protocol, &side.endpoint, token, &Task::Find { mark, patience });
                let seen = log.observations.into_iter().next_back();
                seen.map_or_else(
                    || Check::skipped(Stage::Arrival, "there is no access token"),
                    |seen| self.check(seen, about).over(protocol),
                )
            }
        }
    }

    /// What a failure over `protocol` is about.
    pub fn about<'s>(&'s self, mailbox: &'s Mailbox, protocol: Protocol) -> FailureContext<'s> {
        FailureContext::of_mailbox(self.workspace.app_of(mailbox), mailbox).over(protocol)
    }

    fn target<'s>(&'s self, mailbox: &'s Mailbox, endpoint: &'s Endpoint) -> Target<'s> {
        Target {
            endpoint,
            trust: self.workspace.trust,
            proxies: self.workspace.proxies,
            ca_file: mailbox.ca_file.as_deref(),
            transcript: self.workspace.transcript,
            mechanism: self.mechanism,
            timeout: self.workspace.phase,
            overall: self.workspace.deadline,
        }
    }

    /// What became of fetching the token.
    pub fn token_check(
        &self,
        token: &Result<AccessToken, Failure>,
        started: Instant,
        about: FailureContext<'_>,
    ) -> Check {
        let elapsed = started.elapsed();
        let check = match token {
            Ok(access) => {
                let how = match access.source {
                    session::TokenSource::Store => "from the store",
                    session::TokenSource::Refresh => "refreshed just now",
                };
                Check::passed(Stage::Token, elapsed, format!("{}, {how}", self.until(access.expires)))
            }
            Err(failure) => Check::failed(Stage::Token, elapsed, diagnosis::finding(failure, about)),
        };
        check.begun(self.workspace.since_start(started))
    }

    /// An observation, explained.
    fn check(&self, observation: Observation, about: FailureContext<'_>) -> Check {
        let Observation { stage, began, elapsed, result } = observation;
        let check = match result {
            Ok(detail) => Check::passed(stage, elapsed, detail.to_string()),
            Err(failure) => Check::failed(stage, elapsed, diagnosis::finding(&failure, about)),
        };
        check.begun(self.workspace.since_start(began))
    }

    /// Until when a token is good, in words.
    pub fn until(&self, expires: jiff::Timestamp) -> String {
        clock::valid_until(expires, self.workspace.clock.now())
    }
}

impl<'a> Side<'a> {
    /// The outgoing side as far as the mailbox's own address as the recipient; nothing is sent.
    pub fn outgoing_of(mailbox: &'a Mailbox) -> Self {
        Self::Outgoing(Outgoing { recipient: &mailbox.address, message: None })
    }

    /// What it speaks in `mailbox`, which may lack it.
    pub fn protocol(&self, mailbox: &Mailbox) -> Option<Protocol> {
        match self {
            Self::Incoming { .. } => mailbox.incoming.as_ref().map(|side| side.protocol),
            Self::Outgoing(_) => mailbox.outgoing.as_ref().map(|side| side.protocol),
        }
    }

    fn server<'m>(&self, mailbox: &'m Mailbox) -> Option<&'m Endpoint> {
        match self {
            Self::Incoming { .. } => mailbox.incoming.as_ref().map(|side| &side.endpoint),
            Self::Outgoing(_) => mailbox.outgoing.as_ref().map(|side| &side.endpoint),
        }
    }

    /// What `outcome` tells of the server.
    pub fn seen(&self, mailbox: &Mailbox, outcome: &Log) -> Option<Server> {
        let (protocol, server) = (self.protocol(mailbox)?, self.server(mailbox)?);
        let steps = outcome
            .observations
            .iter()
            .map(|seen| (seen.stage, seen.result.as_ref().err().map(|failure| &failure.kind)));
        Some(Server::seen(Role::Mail(protocol), server.host(), server.port(), steps))
    }

    fn task(&self) -> Task<'_> {
        match self {
            Self::Incoming { latest } => Task::Read { latest: *latest },
            Self::Outgoing(Outgoing { recipient, message }) => Task::Send { recipient, message: *message },
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Incoming { .. } => "incoming",
            Self::Outgoing(_) => "outgoing",
        }
    }
}

/// The report on a mailbox over which this program stumbled.
pub fn fallen(mailbox: &&Mailbox, _: Panicked) -> Report {
    let mut report = Report::of_mailbox(mailbox);
    let finding = diagnosis::finding(&FailureKind::Bug.into(), FailureContext::default());
    report.checks.push(Check::failed(Stage::Profile, Duration::ZERO, finding));
    report
}
