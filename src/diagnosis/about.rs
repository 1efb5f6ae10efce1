//! What a failure was about, and the texts filled with it.

use clap::ValueEnum as _;
use url::form_urlencoded;

use super::catalogue::{Only, Step};
use super::pieces::{Piece, pieces};
use super::reading::{Origin, Phase, Values};
use super::unlisted;
use crate::failure::FederatedClaims;
use crate::profile::pages::{self, NamedPage};
use crate::profile::{
    Address, App, ClientType, Deployment, Family, Mailbox, PERSONAL_TENANT, Page, Protocol, Service, Tenant,
};
use crate::report;
use crate::report::step::{Command, Link, Mark, Part, Shell, marks};
use crate::text::{Redactor, Shown, open};

/// What a failure was about; its values are filled into the texts.
#[derive(Debug, Clone, Copy, Default)]
pub struct FailureContext<'a> {
    /// The app.
    pub app: Option<&'a App>,
    /// The mailbox.
    pub mailbox: Option<&'a Mailbox>,
    /// The mail protocol that was spoken.
    pub protocol: Option<Protocol>,
    /// How far the conversation with a mail server had come.
    pub phase: Option<Phase>,
    /// What is known of the token that was shown.
    pub token: TokenFacts<'a>,
    /// What the federated token says that the app proved itself with.
    pub federated: Option<&'a FederatedClaims>,
    /// Whether a sign-in was under way.
    pub is_signing_in: bool,
    /// Where apps are registered, where the words of an answer betray another provider than the profile's.
    pub elsewhere: Option<&'static Deployment>,
    /// The address of a mailbox that is not in the profile.
    pub address: Option<&'a Address>,
    /// What the text names; it fills in what the profile does not know.
    pub read: Option<Read<'a>>,
    /// Whether the text may be of a program that is not mailgrant.
    pub is_pasted: bool,
    /// Whose servers it is about, where no app is known; none where that is not known either.
    pub named: &'a [Family],
}

/// What a text names, seen from one of its lines.
#[derive(Debug, Clone, Copy)]
pub struct Read<'a> {
    /// All of it.
    pub values: &'a Values,
    /// The line that it is about, from 0.
    pub line: Option<usize>,
}

/// What is known of the token that a server was shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenFacts<'a> {
    /// Whether one was shown at all, and not a password.
    pub is_shown: bool,
    /// Whether it says itself that it is for this server.
    pub is_for_server: bool,
    /// The scopes that the token endpoint said it is good for; none where it did not say.
    pub granted: &'a [String],
    /// What it says itself, where it is an app's own.
    pub own: Option<OwnToken<'a>>,
}

/// What an app's own token says of the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnToken<'a> {
    /// The object ID of the app's enterprise application.
    pub object: Option<&'a str>,
    /// The application permissions that an administrator has consented to.
    pub roles: &'a [String],
}

impl<'a> FailureContext<'a> {
    /// About `app`.
    #[must_use]
    pub fn of_app(app: &'a App) -> Self {
        Self { app: Some(app), ..Self::default() }
    }

    /// About `mailbox` of `app`.
    #[must_use]
    pub fn of_mailbox(app: &'a App, mailbox: &'a Mailbox) -> Self {
        Self { mailbox: Some(mailbox), ..Self::of_app(app) }
    }

    /// The same, while its sign-in is under way.
    #[must_use]
    pub fn signing_in(self) -> Self {
        Self { is_signing_in: true, ..self }
    }

    /// The same, of a text that names `values`, seen from its `line`.
    pub(super) fn reading<'b>(self, values: &'b Values, line: usize) -> FailureContext<'b>
    where
        'a: 'b,
    {
        FailureContext { read: Some(Read { values, line: Some(line) }), ..self }
    }

    /// The same, over `protocol`.
    #[must_use]
    pub fn over(self, protocol: Protocol) -> Self {
        Self { protocol: Some(protocol), ..self }
    }
}

