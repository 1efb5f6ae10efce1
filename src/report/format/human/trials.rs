//! The table of protocols, no wider than the usual terminal.

use std::io::{self, Write};

use super::style::{BAD, GOOD, STRONG, WARN};
use crate::report::{Trial, TrialResult};

/// The columns of a terminal that was never widened.
const COLUMNS: usize = 80;

/// Writes a row for each trial.
pub(super) fn write(trials: &[Trial], out: &mut dyn Write) -> io::Result<()> {
    if trials.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n  {STRONG}Protocols:{STRONG:#}")?;
    let widest = |text: fn(&Trial) -> &'static str| trials.iter().map(|trial| text(trial).len()).max().unwrap_or(0);
    let protocol = widest(|trial| trial.protocol.title());
    let verb = widest(|trial| trial.side.verb());
    let result = widest(|trial| trial.result.title());
    let indent = 2 + protocol + 2 + verb + 2 + result + 2;
    for trial in trials {
        let style = match trial.result {
            TrialResult::Works => GOOD,
            TrialResult::Off | TrialResult::Refused | TrialResult::NotReached => BAD,
            TrialResult::NotTried => WARN,
        };
        let lines = wrapped(&words(trial), COLUMNS.saturating_sub(indent));
        let (title, side) = (trial.protocol.title(), trial.side.verb());
        let (first, rest) = lines.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
        let row =
            format!("  {title:<protocol$}  {side:<verb$}  {style}{:<result$}{style:#}  {first}", trial.result.title());
        writeln!(out, "{}", row.trim_end())?;
        for line in rest {
            // A long code begins further left.
            let indent = indent.min(COLUMNS.saturating_sub(line.chars().count()));
            writeln!(out, "{:indent$}{line}", "")?;
        }
    }
    Ok(())
}

/// What was seen, or the first sentence of the reason with its code.
fn words(trial: &Trial) -> String {
    match (&trial.finding, &trial.detail) {
        (Some(finding), _) => {
            let first = finding.cause.split_inclusive(". ").next().unwrap_or_default().trim_end();
            format!("{first} [{}]", finding.code)
        }
        (None, Some(detail)) => detail.to_string(),
        (None, None) => String::new(),
    }
}

/// `text` in lines of at most `width` characters; a word that is longer has a line of its own.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Protocol, Side};
    use crate::report::{ExitCode, Finding, FindingCode};

    fn shown(trials: &[Trial]) -> String {
        let mut out = Vec::new();
        write(trials, &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        anstream::adapter::strip_str(&out).to_string()
    }

    fn trial(protocol: Protocol, side: Side, result: TrialResult) -> Trial {
        Trial { protocol, side, in_profile: false, result, detail: None, finding: None }
    }

    #[test]
    fn every_row_fits_into_eighty_columns_and_every_code_is_whole() {
        let mut trials = Vec::new();
        for code in FindingCode::ALL {
            let cause = "The sign-in was right, but the organisation does not let its mailboxes send over SMTP. More.";
            let finding = Finding::new(*code, cause, ExitCode::CheckFailed);
            let row = trial(Protocol::Graph, Side::Outgoing, TrialResult::NotReached);
            trials.push(Trial { finding: Some(Box::new(finding)), ..row });
        }
        let table = shown(&trials);
        for line in table.lines() {
            assert!(line.chars().count() <= COLUMNS, "{line}");
        }
        for code in FindingCode::ALL {
            assert!(table.contains(&format!("[{code}]")), "{code}");
        }
        assert!(!table.contains("More."));
    }

    #[test]
    fn a_row_says_what_was_seen_or_why_not() {
        let finding =
            Finding::new(FindingCode::SIGN_IN_DID_NOT_ASK, "It did not. More.", ExitCode::AuthorizationNeeded);
        let works = Trial {
            detail: Some("INBOX, 2 messages".into()),
            ..trial(Protocol::Imap, Side::Incoming, TrialResult::Works)
        };
        let untried =
            Trial { finding: Some(Box::new(finding)), ..trial(Protocol::Graph, Side::Outgoing, TrialResult::NotTried) };
        assert_eq!(
            shown(&[works, untried]),
            "\n  Protocols:\n\
             \x20 IMAP             read  works      INBOX, 2 messages\n\
             \x20 Microsoft Graph  send  not tried  It did not. [sign-in-did-not-ask]\n"
        );
    }
}
