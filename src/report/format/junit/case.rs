//! A case: a check, or what a whole report comes to.

use std::time::Duration;

use super::xml::{Tag, seconds};
use crate::report::{Check, ExitCode, Finding, Outcome};

/// A case of a suite.
pub(super) struct Case {
    /// What it is sorted under: GitLab shows it as the suite.
    pub(super) class: String,
    pub(super) name: String,
    pub(super) time: Duration,
    pub(super) verdict: Verdict,
}

/// How it went.
pub(super) enum Verdict {
    Passed,
    Skipped(String),
    /// What was tested is wrong.
    Failure(Trouble),
    /// What was tested could not be reached.
    Error(Trouble),
}

/// What went wrong.
pub(super) struct Trouble {
    code: &'static str,
    title: String,
    text: String,
}

impl Case {
    /// A check of `subject`.
    pub(super) fn of_check(subject: &str, check: &Check) -> Self {
        let protocol = check.protocol.map_or("sign-in", |protocol| protocol.key());
        let verdict = match &check.outcome {
            Outcome::Passed { .. } => Verdict::Passed,
            Outcome::Skipped { because } => Verdict::Skipped(because.to_string()),
            Outcome::Failed { finding } => Verdict::of(finding),
        };
        let (class, name) = (format!("mailgrant.{subject}.{protocol}"), check.stage.title().to_owned());
        Self { class, name, time: check.elapsed, verdict }
    }

    /// What a whole report on `subject` comes to.
    pub(super) fn of_whole(subject: &str, name: &str, finding: Option<&Finding>) -> Self {
        let class = if subject.is_empty() { "mailgrant".to_owned() } else { format!("mailgrant.{subject}") };
        Self {
            class,
            name: name.to_owned(),
            time: Duration::ZERO,
            verdict: finding.map_or(Verdict::Passed, Verdict::of),
        }
    }

    /// The same as an error, where it is a failure.
    pub(super) fn into_error(mut self) -> Self {
        if let Verdict::Failure(trouble) = self.verdict {
            self.verdict = Verdict::Error(trouble);
        }
        self
    }

    pub(super) fn write(&self, text: &mut String) {
        let tag = Tag::new("testcase")
            .with("classname", &self.class)
            .with("name", &self.name)
            .with("time", &seconds(self.time));
        let (kind, trouble) = match &self.verdict {
            Verdict::Passed => return text.push_str(&tag.empty()),
            Verdict::Skipped(because) => {
                text.push_str(&tag.open());
                text.push_str(&Tag::new("skipped").with("message", because).empty());
                return text.push_str("</testcase>\n");
            }
            Verdict::Failure(trouble) => ("failure", trouble),
            Verdict::Error(trouble) => ("error", trouble),
        };
        text.push_str(&tag.open());
        let tag = Tag::new(kind).with("message", &trouble.title).with("type", trouble.code);
        text.push_str(&tag.around(&trouble.text));
        text.push_str("</testcase>\n");
    }
}

impl Verdict {
    fn of(finding: &Finding) -> Self {
        let trouble = Trouble::of(finding);
        match finding.exit {
            ExitCode::SecretStore | ExitCode::Network | ExitCode::Busy | ExitCode::Bug | ExitCode::Cancelled => {
                Self::Error(trouble)
            }
            ExitCode::AllPassed
            | ExitCode::CheckFailed
            | ExitCode::Usage
            | ExitCode::Profile
            | ExitCode::AuthorizationNeeded
            | ExitCode::RotationUnfinished => Self::Failure(trouble),
        }
    }

    pub(super) fn is_failure(&self) -> bool {
        matches!(self, Self::Failure(_))
    }

    pub(super) fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }

    pub(super) fn is_skipped(&self) -> bool {
        matches!(self, Self::Skipped(_))
    }
}

impl Trouble {
    fn of(finding: &Finding) -> Self {
        let mut text = finding.cause.to_string();
        for (index, step) in finding.fix.iter().enumerate() {
            text.push_str(&format!("\n{}. {step}", index + 1));
        }
        if let Some(words) = &finding.server_said {
            text.push_str(&format!("\nThe server said: {words}"));
        }
        Self { code: finding.code.as_str(), title: finding.title().to_string(), text }
    }
}
