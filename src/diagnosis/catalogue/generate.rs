//! A part of the build script: the catalogue's files as one JSON text, which is read five times as fast when something has
//! failed, and a constant of `FindingCode` for each entry, so that a code without an entry does not compile.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::{Map, Value};

use crate::Outcome;

const CATALOGUE: &str = "src/diagnosis/catalogue";

/// Writes what is made of the catalogue.
pub(crate) fn run() -> Outcome<()> {
    println!("cargo:rerun-if-changed={CATALOGUE}");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let (mut entries, mut own) = (Vec::new(), Map::new());
    for file in files(CATALOGUE)? {
        match read(&file)?.remove("error") {
            Some(Value::Array(of_file)) => entries.extend(of_file),
            _ => return Err(format!("{}: it has no [[error]]", file.display()).into()),
        }
    }
    for file in files(&format!("{CATALOGUE}/own"))? {
        for (code, words) in read(&file)? {
            if own.insert(code.clone(), words).is_some() {
                return Err(format!("{}: {code} has an entry elsewhere", file.display()).into());
            }
        }
    }
    let mut codes: BTreeSet<String> = own.keys().cloned().collect();
    let mut variants = Map::new();
    for entry in &mut entries {
        let id = entry.get("id").and_then(Value::as_str).ok_or_else(|| format!("an entry without an id: {entry}"))?;
        if !codes.insert(id.to_owned()) {
            return Err(format!("{id} has two entries").into());
        }
        let id = id.to_owned();
        // They are for tests: an answer should not wait for them.
        if let Some(of_entry) = entry.as_object_mut().and_then(|entry| entry.remove("variants")) {
            variants.insert(id, of_entry);
        }
    }
    fs::write(out.join("codes.rs"), constants(&codes)?)?;
    fs::write(out.join("entries.json"), serde_json::to_string(&entries)?)?;
    fs::write(out.join("variants.json"), serde_json::to_string(&variants)?)?;
    fs::write(out.join("own.json"), serde_json::to_string(&own)?)?;
    Ok(())
}

/// The TOML files in a folder, in the order of their names.
fn files(folder: &str) -> Outcome<BTreeSet<PathBuf>> {
    let paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|file| file.map(|file| file.path())).collect::<Result<_, _>>()?;
    Ok(paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect())
}

fn read(path: &Path) -> Outcome<Map<String, Value>> {
    toml::from_str(&fs::read_to_string(path)?).map_err(|error| format!("{}: {error}", path.display()).into())
}

fn constants(codes: &BTreeSet<String>) -> Outcome<String> {
    let mut rust = String::from("impl FindingCode {\n");
    for code in codes {
        let name = code.to_ascii_uppercase().replace('-', "_");
        writeln!(rust, "    /// `{code}`\n    pub const {name}: Self = Self(\"{code}\");")?;
    }
    let all: String = codes.iter().map(|code| format!("Self(\"{code}\"), ")).collect();
    writeln!(rust, "    /// Every code, in order.\n    pub const ALL: &'static [Self] = &[{all}];\n}}")?;
    Ok(rust)
}
