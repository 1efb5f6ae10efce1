//! As much of IMAP's syntax as is read in words of our own.

/// The code in brackets of a response text, as in `OK [CAPABILITY IMAP4rev1] hello` (RFC 9051 §7.1).
pub(super) fn response_code(response: &str) -> Option<&str> {
    let (_status, rest) = response.split_once(' ')?;
    rest.strip_prefix('[')?.split_once(']').map(|(code, _)| code)
}

/// What follows `prefix`, whatever its case.
pub(super) fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The length that `{…}` at the end of a line announces (RFC 9051 §4.3).
pub(super) fn literal_len(line: &[u8]) -> Option<usize> {
    let digits = line.strip_suffix(b"}")?;
    let start = digits.iter().rposition(|byte| *byte == b'{')? + 1;
    let digits = std::str::from_utf8(&digits[start..]).ok()?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // A number that does not fit is too large, not absent.
    is_number.then(|| digits.parse().unwrap_or(usize::MAX))
}
