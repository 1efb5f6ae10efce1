//! Errors that repeat the secret that they were sent, in every encoding, in the middle of other words (SECURITY.md K2).

use crate::case::{Case, Protocol};
use crate::support::canary;
use crate::words::{ACCESS, REFRESH, as_script};

pub(super) fn all() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, bytes) in canary::encodings(ACCESS.as_bytes()) {
        for (protocol, after, asked, refusal) in [
            (Protocol::Imap, "authenticate", "sasl", "a1 NO [AUTHENTICATIONFAILED]"),
            (Protocol::Pop3, "authenticate", "sasl", "-ERR [AUTH]"),
            (Protocol::Smtp, "capabilities", "sasl AUTH XOAUTH2", "535 5.7.8"),
        ] {
            for human in [false, true] {
                let name = format!("as {name}{}", if human { ", for people" } else { "" });
                let mut case = Case::new("an error that echoes the token", name, protocol, 1);
                (case.after, case.human) = (Some(after.to_owned()), human);
                case.script = format!("{asked}\nraw {refusal} the token >{}< is not ours\\r\\n", as_script(&bytes));
                case.stage = Some("authentication".to_owned());
                // UTF-16 leaves a zero byte at one end.
                case.says = vec!["[redacted]".to_owned(), "< is not ours".to_owned()];
                cases.push(case);
            }
        }
    }
    for (name, bytes) in canary::encodings(REFRESH.as_bytes()) {
        let mut case =
            Case::new("a refusal that echoes the secrets", format!("in an error page, as {name}"), Protocol::Token, 6);
        case.status = Some("502 Bad Gateway".to_owned());
        case.headers = vec!["Content-Type: text/html".to_owned()];
        case.body = Some(format!("<title>no {}</title>", as_script(&bytes)));
        case.code = Some("oauth-not-oauth".to_owned());
        case.says = vec!["[redacted]".to_owned()];
        cases.push(case);
    }
    cases
}
