//! isync, whose program is mbsync.

use super::program::{Program, Trial};
use super::quote;
use super::target::{Refusal, Target, is_implicit};
use crate::profile::Protocol;

pub(super) static PROGRAM: Program = Program {
    name: "isync",
    about: "copies folders to a Maildir (mbsync)",
    protocols: &[Protocol::Imap],
    place: "For ~/.mbsyncrc; the folder of its Path must be there.",
    needs: "isync 1.4.0 or newer, and a plugin of Cyrus SASL for XOAUTH2 that takes the token as the password (Debian: libsasl2-modules-kdexoauth2)",
    tried: Trial::ByTests("isync 1.4.4"),
    comment: "#",
    opening: "",
    write,
};

fn write(target: &Target<'_>) -> Result<String, Refusal> {
    let Some((_, server)) = target.reads else { return Ok(String::new()) };
    let text = |text: &str| quote::double(text, "");
    let name = target.mailbox.name.as_str();
    let ca = target.ca().map(|ca| format!("CertificateFile {}\n", text(ca))).unwrap_or_default();
    Ok(format!(
        "IMAPAccount {name}
Host {}
Port {}
SSLType {}
{ca}AuthMechs XOAUTH2
User {}
PassCmd {}

IMAPStore {name}-remote
Account {name}

MaildirStore {name}-local
Path {}
Inbox {}
SubFolders Verbatim

# It only fetches: what is deleted here stays there.
Channel {name}
Far :{name}-remote:
Near :{name}-local:
Patterns INBOX
Create Near
Sync Pull
SyncState *
",
        text(server.host.as_str()),
        server.port,
        if is_implicit(server) { "IMAPS" } else { "STARTTLS" },
        text(target.user()),
        text(&quote::command(&target.token())),
        text(&format!("~/Mail/{name}/")),
        text(&format!("~/Mail/{name}/INBOX")),
    ))
}
