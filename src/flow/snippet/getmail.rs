//! getmail6, which fetches mail.

use super::program::{Program, Trial};
use super::quote;
use super::target::{Refusal, Target, is_implicit};
use crate::profile::Protocol;

pub(super) static PROGRAM: Program = Program {
    name: "getmail",
    about: "fetches mail into a Maildir (getmail6)",
    protocols: &[Protocol::Imap],
    place: "For ~/.config/getmail/getmailrc; its Maildir must be there, with its folders cur, new and tmp.",
    needs: "getmail6, which takes tokens over IMAP with implicit TLS alone",
    tried: Trial::ByTests("getmail6 6.18.11"),
    comment: "#",
    opening: "",
    write,
};

fn write(target: &Target<'_>) -> Result<String, Refusal> {
    let Some((_, server)) = target.reads else { return Ok(String::new()) };
    if !is_implicit(server) {
        return Err(Refusal("it takes tokens over implicit TLS alone, and the mailbox has STARTTLS".into()));
    }
    let ca = target.ca_unexpanded()?.map(|ca| format!("ca_certs = {ca}\n")).unwrap_or_default();
    let command: Vec<String> = target.token().iter().map(|word| quote::literal(word)).collect();
    Ok(format!(
        "[retriever]
type = SimpleIMAPSSLRetriever
server = {}
port = {}
{ca}username = {}
use_xoauth2 = True
password_command = ({})
mailboxes = (\"INBOX\",)

[destination]
type = Maildir
path = ~/Mail/{}/

[options]
# It only fetches: nothing is deleted there.
delete = False
read_all = False
",
        server.host.as_str(),
        server.port,
        target.user(),
        command.join(", "),
        target.mailbox.name,
    ))
}
