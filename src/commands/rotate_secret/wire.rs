//! Proves over the wire.

use crate::failure::Failure;
use crate::flow::explain::explain;
use crate::flow::gather::gather;
use crate::flow::plan::{self, Plan};
use crate::flow::rotation::Prover;
use crate::flow::session::Session;
use crate::flow::workspace::Workspace;
use crate::oauth::ClientCredential;
use crate::profile::Mailbox;
use crate::report::Check;

/// The token endpoint and the mail servers, asked with a secret that is not the active one.
pub(super) struct Wire<'a> {
    pub(super) workspace: &'a Workspace<'a>,
    pub(super) say: fn(&str),
}

impl Prover for Wire<'_> {
    fn redeem(&self, mailbox: &Mailbox, credential: &ClientCredential) -> Result<(), Failure> {
        let session = Session { proving: Some(credential), ..self.workspace.session(mailbox) };
        session.refreshed_token().map(drop)
    }

    fn connect(&self, mailbox: &Mailbox, credential: &ClientCredential) -> Vec<Check> {
        if !mailbox.enabled {
            return Vec::new();
        }
        let test = |task| {
            let plan = Plan { proving: Some(credential), ..Plan::of(mailbox, [task]) };
            explain(&gather(self.workspace, &plan))
        };
        plan::each_side(mailbox).into_iter().flat_map(test).collect()
    }

    fn wait(&self, pause: std::time::Duration, said: &Failure) {
        let words = said.server_said.as_deref().unwrap_or("refused");
        (self.say)(&format!(
            "The new secret is not accepted ({words}). The provider's servers may need up to two minutes to know it; \
             trying again in {} seconds. Ctrl-C loses nothing.",
            pause.as_secs()
        ));
        std::thread::sleep(pause);
    }
}
