//! curl, by hand or in scripts.

use super::program::{Program, Trial};
use super::quote;
use super::target::{Refusal, Target, bracketed, is_implicit};
use crate::profile::{Protocol, ServerEndpoint};

pub(super) static PROGRAM: Program = Program {
    name: "curl",
    about: "looks at the inbox and sends a mail, in scripts",
    protocols: &[Protocol::Imap, Protocol::Pop3, Protocol::Smtp],
    place: "Lines for a POSIX shell.",
    needs: "curl 7.40 or newer",
    tried: Trial::ByTests("curl 7.88.1"),
    comment: "#",
    opening: "",
    write,
};

fn write(target: &Target<'_>) -> Result<String, Refusal> {
    let token = quote::command(&target.token_as("curl"));
    let ca = target.ca().map(|ca| format!(" --cacert {}", quote::sh(ca))).unwrap_or_default();
    let line = |url: String, more: &str| {
        // The token goes through a pipe: the arguments of a process are everyone's to read.
        format!("{token} | curl --config - --ssl-reqd{ca} --url {}{more}\n", quote::sh(&url))
    };
    let mut text = String::new();
    match target.reads {
        Some((Protocol::Imap, server)) => {
            text.push_str("# How many messages the inbox has.\n");
            text.push_str(&line(format!("{}/", url("imap", server)), " --request 'EXAMINE INBOX'"));
        }
        Some((Protocol::Pop3, server)) => {
            text.push_str("# The messages with their sizes.\n");
            text.push_str(&line(format!("{}/", url("pop3", server)), ""));
        }
        Some((Protocol::Smtp | Protocol::Graph | Protocol::Gmail, _)) | None => {}
    }
    if let Some(server) = target.sends {
        let user = quote::sh(target.user());
        text.push_str("# Sends the mail in mail.eml to the mailbox itself.\n");
        let envelope = format!(" --mail-from {user} --mail-rcpt {user} --crlf --upload-file mail.eml");
        text.push_str(&line(url("smtp", server), &envelope));
    }
    Ok(text)
}

fn url(scheme: &str, server: &ServerEndpoint) -> String {
    let secure = if is_implicit(server) { "s" } else { "" };
    format!("{scheme}{secure}://{}:{}", bracketed(server), server.port)
}
