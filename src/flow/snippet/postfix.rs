//! Postfix, which sends everything of a machine through the mailbox.

use super::program::{Program, Trial};
use super::quote;
use super::target::{Refusal, Target, bracketed, is_implicit};
use crate::profile::Protocol;

pub(super) static PROGRAM: Program = Program {
    name: "postfix",
    about: "sends all mail of a machine through the mailbox",
    protocols: &[Protocol::Smtp],
    place: "A script for root: once with --set-up, then every ten minutes by a timer.",
    needs: "Postfix 3.0 or newer, a server that takes a whole token in the line with AUTH (Postfix takes 2,048 bytes), and a \
            plugin of Cyrus SASL for XOAUTH2 that takes the token as the password, as cyrus-sasl-xoauth2 does. With \
            libsasl2-modules-kdexoauth2 it cannot work: that plugin asks for the password in a way that Postfix refuses \
            (\"invalid parameter supplied\"). sasl-xoauth2 takes the name of a file instead",
    tried: Trial::ByTests("Postfix 3.7.11"),
    comment: "#",
    opening: "#!/bin/sh\n",
    write,
};

/// A value of main.cf, in which a `$` begins a variable.
fn value(name: &str, value: &str) -> String {
    quote::sh(&format!("{name} = {}", value.replace('$', "$$")))
}

fn write(target: &Target<'_>) -> Result<String, Refusal> {
    let Some(server) = target.sends else { return Ok(String::new()) };
    // The brackets keep Postfix from asking for MX records; an IPv6 address has no further ones.
    let relay = format!("[{}]:{}", bracketed(server).trim_matches(['[', ']']), server.port);
    let mut settings = vec![
        value("relayhost", &relay),
        value("smtp_tls_security_level", "secure"),
        value("smtp_tls_wrappermode", if is_implicit(server) { "yes" } else { "no" }),
        value("smtp_sasl_auth_enable", "yes"),
        value("smtp_sasl_mechanism_filter", "xoauth2"),
        value("smtp_sasl_security_options", "noanonymous"),
    ];
    match target.ca() {
        Some(ca) => settings.push(value("smtp_tls_CAfile", ca)),
        None => settings.push(value("smtp_tls_CApath", "/etc/ssl/certs")),
    }
    settings.extend(server.ehlo_name.iter().map(|name| value("smtp_helo_name", name.as_str())));
    Ok(format!(
        "{}set -eu
umask 077
map=$(postconf -h default_database_type):$(postconf -h config_directory)/mailgrant-{}
if [ \"${{1-}}\" = --set-up ]; then
  postconf -e \"smtp_sasl_password_maps = $map\" \\
    {}
fi
token=$({})
# printf is the shell's own: the token is in no process's arguments.
printf '%s %s:%s\\n' {} {} \"$token\" > \"${{map#*:}}\"
# Postfix sees by itself that the table is another one.
postmap \"$map\"
if [ \"${{1-}}\" = --set-up ]; then
  postfix reload
fi
",
        quote::comment(
            "#",
            &format!("The server takes mail of its own addresses alone: what is sent must be from {}.", target.user())
        ),
        target.mailbox.name,
        settings.join(" \\\n    "),
        quote::command(&target.token()),
        quote::sh(&relay),
        quote::sh(target.user()),
    ))
}
