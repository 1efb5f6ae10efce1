//! A document as the answer of a monitoring plugin, for Nagios, Icinga and those that run the same plugins (Monitoring
//! Plugins Development Guidelines): a line with the state, figures behind a bar, and the checks in further lines.

mod figures;
mod state;

use std::io::{self, Write};

use self::state::State;
use super::interface::Format;
use super::title::{self, failures_first};
use crate::report::{Document, ExitCode, Outcome, Report, Subject, View};

/// The longest first line without its figures: it is what a pager shows.
const FIRST_LINE: usize = 200;

/// What schedulers read of an answer, in bytes ("Nagios will only read the first 4 KB").
const ROOM: usize = 4000;

/// The state of a service, with figures.
pub(super) struct Nagios;

impl Format for Nagios {
    fn name(&self) -> &'static str {
        "nagios"
    }

    fn write(&self, document: &Document, _: &View, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(text(document).as_bytes())
    }

    fn exit_status(&self, document: &Document, code: ExitCode) -> u8 {
        let state = State::of(document);
        // The command went well, and something else did not: an answer that was lost in part says nothing.
        let state = if state == State::Ok && code != ExitCode::AllPassed { State::Unknown } else { state };
        state as u8
    }

    fn is_plugin(&self) -> bool {
        true
    }
}

