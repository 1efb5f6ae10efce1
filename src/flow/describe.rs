//! Facts about a mailbox, as several commands show them.

use jiff::Timestamp;

use crate::clock::valid_until;
use crate::profile::{Address, App, Mailbox, Profile};
use crate::report::Report;
use crate::secrets::MailboxRecord;
use crate::text::{Redactor, Shown};

/// The mailboxes of `profile`, each with what the profile has of it.
#[must_use]
pub fn mailboxes(profile: &Profile) -> Vec<Report> {
    profile.mailboxes.values().map(|one| mailbox(profile.app_of(one), one)).collect()
}

/// A report with what the profile has of a mailbox.
#[must_use]
pub fn mailbox(app: &App, mailbox: &Mailbox) -> Report {
    let mut report = Report::of_mailbox(mailbox);
    if let Some(delegate) = &mailbox.sign_in_as {
        report.fact("sign_in_as", delegate);
    }
    report.fact("app", &app.name);
    report.fact("provider", app.provider.title);
    if let Some(tenant) = &app.tenant {
        report.fact("tenant", tenant);
    }
    report.fact("client_id", &app.client_id);
    if let Some(incoming) = &mailbox.incoming {
        report.fact("incoming", shown!("{} {}", incoming.protocol, incoming.endpoint));
    }
    if let Some(outgoing) = &mailbox.outgoing {
        report.fact("outgoing", shown!("{} {}", outgoing.protocol, outgoing.endpoint));
    }
    let servers = mailbox.services().filter_map(|service| service.endpoint.server());
    let hosts = servers.map(|server| server.host.respelled());
    let addresses = [Some(&mailbox.address), mailbox.sign_in_as.as_ref()].into_iter().flatten().map(Address::respelled);
    // A name outside ASCII may look like another; as DNS has it, it does not.
    let mut respelled: Vec<&str> = addresses.chain(hosts).flatten().collect();
    respelled.dedup();
    if !respelled.is_empty() {
        report.fact("on_the_wire", Shown::join(respelled.into_iter().map(Redactor::by_shape), ", "));
    }
    if !mailbox.enabled {
        report.fact("enabled", "no");
    }
    report
}

/// Says what a sign-in has brought, without its tokens.
pub fn grant(report: &mut Report, grant: &MailboxRecord, now: Timestamp) {
    report.fact("status", "authorized");
    if let Some(identity) = &grant.identity {
        report.fact("signed_in_as", Redactor::by_shape(&identity.label));
        if let Some(tenant) = &identity.tenant {
            report.fact("signed_in_tenant", Redactor::by_shape(tenant));
        }
    }
    report.fact("authorized_since", grant.obtained.strftime("%Y-%m-%d %H:%M UTC"));
    report.fact("scopes", Redactor::by_shape(&grant.scopes.join(" ")));
    if let Some(access) = grant.access.iter().max_by_key(|access| access.received) {
        report.fact("access_token", valid_until(access.expires, now));
    }
}
