//! The authorization response (RFC 6749 §4.1.2), brought by the browser or by paste, and what makes it valid.

use std::borrow::Cow;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use url::{Url, form_urlencoded};

use super::authorization_request::AuthorizationRequest;
use super::identity;
use crate::failure::{CallbackRefusal, Failure, FailureKind, OAuthFault, aadsts_numbers};
use crate::loopback::Match;
use crate::text::{Redactor, Shown};

/// A valid response to an [`AuthorizationRequest`] (RFC 6749 §4.1.2).
pub struct AuthorizationResponse {
    /// The authorization code. It is good once, and for minutes.
    pub code: SecretString,
}

impl AuthorizationRequest {
    /// Reads the address that the user has copied out of the browser: the whole redirect address, or its query alone.
    ///
    /// # Errors
    /// [`FailureKind::WrongPaste`] if it does not answer this request, [`FailureKind::OAuth`] if it brings an
    /// error.
    pub fn parse_pasted(&self, text: &str, redactor: &Redactor) -> Result<AuthorizationResponse, Failure> {
        // Terminals wrap long lines, and the wraps come along with the copy.
        let text: String = text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
        let text = text.trim_matches(|c| matches!(c, '"' | '\'' | '<' | '>'));
        let violation = |what: Shown| Err(FailureKind::WrongPaste { what }.into());
        let (query, has_fragment) = if text.contains("://") {
            let Ok(url) = Url::parse(text) else { return violation("it cannot be read as an address".into()) };
            // Not the whole address: a provider may name the redirect URI in its answer, and that is not a secret.
            for (_, value) in url.query_pairs().filter(|(name, _)| matches!(name.as_ref(), "code" | "state")) {
                redactor.learn(&SecretString::from(value.into_owned()));
            }
            let ours = self.redirect_uri().as_url();
            if url.origin() != ours.origin() || url.path() != ours.path() {
                return violation(shown!("it does not begin with {}", self.redirect_uri()));
            }
            (url.query().unwrap_or_default().to_owned(), url.fragment().is_some_and(|part| part.contains('=')))
        } else {
            (text.trim_start_matches('?').to_owned(), false)
        };
        match self.read_query(&query, redactor) {
            Match::Response(result) => result,
            Match::Mismatch(_) if has_fragment && query.is_empty() => violation(
                "its answer is behind a # (response_mode=fragment), and only one behind a ? can be used".into(),
            ),
            Match::Mismatch(CallbackRefusal::NoState) => {
                violation("the part with \"state=\" is missing, or there twice".into())
            }
            Match::Mismatch(CallbackRefusal::OtherState) => violation("it belongs to another sign-in".into()),
            Match::Mismatch(CallbackRefusal::SeveralCodes) => {
                violation("it holds several codes, or a code and an error".into())
            }
            Match::Mismatch(_) => violation("it holds neither a code nor an error".into()),
        }
    }

