//! The JSON file that Google hands out for a service account: with a key in it (`service_account`), or with what is traded
//! for a signature (`external_account`, AIP-4117). Its addresses are compared with Google's and never followed elsewhere:
//! a file from a stranger must not send a token to a stranger's server.

use std::path::Path;

use oauth2::http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::subject::{Place, SHOWN, Source, Subject, whole};
use crate::failure::{CredentialFault, Failure};
use crate::finding_code::FindingCode;
use crate::jwt::TOKEN_LIMIT;
use crate::oauth::token_text::Token;
use crate::profile::{Address, ClientId, EndpointUrl, ServiceAccountSpec};
use crate::text::{Redactor, Shown};

/// What a file of Google's holds.
pub(super) enum CredentialFile {
    /// An account with its key.
    Key(KeyFile),
    /// An account without a key.
    External(Box<ExternalAccount>),
}

/// An account with its key.
pub(super) struct KeyFile {
    /// The account's address (`client_email`).
    pub(super) account: Address,
    /// The key's name (`private_key_id`).
    pub(super) key_id: String,
    /// The key in PEM.
    pub(super) private_key: SecretString,
}

/// What is traded for a signature, and whose.
pub(super) struct ExternalAccount {
    /// The account's address.
    pub(super) account: Address,
    /// The identity pool's provider, which the traded token is for.
    pub(super) audience: String,
    /// What the other issuer's token is (RFC 8693 §3).
    pub(super) token_type: String,
    /// Where it comes from.
    pub(super) subject: Subject,
}

/// What the file is held against.
pub(super) struct Expected<'a> {
    /// The client ID of the profile: the account's number.
    pub(super) client_id: &'a ClientId,
    /// The token endpoint.
    pub(super) token: &'a EndpointUrl,
    /// Google's other endpoints.
    pub(super) spec: &'a ServiceAccountSpec,
}

/// The fields of all kinds of Google's files.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    #[serde(rename = "type")]
    kind: Option<String>,
    client_id: Option<String>,
    client_email: Option<String>,
    private_key_id: Option<String>,
    private_key: Token,
    token_uri: Option<String>,
    audience: Option<String>,
    subject_token_type: Option<String>,
    token_url: Option<String>,
    service_account_impersonation_url: Option<String>,
    credential_source: Option<Map<String, Value>>,
    /// An OAuth client's file.
    installed: Option<IgnoredAny>,
    /// The same, of a web application.
    web: Option<IgnoredAny>,
}

/// Reads a file.
///
/// # Errors
/// What it is instead, and what of it does not fit.
pub(super) fn read(text: &str, expected: &Expected<'_>) -> Result<CredentialFile, Failure> {
    let fields: Fields = serde_json::from_str(text.trim_start_matches('\u{feff}').trim()).map_err(|_| no_json(text))?;
    if fields.installed.is_some() || fields.web.is_some() {
        return Err(CredentialFault::new(FindingCode::SERVICE_ACCOUNT_IS_OAUTH_CLIENT).into());
    }
    match fields.kind.as_deref() {
        Some("service_account") => key(fields, expected).map(CredentialFile::Key),
        Some("external_account") => external(fields, expected).map(Box::new).map(CredentialFile::External),
        Some("authorized_user") => Err(CredentialFault::new(FindingCode::SERVICE_ACCOUNT_IS_USER).into()),
        Some(kind) => {
            Err(CredentialFault::new(FindingCode::SERVICE_ACCOUNT_OTHER_KIND).with("kind", shown(kind)).into())
        }
        None => Err(lacking("type")),
    }
}

/// Reads a file outside the store, which must have nothing in it that is secret.
///
/// # Errors
/// As [`read`]; if it cannot be read, or holds a key.
pub(super) fn read_outside(path: &Path, expected: &Expected<'_>) -> Result<CredentialFile, Failure> {
    let fault = || CredentialFault::new(FindingCode::SERVICE_ACCOUNT_FILE_UNREADABLE).with("path", path);
    let bytes = whole(path).map_err(|error| fault().with("reason", &error))?;
    if bytes.len() > TOKEN_LIMIT {
        return Err(fault().with("reason", "it is larger than any file of Google's").into());
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| fault().with("reason", "it is not text"))?;
    match read(text, expected)? {
        CredentialFile::Key(_) => {
            Err(CredentialFault::new(FindingCode::SERVICE_ACCOUNT_KEY_IN_FILE).with("path", path).into())
        }
        external @ CredentialFile::External(_) => Ok(external),
    }
}

fn no_json(text: &str) -> Failure {
    let fault = CredentialFault::new(FindingCode::SERVICE_ACCOUNT_NOT_A_FILE);
    match text.trim_start() {
        pem if pem.starts_with("-----BEGIN") => fault.case("pem").into(),
        json if json.starts_with('{') => fault.case("cut").into(),
        _ => fault.into(),
    }
}

