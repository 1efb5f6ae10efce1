//! aerc, which reads and sends.

use super::program::{Program, Trial};
use super::quote;
use super::target::{Refusal, Target, bracketed, is_implicit};
use crate::profile::{Protocol, ServerEndpoint};

pub(super) static PROGRAM: Program = Program {
    name: "aerc",
    about: "reads and sends mail in a terminal",
    protocols: &[Protocol::Imap, Protocol::Smtp],
    place: "For ~/.config/aerc/accounts.conf (mode 600).",
    needs: "aerc 0.13 or newer, and for sending a server that takes a whole token in the line with AUTH (Postfix takes 2,048 bytes)",
    tried: Trial::ByTests("aerc 0.14.0"),
    comment: "#",
    opening: "",
    write,
};

fn write(target: &Target<'_>) -> Result<String, Refusal> {
    let Some((_, incoming)) = target.reads else {
        return Err(Refusal("it has no account that only sends".into()));
    };
    let name = target.mailbox.name.as_str();
    // What stands before any section is in a section of this name.
    if name == "DEFAULT" {
        return Err(Refusal("an account cannot be called DEFAULT there".into()));
    }
    let user = quote::userinfo(target.user());
    let url = |scheme: &str, server: &ServerEndpoint| {
        let secure = if is_implicit(server) { "s" } else { "" };
        text(&format!("{scheme}{secure}+xoauth2://{user}@{}:{}", bracketed(server), server.port))
    };
    let token = text(&quote::command(&target.token()))?;
    let mut notes = "It asks once for the token that it reads with: start it again when that has ended.".to_owned();
    if let Some(ca) = target.ca() {
        notes.push_str("\nIt knows the CAs of the system alone. Start it with the mailbox's own:");
        notes.push_str(&format!("\n  SSL_CERT_FILE={} aerc", quote::sh(ca)));
    }
    let mut lines = vec![
        format!("[{name}]"),
        format!("source = {}", url("imap", incoming)?),
        format!("source-cred-cmd = {token}"),
        "default = INBOX".to_owned(),
        format!("from = {}", text(&format!("<{}>", target.user()))?),
    ];
    if let Some(server) = target.sends {
        lines.extend([
            format!("outgoing = {}", url("smtp", server)?),
            format!("outgoing-cred-cmd = {token}"),
            "outgoing-cred-cmd-cache = false".to_owned(),
        ]);
        if !is_implicit(server) {
            lines.push("smtp-starttls = yes".to_owned());
        }
    }
    Ok(quote::comment("#", &notes) + &lines.join("\n") + "\n")
}

/// A value that is taken as it is, up to the last backquote of its line; but `%(` begins the name of another value all the same.
fn text(text: &str) -> Result<String, Refusal> {
    if text.contains("%(") {
        return Err(Refusal(shown!("{} holds %(, which names another value there", std::path::Path::new(text))));
    }
    Ok(format!("`{text}`"))
}
