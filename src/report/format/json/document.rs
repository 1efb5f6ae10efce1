//! The whole of a document in schema 2.

use jiff::Timestamp;
use schemars::JsonSchema;
use secrecy::ExposeSecret;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::finding::{JsonExplanation, JsonFinding, JsonStep, JsonWarning};
use super::report::JsonReport;
use crate::report::{Changes, Document, ExitCode, Report, Share, Table, Tally, Thresholds, Token};
use crate::text::Shown;

/// The number of the layout. It grows when a field changes its meaning or goes away, not when one is added.
pub(super) const SCHEMA: u32 = 2;

/// Everything that one command of mailgrant has to say. A value that is not known is absent, never null.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "document", deny_unknown_fields)]
pub(super) struct JsonDocument<'a> {
    #[serde(flatten)]
    before: Before,
    /// One report for each mailbox, app, server or other thing that the command looked at.
    #[schemars(with = "Vec<JsonReport>")]
    reports: Reports<'a>,
    #[serde(flatten)]
    after: After,
}

/// What a document says before its reports.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Before {
    #[serde(flatten)]
    head: Head,
    /// Whether nothing was changed, and the document says what would be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
    /// How much went well.
    summary: Summary,
    /// Which shares of the mailboxes were looked at, where that was not all of them.
    #[serde(default, deserialize_with = "shares", skip_serializing_if = "Vec::is_empty")]
    shards: Vec<Share>,
    /// What has changed since an earlier run, with `--baseline`.
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Changes>,
    /// When the days until the end of a client secret or certificate raise an alert, as ranges of monitoring plugins.
    #[serde(skip_serializing_if = "Option::is_none")]
    thresholds: Option<Thresholds>,
    /// What changes in the profile's file, or would: the lines of a diff, each behind `+`, `-` or a blank.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    diff: Vec<Shown>,
}

/// What a document says after its reports.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct After {
    /// The reports in rows, as people see them; programs have `reports`.
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<Table>,
    /// What to know of the run itself, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    notes: Vec<Shown>,
    /// What the command prints, where that is a text of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// What is right but deserves attention.
    warnings: Vec<JsonWarning>,
    /// What to do next, in order.
    next: Vec<JsonStep>,
    /// Answers explained, the most telling first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    explanations: Vec<JsonExplanation>,
    /// Why the command could not do its job.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<JsonFinding>,
}

/// What every document begins with.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Head {
    /// The number of this layout: 2.
    #[schemars(extend("const" = 2))]
    schema: u32,
    /// The version of mailgrant.
    version: Shown,
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
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "summary")]
struct Summary {
    /// The reports.
    reports: ReportCount,
    /// The checks of all reports.
    checks: CheckCount,
}

/// Reports, counted.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
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
#[derive(Default, Serialize, Deserialize, JsonSchema)]
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

impl<'a> JsonDocument<'a> {
    /// `document`, to be written.
    pub(super) fn of(document: &'a Document) -> Self {
        Self { before: Before::of(document), reports: Reports(&document.reports), after: After::of(document) }
    }
}

impl Before {
    pub(super) fn of(document: &Document) -> Self {
        Self {
            head: Head::of(document),
            dry_run: document.is_dry_run,
            summary: Summary::of(&document.tally()),
            shards: document.shards.clone(),
            changes: document.changes.clone(),
            thresholds: document.thresholds.are_given().then_some(document.thresholds),
            diff: document.diff.clone(),
        }
    }

    pub(super) fn into_document(self, document: Document) -> Document {
        let Self { head, dry_run: is_dry_run, shards, changes, thresholds, diff, summary: _ } = self;
        let thresholds = thresholds.unwrap_or_default();
        Document { command: head.command, time: head.time, is_dry_run, shards, changes, thresholds, diff, ..document }
    }
}

impl After {
    pub(super) fn of(document: &Document) -> Self {
        Self {
            table: document.table.clone(),
            notes: document.notes.clone(),
            text: document.text.clone(),
            warnings: document.warnings.iter().map(JsonWarning::of).collect(),
            next: document.next.iter().map(JsonStep::of).collect(),
            explanations: document.explanations.iter().map(JsonExplanation::of).collect(),
            error: document.error.as_ref().map(JsonFinding::of),
        }
    }

    pub(super) fn into_document(self, document: Document) -> Document {
        Document {
            table: self.table,
            notes: self.notes,
            text: self.text,
            warnings: self.warnings.into_iter().map(JsonWarning::into_warning).collect(),
            next: self.next.into_iter().map(JsonStep::into_step).collect(),
            explanations: self.explanations.into_iter().map(JsonExplanation::into_explanation).collect(),
            error: self.error.map(JsonFinding::into_finding),
            ..document
        }
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

impl Before {
    /// The version of mailgrant that has written it.
    pub(super) fn version(&self) -> &Shown {
        &self.head.version
    }
}

impl Head {
    fn of(document: &Document) -> Self {
        let exit = document.exit_code();
        Self {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION").into(),
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

/// Shares that there are: what is missing of them is counted.
fn shares<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Share>, D::Error> {
    let shares = Vec::<Share>::deserialize(deserializer)?;
    match shares.iter().find(|share| !share.is_one()) {
        Some(share) => Err(de::Error::custom(format_args!("there is no shard {share}"))),
        None => Ok(shares),
    }
}
