//! OfflineIMAP, which copies folders.

use super::program::{Program, Trial};
use super::quote;
use super::target::{Refusal, Target, is_implicit};
use crate::profile::Protocol;

pub(super) static PROGRAM: Program = Program {
    name: "offlineimap",
    about: "copies folders to a Maildir",
    protocols: &[Protocol::Imap],
    place: "For ~/.offlineimaprc; the folder ~/Mail must be there.",
    needs: "OfflineIMAP 7.0.6 or newer, which checks certificates over implicit TLS alone",
    tried: Trial::ByTests("OfflineIMAP 8.0.0"),
    comment: "#",
    opening: "",
    write,
};

fn write(target: &Target<'_>) -> Result<String, Refusal> {
    let Some((_, server)) = target.reads else { return Ok(String::new()) };
    if !is_implicit(server) {
        return Err(Refusal("it checks no certificate with STARTTLS, which the mailbox has".into()));
    }
    let ca = target.ca_unexpanded()?.map_or_else(|| "OS-DEFAULT".to_owned(), text);
    let name = target.mailbox.name.as_str();
    let command: Vec<String> = target.token().iter().map(|word| quote::literal(word)).collect();
    let token = format!("__import__(\"subprocess\").check_output([{}]).decode().strip()", command.join(", "));
    Ok(format!(
        "{}[general]
accounts = {name}

[Account {name}]
localrepository = {name}-local
remoterepository = {name}-remote

[Repository {name}-local]
type = Maildir
localfolders = ~/Mail/{name}

[Repository {name}-remote]
type = IMAP
remotehost = {}
remoteport = {}
ssl = yes
sslcacertfile = {ca}
remoteuser = {}
auth_mechanisms = XOAUTH2
oauth2_access_token_eval = {}
folderfilter = lambda name: name == \"INBOX\"
# It only fetches: what is deleted here stays there.
readonly = yes
",
        quote::comment(
            "#",
            "It asks once for a token: have a timer run it (offlineimap -o), and leave autorefresh out."
        ),
        server.host.as_str(),
        server.port,
        text(target.user()),
        text(&token),
    ))
}

/// A value in which no other is filled in.
fn text(text: &str) -> String {
    text.replace('%', "%%")
}
