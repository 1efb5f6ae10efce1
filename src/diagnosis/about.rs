//! What a failure was about, and the texts filled with it.

use super::catalogue::{Only, Origin};
use crate::profile::{App, MailProtocol, Mailbox, PERSONAL_TENANT, Tenant};

/// What a failure was about; its values are filled into the texts.
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// The app.
    pub app: Option<&'a App>,
    /// The mailbox.
    pub mailbox: Option<&'a Mailbox>,
    /// The mail protocol that was spoken.
    pub protocol: Option<MailProtocol>,
    /// What is known of the token that was shown.
    pub token: TokenFacts,
}

/// What is known of the token that a server was shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenFacts {
    /// Whether it says itself that it is for this server.
    pub is_for_server: bool,
}

impl About<'_> {
    /// The same, said over the protocol that `origin` is, where none is known.
    pub(super) fn at(self, origin: Origin) -> Self {
        let spoken = match origin {
            Origin::Imap => Some(MailProtocol::Imap),
            Origin::Pop3 => Some(MailProtocol::Pop3),
            Origin::Smtp => Some(MailProtocol::Smtp),
            _ => None,
        };
        Self { protocol: self.protocol.or(spoken), ..self }
    }

    /// Fills `{address}`, `{user}`, `{mailbox}`, `{app}`, `{tenant}`, `{client_id}`, `{redirect_uri}`, `{portal}` and
    /// `{protocol}`. What is not known stays readable.
    pub(super) fn fill(&self, text: &str) -> String {
        if !text.contains('{') {
            return text.to_owned();
        }
        let mailbox = |get: &dyn Fn(&Mailbox) -> String, other: &str| self.mailbox.map_or(other.to_owned(), get);
        let app = |get: &dyn Fn(&App) -> String, other: &str| self.app.map_or(other.to_owned(), get);
        let filled = text
            .replace("{address}", &mailbox(&|mailbox| mailbox.address.to_string(), "ADDRESS"))
            .replace("{user}", &mailbox(&|mailbox| mailbox.signs_in_as().to_string(), "USER"))
            .replace("{mailbox}", &mailbox(&|mailbox| mailbox.name.to_string(), "NAME"))
            .replace("{app}", &app(&|app| app.name.to_string(), "NAME"))
            .replace("{tenant}", &app(&|app| app.tenant_label().to_owned(), "TENANT"))
            .replace("{client_id}", &app(&|app| app.client_id.to_string(), "CLIENT_ID"))
            .replace("{redirect_uri}", &app(&|app| app.redirect_uri.to_string(), "REDIRECT_URI"))
            .replace("{portal}", &app(&|app| app.deployment().portal.to_owned(), "the provider's portal"))
            .replace("{protocol}", &self.protocol.map_or("mail".to_owned(), |protocol| protocol.to_string()));
        in_capitals(&filled)
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

    pub(super) fn fill_all<S: AsRef<str>>(&self, steps: &[S]) -> Vec<String> {
        steps.iter().map(|step| self.fill(step.as_ref())).collect()
    }
}

/// Whether personal accounts can sign in at `tenant`.
fn takes_personal(tenant: &Tenant) -> bool {
    matches!(tenant.as_str(), "common" | "consumers" | PERSONAL_TENANT)
}

/// What no value was given for: `{host}` becomes `HOST`, and a sentence that may be left out is left out.
fn in_capitals(text: &str) -> String {
    let text = text.replace("{until}", "");
    let mut filled = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        match after.split_once('}').filter(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')) {
            Some((name, behind)) => {
                filled.push_str(&name.to_uppercase());
                rest = behind;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}
