//! Which faults are on, and what they make of a request.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::{ApiRefusal, At, Broken, Claim, Fault, Stage, Step, Words};
use crate::api::Service;
use crate::ca::Certificate;
use crate::mail_sign_in::Protocol;
use crate::oauth_error::OAuthError;
use crate::wire::lock;

/// The faults that are on just now, in the order in which they were switched on; the first that fits is heard.
#[derive(Default)]
pub struct Faults(Mutex<Vec<(Fault, Option<Instant>)>>);

impl Faults {
    pub fn switch_on(&self, fault: Fault) {
        self.switch_on_until(fault, None);
    }

    /// Switches a fault on that heals by itself.
    pub fn switch_on_for(&self, fault: Fault, time: Duration) {
        self.switch_on_until(fault, Some(Instant::now() + time));
    }

    fn switch_on_until(&self, fault: Fault, end: Option<Instant>) {
        let mut on = lock(&self.0);
        on.retain(|(other, _)| *other != fault);
        on.push((fault, end));
    }

    pub fn switch_off(&self, fault: Fault) {
        lock(&self.0).retain(|(other, _)| *other != fault);
    }

    pub fn is_on(&self, fault: Fault) -> bool {
        self.find(|other| (other == fault).then_some(())).is_some()
    }

    /// What the first fault that is on makes of it.
    fn find<T>(&self, pick: impl Fn(Fault) -> Option<T>) -> Option<T> {
        let now = Instant::now();
        lock(&self.0).iter().filter(|(_, end)| end.is_none_or(|end| now < end)).find_map(|(fault, _)| pick(*fault))
    }

    /// The sign-in server's refusal at this place.
    pub fn refusal(&self, place: At, client_id: &str, user: &str) -> Option<OAuthError> {
        self.find(|fault| match fault {
            Fault::OAuth(refusal) if refusal.is_at(place) => Some(refusal.spoken(client_id, user)),
            _ => None,
        })
    }

    /// The page at the token endpoint's address.
    pub fn token_page(&self) -> Option<(u16, &'static str)> {
        self.find(|fault| match fault {
            Fault::TokenPage { status, body } => Some((status, body)),
            _ => None,
        })
    }

    pub fn access_claims(&self) -> &'static [Claim] {
        let pick = |fault| if let Fault::AccessClaims(claims) = fault { Some(claims) } else { None };
        self.find(pick).unwrap_or_default()
    }

    pub fn app_claims(&self) -> &'static [Claim] {
        let pick = |fault| if let Fault::AppClaims(claims) = fault { Some(claims) } else { None };
        self.find(pick).unwrap_or_default()
    }

    /// Whether this step was taken for an app that opens mailboxes as itself.
    pub fn is_set_up(&self, step: Step) -> bool {
        !self.is_on(Fault::NotSetUp(step))
    }

    pub fn id_claims(&self) -> &'static [Claim] {
        let pick = |fault| if let Fault::IdClaims(claims) = fault { Some(claims) } else { None };
        self.find(pick).unwrap_or_default()
    }

    /// By how many seconds the sign-in server's clock is ahead.
    pub fn clock_ahead(&self) -> i64 {
        self.find(|fault| if let Fault::ClockAhead(seconds) = fault { Some(seconds) } else { None }).unwrap_or_default()
    }

    /// What a mail server says at this stage.
    pub fn words(&self, protocol: Protocol, at: Stage) -> Option<Words> {
        self.find(|fault| match fault {
            Fault::Mail(words) if (words.protocol, words.at) == (protocol, at) => Some(words),
            _ => None,
        })
    }

    /// The mechanisms that a mail server offers instead of its usual ones.
    pub fn offers(&self, protocol: Protocol) -> Option<&'static str> {
        self.find(|fault| match fault {
            Fault::Offers(other, mechanisms) if other == protocol => Some(mechanisms),
            _ => None,
        })
    }

    /// The header for the Message-ID that is replaced, if any does; `None` where none is replaced.
    pub fn message_id(&self) -> Option<Option<&'static str>> {
        self.find(|fault| if let Fault::MessageIdReplaced(keeps) = fault { Some(keeps) } else { None })
    }

    /// What the IMAP server says before each answer.
    pub fn untagged(&self) -> Option<&'static str> {
        self.find(|fault| if let Fault::Untagged(words) = fault { Some(words) } else { None })
    }

    /// Whether AUTH alone lists the mechanisms; `None` where CAPA lists them.
    pub fn auth_lists(&self) -> Option<bool> {
        self.find(|fault| match fault {
            Fault::NoCapa => Some(true),
            Fault::NoSaslInCapa(lists) => Some(lists),
            _ => None,
        })
    }

    /// What Graph or Gmail's API says to a request instead of its answer.
    pub fn api_refusal(&self, service: Service, method: &str, path: &str) -> Option<ApiRefusal> {
        self.find(|fault| match fault {
            Fault::Api(refusal) if refusal.service == service && refusal.at.is(method, path) => Some(refusal),
            _ => None,
        })
    }

    /// How the answers of Graph and Gmail's API are broken.
    pub fn broken(&self) -> Option<Broken> {
        self.find(|fault| if let Fault::ApiAnswers(broken) = fault { Some(broken) } else { None })
    }

    /// How long a new message is not found by a search.
    pub fn index_delay(&self) -> jiff::SignedDuration {
        self.seconds(|fault| if let Fault::IndexDelay(seconds) = fault { Some(seconds) } else { None })
    }

    /// How long the sign-in server does not know a secret that Graph has issued.
    pub fn replication_lag(&self) -> jiff::SignedDuration {
        self.seconds(|fault| if let Fault::ReplicationLag(seconds) = fault { Some(seconds) } else { None })
    }

    fn seconds(&self, pick: impl Fn(Fault) -> Option<i64>) -> jiff::SignedDuration {
        jiff::SignedDuration::from_secs(self.find(pick).unwrap_or_default())
    }

    /// For how many days the directory's policy lets a secret live, where there is one.
    pub fn longest_secret(&self) -> Option<i64> {
        self.find(|fault| if let Fault::LongestSecret(days) = fault { Some(days) } else { None })
    }

    pub fn certificate(&self) -> Certificate {
        let pick = |fault| if let Fault::Certificate(certificate) = fault { Some(certificate) } else { None };
        self.find(pick).unwrap_or_default()
    }
}
