//! What is told of something that came to the redirect address and is not the answer to the sign-in.

use crate::failure::CallbackRefusal;
use crate::report::{Finding, FindingCode};

/// What came, and the one step to take. The sign-in goes on waiting.
#[must_use]
pub fn finding(refusal: CallbackRefusal) -> Finding {
    Finding::of(code(refusal)).finding()
}

fn code(refusal: CallbackRefusal) -> FindingCode {
    match refusal {
        CallbackRefusal::NoState => FindingCode::CALLBACK_NO_STATE,
        CallbackRefusal::OtherState => FindingCode::CALLBACK_OTHER_STATE,
        CallbackRefusal::NoCode => FindingCode::CALLBACK_NO_CODE,
        CallbackRefusal::SeveralCodes => FindingCode::CALLBACK_SEVERAL_CODES,
        CallbackRefusal::NoQuery => FindingCode::CALLBACK_NO_QUERY,
        CallbackRefusal::FormPost => FindingCode::CALLBACK_FORM_POST,
        CallbackRefusal::OtherPath => FindingCode::CALLBACK_OTHER_PATH,
        CallbackRefusal::OtherHost => FindingCode::CALLBACK_OTHER_HOST,
        CallbackRefusal::Tls => FindingCode::CALLBACK_OVER_HTTPS,
        CallbackRefusal::TooLarge => FindingCode::CALLBACK_TOO_LARGE,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_refusal_has_words_of_its_own_and_one_step() {
        let told = CallbackRefusal::ALL.map(finding);
        let causes: BTreeSet<&str> = told.iter().map(|finding| finding.cause.as_str()).collect();
        assert_eq!(causes.len(), CallbackRefusal::ALL.len());
        assert!(told.iter().all(|finding| finding.fix.len() == 1), "{told:?}");
    }
}
