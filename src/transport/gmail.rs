//! Mail over the Gmail API, version 1.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::json;

use super::Account;
use super::headers::{self, Message};
use super::mark::{self, Mark};
use super::web::{self, Api, Field, Refusal, WebService};
use crate::failure::Failure;
use crate::text::{self, Shown};

/// A message without a recipient: Gmail refuses it, so that nothing is sent.
const NO_RECIPIENT: &str = "Subject: mailgrant tries whether it may send\r\n\r\n";
/// How many of the newest messages a test mail is looked for among.
const NEWEST: usize = 10;

/// A mailbox, as its paths begin.
pub(super) struct Gmail {
    path: String,
}

impl Gmail {
    /// The headers `names` of each of the newest messages, newest first. Gmail tells them message by message.
    fn newest(&self, api: &mut Api<'_>, count: usize, names: &[&str]) -> Result<Vec<String>, Failure> {
        let Listed { messages } = api.get(&format!("{}/messages?labelIds=INBOX&maxResults={count}", self.path))?;
        let wanted: String = names.iter().map(|name| format!("&metadataHeaders={name}")).collect();
        let mut heads = Vec::new();
        for Id { id } in messages.iter().take(count) {
            let id = utf8_percent_encode(id, NON_ALPHANUMERIC);
            let Item { payload } = api.get(&format!("{}/messages/{id}?format=metadata{wanted}", self.path))?;
            let fields = payload.headers.iter().map(|field| (field.name.as_str(), field.value.as_str()));
            heads.push(headers::block(fields));
        }
        Ok(heads)
    }

    fn post(&self, api: &mut Api<'_>, message: &[u8]) -> Result<(), Failure> {
        let body = json!({ "raw": BASE64_URL_SAFE.encode(message) }).to_string();
        let path = format!("{}/messages/send", self.path);
        api.post(&path, ("application/json", body.as_bytes()), |_, sent| serde_json::from_slice::<Id>(sent).is_ok())
    }
}

impl WebService for Gmail {
    fn of(account: Account<'_>) -> Self {
        let address = account.mailbox.as_str();
        let user = if account.user.matches(address) {
            "me".to_owned()
        } else {
            utf8_percent_encode(address, NON_ALPHANUMERIC).to_string()
        };
        Self { path: format!("/gmail/v1/users/{user}") }
    }

    fn open_inbox(&self, api: &mut Api<'_>) -> Result<Shown, Failure> {
        let Profile { email_address, messages_total } = api.get(&format!("{}/profile", self.path))?;
        Ok(shown!("mailbox of {}, {}", api.clean(&email_address), text::count(messages_total, "message")))
    }

    fn latest(&self, api: &mut Api<'_>, count: usize) -> Result<Vec<Message>, Failure> {
        let heads = self.newest(api, count, &["Date", "From", "Subject"])?;
        Ok(heads.iter().map(|head| headers::message(head, |text| api.clean(text))).collect())
    }

    fn try_to_send(&self, api: &mut Api<'_>) -> Result<Shown, Failure> {
        match self.post(api, NO_RECIPIENT.as_bytes()) {
            Err(failure)
                if web::is_refused(&failure, 400, |code| ["invalidArgument", "INVALID_ARGUMENT"].contains(&code)) =>
            {
                Ok("Gmail would send; it was given a message without a recipient, so nothing was sent".into())
            }
            Err(failure) => Err(failure),
            Ok(()) => Err(web::took_no_message()),
        }
    }

    fn send(&self, api: &mut Api<'_>, message: &[u8]) -> Result<Shown, Failure> {
        self.post(api, message)?;
        Ok("accepted".into())
    }

    fn has(&self, api: &mut Api<'_>, mark: &Mark) -> Result<bool, Failure> {
        let heads = self.newest(api, NEWEST, &mark::NAMES)?;
        Ok(heads.iter().any(|head| mark.is_on(head)))
    }

    fn refusal(&self, body: &[u8]) -> Option<Refusal> {
        let Fault { error } = serde_json::from_slice(body).ok()?;
        let reason = error.errors.into_iter().find_map(|error| error.reason);
        let links = error.details.into_iter().flat_map(|detail| detail.links);
        let message =
            links.fold(
                error.message,
                |message, Link { url }| {
                    if message.contains(&url) { message } else { format!("{message} {url}") }
                },
            );
        Some(Refusal { code: reason.or(error.status)?, message })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Profile {
    email_address: String,
    messages_total: u64,
}

#[derive(Deserialize)]
struct Listed {
    /// Left out where there are none.
    #[serde(default)]
    messages: Vec<Id>,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

#[derive(Deserialize)]
struct Item {
    payload: Payload,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    headers: Vec<Field>,
}

#[derive(Deserialize)]
struct Fault {
    error: FaultError,
}

#[derive(Deserialize)]
struct FaultError {
    #[serde(default)]
    message: String,
    status: Option<String>,
    #[serde(default)]
    errors: Vec<Reason>,
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Deserialize)]
struct Reason {
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(default)]
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    url: String,
}
