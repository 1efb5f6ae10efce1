//! What a rotation asks the outside world for, and the one that asks it over the wire.

use std::time::Duration;

use crate::failure::Failure;
use crate::flow::explain::explain;
use crate::flow::gather::gather;
use crate::flow::plan::{self, Plan};
use crate::flow::session::Session;
use crate::flow::sides;
use crate::flow::workspace::Workspace;
use crate::oauth::ClientCredential;
use crate::profile::Mailbox;
use crate::report::{Check, ExitCode, SideResult};

/// What a rotation asks the outside world for.
pub trait Prover {
    /// Redeems the mailbox's refresh token, with `credential` in place of the active one.
    ///
    /// # Errors
    /// What the token endpoint, the store or the lock say.
    fn redeem(&self, mailbox: &Mailbox, credential: &ClientCredential) -> Result<(), Failure>;

    /// Tests the mailbox's connections; a token that must be refreshed for that is refreshed with `credential`.
    fn connect(&self, mailbox: &Mailbox, credential: &ClientCredential) -> Tested;

    /// Waits before the next try; `said` is what the server said to the last.
    fn wait(&self, pause: Duration, said: &Failure);
}

/// What a test of a mailbox's connections showed.
#[derive(Debug, Clone, Default)]
pub struct Tested {
    /// What was tried.
    pub checks: Vec<Check>,
    /// Which sides work.
    pub sides: Vec<SideResult>,
}

impl Tested {
    /// Whether a connection does not work. A bug of ours in the look at it says nothing of the secret, and must not keep the
    /// old one in use.
    pub(super) fn has_failed(&self) -> bool {
        let failed = |check: &Check| check.finding().is_some_and(|finding| finding.exit != ExitCode::Bug);
        self.checks.iter().any(failed)
    }
}

/// The token endpoint and the mail servers, asked with a secret that is not the active one.
pub struct WireProver<'a> {
    /// What the sessions and the tests of the profile's mailboxes work with.
    pub workspace: &'a Workspace<'a>,
    /// What is new, as messages call it.
    pub new: &'static str,
    /// Tells the person who waits what is being waited for.
    pub say: fn(&str),
}

impl Prover for WireProver<'_> {
    fn redeem(&self, mailbox: &Mailbox, credential: &ClientCredential) -> Result<(), Failure> {
        let session = Session { proving: Some(credential), ..self.workspace.session(mailbox) };
        session.refreshed_token().map(drop)
    }

    fn connect(&self, mailbox: &Mailbox, credential: &ClientCredential) -> Tested {
        let mut tested = Tested::default();
        for task in plan::each_side(mailbox).into_iter().filter(|_| mailbox.enabled) {
            let plan = Plan { proving: Some(credential), ..Plan::of(mailbox, [task]) };
            let seen = gather(self.workspace, &plan);
            tested.checks.extend(explain(&seen));
            tested.sides.extend(sides::of(&seen));
        }
        tested
    }

    fn wait(&self, pause: Duration, said: &Failure) {
        let words = said.server_said.as_deref().unwrap_or("refused");
        (self.say)(&format!(
            "The new {} is not accepted ({words}). The provider's servers may need up to two minutes to know it; \
             trying again in {} seconds. Ctrl-C loses nothing.",
            self.new,
            pause.as_secs()
        ));
        std::thread::sleep(pause);
    }
}
