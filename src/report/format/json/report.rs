//! Reports and checks in schema 2.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::finding::{JsonFinding, JsonStep};
use super::words::Words;
use crate::profile::{By, Protocol, Side};
use crate::report::trial::{protocol_schema, side_schema};
use crate::report::{
    Check, Evidence, ExitCode, Fact, Headline, Outcome, Report, SideResult, Since, Slower, Stage, Subject, Task, Trial,
    TrialResult, Values,
};
use crate::text::Shown;

/// What a command found of one thing.
#[derive(Serialize, Deserialize, JsonSchema)]
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
    /// What has changed since an earlier run, with `--baseline`.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Since>,
    /// The steps that take at least half as long again as in that run, and at least 50 ms longer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(default)]
    slower: Vec<JsonSlower>,
    /// What is so, name by name, in words.
    facts: Words,
    /// The same as values, as far as programs need them.
    #[serde(skip_serializing_if = "Values::is_empty")]
    #[serde(default)]
    values: Values,
    /// What was tried, in order.
    checks: Vec<JsonCheck>,
    /// Which sides work, where that was tested.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(default)]
    sides: Vec<SideResult>,
    /// What has to be set up, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(default)]
    tasks: Vec<JsonTask>,
    /// The newest messages, newest first, where they were asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(default)]
    latest: Vec<Headline>,
    /// What came of trying each protocol that the provider has, where that was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(default)]
    protocols: Vec<JsonTrial>,
    /// The finding to act on first; absent where all went well.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<JsonFinding>,
    /// What it has come to, for people, where no sides were tested and all went well.
    #[serde(skip_serializing_if = "Option::is_none")]
    conclusion: Option<Shown>,
}

/// What a report is on.
#[derive(Serialize, Deserialize, JsonSchema)]
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
    /// A share of the mailboxes that is not among the files of `report merge`, as in `2/4`.
    Shard,
}

/// A step of a test.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "check")]
pub(super) struct JsonCheck {
    /// Which step.
    stage: Stage,
    /// Over which protocol, where one is spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "protocol_schema")]
    protocol: Option<Protocol>,
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
    /// What matters of what was seen, for a line that stands for several checks.
    #[serde(skip_serializing_if = "Option::is_none")]
    brief: Option<Shown>,
    /// What was seen, as values.
    #[serde(flatten)]
    evidence: Evidence,
    /// When it began, in milliseconds from the command's start.
    #[serde(skip_serializing_if = "Option::is_none")]
    began_ms: Option<Millis>,
    /// How long it took, in milliseconds.
    elapsed_ms: Millis,
}

/// How a check went.
#[derive(Serialize, Deserialize, JsonSchema)]
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

/// A step that takes longer than in an earlier run.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "slower")]
struct JsonSlower {
    /// Which step.
    stage: Stage,
    /// Over which protocol, where one is spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "protocol_schema")]
    protocol: Option<Protocol>,
    /// How long it took then, in milliseconds.
    before_ms: Millis,
    /// How long it takes now, in milliseconds.
    after_ms: Millis,
}

