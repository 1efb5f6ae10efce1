//! A document as programs read it.

use std::io::{self, Write};

use secrecy::ExposeSecret;

use super::interface::Format;
use crate::report::{Document, Token, View};

/// One JSON document, with a newline at its end.
pub(super) struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn write(&self, document: &Document, _: &View, out: &mut dyn Write) -> io::Result<()> {
        if let Some(token) = &document.token {
            return write_token(document, token, out);
        }
        serde_json::to_writer_pretty(&mut *out, document)?;
        writeln!(out)
    }

    fn may_hold_token(&self) -> bool {
        true
    }
}

/// A token's document, on one line.
fn write_token(document: &Document, token: &Token, out: &mut dyn Write) -> io::Result<()> {
    let line = serde_json::json!({
        "schema": document.schema,
        "command": document.command,
        "access_token": token.access_token.expose_secret(),
        "expires": token.expires.to_string(),
    });
    writeln!(out, "{line}")
}
