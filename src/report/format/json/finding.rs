//! Findings, steps and explanations in schema 2.

use schemars::JsonSchema;
use serde::Serialize;

use super::words::Words;
use crate::finding_code::FindingCode;
use crate::profile::By;
use crate::report::step::Shell;
use crate::report::{Confidence, Explanation, Finding, Retry, Step, Warning, WarningCode};
use crate::text::Shown;

/// What a failed check means.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "finding")]
pub(super) struct JsonFinding {
    /// Its stable name, which `mailgrant explain` knows.
    code: FindingCode,
    /// The cause in one or two plain sentences.
    cause: Shown,
    /// The way out, step by step.
    fix: Vec<JsonStep>,
    /// The server's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    server_said: Option<Shown>,
    /// How sure it is.
    confidence: Confidence,
    /// The public documents that say so: addresses, and sections of standards.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    sources: Vec<&'static str>,
    /// What another try is worth.
    retry: Retry,
    /// What else the same answer may mean, the most telling first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    also: Vec<FindingCode>,
    /// What the exit code is where this is the first finding.
    exit_code: u8,
}

/// A step of a way out.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "step")]
pub(super) struct JsonStep {
    /// How it is done.
    kind: StepKind,
    /// All of it, as a sentence.
    text: Shown,
    /// The command to run, the first where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<Shown>,
    /// Whether the command has a value in angle brackets that is to be filled in.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(default)]
    is_template: bool,
    /// The page to open.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<Shown>,
    /// Who has the right to do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<By>,
}

/// How a step is done.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "step_kind")]
enum StepKind {
    /// On a page of the provider's.
    Portal,
    /// With a command of PowerShell's.
    #[serde(rename = "powershell")]
    PowerShell,
    /// With a command of the Azure CLI's.
    Az,
    /// With a command of mailgrant's.
    Mailgrant,
    /// With another command.
    Shell,
    /// As its words say.
    Words,
}

/// What is right but deserves attention.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "warning")]
pub(super) struct JsonWarning {
    /// Its stable name.
    code: WarningCode,
    /// What it is, in a sentence.
    text: Shown,
}

/// An answer of some server, explained.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "explanation")]
pub(super) struct JsonExplanation {
    #[serde(flatten)]
    finding: JsonFinding,
    /// Whether the answer is known at all.
    recognised: bool,
    /// Whose servers say it.
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<Shown>,
    /// Where it is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<Shown>,
    /// How a server said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<Shown>,
    /// A remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Shown>,
    /// The line of the text that says it, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// What other lines say because of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    follows: Vec<FindingCode>,
    /// What other lines say though it does no harm.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    harmless: Vec<FindingCode>,
    /// What the codes in `also`, `follows` and `harmless` say, each in one sentence.
    #[serde(skip_serializing_if = "Words::is_empty")]
    #[schemars(default)]
    titles: Words,
    /// What Microsoft's support finds the sign-in by: `correlation_id`, `trace_id`, `time`.
    #[serde(skip_serializing_if = "Words::is_empty")]
    #[schemars(default)]
    support: Words,
}

impl JsonFinding {
    pub(super) fn of(finding: &Finding) -> Self {
        Self {
            code: finding.code,
            cause: finding.cause.clone(),
            fix: finding.fix.iter().map(JsonStep::of).collect(),
            server_said: finding.server_said.clone(),
            confidence: finding.confidence,
            sources: finding.source.into_iter().flat_map(|source| source.split("; ")).collect(),
            retry: finding.retry,
            also: finding.also.clone(),
            exit_code: finding.exit as u8,
        }
    }
}

impl JsonStep {
    pub(super) fn of(step: &Step) -> Self {
        let command = step.commands().next();
        let link = step.links().next();
        let kind = match (command.map(|command| command.shell), link) {
            (Some(Shell::PowerShell), _) => StepKind::PowerShell,
            (Some(Shell::Az), _) => StepKind::Az,
            (Some(Shell::Mailgrant), _) => StepKind::Mailgrant,
            (Some(Shell::System), _) => StepKind::Shell,
            (None, Some(_)) => StepKind::Portal,
            // A click path, whose page has no address of its own.
            (None, None) if step.sentence().contains(" > ") => StepKind::Portal,
            (None, None) => StepKind::Words,
        };
        Self {
            kind,
            text: step.sentence(),
            command: command.map(|command| command.line.clone()),
            is_template: command.is_some_and(|command| command.is_template),
            url: link.map(|link| link.url.clone()),
            by: step.by(),
        }
    }
}

impl JsonWarning {
    pub(super) fn of(warning: &Warning) -> Self {
        Self { code: warning.code, text: warning.text.clone() }
    }
}

impl JsonExplanation {
    pub(super) fn of(explanation: &Explanation) -> Self {
        let titles = explanation.titles.iter().map(|(code, title)| (code.as_str(), title.clone()));
        Self {
            finding: JsonFinding::of(&explanation.finding),
            recognised: explanation.is_recognised,
            provider: explanation.provider.clone(),
            stage: explanation.stage.clone(),
            example: explanation.example.clone(),
            note: explanation.note.clone(),
            line: explanation.line,
            follows: explanation.follows.clone(),
            harmless: explanation.harmless.clone(),
            titles: titles.collect(),
            support: explanation.support.iter().map(|fact| (fact.name, fact.value.clone())).collect(),
        }
    }
}
