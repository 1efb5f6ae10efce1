//! What went wrong, as facts: no advice, no formatting. Every module that talks to the outside returns this type, and
//! `diagnosis` alone turns it into a [`Finding`](crate::report::Finding) for people.

mod aadsts;
mod client_refusal;
mod federated;
mod proxy;

pub use aadsts::{aadsts_numbers, aadsts_numbers_of_answer};
pub use federated::FederatedClaims;
pub use proxy::{ProxyFault, ProxyTrouble};

use std::path::PathBuf;
use std::time::Duration;
use std::{fmt, io};

use jiff::Timestamp;

use crate::finding_code::FindingCode;
use crate::text::{Show, Shown};

mod callback;
mod service;
mod store;

pub use callback::{CallbackRefusal, Heard};
pub use service::{OtherService, Service};
pub use store::{CommandTrouble, HandedOver};

/// One failed step: what happened, and the other side's own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What happened.
    pub kind: FailureKind,
    /// The server's words; every line of a multi-line reply.
    pub server_said: Option<Shown>,
}

/// The kinds of things that go wrong between us and a server, or on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are documented; their fields say it with their names")]
pub enum FailureKind {
    /// The host name does not exist (NXDOMAIN, or no address of a usable family).
    NameNotFound { host: Shown },
    /// The host name could not be looked up just now.
    NameLookupFailed { host: Shown, reason: Shown },
    /// Every address of the host refused the connection.
    ConnectionRefused { host: Shown, port: u16 },
    /// No route, network down, or another I/O error before the connection was made.
    Unreachable { host: Shown, port: u16, reason: Shown },
    /// The proxy that the environment names could not be used; the server behind it was not asked.
    Proxy(ProxyTrouble),
    /// Nothing (or too little) arrived in time. `during` names the phase, as in "waiting for the greeting".
    TimedOut { during: Shown, after: Duration },
    /// The peer closed the connection in the middle of `during`.
    ConnectionLost { during: Shown },
    /// The TLS handshake failed; no credential was sent.
    Tls(TlsFault),
    /// The peer broke the protocol in a way that an attacker or a broken proxy would; the connection was given up.
    ProtocolViolation { what: Shown },
    /// The peer's answer to what `what` names cannot be read: a server with a fault of its own, or one that this program
    /// does not understand. Nothing says that it was tampered with.
    Unreadable { what: Shown },
    /// Something else answers on the port than the mail server that the profile names.
    OtherService(OtherService),
    /// The peer sent more than we are willing to hold (line, reply, literal, body), in bytes.
    TooLarge { what: Shown, limit: usize },
    /// STARTTLS (or STLS) is configured, and the server does not offer it.
    StartTlsNotOffered,
    /// The server offers no SASL mechanism that we can use; `offered` is what it listed.
    MechanismNotOffered { wanted: Option<Shown>, offered: Vec<Shown> },
    /// The server understood and said no.
    Rejected(Rejection),
    /// A token or authorization endpoint answered with an OAuth error (RFC 6749 §4.1.2.1, §5.2).
    OAuth(OAuthFault),
    /// A token or metadata endpoint answered with something that is not an OAuth answer: a portal's HTML, a 502 page.
    NotOAuth { status: u16, content_type: Option<Shown>, what: Shown, retry_after: Option<Duration> },
    /// The address that was pasted does not answer this sign-in.
    WrongPaste { what: Shown },
    /// Another issuer answered than the one that was asked (RFC 9207 §2.4, RFC 8414 §3.3). `spelled` is how it writes itself,
    /// where only a slash at the end differs.
    OtherIssuer { what: Shown, spelled: Option<Shown> },
    /// The identity token is missing or fails a check of OpenID Connect Core §3.1.3.7; `what` names the check.
    IdToken { what: Shown },
    /// Another account than the mailbox's user signed in.
    OtherAccount { signed_in: Shown, expected: Shown },
    /// A later sign-in returned another subject or tenant than the first.
    OtherSubject { recorded: Shown, signed_in: Shown },
    /// The token endpoint sent no refresh token, and none was known before.
    NoRefreshToken,
    /// The address could be used in an attack: not https, or another scheme (SECURITY.md A3).
    UnsafeUrl { url: Shown, reason: Shown },
    /// The provider has no sign-in by device code (RFC 8628) for what is asked; `why` says what is in the way.
    NoDeviceCode { why: Shown },
    /// The device code was not entered in time.
    DeviceCodeExpired { after: Duration },
    /// The user (or the deadline) ended the sign-in before a valid callback arrived; `refused` is what arrived instead, each
    /// reason once.
    SignInTimedOut { after: Duration, heard: Heard, refused: Vec<CallbackRefusal> },
    /// There is no grant yet, or the provider has said that it no longer holds; `why` tells which.
    NotAuthorized { why: Shown },
    /// The provider has said before that the refresh token is gone: what it said, and when, where that was noted.
    GrantLost { fault: OAuthFault, at: Option<Timestamp> },
    /// The store holds the sign-in of another mailbox by this mailbox's name: its address and client ID, where it signed
    /// in, and the profile's file, where that was noted.
    GrantOfAnother { address: Shown, client_id: Shown, at: Shown, profile: Option<Shown> },
    /// The app needs a client secret, and none is stored.
    NoClientSecret { app: Shown },
    /// What the app authenticates with cannot be used: a certificate, a federated token, a service account's key. Nothing was
    /// sent.
    Credential(CredentialFault),
    /// The mail did not show up on the incoming side in time.
    NotArrived { after: Duration },
    /// The secret store failed.
    Store(StoreFault),
    /// A lock is held by another process.
    Busy { what: Shown, holder: Option<Shown>, waited: Duration },
    /// An operation on this machine failed.
    Local { what: Shown, reason: Shown },
    /// The system refused an operation on a file or folder. `what` says which, its path included.
    File { what: Shown, path: PathBuf, reason: Shown, kind: io::ErrorKind },
    /// A bug in this program.
    Bug,
}