    /// Reads a query string. The state is compared, in constant time, before anything else in it is looked at.
    #[must_use]
    pub fn read_query(&self, query: &str, redactor: &Redactor) -> Match<AuthorizationResponse> {
        let pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = form_urlencoded::parse(query.as_bytes()).collect();
        let all = |wanted: &str| pairs.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value).collect();
        let states: Vec<&Cow<'_, str>> = all("state");
        let [state] = states.as_slice() else { return Match::Mismatch(CallbackRefusal::NoState) };
        if !bool::from(state.as_bytes().ct_eq(self.state.expose_secret().as_bytes())) {
            return Match::Mismatch(CallbackRefusal::OtherState);
        }
        let (codes, errors, issuers): (Vec<_>, Vec<_>, Vec<_>) = (all("code"), all("error"), all("iss"));
        if let Err(failure) = self.check_issuer(&issuers, redactor) {
            return Match::Response(Err(failure));
        }
        match (codes.as_slice(), errors.as_slice()) {
            ([code], []) if !code.is_empty() => {
                let code = SecretString::from(code.to_string());
                redactor.learn(&code);
                Match::Response(Ok(AuthorizationResponse { code }))
            }
            ([], [error]) if !error.is_empty() => {
                let description = all("error_description").first().map(|text| clean(redactor, text));
                let codes = description.as_deref().map(aadsts_numbers).unwrap_or_default();
                Match::Response(Err(FailureKind::OAuth(OAuthFault {
                    error: redactor.clean_code(error),
                    suberror: all("error_subcode").first().map(|text| clean(redactor, text)),
                    description,
                    codes,
                    ..OAuthFault::default()
                })
                .into()))
            }
            ([] | [_], []) | ([], [_]) => Match::Mismatch(CallbackRefusal::NoCode),
            _ => Match::Mismatch(CallbackRefusal::SeveralCodes),
        }
    }

    /// RFC 9207 §2.4: the issuer must be the one that was asked, and must be named where it has announced to do so.
    fn check_issuer(&self, issuers: &[&Cow<'_, str>], redactor: &Redactor) -> Result<(), Failure> {
        let what = match issuers {
            [] if !self.issuer_in_response => return Ok(()),
            [] => "the answer does not name its issuer, though the provider has announced that it does".into(),
            [issuer] if identity::fits_rule(issuer, &self.issuer) => return Ok(()),
            [issuer] => {
                let named = redactor.clean(&issuer.chars().take(200).collect::<String>());
                shown!("the answer comes from another issuer: {}", named)
            }
            _ => "the answer names several issuers".into(),
        };
        Err(FailureKind::OtherIssuer { what, spelled: None }.into())
    }
}

