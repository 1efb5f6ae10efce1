//! What `add` asks at a terminal for whatever the flags leave open.

use jiff::tz::TimeZone;
use toml::Spanned;

use crate::arguments::choices;
use crate::arguments::filed::unspanned;
use crate::arguments::mailbox_flags::MailboxFlags;
use crate::config::{AppFile, MailboxFile};
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::doubt::{self, Ruling};
use crate::flow::provider_of::{self, Found};
use crate::profile::date;
use crate::profile::provider::{self, ALL};
use crate::profile::{
    Access, Address, App, ClientId, Cloud, Credential, EndpointUrl, HostName, Invalid, Mailbox, Protocol, Provider,
    Side, Tenant, client_id_doubt,
};
use crate::text::{self, Redactor, Shown};

/// A check of an answer: it parses as `T`.
fn parses<T: std::str::FromStr<Err = Invalid>>(text: &str) -> Result<(), String> {
    text.parse::<T>().map(|_| ()).map_err(|invalid| invalid.to_string())
}

/// The mailbox's address.
pub(super) fn address(context: &Context) -> Result<Address, CommandError> {
    let prompter = context.prompter.as_ref();
    let text = prompter
        .ask("The mailbox's address", None, &parses::<Address>)
        .map_err(|error| CommandError::unasked(&error, "--address with the mailbox's address"))?;
    text.parse().map_err(|Invalid { problem, instead }: Invalid| {
        CommandError::usage(Redactor::by_shape(&problem), text::sentence(&instead))
    })
}

/// Whether the new mailbox signs in with the app of another one of its domain.
pub(super) fn use_app_of(app: &App, other: &Mailbox, context: &Context) -> Result<bool, CommandError> {
    let question =
        shown!("Sign in with app '{}' ({}), as mailbox '{}' does?", app.name, app.provider.title, other.name);
    context.prompter.offer(&question).map_err(|error| CommandError::unasked(&error, "--app NAME"))
}

/// The provider, from all of them: the one that the address tells comes first.
fn provider(found: Option<&Found>, context: &Context) -> Result<Provider, CommandError> {
    let others = ALL.into_iter().filter(|provider| found.is_none_or(|found| found.provider != *provider));
    let providers: Vec<Provider> = found.map(|found| found.provider).into_iter().chain(others).collect();
    let titles: Vec<Shown> = providers
        .iter()
        .map(|provider| match found.filter(|found| found.provider == *provider) {
            Some(found) => shown!("{} (found by {})", provider.title, found.by),
            None => provider.title.into(),
        })
        .collect();
    let titles: Vec<&str> = titles.iter().map(Shown::as_str).collect();
    let chosen = context.prompter.choose("Which provider", &titles).map_err(|error| {
        CommandError::unasked(&error, shown!("--provider {}", Redactor::by_shape(&provider::keys(|_| true))))
    })?;
    Ok(providers[chosen])
}

