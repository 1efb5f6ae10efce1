//! A document as one page that can be sent to an administrator: it loads nothing, runs nothing, and looks right on a
//! phone, in the dark and on paper.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use super::interface::Format;
use crate::report::{Check, Confidence, Document, ExitCode, Finding, Outcome, Report, Subject};
use crate::text::html::escape;

const STYLE: &str = include_str!("page.css");

/// Nothing is loaded, whatever is in the page; the style is the page's own.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// One self-contained page.
pub(super) struct Html;

impl Format for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn noun(&self) -> &'static str {
        "page"
    }

    fn write(&self, document: &Document, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(page(document).as_bytes())
    }

    fn leaves_error_to_stderr(&self) -> bool {
        true
    }
}

fn page(document: &Document) -> String {
    let exit = document.exit_code();
    let title = title(document);
    // An explanation passes nothing and fails nothing.
    let end =
        if document.explanations.is_empty() { format!(" &middot; {}", escape(&meaning(exit))) } else { String::new() };
    let mut body = format!(
        "<header><h1>{}</h1><p>mailgrant {} &middot; {}{end}</p></header>",
        escape(&title),
        escape(&document.command),
        document.time.strftime("%Y-%m-%d %H:%M:%S UTC"),
    );
    if let Some(error) = &document.error {
        body.push_str("<section class=\"bad\">");
        write_first("The command could not do its job", error, &mut body);
        body.push_str("</section>");
    }
    for report in &document.reports {
        write_report(report, &mut body);
    }
    if !document.explanations.is_empty() {
        body.push_str("<section>");
        for explanation in &document.explanations {
            write_finding(&explanation.finding, true, &mut body);
        }
        body.push_str("</section>");
    }
    for (heading, lines) in [("Warnings", &document.warnings), ("Next", &document.next)] {
        if !lines.is_empty() {
            let _ = write!(body, "<section><h2>{heading}</h2><ol>");
            for line in lines {
                let _ = write!(body, "<li>{}</li>", escape(line));
            }
            body.push_str("</ol></section>");
        }
    }
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"referrer\" content=\"no-referrer\">\
         <title>{}</title><style>\n{STYLE}</style></head>\n<body><main>{body}\
         <footer><p>mailgrant {}. Tokens and secrets are taken out of this page; names, addresses and servers are not.</p></footer>\
         </main></body></html>\n",
        escape(&title),
        env!("CARGO_PKG_VERSION"),
    )
}

fn title(document: &Document) -> String {
    let failed = document.reports.iter().filter(|report| report.first_finding().is_some()).count();
    match document.reports.as_slice() {
        [] => format!("mailgrant {}", document.command),
        [only] if failed == 0 => format!("{}: all is well", name(&only.subject)),
        [only] => format!("{}: something is wrong", name(&only.subject)),
        all if failed == 0 => format!("{} mailboxes: all is well", all.len()),
        all => format!("{failed} of {} mailboxes: something is wrong", all.len()),
    }
}

fn name(subject: &Subject) -> &str {
    match subject {
        Subject::Mailbox(name)
        | Subject::App(name)
        | Subject::VaultKey(name)
        | Subject::Machine(name)
        | Subject::Host(name) => name,
    }
}

fn meaning(exit: ExitCode) -> String {
    let meaning = ExitCode::TABLE.iter().find(|(code, _)| *code == exit).map_or("", |(_, meaning)| meaning);
    // What follows the semicolon is about explain, which has no such line.
    let meaning = meaning.split(';').next().unwrap_or_default();
    format!("exit code {}: {meaning}", exit as u8)
}

fn write_report(report: &Report, body: &mut String) {
    let is_well = report.first_finding().is_none();
    let (class, state) = if is_well { ("good", "passed") } else { ("bad", "failed") };
    let _ = write!(
        body,
        "<section class=\"{class}\"><h2>{} <span class=\"state\">{state}</span></h2>",
        escape(name(&report.subject))
    );
    if let Some(first) = report.first_finding() {
        write_first("Do this first", first, body);
    }
    if !report.facts.is_empty() {
        body.push_str("<dl>");
        for fact in &report.facts {
            let _ = write!(body, "<dt>{}</dt><dd>{}</dd>", escape(&fact.name.replace('_', " ")), escape(&fact.value));
        }
        body.push_str("</dl>");
    }
    if !report.checks.is_empty() {
        let scale = Scale::of(&report.checks);
        body.push_str("<ul class=\"checks\">");
        for check in &report.checks {
            write_check(check, &scale, check.is_told_by(report.first_finding()), body);
        }
        body.push_str("</ul>");
    }
    if !report.latest.is_empty() {
        body.push_str("<dl>");
        for message in &report.latest {
            let what = format!("{} ({})", message.subject, message.from);
            let _ = write!(body, "<dt>{}</dt><dd>{}</dd>", escape(&message.date), escape(&what));
        }
        body.push_str("</dl>");
    }
    body.push_str("</section>");
}

/// From the first check's beginning to the last one's end.
struct Scale {
    begin: Duration,
    length: f64,
}

impl Scale {
    fn of(checks: &[Check]) -> Self {
        let timed = || checks.iter().filter_map(|check| Some((check.began?, check.began? + check.elapsed)));
        let begin = timed().map(|(begin, _)| begin).min().unwrap_or_default();
        let end = timed().map(|(_, end)| end).max().unwrap_or_default();
        Self { begin, length: end.saturating_sub(begin).as_secs_f64().max(0.001) }
    }

