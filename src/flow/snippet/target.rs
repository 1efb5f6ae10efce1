//! What a snippet is written for.

use super::own::OwnCommand;
use crate::profile::{Mailbox, Protocol, ServerEndpoint, Side, TlsMode};
use crate::text::{Shown, is_unprintable};

/// Why a value cannot be in a program's configuration.
#[derive(Debug)]
pub(super) struct Refusal(pub(super) Shown);

/// A mailbox, through the servers that a program can speak to.
#[derive(Debug)]
pub(super) struct Target<'a> {
    /// The mailbox.
    pub(super) mailbox: &'a Mailbox,
    /// How its mail is read, where the program can.
    pub(super) reads: Option<(Protocol, &'a ServerEndpoint)>,
    /// The server that its mail is sent through, where the program can.
    pub(super) sends: Option<&'a ServerEndpoint>,
    own: &'a OwnCommand,
}

impl<'a> Target<'a> {
    /// `mailbox` for a program that speaks `protocols`.
    pub(super) fn of(mailbox: &'a Mailbox, own: &'a OwnCommand, protocols: &[Protocol]) -> Self {
        let server = |side: Side| {
            let service = mailbox.service(side).filter(|service| protocols.contains(&service.protocol))?;
            Some((service.protocol, service.endpoint.server()?))
        };
        let sends = server(Side::Outgoing).map(|(_, server)| server);
        Self { mailbox, reads: server(Side::Incoming), sends, own }
    }

    /// Refuses what no line can hold, whatever the language.
    pub(super) fn insist_on_lines(&self) -> Result<(), Refusal> {
        let ca = self.mailbox.ca_file.as_ref();
        if ca.is_some_and(|path| path.to_str().is_none()) {
            return Err(Refusal(shown!("the path of ca_file is not text in UTF-8")));
        }
        let words = self.token().into_iter().chain(self.ca().map(str::to_owned));
        match words.into_iter().find(|word| word.contains(is_unprintable)) {
            Some(word) => Err(Refusal(shown!("{} holds a control character", std::path::Path::new(&word)))),
            None => Ok(()),
        }
    }

    /// The user that SASL names.
    pub(super) fn user(&self) -> &str {
        self.mailbox.address.as_str()
    }

    /// The private CA of its servers.
    pub(super) fn ca(&self) -> Option<&str> {
        self.mailbox.ca_file.as_ref().and_then(|path| path.to_str())
    }

    /// The private CA for a program that fills in `$` and `~` in a path.
    pub(super) fn ca_unexpanded(&self) -> Result<Option<&str>, Refusal> {
        match self.ca() {
            Some(ca) if ca.contains(['$', '~']) => {
                Err(Refusal("the path of ca_file holds a $ or ~, which it expands".into()))
            }
            ca => Ok(ca),
        }
    }

    /// The command that prints a token.
    pub(super) fn token(&self) -> Vec<String> {
        self.own.with(&["token", self.mailbox.name.as_str()])
    }

    /// The command that prints a token in another form.
    pub(super) fn token_as(&self, form: &str) -> Vec<String> {
        self.own.with(&["token", self.mailbox.name.as_str(), "--as", form])
    }
}

/// Whether TLS begins with the first byte.
pub(super) fn is_implicit(server: &ServerEndpoint) -> bool {
    match server.tls {
        TlsMode::Implicit => true,
        TlsMode::StartTls => false,
    }
}

/// The host as URLs and lists of `host:port` have it: an IPv6 address in brackets (RFC 3986 §3.2.2).
pub(super) fn bracketed(server: &ServerEndpoint) -> String {
    let host = server.host.as_str();
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}
