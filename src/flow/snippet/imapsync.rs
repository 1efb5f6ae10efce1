//! imapsync, with the mailbox as the first of its two sides.

use super::program::{Program, Trial};
use super::quote;
use super::target::{Refusal, Target, is_implicit};
use crate::profile::Protocol;

pub(super) static PROGRAM: Program = Program {
    name: "imapsync",
    about: "copies a mailbox to another server",
    protocols: &[Protocol::Imap],
    place: "A shell script, which takes the options of the other side: --host2, --user2 and so on.",
    needs: "imapsync 2.113 or newer",
    tried: Trial::ByHand("imapsync 2.229"),
    comment: "#",
    opening: "#!/bin/sh\n",
    write,
};

fn write(target: &Target<'_>) -> Result<String, Refusal> {
    let Some((_, server)) = target.reads else { return Ok(String::new()) };
    let host = quote::sh(server.host.as_str());
    let ca = target.ca().map(|ca| format!(" --sslargs1 {}", quote::sh(&format!("SSL_ca_file={ca}"))));
    Ok(format!(
        "{}set -eu
umask 077
# Arguments are everyone's to read: the token goes through a file.
token=$(mktemp)
trap 'rm -f \"$token\"' EXIT
{} > \"$token\"
imapsync --host1 {host} --port1 {} --{} \\
  --sslargs1 SSL_verify_mode=1 --sslargs1 SSL_verifycn_scheme=imap --sslargs1 SSL_verifycn_name={host}{} \\
  --user1 {} --password1 unused --authmech1 XOAUTH2 --oauthaccesstoken1 \"$token\" \"$@\"
",
        quote::comment(
            "#",
            "A run ends where the token does, after an hour or so: run it again, and it goes on. The password is not used, \
             but asked for where there is none."
        ),
        quote::command(&target.token()),
        server.port,
        if is_implicit(server) { "ssl1" } else { "tls1" },
        ca.unwrap_or_default(),
        quote::sh(target.user()),
    ))
}
