//! A document as Markdown (CommonMark), for a ticket or the summary of a job.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::interface::Format;
use super::title::failures_first;
use crate::report::step::{Command, Part, Shell};
use crate::report::{Document, ExitCode, Explanation, Finding, Outcome, Report, Step, Task, View};
use crate::text::Shown;

/// Room for the line that says what is left out.
const LEFT_OUT: usize = 100;

/// Headings, lists and blocks of code; what other sides said is never markup.
pub(super) struct Markdown;

impl Format for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn write(&self, document: &Document, view: &View, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(text(document, view.room).as_bytes())
    }

    fn leaves_error_to_stderr(&self) -> bool {
        true
    }
}

/// The document, in as many bytes as there is `room` for: what does not fit is left out report by report, and said.
fn text(document: &Document, room: Option<usize>) -> String {
    let mut text = format!("# mailgrant {}\n\n", escaped(&document.command));
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(text, "{}\n", document.time.strftime("%Y-%m-%d %H:%M:%S UTC"));
    if document.is_dry_run {
        text.push_str("Dry run: nothing was written, sent or stored.\n\n");
    }
    if let Some(error) = &document.error {
        text.push_str("## The command could not do its job\n\n");
        finding(error, &mut text);
    }
    if let Some(whole) = &document.text {
        whole.lines().for_each(|line| text.extend(["    ", line, "\n"]));
        text.push('\n');
    }
    let room = room.unwrap_or(usize::MAX);
    if text.len() + LEFT_OUT > room {
        return String::new();
    }
    let fits = |text: &str, more: usize| text.len().saturating_add(more) + LEFT_OUT <= room;
    let ending = ending(document);
    let ending = if fits(&text, ending.len()) { ending } else { String::new() };
    for (index, (_, one)) in failures_first(&document.reports).enumerate() {
        let mut section = String::new();
        report(one, &mut section);
        if !fits(&text, section.len() + ending.len()) {
            let rest = document.reports.len() - index;
            let _ =
                writeln!(text, "{rest} of {} reports are left out: there is no more room.\n", document.reports.len());
            break;
        }
        text.push_str(&section);
    }
    text.push_str(&ending);
    let mut text = text.trim_end().to_owned();
    text.push('\n');
    text
}

/// What is told behind the reports.
fn ending(document: &Document) -> String {
    let mut text = String::new();
    for (index, one) in document.explanations.iter().enumerate() {
        let is_one_of_several = one.line.is_some() && document.explanations.len() > 1;
        explanation(one, is_one_of_several.then_some(index + 1), &mut text);
    }
    if !document.diff.is_empty() {
        text.push_str("## In the profile\n\n");
        fence("", "diff", &Shown::join(&document.diff, "\n"), &mut text);
    }
    list("Notes", document.notes.iter().cloned(), &mut text);
    list("Warnings", document.warnings.iter().map(|warning| warning.text.clone()), &mut text);
    list("Next", document.next.iter().map(Step::sentence), &mut text);
    text
}

fn list(heading: &str, lines: impl Iterator<Item = Shown>, text: &mut String) {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return;
    }
    let _ = writeln!(text, "## {heading}\n");
    for line in lines {
        let _ = writeln!(text, "- {}", escaped(line.trim_start()));
    }
    text.push('\n');
}

fn report(report: &Report, text: &mut String) {
    let _ = writeln!(text, "## {}\n", escaped(&report.subject.called()));
    if let Some(first) = report.first_finding() {
        text.push_str("**Do this first**\n\n");
        finding(first, text);
    }
    for fact in &report.facts {
        let _ = writeln!(text, "- {}: {}", escaped(&fact.name.replace('_', " ")), escaped(&fact.value));
    }
    if !report.facts.is_empty() {
        text.push('\n');
    }
    for (index, one) in report.tasks.iter().enumerate() {
        task(index + 1, one, text);
    }
    if !report.checks.is_empty() {
        text.push_str("| | step | what was seen |\n|---|---|---|\n");
    }
    for check in &report.checks {
        let (mark, seen) = match &check.outcome {
            Outcome::Passed { detail } => ("ok", escaped(detail)),
            Outcome::Skipped { because } => ("skipped", escaped(because)),
            Outcome::Failed { finding } => ("**failed**", format!("{} ({})", escaped(&finding.cause), finding.code)),
        };
        let protocol = check.protocol.map_or(String::new(), |protocol| format!("{} ", protocol.title()));
        let _ = writeln!(text, "| {mark} | {protocol}{} | {seen} |", check.stage.title());
    }
    if !report.checks.is_empty() {
        text.push('\n');
    }
    for message in &report.latest {
        let _ =
            writeln!(text, "- {}: {} ({})", escaped(&message.date), escaped(&message.subject), escaped(&message.from));
    }
    if !report.latest.is_empty() {
        text.push('\n');
    }
}

