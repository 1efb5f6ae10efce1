//! Values of a profile that are most likely slips: they may be right, so they are warned of and never refused.

use crate::profile::{App, ClientType, Mailbox, client_id_doubt, placeholder};
use crate::report::{Finding, Warning, WarningCode};
use crate::text::{Redactor, Shown};

/// What is to be said of an app's values.
pub fn of_app(app: &App) -> Vec<Warning> {
    let tenant = app.tenant.as_ref().and_then(|tenant| example("tenant", tenant.as_str()));
    let id = client_id_doubt(app.client_id.as_str(), app.provider, app.tenant.as_ref(), app.credential);
    let id = id.map(|code| {
        let cause = Finding::of(code).finding().cause;
        let told = shown!("the client ID of app '{}' looks wrong: {}", app.name, cause);
        Warning::new(WarningCode::UnusualClientId, told)
    });
    tenant.into_iter().chain(id).chain(credential(app)).collect()
}

fn credential(app: &App) -> Option<Warning> {
    let provider = app.provider;
    let known = provider.quirks.credentials.iter().filter(|kind| kind.client_type() == ClientType::Confidential);
    let told = shown!(
        "{} is not known to take a {} from an app, as app '{}' has one: its apps have a {}",
        provider.title,
        app.credential.title(),
        app.name,
        Shown::join(known.map(|kind| kind.title()), " or a ")
    );
    (!provider.takes(app.credential)).then(|| Warning::new(WarningCode::CredentialNotTaken, told))
}

/// What is to be said of a mailbox's values.
pub fn of_mailbox(mailbox: &Mailbox) -> Vec<Warning> {
    let address = &mailbox.address;
    let mut warnings = Vec::new();
    if address.needs_smtputf8() {
        let told = shown!(
            "{} has letters outside ASCII before the @ (RFC 6531): it can be read where the server takes it, sending \
             needs a server that offers SMTPUTF8, and Microsoft and Google have no such addresses",
            address
        );
        warnings.push(Warning::new(WarningCode::AddressNeedsSmtputf8, told));
    }
    if !address.domain().contains('.') {
        let told = shown!("the domain of {} has no dot; if a part of it is missing, correct it", address);
        warnings.push(Warning::new(WarningCode::DomainWithoutDot, told));
    }
    warnings.extend(example("address", address.as_str()));
    warnings.extend(mailbox.services().filter_map(|service| example("host", service.endpoint.host())));
    warnings
}

fn example(what: &'static str, text: &str) -> Option<Warning> {
    let label = placeholder::likely(text)?;
    let told = shown!(
        "the {} {} holds '{}', which documents use as an example; if it was copied from one, correct it",
        what,
        Redactor::by_shape(text),
        Redactor::by_shape(label)
    );
    Some(Warning::new(WarningCode::ExampleValue, told))
}
