//! Holds the source, the documents and the tests of this repository against each other. None of it tests what the
//! program does, so none of it is part of `cargo test`:
//!
//! - `lint`: layers, import circles, names and words that do not belong in the repository. `tests/run` runs it.
//! - `promises`: each promise of SECURITY.md names tests that exist. `tests/run` runs it.
//! - `protections`: takes the protections out one at a time and says which tests notice; run by `tests/protections/run`.

mod hygiene;
mod promises;
mod protections;
mod structure;
mod wording;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

const USAGE: &str = "\
cargo run --package checks -- lint
cargo run --package checks -- promises
cargo run --package checks -- protections [--check | --build] [ROW ...]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let complaints = match words.as_slice() {
        ["lint"] => [structure::complaints(), hygiene::complaints()].concat(),
        ["promises"] => promises::complaints(),
        ["protections", rest @ ..] => return protections::run(rest),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    for complaint in &complaints {
        eprintln!("{complaint}");
    }
    ExitCode::from(u8::from(!complaints.is_empty()))
}

/// The repository that cargo runs this in; a build that was copied from another one must not look there.
fn root() -> PathBuf {
    let package =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    let root = package.join("../..");
    root.canonicalize().unwrap_or(root)
}

/// The cargo that runs this program, for its own runs of cargo: without what cargo tells a program about its package,
/// because build scripts run again when that changes (ring's does), and what depends on them is built again.
fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&name);
        }
    }
    cargo
}
