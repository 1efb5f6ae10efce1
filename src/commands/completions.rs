//! `completions`: what completes a command line of mailgrant in a shell.
//!
//! The script of a shell is fixed: it asks the program what can come next, so that it knows the verbs and flags of the
//! program that is installed, and the names of the profile as they are now.

mod candidates;

use std::ffi::OsString;

use clap::{Args as ClapArgs, Command, ValueEnum};

use self::candidates::Line;
use crate::context::Context;
use crate::error::CommandError;
use crate::report::Document;

/// Print what completes commands, flags and the names of mailboxes in a shell
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant completions bash > ~/.local/share/bash-completion/completions/mailgrant\n  \
    mailgrant completions zsh > ~/.zfunc/_mailgrant                  in a folder of $fpath\n  \
    mailgrant completions fish > ~/.config/fish/completions/mailgrant.fish")]
pub struct Args {
    /// The shell
    #[arg(value_enum, required_unless_present = "index", conflicts_with = "index")]
    shell: Option<Shell>,
    /// For the scripts: print what can be the word of this number, the program's name being number 0
    #[arg(long, value_name = "NUMBER", hide = true, value_parser = clap::value_parser!(u16))]
    index: Option<u16>,
    /// The words of the command line, the program's name first
    #[arg(last = true, value_name = "WORDS", hide = true, requires = "index")]
    words: Vec<OsString>,
}

/// A shell that completes command lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    /// Windows PowerShell, and PowerShell on every system.
    #[value(name = "powershell")]
    Power,
}

impl Shell {
    /// What the shell reads.
    fn script(self) -> &'static str {
        match self {
            Self::Bash => include_str!("completions/mailgrant.bash"),
            Self::Zsh => include_str!("completions/_mailgrant"),
            Self::Fish => include_str!("completions/mailgrant.fish"),
            Self::Power => include_str!("completions/mailgrant.ps1"),
        }
    }
}

/// Runs the command; `whole` makes the command line that is completed.
///
/// # Errors
/// None: where nothing can come next, nothing is printed.
pub fn run(args: &Args, context: &Context, whole: fn() -> Command) -> Result<Document, CommandError> {
    let mut document = Document::new("completions");
    document.text = match (args.shell, args.index) {
        (Some(shell), _) => Some(shell.script().to_owned()),
        (None, index) => {
            let line = Line { words: args.words.clone(), index: index.unwrap_or_default().into() };
            Some(line.candidates(whole(), &context.profile_path))
        }
    };
    Ok(document)
}
