//! A mailbox's values as flags, and how they change what the profile has.

use clap::Args as ClapArgs;
use toml::Spanned;

use super::choices::{self, Choice};
use super::filed::{over, unspanned};
use super::typed;
use crate::config::{MailboxFile, ServiceFile};
use crate::profile::{Address, HostName, Protocol, Side, TlsMode};

/// The mailbox's values.
#[derive(Debug, Default, ClapArgs)]
pub struct MailboxFlags {
    /// The mailbox's address
    #[arg(long, value_parser = typed::<Address>())]
    pub address: Option<Address>,
    /// The account that signs in, where it is another one (a shared mailbox's delegate)
    #[arg(long, value_name = "ADDRESS", value_parser = typed::<Address>())]
    pub sign_in_as: Option<Address>,
    /// How its mail is read [default: imap]
    #[arg(long, value_parser = choices::protocols(Side::Incoming))]
    pub incoming: Option<Choice>,
    /// The server that it is read from, where it is not the provider's
    #[arg(long, value_name = "HOST", value_parser = typed::<HostName>())]
    pub incoming_host: Option<HostName>,
    /// That server's port
    #[arg(long, value_name = "PORT")]
    pub incoming_port: Option<u16>,
    /// How TLS begins there
    #[arg(long, value_name = "MODE")]
    pub incoming_tls: Option<TlsMode>,
    /// How its mail is sent [default: smtp]
    #[arg(long, value_parser = choices::protocols(Side::Outgoing))]
    pub outgoing: Option<Choice>,
    /// The server that it is sent through, where it is not the provider's
    #[arg(long, value_name = "HOST", value_parser = typed::<HostName>())]
    pub outgoing_host: Option<HostName>,
    /// That server's port
    #[arg(long, value_name = "PORT")]
    pub outgoing_port: Option<u16>,
    /// How TLS begins there
    #[arg(long, value_name = "MODE")]
    pub outgoing_tls: Option<TlsMode>,
    /// What this machine calls itself there (EHLO), where the server wants a full host name [default: its address]
    #[arg(long, value_name = "HOST", value_parser = typed::<HostName>())]
    pub ehlo_name: Option<HostName>,
}

impl MailboxFlags {
    /// The first flag that was given.
    #[must_use]
    pub fn first(&self) -> Option<&'static str> {
        let whose = [
            ("--address", self.address.is_some()),
            ("--sign-in-as", self.sign_in_as.is_some()),
            ("--incoming", self.incoming.is_some()),
            ("--outgoing", self.outgoing.is_some()),
        ];
        let flags = whose.into_iter().chain(self.incoming_details()).chain(self.outgoing_details());
        flags.into_iter().find(|(_, is_given)| *is_given).map(|(flag, _)| flag)
    }

    /// These flags over what is in the profile.
    #[must_use]
    pub fn over(&self, file: Option<MailboxFile>) -> MailboxFile {
        let old = file.unwrap_or_default();
        let incoming = self.service(Side::Incoming, self.incoming, old.incoming.map(Spanned::into_inner));
        let outgoing = self.service(Side::Outgoing, self.outgoing, old.outgoing.map(Spanned::into_inner));
        MailboxFile {
            app: old.app,
            access: old.access,
            address: over(&self.address, old.address),
            sign_in_as: over(&self.sign_in_as, old.sign_in_as),
            incoming: incoming.map(unspanned),
            outgoing: outgoing.map(unspanned),
            enabled: old.enabled,
            ca_file: old.ca_file,
        }
    }

    /// One side, as chosen by a flag or as the profile has it.
    fn service(&self, side: Side, choice: Option<Choice>, old: Option<ServiceFile>) -> Option<ServiceFile> {
        let had = old.as_ref().map(|old| *old.protocol.get_ref());
        let protocol = choice.map_or(had, |Choice(chosen)| chosen)?;
        Some(self.service_file(side, protocol, old))
    }

    /// One side over `protocol`; what the profile has counts only for the same protocol.
    #[must_use]
    pub fn service_file(&self, side: Side, protocol: Protocol, old: Option<ServiceFile>) -> ServiceFile {
        let old = old.filter(|old| *old.protocol.get_ref() == protocol);
        let had = old.as_ref();
        let (old_host, old_ehlo) = (had.and_then(|old| old.host.clone()), had.and_then(|old| old.ehlo_name.clone()));
        let (host, port, tls, ehlo_name) = match side {
            Side::Incoming => (&self.incoming_host, self.incoming_port, self.incoming_tls, &None),
            Side::Outgoing => (&self.outgoing_host, self.outgoing_port, self.outgoing_tls, &self.ehlo_name),
        };
        ServiceFile {
            protocol: unspanned(protocol),
            host: host.as_ref().map(HostName::to_string).or(old_host),
            port: port.or(had.and_then(|old| old.port)),
            tls: tls.or(had.and_then(|old| old.tls)),
            ehlo_name: ehlo_name.as_ref().map(HostName::to_string).or(old_ehlo),
        }
    }

    /// The flags about how mail is read, each with whether it was given.
    #[must_use]
    pub fn incoming_details(&self) -> [(&'static str, bool); 3] {
        [
            ("--incoming-host", self.incoming_host.is_some()),
            ("--incoming-port", self.incoming_port.is_some()),
            ("--incoming-tls", self.incoming_tls.is_some()),
        ]
    }

    /// The flags about how mail is sent, each with whether it was given.
    #[must_use]
    pub fn outgoing_details(&self) -> [(&'static str, bool); 4] {
        [
            ("--outgoing-host", self.outgoing_host.is_some()),
            ("--outgoing-port", self.outgoing_port.is_some()),
            ("--outgoing-tls", self.outgoing_tls.is_some()),
            ("--ehlo-name", self.ehlo_name.is_some()),
        ]
    }

    /// Whether a flag says how mail is read, so that the protocol need not be asked for.
    #[must_use]
    pub fn says_incoming(&self) -> bool {
        self.incoming_details().iter().any(|(_, is_given)| *is_given)
    }

    /// Whether a flag says how mail is sent.
    #[must_use]
    pub fn says_outgoing(&self) -> bool {
        self.outgoing_details().iter().any(|(_, is_given)| *is_given)
    }
}
