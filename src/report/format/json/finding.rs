//! Findings, steps and explanations in schema 2.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::words::Words;
use crate::finding_code::FindingCode;
use crate::profile::By;
use crate::report::step::{Command, Link, Part, Shell};
use crate::report::{Confidence, ExitCode, Explanation, Fact, Finding, Retry, Step, Warning, WarningCode};
use crate::text::{Redactor, Shown};

/// What a failed check means.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "finding")]
pub(super) struct JsonFinding {
    /// Its stable name, which `mailgrant explain` knows.
    code: FindingCode,
    /// The cause in one or two plain sentences.
    #[serde(deserialize_with = "lines")]
    cause: Shown,
    /// The way out, step by step.
    fix: Vec<JsonStep>,
    /// The server's own words.
    #[serde(default, deserialize_with = "optional_lines", skip_serializing_if = "Option::is_none")]
    server_said: Option<Shown>,
    /// How sure it is.
    confidence: Confidence,
    /// The public documents that say so: addresses, and sections of standards.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(default)]
    sources: Vec<Shown>,
    /// What another try is worth.
    retry: Retry,
    /// What else the same answer may mean, the most telling first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(default)]
    also: Vec<FindingCode>,
    /// What the exit code is where this is the first finding.
    #[serde(deserialize_with = "exit_code")]
    exit_code: u8,
}

/// A step of a way out.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "step")]
pub(super) struct JsonStep {
    /// How it is done.
    kind: StepKind,
    /// All of it, as a sentence.
    #[serde(deserialize_with = "lines")]
    text: Shown,
    /// The command to run, the first where there are several.
    #[serde(default, deserialize_with = "optional_lines", skip_serializing_if = "Option::is_none")]
    command: Option<Shown>,
    /// Whether the command has a value in angle brackets that is to be filled in.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[serde(default)]
    is_template: bool,
    /// The page to open.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<Shown>,
    /// Who has the right to do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<By>,
    /// Whether it is another way or one for few.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[serde(default)]
    is_aside: bool,
    /// Its words, commands and pages in their order, where `text`, `command` and `url` do not say all of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(default)]
    parts: Vec<JsonPart>,
}

/// A part of a step.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "part")]
enum JsonPart {
    /// A page to open.
    Page {
        /// What it is called.
        text: Shown,
        /// Its address.
        url: Shown,
    },
    /// A command to run.
    Command {
        /// The line.
        #[serde(deserialize_with = "lines")]
        command: Shown,
        /// Whether it has a value in angle brackets that is to be filled in.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        #[serde(default)]
        is_template: bool,
    },
    /// Words around the others.
    Words {
        /// The words.
        #[serde(deserialize_with = "lines")]
        text: Shown,
    },
}

/// How a step is done.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
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
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "warning")]
pub(super) struct JsonWarning {
    /// Its stable name.
    code: WarningCode,
    /// What it is, in a sentence.
    text: Shown,
}

/// An answer of some server, explained.
#[derive(Serialize, Deserialize, JsonSchema)]
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
    #[serde(default)]
    follows: Vec<FindingCode>,
    /// What other lines say though it does no harm.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[serde(default)]
    harmless: Vec<FindingCode>,
    /// What the codes in `also`, `follows` and `harmless` say, each in one sentence.
    #[serde(skip_serializing_if = "Words::is_empty")]
    #[serde(default)]
    titles: Words,
    /// What Microsoft's support finds the sign-in by: `correlation_id`, `trace_id`, `time`.
    #[serde(skip_serializing_if = "Words::is_empty")]
    #[serde(default)]
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
            sources: finding.source.iter().flat_map(|source| source.parts(BETWEEN_SOURCES)).collect(),
            retry: finding.retry,
            also: finding.also.clone(),
            exit_code: finding.exit as u8,
        }
    }

    pub(super) fn into_finding(self) -> Finding {
        let exit = ExitCode::of_number(self.exit_code).unwrap_or(ExitCode::CheckFailed);
        Finding {
            fix: self.fix.into_iter().map(JsonStep::into_step).collect(),
            server_said: self.server_said,
            confidence: self.confidence,
            source: (!self.sources.is_empty()).then(|| Shown::join(self.sources, BETWEEN_SOURCES)),
            retry: self.retry,
            also: self.also,
            ..Finding::new(self.code, self.cause, exit)
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
        let json = Self {
            kind,
            text: step.sentence(),
            command: command.map(|command| command.line.clone()),
            is_template: command.is_some_and(|command| command.is_template),
            url: link.map(|link| link.url.clone()),
            by: step.by(),
            is_aside: step.is_aside(),
            parts: Vec::new(),
        };
        if json.clone().into_step().parts() == step.parts() {
            return json;
        }
        Self { parts: step.parts().iter().map(JsonPart::of).collect(), ..json }
    }

    /// The command and the page where the words have them; a page that they do not name is behind all of them.
    pub(super) fn into_step(self) -> Step {
        let Self { text, command, is_template, url, by, is_aside, parts, .. } = self;
        if !parts.is_empty() {
            return Step::of(parts.into_iter().map(JsonPart::into_part)).done_by(by).aside_if(is_aside);
        }
        let command = command.map(|line| Command { is_template, ..Command::new(line) });
        let mut parts = vec![Part::Words(text)];
        if let Some(command) = command {
            let line = command.line.clone();
            split(&mut parts, &line, Part::Command(command));
        }
        if let Some(url) = url {
            let link = |title: Shown| Part::Link(Link { title, url: url.clone() });
            if !split(&mut parts, &url, link(url.clone()))
                && let Some(Part::Words(words)) = parts.first()
            {
                parts[0] = link(words.clone());
            }
        }
        Step::of(parts).done_by(by).aside_if(is_aside)
    }
}

