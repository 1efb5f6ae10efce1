//! Mail over Microsoft Graph, version 1.0: `/me` for the user's own mailbox, `/users/ADDRESS` for one that is shared.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::Account;
use super::headers::{self, Message};
use super::mark::Mark;
use super::web::{self, Api, Field, Refusal, WebService};
use crate::failure::Failure;
use crate::profile::Opener;
use crate::text::{self, Shown};

/// What a request to send is sent with in place of a message: Graph cannot read it, so that nothing is sent.
const NO_MESSAGE: &[u8] = b"!";
/// Graph's word for it.
const NOT_BASE64: &str = "ErrorMimeContentInvalidBase64String";
/// What says that Graph has taken a message (RFC 9110 §15.3.3).
const ACCEPTED: u16 = 202;
/// How many of the newest messages a test mail is looked for among.
const NEWEST: usize = 10;

/// A mailbox, as its paths begin.
pub(super) struct Graph {
    path: String,
}

impl Graph {
    /// The newest messages of the inbox with these properties.
    fn newest(&self, api: &mut Api<'_>, count: usize, select: &str) -> Result<Vec<Item>, Failure> {
        let path = format!(
            "{}/mailFolders/inbox/messages?$select={select}&$orderby=receivedDateTime%20desc&$top={count}",
            self.path
        );
        Ok(api.get::<Items>(&path)?.value)
    }

    fn post(&self, api: &mut Api<'_>, body: &[u8]) -> Result<(), Failure> {
        api.post(&format!("{}/sendMail", self.path), ("text/plain", body), |status, _| status == ACCEPTED)
    }
}

impl WebService for Graph {
    fn of(account: Account<'_>) -> Self {
        let address = account.mailbox.as_str();
        let path = match account.by {
            Opener::Owner => "/v1.0/me".to_owned(),
            // An app has no user who could be `me`.
            Opener::Delegate | Opener::App => {
                format!("/v1.0/users/{}", utf8_percent_encode(address, NON_ALPHANUMERIC))
            }
        };
        Self { path }
    }

    fn open_inbox(&self, api: &mut Api<'_>) -> Result<Shown, Failure> {
        let path = format!("{}/mailFolders/inbox?$select=totalItemCount,unreadItemCount", self.path);
        let Folder { total_item_count: all, unread_item_count: unread } = api.get(&path)?;
        Ok(shown!("inbox, {}, {} unread", text::count(all, "message"), unread))
    }

    fn latest(&self, api: &mut Api<'_>, count: usize) -> Result<Vec<Message>, Failure> {
        let items = self.newest(api, count, "subject,from,receivedDateTime")?;
        let shown = |text: &str| headers::show(text, |text| api.clean(text));
        let message = |item: &Item| {
            let from = item.from.as_ref().map(Sender::to_string).unwrap_or_default();
            Message {
                date: shown(item.received_date_time.as_deref().unwrap_or_default()),
                from: shown(&from),
                subject: shown(item.subject.as_deref().unwrap_or_default()),
            }
        };
        Ok(items.iter().take(count).map(message).collect())
    }

    fn try_to_send(&self, api: &mut Api<'_>) -> Result<Shown, Failure> {
        match self.post(api, NO_MESSAGE) {
            Err(failure) if web::is_refused(&failure, 400, |code| code == NOT_BASE64) => {
                Ok("Graph would send; it was given a message that it cannot read, so nothing was sent".into())
            }
            Err(failure) => Err(failure),
            Ok(_) => Err(web::took_no_message()),
        }
    }

    fn send(&self, api: &mut Api<'_>, message: &[u8]) -> Result<Shown, Failure> {
        // As MIME: Graph puts a Message-ID and headers of its own into what is sent as JSON.
        let encoded = BASE64_STANDARD.encode(message);
        self.post(api, encoded.as_bytes())?;
        // Accepted is not delivered.
        Ok("accepted".into())
    }

    fn has(&self, api: &mut Api<'_>, mark: &Mark) -> Result<bool, Failure> {
        let told = "subject,internetMessageId";
        let items = match self.newest(api, NEWEST, &format!("{told},internetMessageHeaders")) {
            // A permission that shows no such header still shows what else a mail is known by.
            Err(failure) if web::is_refused(&failure, 403, |_| true) || web::is_refused(&failure, 400, |_| true) => {
                self.newest(api, NEWEST, told)?
            }
            items => items?,
        };
        Ok(items.iter().any(|item| mark.is_on(&item.head())))
    }

    fn refusal(&self, body: &[u8]) -> Option<Refusal> {
        let Fault { error } = serde_json::from_slice(body).ok()?;
        Some(Refusal { code: error.code, message: error.message })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Folder {
    total_item_count: u64,
    unread_item_count: u64,
}

#[derive(Deserialize)]
struct Items {
    value: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    subject: Option<String>,
    from: Option<Sender>,
    received_date_time: Option<String>,
    internet_message_id: Option<String>,
    #[serde(default)]
    internet_message_headers: Vec<Field>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sender {
    email_address: EmailAddress,
}

#[derive(Deserialize)]
struct EmailAddress {
    #[serde(default)]
    name: String,
    #[serde(default)]
    address: String,
}

#[derive(Deserialize)]
struct Fault {
    error: FaultError,
}

#[derive(Deserialize)]
struct FaultError {
    code: String,
    #[serde(default)]
    message: String,
}

impl Item {
    /// The headers as a message has them.
    fn head(&self) -> String {
        let own = [("Subject", &self.subject), ("Message-ID", &self.internet_message_id)];
        let own = own.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        let all = self.internet_message_headers.iter().map(|field| (field.name.as_str(), field.value.as_str()));
        headers::block(own.chain(all))
    }
}

impl std::fmt::Display for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let EmailAddress { name, address } = &self.email_address;
        if name.is_empty() || name == address { f.write_str(address) } else { write!(f, "{name} <{address}>") }
    }
}
