//! ImapFlow, which reads from Node.

use super::node::{self, Settings};
use super::program::{Program, Trial};
use super::quote;
use super::target::{Refusal, Target, is_implicit};
use crate::profile::Protocol;

pub(super) static PROGRAM: Program = Program {
    name: "imapflow",
    about: "a script for Node that looks at the inbox",
    protocols: &[Protocol::Imap],
    place: "A module of its own, as in read.mjs.",
    needs: "Node 20 or newer, and: npm install imapflow",
    tried: Trial::ByTests("ImapFlow 2.10.2"),
    comment: "//",
    opening: "",
    write,
};

fn write(target: &Target<'_>) -> Result<String, Refusal> {
    let Some((_, server)) = target.reads else { return Ok(String::new()) };
    let Settings { imports, token, tls } = node::settings(target);
    let is_implicit = is_implicit(server);
    let upgrade = if is_implicit { "" } else { "  doSTARTTLS: true,\n" };
    Ok(format!(
        "{imports}import {{ ImapFlow }} from \"imapflow\";

{token}
const client = new ImapFlow({{
  host: {},
  port: {},
  secure: {is_implicit},
{upgrade}{tls}  auth: {{ user, accessToken: token() }},
  logger: false,
}});
await client.connect();
const {{ messages }} = await client.status(\"INBOX\", {{ messages: true }});
console.log(messages, \"messages\");
await client.logout();
",
        quote::literal(server.host.as_str()),
        server.port,
    ))
}
