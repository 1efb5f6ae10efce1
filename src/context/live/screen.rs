//! What is shown while a command runs, as text.

use std::fmt::Display;
use std::time::{Duration, Instant};

use crate::progress::{Running, Standing, Step, Wait};

/// What is over sooner is not shown.
pub(super) const QUIET: Duration = Duration::from_millis(300);

/// How to show progress.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// The columns of the terminal.
    pub width: usize,
    /// Whether the cursor can be moved.
    pub moves: bool,
    /// Whether the checks are shown, and not only what is waited for.
    pub checks: bool,
}

/// More waits than these are not shown at once.
const MOST_WAITS: usize = 3;
/// On a terminal that can only be written on, what takes longer than this is worth a line.
const SLOW: Duration = Duration::from_secs(1);
/// The bar's columns.
const BAR: usize = 24;
const SPINNER: [char; 4] = ['-', '\\', '|', '/'];

/// The screen.
pub(super) struct Screen {
    look: Look,
    turns: usize,
    /// The lines that were said, where nothing can be drawn.
    said: Vec<String>,
}

impl Screen {
    pub(super) fn new(look: Look) -> Self {
        Self { look, turns: 0, said: Vec::new() }
    }

    /// The screen as it is to be drawn now, with no line wider than the terminal.
    pub(super) fn text(&mut self, standing: &Standing) -> String {
        self.turns += 1;
        let spinner = SPINNER[self.turns % SPINNER.len()];
        let mut lines = match standing.running.as_slice() {
            [only] if standing.all == 1 && self.look.checks => only.steps.iter().map(check).collect(),
            _ if standing.all <= 1 => Vec::new(),
            _ => vec![bar(standing)],
        };
        let waits = waits(standing);
        lines.extend(waits.iter().take(MOST_WAITS).map(|(running, wait)| {
            let name = if standing.all <= 1 { "" } else { running.name.as_str() };
            format!("{spinner} {}, {}", named(name, wait), so_long(wait))
        }));
        let lines: Vec<String> = lines.iter().map(|line| fit(line, self.look.width)).collect();
        lines.join("\n")
    }

    /// The lines to say now, where nothing can be drawn: each once.
    pub(super) fn lines(&mut self, standing: &Standing) -> Vec<String> {
        let mut lines = Vec::new();
        for running in &standing.running {
            let slow = running.steps.iter().filter(|step| self.look.checks && step.seen.elapsed >= SLOW);
            lines.extend(slow.map(|step| named(&running.name, check(step).trim_start())));
        }
        let long = waits(standing).into_iter().filter(|(_, wait)| wait.since.elapsed() >= SLOW);
        lines.extend(long.map(|(running, wait)| format!("{} ...", named(&running.name, wait))));
        lines.retain(|line| !self.said.contains(line));
        self.said.extend(lines.iter().cloned());
        lines
    }
}

/// `text`, and before it whose it is.
fn named(name: &str, text: impl Display) -> String {
    if name.is_empty() { text.to_string() } else { format!("{name}: {text}") }
}

/// What is waited for longer than a moment, the longest first.
fn waits(standing: &Standing) -> Vec<(&Running, &Wait)> {
    let all = standing.running.iter().flat_map(|running| running.waits.iter().map(move |wait| (running, wait)));
    let mut long: Vec<(&Running, &Wait)> = all.filter(|(_, wait)| wait.since.elapsed() >= QUIET).collect();
    long.sort_by_key(|(_, wait)| wait.since);
    long
}

/// "  ok    SMTP TLS (12 ms)"
fn check(Step { protocol, seen }: &Step) -> String {
    let mark = if seen.result.is_ok() { "ok" } else { "FAIL" };
    let over = protocol.map_or_else(String::new, |protocol| format!("{protocol} "));
    format!("  {mark:<4}  {over}{} ({} ms)", seen.stage.title(), seen.elapsed.as_millis())
}

/// "12 s of 30"
fn so_long(wait: &Wait) -> String {
    let seconds = Instant::now().saturating_duration_since(wait.since).as_secs();
    match wait.limit.map(|limit| limit.as_secs()).filter(|limit| *limit >= seconds) {
        Some(limit) => format!("{seconds} s of {limit}"),
        None => format!("{seconds} s"),
    }
}

/// "[############            ] 25 of 50, 2 failed"
fn bar(standing: &Standing) -> String {
    let full = BAR * standing.done / standing.all.max(1);
    let failed = if standing.failed == 0 { String::new() } else { format!(", {} failed", standing.failed) };
    format!("[{}{}] {} of {}{failed}", "#".repeat(full), " ".repeat(BAR - full), standing.done, standing.all)
}

