//! Ranges as monitoring plugins have them: what is outside one raises an alert.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::profile::Invalid;

/// A range of whole numbers (Monitoring Plugins Development Guidelines, "Threshold and Ranges"): `[@]start:end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The least number in it; none: there is no least.
    start: Option<i32>,
    /// The greatest number in it; none: there is no greatest.
    end: Option<i32>,
    /// Whether an alert is raised inside it (`@`).
    is_inverted: bool,
}

/// What an alert is raised at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "thresholds")]
pub struct Thresholds {
    /// Outside it a number deserves attention.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<Range>,
    /// Outside it a number is a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub critical: Option<Range>,
}

impl Thresholds {
    /// Whether there is one.
    #[must_use]
    pub fn are_given(&self) -> bool {
        self.warning.is_some() || self.critical.is_some()
    }
}

impl Range {
    /// Whether `number` raises an alert.
    #[must_use]
    pub fn alerts(&self, number: i32) -> bool {
        let is_in = self.start.is_none_or(|start| start <= number) && self.end.is_none_or(|end| number <= end);
        is_in == self.is_inverted
    }
}

impl FromStr for Range {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = |problem: &str| Invalid::new(problem, "write it as in 30: (fewer than 30 raise an alert)");
        let number = |text: &str| text.parse::<i32>().map_err(|_| wrong("it is not a range of whole numbers"));
        let (is_inverted, range) = text.strip_prefix('@').map_or((false, text), |rest| (true, rest));
        let (start, end) = match range.split_once(':') {
            Some(("~", end)) => (None, end),
            Some(("", end)) => (Some(0), end),
            Some((start, end)) => (Some(number(start)?), end),
            // One number is an end: the range begins at 0.
            None if range.is_empty() => return Err(wrong("the range is empty")),
            None => (Some(0), range),
        };
        let end = if end.is_empty() { None } else { Some(number(end)?) };
        if start.zip(end).is_some_and(|(start, end)| start > end) {
            return Err(wrong("the range ends before it begins"));
        }
        Ok(Self { start, end, is_inverted })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_inverted { "@" } else { "" })?;
        match (self.start, self.end) {
            (None, None) => f.write_str("~:"),
            (None, Some(end)) => write!(f, "~:{end}"),
            (Some(start), None) => write!(f, "{start}:"),
            (Some(start), Some(end)) => write!(f, "{start}:{end}"),
        }
    }
}

impl Serialize for Range {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Range {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Range {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        String::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_outside_raises_an_alert_and_with_an_at_sign_what_is_inside() {
        // The table of the guidelines.
        for (range, alerts, calm) in [
            ("10", &[-1, 11][..], &[0, 10][..]),
            ("10:", &[9, -5], &[10, 99]),
            ("~:10", &[11], &[-99, 10]),
            ("10:20", &[9, 21], &[10, 20]),
            ("@10:20", &[10, 20], &[9, 21]),
            ("-5:-1", &[-6, 0], &[-5, -1]),
        ] {
            let read: Range = range.parse().unwrap();
            assert!(alerts.iter().all(|number| read.alerts(*number)), "{range}");
            assert!(!calm.iter().any(|number| read.alerts(*number)), "{range}");
            assert_eq!(read.to_string().parse(), Ok(read));
        }
    }

    #[test]
    fn what_is_not_a_range_is_refused_with_an_example() {
        for text in ["", "@", "a", "20:10", "10:20:30", "1.5", "10 ", "99999999999"] {
            let wrong = text.parse::<Range>().unwrap_err();
            assert!(wrong.instead.contains("30:"), "{text}: {wrong}");
        }
    }
}
