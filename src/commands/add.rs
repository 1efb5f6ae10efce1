//! `add`: flags or prompts to a checked app and mailbox, the secret into the store, the profile written.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use jiff::civil::Date;
use toml::Spanned;

use super::secret_source::{SecretSource, sentence};
use super::stored_secret::{Stored, Wish};
use super::{CommandError, registration, subject};
use crate::config::{
    self, AppFile, DayFile, Edit, IncomingFile, MailboxFile, OutgoingFile, Problem, ProfileDocument, ScopesFile,
    base_of,
};
use crate::context::Context;
use crate::profile::{
    App, Cloud, Credential, IncomingProtocol, Invalid, Mailbox, Name, OutgoingProtocol, Provider, TlsMode,
};
use crate::report::{Document, ExitCode, Report};

/// Add a mailbox (and its app, where it is new) to the profile
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The mailbox's name in the profile
    name: String,
    #[command(flatten)]
    app: AppFlags,
    #[command(flatten)]
    mailbox: MailboxFlags,
    #[command(flatten)]
    secret: SecretSource,
    /// Replace what stands in the profile under these names
    #[arg(long)]
    force: bool,
}

/// The app's values.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "The app registration")]
struct AppFlags {
    /// The app's name in the profile; several mailboxes can share one [default: the mailbox's name]
    #[arg(long)]
    app: Option<String>,
    /// Who runs the sign-in
    #[arg(long)]
    provider: Option<Provider>,
    /// Microsoft 365: which national cloud
    #[arg(long)]
    cloud: Option<Cloud>,
    /// Microsoft: Directory (tenant) ID, a verified domain, organizations, consumers or common
    #[arg(long)]
    tenant: Option<String>,
    /// Microsoft: another sign-in host than the cloud's own
    #[arg(long, value_name = "URL")]
    authority: Option<String>,
    /// OpenID provider: its issuer
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// A scope that opens the mailbox, instead of the preset's; may be repeated
    #[arg(long = "scope", value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Application (client) ID
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// How the app proves itself [default: secret]
    #[arg(long)]
    credential: Option<Credential>,
    /// The redirect URI as registered, where it is not the preset's
    #[arg(long, value_name = "URI")]
    redirect_uri: Option<String>,
    /// The day on which the client secret expires, as in 2027-05-20
    #[arg(long, value_name = "DATE")]
    expires: Option<Date>,
    /// A private CA (PEM) for the sign-in and mail servers, trusted beside the system's
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

/// The mailbox's values.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "The mailbox")]
struct MailboxFlags {
    /// Whose mail it is
    #[arg(long)]
    address: Option<String>,
    /// Who signs in, where that is somebody else (a shared mailbox's delegate)
    #[arg(long, value_name = "ADDRESS")]
    sign_in_as: Option<String>,
    /// How its mail is read [default: imap]
    #[arg(long)]
    incoming: Option<IncomingChoice>,
    #[arg(long, value_name = "HOST")]
    incoming_host: Option<String>,
    #[arg(long, value_name = "PORT")]
    incoming_port: Option<u16>,
    #[arg(long, value_name = "MODE")]
    incoming_tls: Option<TlsMode>,
    /// How its mail is sent [default: smtp]
    #[arg(long)]
    outgoing: Option<OutgoingChoice>,
    #[arg(long, value_name = "HOST")]
    outgoing_host: Option<String>,
    #[arg(long, value_name = "PORT")]
    outgoing_port: Option<u16>,
    #[arg(long, value_name = "MODE")]
    outgoing_tls: Option<TlsMode>,
}

/// A protocol for reading, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum IncomingChoice {
    Imap,
    Pop3,
    None,
}

/// A protocol for sending, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum OutgoingChoice {
    Smtp,
    None,
}