fn clean(redactor: &Redactor, text: &str) -> Shown {
    redactor.clean(&text.chars().take(2000).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::testing;
    use crate::profile::App;

    fn begin(app: &App, first: bool, announced: bool) -> AuthorizationRequest {
        let mut endpoints = testing::endpoints("https://login.example/token".parse().unwrap());
        endpoints.issuer_in_response = announced;
        let scopes = ["openid".parse().unwrap(), "https://outlook.office.com/SMTP.Send".parse().unwrap()];
        let redirect = "http://localhost:4711".parse().unwrap();
        AuthorizationRequest::begin(app, &endpoints, &redirect, &scopes, &"shop@contoso.com".parse().unwrap(), first)
    }

    fn read(request: &AuthorizationRequest, query: &str) -> Result<String, String> {
        match request.read_query(query, &Redactor::default()) {
            Match::Response(Ok(response)) => Ok(response.code.expose_secret().to_owned()),
            Match::Response(Err(failure)) => Err(failure.to_string()),
            Match::Mismatch(why) => Err(format!("{why:?}")),
        }
    }

    #[test]
    fn the_state_decides_before_anything_else_is_read() {
        let request = begin(&testing::oidc("https://id.example"), true, false);
        let state = request.state.expose_secret();
        assert_eq!(read(&request, &format!("code=c%2B1&state={state}&session_state=x")), Ok("c+1".to_owned()));
        for (query, mismatch) in [
            ("code=c".to_owned(), "NoState"),
            (String::new(), "NoState"),
            (format!("code=c&state={state}&state={state}"), "NoState"),
            (format!("code=c&state={state}x"), "OtherState"),
            ("code=c&state=".to_owned(), "OtherState"),
            ("error=access_denied&state=x".to_owned(), "OtherState"),
            (format!("code=c&State={state}"), "NoState"),
            (format!("code=c&state={}", state.to_uppercase()), "OtherState"),
            (format!("state={state}"), "NoCode"),
            (format!("code=&state={state}"), "NoCode"),
            (format!("code=a&code=b&state={state}"), "SeveralCodes"),
            (format!("code=a&error=x&state={state}"), "SeveralCodes"),
        ] {
            assert_eq!(read(&request, &query), Err(mismatch.to_owned()), "{query}");
        }
    }

    #[test]
    fn an_error_answer_is_taken_apart() {
        let request = begin(&testing::microsoft("common"), true, false);
        let query = format!(
            "error=access_denied&error_subcode=cancel&error_description=AADSTS65004%3A+User%0D%0Adeclined&state={}",
            request.state.expose_secret()
        );
        let Match::Response(Err(failure)) = request.read_query(&query, &Redactor::default()) else { panic!() };
        let FailureKind::OAuth(fault) = failure.kind else { panic!() };
        assert_eq!((fault.error.as_str(), fault.status), ("access_denied", 0));
        assert_eq!(fault.codes, [65004]);
        assert_eq!(fault.suberror.as_deref(), Some("cancel"));
        assert!(!fault.description.unwrap().contains('\n'));
    }

    #[test]
    fn another_issuer_is_refused_and_an_announced_one_is_missed() {
        let app = testing::oidc("https://id.example");
        let ask = |announced, iss: &str| {
            let request = begin(&app, true, announced);
            let query = format!("code=c&state={}{iss}", request.state.expose_secret());
            read(&request, &query)
        };
        for announced in [true, false] {
            assert_eq!(ask(announced, "&iss=https%3A%2F%2Fid.example"), Ok("c".to_owned()));
            for wrong in ["https://evil.example", "https://id.example.evil.example", "http://id.example", ""] {
                let error = ask(announced, &format!("&iss={wrong}")).unwrap_err();
                assert!(error.contains("another issuer"), "{error}");
            }
            let twice = ask(announced, "&iss=https://id.example&iss=https://id.example").unwrap_err();
            assert!(twice.contains("several issuers"), "{twice}");
        }
        assert_eq!(ask(false, ""), Ok("c".to_owned()));
        assert!(ask(true, "").unwrap_err().contains("announced"));
    }

    #[test]
    fn a_pasted_address_passes_the_same_checks() {
        let request = begin(&testing::oidc("https://id.example"), true, false);
        let state = request.state.expose_secret();
        let paste = |text: &str| match request.parse_pasted(text, &Redactor::default()) {
            Ok(response) => Ok(response.code.expose_secret().to_owned()),
            Err(failure) => Err(failure.to_string()),
        };
        for good in [
            format!("http://localhost:4711/?code=c&state={state}"),
            format!("  http://localhost:4711?code=c&state={state}\n"),
            format!("<http://localhost:4711/?code=c\n  &state={state}#_=_>"),
            format!("code=c&state={state}"),
            format!("?code=c&state={state}"),
        ] {
            assert_eq!(paste(&good), Ok("c".to_owned()), "{good}");
        }
        for (bad, why) in [
            (format!("http://localhost:4712/?code=c&state={state}"), "does not begin with"),
            (format!("https://localhost:4711/?code=c&state={state}"), "does not begin with"),
            (format!("http://evil.example:4711/?code=c&state={state}"), "does not begin with"),
            (format!("http://localhost:4711/x?code=c&state={state}"), "does not begin with"),
            ("http://localhost:4711/?code=c&state=x".to_owned(), "another sign-in"),
            ("http://localhost:4711/".to_owned(), "is missing"),
            (format!("http://localhost:4711/?state={state}"), "neither a code"),
            ("c".to_owned(), "is missing"),
            (String::new(), "is missing"),
            ("http://[".to_owned(), "cannot be read"),
            (format!("error=access_denied&state={state}"), "access_denied"),
        ] {
            let error = paste(&bad).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }

    #[test]
    fn what_another_issuer_repeats_of_a_secret_is_not_shown() {
        // Found by fuzzing.
        let request = begin(&testing::oidc("https://id.example"), true, false);
        let redactor = Redactor::default();
        redactor.learn(&"Canary0Q~planted.token".into());
        let query = format!("code=c&iss=x%1B%2FCanary0Q~planted.token&state={}", request.state.expose_secret());
        let Match::Response(Err(failure)) = request.read_query(&query, &redactor) else { panic!() };
        let FailureKind::OtherIssuer { what, .. } = failure.kind else { panic!() };
        assert_eq!(what, "the answer comes from another issuer: x\\x1b[redacted]");
    }
}
