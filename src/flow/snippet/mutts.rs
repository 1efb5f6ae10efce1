//! What Mutt and NeoMutt have in common.

use super::quote;
use super::target::{Target, bracketed, is_implicit};
use crate::profile::ServerEndpoint;

/// A text of a muttrc, in which neither variables nor commands in backquotes are expanded.
fn text(text: &str) -> String {
    quote::double(text, "$`")
}

/// The lines for `target`.
pub(super) fn settings(target: &Target<'_>) -> String {
    let token = text(&quote::command(&target.token()));
    let user = target.user();
    let mut lines = vec!["set ssl_force_tls = yes".to_owned()];
    let servers = target.reads.iter().map(|(_, server)| *server).chain(target.sends);
    if servers.into_iter().any(|server| !is_implicit(server)) {
        lines.push("set ssl_starttls = yes".to_owned());
    }
    lines.extend(target.ca().map(|ca| format!("set ssl_ca_certificates_file = {}", text(ca))));
    if let Some((_, server)) = target.reads {
        lines.extend([
            format!("set imap_user = {}", text(user)),
            "set imap_authenticators = \"xoauth2\"".to_owned(),
            format!("set imap_oauth_refresh_command = {token}"),
            format!("set folder = {}", text(&format!("{}/", url("imap", server, None)))),
            "set spoolfile = \"+INBOX\"".to_owned(),
        ]);
    }
    lines.push(format!("set from = {}", text(user)));
    if let Some(server) = target.sends {
        lines.extend([
            "set smtp_authenticators = \"xoauth2\"".to_owned(),
            format!("set smtp_oauth_refresh_command = {token}"),
            format!("set smtp_url = {}", text(&format!("{}/", url("smtp", server, Some(user))))),
        ]);
    }
    lines.join("\n") + "\n"
}

/// The server's address in its scheme, whose `s` is implicit TLS.
fn url(scheme: &str, server: &ServerEndpoint, user: Option<&str>) -> String {
    let secure = if is_implicit(server) { "s" } else { "" };
    let user = user.map(|user| format!("{}@", quote::userinfo(user))).unwrap_or_default();
    format!("{scheme}{secure}://{user}{}:{}", bracketed(server), server.port)
}
