//! What Exchange knows of an app and of a mailbox, as the cmdlets of its admin API say it. Microsoft's own module for PowerShell
//! asks that API, and no document describes it; it is read here, and only where an administrator asks for that.

use oauth2::http::Method;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::request::Bearer;
use super::{TokenSource, status};
use crate::failure::{Failure, FailureKind};
use crate::net::HttpClient;
use crate::profile::{Address, ClientId, EndpointUrl, Invalid, Protocol, Tenant};
use crate::text::Redactor;

/// Exchange's admin API, as the holder of a token asks it about one mailbox.
pub struct ExchangeAdmin<'a> {
    /// The way there.
    pub http: HttpClient,
    /// What stands before `/adminapi`.
    pub base: EndpointUrl,
    /// Whose Exchange it is.
    pub tenant: &'a Tenant,
    /// The mailbox; requests are led to the servers that have it.
    pub mailbox: &'a Address,
    /// Gives the token.
    pub source: TokenSource<'a>,
}

/// An app as Exchange knows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServicePrincipal {
    /// The object ID that `New-ServicePrincipal` was given.
    pub object_id: String,
}

/// The switches of a mailbox for protocols; none where the answer does not say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Switches(Vec<(Protocol, Option<bool>)>);

impl Switches {
    /// Whether `protocol` is on; none where it has no switch, and for SMTP where the organisation's setting counts.
    #[must_use]
    pub fn of(&self, protocol: Protocol) -> Option<bool> {
        self.0.iter().find(|(of, _)| *of == protocol).and_then(|(_, is_on)| *is_on)
    }
}

#[derive(Deserialize)]
struct Rows<T> {
    #[serde(default = "Vec::new")]
    value: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PermissionRow {
    #[serde(default)]
    access_rights: Value,
    #[serde(default)]
    deny: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SwitchesRow {
    #[serde(default)]
    imap_enabled: Value,
    #[serde(default)]
    pop_enabled: Value,
    #[serde(default)]
    smtp_client_authentication_disabled: Value,
}

impl ExchangeAdmin<'_> {
    /// The service principal of the app; none where Exchange has none.
    ///
    /// # Errors
    /// [`FailureKind::Rejected`] if Exchange says no; [`FailureKind::Unreadable`] if it says something else; what the network
    /// and the source of the token say.
    pub fn service_principal(&self, app: &ClientId) -> Result<Option<ServicePrincipal>, Failure> {
        let found = self.rows("Get-ServicePrincipal", json!({ "Identity": app.as_str() }));
        match found {
            Ok(found) => Ok(found.into_iter().next()),
            Err(failure) if is_missing(&failure) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Whether the mailbox is open to the service principal with this object ID (FullAccess). That the cmdlet finds it by that
    /// ID, as `Add-MailboxPermission` does, was not seen.
    ///
    /// # Errors
    /// As [`ExchangeAdmin::service_principal`].
    pub fn has_full_access(&self, object_id: &str) -> Result<bool, Failure> {
        let parameters = json!({ "Identity": self.mailbox.as_str(), "User": object_id });
        let rows: Vec<PermissionRow> = self.rows("Get-MailboxPermission", parameters)?;
        let is_full = |row: &PermissionRow| names(&row.access_rights, "FullAccess") && truth(&row.deny) != Some(true);
        Ok(rows.iter().any(is_full))
    }

    /// The mailbox's switches.
    ///
    /// # Errors
    /// As [`ExchangeAdmin::service_principal`].
    pub fn switches(&self) -> Result<Switches, Failure> {
        let rows: Vec<SwitchesRow> = self.rows("Get-CASMailbox", json!({ "Identity": self.mailbox.as_str() }))?;
        let of_row = |row: &SwitchesRow| {
            let is_sending_off = truth(&row.smtp_client_authentication_disabled);
            Switches(vec![
                (Protocol::Imap, truth(&row.imap_enabled)),
                (Protocol::Pop3, truth(&row.pop_enabled)),
                (Protocol::Smtp, is_sending_off.map(|is_off| !is_off)),
            ])
        };
        Ok(rows.first().map(of_row).unwrap_or_default())
    }

    fn rows<T: DeserializeOwned>(&self, cmdlet: &'static str, parameters: Value) -> Result<Vec<T>, Failure> {
        let token: SecretString = (self.source)()?;
        self.http.transcript().redactor().learn(&token);
        let url = self.url()?;
        let headers =
            [("x-anchormailbox", format!("UPN:{}", self.mailbox.as_str())), ("x-responseformat", "json".to_owned())];
        let (http, method) = (&self.http, &Method::POST);
        let request = Bearer { http, token: &token, method, url: &url, what: cmdlet, headers: &headers };
        let answer =
            request.send(Some(&json!({ "CmdletInput": { "CmdletName": cmdlet, "Parameters": parameters } })))?;
        Ok(answer.json::<Rows<T>>()?.value)
    }

    fn url(&self) -> Result<EndpointUrl, Failure> {
        let mut url = self.base.as_url().clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["adminapi", "beta", self.tenant.as_str(), "InvokeCommand"]);
        }
        url.as_str().parse().map_err(|invalid: Invalid| {
            let (url, reason) = (Redactor::by_shape(url.as_str()), Redactor::by_shape(&invalid.problem));
            FailureKind::UnsafeUrl { url, reason }.into()
        })
    }
}

/// Whether the cmdlet found nothing under the name: it says so with status 404, or 400.
fn is_missing(failure: &Failure) -> bool {
    let is_said = |words: &str| words.contains("ManagementObjectNotFound") || words.contains("couldn't be found");
    matches!(status(failure), Some(400 | 404)) && failure.server_said.as_deref().is_some_and(is_said)
}

/// A truth as JSON has it, or as PowerShell writes it.
fn truth(value: &Value) -> Option<bool> {
    let of_text = |text: &str| match text {
        text if text.eq_ignore_ascii_case("true") => Some(true),
        text if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    };
    value.as_bool().or_else(|| value.as_str().and_then(of_text))
}

/// Whether a list names `wanted`, alone or between commas.
fn names(value: &Value, wanted: &str) -> bool {
    let texts = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let mut words = texts.iter().filter_map(Value::as_str).flat_map(|text| text.split(','));
    words.any(|word| word.trim() == wanted)
}
