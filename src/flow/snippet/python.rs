//! Python, with its own modules alone.

use super::program::{Program, Trial};
use super::quote;
use super::target::{Refusal, Target, is_implicit};
use crate::profile::{Protocol, ServerEndpoint};

pub(super) static PROGRAM: Program = Program {
    name: "python",
    about: "a script that looks at the inbox and sends a mail",
    protocols: &[Protocol::Imap, Protocol::Smtp],
    place: "A script of its own.",
    needs: "Python 3.6 or newer",
    tried: Trial::ByTests("Python 3.11"),
    comment: "#",
    opening: "",
    write,
};

fn write(target: &Target<'_>) -> Result<String, Refusal> {
    let user = quote::literal(target.user());
    let command: Vec<String> = target.token_as("xoauth2").iter().map(|word| quote::literal(word)).collect();
    let ca = target.ca().map(|ca| format!("cafile={}", quote::literal(ca))).unwrap_or_default();
    let imports: Vec<&str> = [target.reads.map(|_| "import imaplib"), target.sends.map(|_| "import smtplib")]
        .into_iter()
        .flatten()
        .collect();
    let message = target.sends.map(|_| "from email.message import EmailMessage\n").unwrap_or_default();
    let mut text = format!(
        "import base64
{}
import ssl
import subprocess
{message}
USER = {user}
COMMAND = [{}]


def xoauth2():
    \"\"\"What XOAUTH2 sends, with a token that is good now.\"\"\"
    return base64.b64decode(subprocess.run(COMMAND, check=True, stdout=subprocess.PIPE).stdout)


tls = ssl.create_default_context({ca})
",
        imports.join("\n"),
        command.join(", "),
    );
    if let Some((_, server)) = target.reads {
        text.push_str(&reading(server));
    }
    if let Some(server) = target.sends {
        text.push_str(&sending(server));
    }
    Ok(text)
}

fn reading(server: &ServerEndpoint) -> String {
    let (host, port) = (quote::literal(server.host.as_str()), server.port);
    let (open, upgrade) = match is_implicit(server) {
        true => (format!("imaplib.IMAP4_SSL({host}, {port}, ssl_context=tls)"), ""),
        false => (format!("imaplib.IMAP4({host}, {port})"), "    imap.starttls(tls)\n"),
    };
    format!(
        "
with {open} as imap:
{upgrade}    # A second question is the server's reason to refuse: it wants an empty answer.
    imap.authenticate(\"XOAUTH2\", lambda question: b\"\" if question else xoauth2())
    _, count = imap.select(\"INBOX\", readonly=True)
    print(int(count[0]), \"messages\")
"
    )
}

fn sending(server: &ServerEndpoint) -> String {
    let (host, port) = (quote::literal(server.host.as_str()), server.port);
    let (open, upgrade) = match is_implicit(server) {
        true => (format!("smtplib.SMTP_SSL({host}, {port}, context=tls)"), ""),
        false => (format!("smtplib.SMTP({host}, {port})"), "    smtp.starttls(context=tls)\n"),
    };
    format!(
        "
message = EmailMessage()
message[\"From\"] = message[\"To\"] = USER
message[\"Subject\"] = \"Sent by Python\"
message.set_content(\"With a token of mailgrant.\")
with {open} as smtp:
{upgrade}    smtp.ehlo_or_helo_if_needed()
    # Not with AUTH itself: a line is short, and a token is long (RFC 4954 §4).
    answer = lambda question: \"\" if question else xoauth2().decode()
    smtp.auth(\"XOAUTH2\", answer, initial_response_ok=False)
    smtp.send_message(message)
"
    )
}