/// The provider of the sign-in, its place, and the client. What was taken although it looks like a mistake sets
/// `is_forced`.
pub(super) fn sign_in(
    file: &mut AppFile,
    address: Option<&Address>,
    is_forced: &mut bool,
    context: &Context,
) -> Result<(), CommandError> {
    let prompter = context.prompter.as_ref();
    let is_open = file.provider.is_none() && prompter.is_interactive();
    let found = address.filter(|_| is_open).and_then(provider_of::of);
    let provider = match &file.provider {
        Some(provider) => *provider.get_ref(),
        None => provider(found.as_ref(), context)?,
    };
    file.provider = Some(unspanned(provider));
    let found = found.filter(|found| found.provider == provider);
    if let Some(found) = found.as_ref().filter(|found| found.cloud != Cloud::default()) {
        file.cloud.get_or_insert_with(|| unspanned(found.cloud));
    }
    let cloud = file.cloud.as_ref().map(|cloud| *cloud.get_ref()).unwrap_or_default();
    let preset = &provider.deployment(cloud).unwrap_or(provider.main()).sign_in;
    if preset.needs_tenant() && file.tenant.is_none() {
        // A domain that has its mail here is one of the tenant's, and names it.
        let domain = address.filter(|_| found.is_some()).map(Address::domain);
        let tenant = prompter
            .ask("Directory (tenant) ID, or a domain of the organisation", domain, &parses::<Tenant>)
            .map_err(|error| CommandError::unasked(&error, "--tenant with the Directory (tenant) ID"))?;
        file.tenant = Some(unspanned(tenant));
    }
    if preset.needs_issuer() && file.issuer.is_none() {
        let issuer = prompter
            .ask("Issuer of the OpenID provider", None, &parses::<EndpointUrl>)
            .map_err(|error| CommandError::unasked(&error, "--issuer with the provider's https:// address"))?;
        file.issuer = Some(unspanned(issuer));
    }
    let tenant: Option<Tenant> = file.tenant.as_ref().and_then(|tenant| tenant.get_ref().parse().ok());
    let credential = file.credential_kind();
    loop {
        let id = match &file.client_id {
            Some(id) => id.get_ref().clone(),
            None => prompter
                .ask("Application (client) ID", None, &parses::<ClientId>)
                .map_err(|error| CommandError::unasked(&error, "--client-id with the Application (client) ID"))?,
        };
        // What is not a client ID at all is refused with the other values.
        let doubt =
            id.parse::<ClientId>().ok().and_then(|_| client_id_doubt(&id, provider, tenant.as_ref(), credential));
        let Some(code) = doubt else {
            file.client_id = Some(unspanned(id));
            return Ok(());
        };
        match doubt::rule(code, *is_forced, prompter)? {
            Ruling::Use => {
                *is_forced = true;
                file.client_id = Some(unspanned(id));
                return Ok(());
            }
            Ruling::AskAgain => file.client_id = None,
        }
    }
}

/// Whether a new app has a secret, and until when. Without a terminal it has one, and the day stays unknown.
pub(super) fn secret(file: &mut AppFile, source_is_given: bool, context: &Context) -> Result<(), CommandError> {
    let prompter = context.prompter.as_ref();
    if !prompter.is_interactive() {
        return Ok(());
    }
    if file.credential.is_none() && !source_is_given {
        let unasked = |error| {
            let keys = Shown::join(Credential::ALL.map(Credential::key), " or ");
            CommandError::unasked(&error, shown!("--credential {}", keys))
        };
        if !prompter.offer("Does the app have a client secret?").map_err(unasked)? {
            let provider = file.provider.as_ref().map(|provider| *provider.get_ref());
            let is_known = |kind: &Credential| provider.is_none_or(|provider: Provider| provider.takes(*kind));
            let others = Credential::ALL.into_iter().filter(|kind| !kind.has_secret()).filter(is_known);
            let others: Vec<Credential> = others.collect();
            let chosen = match others.as_slice() {
                [only] => *only,
                several => {
                    let answers: Vec<&str> = several.iter().map(|kind| kind.answer()).collect();
                    several[prompter.choose("How does it authenticate", &answers).map_err(unasked)?]
                }
            };
            file.credential = Some(unspanned(chosen));
        }
    }
    let credential = file.credential_kind();
    if !credential.has_secret() || file.secret_expires.is_some() {
        return Ok(());
    }
    let today = context.clock.now().to_zoned(TimeZone::UTC).date();
    let accept = |text: &str| match text {
        "" => Ok(()),
        text => date::parse(text, today).map(|_| ()).map_err(|invalid| invalid.to_string()),
    };
    let question = "When does the secret expire (2027-05-20, '24 months'; Enter if unknown)";
    let answer =
        prompter.ask(question, None, &accept).map_err(|error| CommandError::unasked(&error, "--expires DATE"))?;
    file.secret_expires = date::parse(&answer, today).ok().map(unspanned);
    Ok(())
}

/// Whether a user signs in for the mailboxes of a new app. Asked only where the app has a credential that machines have: with a
/// client secret a user signs in, unless a flag says otherwise.
pub(super) fn access(file: &mut AppFile, context: &Context) -> Result<(), CommandError> {
    let credential = file.credential_kind();
    let cloud = file.cloud.as_ref().map(|cloud| *cloud.get_ref()).unwrap_or_default();
    let lets_in = file.provider.as_ref().is_some_and(|provider| {
        let provider = *provider.get_ref();
        provider.lets_apps_in(provider.deployment(cloud).unwrap_or(provider.main()), credential)
    });
    if !credential.is_of_machines() || !lets_in || file.access.is_some() || !context.prompter.is_interactive() {
        return Ok(());
    }
    let answers = ["a user signs in, and the app acts for them", "the app opens the mailbox by itself"];
    let chosen = context.prompter.choose("Who is let into the mailbox", &answers).map_err(|error| {
        let keys = Shown::join([Access::User, Access::App].map(Access::key), " or ");
        CommandError::unasked(&error, shown!("--access {}", keys))
    })?;
    file.access = Some(unspanned([Access::User, Access::App][chosen]));
    Ok(())
}

