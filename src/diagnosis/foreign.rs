//! Answers of a sign-in server that are no OAuth answers: what the HTTP status tells of them.

use std::ops::RangeInclusive;

use super::about::About;
use crate::report::{Confidence, ExitCode, Finding};

/// What a status means. `{what}` and `{status}` are filled in as well.
struct Meaning {
    statuses: RangeInclusive<u16>,
    cause: &'static str,
    fix: &'static [&'static str],
}

const PORTAL: &str = "If this network has a sign-in page of its own (hotel, guest network) or a proxy, pass it and run the command again";
const UNTOUCHED: &str = "The mailbox's sign-in is untouched";
const ADDRESS: &str =
    "Check authority or issuer of app '{app}' in the profile, with its path; mailgrant show {mailbox} lists them";

/// The first that covers the status.
const MEANINGS: [Meaning; 5] = [
    Meaning {
        statuses: 300..=399,
        cause: "The sign-in server sends to another address, which is never followed with a secret: {what} ({status}).",
        fix: &[ADDRESS, PORTAL, UNTOUCHED],
    },
    Meaning {
        statuses: 404..=410,
        cause: "The sign-in server knows no such address: {what} ({status}).",
        fix: &[ADDRESS, PORTAL, UNTOUCHED],
    },
    Meaning {
        statuses: 429..=429,
        cause: "The sign-in server is asked too often: {what} ({status}).",
        fix: &["Wait a few minutes, and run the command again", UNTOUCHED],
    },
    Meaning {
        statuses: 500..=599,
        cause: "The sign-in server has trouble, or what stands before it: {what} ({status}).",
        fix: &[
            "Wait a few minutes, and run the command again; the provider's status page may say more",
            "If it stays, and other networks do not have it, a proxy or firewall of this network answers instead",
            UNTOUCHED,
        ],
    },
    Meaning {
        statuses: 0..=u16::MAX,
        cause: "The sign-in server's answer is no OAuth answer: {what} ({status}).",
        fix: &[PORTAL, "If it stays, check the endpoints of app '{app}' with: mailgrant show {mailbox}", UNTOUCHED],
    },
];

/// Explains an answer of this status and type; `what` says what it is.
pub(super) fn finding(status: u16, content_type: Option<&str>, what: &str, about: About<'_>) -> Finding {
    let shown = format!("HTTP {status}, {}", content_type.unwrap_or("no content type"));
    let meaning = MEANINGS.iter().find(|meaning| meaning.statuses.contains(&status)).unwrap_or(&MEANINGS[4]);
    let cause = meaning.cause.replace("{status}", &shown).replace("{what}", what);
    let mut finding = Finding::new("oauth-not-oauth", cause, ExitCode::Network);
    finding.fix = about.fill_all(meaning.fix);
    finding.confidence = Confidence::Likely;
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_tells_whose_trouble_it_is() {
        for (status, words, is_portal_first) in [
            (200, "no OAuth answer", true),
            (302, "sends to another address", false),
            (400, "no OAuth answer", true),
            (403, "no OAuth answer", true),
            (404, "knows no such address", false),
            (405, "knows no such address", false),
            (429, "too often", false),
            (502, "has trouble", false),
            (503, "has trouble", false),
        ] {
            let finding = finding(status, Some("text/html"), "a web page", About::default());
            assert!(finding.cause.contains(words) && finding.cause.contains("a web page (HTTP"), "{finding:?}");
            assert_eq!(finding.fix[0] == PORTAL, is_portal_first, "{status}: {finding:?}");
            assert_eq!(finding.exit, ExitCode::Network);
        }
    }
}