/// Why what an app authenticates with cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialFault {
    /// Its entry among the program's own.
    pub code: FindingCode,
    /// What is filled in there.
    pub values: Vec<(&'static str, Shown)>,
    /// Which case of it this is, the closest first.
    pub cases: Vec<&'static str>,
}

impl CredentialFault {
    /// What the entry under `code` says.
    #[must_use]
    pub fn new(code: FindingCode) -> Self {
        Self { code, values: Vec::new(), cases: Vec::new() }
    }

    /// Fills in `value` for `{name}`.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Show) -> Self {
        self.values.push((name, Shown::of(value)));
        self
    }

    /// Says what is said in this case.
    #[must_use]
    pub fn case(mut self, case: &'static str) -> Self {
        self.cases.push(case);
        self
    }
}

impl From<CredentialFault> for Failure {
    fn from(fault: CredentialFault) -> Self {
        Self::new(FailureKind::Credential(fault))
    }
}

/// Why a certificate or handshake was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are documented; their fields say it with their names")]
pub enum TlsFault {
    /// No trusted root signed the chain (a company's inspection proxy, a missing intermediate). `is_alone`: the server
    /// sent no certificate but its own.
    UnknownIssuer { issuer: Option<Shown>, is_alone: bool },
    /// The server signed its certificate itself, and nothing says to trust it.
    SelfSigned,
    /// The certificate is for something else than a server (RFC 5280 §4.2.1.12), as one for signing mail.
    WrongUsage,
    /// The certificate is for other names.
    WrongHost { host: Shown, names: Vec<Shown> },
    /// The certificate has expired.
    Expired,
    /// The certificate's time has not come yet, or this machine's clock is behind.
    NotYetValid,
    /// The issuer has revoked the certificate.
    Revoked,
    /// Whether the certificate is revoked could not be found out, where the system insists on it.
    RevocationUnknown,
    /// The server speaks no TLS 1.2 or newer.
    TooOld,
    /// The server answered a ClientHello with something that is not TLS.
    NotTls,
    /// Anything else; the library's words.
    Other(Shown),
}

/// What [`Rejection::command`] says where a server refuses in its greeting, before any command.
pub const GREETING: &str = "the connection";

/// What [`Rejection::command`] says where a server refuses the message itself, behind DATA.
pub const MESSAGE: &str = "the message";

/// A server's "no" on a mail protocol or of a web service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rejection {
    /// What was asked, as in `AUTHENTICATE XOAUTH2`, `RCPT TO`; or [`GREETING`] or [`MESSAGE`].
    pub command: Shown,
    /// The number that the protocol gives its answers, where it gives them one.
    pub code: Option<ReplyCode>,
    /// SMTP's x.y.z (RFC 3463), a response code as IMAP (RFC 5530) and POP3 (RFC 2449 §8) put it in brackets, or the
    /// error code of a web service.
    pub detail_code: Option<Shown>,
    /// The decoded error challenge of XOAUTH2 or OAUTHBEARER (RFC 7628 §3.2.2), usually JSON.
    pub challenge: Option<Shown>,
    /// Whether the server ends the connection with it (RFC 9051 §7.1.5).
    pub closes: bool,
    /// How long the server asked us to wait (Retry-After, RFC 9110 §10.2.3).
    pub retry_after: Option<Duration>,
}

/// The number of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyCode {
    /// SMTP's three digits (RFC 5321 §4.2).
    Smtp(u16),
    /// HTTP's status (RFC 9110 §15).
    Http(u16),
}

impl ReplyCode {
    /// Whether it says that trying again later may help: SMTP's 4yz; HTTP's 429 (RFC 6585 §4) and errors of the server.
    #[must_use]
    pub fn is_passing(self) -> bool {
        match self {
            Self::Smtp(code) => (400..500).contains(&code),
            Self::Http(status) => status == 429 || (500..600).contains(&status),
        }
    }
}