/// Whether an app of the profile is used for a new mailbox.
pub(super) fn use_app(app: &App, context: &Context) -> Result<bool, CommandError> {
    if !context.prompter.is_interactive() {
        return Ok(true);
    }
    let question = format!("App '{}' has this client ID. Use it?", app.name);
    let wanted = context.prompter.offer(&question).map_err(|error| CommandError::unasked(&error, "--app NAME"))?;
    if !wanted {
        context.prompter.say("Then it is a second app with the same client ID, with its own copy of the secret.");
    }
    Ok(wanted)
}

/// Where the mailbox's mail is read and sent.
pub(super) fn sides(
    file: &mut MailboxFile,
    flags: &MailboxFlags,
    app: &App,
    context: &Context,
) -> Result<(), CommandError> {
    let prompter = context.prompter.as_ref();
    let interactive = prompter.is_interactive();
    if flags.incoming.is_none() && file.incoming.is_none() {
        let ask = interactive && !flags.says_incoming();
        let protocol = protocol("How is its mail read", "--incoming", (app, Side::Incoming), ask, context)?;
        file.incoming = protocol.map(|protocol| unspanned(flags.service_file(Side::Incoming, protocol, None)));
    }
    if flags.outgoing.is_none() && file.outgoing.is_none() {
        let ask = interactive && !flags.says_outgoing();
        let protocol = protocol("How is its mail sent", "--outgoing", (app, Side::Outgoing), ask, context)?;
        file.outgoing = protocol.map(|protocol| unspanned(flags.service_file(Side::Outgoing, protocol, None)));
    }
    if interactive {
        let has_server = |protocol: Protocol, side: Side| {
            protocol.ports().is_none() || app.deployment().service(protocol, side).is_some()
        };
        if let Some(side) = file.incoming.as_mut().map(Spanned::get_mut)
            && side.host.is_none()
            && !has_server(*side.protocol.get_ref(), Side::Incoming)
        {
            let host = prompter.ask("Incoming mail server", None, &parses::<HostName>);
            side.host = Some(host.map_err(|error| CommandError::unasked(&error, "--incoming-host HOST"))?);
        }
        let incoming = file.incoming.as_ref().and_then(|side| side.get_ref().host.clone());
        if let Some(side) = file.outgoing.as_mut().map(Spanned::get_mut)
            && side.host.is_none()
            && !has_server(*side.protocol.get_ref(), Side::Outgoing)
        {
            let host = prompter.ask("Outgoing mail server", incoming.as_deref(), &parses::<HostName>);
            side.host = Some(host.map_err(|error| CommandError::unasked(&error, "--outgoing-host HOST"))?);
        }
    }
    Ok(())
}

/// The protocol of `side`, the usual one unless it is asked for; none if the mailbox lacks that side.
fn protocol(
    question: &str,
    flag: &'static str,
    (app, side): (&App, Side),
    ask: bool,
    context: &Context,
) -> Result<Option<Protocol>, CommandError> {
    let known: Vec<Protocol> = app.protocols(side).collect();
    if !ask {
        return Ok(known.first().copied());
    }
    let choices: Vec<&str> = known.iter().map(|protocol| protocol.title()).chain(["not at all"]).collect();
    let chosen = context.prompter.choose(question, &choices).map_err(|error| {
        CommandError::unasked(&error, shown!("{} {}", flag, Redactor::by_shape(&choices::protocol_keys(side))))
    })?;
    Ok(known.get(chosen).copied())
}

/// Whether a second mailbox with the address of `other` is meant.
pub(super) fn twice(address: &Address, other: &str, context: &Context) -> Result<bool, CommandError> {
    let prompter = context.prompter.as_ref();
    prompter.say(&format!("Mailbox '{other}' of this profile has the address {address} already."));
    prompter.confirm("Add it a second time?").map_err(|error| CommandError::unasked(&error, "--force"))
}