fn text(document: &Document) -> String {
    let state = State::of(document);
    let mut text = cut(&format!("{}: {}", state.title(), first_line(document, state)), FIRST_LINE);
    let figures = figures::of(document).join(" ");
    if !figures.is_empty() {
        text.push_str(" | ");
        text.push_str(&figures);
    }
    text.push('\n');
    let lines = lines(document);
    for (index, line) in lines.iter().enumerate() {
        let rest = lines.len() - index;
        let ending = format!("({rest} more lines without --format nagios)\n");
        // The ending fits behind every line but the last, which needs none.
        let room = ROOM.saturating_sub(text.len() + if rest > 1 { ending.len() } else { 0 });
        if line.len() + 1 > room {
            text.push_str(&ending);
            break;
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// What it has come to, in few words.
fn first_line(document: &Document, state: State) -> String {
    let why = match &document.error {
        Some(error) => error.cause.clone(),
        None if state == State::of_reports(document) => {
            let failed: Vec<&Report> = document.reports.iter().filter(|one| one.first_finding().is_some()).collect();
            match failed.as_slice() {
                // One of several is told, and how many there are.
                [only] if document.reports.len() > 1 && !matches!(only.subject, Subject::Shard(_)) => {
                    shown!("1 of {}: {}", document.reports.len(), title::of_report(only))
                }
                _ => title::of(document),
            }
        }
        None => document
            .warnings
            .iter()
            .find(|one| state::needs_attention(one))
            .map(|warning| warning.text.clone())
            .unwrap_or_default(),
    };
    plain(&why)
}

/// The reports, those first that have failed, and what deserves attention.
fn lines(document: &Document) -> Vec<String> {
    let mut lines: Vec<String> =
        document.warnings.iter().map(|warning| plain(&shown!("warning: {}", warning.text))).collect();
    lines.extend(document.notes.iter().map(|note| plain(&shown!("note: {}", note))));
    lines.extend(document.changes.iter().map(|changes| plain(&shown!("note: {}", changes.line()))));
    for step in document.error.iter().flat_map(|error| &error.fix) {
        lines.push(plain(&shown!("  {}", step)));
    }
    for (_, report) in failures_first(&document.reports) {
        let code = report.first_finding().map_or_else(String::new, |finding| format!(" [{}]", finding.code));
        lines.push(format!("{}: {}{code}", State::of_report(report).title(), plain(&title::of_report(report))));
        for step in report.first_finding().iter().flat_map(|finding| &finding.fix) {
            lines.push(plain(&shown!("  {}", step)));
        }
        for check in &report.checks {
            let (mark, seen) = match &check.outcome {
                Outcome::Passed { detail } => ("ok", detail),
                Outcome::Skipped { because } => ("skipped", because),
                Outcome::Failed { finding } => ("failed", &finding.cause),
            };
            let protocol = check.protocol.map_or_else(String::new, |protocol| format!("{} ", protocol.title()));
            let line = format!("  {mark}: {protocol}{}: {}", check.stage.title(), plain(seen));
            lines.push(cut(&line, 2 * FIRST_LINE));
        }
    }
    lines
}

/// `text` on one line without the bar, behind which a scheduler looks for figures.
fn plain(text: &str) -> String {
    text.replace('|', "/").replace(['\n', '\t'], " ")
}

/// The first `most` characters.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{} ...", text[..at].trim_end()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::profile::Protocol;
    use crate::report::format::tests::written;
    use crate::report::{Check, Finding, FindingCode, Stage, Warning, WarningCode};
    use crate::text::Redactor;

    fn mailbox(name: &str, exit: ExitCode) -> Report {
        let mut report = Report::new(Subject::Mailbox(Redactor::by_shape(name)));
        let at = Duration::from_millis;
        let check = Check::passed(Stage::Authentication, at(250), "as shop").over(Protocol::Imap).begun(at(500));
        report.checks.push(check);
        if exit != ExitCode::AllPassed {
            let finding = Finding::new(FindingCode::TLS_FAILED, "It is off. Really.", exit);
            report.checks.push(Check::failed(Stage::Tls, at(5), finding));
        }
        report
    }

    fn of(reports: Vec<Report>) -> Document {
        Document { reports, ..Document::new("test") }
    }

    fn status(document: &Document) -> u8 {
        Nagios.exit_status(document, document.exit_code())
    }

    #[test]
    fn the_state_is_the_worst_and_the_status_says_the_same() {
        use ExitCode as Code;
        for (codes, title, exit) in [
            (&[Code::AllPassed][..], "OK", 0),
            (&[Code::AllPassed, Code::RotationUnfinished], "WARNING", 1),
            (&[Code::CheckFailed], "CRITICAL", 2),
            (&[Code::AuthorizationNeeded], "CRITICAL", 2),
            (&[Code::Network], "CRITICAL", 2),
            (&[Code::SecretStore], "UNKNOWN", 3),
            (&[Code::Busy], "UNKNOWN", 3),
            // The most lasting code of these is the store's; the worst state is not.
            (&[Code::SecretStore, Code::Network], "CRITICAL", 2),
            (&[Code::SecretStore, Code::RotationUnfinished], "WARNING", 1),
        ] {
            let document = of(codes.iter().map(|code| mailbox("shop", *code)).collect());
            assert_eq!(status(&document), exit, "{codes:?}");
            assert!(text(&document).starts_with(&format!("{title}: ")), "{}", text(&document));
        }
        let mut document = of(vec![mailbox("shop", Code::AllPassed)]);
        assert_eq!(Nagios.exit_status(&document, Code::CheckFailed), 3, "the answer could not be written");
        document.warn(WarningCode::ExpiresSoon, "the secret expires soon");
        assert_eq!((status(&document), text(&document).starts_with("WARNING: the secret expires soon")), (1, true));
        let told = Warning::new(WarningCode::ExpiryWritten, "the profile has the day now");
        assert_eq!(status(&Document { warnings: vec![told], ..of(vec![mailbox("shop", Code::AllPassed)]) }), 0);
        for code in [Code::Usage, Code::Profile, Code::Bug, Code::Cancelled] {
            document.error = Some(Finding::new(FindingCode::BUG, "It stopped.", code));
            let bare = Document { error: document.error.clone(), ..Document::new("test") };
            assert_eq!((status(&bare), text(&bare).starts_with("UNKNOWN: It stopped.")), (3, true), "{code:?}");
        }
    }

    #[test]
    fn the_first_line_has_the_figures_and_the_next_ones_the_checks() {
        let one = text(&of(vec![mailbox("shop", ExitCode::AllPassed)]));
        assert_eq!(
            one,
            "OK: shop: all is well | imap_auth_seconds=0.250s;;;0 total_seconds=0.750s;;;0\nOK: shop: all is well\n  ok: IMAP \
             authentication: as shop\n"
        );
        let several = text(&of(vec![mailbox("a", ExitCode::AllPassed), mailbox("b", ExitCode::CheckFailed)]));
        let first = several.lines().next().unwrap();
        assert_eq!(first, "CRITICAL: 1 of 2: b: It is off | reports=2;;;0 failed=1;;;0;2 total_seconds=0.750s;;;0");
        assert!(several.find("CRITICAL: b").unwrap() < several.find("OK: a").unwrap(), "{several}");
    }

    #[test]
    fn strangers_words_make_no_figures_and_no_first_line() {
        for words in ["| rta=1s;2;3", "a\nOK: fine", &"x|".repeat(50_000)] {
            let answer = written(&Nagios, words);
            assert!(answer.len() <= ROOM && answer.starts_with("CRITICAL: "), "{answer}");
            assert!(
                answer.matches('|').count() == 1 && answer.lines().next().unwrap().contains(" | reports="),
                "{answer}"
            );
        }
        let many = text(&of((0..500).map(|index| mailbox(&format!("box-{index}"), ExitCode::CheckFailed)).collect()));
        assert!(many.len() <= ROOM && many.ends_with("without --format nagios)\n"), "{many}");
    }
}
