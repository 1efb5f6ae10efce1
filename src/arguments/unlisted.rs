//! The flags for a mailbox that is not in the profile: what it is, and its access token. No file is read for it, and nothing
//! is stored.

use std::path::Path;

use clap::Args as ClapArgs;

use super::filed::{unspanned, wrong_flag};
use super::mailbox_flags::MailboxFlags;
use super::provider_flags::ProviderFlags;
use crate::config::{self, AppFile, MailboxFile, ServiceFile};
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::given::{Given, TokenPlace};
use crate::profile::{
    Access, Address, App, ClientId, EndpointUrl, Invalid, Mailbox, Name, Origin, Profile, Protocol, Side, Tenant,
    provider,
};
use crate::text::Redactor;

/// What stands for a client ID that nothing tells.
const CLIENT_ID: &str = "CLIENT_ID";
/// What stands for a tenant that nothing tells: any organisation.
const TENANT: &str = "organizations";
/// What stands for an issuer that nothing tells; no name ends so (RFC 6761 §6.4).
const ISSUER: &str = "https://issuer.invalid";

/// A mailbox that is not in the profile, and its access token.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "A mailbox without a profile")]
pub struct Unlisted {
    #[command(flatten)]
    mailbox: MailboxFlags,
    #[command(flatten)]
    at: ProviderFlags,
    /// Read its access token from standard input; nothing is stored
    #[arg(long)]
    token_stdin: bool,
    /// Read its access token from this environment variable; nothing is stored
    #[arg(long, value_name = "VAR", conflicts_with = "token_stdin")]
    token_env: Option<String>,
}

/// The mailboxes that a command is about: of the profile, or the one that the command line describes.
pub struct Subjects {
    /// The profile, or what is in its place.
    pub profile: Profile,
    /// What there is of an access token, where no profile has the mailbox.
    pub given: Option<Given>,
}

impl Unlisted {
    /// Whether a mailbox is described.
    #[must_use]
    pub fn has_mailbox(&self) -> bool {
        self.mailbox.address.is_some()
    }

    /// The profile, or the mailbox that the flags describe: then no file is read and no store is opened. `is_named` tells
    /// whether mailboxes of the profile are named.
    ///
    /// # Errors
    /// If the profile cannot be read, or the flags do not describe a mailbox.
    pub fn subjects(&self, is_named: bool, context: &Context) -> Result<Subjects, CommandError> {
        let Some(address) = self.address(is_named)? else {
            return Ok(Subjects { profile: context.profile()?, given: None });
        };
        context.keep_nothing();
        let place = match (&self.token_env, self.token_stdin) {
            (Some(variable), _) => Some(TokenPlace::Variable(variable.clone())),
            (None, true) => Some(TokenPlace::Stdin),
            (None, false) => None,
        };
        // What is wrong with the flags is said before anything is read.
        self.profile(address, None)?;
        let given = Given::read(place.as_ref(), context)?;
        Ok(Subjects { profile: self.profile(address, Some(&given))?, given: Some(given) })
    }

    /// The address of the mailbox that is described; none where the profile's mailboxes are meant.
    fn address(&self, is_named: bool) -> Result<Option<&Address>, CommandError> {
        let of_token =
            if self.token_stdin { Some("--token-stdin") } else { self.token_env.as_ref().map(|_| "--token-env") };
        let Some(flag) = of_token.or(self.at.first()).or(self.mailbox.first()) else { return Ok(None) };
        if is_named {
            return Err(CommandError::usage(
                shown!("{} is for a mailbox that is not in the profile, and a mailbox of the profile is named.", flag),
                shown!("Leave {} out, or give --address ADDRESS --provider PROVIDER in place of the name", flag),
            ));
        }
        match &self.mailbox.address {
            Some(address) => Ok(Some(address)),
            None => Err(CommandError::usage(
                shown!("{} is for a mailbox that is not in the profile, and --address is missing.", flag),
                "Give --address ADDRESS --provider PROVIDER, or the name of a mailbox of the profile without such flags",
            )),
        }
    }

