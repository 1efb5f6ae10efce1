//! An administrator's token from the Azure CLI: `az account get-access-token`, without a shell, in bounded time and size.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::failure::{Failure, FailureKind};
use crate::profile::EndpointUrl;
use crate::text::{Redactor, Shown};

/// A program that was just installed compiles itself at its first start.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longer than any token.
const LIMIT: u64 = 64 * 1024;
#[cfg(windows)]
const PROGRAM: &str = "az.cmd";
#[cfg(not(windows))]
const PROGRAM: &str = "az";

/// A token of the account that is signed in at `az`, for the directory at `resource`. The variables whose names begin with
/// `MAILGRANT_` are not handed on: the vault's key can be among them (SECURITY.md K1).
///
/// # Errors
/// [`FailureKind::Local`] if `az` is not there, says no, or gives no token; [`FailureKind::TimedOut`].
pub fn token(resource: &EndpointUrl, deadline: Option<Instant>) -> Result<SecretString, Failure> {
    let limit = deadline.map_or(PATIENCE, |deadline| PATIENCE.min(deadline.saturating_duration_since(Instant::now())));
    let ends = Instant::now() + limit;
    let mut command = Command::new(PROGRAM);
    command.args(["account", "get-access-token", "--resource"]).arg(resource.as_issuer());
    command.args(["--query", "accessToken", "--output", "tsv", "--only-show-errors"]);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MAILGRANT_")) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| failed(Shown::of(error)))?;
    let (stdout, stderr) = (bounded(child.stdout.take()), bounded(child.stderr.take()));
    let status = match ended(&mut child, ends) {
        Ok(status) => status,
        Err(failure) => {
            // It is of no use any more, whatever it is doing.
            let _ = child.kill();
            let _ = child.wait();
            return Err(failure.unwrap_or_else(|| {
                FailureKind::TimedOut { during: "waiting for az to give a token".into(), after: limit }.into()
            }));
        }
    };
    // What it has left running may hold its output open.
    let left = || ends.saturating_duration_since(Instant::now()).max(Duration::from_millis(200));
    if !status.success() {
        let words = stderr.recv_timeout(left()).unwrap_or_default();
        let words = String::from_utf8_lossy(&words);
        let first = words.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it says nothing");
        return Err(failed(Redactor::default().clean_of_tokens(first).cut(300)));
    }
    let text = stdout.recv_timeout(left()).unwrap_or_default();
    read(&text).ok_or_else(|| failed("it gave no access token".into()))
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

/// What the program writes, up to the limit; it is sent when the stream ends.
fn bounded(stream: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Zeroizing<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT as usize));
        if let Some(stream) = stream {
            // A stream that breaks off has said what it has.
            let _ = stream.take(LIMIT).read_to_end(&mut bytes);
        }
        let _ = sender.send(bytes);
    });
    receiver
}

/// How it ended; no failure where it has not by then.
fn ended(child: &mut Child, by: Instant) -> Result<std::process::ExitStatus, Option<Failure>> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if Instant::now() < by => thread::sleep(Duration::from_millis(20)),
            Ok(None) => return Err(None),
            Err(error) => return Err(Some(failed(Shown::of(error)))),
        }
    }
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
