//! What other programs are told while a sign-in goes on: one line of JSON each on standard error, where `--json` is given.
//! Standard output stays one document.

use std::time::Duration;

use serde_json::{Value, json};

use crate::context::Context;
use crate::oauth::{AuthorizationRequest, DeviceAuthorization};
use crate::profile::Mailbox;
use crate::report::Report;

/// The address to open, where a listener or a paste takes the answer.
pub(super) fn address(context: &Context, mailbox: &Mailbox, request: &AuthorizationRequest, good_for: Duration) {
    tell(context, mailbox, "authorization_url", || {
        json!({
            "url": request.url().as_str(),
            "redirect_uri": request.redirect_uri().to_string(),
            "expires_at": expires(context, good_for),
        })
    });
}

/// The code to enter (RFC 8628 §3.2).
pub(super) fn code(context: &Context, mailbox: &Mailbox, codes: &DeviceAuthorization) {
    tell(context, mailbox, "device_code", || {
        let complete = codes.verification_uri_complete.as_ref();
        json!({
            "verification_uri": codes.verification_uri.to_string(),
            "verification_uri_complete": complete.map(ToString::to_string),
            "user_code": codes.user_code,
            "expires_at": expires(context, codes.good_for(context.timeout)),
            "interval": codes.interval.as_secs(),
        })
    });
}

/// The sign-in has come to an end.
pub(super) fn ended(context: &Context, mailbox: &Mailbox, report: &Report) {
    tell(context, mailbox, "ended", || {
        let finding = report.first_finding();
        json!({ "authorized": finding.is_none(), "code": finding.map(|finding| finding.code) })
    });
}

fn expires(context: &Context, good_for: Duration) -> Option<String> {
    // Whole seconds: more would be a precision that no one waits by.
    let at = context.clock.now().checked_add(good_for).ok()?;
    Some(at.round(jiff::Unit::Second).unwrap_or(at).to_string())
}

fn tell(context: &Context, mailbox: &Mailbox, event: &str, more: impl FnOnce() -> Value) {
    if !context.tells_events {
        return;
    }
    let mut line = json!({ "event": event, "mailbox": mailbox.name.to_string() });
    if let (Value::Object(line), Value::Object(more)) = (&mut line, more()) {
        line.extend(more);
    }
    (context.say)(&line.to_string());
}