fn key(fields: Fields, expected: &Expected<'_>) -> Result<KeyFile, Failure> {
    let account = address("client_email", &needed("client_email", fields.client_email)?)?;
    let number = needed("client_id", fields.client_id)?;
    if number != expected.client_id.as_str() {
        let fault = CredentialFault::new(FindingCode::SERVICE_ACCOUNT_OTHER_CLIENT).with("account", &account);
        return Err(fault.with("number", shown(&number)).with("client_id", expected.client_id).into());
    }
    same_address("token_uri", &needed("token_uri", fields.token_uri)?, expected.token)?;
    let key_id = needed("private_key_id", fields.private_key_id)?;
    let Token::Text(private_key) = fields.private_key else { return Err(lacking("private_key")) };
    Ok(KeyFile { account, key_id, private_key })
}

fn external(fields: Fields, expected: &Expected<'_>) -> Result<ExternalAccount, Failure> {
    same_address("token_url", &needed("token_url", fields.token_url)?, &expected.spec.token_exchange)?;
    let impersonation = "service_account_impersonation_url";
    let url = needed(impersonation, fields.service_account_impersonation_url)?;
    let source = fields.credential_source.ok_or_else(|| lacking("credential_source"))?;
    Ok(ExternalAccount {
        account: address(impersonation, impersonated(&url, &expected.spec.signer)?)?,
        audience: needed("audience", fields.audience)?,
        token_type: needed("subject_token_type", fields.subject_token_type)?,
        subject: Subject::Stated(credential_source(&source)?),
    })
}

/// The account whose tokens Google's file would have made at this address of IAM's.
fn impersonated<'a>(url: &'a str, signer: &EndpointUrl) -> Result<&'a str, Failure> {
    let behind = url.strip_prefix(signer.as_issuer().trim_end_matches('/'));
    let name = behind.and_then(|path| path.strip_prefix("/v1/projects/-/serviceAccounts/"));
    let account = name.and_then(|name| name.strip_suffix(":generateAccessToken"));
    account.ok_or_else(|| other_address("service_account_impersonation_url", url, signer))
}

fn credential_source(source: &Map<String, Value>) -> Result<Source, Failure> {
    let text = |name: &str| source.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let fault = |case| CredentialFault::new(FindingCode::SERVICE_ACCOUNT_SOURCE).case(case);
    let refused = |case| Err(fault(case).into());
    let place = if source.contains_key("executable") {
        return refused("executable");
    } else if source.contains_key("environment_id") {
        return refused("aws");
    } else if source.contains_key("certificate") {
        return refused("certificate");
    } else if let Some(path) = text("file") {
        Place::File(path.into())
    } else if let Some(url) = text("url") {
        match url.parse() {
            Ok(url) => Place::Web(url, headers(source)?),
            Err(_) => return Err(fault("insecure").with("url", shown(url)).into()),
        }
    } else {
        return Err(lacking("credential_source"));
    };
    let format = source.get("format").and_then(Value::as_object);
    let of_format = |name: &str| format?.get(name).and_then(Value::as_str);
    let field = match of_format("type") {
        None | Some("text") => None,
        Some("json") => Some(of_format("subject_token_field_name").ok_or_else(|| lacking("subject_token_field_name"))?),
        Some(_) => return refused("format"),
    };
    Ok(Source { place, field: field.map(str::to_owned) })
}

fn headers(source: &Map<String, Value>) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in source.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let header = HeaderName::try_from(name.as_str()).ok().zip(value.as_str());
        let header = header.and_then(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?)));
        let Some((name, mut value)) = header else {
            let fault = CredentialFault::new(FindingCode::SERVICE_ACCOUNT_SOURCE).case("header");
            return Err(fault.with("header", shown(name)).into());
        };
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

fn needed(field: &'static str, value: Option<String>) -> Result<String, Failure> {
    value.filter(|value| !value.is_empty()).ok_or_else(|| lacking(field))
}

fn lacking(field: &'static str) -> Failure {
    let fault = CredentialFault::new(FindingCode::SERVICE_ACCOUNT_INCOMPLETE).with("field", field);
    match field {
        // People take it out before they hand a file on.
        "private_key" => fault.case("key").into(),
        "service_account_impersonation_url" => fault.case("impersonation").into(),
        _ => fault.into(),
    }
}

fn address(field: &'static str, text: &str) -> Result<Address, Failure> {
    text.parse().map_err(|_| lacking(field))
}

fn same_address(field: &'static str, text: &str, expected: &EndpointUrl) -> Result<(), Failure> {
    let is_same = text.parse::<EndpointUrl>().is_ok_and(|url| url == *expected);
    if is_same { Ok(()) } else { Err(other_address(field, text, expected)) }
}

fn other_address(field: &'static str, text: &str, expected: &EndpointUrl) -> Failure {
    let fault = CredentialFault::new(FindingCode::SERVICE_ACCOUNT_OTHER_HOST).with("field", field);
    fault.with("url", shown(text)).with("expected", expected).into()
}

/// A text of the file, as it is shown.
fn shown(text: &str) -> Shown {
    Redactor::by_shape(text).cut(SHOWN)
}
