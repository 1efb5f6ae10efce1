//! What FETCH tells of a message (RFC 3501 §7.4.2): as much as a tool that only looks may ask.

use crate::imap_syntax::{Word, as_literal, as_nstring};
use crate::mailstore::Message;

/// The parenthesised answer for `message`, or the name of the item that is not known here.
pub fn answer(message: &Message, items: &Word, with_uid: bool) -> Result<Vec<u8>, String> {
    let mut names: Vec<String> = match items {
        Word::List(words) => words.iter().filter_map(|word| word.text().map(str::to_owned)).collect(),
        word => vec![word.text().unwrap_or_default().to_owned()],
    };
    if with_uid && !names.iter().any(|name| name.eq_ignore_ascii_case("UID")) {
        names.push("UID".to_owned());
    }
    let mut parts = Vec::new();
    for name in names {
        parts.push(item(message, &name).ok_or(name)?);
    }
    Ok([b"(".as_slice(), &parts.join(b" ".as_slice()), b")"].concat())
}

fn item(message: &Message, name: &str) -> Option<Vec<u8>> {
    let upper = name.to_ascii_uppercase();
    if let Some(section) = upper.strip_prefix("BODY.PEEK[").or_else(|| upper.strip_prefix("BODY[")) {
        let (section, partial) = section.rsplit_once(']')?;
        return body_section(message, section, partial);
    }
    match upper.as_str() {
        "UID" => Some(format!("UID {}", message.uid).into_bytes()),
        "FLAGS" => Some(b"FLAGS ()".to_vec()),
        "RFC822.SIZE" => Some(format!("RFC822.SIZE {}", message.raw.len()).into_bytes()),
        "RFC822.HEADER" => Some([b"RFC822.HEADER ".to_vec(), as_literal(message.head())].concat()),
        "INTERNALDATE" => {
            let date = message.received.strftime("%d-%b-%Y %H:%M:%S +0000");
            Some(format!("INTERNALDATE \"{date}\"").into_bytes())
        }
        "ENVELOPE" => Some([b"ENVELOPE ".to_vec(), envelope(message)].concat()),
        _ => None,
    }
}

/// `BODY[section]`, or the part of it that `<start.count>` behind it asks for (RFC 3501 §6.4.5).
fn body_section(message: &Message, section: &str, partial: &str) -> Option<Vec<u8>> {
    let bytes = match section {
        "" => message.raw.clone(),
        "HEADER" => message.head().to_vec(),
        "TEXT" => message.raw[message.head().len()..].to_vec(),
        _ => {
            let wanted = section.strip_prefix("HEADER.FIELDS (")?.strip_suffix(')')?;
            header_fields(message, wanted).into_bytes()
        }
    };
    if partial.is_empty() {
        return Some([format!("BODY[{section}] ").into_bytes(), as_literal(&bytes)].concat());
    }
    let (start, count) = partial.strip_prefix('<')?.strip_suffix('>')?.split_once('.')?;
    let (start, count): (usize, usize) = (start.parse().ok()?, count.parse().ok()?);
    let part: Vec<u8> = bytes.into_iter().skip(start).take(count).collect();
    Some([format!("BODY[{section}]<{start}> ").into_bytes(), as_literal(&part)].concat())
}

fn header_fields(message: &Message, wanted: &str) -> String {
    let wanted: Vec<&str> = wanted.split(' ').map(|name| name.trim_matches('"')).collect();
    let is_wanted = |name: &str| wanted.iter().any(|other| other.eq_ignore_ascii_case(name));
    let mut text: String = message
        .fields()
        .into_iter()
        .filter(|(name, _)| is_wanted(name))
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    text.push_str("\r\n");
    text
}

fn envelope(message: &Message) -> Vec<u8> {
    let text = |name: &str| as_nstring(message.field(name).as_deref());
    let people = |name: &str| addresses(message.field(name).as_deref());
    let from = people("From");
    // RFC 3501 §7.4.2: where Sender and Reply-To are missing, From is used for them.
    let or_from = |people: Vec<u8>| if people == b"NIL" { from.clone() } else { people };
    let parts = [
        text("Date"),
        text("Subject"),
        from.clone(),
        or_from(people("Sender")),
        or_from(people("Reply-To")),
        people("To"),
        people("Cc"),
        people("Bcc"),
        text("In-Reply-To"),
        text("Message-ID"),
    ];
    [b"(".as_slice(), &parts.join(b" ".as_slice()), b")"].concat()
}

/// `Name <a@b>, c@d`, without quoted commas and groups: the practice mails have none.
fn addresses(field: Option<&str>) -> Vec<u8> {
    let Some(field) = field.filter(|field| !field.trim().is_empty()) else { return b"NIL".to_vec() };
    let mut list = b"(".to_vec();
    for part in field.split(',') {
        let (name, address) = match part.split_once('<') {
            Some((name, rest)) => (name.trim().trim_matches('"'), rest.trim_end().trim_end_matches('>')),
            None => ("", part.trim()),
        };
        let (local, domain) = address.split_once('@').unwrap_or((address, ""));
        let name = as_nstring(Some(name).filter(|name| !name.is_empty()));
        let parts = [name, b"NIL".to_vec(), as_nstring(Some(local)), as_nstring(Some(domain))];
        list.extend([b"(".as_slice(), &parts.join(b" ".as_slice()), b")"].concat());
    }
    list.push(b')');
    list
}
