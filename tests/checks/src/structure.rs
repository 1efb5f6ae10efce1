//! The layers of `src/`, held against its imports: they run down only, and no file is part of a circle. The layers are
//! those of the map at the top of `src/lib.rs`, which CONTRIBUTING.md shows too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Modules that never name each other: each can be read, tested and replaced alone.
const STRANGERS: &[&str] = &["directory", "oauth", "secrets", "transport"];

/// Imports that run up, circles, and files below the arguments that know the command-line parser.
pub(crate) fn complaints() -> Vec<String> {
    let source = Source::read();
    let mut wrong = source.unknown();
    wrong.extend(source.absent());
    wrong.extend(not_shown());
    if wrong.is_empty() {
        wrong.extend(source.runs_up());
        wrong.extend(source.circle());
        wrong.extend(source.knows_clap());
    }
    wrong
}

/// CONTRIBUTING.md, if it does not show the map as it is.
fn not_shown() -> Option<String> {
    let guide = fs::read_to_string(crate::root().join("CONTRIBUTING.md")).unwrap_or_default();
    let map = map_lines().join("\n");
    (!guide.contains(&map)).then(|| format!("CONTRIBUTING.md does not show the map of src/lib.rs as it is:\n{map}"))
}

/// The lines of the map in `src/lib.rs`, from the top layer to the ground: modules, a bar, and what they are.
fn map_lines() -> Vec<String> {
    let text = fs::read_to_string(crate::root().join("src/lib.rs")).expect("src/lib.rs is there");
    let documentation =
        text.lines().filter_map(|line| line.strip_prefix("//!")).map(|line| line.strip_prefix(' ').unwrap_or(line));
    let block = documentation.skip_while(|line| *line != "```text").skip(1).take_while(|line| *line != "```");
    block.map(str::to_owned).collect()
}

/// The modules, layer by layer from the ground. A module may name its own layer and those below it.
fn layers() -> &'static [Vec<String>] {
    static LAYERS: OnceLock<Vec<Vec<String>>> = OnceLock::new();
    LAYERS.get_or_init(|| {
        let lines = map_lines();
        let names = lines.iter().rev().map(|line| line.split('|').next().unwrap_or_default());
        let layers: Vec<Vec<String>> =
            names.map(|names| names.split_whitespace().map(str::to_owned).collect()).collect();
        assert!(layers.len() > 3, "the map of src/lib.rs was not found");
        layers
    })
}

/// The layer of a module's file, from the ground.
fn layer(file: &str) -> Option<usize> {
    layers().iter().position(|modules| modules.iter().any(|module| module == top(file)))
}

/// The module at the crate's root that a file belongs to.
fn top(file: &str) -> &str {
    file.split("::").next().unwrap_or(file)
}

/// The files of `src/`, by module path (`oauth::token`), and which files each of them names.
struct Source {
    texts: BTreeMap<String, String>,
    arrows: BTreeMap<String, BTreeSet<String>>,
}

impl Source {
    fn read() -> Self {
        let root = crate::root().join("src");
        let mut texts = BTreeMap::new();
        for path in rust_files(&root) {
            let inner = path.strip_prefix(&root).expect("it is below src").with_extension("");
            let mut parts: Vec<_> = inner.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if parts.last().is_some_and(|last| last == "mod") {
                parts.pop();
            }
            // The crate's map names every module, and tests may name what they like.
            if parts == ["lib"] || parts.iter().any(|part| part == "tests") {
                continue;
            }
            texts
                .insert(parts.join("::"), without_tests_and_comments(&fs::read_to_string(&path).expect("it is there")));
        }
        let exports = texts.iter().flat_map(|(file, text)| exports(file, text)).collect();
        let arrows = texts.iter().map(|(file, text)| (file.clone(), named(file, text, &texts, &exports))).collect();
        let source = Self { texts, arrows };
        let count: usize = source.arrows.values().map(BTreeSet::len).sum();
        assert!(source.texts.len() > 10 && count > source.texts.len(), "too few files or imports were read");
        source
    }

    /// Modules without a layer.
    fn unknown(&self) -> Vec<String> {
        let modules: BTreeSet<&str> = self.arrows.keys().map(|file| top(file)).collect();
        let unknown = modules.into_iter().filter(|module| layer(module).is_none());
        unknown.map(|module| format!("src/{module} is not in the map of src/lib.rs yet")).collect()
    }

    /// Modules of the map that are not there.
    fn absent(&self) -> Vec<String> {
        let modules: BTreeSet<&str> = self.arrows.keys().map(|file| top(file)).collect();
        let mapped = layers().iter().flatten();
        let absent = mapped.filter(|module| !modules.contains(module.as_str()));
        absent.map(|module| format!("src/{module} is in the map of src/lib.rs and not there")).collect()
    }

    /// Imports of a higher layer, and imports between [`STRANGERS`].
    fn runs_up(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (file, named) in &self.arrows {
            for other in named {
                let (from, to) = (top(file), top(other));
                let strangers = from != to && STRANGERS.contains(&from) && STRANGERS.contains(&to);
                if layer(from) < layer(to) {
                    wrong.push(format!("{file} names {other}, of a higher layer"));
                } else if strangers {
                    wrong.push(format!("{file} names {other}, which must be independent of it"));
                }
            }
        }
        wrong
    }

    /// The first import circle.
    fn circle(&self) -> Option<String> {
        let mut done = BTreeSet::new();
        self.arrows.keys().find_map(|file| {
            let mut way = Vec::new();
            let is_free = self.walk(file, &mut way, &mut done);
            (!is_free).then(|| format!("an import circle: {}", way.join(" -> ")))
        })
    }

