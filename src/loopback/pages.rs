//! The pages that the browser ends on: static, without scripts, everything escaped, nothing loaded (SECURITY.md L6).

use maud::{Markup, PreEscaped, html};

use crate::failure::CallbackRefusal;
use crate::report::Step;
use crate::report::step::Part;
use crate::text::html::{DOCTYPE, Text};

/// The page after a sign-in that has been checked and stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuccessPage {
    /// The mailbox's name in the profile.
    pub mailbox: String,
    /// The mailbox's address.
    pub address: String,
    /// Who signed in.
    pub signed_in_as: String,
    /// The command that comes next.
    pub next: String,
}

/// The page after a sign-in that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailurePage {
    /// What happened, in a few words.
    pub title: String,
    /// Why, in a sentence or two.
    pub cause: String,
    /// What to do, in order.
    pub steps: Vec<Step>,
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
const POLICY: &str = "default-src 'none'; style-src 'sha256-/sk1b9OlAFOmADAnuogLVueI5SAw982jxn2qSS5PDrc='; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The style of all pages, and these ones' own.
const STYLE: &str = concat!(include_str!("../text/page.css"), include_str!("page.css"));

const ONLY_ANSWERS: &str = "This address only takes the answer of a sign-in.";
const OPEN_AGAIN: &str = "Open the address that the terminal shows once more, in a private window.";
const COMPARE: &str = "Compare redirect_uri in the profile with the redirect URI of the app's registration.";

/// What the browser shows of an answer that could not be used: title, cause, and what to do; the terminal says more.
const REFUSALS: [(CallbackRefusal, &str, &str, &str); 9] = [
    (
        CallbackRefusal::OtherState,
        "This is another sign-in",
        "This page belongs to an older sign-in. The sign-in that is waiting now has another address.",
        "Close this tab, and finish the sign-in in the tab that was opened last; the terminal shows its address.",
    ),
    (
        CallbackRefusal::NoState,
        "The answer is not complete",
        "The part that says which sign-in it belongs to is missing, or is there twice.",
        OPEN_AGAIN,
    ),
    (
        CallbackRefusal::NoCode,
        "The answer has no code",
        "It belongs to this sign-in, but the provider sent no code with it.",
        "Check that the app's registration allows the authorization code flow.",
    ),
    (
        CallbackRefusal::SeveralCodes,
        "The answer is not clear",
        "It belongs to this sign-in, but holds several codes, or a code and an error at once.",
        OPEN_AGAIN,
    ),
    (
        CallbackRefusal::NoQuery,
        "No answer came with this page",
        "The answer of a sign-in is expected behind a question mark in the address. One behind a # stays in the browser.",
        "Register the redirect URI for a desktop app, not for a single-page application.",
    ),
    (
        CallbackRefusal::FormPost,
        "The answer came as a form",
        "It is expected in the address of this page instead.",
        "Let the provider answer with response_mode=query.",
    ),
    (
        CallbackRefusal::OtherPath,
        "The answer came to the wrong address",
        "The path of this address is not that of the app's redirect URI.",
        COMPARE,
    ),
    (
        CallbackRefusal::OtherHost,
        "The answer came to the wrong address",
        "The host name in this address is not that of the app's redirect URI.",
        COMPARE,
    ),
    (
        CallbackRefusal::TooLarge,
        "The browser sent too much",
        "Cookies that other programs have set for localhost come along.",
        "Clear the browser's cookies of localhost, or open the sign-in's address in a private window.",
    ),
];

/// A page, ready to be written.
pub(super) struct Page {
    good: bool,
    title: String,
    body: Markup,
}

impl Page {
    pub(super) fn success(page: &SuccessPage) -> Self {
        let body = html! {
            dl {
                dt { "Mailbox" } dd { (Text(&page.mailbox)) }
                dt { "Address" } dd { (Text(&page.address)) }
                dt { "Signed in as" } dd { (Text(&page.signed_in_as)) }
            }
            p { "Next, in the terminal:" }
            pre { code { (Text(&page.next)) } }
            p.end { "You can close this tab." }
        };
        Self { good: true, title: format!("{} is authorized", page.address), body }
    }

