//! Reports and checks in schema 2.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::finding::{JsonFinding, JsonStep};
use super::words::Words;
use crate::profile::{By, Protocol};
use crate::report::trial::{protocol_schema, side_schema};
use crate::report::{
    Check, Evidence, ExitCode, Headline, Outcome, Report, SideResult, Stage, Subject, Task, Trial, TrialResult, Values,
};
use crate::text::Shown;

/// What a command found of one thing.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "report")]
pub(super) struct JsonReport {
    /// What it is.
    kind: Kind,
    /// Its name in the profile; a mailbox that no profile has is named by its address.
    name: Shown,
    /// The mailbox's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Shown>,
    /// Whether all went well.
    ok: bool,
    /// What the exit code would be if this were the only report.
    exit_code: u8,
    /// Whether the command has changed it, where it may; with `--dry-run`, whether it would.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<bool>,
    /// What is so, name by name, in words.
    facts: Words,
    /// The same as values, as far as programs need them.
    #[serde(skip_serializing_if = "Values::is_empty")]
    #[schemars(default)]
    values: Values,
    /// What was tried, in order.
    checks: Vec<JsonCheck>,
    /// Which sides work, where that was tested.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    sides: Vec<SideResult>,
    /// What has to be set up, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    tasks: Vec<JsonTask>,
    /// The newest messages, newest first, where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    latest: Vec<Headline>,
    /// What came of trying each protocol that the provider has, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    protocols: Vec<JsonTrial>,
    /// The finding to act on first; absent where all went well.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<JsonFinding>,
}

/// What a report is on.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "kind")]
enum Kind {
    /// A mailbox.
    Mailbox,
    /// An app of the profile.
    App,
    /// A certificate and its key.
    Certificate,
    /// The key of a vault.
    VaultKey,
    /// A vault to be handed over.
    Vault,
    /// This machine.
    Machine,
    /// A server.
    Host,
    /// A fault of the practice tenant.
    Fault,
    /// The catalogue of answers.
    Catalogue,
}

/// A step of a test.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "check")]
pub(super) struct JsonCheck {
    /// Which step.
    stage: Stage,
    /// Over which protocol, where one is spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "protocol_schema")]
    protocol: Option<&'static str>,
    /// How it went.
    outcome: Went,
    /// What was seen, where it passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Shown>,
    /// Why it was not tried, where it was skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<Shown>,
    /// What it means, where it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<JsonFinding>,
    /// What was seen, as values.
    #[serde(flatten)]
    evidence: Evidence,
    /// When it began, in milliseconds from the command's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    began_ms: Option<f64>,
    /// How long it took, in milliseconds.
    elapsed_ms: f64,
}

/// How a check went.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "outcome")]
enum Went {
    /// Well.
    Passed,
    /// Not well.
    Failed,
    /// It was not tried.
    Skipped,
}

/// A task of a set-up.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "task")]
struct JsonTask {
    /// What comes of it.
    title: Shown,
    /// Why it is needed.
    why: Shown,
    /// Who has the right to do it.
    by: By,
    /// What shows that it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<Shown>,
    /// How it is done.
    steps: Vec<JsonStep>,
}

/// What came of trying one protocol.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "trial")]
struct JsonTrial {
    /// The protocol.
    #[schemars(schema_with = "protocol_schema")]
    protocol: &'static str,
    /// The side of the mailbox.
    #[schemars(schema_with = "side_schema")]
    side: &'static str,
    /// Whether the profile has it for this mailbox.
    in_profile: bool,
    /// Whether it works.
    result: TrialResult,
    /// What was seen, or why nothing was tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Shown>,
    /// Why it does not work, or what has to be done before it can be tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    finding: Option<JsonFinding>,
}

impl JsonReport {
    pub(super) fn of(report: &Report) -> Self {
        let exit = report.exit_code();
        Self {
            kind: Kind::of(&report.subject),
            name: report.subject.name().clone(),
            address: report.address().cloned(),
            ok: exit == ExitCode::AllPassed,
            exit_code: exit as u8,
            changed: report.changed,
            facts: report.facts.iter().map(|fact| (fact.name, fact.value.clone())).collect(),
            values: report.values.clone(),
            checks: report.checks.iter().map(JsonCheck::of).collect(),
            sides: report.sides.clone(),
            tasks: report.tasks.iter().map(JsonTask::of).collect(),
            latest: report.latest.clone(),
            protocols: report.trials.iter().map(JsonTrial::of).collect(),
            verdict: report.first_finding().map(JsonFinding::of),
        }
    }
}

impl Kind {
    fn of(subject: &Subject) -> Self {
        match subject {
            Subject::Mailbox(_) => Self::Mailbox,
            Subject::App(_) => Self::App,
            Subject::Certificate(_) => Self::Certificate,
            Subject::VaultKey(_) => Self::VaultKey,
            Subject::Vault(_) => Self::Vault,
            Subject::Machine(_) => Self::Machine,
            Subject::Host(_) => Self::Host,
            Subject::Fault(_) => Self::Fault,
            Subject::Catalogue(_) => Self::Catalogue,
        }
    }
}

impl JsonCheck {
    fn of(check: &Check) -> Self {
        let (outcome, detail, because, finding) = match &check.outcome {
            Outcome::Passed { detail } => (Went::Passed, Some(detail.clone()), None, None),
            Outcome::Skipped { because } => (Went::Skipped, None, Some(because.clone()), None),
            Outcome::Failed { finding } => (Went::Failed, None, None, Some(JsonFinding::of(finding))),
        };
        Self {
            stage: check.stage,
            protocol: check.protocol.map(Protocol::key),
            outcome,
            detail,
            because,
            finding,
            evidence: check.evidence.clone(),
            began_ms: check.began.map(millis),
            elapsed_ms: millis(check.elapsed),
        }
    }
}

impl JsonTask {
    fn of(task: &Task) -> Self {
        Self {
            title: task.title.clone(),
            why: task.why.clone(),
            by: task.by,
            done: task.done.clone(),
            steps: task.steps.iter().map(JsonStep::of).collect(),
        }
    }
}

impl JsonTrial {
    fn of(trial: &Trial) -> Self {
        Self {
            protocol: trial.protocol.key(),
            side: trial.side.key(),
            in_profile: trial.in_profile,
            result: trial.result,
            detail: trial.detail.clone(),
            finding: trial.finding.as_deref().map(JsonFinding::of),
        }
    }
}

/// A tenth of a millisecond is finer than any server answers.
fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}
