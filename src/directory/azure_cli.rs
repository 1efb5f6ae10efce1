//! An administrator's token from the Azure CLI: `az account get-access-token`, without a shell, in bounded time and size.

use std::time::{Duration, Instant};

use secrecy::SecretString;

use crate::failure::{Failure, FailureKind};
use crate::process::{self, ProcessFault, Program};
use crate::profile::EndpointUrl;
use crate::text::Shown;

/// A program that was just installed compiles itself at its first start.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longer than any token.
const LIMIT: usize = 64 * 1024;
#[cfg(windows)]
const PROGRAM: &str = "az.cmd";
#[cfg(not(windows))]
const PROGRAM: &str = "az";

/// A token of the account that is signed in at `az`, for the directory at `resource`.
///
/// # Errors
/// [`FailureKind::Local`] if `az` is not there, says no, or gives no token; [`FailureKind::TimedOut`].
pub fn token(resource: &EndpointUrl, deadline: Option<Instant>) -> Result<SecretString, Failure> {
    let ends = Instant::now() + PATIENCE;
    let words = ["account", "get-access-token", "--resource", resource.as_issuer()];
    let form = ["--query", "accessToken", "--output", "tsv", "--only-show-errors"];
    let argv: Vec<String> = [PROGRAM].iter().chain(&words).chain(&form).map(|word| (*word).to_owned()).collect();
    let deadline = deadline.map_or(ends, |deadline| deadline.min(ends));
    let output = process::run(Program { argv: &argv, stdin: None, deadline, limit: LIMIT, hidden: &[] });
    let output = output.map_err(|fault| match fault {
        ProcessFault::TimedOut { after } => {
            FailureKind::TimedOut { during: "waiting for az to give a token".into(), after }.into()
        }
        ProcessFault::NotStarted { reason, .. } => failed(reason),
        ProcessFault::Failed { words, .. } if words.as_str().is_empty() => failed("it says nothing".into()),
        ProcessFault::Failed { words, .. } => failed(words),
        ProcessFault::TooLong { .. } | ProcessFault::Lost { .. } => failed(Shown::of(&fault)),
    })?;
    read(&output).ok_or_else(|| failed("it gave no access token".into()))
}

/// The token in the output: alone, or in the JSON that `az` writes where its settings say so.
fn read(output: &[u8]) -> Option<SecretString> {
    #[derive(serde::Deserialize)]
    struct Wrapped {
        #[serde(rename = "accessToken")]
        token: String,
    }
    let text = std::str::from_utf8(output).ok()?.trim();
    let token = match text.bytes().next()? {
        b'{' => serde_json::from_str::<Wrapped>(text).ok()?.token,
        b'"' => serde_json::from_str::<String>(text).ok()?,
        _ => text.to_owned(),
    };
    let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    is_token.then(|| SecretString::from(token))
}

fn failed(reason: Shown) -> Failure {
    FailureKind::Local { what: "get an administrator's token from az (Azure CLI)".into(), reason }.into()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_token_is_read_alone_and_in_the_json_of_other_settings() {
        for output in ["a.b.c\n", "\"a.b.c\"", "{\"accessToken\": \"a.b.c\", \"tokenType\": \"Bearer\"}"] {
            assert_eq!(read(output.as_bytes()).unwrap().expose_secret(), "a.b.c", "{output}");
        }
        for output in ["", " \n", "two words", "{\"token\": \"a\"}", "{", "\"\""] {
            assert!(read(output.as_bytes()).is_none(), "{output}");
        }
    }
}
