//! Everything that is read and asked for a mailbox: the store, the token endpoint, and the mail servers side by side.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use secrecy::SecretString;

use super::explain::describe;
use super::given;
use super::parallel::{self, Panicked, joined};
use super::plan::{Depth, Plan};
use super::preflight::Inspection;
use super::seen::{Conversation, Fetched, Outcome, Records, Seen, Stored};
use super::session::Session;
use super::workspace::Workspace;
use crate::clock::valid_until;
use crate::failure::Failure;
use crate::profile::{Protocol, Service, Side};
use crate::progress::Observation;
use crate::report::{Detail, Stage};
use crate::secrets::load_app;
use crate::transport::{self, Errand, Log, PendingToken, Target, Task};

/// How long the token waits for the first connection to be under way: longer than the system takes for a name that it has at
/// hand, and too short to be noticed where no connection comes.
const HEAD_START: Duration = Duration::from_millis(3);

/// Does what `plan` says. The store is read and the token fetched while the mail servers are connected to, which wait for it
/// only once they need it.
#[must_use]
pub fn gather<'a>(workspace: &Workspace<'a>, plan: &Plan<'a>) -> Seen<'a> {
    let has_store = plan.depth == Depth::EndToEnd && plan.given.is_none();
    let calls = Call::all(plan);
    let (feeds, waiting): (Vec<_>, Vec<_>) = calls.iter().map(|_| mpsc::channel::<Option<SecretString>>()).unzip();
    let (line, under_way) = mpsc::channel();
    let meanwhile = move || {
        // It is told once; nothing listens any more after that.
        let _ = line.send(());
        (workspace.meanwhile)();
    };
    if calls.is_empty() {
        meanwhile();
    }
    let ((stored, tokens), mut conversations, tenant) = thread::scope(|scope| {
        let tenant = plan.administrator.map(|reader| scope.spawn(move || reader.read(workspace, plan.mailbox)));
        let (calls, meanwhile) = (&calls, &meanwhile);
        // The servers first: the way to them is what takes longest.
        let mut talks = calls.iter().zip(waiting).map(|(call, token)| {
            let token: PendingToken<'_> = Box::new(move || token.recv().ok().flatten());
            move || call.make(workspace, plan, token, meanwhile)
        });
        // One has this thread, which would do nothing but wait for it: many mailboxes at once are as many stacks fewer.
        let here = talks.next_back();
        let beside: Vec<_> = talks.map(|talk| scope.spawn(talk)).collect();
        // The feeds go with the thread, so that no server waits for a token after a panic.
        let fetched = scope.spawn(move || {
            let _ = under_way.recv_timeout(HEAD_START);
            let stored = has_store.then(|| read(workspace, &session(workspace, plan, None)));
            let hand_out = |protocols: &[Protocol], fetched: &Fetched| {
                let fed = calls.iter().zip(&feeds).filter(|(call, _)| protocols.contains(&call.service.protocol));
                for (_, feed) in fed {
                    // Nothing listens any more where the connection failed before the token was needed.
                    let _ = feed.send(fetched.token().map(|access| access.token.clone()));
                }
            };
            let tokens = wanted(workspace, plan, calls)
                .into_iter()
                .map(|protocols| {
                    let mut fetched = fetch(workspace, plan, &protocols, stored.as_ref());
                    hand_out(&protocols, &fetched);
                    fetched.inspection =
                        fetched.token().map(|access| Inspection::of(access, workspace, plan.mailbox, protocols));
                    fetched
                })
                .collect::<Vec<Fetched>>();
            (stored, tokens)
        });
        let here = here.map(|talk| talk());
        let conversations: Vec<Conversation<'a>> = beside.into_iter().map(joined).chain(here).flatten().collect();
        (joined(fetched), conversations, tenant.and_then(joined))
    });
    let is_sent = conversations.iter().any(|conversation| conversation.log.has_sent());
    let done = conversations.iter().position(|conversation| matches!(conversation.task, Task::Find { .. }));
    let done = done.map(|at| conversations.remove(at));
    let afterwards = plan.afterwards.filter(|_| is_sent).and_then(|task| Call::of(plan, task));
    let afterwards = afterwards.and_then(|call| done.or_else(|| afterwards_at(&call, workspace, plan)));
    Seen {
        app: workspace.app_of(plan.mailbox),
        mailbox: plan.mailbox,
        depth: plan.depth,
        started: workspace.started,
        now: workspace.clock.now(),
        stored,
        tokens,
        tenant,
        conversations,
        afterwards,
    }
}

