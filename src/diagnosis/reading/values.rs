//! The values that a text names: whose app, which mailbox, which server, what the provider's support asks for.
//!
//! A value is behind a word that announces it, in a sentence, in JSON, in an address or in a log; only what has the form of
//! such a value is taken.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::shape::{self, Shape};
use crate::text::{Redactor, Shown};

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    /// The client ID of an app.
    ClientId,
    /// A directory of Microsoft's, by its ID or a domain.
    Tenant,
    /// The same by its name, which no address takes.
    TenantName,
    /// Who signed in.
    User,
    /// The address of a mailbox.
    Address,
    /// The number under which Microsoft has a sign-in in its logs.
    CorrelationId,
    /// The number of one request in it.
    TraceId,
    /// When it was.
    Time,
    /// A mail server.
    Host,
    /// Its port.
    Port,
    /// Scopes.
    Scope,
    /// A redirect URI.
    RedirectUri,
    /// The issuer of a token that no federated credential of an app has.
    RefusedIssuer,
    /// The same of its subject.
    RefusedSubject,
    /// The same of its audience.
    RefusedAudience,
    /// An address that nothing announces.
    Bare,
    /// Whom a message was for or what an app asked for, which is not the mailbox and not the app.
    Other,
}

/// The names by which the catalogue's texts ask for values, and which may be given.
const NAMES: [(&str, &[Value]); 14] = [
    ("client_id", &[ClientId]),
    ("tenant", &[Tenant]),
    ("user", &[User, Address, Bare]),
    ("address", &[Address, User, Bare]),
    ("correlation_id", &[CorrelationId]),
    ("trace_id", &[TraceId]),
    ("time", &[Time]),
    ("host", &[Host]),
    ("port", &[Port]),
    ("scope", &[Scope]),
    ("redirect_uri", &[RedirectUri]),
    ("refused_issuer", &[RefusedIssuer]),
    ("refused_subject", &[RefusedSubject]),
    ("refused_audience", &[RefusedAudience]),
];

/// How much a word says about the value behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// It is one of several things that the word may announce.
    Weak,
    /// The word is for nothing else.
    Plain,
}

