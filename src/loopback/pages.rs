//! The pages that the browser ends on: static, without scripts, everything escaped, nothing loaded (SECURITY.md L6).

use std::fmt::Write as _;

use crate::failure::CallbackRefusal;
use crate::text::html::escape;

/// The page after a sign-in that has been checked and stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuccessPage {
    /// The mailbox's name in the profile.
    pub mailbox: String,
    /// The mailbox's address.
    pub address: String,
    /// Who signed in.
    pub signed_in_as: String,
}

/// The page after a sign-in that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailurePage {
    /// What happened, in a few words.
    pub title: String,
    /// Why, in a sentence or two.
    pub cause: String,
    /// What to do, in order.
    pub steps: Vec<String>,
}

/// The headers of every page.
pub(super) const HEADERS: &[(&str, &str)] = &[
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Security-Policy", POLICY),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Server", "mailgrant"),
];

/// The style is let in by its hash; a test compares them.
const POLICY: &str = "default-src 'none'; style-src 'sha256-zre0Fh9N/DHcG9LV9APFHuqdtxFdvu0x6VLpSl9di68='; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1d2430;--soft:#5b6675;--paper:#f4f5f7;--card:#fff;--line:#dfe3e8;--good:#11734b;--bad:#a4301f}\
@media(prefers-color-scheme:dark){:root{--ink:#e8ebf0;--soft:#a3adba;--paper:#14171c;--card:#1d2229;--line:#323945;--good:#5fd0a0;--bad:#ff9b8a}}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.25rem;background:var(--paper);color:var(--ink);\
font:1rem/1.55 system-ui,sans-serif}\
main{width:100%;max-width:34rem;background:var(--card);border:1px solid var(--line);border-top:4px solid var(--mark);\
border-radius:.75rem;padding:clamp(1.25rem,5vw,2.5rem);overflow-wrap:anywhere}\
.good{--mark:var(--good)}.bad{--mark:var(--bad)}\
.mark{color:var(--mark);font-weight:600;margin:0 0 .25rem}\
h1{font-size:1.45rem;line-height:1.25;margin:0 0 1rem}\
p{margin:0 0 1rem}dl{display:grid;grid-template-columns:auto 1fr;gap:.35rem 1.25rem;margin:0 0 1.25rem}\
dt{color:var(--soft)}dd{margin:0;font-weight:600}ol{margin:0 0 1.25rem;padding-left:1.4rem}li{margin:.35rem 0}\
.end{margin:0;padding-top:1rem;border-top:1px solid var(--line);color:var(--soft)}\
@media(max-width:26rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.6rem}}";

const ONLY_ANSWERS: &str = "This address only takes the answer of a sign-in.";

/// What the browser shows of an answer that could not be used: title and text. The terminal says what to do.
const REFUSALS: [(CallbackRefusal, &str, &str); 9] = [
    (
        CallbackRefusal::OtherState,
        "This is another sign-in",
        "This page belongs to an older sign-in, or to another one. The one that is waiting has another address.",
    ),
    (
        CallbackRefusal::NoState,
        "The answer is not complete",
        "The part that says which sign-in it belongs to is missing, or is there twice.",
    ),
    (
        CallbackRefusal::NoCode,
        "The answer has no code",
        "It belongs to this sign-in, but the provider sent no code with it.",
    ),
    (
        CallbackRefusal::SeveralCodes,
        "The answer is not clear",
        "It belongs to this sign-in, but holds several codes, or a code and an error at once.",
    ),
    (
        CallbackRefusal::NoQuery,
        "No answer came with this page",
        "The answer of a sign-in is expected behind a question mark in the address. One behind a # stays in the browser.",
    ),
    (CallbackRefusal::FormPost, "The answer came as a form", "It is expected in the address of this page instead."),
    (
        CallbackRefusal::OtherPath,
        "The answer came to the wrong address",
        "The path of this address is not that of the app's redirect URI.",
    ),
    (
        CallbackRefusal::OtherHost,
        "The answer came to the wrong address",
        "The host name in this address is not that of the app's redirect URI.",
    ),
    (
        CallbackRefusal::TooLarge,
        "The browser sent too much",
        "Cookies that other programs have set for localhost come along. Clear the cookies of localhost, or use a private window.",
    ),
];

/// A page, ready to be written.
pub(super) struct Page {
    good: bool,
    title: String,
    body: String,
}

impl Page {
    pub(super) fn success(page: &SuccessPage) -> Self {
        let body = format!(
            "<dl><dt>Mailbox</dt><dd>{}</dd><dt>Address</dt><dd>{}</dd><dt>Signed in as</dt><dd>{}</dd></dl>\
             <p class=\"end\">You can close this tab and go back to the terminal.</p>",
            escape(&page.mailbox),
            escape(&page.address),
            escape(&page.signed_in_as),
        );
        Self { good: true, title: format!("{} is connected", page.address), body }
    }