/// `line` in one row of the terminal.
fn fit(line: &str, width: usize) -> String {
    // In ASCII, as not every terminal shows more. One column stays free: terminals differ in what they do at the last.
    match line.chars().count() < width {
        true => line.to_owned(),
        false => line.chars().take(width.saturating_sub(4)).chain("...".chars()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::FailureKind;
    use crate::profile::Protocol;
    use crate::progress::{Observation, Progress};
    use crate::report::{Report, Stage, Subject};

    const LOOK: Look = Look { width: 60, moves: true, checks: true };

    fn since(seconds: u64) -> Instant {
        Instant::now() - Duration::from_secs(seconds)
    }

    fn wait(seconds: u64) -> Wait {
        Wait {
            stage: Stage::Greeting,
            protocol: Some(Protocol::Smtp),
            host: "smtp.office365.com".into(),
            since: since(seconds),
            limit: Some(Duration::from_secs(30)),
        }
    }

    fn step(stage: Stage, is_ok: bool, millis: u64) -> Step {
        let result = if is_ok { Ok("fine".into()) } else { Err(FailureKind::Bug.into()) };
        let elapsed = Duration::from_millis(millis);
        Step { protocol: Some(Protocol::Imap), seen: Observation { stage, began: since(1), elapsed, result } }
    }

    fn one(steps: Vec<Step>, waits: Vec<Wait>) -> Standing {
        Standing { all: 1, running: vec![Running { name: "shop".into(), steps, waits }], ..Standing::default() }
    }

    #[test]
    fn one_mailbox_shows_its_checks_and_what_is_waited_for() {
        let standing = one(vec![step(Stage::Dns, true, 3), step(Stage::Tls, false, 12)], vec![wait(0), wait(12)]);
        let text = Screen::new(LOOK).text(&standing);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["  ok    IMAP DNS (3 ms)", "  FAIL  IMAP TLS (12 ms)"]);
        assert_eq!(&lines[2][1..], " SMTP: waiting for the greeting of smtp.office365.com, ...");
        assert_eq!(lines.len(), 3, "what has only begun is not a wait");
        let wide = Screen::new(Look { width: 100, checks: false, ..LOOK }).text(&standing);
        assert_eq!(&wide[1..], " SMTP: waiting for the greeting of smtp.office365.com, 12 s of 30");
        assert!(Screen::new(Look { width: 100, ..LOOK }).text(&one(Vec::new(), vec![wait(40)])).ends_with(" 40 s"));
    }

    #[test]
    fn what_is_waited_for_beside_all_mailboxes_stands_alone() {
        let progress = Progress::default();
        let mut standing = progress.standing();
        standing.running = vec![Running { name: Default::default(), steps: Vec::new(), waits: vec![wait(2)] }];
        let text = Screen::new(Look { width: 100, ..LOOK }).text(&standing);
        assert_eq!(&text[1..], " SMTP: waiting for the greeting of smtp.office365.com, 2 s of 30");
        let said = Screen::new(LOOK).lines(&standing);
        assert_eq!(said, ["SMTP: waiting for the greeting of smtp.office365.com ..."]);
    }

    #[test]
    fn several_mailboxes_are_counted() {
        let progress = Progress::default();
        progress.expect(4);
        let report = || Report::new(Subject::Host("host".into()));
        for number in 0..2 {
            progress.end(number, report());
        }
        let _watch = progress.begin(2, "sales".into(), move |_, _| report());
        let mut standing = progress.standing();
        assert_eq!(Screen::new(LOOK).text(&standing), "[############            ] 2 of 4");
        standing.failed = 1;
        standing.running[0].waits = vec![wait(1)];
        let text = Screen::new(Look { width: 100, ..LOOK }).text(&standing);
        assert!(text.starts_with("[############            ] 2 of 4, 1 failed\n"), "{text}");
        assert!(text.ends_with(" sales: SMTP: waiting for the greeting of smtp.office365.com, 1 s of 30"), "{text}");
    }

    #[test]
    fn where_nothing_can_be_drawn_what_is_slow_is_said_once() {
        let mut screen = Screen::new(LOOK);
        let standing = one(vec![step(Stage::Dns, true, 3), step(Stage::Tls, true, 2000)], vec![wait(0), wait(5)]);
        let said = ["shop: ok    IMAP TLS (2000 ms)", "shop: SMTP: waiting for the greeting of smtp.office365.com ..."];
        assert_eq!(screen.lines(&standing), said);
        assert!(screen.lines(&standing).is_empty());
    }
}