/// A word in lower case, what it announces, in which form, and how surely.
type Announcement = (&'static str, Value, Shape, Weight);

use Shape::{Any, Date, Guid, Id, Mail, Number, Quoted, Scopes, Server, Uri};
use Value::{
    Address, Bare, ClientId, CorrelationId, Host, Other, Port, RedirectUri, RefusedAudience, RefusedIssuer,
    RefusedSubject, Scope, Tenant, TenantName, Time, TraceId, User,
};
use Weight::{Plain, Weak};

/// The words; of several that begin at one place the longest counts.
const ANNOUNCEMENTS: &[Announcement] = &[
    ("application with identifier", ClientId, Any, Plain),
    ("application with id", ClientId, Guid, Plain),
    ("application with appid", ClientId, Guid, Plain),
    ("client_id", ClientId, Any, Plain),
    ("client-id", ClientId, Any, Plain),
    ("clientid", ClientId, Any, Plain),
    ("client id", ClientId, Id, Plain),
    ("application id", ClientId, Id, Plain),
    ("application (client) id", ClientId, Id, Plain),
    ("app_id", ClientId, Id, Plain),
    ("appid", ClientId, Id, Plain),
    ("app id", ClientId, Id, Plain),
    ("client application", ClientId, Id, Plain),
    ("application", ClientId, Id, Weak),
    ("for app", ClientId, Id, Plain),
    ("app", ClientId, Id, Weak),
    ("client", ClientId, Id, Weak),
    ("identifier", ClientId, Id, Weak),
    // What is asked for is not who asks.
    ("resource application", Other, Guid, Weak),
    ("login.microsoftonline.com/", Tenant, Shape::Tenant, Weak),
    ("login.microsoftonline.us/", Tenant, Shape::Tenant, Weak),
    ("login.partner.microsoftonline.cn/", Tenant, Shape::Tenant, Weak),
    ("login.windows.net/", Tenant, Shape::Tenant, Weak),
    ("sts.windows.net/", Tenant, Shape::Tenant, Weak),
    ("tenant_id", Tenant, Shape::Tenant, Plain),
    ("tenant-id", Tenant, Shape::Tenant, Plain),
    ("tenantid", Tenant, Shape::Tenant, Plain),
    ("tenant id", Tenant, Shape::Tenant, Plain),
    ("directory (tenant) id", Tenant, Shape::Tenant, Plain),
    ("tenant", Tenant, Shape::Tenant, Plain),
    ("directory", Tenant, Shape::Tenant, Plain),
    ("tid", Tenant, Shape::Tenant, Weak),
    ("user account", User, Mail, Plain),
    ("username", User, Mail, Plain),
    ("user name", User, Mail, Plain),
    ("user_name", User, Mail, Plain),
    ("user", User, Mail, Plain),
    ("login_hint", User, Mail, Plain),
    ("loginhint", User, Mail, Plain),
    ("userprincipalname", User, Mail, Plain),
    ("user_principal_name", User, Mail, Plain),
    ("upn", User, Mail, Plain),
    ("sasl_username", User, Mail, Plain),
    ("authuser", User, Mail, Plain),
    ("account", User, Mail, Weak),
    ("login", User, Mail, Weak),
    ("logging in as", User, Mail, Plain),
    ("shared mailbox", Address, Mail, Plain),
    ("mailbox", Address, Mail, Plain),
    ("mail from", Address, Mail, Weak),
    ("from", Address, Mail, Weak),
    ("sender", Address, Mail, Weak),
    ("send as", Address, Mail, Plain),
    ("on behalf of", Address, Mail, Plain),
    ("rcpt to", Other, Mail, Weak),
    ("to", Other, Mail, Weak),
    ("recipient", Other, Mail, Weak),
    ("orig_to", Other, Mail, Weak),
    ("message-id", Other, Mail, Weak),
    ("correlation id", CorrelationId, Guid, Plain),
    ("correlation_id", CorrelationId, Guid, Plain),
    ("correlationid", CorrelationId, Guid, Plain),
    ("correlationidkey", CorrelationId, Guid, Plain),
    ("msalcorrelationidkey", CorrelationId, Guid, Plain),
    ("trace id", TraceId, Guid, Plain),
    ("trace_id", TraceId, Guid, Plain),
    ("traceid", TraceId, Guid, Plain),
    ("request id", TraceId, Guid, Plain),
    ("request-id", TraceId, Guid, Weak),
    ("request_id", TraceId, Guid, Weak),
    ("timestamp", Time, Date, Plain),
    ("relay", Host, Server, Plain),
    ("hostname", Host, Server, Plain),
    ("host, port", Host, Server, Plain),
    ("host", Host, Server, Plain),
    ("server", Host, Server, Weak),
    ("error login on", Host, Server, Plain),
    ("ssl://", Host, Server, Plain),
    ("tls://", Host, Server, Plain),
    ("imap://", Host, Server, Plain),
    ("imaps://", Host, Server, Plain),
    ("pop3://", Host, Server, Plain),
    ("pop3s://", Host, Server, Plain),
    ("smtp://", Host, Server, Plain),
    ("smtps://", Host, Server, Plain),
    ("fetching imap (", Host, Server, Plain),
    ("getaddrinfo for", Host, Server, Plain),
    ("getaddrinfo enotfound", Host, Server, Plain),
    ("getaddrinfo eai_again", Host, Server, Plain),
    ("resolve host", Host, Server, Plain),
    ("lookup", Host, Server, Weak),
    ("connecting to", Host, Server, Weak),
    ("connected to", Host, Server, Weak),
    ("connection to", Host, Server, Weak),
    ("connect to", Host, Server, Weak),
    ("stream {", Host, Server, Plain),
    ("port", Port, Number, Plain),
    ("scopes in", Scope, Scopes, Plain),
    ("scopes", Scope, Scopes, Plain),
    ("scope", Scope, Scopes, Plain),
    ("invalid=[", Scope, Scopes, Plain),
    ("redirect_uri", RedirectUri, Uri, Plain),
    ("redirecturi", RedirectUri, Uri, Plain),
    ("redirect uri", RedirectUri, Uri, Plain),
    ("redirect url", RedirectUri, Uri, Plain),
    ("reply url", RedirectUri, Uri, Plain),
    ("reply address", RedirectUri, Uri, Plain),
    ("assertion issuer", RefusedIssuer, Quoted, Plain),
    ("assertion subject", RefusedSubject, Quoted, Plain),
    ("assertion audience", RefusedAudience, Quoted, Plain),
];

/// More values are of a log that repeats itself.
const MOST: usize = 2_000;

/// More words that announce one are of such a log too.
const MOST_WORDS: usize = 10_000;

/// The same of addresses that nothing announces.
const MOST_BARE: usize = 200;

/// How many lines a sentence and its values are apart at most: a stack trace, the lines of one conversation.
const NEAR: usize = 8;

/// The values of a text.
#[derive(Debug, Default)]
pub struct Values {
    found: Vec<Found>,
}

/// A value, where it was found.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    value: Value,
    text: String,
    weight: Weight,
    /// The line of the original, from 0.
    line: usize,
}

impl Values {
    /// The values in `text`; `line_at` tells the line of an offset.
    pub(super) fn read(text: &str, line_at: impl Fn(usize) -> usize) -> Self {
        let mut values = Self::default();
        let mut looked_at: BTreeSet<(usize, usize, &str)> = BTreeSet::new();
        for hit in announcements().into_iter().flat_map(|words| words.find_iter(text)).take(MOST_WORDS) {
            let (_, value, shape, weight) = ANNOUNCEMENTS[hit.pattern().as_usize()];
            if is_word(text, hit.range())
                && let Some(found) = shape.read(text, hit.end())
                && let line = line_at(hit.start())
                && looked_at.insert((hit.pattern().as_usize(), line, found))
                && may_be_shown(text, found)
            {
                values.note(value, shape, found, weight, line);
            }
            if looked_at.len() > MOST {
                break;
            }
        }
        values.note_bare(text, line_at);
        values
    }

