//! The forms of values in a text, and where they end.

use crate::profile::is_guid;

/// The form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Anything in one word behind a sign, as `client_id=…`.
    Any,
    /// Date and time (RFC 3339).
    Date,
    /// A GUID.
    Guid,
    /// A client ID as Microsoft and Google give them.
    Id,
    /// An address (RFC 5322 §3.4.1).
    Mail,
    /// A port.
    Number,
    /// Anything in quotes that is not blotted out.
    Quoted,
    /// Scopes, with blanks between them (RFC 6749 §3.3).
    Scopes,
    /// A host, perhaps with its port.
    Server,
    /// A directory: an ID, a domain, or a name in quotes.
    Tenant,
    /// An address that a browser opens.
    Uri,
}

/// No value is longer.
const LONGEST: usize = 600;

/// What may stand between an announcement and its value.
const GAP: &str = " \t:=\"'\\[(<>`{";

/// Names of files, which have the form of host names.
const ENDINGS: [&str; 22] = [
    "cc", "cf", "conf", "cpp", "crt", "cs", "dll", "exe", "go", "ini", "java", "js", "json", "log", "pem", "php", "pl",
    "py", "rb", "toml", "ts", "xml",
];

/// Words that stand where a value would.
const EMPTY: [&str; 14] = [
    "and",
    "empty",
    "false",
    "for",
    "invalid",
    "missing",
    "must",
    "none",
    "not",
    "null",
    "required",
    "the",
    "true",
    "undefined",
];

