//! What Exchange's admin API refuses where an administrator reads the set-up of an app. The reading spoils no test, so that
//! none of these has a finding.

use super::ApiCall::Any;
use super::Wording::{Composed, Reported};
use super::{ApiRefusal, Fault, Row};
use crate::api::Service;

const fn refused(status: u16, code: &'static str, message: &'static str, retry_after: Option<u32>) -> Fault {
    Fault::Api(ApiRefusal { service: Service::Exchange, at: Any, status, code, message, retry_after, link: None })
}

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "exchange-admin-role-missing",
        meaning: "the administrator has no role in Exchange that may read its settings",
        finding: "-",
        wording: Reported,
        fault: refused(401, "Unauthorized", "User is not allowed to call Get-ServicePrincipal", None),
    },
    Row {
        name: "exchange-admin-token-refused",
        meaning: "Exchange's admin API does not take the administrator's token, and does not say why",
        finding: "-",
        wording: Reported,
        fault: refused(403, "", "", None),
    },
    Row {
        name: "exchange-admin-busy",
        meaning: "Exchange's admin API has too many requests to answer",
        finding: "-",
        wording: Composed,
        fault: refused(429, "TooManyRequests", "Too many requests.", Some(30)),
    },
];
