//! Answers of a sign-in server that are not OAuth answers: what the HTTP status tells of them.

use super::about::FailureContext;
use crate::report::{Finding, FindingCode};
use crate::text::Shown;

/// Explains an answer of this status and type; `what` says what it is.
pub(super) fn finding(status: u16, content_type: Option<&Shown>, what: &Shown, about: FailureContext<'_>) -> Finding {
    let told = Finding::of(FindingCode::OAUTH_NOT_OAUTH)
        .about(about)
        .with("what", what)
        .with("status", shown!("HTTP {}, {}", status, content_type.unwrap_or(&"no content type".into())));
    let told = match status {
        300..=399 => told.case("moved"),
        404..=410 => told.case("absent"),
        429 => told.case("too-often"),
        500..=599 => told.case("trouble"),
        // A network's own sign-in page is a page.
        _ => told.case_if(content_type.is_none_or(|kind| !kind.contains("html")), "not-a-page"),
    };
    told.finding()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::ExitCode;

    #[test]
    fn the_status_tells_whose_trouble_it_is() {
        let first = |status, kind: Option<&Shown>| {
            finding(status, kind, &"no token_endpoint".into(), FailureContext::default()).fix[0].sentence().to_string()
        };
        let json = "application/json".into();
        for kind in [Some(&json), None] {
            assert!(first(200, kind).starts_with("Check the endpoints"), "{kind:?}");
            assert!(first(400, kind).starts_with("Check the endpoints"), "{kind:?}");
        }
        for (status, words, is_portal_first) in [
            (200, "did not answer with OAuth", true),
            (302, "redirects to another address", false),
            (400, "did not answer with OAuth", true),
            (403, "did not answer with OAuth", true),
            (404, "does not know this address", false),
            (405, "does not know this address", false),
            (429, "too often", false),
            (502, "is failing", false),
            (503, "is failing", false),
        ] {
            let finding = finding(status, Some(&"text/html".into()), &"a web page".into(), FailureContext::default());
            assert!(finding.cause.contains(words) && finding.cause.contains("a web page (HTTP"), "{finding:?}");
            assert_eq!(
                finding.fix[0].sentence().starts_with("If this network has a sign-in page"),
                is_portal_first,
                "{status}: {finding:?}"
            );
            assert_eq!(finding.exit, ExitCode::Network);
        }
    }
}
