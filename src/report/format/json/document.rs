//! The whole of a document in schema 2.

use jiff::Timestamp;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use secrecy::ExposeSecret;
use serde::{Serialize, Serializer};

use super::finding::{JsonExplanation, JsonFinding, JsonStep, JsonWarning};
use super::report::JsonReport;
use crate::report::{Document, ExitCode, Report, Tally, Token};
use crate::text::Shown;

/// The number of the layout. It grows when a field changes its meaning or goes away, not when one is added.
const SCHEMA: u32 = 2;

/// Everything that one command of mailgrant has to say. A value that is not known is absent, never null.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "document", deny_unknown_fields)]
pub(super) struct JsonDocument<'a> {
    #[serde(flatten)]
    head: Head,
    /// Whether nothing was changed, and the document says what would be.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(default)]
    dry_run: bool,
    /// How much went well.
    summary: Summary,
    /// What changes in the profile's file, or would: the lines of a diff, each behind `+`, `-` or a blank.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    diff: Vec<Shown>,
    /// One report for each mailbox, app, server or other thing that the command looked at.
    #[schemars(with = "Vec<JsonReport>")]
    reports: Reports<'a>,
    /// What to know of the run itself: which share of the mailboxes it has looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    notes: Vec<Shown>,
    /// What the command prints, where that is a text of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    /// What is right but deserves attention.
    warnings: Vec<JsonWarning>,
    /// What to do next, in order.
    next: Vec<JsonStep>,
    /// Answers explained, the most telling first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    explanations: Vec<JsonExplanation>,
    /// Why the command could not do its job.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<JsonFinding>,
}

/// What every document begins with.
#[derive(Serialize, JsonSchema)]
struct Head {
    /// The number of this layout: 2.
    #[schemars(extend("const" = 2))]
    schema: u32,
    /// The version of mailgrant.
    version: &'static str,
    /// The subcommand's name; empty where the command line named none.
    command: Shown,
    /// When the command ended.
    time: Timestamp,
    /// Whether all went well: the exit code is 0.
    ok: bool,
    /// The exit code.
    exit_code: u8,
}

/// How much went well.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "summary")]
struct Summary {
    /// The reports.
    reports: ReportCount,
    /// The checks of all reports.
    checks: CheckCount,
}

/// Reports, counted.
#[derive(Default, Serialize, JsonSchema)]
#[schemars(rename = "report_count")]
struct ReportCount {
    /// All of them.
    total: usize,
    /// Those that went well.
    ok: usize,
    /// Those that did not.
    failed: usize,
}

/// Checks, counted.
#[derive(Default, Serialize, JsonSchema)]
#[schemars(rename = "check_count")]
struct CheckCount {
    /// Those that went well.
    passed: usize,
    /// Those that did not.
    failed: usize,
    /// Those that were not tried.
    skipped: usize,
}

/// The reports, each made into JSON when its turn comes: of ten thousand there is one at a time.
struct Reports<'a>(&'a [Report]);

/// What `token` prints, on one line.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "token", deny_unknown_fields)]
pub(super) struct JsonToken<'a> {
    #[serde(flatten)]
    head: Head,
    /// The access token.
    access_token: &'a str,
    /// When it expires.
    expires_at: Timestamp,
    /// What is right but deserves attention.
    warnings: Vec<JsonWarning>,
}

/// What `--json` may print.
#[derive(JsonSchema)]
#[schemars(untagged, title = "mailgrant --json, schema 2")]
#[expect(dead_code, reason = "it is described, never made")]
enum Printed<'a> {
    Document(Box<JsonDocument<'a>>),
    Token(JsonToken<'a>),
}

impl<'a> JsonDocument<'a> {
    /// `document`, to be written.
    pub(super) fn of(document: &'a Document) -> Self {
        Self {
            head: Head::of(document),
            dry_run: document.is_dry_run,
            summary: Summary::of(&document.tally()),
            diff: document.diff.clone(),
            reports: Reports(&document.reports),
            notes: document.notes.clone(),
            text: document.text.as_deref(),
            warnings: document.warnings.iter().map(JsonWarning::of).collect(),
            next: document.next.iter().map(JsonStep::of).collect(),
            explanations: document.explanations.iter().map(JsonExplanation::of).collect(),
            error: document.error.as_ref().map(JsonFinding::of),
        }
    }
}

impl<'a> JsonDocument<'a> {
    /// `document`, where its reports are written elsewhere.
    pub(super) fn without_reports(document: &'a Document) -> Self {
        Self { reports: Reports(&[]), ..JsonDocument::of(document) }
    }
}

impl<'a> JsonToken<'a> {
    /// `token`, which is all that `document` has to say.
    pub(super) fn of(document: &Document, token: &'a Token) -> Self {
        Self {
            head: Head::of(document),
            access_token: token.access_token.expose_secret(),
            expires_at: token.expires,
            warnings: document.warnings.iter().map(JsonWarning::of).collect(),
        }
    }
}

impl Head {
    fn of(document: &Document) -> Self {
        let exit = document.exit_code();
        Self {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            command: document.command.clone(),
            time: document.time,
            ok: exit == ExitCode::AllPassed,
            exit_code: exit as u8,
        }
    }
}

impl Summary {
    fn of(tally: &Tally) -> Self {
        let Tally { reports: total, ok, passed, failed, skipped, .. } = *tally;
        let reports = ReportCount { total, ok, failed: total - ok };
        Self { reports, checks: CheckCount { passed, failed, skipped } }
    }
}

impl Serialize for Reports<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(JsonReport::of))
    }
}

/// The JSON Schema (draft 2020-12) of what `--json` prints, made from these types.
pub(super) fn schema() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Printed<'_>>()
}