    pub(super) fn failure(page: &FailurePage) -> Self {
        let mut body = format!("<p>{}</p>", escape(&page.cause));
        if !page.steps.is_empty() {
            body.push_str("<ol>");
            for step in &page.steps {
                let _ = write!(body, "<li>{}</li>", escape(step));
            }
            body.push_str("</ol>");
        }
        body.push_str("<p class=\"end\">Go back to the terminal; it says the same. You can close this tab.</p>");
        Self { good: false, title: page.title.clone(), body }
    }

    pub(super) fn interrupted() -> Self {
        Self::failure(&FailurePage {
            title: "The sign-in was interrupted".to_owned(),
            cause: "The program ended before it could finish the sign-in. Nothing was stored.".to_owned(),
            steps: vec!["Go back to the terminal and run mailgrant authorize again.".to_owned()],
        })
    }

    /// The page of a request that is not the sign-in's answer. It says nothing about the sign-in that is under way.
    pub(super) fn refusal(status: u16, why: Option<CallbackRefusal>) -> Self {
        let row = why.and_then(|why| REFUSALS.iter().find(|(refusal, ..)| *refusal == why));
        let (title, cause) = match (row, status) {
            (Some((_, title, cause)), _) => (*title, *cause),
            (None, 404) => ("Nothing here", ONLY_ANSWERS),
            (None, 400) => ("This sign-in is over", "It has been answered already, or this is not an answer to it."),
            (None, _) => ("This request was refused", ONLY_ANSWERS),
        };
        let body = format!("<p>{cause}</p><p class=\"end\">Go back to the terminal.</p>");
        Self { good: false, title: title.to_owned(), body }
    }

    pub(super) fn html(&self) -> String {
        let (class, mark) = if self.good { ("good", "Sign-in complete") } else { ("bad", "Sign-in not completed") };
        let title = escape(&self.title);
        let body = &self.body;
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <title>{title} - mailgrant</title><style>{STYLE}</style></head>\
             <body><main class=\"{class}\"><p class=\"mark\">{mark}</p><h1>{title}</h1>{body}</main></body></html>\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::loopback::testing::{tags, xss};

    fn every_page(text: &str) -> Vec<String> {
        let text = || text.to_owned();
        vec![
            Page::success(&SuccessPage { mailbox: text(), address: text(), signed_in_as: text() }).html(),
            Page::failure(&FailurePage { title: text(), cause: text(), steps: vec![text(), text()] }).html(),
            Page::failure(&FailurePage { title: text(), cause: text(), steps: vec![] }).html(),
        ]
    }

    #[test]
    fn no_text_becomes_markup() {
        let harmless: Vec<_> = every_page("x").iter().map(|html| tags(html)).collect();
        for text in xss() {
            let pages = every_page(&text);
            assert_eq!(pages.iter().map(|html| tags(html)).collect::<Vec<_>>(), harmless, "{text}");
            for html in pages {
                assert!(!html.chars().any(|c| crate::text::is_unprintable(c) && c != '\n'), "{text}");
                let is_markup = text.contains(['<', '>', '"', '\'', '&']);
                assert!(!is_markup || !html.contains(&text), "{text} comes back as it was");
            }
        }
    }

    #[test]
    fn the_policy_lets_this_style_in_and_nothing_else() {
        let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        assert!(POLICY.contains(&format!("'sha256-{hash}'")), "the style's hash is {hash}");
        assert!(POLICY.starts_with("default-src 'none';") && !POLICY.contains("unsafe"));
        let plain = [400, 404, 405, 421, 431].map(|status| Page::refusal(status, None).html());
        let told = CallbackRefusal::ALL.map(|why| Page::refusal(400, Some(why)).html());
        for html in every_page("x").into_iter().chain(plain).chain(told) {
            assert_eq!(html.matches("<style>").count(), 1);
            assert!(html.contains(&format!("<style>{STYLE}</style>")));
            for foreign in ["<script", "src=", "href=", "url(", "@import", " style="] {
                assert!(!html.contains(foreign), "{foreign}");
            }
        }
    }

    #[test]
    fn success_names_the_account_and_failure_the_next_step() {
        let page = SuccessPage {
            mailbox: "shop".to_owned(),
            address: "shop@contoso.com".to_owned(),
            signed_in_as: "alice@contoso.com".to_owned(),
        };
        let html = Page::success(&page).html();
        for text in ["shop@contoso.com is connected", "alice@contoso.com", "close this tab", "Sign-in complete"] {
            assert!(html.contains(text), "{text}");
        }
        let page = FailurePage {
            title: "Wrong account".to_owned(),
            cause: "Bob signed in.".to_owned(),
            steps: vec!["Sign in as Alice.".to_owned()],
        };
        let html = Page::failure(&page).html();
        for text in [
            "Wrong account",
            "Bob signed in.",
            "<li>Sign in as Alice.</li>",
            "Go back to the terminal",
            "Sign-in not completed",
        ] {
            assert!(html.contains(text), "{text}");
        }
    }
}
