//! The JSON of a lost grant: what the provider said, as RFC 6749 §5.2 and Microsoft name it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::types::LostGrant;
use crate::failure::OAuthFault;
use crate::text::{Redactor, Shown};

#[derive(Serialize, Deserialize)]
pub(super) struct LostFile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    error: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_description: Option<String>,
    status: u16,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    error_codes: Vec<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    suberror: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correlation_id: Option<String>,
}

pub(super) fn encode(lost: &LostGrant) -> LostFile {
    let OAuthFault { error, description, status, codes, suberror, correlation_id, .. } = lost.fault.clone();
    let text = |shown: Option<Shown>| shown.map(|shown| shown.to_string());
    LostFile {
        at: lost.at,
        error: error.to_string(),
        error_description: text(description),
        status,
        error_codes: codes,
        suberror: text(suberror),
        correlation_id: text(correlation_id),
    }
}

/// Reads what was noted: as it is written now, or the one sentence of a version before 0.2, as in `the provider refused
/// its refresh token (invalid_grant, AADSTS700082)`.
pub(super) fn decode(file: Option<LostFile>, sentence: Option<&str>) -> Option<LostGrant> {
    match (file, sentence) {
        (Some(file), _) => {
            let LostFile { at, error, error_description, status, error_codes, suberror, correlation_id } = file;
            let shown = |text: Option<String>| text.map(|text| Redactor::by_shape(&text));
            let fault = OAuthFault {
                error: Redactor::by_shape(&error),
                description: shown(error_description),
                status,
                codes: error_codes,
                suberror: shown(suberror),
                correlation_id: shown(correlation_id),
                retry_after: None,
                federated: None,
            };
            Some(LostGrant { at, fault })
        }
        (None, Some(sentence)) => {
            let after = sentence.split_once("AADSTS").map_or("", |(_, after)| after);
            let number = after.split(|c: char| !c.is_ascii_digit()).next().and_then(|number| number.parse().ok());
            let codes: Vec<u32> = number.into_iter().collect();
            let description = codes.first().map(|number| shown!("AADSTS{}", number));
            // Only such an answer was ever noted.
            let fault =
                OAuthFault { error: "invalid_grant".into(), status: 400, codes, description, ..OAuthFault::default() };
            Some(LostGrant { at: None, fault })
        }
        (None, None) => None,
    }
}
