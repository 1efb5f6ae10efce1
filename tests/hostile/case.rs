//! Cases as data.

use serde::Deserialize;

use crate::pki::Certificate;

/// What the server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Protocol {
    Imap,
    Pop3,
    Smtp,
    /// The token endpoint, asked for a refresh by `token`.
    Token,
    /// An issuer's metadata, asked for by `authorize`.
    Discovery,
}

impl Protocol {
    pub(crate) const MAIL: [Self; 3] = [Self::Imap, Self::Pop3, Self::Smtp];

    pub(crate) fn is_mail(self) -> bool {
        Self::MAIL.contains(&self)
    }
}

/// When TLS begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tls {
    #[default]
    Implicit,
    StartTls,
}

impl Tls {
    pub(crate) const BOTH: [Self; 2] = [Self::Implicit, Self::StartTls];

    /// As the profile writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Implicit => "implicit",
            Self::StartTls => "starttls",
        }
    }
}

/// One server and what must come of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Case {
    /// What is special about it, unlike any other of its fault, protocol and TLS mode.
    pub(crate) name: String,
    /// The row of the table that it counts in.
    pub(crate) fault: String,
    pub(crate) protocol: Protocol,
    #[serde(default)]
    pub(crate) tls: Tls,
    #[serde(default)]
    pub(crate) certificate: Certificate,
    /// The conversation goes well up to and including this phase; the script begins after it.
    #[serde(default)]
    pub(crate) after: Option<String>,
    /// Steps, see `script`.
    #[serde(default)]
    pub(crate) script: String,
    /// Instead of a script: the HTTP answer's status line …
    #[serde(default)]
    pub(crate) status: Option<String>,
    /// … its header lines, but for Content-Length …
    #[serde(default)]
    pub(crate) headers: Vec<String>,
    /// … and its body.
    #[serde(default)]
    pub(crate) body: Option<String>,
    /// How often the client may connect.
    #[serde(default = "once")]
    pub(crate) connections: usize,
    /// The exit code.
    pub(crate) exit: i32,
    /// The stage that fails.
    #[serde(default)]
    pub(crate) stage: Option<String>,
    /// The first finding's code.
    #[serde(default)]
    pub(crate) code: Option<String>,
    /// What the output must hold.
    #[serde(default)]
    pub(crate) says: Vec<String>,
    /// What it must not hold, beside secrets and control characters.
    #[serde(default)]
    pub(crate) hides: Vec<String>,
    /// Whether the output is for people, and not JSON.
    #[serde(default)]
    pub(crate) human: bool,
    /// Further arguments.
    #[serde(default)]
    pub(crate) arguments: Vec<String>,
    /// The whole deadline, in seconds.
    #[serde(default = "ten")]
    pub(crate) timeout: u64,
    /// When the command must have ended, where that is not the timeout, in seconds.
    #[serde(default)]
    pub(crate) deadline: Option<u64>,
    /// Whether the mailbox must be authorized again afterwards; only a true `invalid_grant` may do that.
    #[serde(default)]
    pub(crate) lost: bool,
    /// Whether the refresh token is another one afterwards.
    #[serde(default)]
    pub(crate) renewed: bool,
}

fn once() -> usize {
    1
}

/// Long enough for a busy machine; a case that must wait for it says less.
fn ten() -> u64 {
    10
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    case: Vec<Case>,
}

impl Case {
    /// A case without script that must end with `exit`.
    pub(crate) fn new(fault: &str, name: impl Into<String>, protocol: Protocol, exit: i32) -> Self {
        Self {
            name: name.into(),
            fault: fault.to_owned(),
            protocol,
            tls: Tls::Implicit,
            certificate: Certificate::Good,
            after: None,
            script: String::new(),
            status: None,
            headers: Vec::new(),
            body: None,
            connections: 1,
            exit,
            stage: None,
            code: None,
            says: Vec::new(),
            hides: Vec::new(),
            human: false,
            arguments: Vec::new(),
            timeout: ten(),
            deadline: None,
            lost: false,
            renewed: false,
        }
    }

    /// The cases of a file.
    pub(crate) fn read(text: &str) -> Vec<Self> {
        toml::from_str::<CaseFile>(text).unwrap_or_else(|error| panic!("{error}")).case
    }

    /// All that tells it from others.
    pub(crate) fn title(&self) -> String {
        format!("{}: {:?} {}, {}", self.fault, self.protocol, self.tls.name(), self.name)
    }
}
