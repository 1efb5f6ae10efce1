//! Proves over the wire.

use secrecy::SecretString;

use crate::failure::Failure;
use crate::flow::checks::{Side, Tester};
use crate::flow::rotation::Prover;
use crate::flow::workspace::Workspace;
use crate::oauth::ClientCredential;
use crate::profile::Mailbox;
use crate::report::{Check, Report};

/// The token endpoint and the mail servers, asked with a secret that is not the active one.
pub(super) struct Wire<'a> {
    pub(super) workspace: &'a Workspace<'a>,
    pub(super) say: fn(&str),
}

impl<'a> Wire<'a> {
    fn proving(&self, secret: &SecretString) -> Tester<'a> {
        let proving = Some(ClientCredential::Secret(secret.clone()));
        Tester { proving, ..Tester::new(self.workspace.clone()) }
    }
}

impl Prover for Wire<'_> {
    fn redeem(&self, mailbox: &Mailbox, secret: &SecretString) -> Result<(), Failure> {
        let tester = self.proving(secret);
        tester.session(mailbox).refreshed_token().map(|_| ())
    }

    fn connect(&self, mailbox: &Mailbox, secret: &SecretString) -> Vec<Check> {
        if !mailbox.enabled {
            return Vec::new();
        }
        let tester = self.proving(secret);
        let mut checks = Vec::new();
        if mailbox.incoming.is_some() {
            let mut report = Report::of_mailbox(mailbox);
            tester.side(mailbox, &Side::Incoming { latest: 0 }, &mut report);
            checks.append(&mut report.checks);
        }
        if mailbox.outgoing.is_some() {
            let mut report = Report::of_mailbox(mailbox);
            tester.side(mailbox, &Side::outgoing_of(mailbox), &mut report);
            checks.append(&mut report.checks);
        }
        checks
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
