//! What of a text is a cause, and what follows from it: the independent problems, in the order of causality.
//!
//! First comes what this machine gets wrong, then the way, TLS, the sign-in, the server: each needs what is before it. A
//! connection that failed before the server answered was tried again and worked; one that ended after a refusal was closed
//! because of it.

use super::catalogue::{Hit, Pattern, Role};
use super::reading::{Origin, Reading};
use crate::profile::Family;
use crate::report::FindingCode;

/// One problem of a text.
#[derive(Debug)]
pub(super) struct Problem {
    /// What it is.
    pub hit: Hit,
    /// What else the same line may mean.
    pub also: Vec<FindingCode>,
    /// What other lines say because of it.
    pub follows: Vec<FindingCode>,
    /// What other lines say though it does no harm; told with the first problem.
    pub harmless: Vec<FindingCode>,
}

/// How many lines apart two sentences of one message may be.
const NEAR: usize = 2;

/// How early in the chain it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Layer {
    Machine,
    Network,
    Tls,
    SignIn,
    Server,
}

impl Layer {
    fn of(origin: Origin) -> Self {
        match origin {
            Origin::Keyring | Origin::Local => Self::Machine,
            Origin::Network => Self::Network,
            Origin::Tls => Self::Tls,
            Origin::Authorize | Origin::Token => Self::SignIn,
            Origin::Server(_) => Self::Server,
        }
    }
}

impl Problem {
    fn of(hit: Hit) -> Self {
        Self { hit, also: Vec::new(), follows: Vec::new(), harmless: Vec::new() }
    }

    fn layer(&self) -> Layer {
        Layer::of(self.hit.entry.stage)
    }

    /// Whether other errors of the same layer say more than it.
    fn is_general(&self) -> bool {
        self.hit.entry.provider == Family::ANY
            || matches!(self.hit.entry.pattern, Pattern::OauthError(_) | Pattern::GraphCode(_))
    }

    /// Whether it is what a page or a program says in general just beside what `other` says in particular. What has a
    /// number is never the title of another.
    fn is_title_of(&self, other: &Self, reading: &Reading) -> bool {
        let (own, others) = (self.hit.entry, other.hit.entry);
        let is_number = |problem: &Self| {
            matches!(problem.hit.entry.pattern, Pattern::Code(_)) || reading.is_numbered(problem.hit.line)
        };
        others.role == Role::Cause
            && own.stage == others.stage
            && own.provider.root() == others.provider.root()
            && other.hit.order < self.hit.order
            && self.hit.line.abs_diff(other.hit.line) <= NEAR
            && !is_number(self)
            && !is_number(other)
    }

    fn codes(&self) -> impl Iterator<Item = FindingCode> {
        std::iter::once(self.hit.entry.id).chain(self.also.iter().copied())
    }
}

/// What a problem is among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Independent,
    Follows,
    Harmless,
}

/// The independent problems that `hits` are, the first to solve first; `hits` are in the order of how telling they are.
pub(super) fn problems(reading: &Reading, hits: Vec<Hit>) -> Vec<Problem> {
    let found = by_line(hits);
    let places: Vec<Place> = found.iter().map(|problem| place(problem, &found, reading)).collect();
    let has_cause = places.contains(&Place::Independent);
    let (mut causes, mut others) = (Vec::new(), Vec::new());
    for (problem, place) in found.into_iter().zip(places) {
        // Where nothing is a cause, what follows from one is all that is known.
        match place {
            Place::Independent => causes.push(problem),
            _ if !has_cause && causes.is_empty() => causes.push(problem),
            place => others.push((problem, place)),
        }
    }
    causes.sort_by_key(|problem| (problem.layer(), problem.hit.is_elsewhere(), problem.hit.line));
    for (problem, place) in others {
        let line = problem.hit.line;
        let near =
            causes.iter().rposition(|cause| cause.hit.line <= line && place == Place::Follows).unwrap_or_default();
        let Some(cause) = causes.get_mut(near) else { continue };
        let list = if place == Place::Harmless { &mut cause.harmless } else { &mut cause.follows };
        list.extend(problem.codes());
    }
    causes
}

/// The most telling hit of each line, with what else the line may mean.
fn by_line(hits: Vec<Hit>) -> Vec<Problem> {
    let mut found: Vec<Problem> = Vec::new();
    for hit in hits {
        let is_same = |problem: &&mut Problem| problem.hit.line == hit.line || problem.hit.last_line == hit.line;
        match found.iter_mut().find(is_same) {
            Some(problem) => problem.also.push(hit.entry.id),
            None => found.push(Problem::of(hit)),
        }
    }
    found
}

