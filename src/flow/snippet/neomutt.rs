//! NeoMutt, which reads and sends.

use super::mutts;
use super::program::{Program, Trial};
use crate::profile::Protocol;

pub(super) static PROGRAM: Program = Program {
    name: "neomutt",
    about: "reads and sends mail in a terminal",
    protocols: &[Protocol::Imap, Protocol::Smtp],
    place: "For ~/.neomuttrc or ~/.config/neomutt/neomuttrc.",
    needs: "NeoMutt 20220408 or newer, built with GnuTLS where the servers have a CA of their own, and a server that takes a \
            whole token in the line with AUTH (Postfix takes 2,048 bytes)",
    tried: Trial::ByTests("NeoMutt 20220429"),
    comment: "#",
    opening: "",
    write: |target| Ok(mutts::settings(target)),
};