impl JsonPart {
    fn of(part: &Part) -> Self {
        match part {
            Part::Words(text) => Self::Words { text: text.clone() },
            Part::Command(Command { line, is_template, .. }) => {
                Self::Command { command: line.clone(), is_template: *is_template }
            }
            Part::Link(Link { title, url }) => Self::Page { text: title.clone(), url: url.clone() },
        }
    }

    fn into_part(self) -> Part {
        match self {
            Self::Words { text } => Part::Words(text),
            Self::Command { command, is_template } => Part::Command(Command { is_template, ..Command::new(command) }),
            Self::Page { text: title, url } => Part::Link(Link { title, url }),
        }
    }
}

/// Puts `part` where the words first have `text`; whether they have it.
fn split(parts: &mut Vec<Part>, text: &str, part: Part) -> bool {
    let found = parts.iter().enumerate().find_map(|(index, part)| match part {
        Part::Words(words) => words.find(text).map(|at| (index, words.clone(), at)),
        Part::Command(_) | Part::Link(_) => None,
    });
    let Some((index, words, at)) = found else { return false };
    let [before, after] = [words.part(|all| &all[..at]), words.part(|all| &all[at + text.len()..])];
    parts.splice(index..=index, [Part::Words(before), part, Part::Words(after)]);
    true
}

impl JsonWarning {
    pub(super) fn of(warning: &Warning) -> Self {
        Self { code: warning.code, text: warning.text.clone() }
    }

    pub(super) fn into_warning(self) -> Warning {
        Warning::new(self.code, self.text)
    }
}

impl JsonExplanation {
    pub(super) fn of(explanation: &Explanation) -> Self {
        let titles = explanation.titles.iter().map(|(code, title)| (code.as_str().into(), title.clone()));
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
            support: explanation.support.iter().map(|fact| (fact.name.clone(), fact.value.clone())).collect(),
        }
    }

    pub(super) fn into_explanation(self) -> Explanation {
        let titles = self.titles.into_iter().filter_map(|(code, title)| Some((FindingCode::find(&code)?, title)));
        Explanation {
            provider: self.provider,
            stage: self.stage,
            finding: self.finding.into_finding(),
            example: self.example,
            note: self.note,
            line: self.line,
            follows: self.follows,
            harmless: self.harmless,
            titles: titles.collect(),
            support: self.support.into_iter().map(|(name, value)| Fact { name, value }).collect(),
            is_recognised: self.recognised,
        }
    }
}

/// What is between two sources.
const BETWEEN_SOURCES: &str = "; ";

/// Text that may have several lines: its line breaks stay.
fn lines<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Shown, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(Shown::join(text.split('\n').map(Redactor::read_back), "\n"))
}

fn optional_lines<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Shown>, D::Error> {
    lines(deserializer).map(Some)
}

/// The number of an exit code.
fn exit_code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let number = u8::deserialize(deserializer)?;
    match ExitCode::of_number(number) {
        Some(_) => Ok(number),
        None => Err(de::Error::custom(format_args!("there is no exit code {number}"))),
    }
}
