//! fetchmail, where its version knows tokens.

use super::program::Program;
use super::quote;
use super::target::{Refusal, Target, is_implicit};
use crate::profile::Protocol;

pub(super) static PROGRAM: Program = Program {
    name: "fetchmail",
    about: "fetches mail, where its version knows tokens",
    protocols: &[Protocol::Imap],
    place: "For ~/.fetchmailrc (mode 600). It takes the token through a pipe; the command is below.",
    needs: "a fetchmail that knows oauthbearer and passwordfd: its development version 7 or a package with these patches (not Debian's 6.4)",
    tried: None,
    comment: "#",
    opening: "",
    write,
};

fn write(target: &Target<'_>) -> Result<String, Refusal> {
    let Some((_, server)) = target.reads else { return Ok(String::new()) };
    let text = |text: &str| quote::double(text, "");
    let ca = target.ca().map(|ca| format!(" sslcertfile {}", text(ca))).unwrap_or_default();
    // Without `ssl`, STARTTLS is demanded where sslproto names a version.
    let tls = if is_implicit(server) { "ssl" } else { "sslproto \"TLS1.2+\"" };
    Ok(format!(
        "# {} | fetchmail --passwordfd 0
poll {} protocol imap port {} auth oauthbearer
  username {} {tls} sslcertck{ca} keep
",
        quote::command(&target.token()),
        text(server.host.as_str()),
        server.port,
        text(target.user()),
    ))
}
