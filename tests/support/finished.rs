//! What a command that has ended said, and what a test insists on.

use std::sync::LazyLock;

use jsonschema::Validator;
use mailgrant::report::{View, format};
use serde_json::Value;

/// A command that has ended.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    /// `None` where a signal ended it.
    pub(crate) code: Option<i32>,
    /// Whether it left a core.
    pub(crate) dumped_core: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The arguments, for messages.
    pub(crate) shown: String,
}

/// The schema that `mailgrant schema` prints.
pub(crate) static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema = mailgrant::report::format::json_schema();
    let options = jsonschema::options().should_validate_formats(true);
    options.build(schema.as_value()).expect("it is a JSON Schema")
});

/// Every document that a test looks at is one that the schema describes.
fn insist_on_schema(document: &Value, shown: &str) {
    if document["schema"] == 2 {
        let errors: Vec<String> =
            SCHEMA.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{shown}: {errors:#?} in {document:#}");
    }
}

/// What is read back is what was written: `report merge` and `--baseline` lose nothing.
fn insist_on_round_trip(written: &str, document: &Value, shown: &str) {
    if document["schema"] == 2 && document.get("access_token").is_none() {
        let mut past = Vec::new();
        let read = format::read(written.as_bytes(), |one| past.push(one));
        read.unwrap_or_else(|error| panic!("{shown}: {error:?}: {document:#}"));
        let [past] = past.as_slice() else { panic!("{shown}: it is one document") };
        let mut again = Vec::new();
        format::JSON.write(&past.document, &View::default(), &mut again).unwrap();
        let again: Value = serde_json::from_slice(&again).unwrap();
        assert!(again == *document, "{shown}: read back, {document:#}\nis {again:#}");
    }
}

/// README promises that each code that is printed can be looked up.
fn insist_on_known_codes(value: &Value, shown: &str) {
    if let (Some(code), Some(_)) = (value["code"].as_str(), value.get("cause")) {
        assert!(
            mailgrant::diagnosis::explain::entry(code).is_some(),
            "{shown} prints the code '{code}', which explain does not know: add it to src/diagnosis/catalogue/own.toml"
        );
    }
    let inner =
        value.as_array().into_iter().flatten().chain(value.as_object().into_iter().flat_map(|map| map.values()));
    inner.for_each(|value| insist_on_known_codes(value, shown));
}

impl Finished {
    /// Insists on an exit code.
    #[track_caller]
    pub(crate) fn code(self, expected: i32) -> Self {
        assert_eq!(self.code, Some(expected), "{}\n--- stdout\n{}--- stderr\n{}", self.shown, self.stdout, self.stderr);
        self
    }

    /// The JSON document on stdout.
    pub(crate) fn json(&self) -> Value {
        let document = serde_json::from_str(&self.stdout).unwrap_or_else(|error| {
            panic!(
                "{}: exit {:?}, and stdout is not a JSON document ({error}):\n{}\n{}",
                self.shown, self.code, self.stdout, self.stderr
            )
        });
        insist_on_known_codes(&document, &self.shown);
        insist_on_schema(&document, &self.shown);
        insist_on_round_trip(&self.stdout, &document, &self.shown);
        document
    }

    /// The lines of `--json-lines` on stdout.
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let line =
            |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {error}: {line}", self.shown));
        let lines: Vec<Value> = self.stdout.lines().map(line).collect();
        for line in &lines {
            let errors: Vec<String> = SCHEMA.iter_errors(line).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{}: {errors:#?} in {line:#}", self.shown);
        }
        lines
    }

    /// The codes of all findings in the JSON document.
    pub(crate) fn finding_codes(&self) -> Vec<String> {
        let document = self.json();
        let reports = document["reports"].as_array().cloned().unwrap_or_default();
        let checks = reports.iter().flat_map(|report| report["checks"].as_array().cloned().unwrap_or_default());
        checks.filter_map(|check| check["finding"]["code"].as_str().map(str::to_owned)).collect()
    }

    /// The outcome of the check named `stage` in the first report.
    pub(crate) fn outcome(&self, stage: &str) -> String {
        let document = self.json();
        let checks = document["reports"][0]["checks"].as_array().cloned().unwrap_or_default();
        let check = checks.iter().find(|check| check["stage"] == stage);
        check.map_or_else(|| format!("no {stage}"), |check| check["outcome"].as_str().unwrap_or_default().to_owned())
    }

    /// How the check of `stage` went in the first report: its outcome, then its detail, cause or reason.
    #[track_caller]
    pub(crate) fn check(&self, stage: &str) -> (String, String) {
        let document = self.json();
        let checks = document["reports"][0]["checks"].as_array().expect("a report has checks").clone();
        let Some(check) = checks.iter().find(|check| check["stage"] == stage) else {
            panic!("{}: no check of {stage} in {document:#}", self.shown)
        };
        let words = [&check["detail"], &check["finding"], &check["because"]];
        let words = words.into_iter().find(|value| !value.is_null()).map(Value::to_string).unwrap_or_default();
        (check["outcome"].as_str().unwrap_or_default().to_owned(), words)
    }

    /// Insists that the check of `stage` passed.
    #[track_caller]
    pub(crate) fn passes(self, stage: &str) -> Self {
        let (outcome, words) = self.check(stage);
        assert_eq!(outcome, "passed", "{}: {stage}: {words}", self.shown);
        self
    }

    /// Insists that the check of `stage` failed, and that its finding contains all of `words`.
    #[track_caller]
    pub(crate) fn fails(self, stage: &str, words: &[&str]) -> Self {
        let (outcome, finding) = self.check(stage);
        assert_eq!(outcome, "failed", "{}: {stage}: {finding}", self.shown);
        for word in words {
            assert!(finding.contains(word), "{}: {stage}: no {word:?} in {finding}", self.shown);
        }
        self
    }

    /// Insists that the output contains `words`, whichever stream they are on.
    #[track_caller]
    pub(crate) fn says(self, words: &str) -> Self {
        assert!(self.all_text().contains(words), "{}: no {words:?} in\n{}", self.shown, self.all_text());
        self
    }

    /// Insists that neither stream contains `secret`.
    #[track_caller]
    pub(crate) fn hides(self, secret: &str) -> Self {
        assert!(!self.stdout.contains(secret) && !self.stderr.contains(secret), "{} shows a secret", self.shown);
        self
    }

    /// Both streams, for a search.
    pub(crate) fn all_text(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}
