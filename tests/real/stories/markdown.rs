//! The Markdown of a report, as GitHub's own reader takes it: what another side said is text and nothing else.

use crate::hostile::Failed;
use crate::parts;
use crate::support::fixture::Fixture;
use crate::support::process::Run;

/// Everything that GitHub reads besides CommonMark.
const EXTENSIONS: [&str; 6] = ["table", "strikethrough", "autolink", "tagfilter", "tasklist", "footnotes"];

/// What cmark-gfm makes of a text; HTML goes through, as it would go on to GitHub's filter.
fn read(home: &Fixture, to: &str, text: &str) -> String {
    let extensions = EXTENSIONS.iter().flat_map(|name| ["-e", name]);
    let arguments: Vec<&str> = ["--unsafe", "-t", to].into_iter().chain(extensions).collect();
    Run::new(home.program("cmark-gfm"), &arguments).stdin(text).finish().code(0).stdout
}

/// The elements of a text in their order, without its words.
fn elements(home: &Fixture, text: &str) -> Vec<String> {
    let xml = read(home, "xml", text);
    let tags = xml.lines().map(str::trim_start).filter(|line| line.starts_with('<') && !line.starts_with("<text "));
    let name = |tag: &str| tag.split([' ', '>']).next().unwrap_or_default().to_owned();
    tags.map(name).collect()
}

/// How often the text that a reader sees has these words.
fn count(home: &Fixture, text: &str, words: &str) -> usize {
    // In a table a bar is behind a backslash here too, and where there is one line, a line's end is `\n`.
    let bare = |text: &str| text.replace("\\n", " ").replace('\\', "").split_whitespace().collect::<Vec<_>>().join(" ");
    bare(&read(home, "plaintext", text)).matches(&bare(words)).count()
}

const HOSTILE: &[&str] = &[
    "| a | b |",
    "x|",
    "\\| y",
    "| --- | x",
    "`x` ``y``` z",
    "a`b",
    "\\`x",
    "``````\n# heading",
    "~~~\n# heading",
    "<script>alert(1)</script>",
    "</td></tr></table>x",
    "<!-- x",
    "<https://evil.example>",
    "&lt;b&gt; &copy;",
    "a\nb",
    "\n\n# heading\n\n- item",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "[^1]: note",
    "see https://evil.example/x",
    "www.evil.example",
    "ftp://evil.example",
    "1. one",
    "12) twelve",
    "- item",
    " - item",
    "* item",
    "+ item",
    "[ ] task",
    "    code",
    "\tcode",
    "# heading",
    "===",
    "---",
    "> quote",
    "~~struck~~",
    "*a* _b_ __c__",
    "x\\",
];

#[test]
fn strangers_words_never_become_markup_and_none_is_lost() {
    if parts::markdown().is_none() {
        return;
    }
    let failed = Failed::test();
    let home = Fixture::without_key();
    let plain = failed.merged("plain words", "markdown");
    let (wanted, often) = (elements(&home, &plain), count(&home, &plain, "plain words"));
    let rows = wanted.iter().filter(|tag| *tag == "<table_row").count();
    assert!(rows > 10 && wanted.iter().filter(|tag| *tag == "<table_cell").count() == 3 * (rows + 1), "{wanted:?}");
    assert!(often > 20, "{plain}");
    assert!(!wanted.iter().any(|tag| tag.starts_with("<html") || tag == "<link"), "{wanted:?}");
    for words in HOSTILE {
        let text = failed.merged(words, "markdown");
        assert_eq!(elements(&home, &text), wanted, "{words:?} is markup in:\n{text}");
        assert!(count(&home, &text, words) >= often, "{words:?} in:\n{}", read(&home, "plaintext", &text));
    }
}
