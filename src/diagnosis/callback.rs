//! What is told of answers that came to the redirect address, or were pasted, and could not be used.

use crate::failure::CallbackRefusal;

/// One kind of unusable answer, in words.
struct Row {
    refusal: CallbackRefusal,
    /// What came, as a sentence.
    cause: &'static str,
    /// What to do about it, as a sentence.
    step: &'static str,
}

const ROWS: [Row; CallbackRefusal::ALL.len()] = [
    Row {
        refusal: CallbackRefusal::NoState,
        cause: "The browser came back with an answer that has no state, or several.",
        step: "Open the address that authorize shows again, in a private window; an extension, a proxy or a shortened link can drop a part of it",
    },
    Row {
        refusal: CallbackRefusal::OtherState,
        cause: "The browser came back with the answer to another sign-in: an older tab or an older address.",
        step: "Close older sign-in tabs, and open the address that authorize shows now",
    },
    Row {
        refusal: CallbackRefusal::NoCode,
        cause: "The browser came back to this sign-in, but without a code.",
        step: "Check that the app's registration allows the authorization code flow (response type \"code\")",
    },
    Row {
        refusal: CallbackRefusal::SeveralCodes,
        cause: "The browser came back with several codes, or with a code and an error at once.",
        step: "Open the address that authorize shows again, in a private window; if it happens again, report it to the provider",
    },
    Row {
        refusal: CallbackRefusal::NoQuery,
        cause: "The browser opened the redirect address without an answer in it. An answer behind a # stays in the browser.",
        step: "Register the redirect URI for a desktop app (at Microsoft: Mobile and desktop applications, not Single-page application), so that the answer comes behind a ?",
    },
    Row {
        refusal: CallbackRefusal::FormPost,
        cause: "The browser sent the answer as a form (response_mode=form_post) instead of in the address.",
        step: "Let the provider answer with response_mode=query",
    },
    Row {
        refusal: CallbackRefusal::OtherPath,
        cause: "An answer came to another path than that of the redirect URI.",
        step: "Compare redirect_uri in the profile with the redirect URI of the app's registration, path and letter case included",
    },
    Row {
        refusal: CallbackRefusal::OtherHost,
        cause: "An answer came under another host name than that of the redirect URI (localhost and 127.0.0.1 are two names).",
        step: "Compare redirect_uri in the profile with the redirect URI of the app's registration",
    },
    Row {
        refusal: CallbackRefusal::Tls,
        cause: "The browser opened the redirect address with https instead of http.",
        step: "Switch off the browser's HTTPS-only mode for localhost, then load that page again with http:// in front",
    },
    Row {
        refusal: CallbackRefusal::TooLarge,
        cause: "The browser sent more than is read here: cookies that other programs have set for localhost come along.",
        step: "Clear the browser's cookies of localhost, or use a private window",
    },
];

/// What came, as a sentence.
#[must_use]
pub fn cause(refusal: CallbackRefusal) -> &'static str {
    row(refusal).map_or("", |row| row.cause)
}

/// What to do about it, as a sentence without its full stop.
#[must_use]
pub fn step(refusal: CallbackRefusal) -> &'static str {
    row(refusal).map_or("", |row| row.step)
}

fn row(refusal: CallbackRefusal) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.refusal == refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_words_of_its_own() {
        let mut told: Vec<&str> = CallbackRefusal::ALL.into_iter().map(cause).collect();
        told.dedup();
        assert_eq!(told.len(), CallbackRefusal::ALL.len());
        assert!(
            CallbackRefusal::ALL.into_iter().all(|refusal| !cause(refusal).is_empty() && !step(refusal).is_empty())
        );
    }
}
