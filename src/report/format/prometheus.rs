//! A document as metrics for the textfile collector of Prometheus' node_exporter: current values under the names that
//! blackbox_exporter has for its own, without timestamps, which the collector refuses.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::interface::Format;
use crate::report::{Check, Document, Report, Stage, Subject, Values, View};

/// Metrics in the text format 0.0.4.
pub(super) struct Prometheus;

impl Format for Prometheus {
    fn name(&self) -> &'static str {
        "prometheus"
    }

    fn write(&self, document: &Document, _: &View, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(text(document).as_bytes())
    }

    /// The collector reads it as a user of its own. Names are in it and codes, no address and no word of a server.
    fn is_private(&self) -> bool {
        false
    }
}

/// A metric: its name, what it says, and a value for each set of labels.
struct Metric {
    name: &'static str,
    help: &'static str,
    samples: BTreeMap<String, f64>,
}

fn text(document: &Document) -> String {
    let command = labels(&[("command", &document.command)]);
    let metrics = [
        success(document),
        durations(document),
        findings(document),
        ends(
            document,
            "mailgrant_client_secret_expiry_timestamp_seconds",
            "When the client secret of an app ends.",
            |values| values.client_secret.and_then(|secret| secret.expires_on),
        ),
        ends(
            document,
            "mailgrant_certificate_expiry_timestamp_seconds",
            "When the certificate of an app ends.",
            |values| values.certificate.as_ref().map(|certificate| certificate.expires_on),
        ),
        ages(document),
        Metric::new("mailgrant_last_run_timestamp_seconds", "When the command ended.")
            .with(command.clone(), whole(document.time.as_second())),
        Metric::new("mailgrant_last_run_exit_code", "The exit code of the command.")
            .with(command, f64::from(document.exit_code() as u8)),
        shards(document),
        Metric::new("mailgrant_build_info", "The version of mailgrant, 1 by itself.")
            .with(labels(&[("version", env!("CARGO_PKG_VERSION"))]), 1.0),
    ];
    metrics.iter().fold(String::new(), |text, metric| text + &metric.text())
}

/// Whether each protocol of each mailbox works; a report that tested none has one value.
fn success(document: &Document) -> Metric {
    let mut metric = Metric::new("mailgrant_probe_success", "Whether it works: 1, or 0 where it does not.");
    for report in &document.reports {
        let (kind, name) = subject(report);
        for side in &report.sides {
            let labels = labels(&[(kind, name), ("protocol", side.protocol.key())]);
            let works = f64::from(u8::from(side.works() && !ails(report, side.protocol)));
            // Where a mailbox is read and sent from over one protocol, both are to work.
            let least = metric.samples.get(&labels).map_or(works, |known| works.min(*known));
            metric.samples.insert(labels, least);
        }
        if report.sides.is_empty() {
            let works = report.first_finding().is_none();
            metric.samples.insert(labels(&[(kind, name)]), f64::from(u8::from(works)));
        }
    }
    metric
}

/// Whether a check of this protocol has failed although the side works.
fn ails(report: &Report, protocol: crate::profile::Protocol) -> bool {
    report.checks.iter().any(|check| check.protocol == Some(protocol) && check.finding().is_some())
}

/// How long each step took.
fn durations(document: &Document) -> Metric {
    let mut metric = Metric::new("mailgrant_probe_duration_seconds", "How long a step took.");
    for report in &document.reports {
        let (kind, name) = subject(report);
        for check in report.checks.iter().filter(|check| check.began.is_some()) {
            let labels = labels(&[(kind, name), ("protocol", protocol(check)), ("phase", &phase(check.stage))]);
            *metric.samples.entry(labels).or_default() += check.elapsed.as_secs_f64();
        }
    }
    metric
}