    /// The check's bar: where it begins and how long it is, in hundredths of the whole.
    fn bar(&self, check: &Check) -> Option<(f64, f64)> {
        let start = check.began?.saturating_sub(self.begin).as_secs_f64() / self.length * 100.0;
        let width = (check.elapsed.as_secs_f64() / self.length * 100.0).max(0.7);
        Some((start.min(99.3), width))
    }
}

fn write_check(check: &Check, scale: &Scale, is_told: bool, body: &mut String) {
    let (class, mark) = match &check.outcome {
        Outcome::Passed { .. } => ("good", "&#10003;"),
        Outcome::Failed { .. } => ("bad", "&#10007;"),
        Outcome::Skipped { .. } => ("", "&ndash;"),
    };
    let protocol = check.protocol.map_or(String::new(), |protocol| format!("{protocol} "));
    let _ = write!(
        body,
        "<li class=\"{class}\"><span class=\"mark\">{mark}</span><span>{protocol}{}</span>",
        escape(check.stage.title())
    );
    match scale.bar(check) {
        Some((start, width)) => {
            let _ = write!(
                body,
                "<svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
                 <rect class=\"track\" width=\"100\" height=\"10\" rx=\"1\"/>\
                 <rect x=\"{start:.2}\" width=\"{width:.2}\" height=\"10\" rx=\"1\"/></svg>"
            );
        }
        None => body.push_str("<span></span>"),
    }
    let millis = check.elapsed.as_secs_f64() * 1000.0;
    let time = if millis >= 0.5 { format!("{millis:.0} ms") } else { String::new() };
    let _ = write!(body, "<span class=\"time\">{time}</span><div class=\"detail\">");
    match &check.outcome {
        Outcome::Passed { detail } => body.push_str(&escape(detail)),
        Outcome::Skipped { because } => {
            let _ = write!(body, "not tried: {}", escape(because));
        }
        Outcome::Failed { finding } if is_told => {
            let _ = write!(body, "<p>See above.</p><p class=\"code\">{}</p>", escape(finding.code.as_str()));
        }
        Outcome::Failed { finding } => write_finding(finding, false, body),
    }
    body.push_str("</div></li>");
}

/// The one thing to do first.
fn write_first(heading: &str, finding: &Finding, body: &mut String) {
    let _ = write!(body, "<div class=\"first\"><h3>{heading}</h3>");
    write_finding(finding, true, body);
    body.push_str("</div>");
}

fn write_finding(finding: &Finding, in_full: bool, body: &mut String) {
    let _ = write!(body, "<p>{}</p>", escape(&finding.cause));
    if !finding.fix.is_empty() {
        body.push_str("<ol>");
        for step in &finding.fix {
            let _ = write!(body, "<li>{}</li>", escape(step));
        }
        body.push_str("</ol>");
    }
    if let Some(words) = &finding.server_said {
        let lines: Vec<String> = words.lines().map(escape).collect();
        let _ = write!(body, "<p>The server said:</p><pre>{}</pre>", lines.join("\n"));
    }
    let sure = match finding.confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    };
    let source =
        finding.source.filter(|_| in_full).map_or(String::new(), |source| format!("; from: {}", escape(source)));
    let _ = write!(body, "<p class=\"code\">{} ({sure}{source})</p>", escape(finding.code.as_str()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Protocol;
    use crate::report::{FindingCode, Stage};

    fn document(text: &str) -> Document {
        let mut finding = Finding::new(FindingCode::BUG, text, ExitCode::CheckFailed);
        finding.fix = vec![text.to_owned()];
        finding.server_said = Some(format!("{text}\n{text}"));
        let mut report = Report::new(Subject::Mailbox("shop".to_owned()));
        report.fact("address", text);
        let at = Duration::from_millis;
        report.checks.push(Check::passed(Stage::Tcp, at(30), text).over(Protocol::Imap).begun(at(10)));
        report.checks.push(Check::failed(Stage::Tls, at(60), finding.clone()).over(Protocol::Imap).begun(at(40)));
        report.checks.push(Check::skipped(Stage::Authentication, text));
        report.verdict = Some(Box::new(finding));
        let mut document = Document::new("test");
        document.reports.push(report);
        document.warnings.push(text.to_owned());
        document.next.push(text.to_owned());
        document
    }

    #[test]
    fn nothing_in_it_is_markup_but_our_own() {
        let plain = page(&document("fine"));
        for text in [
            "<script>alert(1)</script>",
            "\"><img src=x onerror=alert(1)>",
            "</style><svg onload=x>",
            "\u{1b}[31m\u{202e}'",
        ] {
            let page = page(&document(text));
            let tags = |page: &str| page.matches('<').count();
            assert_eq!(tags(&page), tags(&plain), "{text}");
            assert!(!page.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'), "{text}");
        }
    }

    #[test]
    fn it_loads_and_runs_nothing() {
        let page = page(&document("fine"));
        for word in ["<script", "<link", "src=", "url(", "@import", "href"] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn the_bars_stand_where_the_times_are() {
        let document = document("fine");
        let checks = &document.reports[0].checks;
        let scale = Scale::of(checks);
        let bars: Vec<_> =
            checks.iter().map(|check| scale.bar(check).map(|(x, width)| (x.round(), width.round()))).collect();
        assert_eq!(bars, [Some((0.0, 33.0)), Some((33.0, 67.0)), None]);
    }
}