    /// Files below the arguments that name clap beyond deriving `ValueEnum`.
    fn knows_clap(&self) -> Vec<String> {
        let below = self.texts.iter().filter(|(file, _)| layer(file) < layer("arguments"));
        let knows = below.filter(|(_, text)| text.replace("clap::ValueEnum", "").contains("clap::"));
        knows.map(|(file, _)| format!("{file} names clap beyond deriving ValueEnum")).collect()
    }

    /// Walks every way from `file`; false, with the circle in `way`, if one comes back.
    fn walk(&self, file: &str, way: &mut Vec<String>, done: &mut BTreeSet<String>) -> bool {
        if let Some(start) = way.iter().position(|seen| seen == file) {
            way.drain(..start);
            way.push(file.to_owned());
            return false;
        }
        if done.contains(file) {
            return true;
        }
        way.push(file.to_owned());
        if !self.arrows[file].iter().all(|next| self.walk(next, way, done)) {
            return false;
        }
        way.pop();
        done.insert(file.to_owned())
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("src is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn without_tests_and_comments(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// What a file hands on under its own name: `profile::Scope` -> `profile::names::Scope`.
fn exports(file: &str, text: &str) -> Vec<(String, String)> {
    let uses = statements(text).into_iter().filter(|(public, _)| *public);
    let paths = uses.flat_map(|(_, tree)| expand(&tree));
    paths
        .map(|path| {
            let path = absolute(file, &path).unwrap_or_else(|| format!("{file}::{path}"));
            let name = path.rsplit("::").next().unwrap_or_default().to_owned();
            (format!("{file}::{name}"), path)
        })
        .collect()
}

/// The files that `file` names, in `use` and in paths that begin with `crate`, `super`, `self` or the crate's name.
fn named(
    file: &str,
    text: &str,
    files: &BTreeMap<String, String>,
    exports: &BTreeMap<String, String>,
) -> BTreeSet<String> {
    let mut paths: Vec<String> = Vec::new();
    let mut rest = text.to_owned();
    for (public, tree) in statements(text) {
        rest = rest.replace(&tree, "");
        if !public {
            paths.extend(expand(&tree));
        }
    }
    let words = rest.split(|symbol: char| !(symbol.is_alphanumeric() || symbol == '_' || symbol == ':'));
    paths.extend(words.filter(|word| word.contains("::")).map(str::to_owned));
    let mut found = BTreeSet::new();
    let child = |path: &str| {
        let path = format!("{file}::{path}");
        let known = prefixes(&path).any(|prefix| prefix.len() > file.len() && files.contains_key(&prefix));
        known.then_some(path)
    };
    for mut path in paths.iter().filter_map(|path| absolute(file, path).or_else(|| child(path))) {
        for _ in 0..4 {
            // `Type::method` and `Enum::Variant` hang on exported names as well.
            let export = prefixes(&path).find_map(|prefix| exports.get(&prefix));
            match export {
                Some(target) if *target != path => path.clone_from(target),
                _ => break,
            }
        }
        found.extend(prefixes(&path).find(|prefix| files.contains_key(prefix)));
    }
    found.remove(file);
    found
}

/// A path and all that it hangs on, the longest first.
fn prefixes(path: &str) -> impl Iterator<Item = String> {
    let parts: Vec<&str> = path.split("::").collect();
    (1..=parts.len()).rev().map(move |length| parts[..length].join("::")).collect::<Vec<_>>().into_iter()
}

/// The `use` statements: whether each is public, and its tree.
fn statements(text: &str) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("use ") {
        let line = text[..at].rsplit('\n').next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with("pub") {
            let tree = text[at + 4..].split(';').next().unwrap_or_default();
            found.push((line.starts_with("pub"), tree.to_owned()));
        }
    }
    found
}

/// `a::{b, c::{d, e as f}}` -> `a::b`, `a::c::d`, `a::c::e`.
fn expand(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((stem, inner)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        return vec![path.trim_end_matches("::self").to_owned()];
    };
    let inner = inner.trim_end().strip_suffix('}').unwrap_or(inner);
    let mut depth = 0;
    let pieces = inner.split(|symbol: char| {
        depth += i32::from(symbol == '{') - i32::from(symbol == '}');
        symbol == ',' && depth == 0
    });
    let pieces = pieces.filter(|piece| !piece.trim().is_empty());
    pieces.flat_map(|piece| expand(&format!("{stem}{}", piece.trim()))).collect()
}

/// A path from the crate's root; `None` for other crates' paths.
fn absolute(file: &str, path: &str) -> Option<String> {
    let (first, rest) = path.split_once("::")?;
    let parent = |file: &str| file.rsplit_once("::").map_or(String::new(), |(parent, _)| format!("{parent}::"));
    match first {
        "crate" | "mailgrant" => Some(rest.to_owned()),
        "self" => Some(format!("{file}::{rest}")),
        "super" => {
            let above = parent(file);
            match rest.strip_prefix("super::") {
                Some(rest) => Some(format!("{}{rest}", parent(above.trim_end_matches("::")))),
                None => Some(format!("{above}{rest}")),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_as_the_compiler_reads_them() {
        assert_eq!(
            expand("crate::a::{self, b, c::{d, e as f}}"),
            ["crate::a", "crate::a::b", "crate::a::c::d", "crate::a::c::e"]
        );
        assert_eq!(absolute("a::b", "super::c::D").as_deref(), Some("a::c::D"));
        assert_eq!(absolute("a::b", "super::super::c").as_deref(), Some("c"));
        assert_eq!(absolute("a::b", "std::fs"), None);
    }
}
