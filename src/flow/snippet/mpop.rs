//! mpop, which fetches mail over POP3.

use super::program::{Program, Trial};
use super::quote;
use super::target::{Refusal, Target, is_implicit};
use crate::profile::Protocol;

pub(super) static PROGRAM: Program = Program {
    name: "mpop",
    about: "fetches mail into a Maildir over POP3",
    protocols: &[Protocol::Pop3],
    place: "For ~/.mpoprc or ~/.config/mpop/config; its Maildir must be there, with its folders cur, new and tmp.",
    needs: "mpop 1.4.11 or newer",
    tried: Trial::ByTests("mpop 1.4.18"),
    comment: "#",
    opening: "",
    write,
};

fn write(target: &Target<'_>) -> Result<String, Refusal> {
    let Some((_, server)) = target.reads else { return Ok(String::new()) };
    let account = target.mailbox.name.as_str();
    let mut lines = vec![
        format!("account {account}"),
        format!("host {}", server.host.as_str()),
        format!("port {}", server.port),
        "tls on".to_owned(),
        format!("tls_starttls {}", if is_implicit(server) { "off" } else { "on" }),
    ];
    lines.extend(target.ca().map(|ca| format!("tls_trust_file {}", quote::double(ca, ""))));
    lines.extend([
        "auth xoauth2".to_owned(),
        format!("user {}", target.user()),
        // The rest of the line goes to sh as it is.
        format!("passwordeval {}", quote::command(&target.token())),
        format!("delivery maildir ~/Mail/{account}"),
        "# It only fetches: nothing is deleted there.".to_owned(),
        "keep on".to_owned(),
    ]);
    Ok(lines.join("\n") + "\n")
}
