//! IMAP's words (RFC 3501 §4): commands taken apart, strings put together.

use std::io;

use crate::wire::Wire;

const LARGEST_LITERAL: usize = 64 * 1024;

/// One word of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// An atom; with brackets it goes to the closing one, as in `BODY.PEEK[HEADER.FIELDS (SUBJECT)]`.
    Atom(String),
    /// A quoted string or literal.
    Text(String),
    /// A parenthesised list.
    List(Vec<Word>),
}

impl Word {
    /// The text of an atom or string.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Atom(text) | Self::Text(text) => Some(text),
            Self::List(_) => None,
        }
    }
}

/// Reads one whole command, asking for its literals. `None`: the client has gone.
pub fn read_command(wire: &mut Wire) -> io::Result<Option<Vec<u8>>> {
    let mut command = Vec::new();
    loop {
        let Some(line) = wire.line()? else { return Ok(None) };
        command.extend_from_slice(&line);
        let Some(length) = literal_length(&line) else { return Ok(Some(command)) };
        if length > LARGEST_LITERAL {
            return Err(io::Error::other("literal too large"));
        }
        wire.say("+ Ready for additional command text.")?;
        command.extend_from_slice(b"\r\n");
        command.extend_from_slice(&wire.exact(length)?);
    }
}

fn literal_length(line: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(line).ok()?.strip_suffix('}')?;
    text.rsplit_once('{')?.1.parse().ok()
}

/// The words of a command, or `None` where its grammar is broken.
pub fn words(command: &[u8]) -> Option<Vec<Word>> {
    let mut rest = command;
    let words = list(&mut rest, false)?;
    rest.is_empty().then_some(words)
}

fn list(rest: &mut &[u8], nested: bool) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    loop {
        match rest.first() {
            None => return (!nested).then_some(words),
            Some(b')') => {
                *rest = &rest[1..];
                return nested.then_some(words);
            }
            Some(b' ') => *rest = &rest[1..],
            Some(b'(') => {
                *rest = &rest[1..];
                words.push(Word::List(list(rest, true)?));
            }
            Some(b'"') => words.push(quoted(rest)?),
            Some(b'{') => words.push(literal(rest)?),
            Some(_) => words.push(atom(rest)),
        }
    }
}

fn quoted(rest: &mut &[u8]) -> Option<Word> {
    let mut text = Vec::new();
    let mut at = 1;
    loop {
        match rest.get(at)? {
            b'"' => break,
            b'\\' => {
                at += 1;
                text.push(*rest.get(at)?);
            }
            byte => text.push(*byte),
        }
        at += 1;
    }
    *rest = &rest[at + 1..];
    Some(Word::Text(String::from_utf8_lossy(&text).into_owned()))
}

fn literal(rest: &mut &[u8]) -> Option<Word> {
    let end = rest.iter().position(|&byte| byte == b'\n')?;
    let length = literal_length(rest[..end].strip_suffix(b"\r")?)?;
    let bytes = rest.get(end + 1..end + 1 + length)?;
    *rest = &rest[end + 1 + length..];
    Some(Word::Text(String::from_utf8_lossy(bytes).into_owned()))
}

fn atom(rest: &mut &[u8]) -> Word {
    let mut inside = false;
    let mut end = 0;
    for byte in rest.iter() {
        match byte {
            b'[' => inside = true,
            b']' => inside = false,
            b' ' | b'(' | b')' if !inside => break,
            _ => {}
        }
        end += 1;
    }
    let text = String::from_utf8_lossy(&rest[..end]).into_owned();
    *rest = &rest[end..];
    Word::Atom(text)
}

/// `bytes` as a literal.
pub fn as_literal(bytes: &[u8]) -> Vec<u8> {
    let mut literal = format!("{{{}}}\r\n", bytes.len()).into_bytes();
    literal.extend_from_slice(bytes);
    literal
}

/// `text` as a quoted string where it can be one, else as a literal; NIL where there is none.
pub fn as_nstring(text: Option<&str>) -> Vec<u8> {
    match text {
        None => b"NIL".to_vec(),
        Some(text) if text.chars().all(|c| c.is_ascii() && !c.is_ascii_control()) => {
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")).into_bytes()
        }
        Some(text) => as_literal(text.as_bytes()),
    }
}

/// The numbers that a sequence set (RFC 3501 §9) names, where `*` is `last`; `None` where it is malformed.
pub fn in_set(set: &str, last: u32, number: u32) -> Option<bool> {
    let one = |text: &str| if text == "*" { Some(last) } else { text.parse::<u32>().ok().filter(|&number| number > 0) };
    let mut found = false;
    for part in set.split(',') {
        let (from, to) = match part.split_once(':') {
            Some((from, to)) => (one(from)?, one(to)?),
            None => (one(part)?, one(part)?),
        };
        found |= (from.min(to)..=from.max(to)).contains(&number);
    }
    Some(found)
}
