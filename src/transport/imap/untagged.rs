//! What an untagged response is to the command that runs. A server may send any of them at any time (RFC 9051 §7), and
//! the imap crate stumbles over those that it does not expect: it is handed what its command is about, and no more.

use super::syntax::{literal_len, response_code, strip_prefix_ignoring_case};

/// The command whose answer is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Running {
    /// EXAMINE.
    Examine,
    /// SEARCH.
    Search,
    /// FETCH.
    Fetch,
    /// Any other: it is about its tagged answer alone.
    Other,
}

/// What becomes of an untagged response.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sorted {
    /// The crate gets it as it is, with its literals.
    Whole,
    /// The crate gets this line instead, without its line ending.
    Line(String),
    /// It is read past.
    Past,
}

impl Running {
    /// The command that begins with this line, behind its tag.
    pub(super) fn of(command: &str) -> Self {
        let verb = command.split(' ').next().unwrap_or_default();
        match verb.to_ascii_uppercase().as_str() {
            "EXAMINE" => Self::Examine,
            "SEARCH" => Self::Search,
            "FETCH" => Self::Fetch,
            _ => Self::Other,
        }
    }

    /// What becomes of `response`, the first line of an untagged response behind its star.
    pub(super) fn sort(self, response: &str) -> Sorted {
        let sorted = match self {
            Self::Examine => exists(response).map(|count| format!("* {count} EXISTS")).or_else(|| unseen(response)),
            Self::Search => found(response).map(|numbers| format!("* SEARCH{numbers}")),
            Self::Fetch if is_fetched_body(response) => return Sorted::Whole,
            Self::Fetch | Self::Other => None,
        };
        sorted.map_or(Sorted::Past, Sorted::Line)
    }
}

/// Whether people are to read this response: an alert, or a warning (RFC 9051 §7.1, §7.1.2, §7.1.3).
pub(super) fn is_for_people(response: &str) -> bool {
    let status = response.split(' ').next().unwrap_or_default();
    let is = |word: &str| status.eq_ignore_ascii_case(word);
    let is_alert = || response_code(response).is_some_and(|code| code.eq_ignore_ascii_case("ALERT"));
    is("NO") || is("BAD") || is("OK") && is_alert()
}

/// `12 EXISTS` (RFC 9051 §7.4.1).
pub(super) fn exists(response: &str) -> Option<u32> {
    numbered(response, "EXISTS")
}

/// `12 EXPUNGE` (RFC 9051 §7.5.1).
pub(super) fn is_expunge(response: &str) -> bool {
    numbered(response, "EXPUNGE").is_some()
}

fn numbered(response: &str, word: &str) -> Option<u32> {
    let mut words = response.split_ascii_whitespace();
    let number = words.next()?.parse().ok()?;
    (words.next()?.eq_ignore_ascii_case(word) && words.next().is_none()).then_some(number)
}

/// `OK [UNSEEN 12] …` (RFC 3501 §7.1).
fn unseen(response: &str) -> Option<String> {
    strip_prefix_ignoring_case(response, "OK ")?;
    let number = strip_prefix_ignoring_case(response_code(response)?, "UNSEEN ")?;
    let number: u32 = number.trim().parse().ok()?;
    Some(format!("* OK [UNSEEN {number}] first"))
}

/// The numbers of SEARCH (RFC 3501 §7.2.5), each behind a blank; of ESEARCH, which IMAP4rev2 sends instead
/// (RFC 9051 §7.3.4), the ends of its ranges.
fn found(response: &str) -> Option<String> {
    let numbers: Vec<u32> = if let Some(rest) = strip_prefix_ignoring_case(response, "ESEARCH") {
        let mut words = rest.split_ascii_whitespace().skip_while(|word| !word.eq_ignore_ascii_case("ALL")).skip(1);
        words.next().unwrap_or_default().split([',', ':']).filter_map(|number| number.parse().ok()).collect()
    } else {
        let rest = strip_prefix_ignoring_case(response, "SEARCH")?;
        rest.split_ascii_whitespace().map_while(|number| number.parse().ok()).collect()
    };
    Some(numbers.iter().map(|number| format!(" {number}")).collect())
}

