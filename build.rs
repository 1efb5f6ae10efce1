//! The build script: what is made of the catalogue, and what `--version -v` tells of the build.

#![allow(clippy::print_stdout, reason = "cargo reads it")]

#[path = "src/diagnosis/catalogue/generate.rs"]
mod catalogue;
#[path = "src/cli/version/details.rs"]
mod version;

use std::error::Error;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    version::run()?;
    catalogue::run()
}
