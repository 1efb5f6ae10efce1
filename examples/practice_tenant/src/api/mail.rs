//! Graph's view of a mailbox: the user, the inbox and its messages.

use serde_json::{Value, json};

use super::caller::Caller;
use super::problem::{self, Problem, bad_request};
use super::{collection, selected};
use crate::faults::Fault;
use crate::http::{Request, Response};
use crate::mailstore::Message;
use crate::world::{Holder, World, now};

const READ: &[&str] = &["Mail.ReadBasic", "Mail.Read", "Mail.ReadWrite"];
const READ_SHARED: &[&str] = &["Mail.ReadBasic.Shared", "Mail.Read.Shared", "Mail.ReadWrite.Shared"];
const READ_APP: &[&str] = &["Mail.ReadBasic.All", "Mail.Read", "Mail.ReadWrite"];
/// What one page holds at most.
const LARGEST_PAGE: usize = 1_000;

/// `GET /me`.
pub fn me(world: &World, caller: &Caller, request: &Request) -> Result<Response, Problem> {
    let own = caller.own()?.to_owned();
    caller.may(&own, &["User.Read", "User.ReadWrite", "User.Read.All"], &[], &[])?;
    let user = world.user(&own).ok_or_else(|| problem::no_user(&own))?;
    let value = json!({
        "id": user.object_id(),
        "displayName": user.name,
        "mail": user.address,
        "userPrincipalName": user.address,
    });
    Ok(Response::json(200, &selected(request, value)))
}

/// `GET …/mailFolders/inbox`.
pub fn folder(world: &World, caller: &Caller, request: &Request, owner: &str) -> Result<Response, Problem> {
    open(world, caller, owner)?;
    let count = world.state().mail.inbox(owner).len();
    let value = json!({
        "id": format!("inbox-{owner}"),
        "displayName": "Inbox",
        "parentFolderId": format!("root-{owner}"),
        "childFolderCount": 0,
        "unreadItemCount": count,
        "totalItemCount": count,
        "isHidden": false,
    });
    Ok(Response::json(200, &selected(request, value)))
}

/// `GET …/messages`, newest first. A filter sees what the index has, which may lag behind.
pub fn messages(world: &World, caller: &Caller, request: &Request, owner: &str) -> Result<Response, Problem> {
    open(world, caller, owner)?;
    let page = match request.query.get("$top").map(str::parse::<usize>) {
        None => 10,
        Some(Ok(page @ 1..=LARGEST_PAGE)) => page,
        Some(_) => return Err(bad_request("Invalid value for $top.")),
    };
    if request.query.get("$orderby").is_some_and(|order| order != "receivedDateTime desc") {
        return Err(bad_request("Only receivedDateTime desc is known here."));
    }
    let mut messages = world.state().mail.inbox(owner);
    messages.reverse();
    if let Some(filter) = request.query.get("$filter") {
        let wanted = filter.strip_prefix("internetMessageId eq '").and_then(|rest| rest.strip_suffix('\''));
        let Some(wanted) = wanted else { return Err(bad_request("Invalid filter clause.")) };
        let indexed = now() - world.faults.index_delay();
        messages
            .retain(|message| message.received <= indexed && message.field("Message-ID").as_deref() == Some(wanted));
    }
    // Headers are shown to those who select them.
    let with_headers = request.query.get("$select").is_some_and(|names| names.contains("internetMessageHeaders"));
    let values = messages.iter().take(page).map(|message| {
        let mut value = shown(message);
        if with_headers {
            value["internetMessageHeaders"] = headers(message);
        }
        selected(request, value)
    });
    Ok(collection(values.collect()))
}

/// Refuses a mailbox that is not there, or that is not the caller's to read.
fn open(world: &World, caller: &Caller, owner: &str) -> Result<(), Problem> {
    caller.may(owner, READ, READ_SHARED, READ_APP)?;
    if world.faults.is_on(Fault::NoMailbox) {
        let message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise.";
        return Err(Problem::new(404, "MailboxNotEnabledForRESTAPI", message));
    }
    match &caller.holder {
        Holder::User(address) if address != owner && !may_open(world, address, owner) => Err(problem::access_denied()),
        Holder::User(_) | Holder::App => Ok(()),
    }
}

/// Whether `delegate` may open the mailbox of `owner`.
pub fn may_open(world: &World, delegate: &str, owner: &str) -> bool {
    !world.faults.is_on(Fault::NoDelegates)
        && world.user(owner).is_some_and(|user| user.delegates.iter().any(|known| known == delegate))
}

fn shown(message: &Message) -> Value {
    let field = |name: &str| message.field(name).unwrap_or_default();
    let (name, address) = mailbox_of(&field("From"));
    json!({
        "id": format!("message-{}", message.uid),
        "receivedDateTime": message.received.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "subject": field("Subject"),
        "from": { "emailAddress": { "name": name, "address": address } },
        "internetMessageId": field("Message-ID"),
        "isRead": false,
        "hasAttachments": false,
    })
}

/// `internetMessageHeaders`, and Gmail's `headers`.
pub fn headers(message: &Message) -> Value {
    message.fields().into_iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

/// `Name <address>` in its two parts.
pub fn mailbox_of(text: &str) -> (String, String) {
    match text.rsplit_once('<') {
        Some((name, address)) => {
            (name.trim().trim_matches('"').to_owned(), address.trim_end_matches('>').trim().to_owned())
        }
        None => (text.trim().to_owned(), text.trim().to_owned()),
    }
}
