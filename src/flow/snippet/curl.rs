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

/// How it reads: the protocol, what it shows, and what it is asked to do beyond its usual.
const READS: [(Protocol, &str, &str); 2] = [
    (Protocol::Imap, "# How many messages the inbox has.\n", " --request 'EXAMINE INBOX'"),
    (Protocol::Pop3, "# The messages with their sizes.\n", ""),
];

fn write(target: &Target<'_>) -> Result<String, Refusal> {
    let token = quote::command(&target.token_as("curl"));
    let ca = target.ca().map(|ca| format!(" --cacert {}", quote::sh(ca))).unwrap_or_default();
    let line = |url: String, more: &str| {
        // The token goes through a pipe: the arguments of a process are everyone's to read.
        format!("{token} | curl --config - --ssl-reqd{ca} --url {}{more}\n", quote::sh(&url))
    };
    let mut text = String::new();
    if let Some((protocol, server)) = target.reads
        && let Some((_, what, more)) = READS.iter().find(|(reads, ..)| *reads == protocol)
    {
        text.push_str(what);
        text.push_str(&line(format!("{}/", url(protocol.key(), server)), more));
    }
    if let Some(server) = target.sends {
        let user = quote::sh(target.user());
        text.push_str("# Sends the mail in mail.eml to the mailbox itself.\n");
        let envelope = format!(" --mail-from {user} --mail-rcpt {user} --crlf --upload-file mail.eml");
        text.push_str(&line(url(Protocol::Smtp.key(), server), &envelope));
    }
    Ok(text)
}

fn url(scheme: &str, server: &ServerEndpoint) -> String {
    let secure = if is_implicit(server) { "s" } else { "" };
    format!("{scheme}{secure}://{}:{}", bracketed(server), server.port)
}
