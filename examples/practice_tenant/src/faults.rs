//! The seat of the faults: every way in which the sandbox can be told to misbehave, by name.
//!
//! A new fault is a row in the file of its place. Where it is just words at a stage, the row holds them and nothing else
//! is needed; a fault with code of its own is a variant of [`Fault`] without data, and one `world.faults.is_on(…)` where
//! the decision is made: `authorize.rs`, `token.rs`, `mail_sign_in.rs`, `imap.rs`, `pop3.rs`, `smtp.rs`, `api/`.

mod answers;
mod api_answers;
mod app_only;
mod assertions;
mod connection;
mod directory;
mod exchange_admin;
mod federated;
mod gmail;
mod graph;
mod mail;
mod place;
mod policy;
mod service_accounts;
mod sign_in;
mod smtp;
mod switches;
mod token;

pub use crate::api::Service;
pub use answers::{ApiCall, ApiRefusal, At, Broken, Claim, Refusal, Stage, Step, Words};
pub use graph::REVOKED;
pub use place::Place;
pub use switches::Faults;

use crate::ca::Certificate;
use crate::mail_sign_in::Protocol;
use answers::refusal;

/// A row of the table: a fault with all that is to be known of it.
#[derive(Debug)]
pub struct Row {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, as a person who has it would tell it.
    pub meaning: &'static str,
    /// The finding that mailgrant should come to first.
    pub finding: &'static str,
    /// Where the words come from.
    pub wording: Wording,
    pub fault: Fault,
}

/// Where a fault's words come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wording {
    /// The fault is real here: the sandbox does it, and no words are played.
    Seen,
    /// Whole, from an official document or a standard.
    Documented,
    /// Whole, from users' reports or public code.
    Reported,
    /// Put together from the words by which documents or reports name it; no whole answer is known to us.
    Composed,
}

/// One misbehaviour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// The sign-in server refuses.
    OAuth(Refusal),
    /// The token endpoint's answer is a page, as of a portal or a proxy.
    TokenPage { status: u16, body: &'static str },
    /// The access token says something else than it should, and opens only what it says.
    AccessClaims(&'static [Claim]),
    /// The app's own token says something else than it should, and opens only what it says.
    AppClaims(&'static [Claim]),
    /// A step of the set-up of an app that opens mailboxes as itself was not taken.
    NotSetUp(Step),
    /// The identity token says something else than it should.
    IdClaims(&'static [Claim]),
    /// The sign-in server's clock is this many seconds ahead of this machine's.
    ClockAhead(i64),
    /// A mail server says this at this stage.
    Mail(Words),
    /// A mail server offers these mechanisms and no others; without any, no sign-in.
    Offers(Protocol, &'static str),
    /// Every server shows another certificate.
    Certificate(Certificate),
    /// Graph or Gmail's API refuses.
    Api(ApiRefusal),
    /// The answers of Graph and Gmail's API are broken on their way.
    ApiAnswers(Broken),
    /// A search over Graph or Gmail's API finds a message only so many seconds after it came in.
    IndexDelay(i64),
    /// The sign-in server knows a secret that Graph issues only after so many seconds.
    ReplicationLag(i64),
    /// A policy of the directory lets new secrets live for so many days.
    LongestSecret(i64),

    /// The runner takes no job's bearer token.
    RunnerRefuses,
    /// The runner hands out tokens that have run out.
    RunnerTokenOld,
    /// No outside issuer publishes the key that it signs with.
    IssuerKeyNotPublished,
    /// The metadata service has too many requests to answer.
    MetadataBusy,
    /// The machine has no managed identity of that name.
    IdentityNotFound,
    /// No federated identity may sign for Google's service account.
    SigningDenied,
    /// Google's workload identity pool does not exist any more.
    PoolGone,
    /// Every mail server takes every access token for expired.
    AccessTokensExpired,
    /// Every refusal repeats what the client sent, secrets included. Some servers do that.
    RefusalsEcho,
    /// Whichever account is chosen at the sign-in page, the browser goes on as Alice, who was signed in there before.
    OtherAccount,
    /// Every access token is Alice's, for whichever account it was asked.
    ForeignAccessToken,
    /// The token endpoint gives no refresh token.
    NoRefreshToken,
    /// The token endpoint grants everything but sending.
    SendingNotGranted,
    /// No account has a mailbox.
    NoMailbox,
    /// No account has rights on a shared mailbox.
    NoDelegates,
    /// No mail server offers TLS on a connection that began without.
    NoStartTls,
    /// The IMAP server takes connections and says nothing.
    SilentImap,
    /// The metadata names no device authorization endpoint.
    NoDeviceCode,
    /// The SMTP server gives each mail a Message-ID of its own, and puts the old one into this header, if into any.
    MessageIdReplaced(Option<&'static str>),
    /// The IMAP server finds nothing by SEARCH.
    SearchFindsNothing,
    /// The IMAP server does not know what it is to search for.
    SearchRefused,
    /// The IMAP server says this before each answer to who is signed in.
    Untagged(&'static str),
    /// Graph shows no hint beside any client secret.
    NoHints,
    /// Graph shows the same hint beside every client secret.
    SameHints,
    /// Graph gives each message that is sent as MIME the mailbox's own sender.
    FromDroppedInMime,
    /// The POP3 server does not know CAPA.
    NoCapa,
    /// The POP3 server does not say in CAPA how to sign in; whether AUTH alone lists it.
    NoSaslInCapa(bool),
}

impl Fault {
    /// Every fault, by its place.
    pub const TABLE: [&'static [Row]; 15] = [
        sign_in::ROWS,
        token::ROWS,
        policy::ROWS,
        assertions::ROWS,
        app_only::ROWS,
        federated::ROWS,
        service_accounts::ROWS,
        mail::ROWS,
        smtp::ROWS,
        connection::ROWS,
        graph::ROWS,
        directory::ROWS,
        exchange_admin::ROWS,
        gmail::ROWS,
        api_answers::ROWS,
    ];

    pub fn rows() -> impl Iterator<Item = &'static Row> {
        Self::TABLE.into_iter().flatten()
    }

    pub fn row(name: &str) -> Option<&'static Row> {
        Self::rows().find(|row| row.name == name)
    }

    /// The fault of a row that is there.
    pub fn named(name: &str) -> Self {
        Self::row(name).unwrap_or_else(|| panic!("there is no fault '{name}'")).fault
    }
}
