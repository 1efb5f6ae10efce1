//! The profile's mirrors as TOML values, key by key.

use std::path::Path;

use jiff::civil::Date;
use toml::Spanned;
use toml_edit::{Array, InlineTable, Value};

use crate::config::file::{AppFile, EachScopes, IncomingFile, MailboxFile, OutgoingFile, ScopesFile};

fn filled(pairs: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> InlineTable {
    pairs.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

fn text(value: Option<&Spanned<String>>) -> Option<Value> {
    value.map(|value| Value::from(value.get_ref().as_str()))
}

pub(super) fn app_table(app: &AppFile) -> InlineTable {
    filled([
        ("provider", app.provider.as_ref().map(|value| Value::from(value.get_ref().key))),
        ("cloud", app.cloud.as_ref().map(|value| word(value.get_ref()))),
        ("tenant", text(app.tenant.as_ref())),
        ("authority", text(app.authority.as_ref())),
        ("issuer", text(app.issuer.as_ref())),
        ("scopes", app.scopes.as_ref().map(|value| scopes_value(value.get_ref()))),
        ("client_id", text(app.client_id.as_ref())),
        ("credential", app.credential.as_ref().map(|value| word(value.get_ref()))),
        ("client_authentication", app.client_authentication.as_ref().map(|value| word(value.get_ref()))),
        ("secret_expires", app.secret_expires.as_ref().and_then(|value| value.get_ref().day()).map(date_value)),
        ("redirect_uri", text(app.redirect_uri.as_ref())),
        ("ca_file", app.ca_file.as_deref().map(path_value)),
    ])
}

pub(super) fn mailbox_table(mailbox: &MailboxFile) -> InlineTable {
    filled([
        ("app", text(mailbox.app.as_ref())),
        ("address", text(mailbox.address.as_ref())),
        ("sign_in_as", text(mailbox.sign_in_as.as_ref())),
        ("incoming", mailbox.incoming.as_ref().map(|value| incoming_value(value.get_ref()))),
        ("outgoing", mailbox.outgoing.as_ref().map(|value| outgoing_value(value.get_ref()))),
        ("enabled", mailbox.enabled.map(Value::from)),
        ("ca_file", mailbox.ca_file.as_deref().map(path_value)),
    ])
}

/// A value enum's word in the file.
fn word(value: &impl serde::Serialize) -> Value {
    let word = serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned));
    Value::from(word.unwrap_or_default())
}

fn path_value(path: &Path) -> Value {
    Value::from(path.to_string_lossy().into_owned())
}

pub(super) fn date_value(day: Date) -> Value {
    match day.to_string().parse::<toml_edit::Datetime>() {
        Ok(day) => Value::from(day),
        Err(_) => Value::from(day.to_string()),
    }
}

fn list(texts: &[String]) -> Value {
    Value::Array(texts.iter().map(String::as_str).collect::<Array>())
}

fn scopes_value(scopes: &ScopesFile) -> Value {
    match scopes {
        ScopesFile::All(texts) => list(texts),
        ScopesFile::Each(EachScopes { imap, pop3, smtp }) => {
            let each = [("imap", imap), ("pop3", pop3), ("smtp", smtp)];
            filled(each.map(|(key, texts)| (key, (!texts.is_empty()).then(|| list(texts))))).into()
        }
    }
}

fn incoming_value(side: &IncomingFile) -> Value {
    side_value(side.protocol.key(), side.host.as_deref(), side.port, side.tls.map(|tls| word(&tls)))
}

fn outgoing_value(side: &OutgoingFile) -> Value {
    side_value(side.protocol.key(), side.host.as_deref(), side.port, side.tls.map(|tls| word(&tls)))
}

fn side_value(protocol: &str, host: Option<&str>, port: Option<u16>, tls: Option<Value>) -> Value {
    filled([
        ("protocol", Some(Value::from(protocol))),
        ("host", host.map(Value::from)),
        ("port", port.map(|port| Value::from(i64::from(port)))),
        ("tls", tls),
    ])
    .into()
}
