//! A mail server that follows a script to the letter: anything else that a client says is a complaint.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;

use super::pki::{Accept, Stream};
pub(super) use super::pki::{Flaw, Pki};
use crate::failure::{Failure, Rejection};
use crate::net::Proxies;
use crate::net::Trust;
use crate::profile::{Address, Endpoint, Opener, Protocol, ServerEndpoint, Side, TlsMode};
use crate::report::Stage;
use crate::sasl::SaslMechanism;
use crate::text::{Redactor, Shown};
use crate::transcript::Transcript;
use crate::transport::{self, Account, Log, Target, Task};

pub(super) const USER: &str = "shop@contoso.com";
pub(super) const TOKEN: &str = "canary-token.A1~b2_c3+d4/e5==";

/// Neither side waits longer than this for the other.
const PATIENCE: Duration = Duration::from_secs(20);

/// One step of a script.
#[derive(Clone)]
pub(super) enum Step {
    /// The server says this, as it is.
    Say(String),
    /// The client must say exactly this line.
    Hear(String),
    /// The client must say this, followed by its SASL response in base64.
    HearResponse(&'static str, SaslMechanism, String),
    /// TLS begins.
    Tls,
    /// The server says this many bytes without a line ending, or as many as the client takes.
    Flood(usize),
    /// The server says one byte every few milliseconds until the client goes.
    Drip(u8),
    /// The server says this again every few milliseconds until the client goes.
    Trickle(&'static str),
    /// The server says nothing until the client goes.
    Hang,
    /// The server closes the connection.
    HangUp,
}

pub(super) fn say(text: &str) -> Step {
    Step::Say(format!("{text}\r\n"))
}

pub(super) fn hear(line: &str) -> Step {
    Step::Hear(line.to_owned())
}

/// The client's SASL response with the usual token.
pub(super) fn hear_response(prefix: &'static str, mechanism: SaslMechanism) -> Step {
    Step::HearResponse(prefix, mechanism, TOKEN.to_owned())
}

/// What a server heard.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Every byte before TLS.
    pub(super) in_the_clear: Vec<u8>,
    /// Every line.
    pub(super) lines: Vec<String>,
    /// How often the server spoke after it had heard something: how often the client waited, if it did.
    pub(super) turns: usize,
    /// How much of a flood the client's side took, the system's buffers included.
    pub(super) flooded: usize,
    /// What the client did that is not in the script.
    pub(super) complaint: Option<String>,
}

/// A running server.
pub(super) struct Server {
    pub(super) port: u16,
    heard: Receiver<Heard>,
}

impl Server {
    /// Plays each of `scripts` on one connection, one after the other.
    pub(super) fn start(pki: &Pki, scripts: Vec<Vec<Step>>) -> Self {
        Self::start_with(pki.accept_tls12(), scripts)
    }

    /// As [`start`](Self::start), with TLS 1.3.
    #[cfg(target_os = "linux")]
    pub(super) fn start_tls13(pki: &Pki, scripts: Vec<Vec<Step>>) -> Self {
        Self::start_with(pki.accept_tls13(), scripts)
    }

    fn start_with(accept: Accept, scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, heard) = mpsc::channel();
        thread::spawn(move || {
            for script in scripts {
                let (stream, _) = listener.accept().unwrap();
                stream.set_read_timeout(Some(PATIENCE)).unwrap();
                stream.set_write_timeout(Some(PATIENCE)).unwrap();
                sender.send(play(stream, &accept, port, &script)).unwrap();
            }
        });
        Self { port, heard }
    }

    /// What was heard on the next connection, once it is over.
    pub(super) fn heard(&self) -> Heard {
        self.heard.recv_timeout(PATIENCE * 2).expect("the server ends")
    }

    /// As [`heard`](Self::heard), for a conversation that must have gone by the script.
    pub(super) fn heard_by_script(&self) -> Heard {
        let heard = self.heard();
        assert_eq!(heard.complaint, None, "{:#?}", heard.lines);
        heard
    }
}