fn findings(document: &Document) -> Metric {
    let mut metric = Metric::new("mailgrant_finding_info", "What is wrong, by its code, 1 by itself.");
    for report in &document.reports {
        let (kind, name) = subject(report);
        for finding in report.findings().chain(report.verdict.as_deref()) {
            metric.samples.insert(labels(&[(kind, name), ("code", finding.code.as_str())]), 1.0);
        }
    }
    if let Some(error) = &document.error {
        metric.samples.insert(labels(&[("command", &document.command), ("code", error.code.as_str())]), 1.0);
    }
    metric
}

/// When what an app proves itself with ends: with its last day in UTC. Mailboxes share apps.
fn ends(document: &Document, name: &'static str, help: &'static str, day: impl Fn(&Values) -> Option<Date>) -> Metric {
    let mut metric = Metric::new(name, help);
    for values in document.reports.iter().map(|report| &report.values) {
        let end = day(values).and_then(|day| day.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok());
        if let (Some(app), Some(end)) = (&values.app, end) {
            metric.samples.insert(labels(&[("app", app)]), whole(end.timestamp().as_second()));
        }
    }
    metric
}

/// Which shares of the mailboxes the values are of, and of how many.
fn shards(document: &Document) -> Metric {
    let mut metric = Metric::new("mailgrant_shard_info", "A share of the mailboxes that was looked at, 1 by itself.");
    for share in &document.shards {
        let (index, of) = (share.index.to_string(), share.of.to_string());
        metric.samples.insert(labels(&[("command", &document.command), ("shard", &index), ("shards", &of)]), 1.0);
    }
    metric
}

/// How old the sign-ins are.
fn ages(document: &Document) -> Metric {
    let mut metric = Metric::new("mailgrant_grant_age_seconds", "How long ago a user signed in.");
    for report in &document.reports {
        if let Some(since) = report.values.authorized_at {
            let age = document.time.as_second().saturating_sub(since.as_second());
            let (kind, name) = subject(report);
            metric.samples.insert(labels(&[(kind, name)]), whole(age));
        }
    }
    metric
}

/// The label that names what a report is about, and its name.
fn subject(report: &Report) -> (&'static str, &str) {
    let label = match &report.subject {
        Subject::Mailbox(_) => "mailbox",
        Subject::App(_) => "app",
        Subject::Certificate(_) => "certificate",
        Subject::VaultKey(_) => "vault_key",
        Subject::Vault(_) => "vault",
        Subject::Machine(_) => "machine",
        Subject::Host(_) => "host",
        Subject::Fault(_) => "fault",
        Subject::Catalogue(_) => "catalogue",
        Subject::Shard(_) => "shard",
    };
    (label, report.subject.name())
}

fn protocol(check: &Check) -> &'static str {
    check.protocol.map_or("", |protocol| protocol.key())
}

/// The stage as a word of lower-case letters.
fn phase(stage: Stage) -> String {
    stage.title().to_lowercase().replace([' ', '-'], "_")
}

impl Metric {
    fn new(name: &'static str, help: &'static str) -> Self {
        Self { name, help, samples: BTreeMap::new() }
    }

    fn with(mut self, labels: String, value: f64) -> Self {
        self.samples.insert(labels, value);
        self
    }

    /// All of it in one group, as the format wants it; nothing where there is no value.
    fn text(&self) -> String {
        let Self { name, help, samples } = self;
        let mut text = String::new();
        if !samples.is_empty() {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        }
        for (labels, value) in samples {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name}{{{labels}}} {value}");
        }
        text
    }
}

