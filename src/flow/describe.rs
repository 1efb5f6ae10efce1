//! Facts about a mailbox, as several commands show them.

use jiff::Timestamp;

use super::secret_expiry;
use crate::clock::valid_until;
use crate::diagnosis::{self, FailureContext};
use crate::failure::Failure;
use crate::oauth::assertion::certificate;
use crate::profile::{Address, App, Mailbox, Profile, Protocol};
use crate::report::{AccessTokenValue, CertificateValue, Report, State, Step, Table};
use crate::secrets::MailboxRecord;
use crate::text::{Redactor, Shown};

/// The mailboxes of `profile`, each with what the profile has of it.
#[must_use]
pub fn mailboxes(profile: &Profile, now: Timestamp) -> Vec<Report> {
    profile.mailboxes.values().map(|one| mailbox(profile.app_of(one), one, now)).collect()
}

/// The same as a table; what does not apply to any mailbox is empty.
#[must_use]
pub fn table(profile: &Profile) -> Table {
    let row = |mailbox: &Mailbox| {
        let app = profile.app_of(mailbox);
        let mut protocols: Vec<&str> = mailbox.protocols().map(Protocol::title).collect();
        protocols.dedup();
        let protocols = Shown::join(protocols.into_iter().map(Redactor::by_shape), ", ");
        let state = if mailbox.enabled { "" } else { "switched off" };
        let expires = secret_expiry::of(app, None).map_or_else(Shown::default, Shown::of);
        vec![
            Shown::of(&mailbox.name),
            Shown::of(&mailbox.address),
            Shown::of(&app.name),
            protocols,
            state.into(),
            expires,
        ]
    };
    let rows = profile.mailboxes.values().map(row).collect();
    Table { rows, ..Table::of(&["NAME", "ADDRESS", "APP", "PROTOCOLS", "STATE", "SECRET EXPIRES"]) }
}

/// What to do where the profile is empty.
#[must_use]
pub fn no_mailbox() -> Step {
    "The profile has no mailbox yet. Add one: `mailgrant add NAME`".into()
}

/// A report with what the profile has of a mailbox.
#[must_use]
pub fn mailbox(app: &App, mailbox: &Mailbox, now: Timestamp) -> Report {
    let mut report = Report::of_mailbox(mailbox);
    if let Some(delegate) = &mailbox.sign_in_as {
        report.fact("sign_in_as", delegate);
    }
    report.fact("app", &app.name);
    report.values.app = Some(Shown::of(&app.name));
    report.fact("provider", app.provider.title);
    if let Some(tenant) = &app.tenant {
        report.fact("tenant", tenant);
    }
    report.fact("client_id", &app.client_id);
    if !mailbox.access.needs_person() {
        report.fact("access", "the app alone, without a user");
    }
    if app.credential.is_told() {
        report.fact("credential", app.credential.title());
    }
    if let Some(spec) = &app.federated {
        report.fact("federated_tokens", spec);
    }
    if let Err(failure) = certificate(&mut report, app, now) {
        report.fact("certificate", diagnosis::finding(&failure, FailureContext::of_app(app)).cause);
    }
    if let Some(incoming) = &mailbox.incoming {
        report.fact("incoming", shown!("{} {}", incoming.protocol, incoming.endpoint));
        report.values.incoming = Some(incoming.into());
    }
    if let Some(outgoing) = &mailbox.outgoing {
        report.fact("outgoing", shown!("{} {}", outgoing.protocol, outgoing.endpoint));
        report.values.outgoing = Some(outgoing.into());
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

/// Says what the certificate of an app is, where it has one.
///
/// # Errors
/// If it cannot be read.
pub fn certificate(report: &mut Report, app: &App, now: Timestamp) -> Result<(), Failure> {
    let Some(spec) = &app.certificate else { return Ok(()) };
    report.fact("certificate_file", &spec.file);
    if let Some(key_file) = &spec.key_file {
        report.fact("key_file", key_file);
    }
    if let Some(previous) = &spec.previous {
        report.fact("previous_certificate_file", &previous.file);
    }
    if let Some(next) = &spec.next {
        report.fact("next_certificate_file", &next.file);
    }
    let certificate = certificate::certificate(spec)?;
    report.fact("certificate", &certificate.subject);
    report.fact("certificate_thumbprint", certificate.thumbprint());
    report.fact("certificate_thumbprint_sha256", certificate.thumbprint_sha256());
    report.fact("certificate_expires", certificate.last_day());
    report.values.certificate = Some(certificate_value(&certificate, now));
    Ok(())
}

/// The certificate as values.
#[must_use]
pub fn certificate_value(certificate: &certificate::Certificate, now: Timestamp) -> CertificateValue {
    let expires_on = certificate.last_day();
    CertificateValue {
        subject: Shown::of(&certificate.subject),
        thumbprint: Shown::of(certificate.thumbprint()),
        expires_on,
        days_left: secret_expiry::days_left(expires_on, now),
    }
}

/// Says what a sign-in has brought, without its tokens.
pub fn grant(report: &mut Report, grant: &MailboxRecord, now: Timestamp) {
    let is_signed_in = grant.refresh_token().is_some();
    report.fact("status", if is_signed_in { "authorized" } else { "needs no sign-in" });
    report.values.state = Some(if is_signed_in { State::Authorized } else { State::NeedsNoSignIn });
    if let Some(identity) = &grant.identity {
        let label = Redactor::by_shape(&identity.label);
        report.fact("signed_in_as", &label);
        report.values.signed_in_as = Some(label);
        if let Some(tenant) = &identity.tenant {
            report.fact("signed_in_tenant", Redactor::by_shape(tenant));
        }
    }
    if let Some(since) = grant.since() {
        report.fact("authorized_since", since.strftime("%Y-%m-%d %H:%M UTC"));
        report.values.authorized_at = Some(since);
    }
    // Before an app's first token there is only what will be asked for.
    if is_signed_in || !grant.access.is_empty() {
        report.fact("scopes", Redactor::by_shape(&grant.scopes.join(" ")));
        report.values.scopes = grant.scopes.iter().map(|scope| Redactor::by_shape(scope)).collect();
    }
    if let Some(access) = grant.access.iter().max_by_key(|access| access.received) {
        report.fact("access_token", valid_until(access.expires, now));
        report.values.access_token = Some(AccessTokenValue { expires_at: access.expires });
    }
}