fn play(stream: TcpStream, accept: &Accept, port: u16, script: &[Step]) -> Heard {
    let mut heard = Heard::default();
    let mut is_tls = false;
    let mut link: Box<dyn Stream> = Box::new(stream.try_clone().unwrap());
    for step in script {
        let done = match step {
            Step::Say(text) => {
                heard.turns += usize::from(!heard.lines.is_empty());
                link.write_all(text.as_bytes()).and_then(|()| link.flush()).map_err(|error| error.to_string())
            }
            Step::Hear(line) => hear_line(&mut *link, &mut heard, is_tls).and_then(|said| expect(&said, line)),
            Step::HearResponse(prefix, mechanism, token) => {
                let response = STANDARD.encode(expected_response(*mechanism, port, token));
                hear_line(&mut *link, &mut heard, is_tls).and_then(|said| expect(&said, &format!("{prefix}{response}")))
            }
            Step::Tls => accept(stream.try_clone().unwrap()).map(|tls| {
                is_tls = true;
                link = tls;
            }),
            Step::Flood(size) => {
                let chunk = [b'x'; 64 * 1024];
                while heard.flooded < *size && link.write_all(&chunk).is_ok() {
                    heard.flooded += chunk.len();
                }
                Ok(())
            }
            Step::Drip(byte) => drip(&mut *link, &[*byte]),
            Step::Trickle(text) => drip(&mut *link, text.as_bytes()),
            Step::Hang => {
                let _ = link.read(&mut [0; 1]);
                Ok(())
            }
            Step::HangUp => return heard,
        };
        if let Err(complaint) = done {
            heard.complaint = Some(complaint);
            break;
        }
    }
    // Whatever else the client says is more than it should have.
    while let Ok(line) = hear_line(&mut *link, &mut heard, is_tls) {
        heard.complaint.get_or_insert_with(|| format!("it said {line:?} at the end of the script"));
    }
    heard
}

