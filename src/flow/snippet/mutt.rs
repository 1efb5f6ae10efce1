//! Mutt, which reads and sends.

use super::mutts;
use super::program::{Program, Trial};
use crate::profile::Protocol;

pub(super) static PROGRAM: Program = Program {
    name: "mutt",
    about: "reads and sends mail in a terminal",
    protocols: &[Protocol::Imap, Protocol::Smtp],
    place: "For ~/.muttrc or ~/.config/mutt/muttrc.",
    needs: "Mutt 2.0, or 2.2.10 where a token is long; built with GnuTLS where the servers have a CA of their own",
    tried: Trial::ByTests("Mutt 2.2.12"),
    comment: "#",
    opening: "",
    write: |target| Ok(mutts::settings(target)),
};
