//! The layout of before, in which sentences were all that a program could read.

use std::io::{self, Write};

use secrecy::ExposeSecret;

use crate::report::{Document, Token};

/// Writes `document` in schema 1.
pub(super) fn write(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    if let Some(token) = &document.token {
        return write_token(document, token, out);
    }
    serde_json::to_writer_pretty(&mut *out, document)?;
    writeln!(out)
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
