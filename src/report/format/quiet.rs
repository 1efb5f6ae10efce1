//! Nothing where all is well, and failures in short: for cron, which mails what is printed.

use std::io::{self, Write};

use super::interface::Format;
use super::title;
use crate::report::{Document, ExitCode, Report, Since, View};

/// A line for each report that has failed, with the first step below it.
pub(super) struct Quiet;

impl Format for Quiet {
    fn name(&self) -> &'static str {
        "quiet"
    }

    fn write(&self, document: &Document, _: &View, out: &mut dyn Write) -> io::Result<()> {
        if document.exit_code() == ExitCode::AllPassed {
            return Ok(());
        }
        for note in &document.notes {
            writeln!(out, "note: {note}")?;
        }
        let is_known = |report: &&Report| report.since == Some(Since::KnownFailure);
        for report in document.reports.iter().filter(|report| !is_known(report)) {
            let Some(finding) = report.first_finding() else { continue };
            writeln!(out, "{} [{}]", title::of_report(report), finding.code)?;
            if let Some(step) = finding.fix.first() {
                writeln!(out, "  {step}")?;
            }
        }
        document.warnings.iter().try_for_each(|warning| writeln!(out, "warning: {}", warning.text))
    }

    fn leaves_error_to_stderr(&self) -> bool {
        true
    }

    fn is_quiet(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::report::{Check, Finding, FindingCode, Report, Stage, Step, Subject, WarningCode};

    #[test]
    fn nothing_is_said_where_all_is_well_and_a_failure_in_two_lines() {
        let said = |document: &Document| {
            let mut out = Vec::new();
            Quiet.write(document, &View::default(), &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let mut document = Document::new("test");
        document.reports.push(Report::new(Subject::Mailbox("other".into())));
        document.warn(WarningCode::ExpiresSoon, "soon");
        assert_eq!(said(&document), "");
        let mut finding = Finding::new(FindingCode::TLS_FAILED, "It is off. Really.", ExitCode::CheckFailed);
        finding.fix = vec![Step::from("Run: `mailgrant test shop`"), Step::from("Wait")];
        let mut report = Report::new(Subject::Mailbox("shop".into()));
        report.checks.push(Check::failed(Stage::Tls, Duration::ZERO, finding));
        document.reports.push(report);
        assert_eq!(said(&document), "shop: It is off [tls-failed]\n  Run: mailgrant test shop\nwarning: soon\n");
    }
}
