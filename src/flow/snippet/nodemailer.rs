//! Nodemailer, which sends from Node.

use super::node::{self, Settings};
use super::program::{Program, Trial};
use super::quote;
use super::target::{Refusal, Target, is_implicit};
use crate::profile::Protocol;

pub(super) static PROGRAM: Program = Program {
    name: "nodemailer",
    about: "a script for Node that sends a mail",
    protocols: &[Protocol::Smtp],
    place: "A module of its own, as in send.mjs.",
    needs: "Node 20 or newer, Nodemailer (npm install nodemailer), and a server that takes a whole token in the line with AUTH (Postfix takes 2,048 bytes)",
    tried: Trial::ByTests("Nodemailer 10.6.1"),
    comment: "//",
    opening: "",
    write,
};

fn write(target: &Target<'_>) -> Result<String, Refusal> {
    let Some(server) = target.sends else { return Ok(String::new()) };
    let Settings { imports, token, tls } = node::settings(target);
    Ok(format!(
        "{imports}import nodemailer from \"nodemailer\";

{token}
const transport = nodemailer.createTransport({{
  host: {},
  port: {},
  secure: {},
  requireTLS: true,
{tls}  auth: {{ type: \"OAuth2\", user, accessToken: token() }},
}});
await transport.sendMail({{
  from: user,
  to: user,
  subject: \"Sent by Nodemailer\",
  text: \"With a token of mailgrant.\",
}});
",
        quote::literal(server.host.as_str()),
        server.port,
        is_implicit(server),
    ))
}
