//! A page of Markdown: its commands, links and headings.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) const README: &str = "README.md";

/// A page.
pub(crate) struct Page {
    /// Its path from the repository's root.
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A block of shell commands.
pub(crate) struct Block {
    /// The lines, with continuation lines joined.
    pub(crate) lines: Vec<String>,
    /// Why it is not run, where the comment before it says so.
    pub(crate) not_run: Option<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Page {
    /// README.md and the pages of docs/.
    pub(crate) fn all() -> Vec<Self> {
        let docs = fs::read_dir(root().join("docs")).expect("docs is there");
        let mut names: Vec<String> = docs
            .map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned())
            .filter(|name| name.ends_with(".md"))
            .map(|name| format!("docs/{name}"))
            .collect();
        names.sort();
        names.insert(0, README.to_owned());
        names.into_iter().map(Self::read).collect()
    }

    pub(crate) fn readme() -> Self {
        Self::read(README.to_owned())
    }

    fn read(name: String) -> Self {
        let text = fs::read_to_string(root().join(&name)).expect("the page can be read");
        Self { name, text }
    }

    pub(crate) fn path(&self) -> PathBuf {
        root().join(&self.name)
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.path().parent().expect("a file is in a folder").to_owned()
    }

    /// The `sh` blocks.
    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let (mut is_inside, mut joined, mut not_run) = (false, String::new(), None);
        for line in self.text.lines().map(str::trim) {
            match line {
                "```sh" => {
                    is_inside = true;
                    blocks.push(Block { lines: Vec::new(), not_run: not_run.take() });
                }
                "```" => is_inside = false,
                _ if is_inside => {
                    joined.push_str(line.trim_end_matches('\\'));
                    if !line.ends_with('\\')
                        && let Some(block) = blocks.last_mut()
                    {
                        block.lines.push(std::mem::take(&mut joined));
                    }
                }
                _ => {
                    let reason = line.strip_prefix("<!-- not run: ").and_then(|rest| rest.strip_suffix(" -->"));
                    not_run = reason.map(str::to_owned);
                }
            }
        }
        blocks
    }

    /// The commands of mailgrant in the blocks, without what they are piped into.
    pub(crate) fn commands(&self) -> impl Iterator<Item = String> {
        let lines = self.blocks().into_iter().flat_map(|block| block.lines);
        lines
            .filter_map(|line| Some(line[line.find("mailgrant ").filter(|at| *at == 0)?..].to_owned()))
            .map(|line| piped(&line).0.to_owned())
    }

    /// Commands in running text, between backquotes.
    pub(crate) fn inline_commands(&self) -> impl Iterator<Item = String> {
        let parts = self.text.split('`').filter(|part| part.starts_with("mailgrant ") && !part.contains('\n'));
        parts.map(|part| piped(part).0.to_owned())
    }

    /// The links that lead into this repository.
    pub(crate) fn links(&self) -> Vec<String> {
        let targets = self.text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
        targets.filter(|target| !target.contains("://")).map(str::to_owned).collect()
    }

    /// What its headings are linked by: small letters, dashes for blanks, and no other signs.
    pub(crate) fn anchors(&self) -> impl Iterator<Item = String> {
        let headings = self.text.lines().filter(|line| line.starts_with('#'));
        headings.map(|line| {
            let words = line.trim_start_matches('#').trim().to_lowercase();
            let kept = words.chars().filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-');
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
    }
}

/// A command line, and what it is piped into.
pub(crate) fn piped(line: &str) -> (&str, Option<&str>) {
    let line = line.trim_end_matches(" &");
    line.split_once(" | ").map_or((line, None), |(command, rest)| (command, Some(rest)))
}

/// The words of a command line, as a shell splits them; a file to read from is left out.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote) = (None::<String>, None);
    for c in line.chars() {
        match (c, quote) {
            ('\'' | '"', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, Some(open)) if c == open => quote = None,
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if let Some(at) = words.iter().position(|word| word == "<") {
        words.truncate(at);
    }
    words
}