impl Shape {
    /// The value of this form that is announced by what ends at `at`.
    pub(super) fn read(self, text: &str, at: usize) -> Option<&str> {
        let gap = text.as_bytes()[at..].iter().take(16).take_while(|byte| GAP.as_bytes().contains(byte)).count();
        let (gap, rest) = text[at..].split_at(gap);
        let has_sign = gap.contains([':', '=', '"', '\'', '[']) || text[..at].ends_with('[');
        let quote = gap.chars().next_back().filter(|c| matches!(c, '"' | '\'' | '`'));
        let value = match (self, quote) {
            (Self::Date, _) => date(rest),
            (Self::Server, _) => server(rest),
            (Self::Number, _) => rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default(),
            (Self::Tenant, None) => {
                up_to(rest, |c| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-')).trim_end_matches('.')
            }
            (Self::Scopes, None) => scopes(rest),
            (_, Some(quote)) => up_to(rest, |c| c == quote || matches!(c, '\\' | '\n')),
            (_, None) => {
                up_to(rest, |c| c.is_whitespace() || ",;)]}>\"'&<|\\".contains(c)).trim_end_matches(['.', ':'])
            }
        };
        let fits = match self {
            Self::Any => has_sign && is_token(value),
            Self::Date | Self::Server => !value.is_empty(),
            Self::Guid => is_guid(value),
            Self::Id => is_guid(value) || value.ends_with(".apps.googleusercontent.com"),
            Self::Mail => is_mail(value),
            Self::Number => value.parse::<u16>().is_ok_and(|port| port > 0) && !rest[value.len()..].starts_with('.'),
            Self::Quoted => {
                quote.is_some() && value.contains(char::is_alphanumeric) && !value.contains(char::is_control)
            }
            Self::Scopes => has_sign && are_scopes(value),
            Self::Tenant => is_directory(value) || quote.is_some() && is_name(value),
            Self::Uri => (value.contains("://") || value.starts_with("urn:")) && !value.contains(char::is_whitespace),
        };
        fits.then_some(value)
    }
}

/// `rest` up to what ends it, if that is near.
fn up_to(rest: &str, ends: impl Fn(char) -> bool) -> &str {
    let end = rest.char_indices().take(LONGEST).find(|(_, c)| ends(*c)).map(|(at, _)| at);
    match end {
        Some(end) => &rest[..end],
        None if rest.len() <= LONGEST => rest,
        None => "",
    }
}

fn is_token(value: &str) -> bool {
    (3..=128).contains(&value.len())
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~@-".contains(&b))
        && !EMPTY.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Whether it names one directory wherever it is written.
pub(super) fn is_directory(value: &str) -> bool {
    is_guid(value) || is_host(value)
}

/// Whether it may be the name of a directory, as people read it.
fn is_name(value: &str) -> bool {
    (2..=64).contains(&value.len()) && !value.contains(|c: char| c.is_control() || "@<>{}/=\"".contains(c))
}

fn is_host(value: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let Some((front, last)) = value.rsplit_once('.') else { return false };
    let is_top = last.len() >= 2
        && last.bytes().all(|b| b.is_ascii_alphabetic())
        && !ENDINGS.iter().any(|ending| last.eq_ignore_ascii_case(ending));
    value.len() <= 253 && is_top && front.split('.').all(is_label)
}

/// The host at the start of `rest`, with the address that Postfix writes behind it and the port.
fn server(rest: &str) -> &str {
    let host = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')).count();
    if !is_host(rest[..host].trim_end_matches('.')) {
        return "";
    }
    let host = rest[..host].trim_end_matches('.').len();
    let behind = &rest[host..];
    let bracket = match behind.strip_prefix('[').and_then(|inside| inside.find(']')) {
        Some(end) if end < 46 => end + 2,
        _ => 0,
    };
    let port = behind[bracket..]
        .strip_prefix(':')
        .map_or("", |port| port.split(|c: char| !c.is_ascii_digit()).next().unwrap_or(""));
    let port = if port.parse::<u16>().is_ok() { 1 + port.len() } else { 0 };
    // An address without a port says nothing more.
    &rest[..if port > 0 { host + bracket + port } else { host }]
}

/// The host of what [`Shape::Server`] has read, and its port.
pub(super) fn host_and_port(server: &str) -> (&str, Option<&str>) {
    let host = server.find(['[', ':']).map_or(server, |end| &server[..end]);
    (host, server.rsplit_once(':').map(|(_, port)| port).filter(|_| host.len() < server.len()))
}

/// The date and the time at the start of `rest`.
fn date(rest: &str) -> &str {
    const FORM: &[u8] = b"0000-00-00 00:00:00";
    let bytes = rest.as_bytes();
    let fits = |(at, form): (usize, &u8)| match form {
        b'0' => bytes[at].is_ascii_digit(),
        b' ' => matches!(bytes[at], b' ' | b'T'),
        sign => bytes[at] == *sign,
    };
    if bytes.len() < FORM.len() || !FORM.iter().enumerate().all(fits) {
        return "";
    }
    let fraction = bytes[FORM.len()..].iter().take(10).take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    let end = FORM.len() + fraction;
    &rest[..end + usize::from(rest[end..].starts_with('Z'))]
}

fn are_scopes(value: &str) -> bool {
    !value.is_empty() && value.split(' ').all(is_scope) && value.split(' ').any(names_scope)
}

fn is_scope(word: &str) -> bool {
    // RFC 6749 §3.3. What is percent-encoded is found in another reading.
    word.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e) && b != b'%')
}

/// Whether nothing but a scope is called so.
fn names_scope(word: &str) -> bool {
    let has_dot = word.split_once('.').is_some_and(|(front, back)| is_word(front) && is_word(back));
    word.contains("://") || has_dot || matches!(word, "offline_access" | "openid" | "email" | "profile" | "mail")
}

/// The scopes at the start of `rest`, where nothing encloses them.
fn scopes(rest: &str) -> &str {
    let enclosed = up_to(rest, |c| ",;)]}>\"'&<|\\\n".contains(c));
    let len: usize = enclosed.split_inclusive(' ').take_while(|word| names_scope(word.trim_end())).map(str::len).sum();
    enclosed[..len].trim_end()
}