/// Labels with their values; one that is empty is as if it were not there.
fn labels(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
    let written: Vec<String> = pairs.map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    written.join(",")
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Whole seconds, which a float holds until the year 285,000,000.
#[expect(clippy::cast_precision_loss, reason = "2^53 is far away")]
fn whole(seconds: i64) -> f64 {
    seconds as f64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::profile::{Protocol, Side};
    use crate::report::format::tests::written;
    use crate::report::{ExitCode, Finding, FindingCode, SideResult, SideState};

    fn side(side: Side, protocol: Protocol, state: SideState) -> SideResult {
        SideResult { side, protocol, server: "mail.example:993".into(), state, code: None, sent: false, arrived: false }
    }

    #[test]
    fn each_metric_is_one_group_with_its_help_and_its_type() {
        let mut report = Report::new(Subject::Mailbox("shop".into()));
        let at = Duration::from_millis;
        report.checks = vec![
            Check::passed(Stage::TokenEndpoint, at(250), "fine").begun(at(0)),
            Check::passed(Stage::Tcp, at(30), "fine").over(Protocol::Imap).begun(at(250)),
            Check::passed(Stage::Tcp, at(20), "fine").over(Protocol::Imap).begun(at(280)),
            Check::failed(Stage::Tls, at(60), Finding::new(FindingCode::TLS_FAILED, "off", ExitCode::CheckFailed))
                .over(Protocol::Smtp)
                .begun(at(300)),
        ];
        report.sides = vec![
            side(Side::Incoming, Protocol::Imap, SideState::Works),
            side(Side::Outgoing, Protocol::Smtp, SideState::Failed),
        ];
        let time = "2026-11-28T10:00:01Z".parse().unwrap();
        let text = text(&Document { reports: vec![report], time, ..Document::new("test") });
        let version = env!("CARGO_PKG_VERSION");
        let wanted = format!(
            "# HELP mailgrant_probe_success Whether it works: 1, or 0 where it does not.\n\
             # TYPE mailgrant_probe_success gauge\n\
             mailgrant_probe_success{{mailbox=\"shop\",protocol=\"imap\"}} 1\n\
             mailgrant_probe_success{{mailbox=\"shop\",protocol=\"smtp\"}} 0\n\
             # HELP mailgrant_probe_duration_seconds How long a step took.\n\
             # TYPE mailgrant_probe_duration_seconds gauge\n\
             mailgrant_probe_duration_seconds{{mailbox=\"shop\",phase=\"token_endpoint\"}} 0.25\n\
             mailgrant_probe_duration_seconds{{mailbox=\"shop\",protocol=\"imap\",phase=\"tcp\"}} 0.05\n\
             mailgrant_probe_duration_seconds{{mailbox=\"shop\",protocol=\"smtp\",phase=\"tls\"}} 0.06\n\
             # HELP mailgrant_finding_info What is wrong, by its code, 1 by itself.\n\
             # TYPE mailgrant_finding_info gauge\n\
             mailgrant_finding_info{{mailbox=\"shop\",code=\"tls-failed\"}} 1\n\
             # HELP mailgrant_last_run_timestamp_seconds When the command ended.\n\
             # TYPE mailgrant_last_run_timestamp_seconds gauge\n\
             mailgrant_last_run_timestamp_seconds{{command=\"test\"}} 1795860001\n\
             # HELP mailgrant_last_run_exit_code The exit code of the command.\n\
             # TYPE mailgrant_last_run_exit_code gauge\n\
             mailgrant_last_run_exit_code{{command=\"test\"}} 1\n\
             # HELP mailgrant_build_info The version of mailgrant, 1 by itself.\n\
             # TYPE mailgrant_build_info gauge\n\
             mailgrant_build_info{{version=\"{version}\"}} 1\n"
        );
        assert_eq!(text, wanted);
    }

    #[test]
    fn strangers_words_are_labels_and_nothing_else() {
        for words in ["a\"} 1\nevil 1", "a\\", "# HELP x", &"\"".repeat(100_000)] {
            let text = written(&Prometheus, words);
            for line in text.lines() {
                let known = line.starts_with("# HELP mailgrant_") || line.starts_with("# TYPE mailgrant_");
                assert!(known || line.starts_with("mailgrant_"), "{line:.200}");
                let quotes = line.replace("\\\\", "").replace("\\\"", "").matches('"').count();
                assert!(known || quotes % 2 == 0, "{line:.200}");
            }
            assert_eq!(text.lines().count(), written(&Prometheus, "harmless").lines().count());
        }
    }
}
