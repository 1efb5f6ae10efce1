//! What is known of the mailbox so far, and the command line that says it again: no answer is lost to an abort.

use std::path::Path;

use clap::ValueEnum;

use super::credential;
use super::flags::AppFlags;
use crate::config::{AppFile, MailboxFile, ScopesFile, ServiceFile};
use crate::context::Context;
use crate::environment;
use crate::flow::secret_source::SecretSource;
use crate::profile::{Name, Side, StoreKind};
use crate::report::step::Shell;
use crate::text::{Redactor, Shown};

/// What is known of the mailbox so far, from flags and from answers.
#[derive(Default)]
pub(super) struct Answers {
    /// The mailbox's name.
    pub(super) name: Option<Name>,
    /// The app's name, where it is not the mailbox's.
    pub(super) app_name: Option<Name>,
    /// Whether the profile has the app already, so that nothing of it need be said again.
    pub(super) is_app_known: bool,
    /// Whether such an app was asked for what its credential must be told.
    pub(super) is_credential_asked: bool,
    /// The app.
    pub(super) app: AppFile,
    /// The mailbox.
    pub(super) mailbox: MailboxFile,
    /// Whether a side that is absent from `mailbox` is meant to be.
    pub(super) has_sides: bool,
    /// The store that was chosen.
    pub(super) store: Option<StoreKind>,
    /// Whether a key was made for the store.
    pub(super) has_new_key: bool,
    /// Whether the client secret was typed in.
    pub(super) has_typed_secret: bool,
    /// Whether a value was taken that looks like a mistake.
    pub(super) is_forced: bool,
}

impl Answers {
    /// The mailbox signs in with this app, which the profile has.
    pub(super) fn uses(&mut self, name: &Name, app: AppFile) {
        (self.app_name, self.is_app_known, self.app) = (Some(name.clone()), true, app);
    }

    /// The command line that gives all of this as flags, of which `typed` and `source` were given; never a secret, but where that
    /// is to be read from.
    pub(super) fn command_line(&self, typed: &AppFlags, source: &SecretSource, context: &Context) -> Shown {
        let mut words: Vec<Shown> = vec!["mailgrant add".into()];
        words.extend(self.name.as_ref().map(Shown::of));
        let mut flag = |flag: &'static str, value: Option<String>| {
            words.extend(value.map(|value| shown!("{} {}", flag, quoted(&value))));
        };
        flag("--app", self.app_name.as_ref().map(Name::to_string));
        // What the profile has of an app need not be said again.
        let as_typed = typed.over(None).unwrap_or_default();
        for (name, value) in of_app(if self.is_app_known { &as_typed } else { &self.app }, typed) {
            flag(name, Some(value));
        }
        if self.is_credential_asked {
            let said = typed.settings.flags_of(&as_typed);
            for (name, value) in typed.settings.flags_of(&self.app) {
                flag(name, Some(value).filter(|_| said.iter().all(|(known, _)| *known != name)));
            }
        }
        for (name, value) in self.of_mailbox() {
            flag(name, Some(value));
        }
        flag("--secret-env", source.variable().map(str::to_owned));
        if let SecretSource::File(path) = source {
            flag("--secret-file", Some(path.display().to_string()));
        }
        let store = context.store_choice.filter(|_| environment::raw("MAILGRANT_STORE").is_none()).or(self.store);
        flag("--store", store.map(|store| key(&store)));
        flag("--profile", named_profile(context).map(|path| path.display().to_string()));
        let is_to_be_typed = !self.is_app_known && credential::is_handed_over(&self.app);
        let is_typed_in = *source == SecretSource::Prompt && (self.has_typed_secret || is_to_be_typed);
        if *source == SecretSource::Stdin || is_typed_in {
            words.push("--secret-stdin".into());
        }
        if self.is_forced {
            words.push("--force".into());
        }
        Shown::join(words, " ")
    }

    fn of_mailbox(&self) -> Vec<(&'static str, String)> {
        let mut flags = Vec::new();
        let text = |value: &Option<toml::Spanned<String>>| value.as_ref().map(|value| value.get_ref().clone());
        flags.extend(text(&self.mailbox.address).map(|value| ("--address", value)));
        flags.extend(text(&self.mailbox.sign_in_as).map(|value| ("--sign-in-as", value)));
        for (side, file) in [(Side::Incoming, &self.mailbox.incoming), (Side::Outgoing, &self.mailbox.outgoing)] {
            flags.extend(self.of_side(side, file.as_ref().map(toml::Spanned::get_ref)));
        }
        flags
    }

    fn of_side(&self, side: Side, file: Option<&ServiceFile>) -> Vec<(&'static str, String)> {
        let [protocol, host, port, tls] = match side {
            Side::Incoming => ["--incoming", "--incoming-host", "--incoming-port", "--incoming-tls"],
            Side::Outgoing => ["--outgoing", "--outgoing-host", "--outgoing-port", "--outgoing-tls"],
        };
        let Some(file) = file else {
            return if self.has_sides { vec![(protocol, "none".to_owned())] } else { Vec::new() };
        };
        let mut flags = vec![(protocol, file.protocol.get_ref().key().to_owned())];
        flags.extend(file.host.clone().map(|value| (host, value)));
        flags.extend(file.port.map(|value| (port, value.to_string())));
        flags.extend(file.tls.map(|value| (tls, key(&value))));
        flags.extend(file.ehlo_name.clone().map(|value| ("--ehlo-name", value)));
        flags
    }
}