/// Runs the command.
///
/// # Errors
/// If a value is missing or wrong, the names are taken, or the store or the profile cannot be written.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let name = flag_name("NAME", &args.name)?;
    let document = ProfileDocument::open(&context.profile_path)?;
    let app_name = app_name(args, &name, &document)?;
    let base = base_of(&context.profile_path).to_owned();

    let old_app = document.profile().apps.get(&app_name).cloned();
    let mut app_file = args.app.over(document.app_file(&app_name))?;
    if old_app.is_none() {
        ask_app(&mut app_file, context)?;
    }
    let app = config::validate_app(app_name.clone(), &app_file, 0..0, &base).map_err(wrong_flag)?;

    let old_mailbox = document.profile().mailboxes.get(&name).cloned();
    let mut mailbox_file = args.mailbox.over(document.mailbox_file(&name), &app_name);
    if old_mailbox.is_none() {
        ask_mailbox(&mut mailbox_file, args, &app, context)?;
    }
    let mailbox = config::validate_mailbox(name.clone(), &mailbox_file, &app, 0..0, &base).map_err(wrong_flag)?;

    if !args.force {
        refuse_other("app", &app_name, old_app.as_ref().is_some_and(|old| *old != app), &name, args)?;
        let is_other = old_mailbox.as_ref().is_some_and(|old| *old != mailbox);
        refuse_other("mailbox", &name, is_other, &name, args)?;
    }
    let wish = Wish { app: &app, known: old_app.as_ref(), expires: args.app.expires, force: args.force };
    let asked = match app.credential {
        Credential::None => None,
        Credential::Secret => Some(wish.ask(&args.secret, &document.profile().secrets, context)?),
    };
    let secrets = document.profile().secrets.clone();

    // All is asked: from here on nobody waits for a person.
    let mut document = ProfileDocument::open_locked(&context.profile_path, context.locks(), context.lock_wait())?;
    let now = document.profile();
    let same_app = [old_app.as_ref(), Some(&app)].contains(&now.apps.get(&app_name));
    let same_mailbox = [old_mailbox.as_ref(), Some(&mailbox)].contains(&now.mailboxes.get(&name));
    if !same_app || !same_mailbox || now.secrets != secrets {
        return Err(subject::changed_meanwhile(&context.profile_path));
    }
    document.put_app(&app_name, &app_file);
    document.put_mailbox(&name, &mailbox_file);
    let edit = document.prepare()?;
    let stored = asked.map_or_else(
        || Ok(Stored::default()),
        |asked| asked.store(context.locks(), context.lock_wait(), context.clock.now()),
    )?;
    let edit = match edit.commit() {
        Ok(edit) => edit,
        Err(error) => {
            // A secret without a profile is a secret that nobody would find and remove.
            stored.undo(&app_name)?;
            return Err(error.into());
        }
    };
    let unchanged = edit == Edit::Unchanged && !stored.is_new();
    drop(stored);
    Ok(answer(&app, &mailbox, unchanged, context))
}

fn answer(app: &App, mailbox: &Mailbox, unchanged: bool, context: &Context) -> Document {
    let mut document = Document::new("add");
    let mut report = Report::new(subject(&mailbox.name));
    subject::describe(&mut report, app, mailbox);
    report.fact("profile", context.profile_path.display().to_string());
    report.fact("changed", if unchanged { "no, it stood so already" } else { "yes" });
    document.reports.push(report);
    document.next = registration::steps(app, mailbox);
    document.next.push(format!("Then sign in as {}: mailgrant authorize {}", mailbox.signs_in_as(), mailbox.name));
    document
}

fn refuse_other(what: &str, taken: &Name, is_other: bool, mailbox: &Name, args: &Args) -> Result<(), CommandError> {
    if !is_other {
        return Ok(());
    }
    let mut fix = vec![
        format!("Compare with: mailgrant show {mailbox}"),
        "Choose another name, or add --force to replace the values".to_owned(),
    ];
    if what == "app"
        && let Some(day) = args.app.expires
    {
        fix.push(format!(
            "To note only when the secret expires: mailgrant rotate-secret {taken} --expires {day}, or write \
             secret_expires = {day} into the profile"
        ));
    }
    let cause = format!("The {what} '{taken}' stands in the profile with other values; nothing was changed.");
    Err(CommandError::new("name-taken", ExitCode::Usage, cause, fix))
}

/// `--app`, else the app of the mailbox that stands there, else the mailbox's name.
fn app_name(args: &Args, name: &Name, document: &ProfileDocument) -> Result<Name, CommandError> {
    if let Some(app) = &args.app.app {
        return flag_name("--app", app);
    }
    Ok(document.profile().mailboxes.get(name).map_or_else(|| name.clone(), |mailbox| mailbox.app.clone()))
}