/// A task of a set-up.
#[derive(Serialize, Deserialize, JsonSchema)]
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
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "trial")]
struct JsonTrial {
    /// The protocol.
    #[schemars(schema_with = "protocol_schema")]
    protocol: Protocol,
    /// The side of the mailbox.
    #[schemars(schema_with = "side_schema")]
    side: Side,
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
            since: report.since,
            slower: report.slower.iter().map(JsonSlower::of).collect(),
            facts: report.facts.iter().map(|fact| (fact.name.clone(), fact.value.clone())).collect(),
            values: report.values.clone(),
            checks: report.checks.iter().map(JsonCheck::of).collect(),
            sides: report.sides.clone(),
            tasks: report.tasks.iter().map(JsonTask::of).collect(),
            latest: report.latest.clone(),
            protocols: report.trials.iter().map(JsonTrial::of).collect(),
            verdict: report.first_finding().map(JsonFinding::of),
            conclusion: report.conclusion.clone(),
        }
    }

    /// The report that it tells of.
    ///
    /// # Errors
    /// What it should say and does not.
    pub(super) fn into_report(self) -> Result<Report, &'static str> {
        let mut checks = self.checks.into_iter().map(JsonCheck::into_check).collect::<Result<Vec<_>, _>>()?;
        // It has the room of what was read, which is larger, and may be one of ten thousand.
        checks.shrink_to_fit();
        let mut report = Report {
            facts: self.facts.into_iter().map(|(name, value)| Fact { name, value }).collect(),
            values: self.values,
            changed: self.changed,
            since: self.since,
            slower: self.slower.into_iter().map(JsonSlower::into_slower).collect(),
            checks,
            sides: self.sides,
            tasks: self.tasks.into_iter().map(JsonTask::into_task).collect(),
            latest: self.latest,
            trials: self.protocols.into_iter().map(JsonTrial::into_trial).collect(),
            conclusion: self.conclusion,
            ..Report::new(self.kind.of_name(self.name))
        };
        let verdict = self.verdict.map(|verdict| Box::new(verdict.into_finding()));
        let is_said = report.first_finding() == verdict.as_deref() && report.exit_code() as u8 == self.exit_code;
        report.verdict = verdict.filter(|_| !is_said);
        Ok(report)
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
            Subject::Shard(_) => Self::Shard,
        }
    }

    fn of_name(self, name: Shown) -> Subject {
        match self {
            Self::Mailbox => Subject::Mailbox(name),
            Self::App => Subject::App(name),
            Self::Certificate => Subject::Certificate(name),
            Self::VaultKey => Subject::VaultKey(name),
            Self::Vault => Subject::Vault(name),
            Self::Machine => Subject::Machine(name),
            Self::Host => Subject::Host(name),
            Self::Fault => Subject::Fault(name),
            Self::Catalogue => Subject::Catalogue(name),
            Self::Shard => Subject::Shard(name),
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
            protocol: check.protocol,
            outcome,
            detail,
            because,
            finding,
            brief: check.brief.clone(),
            evidence: check.evidence.clone(),
            began_ms: check.began.map(Millis),
            elapsed_ms: Millis(check.elapsed),
        }
    }

    fn into_check(self) -> Result<Check, &'static str> {
        let elapsed = self.elapsed_ms.0;
        let check = match (self.finding, self.outcome) {
            (Some(finding), _) => Check::failed(self.stage, elapsed, finding.into_finding()),
            (None, Went::Skipped) => Check::skipped(self.stage, self.because.unwrap_or_default()),
            (None, Went::Passed) => Check::passed(self.stage, elapsed, self.detail.unwrap_or_default()),
            (None, Went::Failed) => return Err("a check that has failed has no finding"),
        };
        let began = self.began_ms.map(|began| began.0);
        let check = check.lasting(elapsed);
        Ok(Check { protocol: self.protocol, evidence: self.evidence, brief: self.brief, began, ..check })
    }
}

impl JsonSlower {
    fn of(slower: &Slower) -> Self {
        let Slower { stage, protocol, before, after } = *slower;
        Self { stage, protocol, before_ms: Millis(before), after_ms: Millis(after) }
    }

    fn into_slower(self) -> Slower {
        let Self { stage, protocol, before_ms, after_ms } = self;
        Slower { stage, protocol, before: before_ms.0, after: after_ms.0 }
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

    fn into_task(self) -> Task {
        let Self { title, why, by, done, steps } = self;
        Task { title, why, by, done, steps: steps.into_iter().map(JsonStep::into_step).collect() }
    }
}

impl JsonTrial {
    fn of(trial: &Trial) -> Self {
        Self {
            protocol: trial.protocol,
            side: trial.side,
            in_profile: trial.in_profile,
            result: trial.result,
            detail: trial.detail.clone(),
            finding: trial.finding.as_deref().map(JsonFinding::of),
        }
    }

    fn into_trial(self) -> Trial {
        let Self { protocol, side, in_profile, result, detail, finding } = self;
        Trial {
            protocol,
            side,
            in_profile,
            result,
            detail,
            finding: finding.map(|finding| Box::new(finding.into_finding())),
        }
    }
}

/// No step takes longer.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A time in milliseconds, with one place behind the point: a check has no finer one.
struct Millis(Duration);

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64((self.0.as_secs_f64() * 10_000.0).round() / 10.0)
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let millis = f64::deserialize(deserializer)?;
        let time = Duration::try_from_secs_f64(millis / 1_000.0).map_err(de::Error::custom)?;
        // Times are added up.
        if time > LONGEST { Err(de::Error::custom("no step takes so long")) } else { Ok(Self(time)) }
    }
}

impl JsonSchema for Millis {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        f64::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        f64::json_schema(generator)
    }
}
