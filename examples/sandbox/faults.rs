//! The seat of the faults: every way in which the sandbox can be told to misbehave, by name.
//!
//! A new fault is a row in the file of its place. Where it is just words at a stage, the row holds them and nothing else
//! is needed; a fault with code of its own is a variant of [`Fault`] without data, and one `world.faults.is_on(…)` where
//! the decision is made: `authorize.rs`, `token.rs`, `door.rs`, `imap.rs`, `pop3.rs`, `smtp.rs`.

mod connection;
mod mail;
mod sign_in;
mod token;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::ca::Certificate;
use super::door::Protocol;
use super::oauth_error::OAuthError;
use super::wire::lock;

/// A row of the table: a fault with all that is to be known of it.
#[derive(Debug)]
pub(crate) struct Row {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// What it is, as somebody would tell it who has it.
    pub(crate) meaning: &'static str,
    /// The finding that mailgrant should come to first.
    pub(crate) finding: &'static str,
    /// Where the words come from.
    pub(crate) wording: Wording,
    pub(crate) fault: Fault,
}

/// Where a fault's words come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wording {
    /// The fault is real here: the sandbox does it, and nobody's words are played.
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
pub(crate) enum Fault {
    /// The sign-in server refuses.
    OAuth(Refusal),
    /// The token endpoint's answer is a page, as of a portal or a proxy.
    TokenPage { status: u16, body: &'static str },
    /// The access token says something else than it should, and opens only what it says.
    AccessClaims(&'static [Claim]),
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

    /// Every mail server takes every access token for expired.
    AccessTokensExpired,
    /// Every refusal repeats what the client sent, secrets included. Some servers do that.
    RefusalsEcho,
    /// Whoever is chosen at the sign-in page, the browser goes on as Alice, who was signed in there before.
    OtherAccount,
    /// Every access token is Alice's, whoever it was asked for.
    ForeignAccessToken,
    /// The token endpoint gives no refresh token.
    NoRefreshToken,
    /// The token endpoint grants everything but sending.
    SendingNotGranted,
    /// No account has a mailbox.
    NoMailbox,
    /// Nobody has rights on a shared mailbox.
    NoDelegates,
    /// No mail server offers TLS on a connection that began without.
    NoStartTls,
    /// The IMAP server takes connections and says nothing.
    SilentImap,
    /// The metadata names no device authorization endpoint.
    NoDeviceCode,
}

/// A refusal by the sign-in server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    at: &'static [At],
    status: u16,
    error: &'static str,
    number: u32,
    text: &'static str,
    suberror: Option<&'static str>,
    retry_after: Option<u32>,
}

/// Where the sign-in server can refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// On a page, before anybody is asked anything.
    Page,
    /// On a page, once it is known who signs in.
    Account,
    /// Back to the client, once it is known who signs in.
    Back,
    /// When the code is redeemed.
    Code,
    /// When a refresh token is redeemed.
    Refresh,
}

/// A mail server's words. `{tag}` is the IMAP command's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) protocol: Protocol,
    pub(crate) at: Stage,
    /// Lines, with CRLF between them.
    pub(crate) words: &'static str,
    /// Whether the connection is closed afterwards.
    pub(crate) hangs_up: bool,
}

/// Where a mail server can refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Instead of the greeting.
    Greeting,
    /// At the end of the sign-in.
    SignIn,
    /// At the first command after it.
    Inside,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// The end of DATA.
    Message,
}

/// A changed claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Another text.
    Is(&'static str, &'static str),
    /// The tenant in `iss` and `tid`.
    Tenant(&'static str),
    /// Later by so many seconds.
    Later(&'static str, i64),
}

impl Fault {
    /// Every fault, by its place.
    pub(crate) const TABLE: [&'static [Row]; 4] = [sign_in::ROWS, token::ROWS, mail::ROWS, connection::ROWS];

    pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
        Self::TABLE.into_iter().flatten()
    }

    pub(crate) fn row(name: &str) -> Option<&'static Row> {
        Self::rows().find(|row| row.name == name)
    }

    /// The fault of a row that is there.
    pub(crate) fn named(name: &str) -> Self {
        Self::row(name).unwrap_or_else(|| panic!("there is no fault '{name}'")).fault
    }

    /// Where it shows, for people.
    pub(crate) fn place(self) -> &'static str {
        match self {
            Self::OAuth(refusal) => match refusal.at {
                [At::Page | At::Account, ..] if refusal.is_at(At::Refresh) => "page, token",
                [At::Page | At::Account, ..] => "sign-in page",
                [At::Back, ..] => "sign-in",
                _ => "token",
            },
            Self::NoDeviceCode
            | Self::OtherAccount
            | Self::IdClaims(_)
            | Self::NoRefreshToken
            | Self::SendingNotGranted => "sign-in",
            Self::TokenPage { .. } | Self::AccessClaims(_) | Self::ForeignAccessToken => "token",
            Self::Mail(Words { protocol, .. }) | Self::Offers(protocol, _) => match protocol {
                Protocol::Imap => "IMAP",
                Protocol::Pop3 => "POP3",
                Protocol::Smtp => "SMTP",
            },
            Self::SilentImap => "IMAP",
            Self::NoMailbox | Self::NoDelegates | Self::AccessTokensExpired | Self::NoStartTls => "mail",
            Self::ClockAhead(_) | Self::Certificate(_) | Self::RefusalsEcho => "everywhere",
        }
    }
}