fn is_word(part: &str) -> bool {
    part.len() > 1 && part.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn is_local(local: &str) -> bool {
    let digits = local.bytes().filter(u8::is_ascii_digit).count();
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b"._%+-".contains(&b);
    (1..=64).contains(&local.len())
        && local.bytes().all(is_part)
        && local.starts_with(|c: char| c.is_ascii_alphanumeric())
        // A message's number is not a person's address.
        && digits < 10
}

fn is_mail(value: &str) -> bool {
    value.split_once('@').is_some_and(|(local, domain)| is_local(local) && is_host(domain))
}

/// Senders that are programs.
const PROGRAMS: [&str; 6] = ["git", "mailer-daemon", "no-reply", "noreply", "postmaster", "root"];

/// The addresses in `text`, with their places.
pub(super) fn addresses(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices('@').filter_map(|(sign, _)| {
        let bytes = text.as_bytes();
        let is_part = |b: &u8| b.is_ascii_alphanumeric() || b"._%+-".contains(b);
        let local = bytes[..sign].iter().rev().take(65).take_while(|b| is_part(b)).count();
        let is_domain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
        let domain = bytes[sign + 1..].iter().take(254).take_while(|b| is_domain(b)).count();
        let address = text[sign - local..sign + 1 + domain].trim_end_matches(['.', '-']);
        let is_program = PROGRAMS.iter().any(|name| address[..local].eq_ignore_ascii_case(name));
        // `imap://user@host` names a user and a host.
        let is_authority = bytes[..sign - local].ends_with(b"//");
        (!is_authority && !is_program && is_mail(address)).then_some((sign - local, address))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_ends_where_its_form_does() {
        for (shape, text, value) in [
            (Shape::Any, "client_id=shop&scope=x", Some("shop")),
            (Shape::Any, "client_id must be there", None),
            (Shape::Guid, ": 11111111-2222-3333-4444-555555555555.", Some("11111111-2222-3333-4444-555555555555")),
            (Shape::Mail, " 'shop@contoso.com' from", Some("shop@contoso.com")),
            (Shape::Mail, "=<shop@contoso.com>, relay", Some("shop@contoso.com")),
            (Shape::Mail, " name and password", None),
            (Shape::Server, "=smtp.gmail.com[192.0.2.1]:587, delay", Some("smtp.gmail.com[192.0.2.1]:587")),
            (Shape::Server, " {outlook.office365.com:993/imap/ssl}", Some("outlook.office365.com:993")),
            (Shape::Server, " /opt/x/server.js:10", None),
            (Shape::Number, " 993 from", Some("993")),
            (Shape::Number, " 99999", None),
            (Shape::Quoted, " 'repo:a/b:ref:refs/heads/main'. See", Some("repo:a/b:ref:refs/heads/main")),
            (Shape::Quoted, " '***'. See", None),
            (Shape::Quoted, " does not match", None),
            (Shape::Scopes, " 'openid https://mail.google.com/' is", Some("openid https://mail.google.com/")),
            (Shape::Scopes, " is not valid", None),
            (Shape::Date, ": 2025-01-09 12:00:04Z\"", Some("2025-01-09 12:00:04Z")),
            (Shape::Date, ":\"2025-01-09T12:00:04.123Z\"", Some("2025-01-09T12:00:04.123Z")),
            (Shape::Tenant, " 'Contoso Ltd'.", Some("Contoso Ltd")),
            (Shape::Tenant, " contoso.onmicrosoft.com.", Some("contoso.onmicrosoft.com")),
            (Shape::Tenant, " that was asked", None),
            (Shape::Uri, "=http://localhost:8400/&x=1", Some("http://localhost:8400/")),
        ] {
            let at = if text.starts_with("client_id") { "client_id".len() } else { 0 };
            assert_eq!(shape.read(text, at), value, "{shape:?}: {text}");
        }
    }

    #[test]
    fn addresses_are_found_and_numbers_of_messages_are_not() {
        let found = |text| addresses(text).map(|(_, address)| address).collect::<Vec<_>>();
        assert_eq!(found("for shop@contoso.com, and a.b+c@x.example."), ["shop@contoso.com", "a.b+c@x.example"]);
        for text in ["git@github.com", "@types/node", "x@", "20260101.12345678@mail.example", "a@b", "me@file.js"] {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
