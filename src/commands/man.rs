//! `man`: the pages of the manual, made of what the command line knows of itself.

mod page;

use std::path::{Path, PathBuf};

use clap::{Args as ClapArgs, Command};

use crate::error::CommandError;
use crate::report::Document;
use crate::text::{Redactor, Shown};

/// Print a page of the manual, or write all of them to a folder
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant man > mailgrant.1\n  \
    mailgrant man rotate-secret\n  \
    mailgrant man --write /usr/local/share/man/man1")]
pub struct Args {
    /// The command that the page is about; without one, mailgrant as a whole
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Write all pages to this folder, and print their names
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    write: Option<PathBuf>,
}

/// Runs the command; `whole` makes the command line that the pages are about.
///
/// # Errors
/// If there is no such command, or a page cannot be written.
pub fn run(args: &Args, whole: fn() -> Command) -> Result<Document, CommandError> {
    let mut root = whole();
    root.build();
    let mut document = Document::new("man");
    document.text = Some(match &args.write {
        Some(folder) => write_all(&root, folder)?,
        None => page::of(&root, &found(&root, &args.command)?),
    });
    Ok(document)
}

/// The command that `words` lead to, with those above it.
fn found<'a>(root: &'a Command, words: &[String]) -> Result<Vec<&'a Command>, CommandError> {
    let mut path = vec![root];
    for word in words {
        let below = path.last().and_then(|above| above.find_subcommand(word));
        path.push(below.ok_or_else(|| {
            let cause = shown!("There is no command '{}'.", Redactor::by_shape(word));
            CommandError::usage(cause, "List them with: `mailgrant --help`")
        })?);
    }
    Ok(path)
}

/// Writes the page of each command; their files, a line each.
fn write_all(root: &Command, folder: &Path) -> Result<String, CommandError> {
    let cannot = |path: &Path, error: &std::io::Error| {
        let cause = shown!("{} cannot be written: {}.", path, error);
        CommandError::usage(cause, "Name a folder that you can write to")
    };
    std::fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
    let mut written = String::new();
    for path in all(vec![root]) {
        let file = folder.join(format!("{}.1", page::name(&path)));
        // For everyone to read, and written again by each release: the mode is the one that the caller's umask leaves.
        std::fs::write(&file, page::of(root, &path)).map_err(|error| cannot(&file, &error))?;
        written.push_str(&format!("{}\n", Shown::of(file.as_path())));
    }
    Ok(written)
}

/// The command at the end of `path`, and all below it.
fn all(path: Vec<&Command>) -> Vec<Vec<&Command>> {
    let mut found = vec![path.clone()];
    for below in path.last().into_iter().flat_map(|last| last.get_subcommands()) {
        if !below.is_hide_set() && below.get_name() != "help" {
            found.extend(all([&path[..], &[below]].concat()));
        }
    }
    found
}