/// A refusal as Microsoft words it; `invalid_client` has a status of its own (RFC 6749 §5.2).
const fn refusal(at: &'static [At], error: &'static str, number: u32, text: &'static str) -> Refusal {
    Refusal { at, status: 400, error, number, text, suberror: None, retry_after: None }
}

impl Refusal {
    const fn suberror(self, suberror: &'static str) -> Self {
        Self { suberror: Some(suberror), ..self }
    }

    const fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    const fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    pub(crate) fn number(self) -> u32 {
        self.number
    }

    pub(crate) fn is_at(self, place: At) -> bool {
        self.at.contains(&place)
    }

    /// With the request's own values in the text.
    fn spoken(self, client_id: &str, user: &str) -> OAuthError {
        let text = self.text.replace("{client_id}", client_id).replace("{user}", user);
        OAuthError {
            status: self.status,
            suberror: self.suberror,
            retry_after: self.retry_after,
            ..OAuthError::new(self.error, self.number, text)
        }
    }
}

impl Words {
    pub(crate) fn spoken(self, tag: &str) -> String {
        self.words.replace("{tag}", tag)
    }
}

/// The faults that are on just now, in the order in which they were switched on; the first that fits is heard.
#[derive(Default)]
pub(crate) struct Faults(Mutex<Vec<(Fault, Option<Instant>)>>);

impl Faults {
    pub(crate) fn switch_on(&self, fault: Fault) {
        self.switch_on_until(fault, None);
    }

    /// Switches a fault on that heals by itself.
    pub(crate) fn switch_on_for(&self, fault: Fault, time: Duration) {
        self.switch_on_until(fault, Some(Instant::now() + time));
    }

    fn switch_on_until(&self, fault: Fault, end: Option<Instant>) {
        let mut on = lock(&self.0);
        on.retain(|(other, _)| *other != fault);
        on.push((fault, end));
    }

    pub(crate) fn switch_off(&self, fault: Fault) {
        lock(&self.0).retain(|(other, _)| *other != fault);
    }

    pub(crate) fn is_on(&self, fault: Fault) -> bool {
        self.find(|other| (other == fault).then_some(())).is_some()
    }

    /// What the first fault that is on makes of it.
    fn find<T>(&self, pick: impl Fn(Fault) -> Option<T>) -> Option<T> {
        let now = Instant::now();
        lock(&self.0).iter().filter(|(_, end)| end.is_none_or(|end| now < end)).find_map(|(fault, _)| pick(*fault))
    }

    /// The sign-in server's refusal at this place.
    pub(crate) fn refusal(&self, place: At, client_id: &str, user: &str) -> Option<OAuthError> {
        self.find(|fault| match fault {
            Fault::OAuth(refusal) if refusal.is_at(place) => Some(refusal.spoken(client_id, user)),
            _ => None,
        })
    }

    /// The page that stands in the token endpoint's place.
    pub(crate) fn token_page(&self) -> Option<(u16, &'static str)> {
        self.find(|fault| match fault {
            Fault::TokenPage { status, body } => Some((status, body)),
            _ => None,
        })
    }

    pub(crate) fn access_claims(&self) -> &'static [Claim] {
        let pick = |fault| if let Fault::AccessClaims(claims) = fault { Some(claims) } else { None };
        self.find(pick).unwrap_or_default()
    }

    pub(crate) fn id_claims(&self) -> &'static [Claim] {
        let pick = |fault| if let Fault::IdClaims(claims) = fault { Some(claims) } else { None };
        self.find(pick).unwrap_or_default()
    }

    /// By how many seconds the sign-in server's clock is ahead.
    pub(crate) fn clock_ahead(&self) -> i64 {
        self.find(|fault| if let Fault::ClockAhead(seconds) = fault { Some(seconds) } else { None }).unwrap_or_default()
    }

    /// What a mail server says at this stage.
    pub(crate) fn words(&self, protocol: Protocol, at: Stage) -> Option<Words> {
        self.find(|fault| match fault {
            Fault::Mail(words) if (words.protocol, words.at) == (protocol, at) => Some(words),
            _ => None,
        })
    }

    /// The mechanisms that a mail server offers instead of its usual ones.
    pub(crate) fn offers(&self, protocol: Protocol) -> Option<&'static str> {
        self.find(|fault| match fault {
            Fault::Offers(other, mechanisms) if other == protocol => Some(mechanisms),
            _ => None,
        })
    }

    pub(crate) fn certificate(&self) -> Certificate {
        let pick = |fault| if let Fault::Certificate(certificate) = fault { Some(certificate) } else { None };
        self.find(pick).unwrap_or_default()
    }
}
