//! JSON that was written before, read back: documents, or the lines of `--json-lines`. A file is another side's text, so all of
//! it passes redaction. Of the text itself there is one report at a time in memory.

use std::fmt;
use std::io::{self, BufRead};
use std::mem;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, de};

use super::document::SCHEMA;
use super::event::Rest;
use super::report::JsonReport;
use crate::report::{Document, Report};
use crate::text::{Redactor, Shown};

/// A document that was written before.
pub struct Past {
    /// The document.
    pub document: Document,
    /// The version of mailgrant that has written it.
    pub version: Shown,
}

/// Why a text is not a document that can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// It is empty.
    Empty,
    /// The system does not give it, in its words.
    NotGiven(Shown),
    /// It is not JSON, or not what mailgrant writes: what, and at which line and column.
    Wrong(Shown),
    /// It has another layout.
    OtherSchema(u64),
    /// It is of a command that prints an access token.
    Token,
    /// Its lines end before the summary.
    CutOff,
}

/// Reads `text`, and gives the documents in it to `take`: one, or those of several runs, one after the other, as documents or as
/// lines.
///
/// # Errors
/// What is wrong with it; what was before that was taken.
pub fn read(mut text: impl BufRead, mut take: impl FnMut(Past)) -> Result<(), Unreadable> {
    skip_byte_order_mark(&mut text).map_err(|error| not_given(&error))?;
    let mut reports: Vec<Report> = Vec::new();
    let mut is_empty = true;
    for value in serde_json::Deserializer::from_reader(text).into_iter::<Value>() {
        is_empty = false;
        match value.map_err(wrong)? {
            Value::Report(report) => reports.push(*report),
            Value::Summary(rest) => take(past(*rest, mem::take(&mut reports))),
            Value::Document(..) if !reports.is_empty() => return Err(Unreadable::CutOff),
            Value::Document(rest, reports) => take(past(*rest, reports)),
            Value::OtherSchema(schema) => return Err(Unreadable::OtherSchema(schema)),
            Value::Token => return Err(Unreadable::Token),
        }
    }
    match (is_empty, reports.is_empty()) {
        (true, _) => Err(Unreadable::Empty),
        (false, true) => Ok(()),
        (false, false) => Err(Unreadable::CutOff),
    }
}

fn past(rest: Rest, reports: Vec<Report>) -> Past {
    let Rest { before, after } = rest;
    let version = before.version().clone();
    let document = Document { reports, ..Document::new(Shown::default()) };
    Past { document: after.into_document(before.into_document(document)), version }
}

/// Editors of Windows put one before UTF-8.
fn skip_byte_order_mark(text: &mut impl BufRead) -> io::Result<()> {
    let mark = "\u{feff}".as_bytes();
    if text.fill_buf()?.starts_with(mark) {
        text.consume(mark.len());
    }
    Ok(())
}

fn not_given(error: &io::Error) -> Unreadable {
    Unreadable::NotGiven(Shown::of(error))
}

/// The words of the parser, with line and column.
fn wrong(error: serde_json::Error) -> Unreadable {
    if error.is_io() {
        return not_given(&io::Error::from(error));
    }
    let words = error.to_string();
    let problem = words.split(" at line ").next().unwrap_or_default();
    let place = shown!("line {}, column {}", error.line().max(1), error.column());
    Unreadable::Wrong(shown!("{}: {}", place, Redactor::by_shape(problem)))
}

/// A value of a text: a document, or a line.
enum Value {
    Report(Box<Report>),
    /// What belongs to the reports before it.
    Summary(Box<Rest>),
    Document(Box<Rest>, Vec<Report>),
    OtherSchema(u64),
    Token,
}

/// What a line is.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Event {
    Report,
    Summary,
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a report of mailgrant")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
                let mut sorted = Sorted { map, kept: Kept::default() };
                let rest = Rest::deserialize(MapAccessDeserializer::new(&mut sorted));
                sorted.kept.with(rest)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

/// The fields of a value: what [`Rest`] does not know is kept aside, in whichever order they come.
struct Sorted<A> {
    map: A,
    kept: Kept,
}

/// What was kept aside.
#[derive(Default)]
struct Kept {
    event: Option<Event>,
    report: Option<Report>,
    reports: Option<Vec<Report>>,
    schema: Option<u64>,
    /// Whether the schema is to be handed on.
    is_asked_for_schema: bool,
    has_token: bool,
    /// Whether there is no field any more.
    is_whole: bool,
}

impl Kept {
    /// Whether the rest of the value does not matter.
    fn is_refused(&self) -> bool {
        self.has_token || self.schema.is_some_and(|schema| schema != u64::from(SCHEMA))
    }

    /// The value, with what else was in it: a mistake in that does not matter where it is of another kind.
    fn with<E: de::Error>(self, rest: Result<Rest, E>) -> Result<Value, E> {
        match (self, rest) {
            (Self { is_whole: true, has_token: true, .. }, _) => Ok(Value::Token),
            (kept @ Self { is_whole: true, schema: Some(schema), .. }, _) if kept.is_refused() => {
                Ok(Value::OtherSchema(schema))
            }
            (Self { is_whole: true, event: Some(Event::Report), report, .. }, _) => match report {
                Some(report) => Ok(Value::Report(Box::new(report))),
                None => Err(E::missing_field("report")),
            },
            (_, Err(error)) => Err(error),
            (Self { event: Some(_), .. }, Ok(rest)) => Ok(Value::Summary(Box::new(rest))),
            (Self { reports: Some(reports), .. }, Ok(rest)) => Ok(Value::Document(Box::new(rest), reports)),
            (Self { reports: None, .. }, Ok(_)) => Err(E::missing_field("reports")),
        }
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for &mut Sorted<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let Sorted { map, kept } = &mut **self;
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "access_token" => {
                    map.next_value::<IgnoredAny>()?;
                    kept.has_token = true;
                }
                "schema" => {
                    kept.schema = Some(map.next_value()?);
                    kept.is_asked_for_schema = true;
                    return seed.deserialize(name.into_deserializer()).map(Some);
                }
                _ if kept.is_refused() => drop(map.next_value::<IgnoredAny>()?),
                "event" => kept.event = Some(map.next_value()?),
                "report" => kept.report = Some(report(map.next_value()?)?),
                "reports" => kept.reports = Some(map.next_value::<Reports>()?.0),
                _ => return seed.deserialize(name.into_deserializer()).map(Some),
            }
        }
        kept.is_whole = true;
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        let Sorted { map, kept } = &mut **self;
        match kept.schema.filter(|_| mem::take(&mut kept.is_asked_for_schema)) {
            Some(schema) => seed.deserialize(schema.into_deserializer()),
            None => map.next_value_seed(seed),
        }
    }
}

fn report<E: de::Error>(report: JsonReport) -> Result<Report, E> {
    report.into_report().map_err(E::custom)
}

/// The reports of a document, each made of its JSON as soon as that is read.
struct Reports(Vec<Report>);

impl<'de> Deserialize<'de> for Reports {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneByOne;

        impl<'de> Visitor<'de> for OneByOne {
            type Value = Reports;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of reports")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Reports, A::Error> {
                let mut reports = Vec::new();
                while let Some(json) = array.next_element()? {
                    reports.push(report(json)?);
                }
                Ok(Reports(reports))
            }
        }

        deserializer.deserialize_seq(OneByOne)
    }
}
