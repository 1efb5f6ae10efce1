//! A document as programs read it, and people on a terminal: JSON needs no escape for DEL, C1 and the characters that
//! turn text around, but a terminal obeys them all the same (SECURITY.md P2).

use std::io::{self, Write};

use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use super::interface::Format;
use crate::report::{Document, Token};
use crate::text::is_unprintable;

/// One JSON document, with a newline at its end.
pub(super) struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn write(&self, document: &Document, out: &mut dyn Write) -> io::Result<()> {
        if let Some(token) = &document.token {
            return write_token(document, token, out);
        }
        let harmless = Harmless(PrettyFormatter::new());
        document.serialize(&mut Serializer::with_formatter(&mut *out, harmless))?;
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

/// The usual layout; in strings every unprintable character is written as `\uXXXX`, which every parser turns back.
struct Harmless<'a>(PrettyFormatter<'a>);

/// Passes the layout on as it is.
macro_rules! as_usual {
    ($($name:ident($($argument:ident: $kind:ty),*);)+) => {
        $(fn $name<W: ?Sized + Write>(&mut self, out: &mut W $(, $argument: $kind)*) -> io::Result<()> {
            self.0.$name(out $(, $argument)*)
        })+
    };
}

impl Formatter for Harmless<'_> {
    as_usual! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        begin_object_value();
        end_object_value();
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_unprintable(*c)) {
            out.write_all(&rest.as_bytes()[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }
}