fn ask_app(file: &mut AppFile, context: &Context) -> Result<(), CommandError> {
    let prompter = context.prompter.as_ref();
    let provider = match &file.provider {
        Some(provider) => *provider.get_ref(),
        None => {
            let all = [Provider::Microsoft365, Provider::Outlook, Provider::Google, Provider::Oidc];
            let chosen = prompter
                .choose("Who runs the sign-in", &all.map(Provider::title))
                .map_err(|error| CommandError::unasked(&error, "--provider microsoft365, outlook, google or oidc"))?;
            file.provider = Some(unspanned(all[chosen]));
            all[chosen]
        }
    };
    if provider == Provider::Microsoft365 && file.tenant.is_none() {
        let accept =
            |text: &str| text.parse::<crate::profile::Tenant>().map(|_| ()).map_err(|invalid| invalid.to_string());
        let tenant = prompter
            .ask("Directory (tenant) ID", None, &accept)
            .map_err(|error| CommandError::unasked(&error, "--tenant with the Directory (tenant) ID"))?;
        file.tenant = Some(unspanned(tenant));
    }
    if provider == Provider::Oidc && file.issuer.is_none() {
        let accept =
            |text: &str| text.parse::<crate::profile::EndpointUrl>().map(|_| ()).map_err(|invalid| invalid.to_string());
        let issuer = prompter
            .ask("Issuer of the OpenID provider", None, &accept)
            .map_err(|error| CommandError::unasked(&error, "--issuer with the provider's https:// address"))?;
        file.issuer = Some(unspanned(issuer));
    }
    if file.client_id.is_none() {
        let accept =
            |text: &str| text.parse::<crate::profile::ClientId>().map(|_| ()).map_err(|invalid| invalid.to_string());
        let id = prompter
            .ask("Application (client) ID", None, &accept)
            .map_err(|error| CommandError::unasked(&error, "--client-id with the Application (client) ID"))?;
        file.client_id = Some(unspanned(id));
    }
    Ok(())
}

fn ask_mailbox(file: &mut MailboxFile, args: &Args, app: &App, context: &Context) -> Result<(), CommandError> {
    let prompter = context.prompter.as_ref();
    if file.address.is_none() {
        let accept =
            |text: &str| text.parse::<crate::profile::Address>().map(|_| ()).map_err(|invalid| invalid.to_string());
        let address = prompter
            .ask("The mailbox's address", None, &accept)
            .map_err(|error| CommandError::unasked(&error, "--address with the mailbox's address"))?;
        file.address = Some(unspanned(address));
    }
    let interactive = prompter.is_interactive();
    let flags = &args.mailbox;
    if flags.incoming.is_none() && file.incoming.is_none() {
        let protocol = if interactive && flags.incoming_host.is_none() {
            let chosen = prompter
                .choose("How is its mail read", &["IMAP", "POP3", "not at all"])
                .map_err(|error| CommandError::unasked(&error, "--incoming imap, pop3 or none"))?;
            [Some(IncomingProtocol::Imap), Some(IncomingProtocol::Pop3), None][chosen]
        } else {
            Some(IncomingProtocol::Imap)
        };
        file.incoming = protocol.map(|protocol| unspanned(flags.incoming_file(protocol, None)));
    }
    if flags.outgoing.is_none() && file.outgoing.is_none() {
        let wanted = if interactive && flags.outgoing_host.is_none() {
            let chosen = prompter
                .choose("How is its mail sent", &["SMTP", "not at all"])
                .map_err(|error| CommandError::unasked(&error, "--outgoing smtp or none"))?;
            chosen == 0
        } else {
            true
        };
        file.outgoing = wanted.then(|| unspanned(flags.outgoing_file(None)));
    }
    // Only a provider of one's own has no preset hosts.
    if interactive && app.provider == Provider::Oidc {
        let accept =
            |text: &str| text.parse::<crate::profile::HostName>().map(|_| ()).map_err(|invalid| invalid.to_string());
        if let Some(side) = file.incoming.as_mut().map(Spanned::get_mut)
            && side.host.is_none()
        {
            let host = prompter.ask("Incoming mail server", None, &accept);
            side.host = Some(host.map_err(|error| CommandError::unasked(&error, "--incoming-host HOST"))?);
        }
        let incoming = file.incoming.as_ref().and_then(|side| side.get_ref().host.clone());
        if let Some(side) = file.outgoing.as_mut().map(Spanned::get_mut)
            && side.host.is_none()
        {
            let host = prompter.ask("Outgoing mail server", incoming.as_deref(), &accept);
            side.host = Some(host.map_err(|error| CommandError::unasked(&error, "--outgoing-host HOST"))?);
        }
    }
    Ok(())
}