impl FailureContext<'_> {
    /// The same, said over the protocol that `origin` is, where none is known.
    pub(super) fn at(self, origin: Origin) -> Self {
        let spoken = if let Origin::Server(protocol) = origin { Some(protocol) } else { None };
        Self { protocol: self.protocol.or(spoken), ..self }
    }

    /// Fills `{address}`, `{user}`, `{mailbox}`, `{app}`, `{tenant}`, `{client_id}`, `{redirect_uri}`, `{portal}`,
    /// `{protocol}`, `{host}`, `{port}`, `{scope}`, `{federated_issuer}`, `{federated_subject}`, `{federated_audience}` and
    /// `{federated_parameters}` (all three as `az` wants them): with what `more` gives, else with the profile's, else with what the
    /// text names. What nothing knows is [`open`], and left out where its name ends in `?`.
    pub(super) fn fill(&self, text: &'static str, more: &dyn Fn(&str) -> Option<Shown>) -> Shown {
        // People know a directory by its name.
        let tenant =
            |name: &str| self.read.filter(|_| name == "tenant").and_then(|read| read.values.tenant_name(read.line));
        self.filled(text, &|name| self.known(name, more).or_else(|| tenant(name)), &Some).0
    }

    fn known(&self, name: &str, more: &dyn Fn(&str) -> Option<Shown>) -> Option<Shown> {
        more(name).or_else(|| self.value(name)).or_else(|| self.read_value(name))
    }

    fn read_value(&self, name: &str) -> Option<Shown> {
        self.read.and_then(|read| read.values.get(name, read.line))
    }

    /// Whether the step is that a person signs in, where none does.
    pub(super) fn is_sign_in_of_none(&self, step: &Step) -> bool {
        let signs_in = |mark| matches!(mark, Mark::Command(line) if line.starts_with("mailgrant authorize"));
        self.has_no_person() && marks(&step.text).any(signs_in)
    }

    /// The step with its values filled in as in [`Self::fill`]. In a command a value is one argument, whatever it holds, and
    /// in an address a part of it; an address of which a value is not known is words.
    pub(super) fn fill_step(&self, step: &'static Step, more: &dyn Fn(&str) -> Option<Shown>) -> report::Step {
        let filled = match self.sign_in(&step.text) {
            Some(command) => {
                let lead = Part::Words("Sign in again in your program, or with mailgrant: ".into());
                report::Step::of(std::iter::once(lead).chain(self.step(command, more).parts().iter().cloned()))
            }
            None => self.step(&step.text, more),
        };
        let by = step.by.or(filled.by());
        filled.done_by(by).aside_if(step.aside)
    }

    /// Whether the step is only a test of mailgrant's, for which there is no mailbox.
    pub(super) fn is_test_of_none(&self, step: &Step) -> bool {
        let mut marks = marks(&step.text);
        let lead = marks.next();
        let is_test = |mark| matches!(mark, Mark::Command(line) if line.starts_with("mailgrant test"));
        self.is_pasted
            && self.mailbox.is_none()
            && matches!(lead, Some(Mark::Words(words)) if words.len() < "Run afterwards: .".len())
            && marks.next().is_some_and(is_test)
            && marks.next().is_none()
    }

    /// Of a step that is only a sign-in with mailgrant, the command and what follows; where another program may sign in.
    fn sign_in(&self, text: &'static str) -> Option<&'static str> {
        let command = text.strip_prefix("Run").map(|rest| rest.trim_start_matches([':', ' ']))?;
        let is_sign_in = command.starts_with("`mailgrant authorize");
        (self.is_pasted && self.mailbox.is_none() && is_sign_in).then_some(command)
    }

    /// The same for a `text` with its marks.
    #[must_use]
    pub fn step(&self, text: &'static str, more: &dyn Fn(&str) -> Option<Shown>) -> report::Step {
        let mut by = None;
        let marks = if self.is_unlisted() { unlisted::marks_of(text) } else { marks(text).collect() };
        let parts: Vec<Part> = marks
            .into_iter()
            .map(|mark| match mark {
                Mark::Words(words) => Part::Words(self.fill(words, more)),
                Mark::Command(line) => {
                    let shell = Shell::of(line);
                    let (line, is_whole) = self.command(line, shell, more);
                    by = by.or(shell.by(&line));
                    Part::Command(Command { line, shell, is_template: !is_whole })
                }
                Mark::Address(url) => {
                    match self.filled(url, &|name| self.known(name, more), &|value| Some(encoded(&value))) {
                        (url, true) => Part::Link(Link { title: url.clone(), url }),
                        (url, false) => Part::Words(url),
                    }
                }
                Mark::Page(key) => {
                    let Some(page) = self.page(key) else { return Part::Words(self.fill("{portal}", more)) };
                    by = by.or(page.by);
                    match page.url {
                        Some(url) => Part::Link(Link { title: page.title, url }),
                        None => Part::Words(page.title),
                    }
                }
            })
            .collect();
        report::Step::of(parts).done_by(by)
    }

    /// Whether no profile has the mailbox.
    fn is_unlisted(&self) -> bool {
        self.mailbox.is_some_and(|mailbox| !mailbox.is_in_profile())
    }

    /// The command with its values; a mailbox that has no name is described by flags.
    fn command(&self, line: &'static str, shell: Shell, more: &dyn Fn(&str) -> Option<Shown>) -> (Shown, bool) {
        let fill = |part| self.filled(part, &|name| self.known(name, more), &|value| shell.quoted(&value));
        match (self.app, self.mailbox, unlisted::around_name(line)) {
            (Some(app), Some(mailbox), Some((verb, behind))) if self.is_unlisted() => {
                let (behind, is_whole) = fill(behind);
                (shown!("{} {}{}", verb, unlisted::flags(app, mailbox, shell), behind), is_whole)
            }
            _ => fill(line),
        }
    }

    /// The provider's page of this name; none where nothing is known of the provider.
    fn page(&self, key: &str) -> Option<NamedPage> {
        let page = Page::from_str(key, false).ok()?;
        let deployment = self.elsewhere.or_else(|| self.app.map(App::deployment))?;
        pages::at(deployment, page, self.app, self.mailbox, &|name| self.read_value(name))
    }

    /// `text` with each `value` as `write` writes it, and whether each was known.
    fn filled(
        &self,
        text: &'static str,
        value: &dyn Fn(&str) -> Option<Shown>,
        write: &dyn Fn(Shown) -> Option<Shown>,
    ) -> (Shown, bool) {
        let mut are_known = true;
        let filled: Vec<Shown> = pieces(text)
            .map(|piece| match piece {
                Piece::Text(text) if self.is_unlisted() => unlisted::words(text),
                Piece::Text(text) => text.into(),
                Piece::Name { name, is_optional: true } => value(name).and_then(write).unwrap_or_default(),
                Piece::Name { name, is_optional: false } => {
                    let value = value(name).and_then(write);
                    are_known &= value.is_some();
                    value.unwrap_or_else(|| unknown(name))
                }
            })
            .collect();
        (Shown::join(filled, ""), are_known)
    }

    /// Whether a value of this name is one of the profile's.
    pub(super) fn knows(name: &str) -> bool {
        matches!(
            name,
            "address"
                | "user"
                | "mailbox"
                | "app"
                | "tenant"
                | "client_id"
                | "redirect_uri"
                | "portal"
                | "protocol"
                | "delegated_scopes"
                | "object_id"
                | "federated_issuer"
                | "federated_subject"
                | "federated_audience"
                | "federated_parameters"
        )
    }

    fn value(&self, name: &str) -> Option<Shown> {
        Some(match name {
            "address" => Shown::of(self.mailbox.map(|mailbox| &mailbox.address).or(self.address)?),
            "user" => Shown::of(self.mailbox?.signs_in_as()),
            "host" => Redactor::by_shape(self.service()?.endpoint.host()),
            "port" => Shown::of(self.service()?.endpoint.port()),
            "mailbox" if self.is_unlisted() => Shown::of(&self.mailbox?.address),
            "mailbox" => Shown::of(&self.mailbox?.name),
            "app" => Shown::of(&self.app?.name),
            "tenant" => Redactor::by_shape(self.app?.tenant_label()),
            "client_id" => Shown::of(&self.app?.client_id),
            "redirect_uri" => Shown::of(&self.app?.redirect_uri),
            "portal" => self.elsewhere.or_else(|| self.app.map(App::deployment))?.portal.into(),
            "protocol" => Shown::of(self.protocol?),
            "object_id" => Redactor::by_shape(self.token.own?.object?),
            "delegated_scopes" => self.delegated_scopes()?,
            "federated_issuer" => self.federated?.issuer.clone(),
            "federated_subject" => self.federated?.subject.clone(),
            "federated_audience" => self.federated?.audience.clone(),
            "federated_parameters" => parameters(self.federated?),
            _ => return None,
        })
    }

    /// The scopes that a service account asks for here, as Google's Admin console takes them.
    fn delegated_scopes(&self) -> Option<Shown> {
        let scopes = self.app?.scopes.for_channels(self.mailbox?.channels());
        Some(Shown::join(&scopes, ","))
    }

    /// What the mailbox is used through where the failure was.
    fn service(&self) -> Option<&Service> {
        let protocol = self.protocol?;
        self.mailbox?.services().find(|service| service.protocol == protocol)
    }

    /// Whether a step that is for `only` these may be needed here: not where it is known that it does not apply.
    pub(super) fn may_need(&self, only: Option<Only>) -> bool {
        match only {
            None => true,
            Some(only @ (Only::Microsoft | Only::Google | Only::OtherProvider)) => {
                let is_for = |family: Family| only.is_for(family) == Some(true);
                match self.app {
                    Some(app) => is_for(app.provider.family),
                    None => self.named.is_empty() || self.named.iter().copied().any(is_for),
                }
            }
            Some(Only::Organisation) => self.app.is_none_or(|app| !app.provider.quirks.is_personal),
            Some(Only::Personal) => self
                .app
                .is_none_or(|app| app.provider.quirks.is_personal || app.tenant.as_ref().is_some_and(takes_personal)),
            // Where no user signs in, it is neither the mailbox's own account nor another.
            Some(Only::Shared | Only::Own) if self.has_no_person() => false,
            Some(Only::Shared) => self.mailbox.is_none_or(|mailbox| mailbox.sign_in_as.is_some()),
            Some(Only::Own) => self.mailbox.is_none_or(|mailbox| mailbox.sign_in_as.is_none()),
            Some(Only::AppOnly) => self.mailbox.is_none() || self.has_no_person(),
            Some(Only::Person) => !self.has_no_person(),
            Some(Only::Confidential) => self.is_client(ClientType::Confidential),
            Some(Only::Public) => self.is_client(ClientType::Public),
            Some(Only::AudienceOpen) => !self.token.is_for_server,
            Some(Only::AudienceFits) => self.token.is_for_server,
            Some(Only::SigningIn) => self.is_signing_in,
            Some(Only::SignedIn) => !self.is_signing_in,
            Some(Only::Profile) => !self.is_unlisted(),
            Some(Only::NoProfile) => self.is_unlisted(),
        }
    }

    /// Whether the value without which the step is none is known.
    pub(super) fn is_given(&self, step: &Step, more: &dyn Fn(&str) -> Option<Shown>) -> bool {
        step.given.as_deref().is_none_or(|name| self.known(name, more).is_some())
    }

    /// Whether it is known that no user signs in for the mailbox.
    pub(super) fn has_no_person(&self) -> bool {
        self.mailbox.is_some_and(|mailbox| !mailbox.access.needs_person())
    }

    /// Whether the app may be a client of this type.
    fn is_client(&self, client: ClientType) -> bool {
        self.app.is_none_or(|app| app.credential.client_type() == client)
    }
}

