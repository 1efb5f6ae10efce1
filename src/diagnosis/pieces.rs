//! The pieces of a text that is to be filled in: words, and names of values between braces.

/// The names in `text` that must have a value.
pub(super) fn required(text: &'static str) -> impl Iterator<Item = &'static str> {
    pieces(text).filter_map(|piece| match piece {
        Piece::Name { name, is_optional: false } => Some(name),
        Piece::Name { .. } | Piece::Text(_) => None,
    })
}

/// A piece of a text that is to be filled in.
pub(super) enum Piece {
    /// Words.
    Text(&'static str),
    /// The name of a value, which may be left out where it is not known.
    Name { name: &'static str, is_optional: bool },
}

/// The pieces of `text`.
pub(super) fn pieces(text: &'static str) -> impl Iterator<Item = Piece> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (piece, behind) = match rest.strip_prefix('{').and_then(|inside| inside.split_once('}')) {
            Some((name, behind)) if is_name(name) => {
                // `{until}` is a sentence that may be left out.
                let optional = name.strip_suffix('?').or(Some(name).filter(|name| *name == "until"));
                (Piece::Name { name: optional.unwrap_or(name), is_optional: optional.is_some() }, behind)
            }
            _ => {
                let first = rest.chars().next()?.len_utf8();
                let end = rest[first..].find('{').map_or(rest.len(), |at| first + at);
                (Piece::Text(&rest[..end]), &rest[end..])
            }
        };
        rest = behind;
        Some(piece)
    })
}

fn is_name(text: &str) -> bool {
    let name = text.strip_suffix('?').unwrap_or(text);
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}