impl AppFlags {
    /// These flags over what stands in the profile.
    fn over(&self, file: Option<AppFile>) -> Result<AppFile, CommandError> {
        let mut old = file.unwrap_or_default();
        let was = old.provider.as_ref().map(|provider| *provider.get_ref());
        if self.provider.is_some() && self.provider != was {
            // What only the other provider understands.
            (old.cloud, old.tenant, old.authority, old.issuer, old.scopes) = (None, None, None, None, None);
        }
        let text = |flag: &Option<String>, old: Option<Spanned<String>>| flag.clone().map(unspanned).or(old);
        let scopes = (!self.scopes.is_empty()).then(|| unspanned(ScopesFile::All(self.scopes.clone())));
        let expires = self.expires.map(|day| unspanned(DayFile::Text(day.to_string())));
        Ok(AppFile {
            provider: self.provider.map(unspanned).or(old.provider),
            cloud: self.cloud.map(unspanned).or(old.cloud),
            tenant: text(&self.tenant, old.tenant),
            authority: text(&self.authority, old.authority),
            issuer: text(&self.issuer, old.issuer),
            scopes: scopes.or(old.scopes),
            client_id: text(&self.client_id, old.client_id),
            credential: self.credential.map(unspanned).or(old.credential),
            client_authentication: old.client_authentication,
            secret_expires: expires.or(old.secret_expires),
            redirect_uri: text(&self.redirect_uri, old.redirect_uri),
            // The profile may stand elsewhere than where the command was typed.
            ca_file: match &self.ca_file {
                Some(path) => Some(std::path::absolute(path).map_err(|error| {
                    CommandError::usage(format!("--ca-file {}: {error}.", path.display()), "Name an existing PEM file")
                })?),
                None => old.ca_file,
            },
        })
    }
}

impl MailboxFlags {
    /// These flags over what stands in the profile.
    fn over(&self, file: Option<MailboxFile>, app: &Name) -> MailboxFile {
        let old = file.unwrap_or_default();
        let text = |flag: &Option<String>, old: Option<Spanned<String>>| flag.clone().map(unspanned).or(old);
        let old_incoming = old.incoming.map(Spanned::into_inner);
        let incoming = match self.incoming {
            Some(IncomingChoice::None) => None,
            Some(IncomingChoice::Imap) => Some(self.incoming_file(IncomingProtocol::Imap, old_incoming)),
            Some(IncomingChoice::Pop3) => Some(self.incoming_file(IncomingProtocol::Pop3, old_incoming)),
            None => old_incoming.map(|old| self.incoming_file(old.protocol, Some(old))),
        };
        let old_outgoing = old.outgoing.map(Spanned::into_inner);
        let outgoing = match self.outgoing {
            Some(OutgoingChoice::None) => None,
            Some(OutgoingChoice::Smtp) => Some(self.outgoing_file(old_outgoing)),
            None => old_outgoing.map(|old| self.outgoing_file(Some(old))),
        };
        MailboxFile {
            app: Some(unspanned(app.to_string())),
            address: text(&self.address, old.address),
            sign_in_as: text(&self.sign_in_as, old.sign_in_as),
            incoming: incoming.map(unspanned),
            outgoing: outgoing.map(unspanned),
            enabled: old.enabled,
            ca_file: old.ca_file,
        }
    }

    /// The incoming side; what stood there counts only for the same protocol.
    fn incoming_file(&self, protocol: IncomingProtocol, old: Option<IncomingFile>) -> IncomingFile {
        let old = old.filter(|old| old.protocol == protocol);
        let (host, port, tls) = old.map_or((None, None, None), |old| (old.host, old.port, old.tls));
        IncomingFile {
            protocol,
            host: self.incoming_host.clone().or(host),
            port: self.incoming_port.or(port),
            tls: self.incoming_tls.or(tls),
        }
    }

    fn outgoing_file(&self, old: Option<OutgoingFile>) -> OutgoingFile {
        let (host, port, tls) = old.map_or((None, None, None), |old| (old.host, old.port, old.tls));
        OutgoingFile {
            protocol: OutgoingProtocol::Smtp,
            host: self.outgoing_host.clone().or(host),
            port: self.outgoing_port.or(port),
            tls: self.outgoing_tls.or(tls),
        }
    }
}

fn unspanned<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
}

fn flag_name(flag: &str, text: &str) -> Result<Name, CommandError> {
    text.parse().map_err(|invalid: Invalid| {
        CommandError::usage(format!("{flag}: {}.", invalid.problem), sentence(&invalid.instead))
    })
}

fn wrong_flag(problem: Problem) -> CommandError {
    let Invalid { problem: cause, instead } = problem.invalid;
    if let side @ ("incoming" | "outgoing") = problem.key
        && cause == format!("{side} is missing")
    {
        let fix = if instead.contains("host") {
            format!("Give --{side}-host HOST, or --{side} none")
        } else {
            "Give --incoming imap or pop3, or --outgoing smtp, or both".to_owned()
        };
        let cause = if instead.contains("host") {
            format!("--{side}-host is missing: this provider has no server that is known beforehand.")
        } else {
            "A mailbox must be read, or sent from, or both.".to_owned()
        };
        return CommandError::usage(cause, fix);
    }
    let flag = match problem.key {
        "secret_expires" => "expires",
        "scopes" => "scope",
        key => key,
    };
    let flag = format!("--{}", flag.replace('_', "-"));
    CommandError::usage(format!("{flag}: {cause}."), sentence(&instead))
}
