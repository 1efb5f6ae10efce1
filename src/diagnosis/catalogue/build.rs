//! The build script: a constant of `FindingCode` for each entry of the catalogue, so that a code without an entry does not
//! compile. It needs no TOML reader: a code has a line of its own, as `[code]` in `own/` and as `id = "code"` in the
//! files beside it; a test reads the files in full and compares.

#![allow(clippy::print_stdout, reason = "cargo reads it")]

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

const CATALOGUE: &str = "src/diagnosis/catalogue";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={CATALOGUE}");
    let mut codes = BTreeSet::new();
    for (folder, begin, end) in [(CATALOGUE.to_owned(), "id = \"", "\""), (format!("{CATALOGUE}/own"), "[", "]")] {
        for file in fs::read_dir(folder)? {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "toml") {
                let text = fs::read_to_string(&path)?;
                let code = |line: &str| Some(line.strip_prefix(begin)?.trim_end().strip_suffix(end)?.to_owned());
                let is_code = |code: &String| code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
                codes.extend(text.lines().filter_map(code).filter(is_code));
            }
        }
    }
    let mut rust = String::from("impl FindingCode {\n");
    for code in &codes {
        let name = code.to_ascii_uppercase().replace('-', "_");
        writeln!(rust, "    /// `{code}`\n    pub const {name}: Self = Self(\"{code}\");")?;
    }
    let all: String = codes.iter().map(|code| format!("Self(\"{code}\"), ")).collect();
    writeln!(rust, "    /// Every code, in order.\n    pub const ALL: &'static [Self] = &[{all}];\n}}")?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("codes.rs"), rust)?;
    Ok(())
}
