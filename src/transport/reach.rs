//! As far as TLS, and no further: whether a server is there, and who issued its certificate.

use super::{ProbeOutcome, Target, TokenSource, connect, imap, pop3, smtp};
use crate::profile::Protocol;

/// Reaches a mail server and starts TLS as `protocol` does it, and takes its leave before anybody signs in.
#[must_use]
pub fn reach(target: &Target<'_>, protocol: Protocol) -> ProbeOutcome {
    let nobody: TokenSource<'_> = Box::new(|| None);
    match protocol {
        Protocol::Imap => imap::run(target, nobody, &imap::ImapAsk::default()),
        Protocol::Pop3 => pop3::run(target, nobody, &pop3::Pop3Ask::default()),
        Protocol::Smtp => {
            smtp::run(target, nobody, &smtp::SmtpAsk { sender: target.user, recipient: target.user, message: None })
        }
    }
}

/// Reaches a server that speaks implicit TLS, and says nothing inside it.
#[must_use]
pub fn reach_tls(target: &Target<'_>) -> ProbeOutcome {
    let mut outcome = ProbeOutcome::default();
    // Why it stopped is in the last observation.
    let _ = connect::open(target, connect::ProtocolLabel::TLS, &mut outcome);
    outcome
}
