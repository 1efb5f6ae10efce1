//! The report's own types. Field names, stage names and finding codes in JSON are public API.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::profile::MailProtocol;

/// The number of the JSON layout. It grows when a field changes its meaning or goes away, not when one is added.
pub const SCHEMA: u32 = 1;

/// Everything one command has to say.
#[derive(Debug, Clone, Serialize)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The subcommand's name.
    pub command: &'static str,
    /// One report for each mailbox or app the command looked at.
    pub reports: Vec<Report>,
    /// Things that are right but deserve attention, such as a secret that expires soon.
    pub warnings: Vec<String>,
    /// What to do next, as commands or click paths.
    pub next: Vec<String>,
    /// Answers explained, the most telling first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub explanations: Vec<Explanation>,
    /// Why the command could not do its job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Finding>,
}

/// The checks of one command for one mailbox (or app).
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Whose report it is.
    #[serde(flatten)]
    pub subject: Subject,
    /// What is so, as name and value: `address`, `authorized`, `expires` …
    #[serde(serialize_with = "facts_as_map")]
    pub facts: Vec<Fact>,
    /// What was tried, in order.
    pub checks: Vec<Check>,
    /// The newest messages, newest first, where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub latest: Vec<Headline>,
    /// What the checks mean together: the one thing to do first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Box<Finding>>,
}

/// An answer of some server, explained without a mailbox.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// Whose servers say it, where that is known.
    pub provider: Option<String>,
    /// Where it is said, where that is known.
    pub stage: Option<String>,
    /// What it means.
    #[serde(flatten)]
    pub finding: Finding,
    /// How a server said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// A remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A message as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Headline {
    /// Its date, as the message has it.
    pub date: String,
    /// Who wrote it.
    pub from: String,
    /// Its subject.
    pub subject: String,
}

/// Whose report it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A mailbox of the profile, by its name.
    Mailbox(String),
    /// An app of the profile, by its name.
    App(String),
    /// The profile file itself.
    Profile(String),
    /// This machine.
    Machine(String),
    /// A server, as host and port.
    Host(String),
}

/// A name and a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The JSON key; the human renderer shows it with blanks for underscores.
    pub name: &'static str,
    /// The value, fit for a terminal.
    pub value: String,
}

/// One step of a test: what was tried, how it went, and how long it took.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// Which step.
    pub stage: Stage,
    /// Over which mail protocol, where one is spoken.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "in_small_letters")]
    pub protocol: Option<MailProtocol>,
    /// How it went.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// When it began, counted from the command's start, in milliseconds in JSON.
    #[serde(rename = "began_ms", skip_serializing_if = "Option::is_none", serialize_with = "as_optional_millis")]
    pub began: Option<Duration>,
    /// How long it took, in milliseconds in JSON.
    #[serde(rename = "elapsed_ms", serialize_with = "as_millis")]
    pub elapsed: Duration,
}

/// How a check went.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// It went well; the detail says what was seen.
    Passed {
        /// What was seen, as in "TLSv1.3, CN=outlook.com, until 2027-01-01".
        detail: String,
    },
    /// It did not.
    Failed {
        /// What that means.
        finding: Box<Finding>,
    },
    /// It was not tried.
    Skipped {
        /// Why not.
        because: String,
    },
}

/// The steps, in the order a connection takes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Profile and secret store.
    Profile,
    /// The secret store.
    SecretStore,
    /// Sign-in at the authorization endpoint.
    Authorize,
    /// The token endpoint: whether it still takes the grant and the client's credential.
    TokenEndpoint,
    /// Getting an access token.
    Token,
    /// What the access token says of itself.
    Preflight,
    /// Who signed in.
    Identity,
    /// Name lookup.
    Dns,
    /// TCP connection.
    Tcp,
    /// TLS handshake, implicit or after STARTTLS.
    Tls,
    /// The server's first words.
    Greeting,
    /// What the server says it can do.
    Capabilities,
    /// SASL.
    Authentication,
    /// Opening the folder (IMAP EXAMINE, POP3 STAT).
    Folder,
    /// The newest messages.
    Latest,
    /// SMTP MAIL FROM.
    Sender,
    /// SMTP RCPT TO.
    Recipient,
    /// SMTP DATA.
    Message,
    /// The sent message, seen on the incoming side.
    Arrival,
    /// A step of the client-secret rotation.
    Rotation,
    /// Owners and modes of this program's files.
    Permissions,
    /// The certificate authorities that this machine trusts.
    Trust,
    /// The proxy that the environment names.
    Proxy,
    /// This machine's clock against a server's.
    Clock,
}

