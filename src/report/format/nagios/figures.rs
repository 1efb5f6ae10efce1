//! The figures behind the bar: `label=value[unit];warn;crit;min;max` with a blank between them. A label is unique in its first 19
//! characters, as the databases behind want it, and a number has a full stop wherever it is read.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::report::format::headline;
use crate::report::{Document, Range, Report, Stage};

/// All figures: those of one report, or what several come to.
pub(super) fn of(document: &Document) -> Vec<String> {
    let mut figures = match document.reports.as_slice() {
        [] => Vec::new(),
        [only] => of_one(only),
        several => {
            let failed = several.iter().filter(|report| report.first_finding().is_some()).count();
            vec![format!("reports={};;;0", several.len()), format!("failed={failed};;;0;{}", several.len())]
        }
    };
    figures.extend(days(document));
    let took = headline::took(&document.reports);
    if took > Duration::ZERO {
        figures.push(seconds("total_seconds", took));
    }
    figures
}

/// How long the token and each sign-in took.
fn of_one(report: &Report) -> Vec<String> {
    let mut times: BTreeMap<String, Duration> = BTreeMap::new();
    for check in report.checks.iter().filter(|check| check.has_passed()) {
        let label = match (check.stage, check.protocol) {
            (Stage::Token | Stage::TokenEndpoint, _) => "token_seconds".to_owned(),
            (Stage::Authentication, Some(protocol)) => format!("{}_auth_seconds", protocol.key()),
            _ => continue,
        };
        *times.entry(label).or_default() += check.elapsed;
    }
    times.iter().map(|(label, time)| seconds(label, *time)).collect()
}

/// The days until the first client secret or certificate ends, with what raises an alert.
fn days(document: &Document) -> Option<String> {
    let left = document.reports.iter().map(|report| &report.values).filter_map(|values| {
        let secret = values.client_secret.and_then(|secret| secret.days_left);
        secret.or_else(|| values.certificate.as_ref().map(|certificate| certificate.days_left))
    });
    let range = |range: Option<Range>| range.map_or_else(String::new, |range| range.to_string());
    let (warning, critical) = (range(document.thresholds.warning), range(document.thresholds.critical));
    Some(format!("secret_days={};{warning};{critical}", left.min()?))
}

fn seconds(label: &str, time: Duration) -> String {
    format!("{label}={:.3}s;;;0", time.as_secs_f64())
}