    /// A profile of this mailbox alone. What only a sign-in needs is taken from the token, where it says it.
    fn profile(&self, address: &Address, given: Option<&Given>) -> Result<Profile, CommandError> {
        let said = |names: &[&str]| given.and_then(|given| given.claim(names));
        let mut file = self.at.over(AppFile::default())?;
        let Some(chosen) = self.at.provider else {
            let keys = Redactor::by_shape(&provider::keys(|_| true));
            return Err(CommandError::usage(
                shown!("--provider is missing: whose servers the mailbox {} is at.", address),
                shown!("Give --provider {}", keys),
            ));
        };
        let sign_in = &chosen.deployment(self.at.cloud.unwrap_or_default()).unwrap_or(chosen.main()).sign_in;
        if sign_in.needs_tenant() && file.tenant.is_none() {
            file.tenant = Some(unspanned(known::<Tenant>(said(&["tid"]), TENANT)));
        }
        if sign_in.needs_issuer() {
            file.issuer = Some(unspanned(known::<EndpointUrl>(said(&["iss"]), ISSUER)));
        }
        let client = said(&["appid", "azp", "client_id", "cid"]);
        file.client_id = Some(unspanned(known::<ClientId>(client, CLIENT_ID)));
        let name: Name = chosen.key.parse().map_err(|invalid: Invalid| {
            CommandError::usage(Redactor::by_shape(&invalid.problem), Redactor::by_shape(&invalid.instead))
        })?;
        let app = config::validate_app(name.clone(), &file, 0..0, Path::new("")).map_err(wrong_flag)?;
        let mailbox =
            config::validate_mailbox(name, &self.sides(&app)?, &app, 0..0, Path::new("")).map_err(wrong_flag)?;
        let access = if given.is_some_and(Given::is_of_app) { Access::App } else { mailbox.access };
        let mailbox = Mailbox { origin: Origin::CommandLine, access, ..mailbox };
        Ok(Profile {
            mailboxes: [(mailbox.name.clone(), mailbox)].into(),
            apps: [(app.name.clone(), app)].into(),
            ..Profile::default()
        })
    }

    /// The mailbox as the flags have it, each side over its usual protocol where they do not say.
    fn sides(&self, app: &App) -> Result<MailboxFile, CommandError> {
        let mut file = self.mailbox.over(None);
        let usual = |side: Side, has_details: bool| {
            let is_known = |protocol: &Protocol| app.deployment().service(*protocol, side).is_some();
            let of_server = |protocol: &Protocol| has_details && protocol.ports().is_some();
            let protocol = Protocol::of(side).find(is_known).or_else(|| Protocol::of(side).find(of_server));
            protocol.map(|protocol| unspanned::<ServiceFile>(self.mailbox.service_file(side, protocol, None)))
        };
        if self.mailbox.incoming.is_none() {
            file.incoming = usual(Side::Incoming, self.mailbox.says_incoming());
        }
        if self.mailbox.outgoing.is_none() {
            file.outgoing = usual(Side::Outgoing, self.mailbox.says_outgoing());
        }
        for (side, is_there, details) in [
            (Side::Incoming, file.incoming.is_some(), self.mailbox.incoming_details().as_slice()),
            (Side::Outgoing, file.outgoing.is_some(), self.mailbox.outgoing_details().as_slice()),
        ] {
            if let Some((flag, _)) = details.iter().find(|(_, is_given)| *is_given && !is_there) {
                let side = side.key();
                return Err(CommandError::usage(
                    shown!("{} has no effect: --{} none leaves that side out.", *flag, side),
                    shown!("Leave {} out, or give --{} with a protocol", *flag, side),
                ));
            }
        }
        if file.incoming.is_none() && file.outgoing.is_none() {
            return Err(CommandError::usage(
                shown!(
                    "No server is named, and mailgrant does not know those of this provider ({}).",
                    app.provider.title
                ),
                "Give --incoming-host HOST, or --outgoing-host HOST, or both",
            ));
        }
        Ok(file)
    }
}

/// What the token says, where it is such a value, else `otherwise`.
fn known<T: std::str::FromStr>(said: Option<&str>, otherwise: &str) -> String {
    said.filter(|text| text.parse::<T>().is_ok()).unwrap_or(otherwise).to_owned()
}