impl Stage {
    /// The stage in a few words, for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::SecretStore => "secret store",
            Self::Authorize => "sign-in",
            Self::TokenEndpoint => "token endpoint",
            Self::Token => "token",
            Self::Preflight => "token preflight",
            Self::Identity => "identity",
            Self::Dns => "DNS",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Greeting => "greeting",
            Self::Capabilities => "capabilities",
            Self::Authentication => "authentication",
            Self::Folder => "folder",
            Self::Latest => "latest",
            Self::Sender => "sender",
            Self::Recipient => "recipient",
            Self::Message => "message",
            Self::Arrival => "arrival",
            Self::Rotation => "rotation",
            Self::Permissions => "permissions",
            Self::Trust => "trust",
            Self::Proxy => "proxy",
            Self::Clock => "clock",
        }
    }
}

/// What a failed check means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A stable kebab-case name.
    pub code: &'static str,
    /// The cause in one or two plain sentences.
    pub cause: String,
    /// The way out, one imperative step each: a click path or a command.
    pub fix: Vec<String>,
    /// The server's own words, redacted and escaped.
    pub server_said: Option<String>,
    /// How sure we are.
    pub confidence: Confidence,
    /// Where the knowledge comes from: an RFC section, a document.
    pub source: Option<&'static str>,
    /// What to do next, for programs.
    pub retry: Retry,
    /// What else the same answer may mean, by code, the most telling first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<&'static str>,
    /// What the exit code is when this is the first finding.
    #[serde(skip)]
    pub exit: ExitCode,
}

/// What to do after a failure, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all(serialize = "snake_case", deserialize = "kebab-case"))]
pub enum Retry {
    /// Try again when somebody has mended what the fix names.
    AfterFix,
    /// Sign in again.
    Reauthorize,
    /// Wait, and try again by itself.
    Backoff,
    /// Ask again in the interval that the server gave (RFC 8628 §3.5).
    Poll,
    /// Do not try again.
    Stop,
}

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The evidence admits nothing else.
    Certain,
    /// The usual cause.
    Likely,
    /// One of several.
    Possible,
}

/// The exit codes. README and `--help` are checked against [`ExitCode::TABLE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExitCode {
    /// Everything that was tried went well.
    AllPassed = 0,
    /// A check failed.
    CheckFailed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The profile is wrong or missing.
    Profile = 3,
    /// The mailbox must be authorized (again).
    AuthorizationNeeded = 4,
    /// The secret store could not do its part.
    SecretStore = 5,
    /// The network; trying again may help.
    Network = 6,
    /// Another process holds the lock; trying again may help.
    Busy = 7,
    /// A rotation stopped half-way; the old secret works.
    RotationUnfinished = 8,
    /// A bug of ours.
    Bug = 70,
    /// Ctrl-C, or "no" at a question.
    Cancelled = 130,
}

impl ExitCode {
    /// Every code with its meaning, in order.
    pub const TABLE: [(ExitCode, &'static str); 11] = [
        (Self::AllPassed, "all passed"),
        (Self::CheckFailed, "a check failed"),
        (Self::Usage, "the command line is wrong"),
        (Self::Profile, "the profile is wrong or missing"),
        (Self::AuthorizationNeeded, "authorization is needed"),
        (Self::SecretStore, "the secret store could not do its part"),
        (Self::Network, "network trouble, try again"),
        (Self::Busy, "another process is at it, try again"),
        (Self::RotationUnfinished, "the rotation is unfinished, the old secret works"),
        (Self::Bug, "a bug in mailgrant"),
        (Self::Cancelled, "cancelled"),
    ];
}

impl Document {
    /// An empty document of `command`.
    #[must_use]
    pub fn new(command: &'static str) -> Self {
        Self {
            schema: SCHEMA,
            command,
            reports: Vec::new(),
            warnings: Vec::new(),
            next: Vec::new(),
            explanations: Vec::new(),
            error: None,
        }
    }

