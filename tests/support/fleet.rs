//! Many mailboxes, all signed in.

use std::fmt::Write as _;
use std::ops::Range;

use mailgrant::secrets::MailboxRecord;
use practice_tenant::world::{CONFIDENTIAL_CLIENT, SHOP, TENANT_DOMAIN};

use super::fixture::Fixture;

/// Mailboxes called `box0` and so on, which begin with copies of one sign-in.
pub(crate) struct Fleet {
    pub(crate) shop: Fixture,
    grant: MailboxRecord,
}

impl Fleet {
    /// `count` mailboxes at the servers of the practice tenant.
    pub(crate) fn new(count: usize) -> Self {
        let shop = Fixture::authorized();
        shop.sandbox().allow_refresh_reuse();
        let grant = shop.grant("shop");
        let fleet = Self { shop, grant };
        fleet.fill(0..count);
        fleet
    }

    /// Signs mailboxes of these numbers in, and makes the profile one of all so far, at the servers of the practice tenant.
    pub(crate) fn fill(&self, numbers: Range<usize>) {
        let end = numbers.end;
        for number in numbers {
            self.shop.save_grant(&format!("box{number}"), &self.grant);
        }
        let ports = self.shop.sandbox().ports();
        self.profile(end, ports.imap_implicit, ports.smtp_starttls);
    }

    /// A profile of the first `count` mailboxes at these ports.
    pub(crate) fn profile(&self, count: usize, imap: u16, smtp: u16) {
        let (authority, ca_file) = (self.shop.sandbox().authority(), self.shop.ca_file());
        let mut text = format!(
            "[apps.shop]\nprovider = \"microsoft365\"\ntenant = \"{TENANT_DOMAIN}\"\nauthority = \"{authority}\"\n\
             client_id = \"{CONFIDENTIAL_CLIENT}\"\nca_file = \"{ca_file}\"\n"
        );
        for number in 0..count {
            write!(
                text,
                "[mailboxes.box{number}]\napp = \"shop\"\naddress = \"{SHOP}\"\nca_file = \"{ca_file}\"\n\
                 incoming = {{ protocol = \"imap\", host = \"localhost\", port = {imap} }}\n\
                 outgoing = {{ protocol = \"smtp\", host = \"localhost\", port = {smtp} }}\n"
            )
            .expect("a String takes all");
        }
        self.shop.write_config(&text);
    }
}
