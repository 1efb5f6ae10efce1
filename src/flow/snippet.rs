//! What other programs need in their configuration to use a mailbox with tokens from this program. No secret is in it: each of
//! them runs a command that prints the token.

mod aerc;
mod curl;
mod fetchmail;
mod getmail;
mod git_send_email;
mod imapflow;
mod imapsync;
mod isync;
mod mpop;
mod msmtp;
mod msmtps;
mod mutt;
mod mutts;
mod neomutt;
mod node;
mod nodemailer;
mod offlineimap;
mod own;
mod phpmailer;
mod postfix;
mod program;
mod python;
mod quote;
mod target;

pub use own::OwnCommand;
pub use program::{Program, Trial};

use self::target::{Refusal, Target};
use crate::error::CommandError;
use crate::profile::Mailbox;
use crate::text::Shown;

/// All programs, in the order in which they are listed.
pub static ALL: [&Program; 17] = [
    &msmtp::PROGRAM,
    &isync::PROGRAM,
    &offlineimap::PROGRAM,
    &neomutt::PROGRAM,
    &mutt::PROGRAM,
    &aerc::PROGRAM,
    &getmail::PROGRAM,
    &mpop::PROGRAM,
    &fetchmail::PROGRAM,
    &postfix::PROGRAM,
    &curl::PROGRAM,
    &git_send_email::PROGRAM,
    &imapsync::PROGRAM,
    &python::PROGRAM,
    &phpmailer::PROGRAM,
    &nodemailer::PROGRAM,
    &imapflow::PROGRAM,
];

/// The program called `name`.
#[must_use]
pub fn named(name: &str) -> Option<&'static Program> {
    ALL.into_iter().find(|program| program.name == name)
}

/// The programs with what they are for, a line each.
#[must_use]
pub fn list() -> String {
    let widest = ALL.iter().map(|program| program.name.len()).max().unwrap_or_default();
    ALL.iter().map(|program| format!("{:widest$}  {}\n", program.name, program.about)).collect()
}

/// What `program` needs for `mailbox`, whose tokens come from `own`.
///
/// # Errors
/// If the program speaks none of the mailbox's protocols, or its configuration cannot hold one of the values.
pub fn write(program: &Program, mailbox: &Mailbox, own: &OwnCommand) -> Result<String, CommandError> {
    let target = Target::of(mailbox, own, program.protocols);
    if target.reads.is_none() && target.sends.is_none() {
        return Err(speaks_another(program, mailbox));
    }
    let refused = |Refusal(cause): Refusal| {
        let cause = shown!("The configuration of {} cannot be written: {}.", program.name, cause);
        CommandError::usage(cause, "Take another program of `mailgrant snippet`, or another name for the file")
    };
    let body = target.insist_on_lines().and_then(|()| (program.write)(&target)).map_err(refused)?;
    let does = match (target.reads, target.sends) {
        (Some(_), Some(_)) => "reads and sends",
        (Some(_), None) => "reads",
        (None, _) => "sends",
    };
    let tried = match program.tried {
        Trial::ByTests(version) => format!("The tests of mailgrant run it with {version}."),
        Trial::ByHand(version) => format!("It was run by hand with {version}."),
    };
    let head = [
        format!("{} {does} as {}. {}", program.name, target.user(), program.place),
        format!("Needs {}. {tried}", program.needs),
        "No secret is in here: the token comes from mailgrant each time.".to_owned(),
    ];
    Ok(format!("{}{}{body}", program.opening, quote::comment(program.comment, &head.join("\n"))))
}

/// The mailbox is reached in another way than `program` can.
fn speaks_another(program: &Program, mailbox: &Mailbox) -> CommandError {
    let speaks = Shown::join(program.protocols.iter().copied(), " and ");
    let has = Shown::join(mailbox.protocols(), " and ");
    let cause = shown!("{} speaks {}, and mailbox '{}' has {}.", program.name, speaks, mailbox.name, has);
    if mailbox.services().any(|service| service.endpoint.server().is_none()) {
        return CommandError::usage(
            cause,
            shown!(
                "No program of `mailgrant snippet` speaks {}: a script that does takes `mailgrant token {} --as header`",
                has,
                mailbox.name
            ),
        );
    }
    CommandError::usage(cause, "Take another program, or add the mailbox over a protocol that it speaks")
}

#[cfg(test)]
mod tests;