    /// The exit code: that of the first finding, or "all passed". An explanation is no failure.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        let error = self.error.as_ref();
        error
            .or_else(|| self.reports.iter().find_map(Report::first_finding))
            .map_or(ExitCode::AllPassed, |finding| finding.exit)
    }
}

impl Report {
    /// An empty report on `subject`.
    #[must_use]
    pub fn new(subject: Subject) -> Self {
        Self { subject, facts: Vec::new(), checks: Vec::new(), latest: Vec::new(), verdict: None }
    }

    /// Adds a fact.
    pub fn fact(&mut self, name: &'static str, value: impl Into<String>) {
        self.facts.push(Fact { name, value: value.into() });
    }

    /// The verdict, or else the first finding, if any check failed.
    #[must_use]
    pub fn first_finding(&self) -> Option<&Finding> {
        self.verdict.as_deref().or_else(|| self.findings().next())
    }

    /// The findings of all checks, in order.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.checks.iter().filter_map(Check::finding)
    }
}

impl Finding {
    /// A finding without steps that is certain; set what differs.
    #[must_use]
    pub fn new(code: &'static str, cause: impl Into<String>, exit: ExitCode) -> Self {
        Self {
            code,
            cause: cause.into(),
            fix: Vec::new(),
            server_said: None,
            confidence: Confidence::Certain,
            source: None,
            retry: match exit {
                ExitCode::AuthorizationNeeded => Retry::Reauthorize,
                ExitCode::Network | ExitCode::Busy => Retry::Backoff,
                ExitCode::Bug => Retry::Stop,
                _ => Retry::AfterFix,
            },
            also: Vec::new(),
            exit,
        }
    }
}

impl Check {
    /// A check that went well.
    #[must_use]
    pub fn passed(stage: Stage, elapsed: Duration, detail: impl Into<String>) -> Self {
        Self::new(stage, elapsed, Outcome::Passed { detail: detail.into() })
    }

    /// A check that failed.
    #[must_use]
    pub fn failed(stage: Stage, elapsed: Duration, finding: Finding) -> Self {
        Self::new(stage, elapsed, Outcome::Failed { finding: Box::new(finding) })
    }

    /// A check that was not tried.
    #[must_use]
    pub fn skipped(stage: Stage, because: impl Into<String>) -> Self {
        Self::new(stage, Duration::ZERO, Outcome::Skipped { because: because.into() })
    }

    fn new(stage: Stage, elapsed: Duration, outcome: Outcome) -> Self {
        Self { stage, protocol: None, outcome, began: None, elapsed }
    }

    /// The same, over `protocol`.
    #[must_use]
    pub fn over(self, protocol: MailProtocol) -> Self {
        Self { protocol: Some(protocol), ..self }
    }

    /// The same, begun so long after the command's start.
    #[must_use]
    pub fn begun(self, began: Duration) -> Self {
        Self { began: Some(began), ..self }
    }

    /// What it found, if it failed.
    #[must_use]
    pub fn finding(&self) -> Option<&Finding> {
        match &self.outcome {
            Outcome::Failed { finding } => Some(finding),
            Outcome::Passed { .. } | Outcome::Skipped { .. } => None,
        }
    }

    /// Whether `told` says all that it found.
    #[must_use]
    pub fn is_told_by(&self, told: Option<&Finding>) -> bool {
        self.finding().zip(told).is_some_and(|(found, told)| found.code == told.code)
    }

    /// Whether it went well.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        matches!(self.outcome, Outcome::Passed { .. })
    }
}

fn as_millis<S: serde::Serializer>(elapsed: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    // A tenth of a millisecond is finer than any server answers.
    serializer.serialize_f64((elapsed.as_secs_f64() * 10_000.0).round() / 10.0)
}

fn as_optional_millis<S: serde::Serializer>(elapsed: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    as_millis(&elapsed.unwrap_or_default(), serializer)
}

fn in_small_letters<S: serde::Serializer>(protocol: &Option<MailProtocol>, serializer: S) -> Result<S::Ok, S::Error> {
    let name = protocol.map_or_else(String::new, |protocol| protocol.to_string().to_lowercase());
    serializer.serialize_str(&name)
}

fn facts_as_map<S: serde::Serializer>(facts: &[Fact], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(facts.iter().map(|fact| (fact.name, &fact.value)))
}