fn place(problem: &Problem, all: &[Problem], reading: &Reading) -> Place {
    let entry = problem.hit.entry;
    let is_server_answer = |other: &&Problem| other.layer() == Layer::Server;
    match entry.role {
        Role::Harmless => return Place::Harmless,
        Role::Follows => return Place::Follows,
        Role::Cause => {}
    }
    let is_way = matches!(problem.layer(), Layer::Network | Layer::Tls);
    if is_way && !reading.is_about_sign_in(problem.hit.line) {
        let answers = || all.iter().filter(is_server_answer);
        if answers().any(|answer| answer.hit.last_line > problem.hit.line) && !is_after_all(problem, answers()) {
            return Place::Harmless;
        }
        if answers().any(|answer| answer.hit.line < problem.hit.line) {
            return Place::Follows;
        }
    }
    if !is_way && reading.is_made_good(problem.hit.last_line) {
        return Place::Harmless;
    }
    if all.iter().any(|other| problem.is_title_of(other, reading)) {
        return Place::Follows;
    }
    let says_more = |other: &Problem| {
        other.layer() == problem.layer() && other.hit.entry.role == Role::Cause && !other.is_general()
    };
    if problem.is_general() && all.iter().any(says_more) {
        return Place::Follows;
    }
    Place::Independent
}

/// Whether every answer of a server was before it.
fn is_after_all<'a>(problem: &Problem, mut answers: impl Iterator<Item = &'a Problem>) -> bool {
    answers.all(|answer| answer.hit.last_line < problem.hit.line)
}

#[cfg(test)]
mod tests {
    use crate::diagnosis::catalogue::Hint;
    use crate::diagnosis::explain::explain;
    use crate::report::{Explanation, FindingCode};

    const EXPIRED: &str = "AADSTS7000222: The provided client secret keys for app 'x' are expired.";
    const OFF: &str = "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.";
    const NO_ROUTE: &str = "connect to smtp.office365.com[2603:1026::2]:587: Network is unreachable";
    const RESET: &str = "smtp.office365.com: Connection reset by peer";

    fn problems(lines: &[&str]) -> Vec<Explanation> {
        explain(&lines.join("\n"), Hint::default())
    }

    fn codes(lines: &[&str]) -> Vec<&'static str> {
        names(problems(lines).into_iter().map(|found| found.finding.code))
    }

    fn names(codes: impl IntoIterator<Item = FindingCode>) -> Vec<&'static str> {
        codes.into_iter().map(|code| code.as_str()).collect()
    }

    #[test]
    fn the_sign_in_comes_before_the_server_whichever_is_said_first() {
        assert_eq!(codes(&[OFF, "", EXPIRED]), ["ms-secret-expired", "exo-smtp-auth-disabled-tenant"]);
        assert_eq!(codes(&[EXPIRED, "", OFF]), ["ms-secret-expired", "exo-smtp-auth-disabled-tenant"]);
    }

    #[test]
    fn a_way_that_failed_before_the_server_answered_does_no_harm() {
        let found = problems(&[NO_ROUTE, OFF]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].finding.code.as_str(), found[0].line), ("exo-smtp-auth-disabled-tenant", Some(2)));
        assert_eq!(names(found[0].harmless.clone()), ["unreachable"]);
        assert_eq!(codes(&[NO_ROUTE]), ["unreachable"], "alone it is the problem");
    }

    #[test]
    fn a_connection_that_ends_after_a_refusal_follows_from_it() {
        let found = problems(&[OFF, RESET]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].finding.code.as_str(), "exo-smtp-auth-disabled-tenant");
        assert_eq!(names(found[0].follows.clone()), ["connection-lost"]);
    }

    #[test]
    fn a_token_that_could_not_be_fetched_is_not_excused_by_a_mail_server() {
        let refresh = "Failed to refresh the access token: connection to login.microsoftonline.com timed out";
        assert_eq!(codes(&[refresh, OFF]), ["timed-out", "exo-smtp-auth-disabled-tenant"]);
    }

    #[test]
    fn a_refusal_that_a_retry_made_good_does_no_harm() {
        let refused = "a1 NO AUTHENTICATE failed.";
        let retry = "authentication failed, refreshing the token and retrying";
        let found = problems(&["* OK Microsoft Exchange", refused, retry, "a2 OK AUTHENTICATE completed.", OFF]);
        assert_eq!(names(found.iter().map(|found| found.finding.code)), ["exo-smtp-auth-disabled-tenant"]);
        assert_eq!(names(found[0].harmless.clone()), ["exo-imap-authenticate-failed"]);
        assert_eq!(codes(&["* OK Microsoft Exchange", refused, retry])[0], "exo-imap-authenticate-failed");
    }

    #[test]
    fn two_numbers_of_microsoft_are_two_problems() {
        let scope = "AADSTS70011: The provided value for the input parameter 'scope' is not valid.";
        assert_eq!(codes(&[scope, "", EXPIRED]), ["ms-scope-invalid", "ms-secret-expired"]);
        assert_eq!(codes(&[EXPIRED, "", scope]), ["ms-secret-expired", "ms-scope-invalid"]);
    }

    #[test]
    fn what_is_said_again_is_one_problem() {
        assert_eq!(codes(&[OFF, "retrying", OFF, "retrying", OFF]), ["exo-smtp-auth-disabled-tenant"]);
    }
}
