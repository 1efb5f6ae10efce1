//! What a failure was about, and the texts filled with it.

use super::catalogue::{Only, Origin};
use crate::profile::{App, Mailbox, PERSONAL_TENANT, Protocol, Tenant};
use crate::text::{Redactor, Shown};

/// What a failure was about; its values are filled into the texts.
#[derive(Debug, Clone, Copy, Default)]
pub struct FailureContext<'a> {
    /// The app.
    pub app: Option<&'a App>,
    /// The mailbox.
    pub mailbox: Option<&'a Mailbox>,
    /// The mail protocol that was spoken.
    pub protocol: Option<Protocol>,
    /// What is known of the token that was shown.
    pub token: TokenFacts,
}

/// What is known of the token that a server was shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenFacts {
    /// Whether it says itself that it is for this server.
    pub is_for_server: bool,
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

    /// The same, over `protocol`.
    #[must_use]
    pub fn over(self, protocol: Protocol) -> Self {
        Self { protocol: Some(protocol), ..self }
    }
}

impl FailureContext<'_> {
    /// The same, said over the protocol that `origin` is, where none is known.
    pub(super) fn at(self, origin: Origin) -> Self {
        let spoken = Protocol::ALL.into_iter().find(|protocol| Origin::from(*protocol) == origin);
        Self { protocol: self.protocol.or(spoken), ..self }
    }

    /// Fills `{address}`, `{user}`, `{mailbox}`, `{app}`, `{tenant}`, `{client_id}`, `{redirect_uri}`, `{portal}` and
    /// `{protocol}`, asking `more` first. What nothing knows is shown in capitals, and left out where its name ends in `?`.
    pub(super) fn fill(&self, text: &'static str, more: &dyn Fn(&str) -> Option<Shown>) -> Shown {
        let mut filled: Vec<Shown> = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push(before.into());
            match after.split_once('}').filter(|(name, _)| is_name(name)) {
                Some((name, behind)) => {
                    // `{until}` is a sentence that may be left out.
                    let optional = name.strip_suffix('?').or(Some(name).filter(|name| *name == "until"));
                    let in_capitals = || Redactor::by_shape(&name.to_uppercase());
                    filled.push(match optional {
                        Some(name) => more(name).unwrap_or_default(),
                        None => more(name).or_else(|| self.value(name)).unwrap_or_else(in_capitals),
                    });
                    rest = behind;
                }
                None => {
                    filled.push("{".into());
                    rest = after;
                }
            }
        }
        filled.push(rest.into());
        Shown::join(filled, "")
    }

    /// Whether a value of this name is one of the profile's.
    pub(super) fn knows(name: &str) -> bool {
        matches!(
            name,
            "address" | "user" | "mailbox" | "app" | "tenant" | "client_id" | "redirect_uri" | "portal" | "protocol"
        )
    }

    fn value(&self, name: &str) -> Option<Shown> {
        let mailbox =
            |get: &dyn Fn(&Mailbox) -> Shown, other: &'static str| self.mailbox.map_or_else(|| other.into(), get);
        let app = |get: &dyn Fn(&App) -> Shown, other: &'static str| self.app.map_or_else(|| other.into(), get);
        Some(match name {
            "address" => mailbox(&|mailbox| Shown::of(&mailbox.address), "ADDRESS"),
            "user" => mailbox(&|mailbox| Shown::of(mailbox.signs_in_as()), "USER"),
            "mailbox" => mailbox(&|mailbox| Shown::of(&mailbox.name), "NAME"),
            "app" => app(&|app| Shown::of(&app.name), "NAME"),
            "tenant" => app(&|app| Redactor::by_shape(app.tenant_label()), "TENANT"),
            "client_id" => app(&|app| Shown::of(&app.client_id), "CLIENT_ID"),
            "redirect_uri" => app(&|app| Shown::of(&app.redirect_uri), "REDIRECT_URI"),
            "portal" => app(&|app| app.deployment().portal.into(), "the provider's portal"),
            "protocol" => self.protocol.map_or_else(|| "mail".into(), Shown::of),
            _ => return None,
        })
    }

    /// Whether a step that is for `only` these may be needed here: not where it is known that it does not apply.
    pub(super) fn may_need(&self, only: Option<Only>) -> bool {
        match only {
            None => true,
            Some(only @ (Only::Microsoft | Only::Google | Only::OtherProvider)) => {
                self.app.is_none_or(|app| only.is_for(app.provider.family) == Some(true))
            }
            Some(Only::Organisation) => self.app.is_none_or(|app| !app.provider.quirks.is_personal),
            Some(Only::Personal) => self
                .app
                .is_none_or(|app| app.provider.quirks.is_personal || app.tenant.as_ref().is_some_and(takes_personal)),
            Some(Only::Shared) => self.mailbox.is_none_or(|mailbox| mailbox.sign_in_as.is_some()),
            Some(Only::Own) => self.mailbox.is_none_or(|mailbox| mailbox.sign_in_as.is_none()),
            // Every grant of ours is a person's.
            Some(Only::AppOnly) => self.mailbox.is_none(),
            Some(Only::AudienceOpen) => !self.token.is_for_server,
            Some(Only::AudienceFits) => self.token.is_for_server,
        }
    }
}

/// Whether personal accounts can sign in at `tenant`.
fn takes_personal(tenant: &Tenant) -> bool {
    matches!(tenant.as_str(), "common" | "consumers" | PERSONAL_TENANT)
}

/// The names in `text` that must have a value.
pub(super) fn required(text: &str) -> impl Iterator<Item = &str> {
    let names = text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    names.filter(|name| is_name(name) && !name.ends_with('?'))
}

fn is_name(text: &str) -> bool {
    let name = text.strip_suffix('?').unwrap_or(text);
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}
