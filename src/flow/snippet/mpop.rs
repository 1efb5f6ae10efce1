//! mpop, which fetches mail over POP3.

use super::msmtps;
use super::program::{Program, Trial};
use super::target::{Refusal, Target};
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
    let mut lines = msmtps::account(target, server);
    lines.extend([
        "auth xoauth2".to_owned(),
        format!("user {}", target.user()),
        msmtps::token(target),
        format!("delivery maildir ~/Mail/{}", target.mailbox.name),
        "# It only fetches: nothing is deleted there.".to_owned(),
        "keep on".to_owned(),
    ]);
    Ok(lines.join("\n") + "\n")
}
