//! Gmail's API: the profile, a list and a message, and sending.

use base64::prelude::{BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD, Engine};
use serde_json::{Value, json};

use super::GMAIL;
use super::caller::Caller;
use super::mail::{headers, mailbox_of};
use super::problem::Problem;
use super::send::{recipients, take};
use crate::http::{Request, Response};
use crate::mailstore::Message;
use crate::world::{World, now};

const READ: &[&str] = &["gmail.metadata", "gmail.readonly", "gmail.modify"];
const FULL: &str = "https://mail.google.com/";

pub fn route(world: &World, caller: &Caller, request: &Request) -> Result<Response, Problem> {
    let path = request.path.strip_prefix(GMAIL).unwrap_or_default();
    let segments: Vec<&str> = path.split('/').collect();
    let own = caller.own()?.to_owned();
    let [user, rest @ ..] = segments.as_slice() else { return Err(not_found()) };
    if *user != "me" && !request.decoded(user).eq_ignore_ascii_case(&own) {
        return Err(Problem::new(403, "forbidden", format!("Delegation denied for {own}")));
    }
    match (request.method.as_str(), rest) {
        ("GET", ["profile"]) => {
            permit(caller, &[READ, &["gmail.compose"]].concat())?;
            let count = world.state().mail.inbox(&own).len();
            let value = json!({
                "emailAddress": own, "messagesTotal": count, "threadsTotal": count, "historyId": "1",
            });
            Ok(Response::json(200, &value))
        }
        ("GET", ["messages"]) => list(world, caller, request, &own),
        ("GET", ["messages", id]) => get(world, caller, &own, id),
        ("POST", ["messages", "send"]) => send(world, caller, request, &own),
        _ => {
            world.surprise(format!("Gmail: {} {}", request.method, request.path));
            Err(not_found())
        }
    }
}

fn permit(caller: &Caller, wanted: &[&str]) -> Result<(), Problem> {
    if caller.scopes.iter().any(|scope| scope == FULL || wanted.contains(&scope.as_str())) {
        return Ok(());
    }
    Err(Problem::new(403, "insufficientPermissions", "Request had insufficient authentication scopes."))
}

fn not_found() -> Problem {
    Problem::new(404, "notFound", "Requested entity was not found.")
}

/// `messages.list`; of Gmail's search language `rfc822msgid:` alone.
fn list(world: &World, caller: &Caller, request: &Request, own: &str) -> Result<Response, Problem> {
    permit(caller, READ)?;
    let query = request.query.get("q");
    if query.is_some() && !caller.scopes.iter().any(|scope| scope != "gmail.metadata" && READ.contains(&scope.as_str()))
    {
        return Err(Problem::new(403, "forbidden", "Metadata scope does not support 'q' parameter"));
    }
    let mut messages = world.state().mail.inbox(own);
    messages.reverse();
    if let Some(id) = query.and_then(|query| query.strip_prefix("rfc822msgid:")) {
        let indexed = now() - world.faults.index_delay();
        messages.retain(|message| {
            let own_id = message.field("Message-ID").unwrap_or_default();
            message.received <= indexed && own_id.trim_matches(['<', '>']) == id.trim_matches(['<', '>'])
        });
    }
    let most = request.query.get("maxResults").and_then(|text| text.parse().ok()).unwrap_or(100);
    let values: Vec<Value> = messages
        .iter()
        .take(most)
        .map(|message| json!({ "id": message.uid.to_string(), "threadId": message.uid.to_string() }))
        .collect();
    Ok(Response::json(200, &json!({ "messages": values, "resultSizeEstimate": values.len() })))
}

/// `messages.get` with `format=metadata`: headers and no body.
fn get(world: &World, caller: &Caller, own: &str, id: &str) -> Result<Response, Problem> {
    permit(caller, READ)?;
    let message = world.state().mail.inbox(own).into_iter().find(|message| message.uid.to_string() == id);
    let message = message.ok_or_else(not_found)?;
    let value = json!({
        "id": id,
        "threadId": id,
        "labelIds": ["INBOX"],
        "internalDate": message.received.as_millisecond().to_string(),
        "payload": { "headers": headers(&message) },
        "sizeEstimate": message.raw.len(),
    });
    Ok(Response::json(200, &value))
}

/// `messages.send`: `raw` is the message in base64url; Bcc must be among its headers.
fn send(world: &World, caller: &Caller, request: &Request, own: &str) -> Result<Response, Problem> {
    permit(caller, &["gmail.send", "gmail.compose", "gmail.modify"])?;
    let invalid = |message: &str| Problem::new(400, "invalidArgument", message);
    let body: Value = serde_json::from_str(&request.body()).map_err(|_| invalid("Invalid JSON payload received."))?;
    let text = body["raw"].as_str().ok_or_else(|| {
        invalid("'raw' RFC822 payload message string or uploading message via /upload/* URL required")
    })?;
    let decoded = BASE64_URL_SAFE.decode(text).or_else(|_| BASE64_URL_SAFE_NO_PAD.decode(text));
    let raw = decoded.map_err(|_| invalid("Invalid value at 'message.raw' (TYPE_BYTES), Base64 decoding failed"))?;
    let mut message = Message { uid: 0, received: now(), raw };
    let recipients = recipients(&message);
    if recipients.is_empty() {
        return Err(invalid("Recipient address required"));
    }
    // Gmail replaces a sender that is not the account's own.
    let from = message.field("From").map_or_else(|| own.to_owned(), |from| mailbox_of(&from).1);
    if !from.eq_ignore_ascii_case(own) {
        message.raw = [format!("From: {own}\r\n").into_bytes(), message.raw].concat();
    }
    take(world, caller, own, own.to_owned(), recipients, message.raw);
    Ok(Response::json(200, &json!({ "id": "sent-1", "threadId": "sent-1", "labelIds": ["SENT"] })))
}
