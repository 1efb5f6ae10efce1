//! A document as one page that can be sent to an administrator: it loads nothing, runs nothing but the script of its copy
//! buttons, and looks right on a phone, in the dark and on paper.

mod finding;
mod fleet;
mod report;
mod tasks;

use std::io::{self, Write};

use maud::{Markup, PreEscaped, html};

use self::finding::{first, told};
use super::interface::Format;
use super::title;
use crate::report::{Document, Explanation, Step, View};
use crate::text::Shown;
use crate::text::html::{DOCTYPE, Text};

/// The style of all pages, and this one's own.
const STYLE: &str = concat!("\n", include_str!("../../text/page.css"), include_str!("html/page.css"));

/// The copy buttons. Without scripts a click selects the whole command.
const SCRIPT: &str = include_str!("html/copy.js");

/// Nothing is loaded, whatever is in the page; style and script are the page's own.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-eWewi+o7jq/xWM928m2YYfCNVBCAjgLO5a6XbbfxOX8='; \
                      base-uri 'none'; form-action 'none'";

/// One self-contained page.
pub(super) struct Html;

impl Format for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn noun(&self) -> &'static str {
        "page"
    }

    fn write(&self, document: &Document, _: &View, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(page(document).as_bytes())
    }

    fn leaves_error_to_stderr(&self) -> bool {
        true
    }
}

