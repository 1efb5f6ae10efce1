//! What goes wrong on the way, and with the time of day.

use super::Wording::Seen;
use super::{Fault, Row};
use crate::ca::Certificate;

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "tls-interception",
        meaning: "another CA's certificate everywhere: a company reads along",
        finding: "tls-interception",
        wording: Seen,
        fault: Fault::Certificate(Certificate::OfAnotherCa),
    },
    Row {
        name: "certificate-expired",
        meaning: "the certificate expired yesterday",
        finding: "certificates-out-of-time",
        wording: Seen,
        fault: Fault::Certificate(Certificate::Expired),
    },
    Row {
        name: "certificate-not-yet-valid",
        meaning: "the certificate is valid from the day after tomorrow on",
        finding: "certificates-out-of-time",
        wording: Seen,
        fault: Fault::Certificate(Certificate::NotYetValid),
    },
    Row {
        name: "certificate-other-host",
        meaning: "the certificate is for another host",
        finding: "tls-wrong-host",
        wording: Seen,
        fault: Fault::Certificate(Certificate::OfAnotherHost),
    },
    Row {
        name: "no-starttls",
        meaning: "STARTTLS is not offered: a host on the way may be stripping it",
        finding: "starttls-not-offered",
        wording: Seen,
        fault: Fault::NoStartTls,
    },
    Row {
        name: "clock-behind",
        meaning: "this machine's clock is two hours behind the sign-in server's",
        finding: "clock-off",
        wording: Seen,
        fault: Fault::ClockAhead(7_200),
    },
    Row {
        name: "clock-ahead",
        meaning: "this machine's clock is two hours ahead of the sign-in server's",
        finding: "clock-off",
        wording: Seen,
        fault: Fault::ClockAhead(-7_200),
    },
    Row {
        name: "refusals-echo",
        meaning: "every refusal repeats what was sent, secrets included",
        finding: "-",
        wording: Seen,
        fault: Fault::RefusalsEcho,
    },
];
