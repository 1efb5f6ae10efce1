//! msmtp, which sends mail as sendmail(1) does.

use super::msmtps;
use super::program::{Program, Trial};
use super::target::{Refusal, Target};
use crate::profile::Protocol;

pub(super) static PROGRAM: Program = Program {
    name: "msmtp",
    about: "sends mail, in the place of sendmail",
    protocols: &[Protocol::Smtp],
    place: "For ~/.msmtprc or ~/.config/msmtp/config.",
    needs: "msmtp 1.8.13 or newer",
    tried: Trial::ByTests("msmtp 1.8.23"),
    comment: "#",
    opening: "",
    write,
};

/// What `from` and `domain` of msmtp expand or compare as a pattern.
const PATTERNS: &str = "%*?[";

fn write(target: &Target<'_>) -> Result<String, Refusal> {
    let Some(server) = target.sends else { return Ok(String::new()) };
    let user = target.user();
    if user.contains(|c| PATTERNS.contains(c)) {
        let address = &target.mailbox.address;
        return Err(Refusal(shown!("the address {} holds one of {}, which are a pattern's there", address, PATTERNS)));
    }
    let mut lines = msmtps::account(target, server);
    lines.extend(server.ehlo_name.iter().map(|name| format!("domain {}", name.as_str())));
    lines.extend(["auth xoauth2".to_owned(), format!("user {user}"), format!("from {user}"), msmtps::token(target)]);
    Ok(lines.join("\n") + "\n")
}