/// Does what `plan` says with a token that is at hand: `fetched` is for all that its mailbox uses.
#[must_use]
pub fn with<'a>(workspace: &Workspace<'a>, plan: &Plan<'a>, mut fetched: Fetched) -> Seen<'a> {
    fetched.inspection = fetched
        .token()
        .map(|access| Inspection::of(access, workspace, plan.mailbox, fetched.protocols.iter().copied()));
    let token = fetched.token().map(|access| access.token.clone());
    let calls = Call::all(plan);
    let conversations = calls
        .iter()
        .flat_map(|call| call.make(workspace, plan, Box::new(|| token.clone()), workspace.meanwhile))
        .collect();
    Seen {
        app: workspace.app_of(plan.mailbox),
        mailbox: plan.mailbox,
        depth: plan.depth,
        started: workspace.started,
        now: workspace.clock.now(),
        stored: None,
        tokens: vec![fetched],
        tenant: None,
        conversations,
        afterwards: None,
    }
}

/// Reads what the store holds for the mailbox.
fn read(workspace: &Workspace<'_>, session: &Session<'_>) -> Stored {
    let began = Instant::now();
    let beginning = workspace.watch.begins(Stage::SecretStore);
    let records = || -> Result<Records, Failure> {
        let grant = session.stored_grant()?;
        session.client_credential()?;
        Ok(Records { grant, app: load_app(session.store, &session.app.name)? })
    };
    let records = records();
    drop(beginning);
    let stored = Stored { began, elapsed: began.elapsed(), records };
    let result = stored.records.as_ref().map(|records| describe(records, session.app)).map_err(Clone::clone);
    workspace.watch.saw(&Observation {
        stage: Stage::SecretStore,
        began,
        elapsed: stored.elapsed,
        result: result.map(Detail::from),
    });
    stored
}

/// Gets a token. Where the store was looked at by itself, it comes from the token endpoint, which alone proves sign-in and
/// client secret; where that refuses, a token that is still good shows whether the mail servers work.
fn fetch(workspace: &Workspace<'_>, plan: &Plan<'_>, protocols: &[Protocol], stored: Option<&Stored>) -> Fetched {
    let began = Instant::now();
    if let Some(given) = plan.given {
        let access = given.access(workspace.clock.now());
        let outcome = access.map_or(Outcome::NotAsked(given::NONE), Outcome::Token);
        return Fetched { protocols: protocols.to_vec(), began, elapsed: began.elapsed(), outcome, inspection: None };
    }
    let session = session(workspace, plan, protocols.first().copied());
    let watch = workspace.watch.at(None, session.app.token_host(), None);
    let stage = if stored.is_some() { Stage::TokenEndpoint } else { Stage::Token };
    let beginning = watch.begins(stage);
    let outcome = match stored.map(Stored::hindrance) {
        None => match session.access_token() {
            Ok(token) => Outcome::Token(token),
            Err(failure) => Outcome::Failed { failure, leftover: None },
        },
        Some(None) => match session.refreshed_token() {
            Ok(token) => Outcome::Token(token),
            Err(failure) => Outcome::Failed { failure, leftover: session.stored_token() },
        },
        Some(Some(hindrance)) => Outcome::NotAsked(hindrance),
    };
    drop(beginning);
    let elapsed = began.elapsed();
    let result = match &outcome {
        Outcome::Token(token) => Some(Ok(valid_until(token.expires, workspace.clock.now()))),
        Outcome::Failed { failure, .. } => Some(Err(failure.clone())),
        Outcome::NotAsked(_) => None,
    };
    if let Some(result) = result {
        watch.saw(&Observation { stage, began, elapsed, result: result.map(Detail::from) });
    }
    Fetched { protocols: protocols.to_vec(), began, elapsed, outcome, inspection: None }
}

/// The session for the token that `protocol` needs, or the mailbox's first.
fn session<'s>(workspace: &'s Workspace<'_>, plan: &'s Plan<'_>, protocol: Option<Protocol>) -> Session<'s> {
    Session { protocol, proving: plan.proving, ..workspace.session(plan.mailbox) }
}

