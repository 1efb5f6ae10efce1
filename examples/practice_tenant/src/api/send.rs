//! `sendMail`, as MIME and as JSON.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::Value;

use super::caller::Caller;
use super::mail::{mailbox_of, may_open};
use super::problem::{self, Problem, bad_request};
use crate::faults::Fault;
use crate::http::{Request, Response};
use crate::mailstore::{Message, SentMessage};
use crate::world::{Holder, TENANT_DOMAIN, World, new_guid, now};

/// `POST …/sendMail`: 202 says that it was taken, not that it was delivered.
pub fn send(world: &World, caller: &Caller, request: &Request, owner: &str) -> Result<Response, Problem> {
    caller.may(owner, &["Mail.Send"], &["Mail.Send.Shared"], &["Mail.Send"])?;
    let kind = request.header("content-type").unwrap_or_default();
    let is_mime = kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/plain"));
    let raw = if is_mime { from_mime(world, request, owner)? } else { from_json(request, owner)? };
    let message = Message { uid: 0, received: now(), raw };
    let sender = message.field("From").map_or_else(|| owner.to_owned(), |from| mailbox_of(&from).1);
    refuse_foreign(world, caller, owner, &sender)?;
    let recipients = recipients(&message);
    if recipients.is_empty() {
        return Err(Problem::new(400, "ErrorInvalidRecipients", "At least one recipient is not valid."));
    }
    take(world, caller, owner, sender, recipients, message.raw);
    Ok(Response::empty(202))
}

/// Stores what was sent, and delivers it.
pub fn take(world: &World, caller: &Caller, owner: &str, sender: String, recipients: Vec<String>, raw: Vec<u8>) {
    let user = match &caller.holder {
        Holder::User(address) => address.clone(),
        Holder::App => owner.to_owned(),
    };
    let mut state = world.state();
    for recipient in &recipients {
        if world.user(recipient).is_some() {
            state.mail.deliver(recipient, raw.clone());
        }
    }
    state.mail.sent.push(SentMessage { user, sender, recipients, raw });
}

/// Refuses a sender whose mailbox is not the caller's to send as.
fn refuse_foreign(world: &World, caller: &Caller, owner: &str, sender: &str) -> Result<(), Problem> {
    let denied = || {
        let message = "The user account which was used to submit this request does not have the right to send mail on \
                       behalf of the specified sending account., Cannot submit message.";
        Problem::new(403, "ErrorSendAsDenied", message)
    };
    match &caller.holder {
        // An app sends as any mailbox that it names in the path, and as no other.
        Holder::App if sender.eq_ignore_ascii_case(owner) => Ok(()),
        Holder::App => Err(denied()),
        Holder::User(address) => {
            let foreign: Vec<&str> =
                [owner, sender].into_iter().filter(|name| !name.eq_ignore_ascii_case(address)).collect();
            match foreign.iter().all(|name| may_open(world, address, name)) {
                true => Ok(()),
                false if sender.eq_ignore_ascii_case(address) => Err(problem::access_denied()),
                false => Err(denied()),
            }
        }
    }
}

/// The base64 of an RFC 5322 message.
fn from_mime(world: &World, request: &Request, owner: &str) -> Result<Vec<u8>, Problem> {
    let bad = || {
        let message = "Invalid base64 string for MIME content.";
        Problem::new(400, "ErrorMimeContentInvalidBase64String", message)
    };
    let text: String = request.body().chars().filter(|c| !c.is_ascii_whitespace()).collect();
    if text.is_empty() {
        return Err(bad());
    }
    let raw = BASE64_STANDARD.decode(text).map_err(|_| bad())?;
    let is_message = raw.windows(4).any(|window| window == b"\r\n\r\n");
    if !is_message {
        return Err(Problem::new(400, "ErrorMimeContentInvalid", "The MIME content is invalid."));
    }
    Ok(if world.faults.is_on(Fault::FromDroppedInMime) { with_sender(&raw, owner) } else { raw })
}

/// The message with another `From`.
fn with_sender(raw: &[u8], owner: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(raw);
    let lines = text.split("\r\n").map(|line| {
        let is_from = line.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("from:"));
        if is_from { format!("From: {owner}") } else { line.to_owned() }
    });
    lines.collect::<Vec<_>>().join("\r\n").into_bytes()
}

/// A message as JSON. Headers of its own must begin with `X-`, and the Message-ID is the server's.
fn from_json(request: &Request, owner: &str) -> Result<Vec<u8>, Problem> {
    let body: Value =
        serde_json::from_str(&request.body()).map_err(|_| bad_request("Unable to read JSON request payload."))?;
    let message = &body["message"];
    if !message.is_object() {
        return Err(bad_request("The parameter 'message' is missing."));
    }
    let address = |value: &Value| value["emailAddress"]["address"].as_str().map(str::to_owned);
    let from = address(&message["from"]).unwrap_or_else(|| owner.to_owned());
    let to: Vec<String> = message["toRecipients"].as_array().into_iter().flatten().filter_map(address).collect();
    let mut text = format!(
        "From: {from}\r\nTo: {}\r\nSubject: {}\r\nMessage-ID: <{}@{TENANT_DOMAIN}>\r\n",
        to.join(", "),
        message["subject"].as_str().unwrap_or_default(),
        new_guid()
    );
    for header in message["internetMessageHeaders"].as_array().into_iter().flatten() {
        let (name, value) = (header["name"].as_str().unwrap_or_default(), header["value"].as_str().unwrap_or_default());
        if !name.to_ascii_lowercase().starts_with("x-") || value.contains(['\r', '\n']) {
            let told = format!("The internet message header name '{name}' should start with 'x-' or 'X-'.");
            return Err(Problem::new(400, "InvalidInternetMessageHeader", told));
        }
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("\r\n{}\r\n", message["body"]["content"].as_str().unwrap_or_default()));
    Ok(text.into_bytes())
}

/// The addresses of To, Cc and Bcc.
pub fn recipients(message: &Message) -> Vec<String> {
    let fields = message.fields().into_iter();
    let to = fields.filter(|(name, _)| ["to", "cc", "bcc"].contains(&name.to_ascii_lowercase().as_str()));
    to.flat_map(|(_, value)| value.split(',').map(|one| mailbox_of(one).1).collect::<Vec<_>>())
        .filter(|address| address.contains('@'))
        .collect()
}