/// Whether personal accounts can sign in at `tenant`.
fn takes_personal(tenant: &Tenant) -> bool {
    matches!(tenant.as_str(), "common" | "consumers" | PERSONAL_TENANT)
}

/// The federated credential that `claims` fit, as `az ad app federated-credential create` takes it.
fn parameters(claims: &FederatedClaims) -> Shown {
    let FederatedClaims { issuer, subject, audience } = claims;
    let text = serde_json::json!({"name": "mailgrant", "issuer": issuer, "subject": subject, "audiences": [audience]});
    Redactor::by_shape(&text.to_string())
}

/// `value` as a part of an address.
fn encoded(value: &str) -> Shown {
    Redactor::by_shape(&form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>())
}

/// What is shown in the place of a value that is not known.
fn unknown(name: &str) -> Shown {
    match name {
        "mailbox" | "app" => open("name"),
        "portal" => "the provider's portal".into(),
        "protocol" => "mail".into(),
        "object_id" => "<object ID under Enterprise applications>".into(),
        "api" => "APIs my organization uses > Office 365 Exchange Online".into(),
        "role" => "IMAP.AccessAsApp, POP.AccessAsApp or SMTP.SendAsApp".into(),
        // It opens Gmail over IMAP, POP3 and SMTP.
        "delegated_scopes" => "https://mail.google.com/".into(),
        other => open(other),
    }
}
