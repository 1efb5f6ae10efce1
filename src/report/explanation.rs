//! An answer of some server, explained without a mailbox.

use serde::Serialize;

use super::fact::{Fact, as_map};
use super::finding::Finding;
use crate::finding_code::FindingCode;
use crate::text::Shown;

/// More of what a line may mean as well helps no reader.
const MOST_OTHERS: usize = 3;

/// An answer of some server, explained without a mailbox.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    /// Whose servers say it, where that is known.
    pub provider: Option<Shown>,
    /// Where it is said, where that is known.
    pub stage: Option<Shown>,
    /// What it means.
    #[serde(flatten)]
    pub finding: Finding,
    /// How a server said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Shown>,
    /// A remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Shown>,
    /// The line of the text that says it, from 1, where a text was explained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// What other lines say because of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub follows: Vec<FindingCode>,
    /// What other lines say though it does no harm.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub harmless: Vec<FindingCode>,
    /// What the codes in `also`, `follows` and `harmless` say, each in one sentence.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "titles")]
    pub titles: Vec<(FindingCode, Shown)>,
    /// What Microsoft's support finds the sign-in by: `correlation_id`, `trace_id`, `time`.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "as_map")]
    pub support: Vec<Fact>,
    /// Whether the answer is known at all.
    #[serde(skip)]
    pub is_recognised: bool,
}

impl Explanation {
    /// What Microsoft's support is told, where the text has it.
    #[must_use]
    pub fn for_support(&self) -> Option<Shown> {
        let words = self.support.iter().map(|fact| match fact.name.as_str() {
            "correlation_id" => shown!("correlation ID {}", fact.value),
            "trace_id" => shown!("trace ID {}", fact.value),
            _ => fact.value.clone(),
        });
        (!self.support.is_empty()).then(|| shown!("Tell Microsoft's support: {}", Shown::join(words, ", ")))
    }

    /// What else the text says, and what it may mean as well, in a sentence each.
    #[must_use]
    pub fn remarks(&self) -> Vec<Shown> {
        let lists = [
            ("Other lines follow from it: ", &self.follows, usize::MAX),
            ("Other lines do no harm: ", &self.harmless, usize::MAX),
            ("It may also be: ", &self.finding.also, MOST_OTHERS),
        ];
        let remark = |(lead, codes, most): (&'static str, &Vec<FindingCode>, usize)| {
            let mut titles: Vec<Shown> = codes.iter().filter_map(|code| self.title(*code)).collect();
            titles.dedup();
            titles.truncate(most);
            (!titles.is_empty()).then(|| shown!("{}{}", lead, Shown::join(titles, "; ")))
        };
        lists.into_iter().filter_map(remark).collect()
    }

    fn title(&self, code: FindingCode) -> Option<Shown> {
        self.titles.iter().find(|(known, _)| *known == code).map(|(_, title)| title.clone())
    }
}

fn titles<S: serde::Serializer>(titles: &[(FindingCode, Shown)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(titles.iter().map(|(code, title)| (code.as_str(), title)))
}
