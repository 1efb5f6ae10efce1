//! The protocols that were tried, a row each, and what has to be done before the others can be.

use std::io;

use super::finding::{self, Telling};
use super::line::Line;
use super::page::Page;
use crate::report::{Trial, TrialResult};

/// Writes a row for each trial.
pub(super) fn write(trials: &[Trial], page: &mut Page<'_>) -> io::Result<()> {
    if trials.is_empty() {
        return Ok(());
    }
    page.gap()?;
    page.text(2, &Line::default().strong("Protocols:"))?;
    let widest = |text: fn(&Trial) -> &'static str| trials.iter().map(|trial| text(trial).len()).max().unwrap_or(0);
    let protocol = widest(|trial| trial.protocol.title());
    let verb = widest(|trial| trial.side.verb());
    let result = widest(|trial| trial.result.title());
    for trial in trials {
        let lead =
            Line::default().plain(format!("{:<protocol$}  {:<verb$}  ", trial.protocol.title(), trial.side.verb()));
        let word = format!("{:<result$}", trial.result.title());
        let lead = match trial.result {
            TrialResult::Works => lead.good(word),
            TrialResult::Off | TrialResult::Refused | TrialResult::NotReached => lead.bad(word),
            TrialResult::NotTried => lead.warn(word),
        };
        page.led(2, &lead.plain("  "), &words(trial))?;
    }
    for trial in trials.iter().filter(|trial| trial.result == TrialResult::NotTried) {
        let Some(finding) = &trial.finding else { continue };
        page.gap()?;
        page.text(2, &Line::default().dim(format!("To {} over {}:", trial.side.verb(), trial.protocol)))?;
        finding::write(finding, Telling::Whole, 2, page)?;
    }
    Ok(())
}

/// What was seen, or the first sentence of the reason with its code.
fn words(trial: &Trial) -> Line<'_> {
    match (&trial.finding, &trial.detail) {
        (Some(finding), _) => Line::default().plain(finding.sentences().0).plain(format!(" [{}]", finding.code)),
        (None, Some(detail)) => Line::default().plain(detail.as_str()),
        (None, None) => Line::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Protocol, Side};
    use crate::report::{ExitCode, Finding, FindingCode, View};

    const COLUMNS: usize = 80;

    fn shown(trials: &[Trial]) -> String {
        let mut out = Vec::new();
        let view = View { width: Some(COLUMNS), ..View::default() };
        write(trials, &mut Page::new(&view, &mut out)).unwrap();
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
             \x20 Microsoft Graph  send  not tried  It did not. [sign-in-did-not-ask]\n\
             \n\x20 To send over Microsoft Graph:\n\x20 [sign-in-did-not-ask]\n"
        );
    }
}