/// An OAuth error answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OAuthFault {
    /// The `error` field, as in `invalid_grant`.
    pub error: Shown,
    /// The `error_description` field.
    pub description: Option<Shown>,
    /// HTTP status; 0 where the error came through the redirect.
    pub status: u16,
    /// Microsoft's AADSTS numbers.
    pub codes: Vec<u32>,
    /// Microsoft's `suberror`, as in `bad_token`.
    pub suberror: Option<Shown>,
    /// Microsoft's `correlation_id`, which its support asks for.
    pub correlation_id: Option<Shown>,
    /// How long the server asked us to wait (Retry-After, RFC 9110 §10.2.3).
    pub retry_after: Option<Duration>,
    /// What the federated token says that was sent as the app's proof, where one was.
    pub federated: Option<Box<FederatedClaims>>,
}

/// Why a secret store failed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are documented; their fields say it with their names")]
pub enum StoreFault {
    /// There is none: no session bus, no service, no keychain. `vault` is one on this machine that has records.
    Absent { reason: Shown, vault: Option<Shown> },
    /// It is there, but locked, and unlocking was refused or impossible.
    Locked,
    /// It refused us.
    Denied { reason: Shown },
    /// It did not answer in time.
    Slow { after: Duration },
    /// The vault's key is missing; `expected` says where it was looked for.
    NoKey { expected: Shown },
    /// The vault's key is given, and there is no vault at `expected`: it was never made, or is not mounted here.
    NoVault { expected: Shown },
    /// What should be the vault's key is not one; `place` names the variable or the file.
    BadKey { place: Shown, trouble: KeyTrouble },
    /// The vault's key does not open the vault.
    WrongKey,
    /// What is stored is damaged, or not a record of ours.
    Damaged { what: Shown },
    /// What was just written or removed reads back as something else: the store lost or changed the value.
    NotKept { what: Shown },
    /// A later version of this program wrote it, in a format of `number`; this one knows those up to `known`.
    Newer { what: Shown, number: u32, known: u32 },
    /// The vault as a whole cannot be read: none of its records can be had, and none can be removed.
    VaultDamaged { path: PathBuf, why: Shown },
    /// The vault's file of one record holds another.
    Misfiled { path: PathBuf, holds: Shown, expected: Shown },
    /// Another process was using it for too long.
    InUse { what: Shown, holder: Option<Shown>, waited: Duration },
    /// The system refused an operation on a file or folder. `what` says which, its path included.
    File { what: Shown, path: PathBuf, reason: Shown, kind: io::ErrorKind },
    /// The file's owner or mode lets others read it, or it is a link.
    Unsafe { path: Shown, reason: Shown },
    /// It can be read only; `handed` says how what it holds came here.
    ReadOnly { store: Shown, handed: HandedOver },
    /// The store is the environment, and a variable that it needs is not set; `holds` says what belongs there.
    NoVariable { variable: Shown, holds: Shown },
    /// A variable of the store holds something else than what belongs there. It is never repeated.
    BadVariable { variable: Shown, why: Shown },
    /// One variable would be that of two.
    SharedVariable { variable: Shown, one: Shown, other: Shown },
    /// The store is a command, and the profile does not name it.
    NoCommand,
    /// The command of the store did not do what it was asked for, which is `what`.
    Command { program: Shown, what: Shown, trouble: CommandTrouble },
    /// Anything else.
    Other { reason: Shown },
}

/// Why a text is not a key for the vault. The text itself is never repeated: it may be half a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyTrouble {
    /// There is no line with a key.
    Empty,
    /// The line of this number is not an age identity.
    Line(usize),
    /// It is not even text.
    NotText,
}

impl FailureKind {
    /// Whether there is no sign-in that could be used, so that a person must sign in.
    #[must_use]
    pub fn needs_authorization(&self) -> bool {
        matches!(self, Self::NotAuthorized { .. } | Self::GrantLost { .. } | Self::GrantOfAnother { .. })
    }
}

impl Failure {
    /// A failure without words from the other side.
    #[must_use]
    pub fn new(kind: FailureKind) -> Self {
        Self { kind, server_said: None }
    }

    /// Adds what the federated token says that the app was proven with, if it was, to a refusal of the token endpoint.
    #[must_use]
    pub fn proven_with(mut self, claims: Option<FederatedClaims>) -> Self {
        if let FailureKind::OAuth(fault) = &mut self.kind {
            fault.federated = claims.map(Box::new);
        }
        self
    }

    /// Adds the server's words.
    #[must_use]
    pub fn said(mut self, words: impl Into<Shown>) -> Self {
        self.server_said = Some(words.into());
        self
    }
}

impl From<FailureKind> for Failure {
    fn from(kind: FailureKind) -> Self {
        Self::new(kind)
    }
}

impl From<StoreFault> for Failure {
    fn from(fault: StoreFault) -> Self {
        Self::new(FailureKind::Store(fault))
    }
}

impl fmt::Display for Failure {
    /// The bare fact in one line, for logs and tests; people get a `Finding`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)?;
        match &self.server_said {
            Some(words) => write!(f, " ({words})"),
            None => Ok(()),
        }
    }
}

show_as_displayed!(Failure);

impl std::error::Error for Failure {}