/// A value as one argument of this machine's shell.
fn quoted(value: &str) -> Shown {
    let shown = Redactor::by_shape(value);
    Shell::System.quoted(&shown).unwrap_or(shown)
}

fn of_app(file: &AppFile, typed: &AppFlags) -> Vec<(&'static str, String)> {
    let text = |value: &Option<toml::Spanned<String>>| value.as_ref().map(|value| value.get_ref().clone());
    let mut flags = Vec::new();
    let mut flag = |name: &'static str, value: Option<String>| flags.extend(value.map(|value| (name, value)));
    flag("--provider", file.provider.as_ref().map(|provider| provider.get_ref().key.to_owned()));
    flag("--cloud", file.cloud.as_ref().map(|cloud| key(cloud.get_ref())));
    flag("--tenant", text(&file.tenant));
    flag("--authority", text(&file.authority));
    flag("--api-url", text(&file.api_url));
    flag("--issuer", text(&file.issuer));
    // One list for each protocol is what a profile has, and no flag.
    if let Some(ScopesFile::All(scopes)) = file.scopes.as_ref().map(toml::Spanned::get_ref) {
        scopes.iter().for_each(|scope| flag("--scope", Some(scope.clone())));
    }
    flag("--client-id", text(&file.client_id));
    flag("--object-id", text(&file.object_id));
    // Settings tell the kind, and which one they tell depends on what a known app has.
    let is_said = typed.credential.is_some() || typed.settings.told_by(file).is_none();
    flag("--credential", file.credential.as_ref().filter(|_| is_said).map(|kind| key(kind.get_ref())));
    for (name, value) in typed.settings.flags_of(file) {
        flag(name, Some(value));
    }
    flag("--access", file.access.as_ref().map(|access| key(access.get_ref())));
    flag("--redirect-uri", text(&file.redirect_uri));
    flag("--expires", file.secret_expires.as_ref().map(|day| day.get_ref().to_string()));
    flag("--ca-file", file.ca_file.as_deref().map(|path| path.display().to_string()));
    flags
}

/// The word of a value on the command line.
fn key(value: &impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

/// The profile's file, where the command line named it.
fn named_profile(context: &Context) -> Option<&Path> {
    let is_named =
        context.profile_path != context.folders.default_profile() && environment::raw("MAILGRANT_CONFIG").is_none();
    is_named.then_some(context.profile_path.as_path())
}
