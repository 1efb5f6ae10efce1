//! A finding in a page: what it means, who must do what, and how sure that is.

use maud::{Markup, html};

use crate::profile::By;
use crate::report::step::{Command, Link, Part};
use crate::report::{Confidence, Finding, Step};
use crate::text::Shown;
use crate::text::html::Text;

/// The one thing to do first.
pub(super) fn first(heading: &str, finding: &Finding) -> Markup {
    html! {
        div.first {
            h3 { (heading) }
            (told(finding, true))
        }
    }
}

/// All of a finding; `in_full` with the document that says so.
pub(super) fn told(finding: &Finding, in_full: bool) -> Markup {
    let sure = match finding.confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    };
    html! {
        p { (Text(&finding.cause)) }
        (steps(&finding.fix, &[], None))
        (said(finding.server_said.as_ref()))
        p.code {
            (Text(finding.code.as_str())) " (" (sure) ")"
            @if let Some(source) = finding.source.as_ref().filter(|_| in_full) { ", see " (sources(source)) }
        }
    }
}

fn said(words: Option<&Shown>) -> Markup {
    html! {
        @if let Some(words) = words {
            p { "The server said:" }
            pre {
                @for (number, line) in words.lines().enumerate() {
                    @if number > 0 { "\n" }
                    (Text(line))
                }
            }
        }
    }
}

/// Numbered steps. `more` are the same steps for other mailboxes, whose commands are listed with the first's;
/// who is `known` to do them is not named again.
pub(super) fn steps(steps: &[Step], more: &[&[Step]], known: Option<By>) -> Markup {
    html! {
        @if !steps.is_empty() {
            ol {
                @for (index, step) in steps.iter().enumerate() {
                    li {
                        (one(step))
                        @for other in more.iter().filter_map(|steps| steps.get(index)) {
                            @for command in other.commands().filter(|command| !step.commands().any(|own| own == *command)) {
                                (block(command))
                            }
                        }
                        @if let Some(by) = step.by().filter(|by| Some(*by) != known) { (who(by)) }
                    }
                }
            }
        }
    }
}

fn one(step: &Step) -> Markup {
    let last = step.parts().len().saturating_sub(1);
    html! {
        @for (index, part) in step.parts().iter().enumerate() {
            @match part {
                Part::Words(words) => { (Text(words)) }
                Part::Link(page) => { (link(page)) }
                Part::Command(command) if index == last => { (block(command)) }
                Part::Command(command) => { (line(command)) }
            }
        }
    }
}

/// A command by itself, easy to select and to copy; what is to be filled in first has no button for that.
fn block(command: &Command) -> Markup {
    html! {
        div.command.template[command.is_template] {
            span.shell { (command.shell.title()) }
            (line(command))
        }
    }
}

/// The line, broken between words only: a break behind a hyphen would look like a blank.
fn line(command: &Command) -> Markup {
    html! {
        code {
            @for (index, word) in command.line.split(' ').enumerate() {
                @if index > 0 { " " }
                @if word.contains('-') { span { (Text(word)) } } @else { (Text(word)) }
            }
        }
    }
}

fn who(by: By) -> Markup {
    let title = match by {
        By::You => "the person who runs mailgrant",
        other => other.title(),
    };
    html! { span.who { "For " (title) } }
}

/// Only an `https` address becomes a link.
fn link(Link { title, url }: &Link) -> Markup {
    html! {
        @if url.starts_with("https://") { a href=(Text(url)) rel="noreferrer" { (Text(title)) } }
        @else { (Text(title)) }
    }
}

/// Documents, between semicolons: addresses as links.
fn sources(source: &Shown) -> Markup {
    html! {
        @for (index, url) in source.parts("; ").enumerate() {
            @if index > 0 { ", " }
            @let title = url.part(|url| url.trim_start_matches("https://").split('/').next().unwrap_or(url));
            (link(&Link { title, url }))
        }
    }
}