/// The protocols of each token that is needed: those that are spoken, or where none is, the first token's. One that was
/// given is for all of them.
fn wanted(workspace: &Workspace<'_>, plan: &Plan<'_>, calls: &[Call<'_>]) -> Vec<Vec<Protocol>> {
    if plan.given.is_some() {
        return vec![plan.mailbox.protocols().filter(|protocol| is_spoken(calls, *protocol)).collect()];
    }
    let audiences = workspace.app_of(plan.mailbox).scopes.audiences(plan.mailbox.channels());
    let mut wanted = audiences.into_iter().map(|audience| audience.protocols);
    if calls.is_empty() {
        return wanted.next().into_iter().collect();
    }
    let spoken = |protocols: Vec<Protocol>| protocols.into_iter().filter(|one| is_spoken(calls, *one)).collect();
    wanted.map(spoken).filter(|protocols: &Vec<Protocol>| !protocols.is_empty()).collect()
}

fn is_spoken(calls: &[Call<'_>], protocol: Protocol) -> bool {
    calls.iter().any(|call| call.service.protocol == protocol)
}

/// Tasks at the server that they are for: several where one connection does for all of them.
struct Call<'a> {
    service: &'a Service,
    tasks: Vec<Task<'a>>,
}

impl<'a> Call<'a> {
    /// The call for `task`; none where the mailbox has no such side.
    fn of(plan: &Plan<'a>, task: Task<'a>) -> Option<Self> {
        Some(Self { service: plan.mailbox.service(task.side())?, tasks: vec![task] })
    }

    /// The calls of `plan`. What comes after a message was sent is asked on the connection that it was sent on, if that can be.
    fn all(plan: &Plan<'a>) -> Vec<Self> {
        let mut calls: Vec<Self> = Vec::new();
        for task in &plan.tasks {
            let Some(call) = Self::of(plan, *task) else { continue };
            match calls.iter_mut().find(|other| other.service == call.service) {
                Some(other) => other.tasks.extend(call.tasks),
                None => calls.push(call),
            }
        }
        if let Some(task) = plan.afterwards
            && let Some(service) = plan.mailbox.service(task.side())
        {
            let sends = |call: &&mut Self| call.tasks.iter().any(|task| task.side() == Side::Outgoing);
            if let Some(call) = calls.iter_mut().filter(|call| call.service == service).find(sends) {
                call.tasks.push(task);
            }
        }
        calls
    }

    /// Makes the call; `meanwhile` is called once there is time for other things.
    fn make(
        &self,
        workspace: &Workspace<'_>,
        plan: &Plan<'_>,
        token: PendingToken<'_>,
        meanwhile: &(dyn Fn() + Sync),
    ) -> Vec<Conversation<'a>> {
        let target = Target {
            endpoint: &self.service.endpoint,
            trust: workspace.trust,
            proxies: workspace.proxies,
            ca_file: plan.mailbox.ca_file.as_deref(),
            transcript: workspace.transcript,
            mechanism: plan.mechanism,
            timeout: workspace.phase,
            overall: workspace.deadline,
            meanwhile,
        };
        let began = Instant::now();
        let Service { protocol, endpoint } = self.service;
        let watch = workspace.watch.at(*protocol, endpoint.host(), Some(workspace.phase));
        let errand = |task: &Task<'a>| Errand { task: *task, log: Log::watched(watch.clone()) };
        let errands = || self.tasks.iter().map(errand).collect::<Vec<_>>();
        let done = parallel::survive(|| {
            let mut errands = errands();
            let transport = transport::of(self.service.protocol);
            transport.exercise_all(&target, plan.mailbox.into(), token, &mut errands);
            errands
        });
        let done = done.unwrap_or_else(|Panicked| {
            let mut errands = errands();
            errands.iter_mut().for_each(|errand| errand.log.fault(errand.task.aim(), began));
            errands
        });
        done.into_iter().map(|errand| self.conversation(errand)).collect()
    }

    fn conversation(&self, errand: Errand<'a>) -> Conversation<'a> {
        Conversation { task: errand.task, service: self.service, log: errand.log }
    }
}

/// Asks a server after the others. It may need another token than they.
fn afterwards_at<'a>(call: &Call<'a>, workspace: &Workspace<'_>, plan: &Plan<'_>) -> Option<Conversation<'a>> {
    let began = Instant::now();
    let task = *call.tasks.first()?;
    let access = match plan.given.and_then(|given| given.access(workspace.clock.now())) {
        Some(access) => Ok(access),
        None => session(workspace, plan, Some(call.service.protocol)).access_token(),
    };
    match access {
        Ok(access) => call.make(workspace, plan, Box::new(|| Some(access.token)), workspace.meanwhile).pop(),
        Err(failure) => {
            let failed = Observation { stage: task.aim(), began, elapsed: began.elapsed(), result: Err(failure) };
            let log = Log { observations: vec![failed], ..Log::default() };
            Some(call.conversation(Errand { task, log }))
        }
    }
}
