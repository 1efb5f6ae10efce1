//! fetchmail, where its version knows tokens.

use super::program::{Program, Trial};
use super::quote;
use super::target::{Refusal, Target, is_implicit};
use crate::profile::Protocol;

pub(super) static PROGRAM: Program = Program {
    name: "fetchmail",
    about: "fetches mail, where its version knows tokens",
    protocols: &[Protocol::Imap],
    place: "For ~/.fetchmailrc (mode 600).",
    needs: "fetchmail 7.0.0-alpha10 or newer: no version 6 knows tokens (up to 6.6.9, which was looked at)",
    tried: Trial::ByHand("fetchmail 7.0.0-alpha10"),
    comment: "#",
    opening: "",
    write,
};

fn write(target: &Target<'_>) -> Result<String, Refusal> {
    let Some((_, server)) = target.reads else { return Ok(String::new()) };
    let ca = target.ca().map(|ca| format!(" sslcertfile {}", text(ca))).unwrap_or_default();
    let tls = if is_implicit(server) { "wrapped" } else { "starttls=must" };
    Ok(format!(
        "{}poll {} protocol imap port {} auth oauthbearer
  username {}
  passwordeval {}
  sslmode \"{tls}\" sslcertck{ca} keep
",
        quote::comment("#", "It asks for the token once, when it starts: have a timer run it, and leave --daemon out."),
        text(server.host.as_str()),
        server.port,
        text(target.user()),
        text(&quote::command(&target.token())),
    ))
}

/// A text in double quotes, which end at the first quote, whatever is before it: one within is written as its byte.
fn text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', r"\x22"))
}
