//! What the store holds of a mailbox.

use jiff::Timestamp;

use super::Session;
use crate::failure::{Failure, FailureKind};
use crate::profile::{Access, ClientAuthentication, EndpointSource, Scope};
use crate::secrets::{Authorization, MailboxRecord, load_mailbox};

impl Session<'_> {
    /// What the store holds of the mailbox. Where that is nothing, a user must sign in first; an app that is let in by itself
    /// begins with nothing.
    pub(super) fn stored_record(&self) -> Result<MailboxRecord, Failure> {
        let stored = load_mailbox(self.store, &self.mailbox.name)?;
        match self.mailbox.access {
            Access::User => match stored.filter(|record| record.refresh_token().is_some()) {
                Some(record) => Ok(record),
                None => {
                    self.refuse_absent_store()?;
                    Err(FailureKind::NotAuthorized { why: "there has been no sign-in yet".into() }.into())
                }
            },
            Access::App => Ok(stored.filter(|record| self.goes_on(record)).unwrap_or_else(|| self.unstored())),
        }
    }

    /// Whether an app's own record is still good: another's is left for the check that tells of it, and what this mailbox has
    /// left under other settings is replaced.
    fn goes_on(&self, record: &MailboxRecord) -> bool {
        if record.binding != self.binding() {
            return !self.is_ours(record);
        }
        matches!(record.authorization, Authorization::App) && record.asked == self.asked()
    }

    /// What is stored for an app that is let in by itself, before its first token.
    fn unstored(&self) -> MailboxRecord {
        let asked = self.asked();
        MailboxRecord {
            binding: self.binding(),
            profile: Some(self.profile_file.display().to_string()),
            authorization: Authorization::App,
            token_endpoint: match &self.app.sign_in {
                EndpointSource::Known { token, .. } => token.to_string(),
                // It is asked for with the first token.
                EndpointSource::Discovered { .. } => String::new(),
            },
            client_authentication: self.app.client_authentication.unwrap_or(ClientAuthentication::Body),
            identity: None,
            // RFC 6749 §5.1: no scope in the answer means "as asked for".
            scopes: asked.clone(),
            asked,
            obtained: Timestamp::UNIX_EPOCH,
            refreshed: None,
            access: Vec::new(),
            needs_authorization: None,
        }
    }

    fn asked(&self) -> Vec<String> {
        self.app.scopes.for_channels(self.mailbox.channels()).iter().map(Scope::to_string).collect()
    }
}
