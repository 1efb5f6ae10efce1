//! Words that this repository does not use: they read as translated. In code, comments and messages alike.

use std::fs;
use std::path::{Path, PathBuf};

/// Each with what to write instead.
const WORDS: [(&str, &str); 16] = [
    ("nobody", "no user, no process; or the passive"),
    ("somebody", "a person, another account, another program"),
    ("anybody", "any user, any peer"),
    ("everybody", "every user, all"),
    ("whoever", "the one that; or name it"),
    ("shall", "is to, must; or the present tense"),
    ("anew", "again"),
    ("mend", "fix, repair"),
    ("mends", "fixes, repairs"),
    ("mended", "fixed, repaired"),
    ("goes before", "overrides, comes first"),
    ("go before", "override, come first"),
    ("stands in", "is in; replaces"),
    ("stand in", "be in; replace"),
    ("is at it", "name what it does"),
    ("could not do its part", "failed"),
];

/// What may follow "is no" and "are no"; of anything else, "is not a" is said.
const AFTER_IS_NO: [&str; 7] = ["longer", "more", "less", "such", "earlier", "older", "later"];

/// Where the words are not our own: texts of servers and people, releases that are out, licences, and this list.
const NOT_OURS: [&str; 6] = [
    "CHANGELOG.md",
    "LICENSE-",
    "fuzz/corpus/",
    "package-lock.json",
    "tests/checks/src/wording.rs",
    "tests/cli/explain/",
];

/// Lines of our own files that hold another's words, by how they begin.
const QUOTED: [&str; 3] = ["example = ", "match = ", "source = "];

/// A file and a word that is right there.
const EXCEPTIONS: [(&str, &str); 1] = [
    // The account of Unix that owns nothing.
    ("tests/real/dovecot.rs", "nobody"),
];

/// The files of `root` that use such a word, with the line.
pub(crate) fn complaints(root: &Path, files: &[PathBuf]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/");
        if NOT_OURS.iter().any(|part| name.contains(part)) {
            continue;
        }
        let Ok(text) = fs::read_to_string(file) else { continue };
        for (number, line) in text.lines().enumerate() {
            if QUOTED.iter().any(|begin| line.starts_with(begin)) {
                continue;
            }
            let said = said(line).into_iter();
            let wrong = said.filter(|(word, _)| !EXCEPTIONS.contains(&(name.as_str(), word)));
            found.extend(wrong.map(|(word, instead)| format!("{name}:{}: '{word}': {instead}", number + 1)));
        }
    }
    found
}

/// Such words in a line, each with what to write instead.
fn said(line: &str) -> Vec<(&'static str, &'static str)> {
    let lower = line.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let spaced = format!(" {} ", words.join(" "));
    let mut found: Vec<_> = WORDS.iter().copied().filter(|(word, _)| spaced.contains(&format!(" {word} "))).collect();
    let is_no = words.windows(4).any(|words| {
        matches!(words[1..3], ["is" | "are", "no"])
            && !matches!(words[0], "there" | "where")
            && !AFTER_IS_NO.contains(&words[3])
    });
    if is_no {
        found.push(("is no", "is not a"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_found_in_sentences_and_in_names_and_not_inside_others() {
        let found = |line| said(line).into_iter().map(|(word, _)| word).collect::<Vec<_>>();
        assert_eq!(found("/// Nobody's key; whoever has it"), ["nobody", "whoever"]);
        assert_eq!(found("fn nobody_takes_the_port() {"), ["nobody"]);
        assert_eq!(found("marshall the amended renewal"), Vec::<&str>::new());
        assert_eq!(found("the flag goes  before it"), ["goes before"]);
        assert_eq!(found("this is no day"), ["is no"]);
        assert_eq!(found("there is no day; it is no longer here"), Vec::<&str>::new());
    }
}
