//! What msmtp and mpop have in common, which are of one author and read one language.

use super::quote;
use super::target::{Target, is_implicit};
use crate::profile::ServerEndpoint;

/// The lines with which the account of `target` begins: its server, and what it is trusted by.
pub(super) fn account(target: &Target<'_>, server: &ServerEndpoint) -> Vec<String> {
    let mut lines = vec![
        format!("account {}", target.mailbox.name),
        format!("host {}", server.host.as_str()),
        format!("port {}", server.port),
        "tls on".to_owned(),
        format!("tls_starttls {}", if is_implicit(server) { "off" } else { "on" }),
    ];
    lines.extend(target.ca().map(|ca| format!("tls_trust_file {}", quote::double(ca, ""))));
    lines
}

/// The line of the command that prints a token; the rest of the line goes to sh as it is.
pub(super) fn token(target: &Target<'_>) -> String {
    format!("passwordeval {}", quote::command(&target.token()))
}
