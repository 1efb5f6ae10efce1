//! The access token of a mailbox that no profile has: handed over with the command, or none. It is kept nowhere.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::secret_source::bounded;
use super::session::{AccessToken, TokenSource};
use crate::context::Context;
use crate::error::CommandError;
use crate::jwt::{self, Claims, TOKEN_LIMIT};
use crate::text::{Redactor, Shown};

/// What is said where no token was handed over.
pub const NONE: &str = "no access token was given, so the sign-in was not tried";

/// Where a token is read from. Never from argv: other users can read that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenPlace {
    /// Standard input.
    Stdin,
    /// This environment variable.
    Variable(String),
}

/// The access token that was handed over, if one was.
pub struct Given {
    token: Option<SecretString>,
    /// What it says of itself, where it is a JWT.
    claims: Claims,
}

impl Given {
    /// The token from `place`, known to the redactor; none where no place is named.
    ///
    /// # Errors
    /// If it cannot be read, or cannot be an access token.
    pub fn read(place: Option<&TokenPlace>, context: &Context) -> Result<Self, CommandError> {
        let Some(place) = place else { return Ok(Self { token: None, claims: Claims::new() }) };
        let (text, what) = match place {
            TokenPlace::Stdin => {
                let read = bounded(&mut std::io::stdin().lock(), TOKEN_LIMIT as u64, "an access token");
                let text = read.map_err(|error| unreadable(shown!("Standard input: {}.", error)))?;
                (text, "standard input".into())
            }
            TokenPlace::Variable(name) => {
                let shown = Redactor::by_shape(name);
                let text = std::env::var(name).map(SecretString::from);
                let text = text.map_err(|_| unreadable(shown!("The environment variable {} is not set.", shown)))?;
                (text, shown!("the environment variable {}", shown))
            }
        };
        let token = SecretString::from(text.expose_secret().trim_end_matches(['\r', '\n']).to_owned());
        context.transcript.redactor().learn(&token);
        refuse_other(token.expose_secret(), &what)?;
        let claims = jwt::read(token.expose_secret()).unwrap_or_default();
        Ok(Self { token: Some(token), claims })
    }

    /// The token as it is used. One that does not say when it ends is taken for good.
    #[must_use]
    pub fn access(&self, now: Timestamp) -> Option<AccessToken> {
        let at = |claim| jwt::seconds(&self.claims, claim).and_then(|seconds| Timestamp::from_second(seconds).ok());
        let ends = at("exp");
        Some(AccessToken {
            token: self.token.clone()?,
            expires: ends.unwrap_or(Timestamp::MAX),
            source: TokenSource::Given,
            scopes: Vec::new(),
            // It came before it ended, and not before it was issued.
            received: [ends, at("iat")].into_iter().flatten().fold(now, Timestamp::min),
            account_names: Vec::new(),
            is_unkept: false,
        })
    }

    /// Whether it says that it is an app's own, without a user.
    #[must_use]
    pub fn is_of_app(&self) -> bool {
        let has = |name: &str| self.claims.contains_key(name);
        self.claim(&["idtyp"]) == Some("app") || has("roles") && !has("scp") && !has("scope")
    }

    /// Who issued the token and to which client of which tenant, as it says: the first of these claims that it has.
    #[must_use]
    pub fn claim(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| jwt::text(&self.claims, name))
    }
}

fn unreadable(what: Shown) -> CommandError {
    CommandError::usage(what, "Give the access token with --token-stdin or --token-env VAR")
}

/// Refuses what cannot be sent as an access token (RFC 6749 appendix A.12, RFC 6750 §2.1).
fn refuse_other(text: &str, place: &Shown) -> Result<(), CommandError> {
    let refused = |found: &'static str, instead: &'static str| {
        Err(CommandError::usage(shown!("What {} holds is not an access token: {}.", place, found), instead))
    };
    if text.is_empty() {
        return refused("it is empty", "Hand over the access token that your program got, and nothing else");
    }
    if text.trim_start().starts_with('{') {
        return refused(
            "it begins like a JSON document",
            "Hand over the value of access_token alone, as `jq -r .access_token` prints it",
        );
    }
    if text.split_once(' ').is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) {
        return refused("it begins with the word Bearer", "Leave the word Bearer and the blank behind it out");
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return refused(
            "it holds blanks, line ends or letters outside ASCII",
            "Hand over the access token in one line, without quotes and names",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_one_token_is_refused_and_never_repeated() {
        let place = "standard input".into();
        for (text, word) in [
            ("", "empty"),
            ("{\"access_token\":\"canary\"}", "JSON"),
            ("Bearer canary", "Bearer"),
            ("bearer canary", "Bearer"),
            ("canary one\ncanary two", "line ends"),
            ("canary\u{e9}", "outside ASCII"),
        ] {
            let error = refuse_other(text, &place).unwrap_err();
            let told = error.finding().cause.to_string();
            assert!(told.contains(word) && !told.contains("canary"), "{text:?}: {told}");
        }
        refuse_other("eyJ0eXAi.eyJhdWQi.c2ln", &place).unwrap();
        refuse_other("ya29.a0AfH6SMB_-~+/=", &place).unwrap();
    }
}
