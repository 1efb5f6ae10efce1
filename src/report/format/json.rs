//! A document as programs read it, and people on a terminal: JSON needs no escape for DEL, C1 and the characters that
//! turn text around, but a terminal obeys them all the same (SECURITY.md P2).

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use super::Document;
use crate::harmless::is_harmful;

/// Writes `document` to `out`, with a line's end behind it.
///
/// # Errors
/// What writing answers.
pub(super) fn write(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    let harmless = Harmless(PrettyFormatter::new());
    document.serialize(&mut Serializer::with_formatter(&mut *out, harmless))?;
    writeln!(out)
}

/// The usual layout; in strings everything harmful stands as `\uXXXX`, which every parser turns back.
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
        while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_harmful(*c)) {
            out.write_all(&rest.as_bytes()[..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }
}