/// An answer, behind its number where it is one of several problems of a text.
fn explanation(explanation: &Explanation, number: Option<usize>, text: &mut String) {
    if let (Some(number), Some(line)) = (number, explanation.line) {
        let _ = writeln!(text, "## Problem {number}, line {line}\n");
    }
    finding(&explanation.finding, text);
    for remark in explanation.for_support().into_iter().chain(explanation.remarks()) {
        let _ = writeln!(text, "{}\n", escaped(&remark));
    }
}

fn task(number: usize, task: &Task, text: &mut String) {
    let mark = if task.done.is_some() { "x" } else { " " };
    let _ = writeln!(text, "### {number}. {}\n", escaped(&task.title));
    let _ = writeln!(text, "- [{mark}] For {}. {}", task.by.title(), escaped(&task.why));
    if let Some(done) = &task.done {
        let _ = writeln!(text, "  Done: {}.", escaped(done));
    }
    text.push('\n');
    steps(&task.steps, text);
}

fn finding(finding: &Finding, text: &mut String) {
    let _ = writeln!(text, "{}\n", escaped(&finding.cause));
    steps(&finding.fix, text);
    if let Some(words) = &finding.server_said {
        text.push_str("The server said:\n\n");
        fence("", "text", words, text);
    }
    let code = finding.exit as u8;
    let ending = if finding.exit == ExitCode::AllPassed { String::new() } else { format!(", exit code {code}") };
    let _ = writeln!(text, "`{}`{ending}\n", finding.code);
}

fn steps(steps: &[Step], text: &mut String) {
    for (index, step) in steps.iter().enumerate() {
        let lead = format!("{}. ", index + 1);
        let indent = " ".repeat(lead.len());
        text.push_str(&lead);
        let last = step.parts().len().saturating_sub(1);
        let mut block: Option<&Command> = None;
        for (index, part) in step.parts().iter().enumerate() {
            match part {
                Part::Words(words) => text.push_str(&escaped(words)),
                Part::Link(link) if link.url.starts_with("https://") => {
                    let _ = write!(text, "[{}](<{}>)", escaped(&link.title), link.url.replace(['<', '>'], ""));
                }
                Part::Link(link) => text.push_str(&escaped(&link.title)),
                Part::Command(command) if index == last => block = Some(command),
                Part::Command(command) => text.push_str(&code(&command.line)),
            }
        }
        text.truncate(text.trim_end_matches(' ').len());
        text.push('\n');
        if let Some(command) = block {
            text.push('\n');
            fence(&indent, language(command.shell), &command.line, text);
        }
    }
    if !steps.is_empty() {
        text.push('\n');
    }
}

fn language(shell: Shell) -> &'static str {
    match shell {
        Shell::PowerShell => "powershell",
        Shell::Az | Shell::Mailgrant | Shell::System => "sh",
    }
}

/// A block of code whose fence is longer than any run of backquotes in it (CommonMark §4.5).
fn fence(indent: &str, language: &str, lines: &str, text: &mut String) {
    let mark = "`".repeat(longest_run(lines).max(2) + 1);
    let _ = writeln!(text, "{indent}{mark}{language}");
    for line in lines.lines() {
        let _ = writeln!(text, "{indent}{line}");
    }
    let _ = writeln!(text, "{indent}{mark}\n");
}

/// A code span, delimited likewise (CommonMark §6.1).
fn code(line: &str) -> String {
    let mark = "`".repeat(longest_run(line) + 1);
    let pad = if line.starts_with('`') || line.ends_with('`') { " " } else { "" };
    format!("{mark}{pad}{line}{pad}{mark}")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// `text` as words, on one line: every character that could be markup behind a backslash (CommonMark §2.4), and no spaces before it,
/// of which four would make code of it (§4.4).
fn escaped(text: &str) -> String {
    let text = text.trim_start();
    let mut words = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let (before, after) = (&text[..at], &text[at + c.len_utf8()..]);
        let is_markup = match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '&' | '~' | '!' | '#' => true,
            '-' | '+' | '=' => at == 0,
            ':' => at == 0 || after.starts_with("//"),
            '.' | ')' => is_number(before) || c == '.' && ends_with_www(before),
            _ => false,
        };
        if is_markup {
            words.push('\\');
        }
        words.push(if matches!(c, '\n' | '\t') { ' ' } else { c });
    }
    words
}