/// `12 FETCH (… BODY[…] …)` (RFC 9051 §7.5.2). A FETCH without is news about flags that was not asked for.
fn is_fetched_body(response: &str) -> bool {
    let mut words = response.splitn(3, ' ');
    let is_numbered = words.next().is_some_and(|number| number.parse::<u32>().is_ok());
    let is_fetch = words.next().is_some_and(|word| word.eq_ignore_ascii_case("FETCH"));
    is_numbered && is_fetch && words.next().is_some_and(|items| items.to_ascii_uppercase().contains("BODY["))
}

/// Whether `bytes` are untagged responses and nothing else, the last one perhaps not whole yet.
pub(super) fn are_untagged(mut bytes: &[u8]) -> bool {
    let mut is_inside = false;
    while !bytes.is_empty() {
        if !is_inside && !b"* ".starts_with(&bytes[..bytes.len().min(2)]) {
            return false;
        }
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return true };
        let (line, rest) = bytes.split_at(end + 1);
        let literal = literal_len(line.trim_ascii_end());
        is_inside = literal.is_some();
        bytes = rest.get(literal.unwrap_or(0)..).unwrap_or_default();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_gets_what_it_is_about_in_one_spelling_and_nothing_else() {
        let line = |text: &str| Sorted::Line(text.to_owned());
        for (running, response, sorted) in [
            (Running::Examine, "12 EXISTS", line("* 12 EXISTS")),
            (Running::Examine, "12 exists ", line("* 12 EXISTS")),
            (Running::Examine, "OK [UNSEEN 3] first", line("* OK [UNSEEN 3] first")),
            (Running::Examine, "OK [UNSEEN x] first", Sorted::Past),
            (Running::Examine, "FLAGS (\\Seen foo]bar)", Sorted::Past),
            (Running::Examine, "NO Disk is 98% full", Sorted::Past),
            (Running::Examine, "4294967296 EXISTS", Sorted::Past),
            (Running::Search, "SEARCH 1 2 (MODSEQ 9)", line("* SEARCH 1 2")),
            (Running::Search, "SEARCH", line("* SEARCH")),
            (Running::Search, "ESEARCH (TAG \"a4\") ALL 2:4,7", line("* SEARCH 2 4 7")),
            (Running::Search, "ESEARCH (TAG \"a4\")", line("* SEARCH")),
            (Running::Search, "12 EXISTS", Sorted::Past),
            (Running::Fetch, "1 FETCH (UID 7 BODY[HEADER] {3}", Sorted::Whole),
            (Running::Fetch, "1 fetch (body[header] {3}", Sorted::Whole),
            (Running::Fetch, "1 FETCH (FLAGS (\\Seen))", Sorted::Past),
            (Running::Other, "12 EXISTS", Sorted::Past),
        ] {
            assert_eq!(running.sort(response), sorted, "{running:?} {response}");
        }
    }

    #[test]
    fn alerts_and_warnings_are_for_people() {
        for words in ["NO Disk is 98% full", "BAD Disk crash", "OK [ALERT] Maintenance", "no [alert] full"] {
            assert!(is_for_people(words), "{words}");
        }
        for words in ["OK still here", "OK [UNSEEN 1] x", "12 EXISTS", "FLAGS (NO)", "OK", ""] {
            assert!(!is_for_people(words), "{words}");
        }
    }

    #[test]
    fn a_literal_in_an_early_response_is_not_an_answer_and_a_tagged_line_behind_it_is() {
        for (bytes, are) in [
            ("", true),
            ("*", true),
            ("* 1 EXISTS\r\n* LIST () \"/\" {5}\r\na1 OK\r\n* 2 EXISTS\r\n", true),
            ("* LIST () \"/\" {5}\r\na1 O", true),
            ("* LIST () \"/\" {5}\r\na1 OK\r\na1 OK\r\n", false),
            ("* 1 EXISTS\r\na1 OK\r\n", false),
            ("a1 OK", false),
            ("+ go on\r\n", false),
            ("*1 EXISTS\r\n", false),
        ] {
            assert_eq!(are_untagged(bytes.as_bytes()), are, "{bytes:?}");
        }
    }
}
