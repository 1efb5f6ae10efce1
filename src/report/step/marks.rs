//! The marks in a step as it is written down: a command between backquotes, an address between angle brackets, a page of
//! the provider's as `{page:secrets}`.

/// A part of a marked text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark<'a> {
    /// Words.
    Words(&'a str),
    /// What stands between backquotes.
    Command(&'a str),
    /// What stands between angle brackets and begins with `https://`.
    Address(&'a str),
    /// The name of a page of the provider's.
    Page(&'a str),
}

/// The parts of `text`, which is ours: values are filled in after it was taken apart.
pub fn marks(text: &str) -> impl Iterator<Item = Mark<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (mark, behind) = next(rest)?;
        rest = behind;
        Some(mark)
    })
}

/// The first part of `text`, and what follows it.
fn next(text: &str) -> Option<(Mark<'_>, &str)> {
    if let Some((line, behind)) = between(text, "`", "`") {
        return Some((Mark::Command(line), behind));
    }
    if let Some((_, behind)) = between(text, "<https://", ">") {
        let url = &text[1..text.len() - behind.len() - 1];
        return Some((Mark::Address(url), behind));
    }
    if let Some((key, behind)) = between(text, "{page:", "}") {
        return Some((Mark::Page(key), behind));
    }
    let first = text.chars().next()?.len_utf8();
    let marks = [("`", "`"), ("<https://", ">"), ("{page:", "}")];
    let is_mark = |at: &usize| marks.iter().any(|(open, close)| between(&text[*at..], open, close).is_some());
    let end = text.match_indices(['`', '<', '{']).map(|(at, _)| at).filter(|at| *at >= first).find(is_mark);
    let (words, behind) = text.split_at(end.unwrap_or(text.len()));
    Some((Mark::Words(words), behind))
}

/// What stands between `open`, with which `text` begins, and the first `close` behind it; and what follows that.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<(&'a str, &'a str)> {
    text.strip_prefix(open)?.split_once(close)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_apart_at_its_marks_and_nowhere_else() {
        let all = |text| marks(text).collect::<Vec<_>>();
        assert_eq!(all(""), []);
        assert_eq!(all("Wait"), [Mark::Words("Wait")]);
        assert_eq!(all("`a b`, <https://c>"), [Mark::Command("a b"), Mark::Words(", "), Mark::Address("https://c")]);
        assert_eq!(all("x `y` z"), [Mark::Words("x "), Mark::Command("y"), Mark::Words(" z")]);
        assert_eq!(all("In {page:app}, {x}"), [Mark::Words("In "), Mark::Page("app"), Mark::Words(", {x}")]);
        for words in ["a < b > c", "one ` alone", "<http://plain>", "<https://open", "Grüße <"] {
            assert_eq!(all(words), [Mark::Words(words)], "{words}");
        }
    }
}
