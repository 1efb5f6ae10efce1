//! A mailbox over a web service: one connection with bearer tokens (RFC 6750 §2.1) for all that is asked of it. What is
//! asked, and how a service says no, is each service's own.

mod connection;

use std::marker::PhantomData;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use self::connection::{Answer, Connection};
use super::arrival;
use super::headers::Message;
use super::log::{Log, Stop};
use super::mark::Mark;
use super::task::Errand;
use super::{Account, PendingToken, ServerTarget, Target, Task, Transport};
use crate::failure::{Failure, FailureKind, Rejection, ReplyCode};
use crate::profile::{Endpoint, EndpointUrl, ServerEndpoint, TlsMode};
use crate::progress::Observation;
use crate::report::{Detail, Stage};
use crate::text::{Redactor, Shown};

/// The transport over one web service.
pub(super) struct Over<S>(PhantomData<fn() -> S>);

impl<S> Over<S> {
    /// The one that there is.
    pub(super) const IT: Self = Self(PhantomData);
}

impl<S: WebService> Transport for Over<S> {
    fn reach(&self, target: &Target<'_>, log: &mut Log) {
        let Some(place) = Place::of(target, log) else { return };
        // What would be said inside needs a token. Why it stopped is in the last observation.
        let _ = Connection::open(&target.at(&place.server), place.is_tls, log);
    }

    fn exercise(
        &self,
        target: &Target<'_>,
        account: Account<'_>,
        token: PendingToken<'_>,
        task: &Task<'_>,
        log: &mut Log,
    ) {
        let mut errands = [Errand { task: *task, log: std::mem::take(log) }];
        converse(&S::of(account), target, token, &mut errands);
        let [errand] = errands;
        *log = errand.log;
    }