fn page(document: &Document) -> String {
    let title = title::of(document);
    let common = fleet::common(document);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (Text(&title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    (header(document, &title))
                    @if let Some(error) = &document.error {
                        section.card.bad { (first("The command could not do its job", error)) }
                    }
                    @if let Some(text) = &document.text { section.card { pre { (text) } } }
                    (fleet::contents(document))
                    @for one in &common { (one.section()) }
                    @for (index, report) in title::failures_first(&document.reports) {
                        (report::section(index, report, common.iter().any(|one| one.has(index))))
                    }
                    (explanations(&document.explanations))
                    @if !document.diff.is_empty() {
                        section.card {
                            h2 { "In the profile" }
                            pre { @for line in &document.diff { (Text(line)) "\n" } }
                        }
                    }
                    (list("Notes", document.notes.iter().cloned()))
                    (list("Warnings", document.warnings.iter().map(|warning| warning.text.clone())))
                    (list("Next", document.next.iter().map(Step::sentence)))
                    footer {
                        p {
                            "mailgrant " (env!("CARGO_PKG_VERSION")) ". Tokens and secrets are taken out of this page; names, \
                             addresses and servers are not."
                        }
                    }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string() + "\n"
}

fn header(document: &Document, title: &str) -> Markup {
    html! {
        header {
            h1 { (Text(title)) }
            p {
                "mailgrant " (Text(&document.command)) " \u{b7} " (document.time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
                @if document.is_dry_run { " \u{b7} dry run: nothing was written, sent or stored" }
                @if let Some(ending) = title::ending(document) { " \u{b7} " (Text(&ending)) }
            }
        }
    }
}

/// Answers: the problems of a text in a card each, a list in one.
fn explanations(explanations: &[Explanation]) -> Markup {
    let are_problems = explanations.len() > 1 && explanations.iter().all(|one| one.line.is_some());
    let cards = if are_problems { 1 } else { explanations.len().max(1) };
    html! {
        @for (index, card) in explanations.chunks(cards).enumerate() {
            section.card {
                @for one in card {
                    @if let Some(line) = one.line.filter(|_| are_problems) {
                        h2 { "Problem " (index + 1) ", line " (line) }
                    }
                    (told(&one.finding, true))
                    @for remark in one.for_support().into_iter().chain(one.remarks()) { p { (Text(&remark)) } }
                }
            }
        }
    }
}

/// Lines under a heading, where there are any.
fn list(heading: &str, lines: impl Iterator<Item = Shown>) -> Markup {
    let mut lines = lines.peekable();
    html! {
        @if lines.peek().is_some() {
            section.card {
                h2 { (heading) }
                ol { @for line in lines { li { (Text(&line)) } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::profile::{Protocol, Side};
    use crate::report::step::{Command, Link, Part, Shell};
    use crate::report::{
        Check, ExitCode, Finding, FindingCode, Report, Stage, Step, Subject, Trial, TrialResult, WarningCode,
    };
    use crate::text::Redactor;

    pub(super) fn document(text: &str) -> Document {
        let shown = || Redactor::by_shape(text);
        let mut finding = Finding::new(FindingCode::BUG, shown(), ExitCode::CheckFailed);
        finding.fix = vec![shown().into()];
        finding.server_said = Some(shown!("{}\n{}", shown(), shown()));
        let mut report = Report::new(Subject::Mailbox("shop".into()));
        report.fact("address", shown());
        let at = Duration::from_millis;
        report.checks.push(Check::passed(Stage::Tcp, at(30), shown()).over(Protocol::Imap).begun(at(10)));
        report.checks.push(Check::failed(Stage::Tls, at(60), finding.clone()).over(Protocol::Imap).begun(at(40)));
        report.checks.push(Check::skipped(Stage::Authentication, shown()));
        report.trials.push(Trial {
            protocol: Protocol::Graph,
            side: Side::Incoming,
            in_profile: false,
            result: TrialResult::Off,
            detail: Some(shown()),
            finding: Some(Box::new(finding.clone())),
        });
        report.verdict = Some(Box::new(finding));
        let mut document = Document::new("test");
        document.reports.push(report);
        document.notes.push(shown());
        document.warn(WarningCode::TextCut, shown());
        document.next.push(shown().into());
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
    fn it_loads_nothing_and_runs_its_own_script_alone() {
        let page = page(&document("fine"));
        for word in ["<link", "src=", "url(", "@import", "fetch(", "onclick"] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("default-src 'none'"));
        let scripts: Vec<&str> =
            page.split("<script>").skip(1).filter_map(|rest| rest.split("</script>").next()).collect();
        assert_eq!(scripts, [SCRIPT]);
        let hash = BASE64_STANDARD.encode(Sha256::digest(SCRIPT.as_bytes()));
        assert!(POLICY.contains(&format!("script-src 'sha256-{hash}'")), "the script's hash is {hash}");
    }

    #[test]
    fn a_command_has_a_block_of_its_own_and_a_page_a_link_to_https_alone() {
        let mut finding = Finding::new(FindingCode::BUG, "It is off.", ExitCode::CheckFailed);
        let url = |url: &'static str| Part::Link(Link { title: "the page".into(), url: url.into() });
        finding.fix = vec![
            Step::from("Run: `Set-CASMailbox -Identity a -ImapEnabled $true`"),
            Step::of([url("https://entra.microsoft.com/#x"), url("javascript:alert(1)")]),
        ];
        let mut document = Document::new("test");
        let mut report = Report::new(Subject::Mailbox("shop".into()));
        report.fact("address", Shown::from("shop@contoso.com"));
        report.checks.push(Check::failed(Stage::Folder, Duration::ZERO, finding));
        document.reports.push(report);
        let page = page(&document);
        assert!(page.contains("<h1>shop@contoso.com: It is off</h1>"), "{page}");
        assert!(
            page.replace("<span>", "")
                .replace("</span>", "")
                .contains("<code>Set-CASMailbox -Identity a -ImapEnabled $true</code></div>"),
            "{page}"
        );
        assert!(page.contains("For an Exchange administrator"), "{page}");
        assert!(page.contains("<a href=\"https://entra.microsoft.com/#x\"") && !page.contains("javascript:"), "{page}");
    }

    #[test]
    fn a_command_that_is_to_be_filled_in_has_no_button_to_copy_it() {
        let block = |is_template| {
            let command = Command { line: "mailgrant test <name>".into(), shell: Shell::Mailgrant, is_template };
            let mut finding = Finding::new(FindingCode::BUG, "It is off.", ExitCode::CheckFailed);
            finding.fix = vec![Step::of([Part::Command(command)])];
            told(&finding, false).into_string()
        };
        assert!(block(true).contains("class=\"command template\""), "{}", block(true));
        assert!(block(false).contains("class=\"command\""), "{}", block(false));
        assert!(SCRIPT.contains(".command:not(.template)"));
    }

    #[test]
    fn what_has_failed_comes_first_in_the_contents_and_in_the_page() {
        let mut document = document("fine");
        document.reports.insert(0, Report::new(Subject::Mailbox("good".into())));
        let page = page(&document);
        let at = |words: &str| page.find(words).unwrap_or_else(|| panic!("no {words} in {page}"));
        assert!(at("href=\"#r1\"") < at("href=\"#r0\"") && at("id=\"r1\"") < at("id=\"r0\""), "{page}");
    }

    #[test]
    fn what_many_mailboxes_have_in_common_is_told_once_with_the_commands_for_each() {
        let mut document = Document::new("status");
        for name in ["one", "two", "three"] {
            let (name, address) = (Redactor::by_shape(name), Redactor::by_shape(&format!("{name}@contoso.com")));
            let mut report = Report::new(Subject::Mailbox(name.clone()));
            report.fact("address", &address);
            let cause = shown!("'{}' is not authorized.", name);
            let mut finding = Finding::new(FindingCode::NOT_AUTHORIZED, cause, ExitCode::AuthorizationNeeded);
            finding.fix = vec![Step::from("Run: ").command(shown!("mailgrant authorize {}", name))];
            report.checks.push(Check::failed(Stage::Token, Duration::ZERO, finding));
            document.reports.push(report);
        }
        let page = page(&document);
        assert!(page.contains("<h1>3 of 3 mailboxes: something is wrong</h1>"), "{page}");
        assert_eq!(page.matches("<h2>3 mailboxes ").count(), 1, "{page}");
        for name in ["one", "two", "three"] {
            assert_eq!(page.matches(&format!("<code>mailgrant authorize {name}</code>")).count(), 1, "{page}");
        }
        assert_eq!(page.matches("href=\"#r2\"").count(), 2, "the contents and the common part lead to it: {page}");
    }
}