    /// An address that nothing announces is the mailbox where it is the only one, and mail is not for it.
    fn note_bare(&mut self, text: &str, line_at: impl Fn(usize) -> usize) {
        let is_other = |address: &str| self.found.iter().any(|known| known.value == Other && known.text == address);
        let mut bare = shape::addresses(text)
            .take(MOST_BARE)
            .filter(|(at, address)| !is_other(address) && !is_of_recipient(text, *at) && may_be_shown(text, address));
        if let Some((at, address)) = bare.next()
            && bare.all(|(_, other)| other.eq_ignore_ascii_case(address))
        {
            self.push(Bare, address, Weak, line_at(at));
        }
    }

    fn note(&mut self, value: Value, shape: Shape, text: &str, weight: Weight, line: usize) {
        let value = if value == Tenant && !shape::is_directory(text) { TenantName } else { value };
        let (text, port) = if shape == Server { shape::host_and_port(text) } else { (text, None) };
        self.push(value, text, weight, line);
        if let Some(port) = port {
            self.push(Port, port, weight, line);
        }
    }

    fn push(&mut self, value: Value, text: &str, weight: Weight, line: usize) {
        // A reading of the text is not a second place.
        let is_known = |known: &Found| {
            known.text == text && (known.value == value && known.line == line || value == Bare && known.value == Other)
        };
        if !self.found.iter().any(is_known) {
            self.found.push(Found { value, text: text.to_owned(), weight, line });
        }
    }

    /// The value that a text of the catalogue calls `name`, as it is near `line`, from 0.
    #[must_use]
    pub fn get(&self, name: &str, line: Option<usize>) -> Option<Shown> {
        let (_, values) = NAMES.iter().find(|(known, _)| *known == name)?;
        self.near(values, line)
    }

    /// The name of a directory, for people.
    #[must_use]
    pub fn tenant_name(&self, line: Option<usize>) -> Option<Shown> {
        self.near(&[TenantName], line)
    }

    /// The surest of `values` on this line or near it, the first kind before the others; else the one that the whole text has.
    /// In the log of many mailboxes what is far away is of another.
    fn near(&self, values: &[Value], line: Option<usize>) -> Option<Shown> {
        let rank = |found: &Found| values.iter().position(|value| *value == found.value);
        let distance = |found: &Found| line.map_or(found.line, |line| found.line.abs_diff(line));
        let is_near = |found: &&Found| line.is_none() || distance(found) <= NEAR;
        let nearest = self
            .found
            .iter()
            .filter(is_near)
            .filter_map(|found| Some((rank(found)?, found)))
            .min_by_key(|(rank, found)| (Some(found.line) != line, *rank, Reverse(found.weight), distance(found)));
        let found = match nearest {
            Some((_, found)) => found,
            None => values.iter().find_map(|value| self.only(*value))?,
        };
        Some(Redactor::by_shape(&found.text))
    }

    /// The one that the text has, if it has no other of the kind.
    fn only(&self, value: Value) -> Option<&Found> {
        let mut found = self.found.iter().filter(|found| found.value == value);
        let first = found.next()?;
        found.all(|other| other.text.eq_ignore_ascii_case(&first.text)).then_some(first)
    }
}

/// Whether `found`, a part of `text`, is shown where it stands: a password may have the form of an address.
fn may_be_shown(text: &str, found: &str) -> bool {
    const BEFORE: usize = 120;
    let start = found.as_ptr().addr() - text.as_ptr().addr();
    let from = (start.saturating_sub(BEFORE)..=start).find(|at| text.is_char_boundary(*at)).unwrap_or(start);
    Redactor::by_shape(&text[from..start + found.len()]).ends_with(found)
}

/// Whether the words around the address at `at` say that mail was for it.
fn is_of_recipient(text: &str, at: usize) -> bool {
    const AROUND: usize = 80;
    let end = (at + AROUND..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let start = (at.saturating_sub(AROUND)..=at).find(|at| text.is_char_boundary(*at)).unwrap_or(at);
    let line = text[start..at].rfind('\n').map_or(start, |newline| start + newline + 1);
    let around = text[line..end].lines().next().unwrap_or_default().to_ascii_lowercase();
    ["recipient", "rcpt", "user unknown", "no such user", "5.1.1", "5.1.10", "to:", "for <"]
        .iter()
        .any(|sign| around.contains(sign))
}

/// Whether the announcement at `place` is a word of its own.
fn is_word(text: &str, place: Range<usize>) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric();
    let word = &text[place.clone()];
    let begins = !word.starts_with(is_part) || !text[..place.start].ends_with(is_part);
    let ends = !word.ends_with(is_part) || !text[place.end..].starts_with(|c: char| is_part(c) || c == '_');
    begins && ends
}

/// One pass over the text finds every announcement.
fn announcements() -> Option<&'static AhoCorasick> {
    static WORDS: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    let words = WORDS.get_or_init(|| {
        let words = ANNOUNCEMENTS.iter().map(|(word, ..)| word);
        AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostLongest)
            .kind(Some(AhoCorasickKind::NoncontiguousNFA))
            .build(words)
            .ok()
    });
    words.as_ref()
}

#[cfg(test)]
mod tests;
