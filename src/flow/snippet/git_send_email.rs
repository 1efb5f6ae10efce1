//! git send-email, through msmtp: Git's own SMTP knows tokens only where Perl's SASL does.

use super::program::{Program, Trial};
use super::quote;
use super::target::{Refusal, Target};
use crate::profile::Protocol;

pub(super) static PROGRAM: Program = Program {
    name: "git-send-email",
    about: "sends patches, through msmtp",
    protocols: &[Protocol::Smtp],
    place: "For ~/.gitconfig, or .git/config of one repository.",
    needs: "Git 2.33 or newer, and msmtp with what `mailgrant snippet msmtp` prints",
    tried: Trial::ByTests("Git 2.47.3"),
    comment: "#",
    opening: "",
    write,
};

fn write(target: &Target<'_>) -> Result<String, Refusal> {
    let text = |text: &str| quote::double(text, "");
    let msmtp = quote::command(&["msmtp", "--account", target.mailbox.name.as_str()].map(str::to_owned));
    Ok(format!(
        "[sendemail]\n\tfrom = {}\n\tenvelopeSender = auto\n\tsendmailCmd = {}\n",
        text(target.user()),
        text(&msmtp),
    ))
}