/// What numbers the items of a list, before a point or a bracket (CommonMark §5.2).
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What GitHub makes a link of, as it does of what is before `://` (GFM §6.9): other sides' words lead to no page.
fn ends_with_www(text: &str) -> bool {
    text.len() >= 3 && text.as_bytes()[text.len() - 3..].eq_ignore_ascii_case(b"www")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::report::{Check, FindingCode, Stage, Subject, WarningCode};
    use crate::text::Redactor;

    fn written(words: &str) -> String {
        let shown = || Redactor::by_shape(words);
        let mut finding = Finding::new(FindingCode::BUG, shown(), ExitCode::CheckFailed);
        finding.fix = vec![Step::from(shown()), Step::from("Run: ").command(shown!("mailgrant test {}", shown()))];
        finding.server_said = Some(shown());
        let mut report = Report::new(Subject::Mailbox(shown()));
        report.fact("address", shown());
        report.checks.push(Check::failed(Stage::Tls, Duration::ZERO, finding));
        let mut document = Document::new("test");
        document.reports.push(report);
        document.notes.push(shown());
        document.warn(WarningCode::TextCut, shown());
        text(&document, None)
    }

    #[test]
    fn what_another_side_said_is_never_markup() {
        for words in [
            "[click](javascript:alert(1))",
            "<script>alert(1)</script>",
            "![x](https://evil.example/x.png)",
            "`````\n# heading",
            "| a | b |",
            "# heading",
            "- item",
            "<https://evil.example>",
            "&lt;b&gt;",
        ] {
            // Between fences everything is code.
            let text = written(words);
            let mut fence: Option<&str> = None;
            for line in text.lines().map(str::trim_start) {
                let run = &line[..line.len() - line.trim_start_matches('`').len()];
                match fence {
                    Some(open) if line == open => fence = None,
                    Some(_) => {}
                    None if run.len() > 2 => fence = Some(run),
                    None => {
                        let bare = line.replace("\\[", "").replace("\\<", "").replace("\\!", "").replace("\\&", "");
                        assert!(!bare.contains("](javascript") || !bare.contains('['), "{line}");
                        assert!(!bare.contains('<') && !bare.contains("!["), "{line}");
                    }
                }
            }
            assert_eq!(fence, None, "a fence is left open: {text}");
        }
    }

    #[test]
    fn words_begin_no_list_no_code_and_no_link() {
        for (words, wanted) in [
            ("1. one", "1\\. one"),
            ("12) twelve", "12\\) twelve"),
            ("version 1.2 (of 3)", "version 1.2 (of 3)"),
            ("    code", "code"),
            ("\n- item", "\\- item"),
            ("see https://evil.example/x.", "see https\\://evil.example/x."),
            ("Www.evil.example", "Www\\.evil.example"),
            ("at 10:15", "at 10:15"),
        ] {
            assert_eq!(escaped(words), wanted);
        }
    }

    #[test]
    fn where_room_is_scarce_whole_reports_go_the_good_ones_first() {
        let mut document = Document::new("test");
        for index in 0..50 {
            let name = Redactor::by_shape(&format!("box-{index}"));
            let mut report = Report::new(Subject::Mailbox(name));
            let check = if index == 40 {
                Check::failed(Stage::Tls, Duration::ZERO, Finding::new(FindingCode::BUG, "off", ExitCode::CheckFailed))
            } else {
                Check::passed(Stage::Tls, Duration::ZERO, "fine")
            };
            report.checks.push(check);
            document.reports.push(report);
        }
        let whole = text(&document, None);
        assert!(whole.contains("## box\\-49") || whole.contains("## box-49"), "{whole}");
        for room in [0, 100, 400, 1000, whole.len() - 1, whole.len() + LEFT_OUT] {
            let text = text(&document, Some(room));
            assert!(text.len() <= room, "{} bytes where there is room for {room}", text.len());
            let (sections, tables) = (text.matches("\n## ").count(), text.matches("|---|---|---|").count());
            assert_eq!(sections, tables, "a report is there as a whole or not at all: {text}");
            assert_eq!(sections < 50 && room > 300, text.contains("of 50 reports are left out"), "{room}: {text}");
            assert!(sections == 0 || text.contains("box-40") || text.contains("box\\-40"), "{text}");
        }
    }

    #[test]
    fn a_command_is_a_block_of_code_and_the_rest_a_list() {
        let text = written("fine");
        assert!(text.contains("2. Run:\n\n   ```sh\n   mailgrant test fine\n   ```"), "{text}");
        assert!(text.contains("| **failed** | TLS | fine (bug) |"), "{text}");
    }
}