fn drip(link: &mut dyn Stream, bytes: &[u8]) -> Result<(), String> {
    let start = Instant::now();
    while start.elapsed() < PATIENCE && link.write_all(bytes).and_then(|()| link.flush()).is_ok() {
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

fn expect(said: &str, wanted: &str) -> Result<(), String> {
    if said == wanted { Ok(()) } else { Err(format!("it said {said:?} instead of {wanted:?}")) }
}

fn hear_line(link: &mut dyn Stream, heard: &mut Heard, is_tls: bool) -> Result<String, String> {
    let mut line = Vec::new();
    let mut byte = [0];
    loop {
        match link.read(&mut byte) {
            Ok(1) => {}
            Ok(_) => return Err(format!("it left after {:?}", String::from_utf8_lossy(&line))),
            Err(error) => return Err(format!("it said no more after {:?}: {error}", String::from_utf8_lossy(&line))),
        }
        if !is_tls {
            heard.in_the_clear.push(byte[0]);
        }
        line.push(byte[0]);
        if let Some(text) = line.strip_suffix(b"\r\n") {
            let text = String::from_utf8_lossy(text).into_owned();
            heard.lines.push(text.clone());
            return Ok(text);
        }
    }
}

/// The messages as the documents write them, so that a mistake of `sasl` is not repeated here.
fn expected_response(mechanism: SaslMechanism, port: u16, token: &str) -> String {
    match mechanism {
        SaslMechanism::Xoauth2 => format!("user={USER}\x01auth=Bearer {token}\x01\x01"),
        SaslMechanism::OauthBearer => {
            format!("n,a={USER},\x01host=localhost\x01port={port}\x01auth=Bearer {token}\x01\x01")
        }
    }
}

/// Everything that a target borrows.
pub(super) struct Client {
    endpoint: Endpoint,
    user: Address,
    trust: Trust,
    proxies: Proxies,
    transcript: Transcript,
    pub(super) shown: std::sync::Arc<std::sync::Mutex<String>>,
    pub(super) mechanism: Option<SaslMechanism>,
    pub(super) timeout: Duration,
    pub(super) token: Option<String>,
}

impl Client {
    pub(super) fn new(port: u16, tls: TlsMode) -> Self {
        let shown = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
        let sink = std::sync::Arc::clone(&shown);
        let sink = move |line: &str| sink.lock().unwrap().push_str(&format!("{line}\n"));
        Self {
            endpoint: ServerEndpoint { host: "localhost".parse().unwrap(), port, tls, ehlo_name: None }.into(),
            user: USER.parse().unwrap(),
            trust: Trust::new(),
            proxies: Proxies::default(),
            transcript: Transcript::new(Redactor::default(), Some(std::sync::Arc::new(sink))),
            shown,
            mechanism: None,
            timeout: PATIENCE,
            token: Some(TOKEN.to_owned()),
        }
    }

    pub(super) fn target<'a>(&'a self, pki: &'a Pki) -> Target<'a> {
        Target {
            endpoint: &self.endpoint,
            trust: &self.trust,
            proxies: &self.proxies,
            ca_file: Some(pki.ca_file()),
            transcript: &self.transcript,
            mechanism: self.mechanism,
            timeout: self.timeout,
            overall: None,
            meanwhile: &|| {},
        }
    }

    /// Calls itself so in EHLO.
    pub(super) fn called(mut self, name: Option<&str>) -> Self {
        if let Endpoint::Server(server) = &mut self.endpoint {
            server.ehlo_name = name.map(|name| name.parse().unwrap());
        }
        self
    }

    /// Goes as far as the server tells what it can do.
    pub(super) fn reach(&self, pki: &Pki, protocol: Protocol) -> Log {
        let mut log = Log::default();
        transport::of(protocol).reach(&self.target(pki), &mut log);
        log
    }

    /// Signs in at the server and does `task`.
    pub(super) fn exercise(&self, pki: &Pki, protocol: Protocol, task: &Task<'_>) -> Log {
        self.exercise_at(&self.target(pki), protocol, task)
    }

    /// The same at another target.
    pub(super) fn exercise_at(&self, target: &Target<'_>, protocol: Protocol, task: &Task<'_>) -> Log {
        let token = self.token.clone().map(SecretString::from);
        let account = Account { mailbox: &self.user, user: &self.user, by: Opener::Owner };
        let mut log = Log::default();
        transport::of(protocol).exercise(target, account, Box::new(move || token), task, &mut log);
        log
    }

    /// What the protocol's side of a mailbox is tested with.
    pub(super) fn usual_task(&self, protocol: Protocol) -> Task<'_> {
        match protocol.sides()[0] {
            Side::Incoming => Task::Read { latest: 0 },
            Side::Outgoing => Task::Send { recipient: &self.user, message: None },
        }
    }
}

/// The protocols whose servers are spoken to directly.
pub(super) fn spoken_directly() -> impl Iterator<Item = Protocol> {
    Protocol::ALL.into_iter().filter(|protocol| protocol.ports().is_some())
}

/// What the steps came to, as "stage: detail" each; panics at a failure.
pub(super) fn details(log: &Log) -> Vec<(Stage, Shown)> {
    log.observations
        .iter()
        .map(|seen| (seen.stage, seen.result.clone().unwrap_or_else(|f| panic!("{f}")).words))
        .collect()
}

/// The failure that ended a probe, which must be at `stage`.
pub(super) fn failure_at(log: &Log, stage: Stage) -> Failure {
    let last = log.observations.last().expect("there are observations");
    assert_eq!(last.stage, stage, "{last:?}");
    last.result.clone().expect_err("it failed")
}

/// The rejection that ended a probe.
pub(super) fn rejection_at(log: &Log, stage: Stage) -> (Rejection, Shown) {
    let failure = failure_at(log, stage);
    match failure.kind {
        crate::failure::FailureKind::Rejected(rejection) => (rejection, failure.server_said.unwrap_or_default()),
        kind => panic!("{kind:?}"),
    }
}

/// The protocol violation that ended a probe.
pub(super) fn violation_at(log: &Log, stage: Stage) -> Shown {
    match failure_at(log, stage).kind {
        crate::failure::FailureKind::ProtocolViolation { what } => what,
        kind => panic!("{kind:?}"),
    }
}

/// The credential must not have left us, in any form.
pub(super) fn assert_no_credential(heard: &Heard) {
    let all = format!("{}\n{}", heard.lines.join("\n"), String::from_utf8_lossy(&heard.in_the_clear));
    assert!(!all.lines().any(|line| line.starts_with("AUTH") || line.contains(" AUTHENTICATE")), "{all}");
    let redactor = Redactor::default();
    redactor.learn(&SecretString::from(TOKEN));
    for line in all.lines() {
        assert!(!redactor.clean(line).contains("[redacted]"), "{line}");
    }
}
