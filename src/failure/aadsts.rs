//! The numbers of Microsoft's errors, as its texts and answers have them.

use std::collections::BTreeSet;

/// More bytes than sixteen numbers take, however they are laid out.
const LONGEST_LIST: usize = 512;

/// The numbers behind `AADSTS` in `text`, in order, each once.
#[must_use]
pub fn aadsts_numbers(text: &str) -> Vec<u32> {
    each_once(in_words(text))
}

/// The same, and those in a JSON `error_codes`, where an answer is at hand as text alone.
#[must_use]
pub fn aadsts_numbers_of_answer(text: &str) -> Vec<u32> {
    each_once(in_words(text).into_iter().chain(in_lists(text)))
}

fn in_words(text: &str) -> Vec<u32> {
    let number = |rest: &str| leading_number(rest.trim_start_matches([' ', ':', '=', '"']));
    behind(text, "aadsts").into_iter().filter_map(number).collect()
}

fn in_lists(text: &str) -> Vec<u32> {
    let list = |rest: &str| {
        // Bounded, so that many such words without brackets do not make this quadratic.
        let open = rest.bytes().take(8).position(|byte| byte == b'[')?;
        let rest = &rest[open + 1..];
        let close = rest.bytes().take(LONGEST_LIST).position(|byte| byte == b']')?;
        Some(rest[..close].split(',').take(16).filter_map(|number| leading_number(number.trim())).collect::<Vec<_>>())
    };
    behind(text, "error_codes").into_iter().filter_map(list).flatten().collect()
}

/// What follows each `sign`, which is in lower case, in whichever case the text has it.
fn behind<'a>(text: &'a str, sign: &str) -> Vec<&'a str> {
    let lower = text.to_ascii_lowercase();
    lower.match_indices(sign).map(|(at, _)| &text[at + sign.len()..]).collect()
}

fn each_once(numbers: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut seen = BTreeSet::new();
    numbers.into_iter().filter(|number| seen.insert(*number)).collect()
}

fn leading_number(text: &str) -> Option<u32> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    text[..length].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_in_texts_and_in_the_list_of_an_answer() {
        let text = "AADSTS7000215: Invalid secret. (AADSTS65001), aadsts7000215, AADSTSx, AADSTS: 50011";
        assert_eq!(aadsts_numbers(text), [7_000_215, 65_001, 50_011]);
        assert!(aadsts_numbers("nothing").is_empty());
        let answer = r#"{"error_description":"AADSTS50011: x","error_codes":[50011, 700016]}"#;
        assert_eq!(aadsts_numbers(answer), [50_011]);
        assert_eq!(aadsts_numbers_of_answer(answer), [50_011, 700_016]);
    }
}