    fn exercise_all(
        &self,
        target: &Target<'_>,
        account: Account<'_>,
        token: PendingToken<'_>,
        errands: &mut [Errand<'_>],
    ) {
        converse(&S::of(account), target, token, errands);
    }
}

/// What one web service is asked.
pub(super) trait WebService {
    /// The service as it is asked for this mailbox.
    fn of(account: Account<'_>) -> Self
    where
        Self: Sized;

    /// Opens the inbox, and says what is in it.
    fn open_inbox(&self, api: &mut Api<'_>) -> Result<Shown, Failure>;

    /// The `count` newest messages of the inbox, newest first.
    fn latest(&self, api: &mut Api<'_>, count: usize) -> Result<Vec<Message>, Failure>;

    /// Asks for a message to be sent that the service cannot take, so that nothing is sent; says what that showed.
    fn try_to_send(&self, api: &mut Api<'_>) -> Result<Shown, Failure>;

    /// Sends `message` (RFC 5322).
    fn send(&self, api: &mut Api<'_>, message: &[u8]) -> Result<Shown, Failure>;

    /// Whether the message with `mark` is among the newest of the inbox.
    fn has(&self, api: &mut Api<'_>, mark: &Mark) -> Result<bool, Failure>;

    /// The code and the words of the service's own form of a refusal; none where the body is not in it.
    fn refusal(&self, body: &[u8]) -> Option<Refusal>;
}

/// A header of a message, as services list them.
#[derive(Deserialize)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: String,
}

/// A service's no, in its own form.
pub(super) struct Refusal {
    /// The word that programs go by.
    pub(super) code: String,
    /// The words for people.
    pub(super) message: String,
}

/// Does `errands` one after the other on one connection. A search for a message comes after what sent it, and is left out
/// where nothing was sent.
fn converse(service: &dyn WebService, target: &Target<'_>, token: PendingToken<'_>, errands: &mut [Errand<'_>]) {
    let Some(first) = errands.first_mut() else { return };
    let Some(place) = Place::of(target, &mut first.log) else { return };
    let target = target.at(&place.server);
    let mut scratch = Log::default();
    let is_search = matches!(first.task, Task::Find { .. });
    // The way there is a part of waiting for a message, and no step of its own.
    let log = if is_search { &mut scratch } else { &mut first.log };
    let began = Instant::now();
    let connection = match Connection::open(&target, place.is_tls, log) {
        Ok(connection) => connection,
        Err(Stop) if is_search => {
            let result = Err(scratch.failure());
            first.log.write(Observation { stage: Stage::Arrival, began, elapsed: began.elapsed(), result });
            return;
        }
        Err(Stop) => return,
    };
    // Connected while the token is fetched.
    let Some(token) = token() else { return };
    target.transcript.redactor().learn(&token);
    let redactor = target.transcript.redactor();
    let mut api =
        Api { service, connection, base: place.url, token, redactor, is_known: false, seen: Shown::default() };
    let mut has_sent = is_search;
    for Errand { task, log } in errands {
        match *task {
            Task::Read { latest } => read(&mut api, latest, log),
            Task::Send { message: None, .. } => {
                let _ = api.observe(log, Stage::Recipient, |api| service.try_to_send(api));
            }
            Task::Send { message: Some(message), .. } => {
                has_sent = api.observe(log, Stage::Message, |api| service.send(api, message)).is_ok();
            }
            Task::Find { mark, patience } if has_sent => find(&mut api, &target, mark, patience, log),
            Task::Find { .. } => {}
        }
    }
}

fn read(api: &mut Api<'_>, count: usize, log: &mut Log) {
    let service = api.service;
    if api.observe(log, Stage::Folder, |api| service.open_inbox(api)).is_err() || count == 0 {
        return;
    }
    let listed = log.observe(Stage::Latest, || {
        let latest = service.latest(api, count)?;
        let detail = shown!("{} listed", latest.len());
        Ok((latest, detail))
    });
    log.latest = listed.unwrap_or_default();
}

/// Looks for the message with `mark`, again and again, until it is there.
fn find(api: &mut Api<'_>, target: &ServerTarget<'_>, mark: &Mark, patience: Duration, log: &mut Log) {
    let service = api.service;
    arrival::wait(target, patience, log, |target, pauses| {
        api.connection.end_by(target.overall);
        let mut found = service.has(api, mark);
        while matches!(found, Ok(false)) && pauses.next() {
            found = service.has(api, mark);
        }
        found
    });
}

/// Where a web service is, as the way there needs it.
struct Place<'a> {
    url: &'a EndpointUrl,
    server: ServerEndpoint,
    is_tls: bool,
}

impl<'a> Place<'a> {
    /// A server here is a fault of this program: the profile gives each protocol what it needs.
    fn of(target: &Target<'a>, log: &mut Log) -> Option<Self> {
        let place = match target.endpoint {
            Endpoint::Web(url) => url.host().parse().ok().map(|host| Self {
                url,
                server: ServerEndpoint { host, port: url.port(), tls: TlsMode::Implicit, ehlo_name: None },
                // Without TLS it is on this machine: an address is checked for that where it is read.
                is_tls: url.as_url().scheme() == "https",
            }),
            Endpoint::Server(_) => None,
        };
        if place.is_none() {
            log.fault(Stage::Profile, Instant::now());
        }
        place
    }
}

/// A connection to a service, and the token that opens it.
pub(super) struct Api<'a> {
    service: &'a dyn WebService,
    connection: Connection<'a>,
    base: &'a EndpointUrl,
    token: secrecy::SecretString,
    redactor: &'a Redactor,
    /// Whether the token has been accepted.
    is_known: bool,
    /// Status and support's headers of the last answer.
    seen: Shown,
}

impl Api<'_> {
    /// Fetches `path`, which begins with a slash.
    pub(super) fn get<T: DeserializeOwned>(&mut self, path: &str) -> Result<T, Failure> {
        let answer = self.connection.ask(self.base, ("GET", path), &self.token, None)?;
        let answer = self.accepted(("GET", path), answer)?;
        serde_json::from_slice(&answer.body).map_err(|_| unexpected(("GET", path), &answer))
    }

    /// Posts `body` to `path`. `is_done` tells by status and body whether the service itself says so: a portal has a page
    /// for every request.
    pub(super) fn post(
        &mut self,
        path: &str,
        (content_type, body): (&'static str, &[u8]),
        is_done: impl FnOnce(u16, &[u8]) -> bool,
    ) -> Result<(), Failure> {
        let answer = self.connection.ask(self.base, ("POST", path), &self.token, Some((content_type, body)))?;
        let answer = self.accepted(("POST", path), answer)?;
        if is_done(answer.status, &answer.body) { Ok(()) } else { Err(unexpected(("POST", path), &answer)) }
    }

    /// `text` of the service's, cleaned.
    pub(super) fn clean(&self, text: &str) -> Shown {
        self.redactor.clean(text)
    }

    /// The answer, or the refusal that it is.
    fn accepted(&mut self, (method, path): (&'static str, &str), answer: Answer) -> Result<Answer, Failure> {
        let told = answer.told.iter().map(|(name, value)| format!(", {name} {value}")).collect::<String>();
        self.seen = self.clean(&format!("HTTP {}{told}", answer.status));
        if (200..300).contains(&answer.status) {
            return Ok(answer);
        }
        let told = self.service.refusal(&answer.body);
        // The service did not say that: it neither redirects, nor refuses in other words than its own.
        let is_foreign = told.is_none() && answer.status != 401 && !ReplyCode::Http(answer.status).is_passing();
        if is_foreign {
            return Err(unexpected((method, path), &answer));
        }
        let mut said = format!("HTTP {}", answer.status);
        match &told {
            Some(Refusal { code, message }) => said.push_str(&format!(" {code}: {message}")),
            None => said.push_str(&format!(" ({})", answer.content_type.as_deref().unwrap_or("no content type"))),
        }
        for (name, value) in &answer.told {
            said.push_str(&format!("; {name}: {value}"));
        }
        let is_json = told.is_some();
        let rejection = Rejection {
            command: shown!("{} {}", method, asked(path)),
            code: Some(ReplyCode::Http(answer.status)),
            detail_code: told.map(|told| self.clean(&told.code)),
            challenge: is_json.then(|| self.clean(&String::from_utf8_lossy(&answer.body))),
            closes: false,
            retry_after: answer.retry_after,
        };
        Err(Failure::new(FailureKind::Rejected(rejection)).said(self.clean(&said)))
    }

    /// Takes one step. The first answer that does not refuse the token shows that the token is accepted.
    fn observe(
        &mut self,
        log: &mut Log,
        stage: Stage,
        step: impl FnOnce(&mut Self) -> Result<Shown, Failure>,
    ) -> Result<(), Stop> {
        let began = Instant::now();
        let beginning = log.watch.begins(stage);
        let result = step(self).map(|detail| match self.seen.is_empty() {
            true => Detail::from(detail),
            false => shown!("{} ({})", detail, std::mem::take(&mut self.seen)).into(),
        });
        drop(beginning);
        let elapsed = began.elapsed();
        let answer = match &result {
            Ok(_) => Some(200),
            Err(Failure {
                kind: FailureKind::Rejected(Rejection { code: Some(ReplyCode::Http(status)), .. }), ..
            }) => Some(*status),
            Err(_) => None,
        };
        let is_token = answer == Some(401);
        if !self.is_known && !is_token && answer.is_some_and(|status| status < 500 && status != 429) {
            self.is_known = true;
            let detail = Ok("bearer token".into());
            let elapsed = Duration::ZERO;
            log.write(Observation { stage: Stage::Authentication, began, elapsed, result: detail });
        }
        let stage = if is_token { Stage::Authentication } else { stage };
        let is_ok = result.is_ok();
        log.write(Observation { stage, began, elapsed, result });
        if is_ok { Ok(()) } else { Err(Stop) }
    }
}

/// Whether `failure` is a refusal of this status, with a code of the service's that fits.
pub(super) fn is_refused(failure: &Failure, status: u16, fits: impl Fn(&str) -> bool) -> bool {
    match &failure.kind {
        FailureKind::Rejected(Rejection { code: Some(ReplyCode::Http(said)), detail_code, .. }) => {
            *said == status && fits(detail_code.as_deref().unwrap_or_default())
        }
        _ => false,
    }
}

/// An answer that the service does not give to this request.
fn unexpected((method, path): (&'static str, &str), answer: &Answer) -> Failure {
    let kind = Redactor::by_shape(answer.content_type.as_deref().unwrap_or("no content type"));
    let what = shown!("{} {}: HTTP {} with {}, and not what is documented", method, asked(path), answer.status, kind);
    FailureKind::Unreadable { what }.into()
}

/// A request that no service can take was taken.
pub(super) fn took_no_message() -> Failure {
    FailureKind::Unreadable { what: "the request to send: the service took something other than a message".into() }
        .into()
}

/// A path as it is shown: what comes behind the question mark is ours, and long.
fn asked(path: &str) -> Shown {
    Redactor::by_shape(path.split('?').next().unwrap_or_default())
}

#[cfg(test)]
mod tests;