    pub(super) fn failure(page: &FailurePage) -> Self {
        let body = html! {
            p { (Text(&page.cause)) }
            @if !page.steps.is_empty() {
                ol { @for step in &page.steps { li { (written(step)) } } }
            }
            p.end { "Go back to the terminal; it says the same. You can close this tab." }
        };
        Self { good: false, title: page.title.clone(), body }
    }

    pub(super) fn interrupted() -> Self {
        Self::failure(&FailurePage {
            title: "The sign-in was interrupted".to_owned(),
            cause: "The program ended before it could finish the sign-in. Nothing was stored.".to_owned(),
            steps: vec!["Go back to the terminal, and run `mailgrant authorize` again".into()],
        })
    }

    /// The page of a request that is not the sign-in's answer. It says nothing about the sign-in that is under way.
    pub(super) fn refusal(status: u16, why: Option<CallbackRefusal>) -> Self {
        let row = why.and_then(|why| REFUSALS.iter().find(|(refusal, ..)| *refusal == why));
        let (title, cause, step) = match (row, status) {
            (Some((_, title, cause, step)), _) => (*title, *cause, Some(*step)),
            (None, 404) => ("Nothing here", ONLY_ANSWERS, None),
            (None, 400) => {
                ("This sign-in is over", "It has been answered already, or this is not an answer to it.", None)
            }
            (None, _) => ("This request was refused", ONLY_ANSWERS, None),
        };
        let body = html! {
            p { (cause) }
            @if let Some(step) = step { p { (step) } }
            p.end { "The terminal says how it goes on." }
        };
        Self { good: false, title: title.to_owned(), body }
    }

    pub(super) fn html(&self) -> String {
        let (class, sign, mark) = match self.good {
            true => ("good", "\u{2713}", "Sign-in complete"),
            false => ("bad", "\u{2717}", "Sign-in not completed"),
        };
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width,initial-scale=1";
                    title { (Text(&self.title)) " - mailgrant" }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    main.card.(class) {
                        p.mark { span aria-hidden="true" { (sign) } " " (mark) }
                        h1 { (Text(&self.title)) }
                        (self.body)
                    }
                }
            }
        };
        page.into_string() + "\n"
    }
}

/// A step with its commands as what is typed. A page of the provider is named and not linked: nothing here leads elsewhere.
fn written(step: &Step) -> Markup {
    html! {
        @for part in step.parts() {
            @match part {
                Part::Words(_) | Part::Link(_) => (Text(part.text())),
                Part::Command(_) => code { (Text(part.text())) },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::loopback::testing::{tags, xss};
    use crate::text::Redactor;

    fn every_page(text: &str) -> Vec<String> {
        let step = || Step::from(Redactor::by_shape(text)).command(Redactor::by_shape(text));
        let text = || text.to_owned();
        vec![
            Page::success(&SuccessPage { mailbox: text(), address: text(), signed_in_as: text(), next: text() }).html(),
            Page::failure(&FailurePage { title: text(), cause: text(), steps: vec![step(), step()] }).html(),
            Page::failure(&FailurePage { title: text(), cause: text(), steps: vec![] }).html(),
        ]
    }

    #[test]
    fn no_text_becomes_markup() {
        let plain: Vec<_> = every_page("x").iter().map(|html| tags(html)).collect();
        for text in xss() {
            let pages = every_page(&text);
            assert_eq!(pages.iter().map(|html| tags(html)).collect::<Vec<_>>(), plain, "{text}");
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
            next: "mailgrant test shop".to_owned(),
        };
        let html = Page::success(&page).html();
        let next = "<code>mailgrant test shop</code>";
        for text in ["shop@contoso.com is authorized", "alice@contoso.com", "close this tab", "Sign-in complete", next]
        {
            assert!(html.contains(text), "{text}");
        }
        let page = FailurePage {
            title: "Wrong account".to_owned(),
            cause: "Bob signed in.".to_owned(),
            steps: vec!["Sign in as Alice.".into(), "Run: `mailgrant authorize shop --private`".into()],
        };
        let html = Page::failure(&page).html();
        for text in [
            "Wrong account",
            "Bob signed in.",
            "<li>Sign in as Alice.</li>",
            "<li>Run: <code>mailgrant authorize shop --private</code></li>",
            "Go back to the terminal",
            "Sign-in not completed",
        ] {
            assert!(html.contains(text), "{text}");
        }
    }
}
