//! What proxies, outages and slow lines make of the answers of Graph and Gmail's API.

use super::Wording::{Composed, Seen};
use super::{Broken, Fault, Row};

const fn replaced(status: u16, content_type: &'static str, body: &'static str) -> Fault {
    Fault::ApiAnswers(Broken::Replaced { status, content_type, body })
}

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "api-malformed-json",
        meaning: "the answer breaks off in the middle of its JSON",
        finding: "answer-not-understood",
        wording: Composed,
        fault: replaced(200, JSON, "{\"totalItemCount\": 4, \"emailAddress\": \"shop@"),
    },
    Row {
        name: "api-html",
        meaning: "a portal's page is there instead of the answer",
        finding: "answer-not-understood",
        wording: Composed,
        fault: replaced(200, HTML, "<!doctype html><title>Sign in to the network</title><p>Accept our terms.</p>"),
    },
    Row {
        name: "api-empty",
        meaning: "the answer has no body",
        finding: "answer-not-understood",
        wording: Composed,
        fault: replaced(200, JSON, ""),
    },
    Row {
        name: "api-proxy-502",
        meaning: "a proxy says that it does not get through",
        finding: "server-says-later",
        wording: Composed,
        fault: replaced(502, HTML, "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"),
    },
    Row {
        name: "api-redirect",
        meaning: "the client is sent to another address",
        finding: "answer-not-understood",
        wording: Seen,
        fault: Fault::ApiAnswers(Broken::Redirected("/elsewhere")),
    },
    Row {
        name: "api-forbidden-by-proxy",
        meaning: "a proxy forbids the address, on a page of its own",
        finding: "answer-not-understood",
        wording: Composed,
        fault: replaced(403, HTML, "<html><head><title>Forbidden</title></head><body>Your company</body></html>"),
    },
    Row {
        name: "api-cut-off",
        meaning: "the connection is lost in the middle of the answer",
        finding: "connection-lost",
        wording: Seen,
        fault: Fault::ApiAnswers(Broken::CutOff),
    },
    Row {
        name: "api-no-answer",
        meaning: "the connection is closed without an answer",
        finding: "connection-lost",
        wording: Seen,
        fault: Fault::ApiAnswers(Broken::Withheld),
    },
    Row {
        name: "api-endless",
        meaning: "the answer does not end",
        finding: "answer-too-large",
        wording: Seen,
        fault: Fault::ApiAnswers(Broken::Endless),
    },
    Row {
        name: "api-slow",
        meaning: "the answer comes one byte in a second",
        finding: "timed-out",
        wording: Seen,
        fault: Fault::ApiAnswers(Broken::Dripping(1_000)),
    },
];
