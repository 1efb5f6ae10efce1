//! Where a command's results go: standard output, and a page where `--html` asks for one.
//!
//! Both are opened before the command runs: a page that cannot be written is known before a mail is sent. Whatever fails,
//! standard output gets one document, and what cannot be written is said on standard error.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;

use crate::cli::{Cli, Command};
use crate::clock::Clock;
use crate::commands::CommandError;
use crate::context::interrupt;
use crate::files::{Draft, Privacy};
use crate::report::{self, Document, ExitCode, Finding, Format};
use crate::session::AccessToken;

/// What a command came to.
pub enum Ended {
    /// Its report.
    Document(Box<Document>),
    /// The token, which is its whole output.
    Token(AccessToken),
    /// Why it could not do its job.
    Error(CommandError),
    /// It panicked; the panic hook has said so on standard error.
    Panicked,
}

/// The outputs of one command.
pub struct Outputs {
    format: Format,
    page: Option<Page>,
    command: &'static str,
}

enum Page {
    /// Instead of the text on standard output.
    Stdout,
    /// A file, which is begun and not in its place yet.
    File { path: PathBuf, draft: Draft },
}

impl Outputs {
    /// Opens what the command line asks for.
    ///
    /// # Errors
    /// What cannot be written, and the way to show that: standard output alone.
    pub fn open(cli: &Cli) -> Result<Self, (Self, CommandError)> {
        let mut outputs = Self::plain(cli.command.name(), if cli.json { Format::Json } else { Format::Human });
        match cli.html.as_deref().map(|path| open_page(path, cli)) {
            None => Ok(outputs),
            Some(Ok(page)) => {
                outputs.page = Some(page);
                Ok(outputs)
            }
            Some(Err(error)) => Err((outputs, error)),
        }
    }

    /// Standard output alone, for `command`.
    #[must_use]
    pub fn plain(command: &'static str, format: Format) -> Self {
        Self { format, page: None, command }
    }

    /// Writes what the command came to. The exit code is the command's; where the command passed and an output could not
    /// be written it is [`ExitCode::CheckFailed`].
    pub fn deliver(self, ended: Ended) -> ExitCode {
        let is_shown = matches!(ended, Ended::Panicked);
        let mut document = match ended {
            Ended::Token(access) => return after(self.write_token(&access), ExitCode::AllPassed),
            Ended::Document(document) => *document,
            Ended::Error(error) => self.failed(error.finding().clone()),
            Ended::Panicked => self.failed(Finding::new(
                "bug",
                "This is a bug in mailgrant; standard error says where.",
                ExitCode::Bug,
            )),
        };
        let mut code = document.exit_code();
        let mut html = None;
        match self.page {
            None => {}
            Some(Page::Stdout) => html = Some(page(&document)),
            Some(Page::File { path, draft }) => match fill(draft, &document) {
                Ok(()) => say(&format!("The report is in {}", path.display())),
                Err(problem) => {
                    say(&format!("mailgrant: {problem}"));
                    document.warnings.push(problem);
                    code = or_failed(code);
                }
            },
        }
        let mut out = anstream::stdout();
        let written = match (&html, self.format, &document.error) {
            (Some(html), _, error) => {
                let written = out.write_all(html.as_bytes());
                show_error(error.as_ref().filter(|_| !is_shown));
                written
            }
            (None, Format::Human, Some(error)) => {
                // What was found before the error is not lost with it.
                let is_empty = document.reports.is_empty();
                let written = if is_empty { Ok(()) } else { report::write(&document, Format::Human, &mut out) };
                show_error(Some(error).filter(|_| !is_shown));
                written
            }
            (None, format, _) => report::write(&document, format, &mut out),
        };
        after(written, code)
    }

    fn failed(&self, finding: Finding) -> Document {
        let mut document = Document::new(self.command);
        document.error = Some(finding);
        document
    }

    fn write_token(&self, access: &AccessToken) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let token = access.token.expose_secret();
        match self.format {
            Format::Human => writeln!(out, "{token}"),
            Format::Json => {
                let document = serde_json::json!({
                    "schema": report::SCHEMA,
                    "command": "token",
                    "access_token": token,
                    "expires": access.expires.to_string(),
                });
                writeln!(out, "{document}")
            }
        }
    }
}

fn open_page(path: &Path, cli: &Cli) -> Result<Page, CommandError> {
    if matches!(cli.command, Command::Token(_)) {
        return Err(CommandError::usage("'token' makes no page: it would hold the token.", "Leave --html out"));
    }
    if path == Path::new("-") {
        return match cli.json {
            false => Ok(Page::Stdout),
            true => Err(CommandError::usage(
                "--html - and --json both write to standard output.",
                "Give a file with --html FILE, or leave one of the two out",
            )),
        };
    }
    // Private, as the addresses in it are; what the file held before goes.
    let draft = Draft::begin(path, Privacy::Secret).map_err(|failure| {
        let problem = not_written(CommandError::from(failure).finding());
        CommandError::usage(format!("{problem} Nothing was done."), "Give another file with --html FILE")
    })?;
    interrupt::discard(draft.temporary());
    Ok(Page::File { path: path.to_owned(), draft })
}

fn fill(mut draft: Draft, document: &Document) -> Result<(), String> {
    let filled = draft.fill(page(document).as_bytes()).and_then(|()| draft.commit());
    filled.map_err(|failure| not_written(CommandError::from(failure).finding()))
}

fn not_written(finding: &Finding) -> String {
    format!("The page could not be written: {}", finding.cause)
}

fn page(document: &Document) -> String {
    report::page(document, &Clock::system().now().strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

fn show_error(error: Option<&Finding>) {
    if let Some(error) = error {
        // A standard error that is closed or full is no reason to stop, and leaves no place to say so.
        let _ = report::write_error(error, &mut anstream::stderr());
    }
}

/// The exit code once standard output has been written. A pipe that its reader has closed is no error: the reader has
/// seen enough.
pub fn after(written: io::Result<()>, code: ExitCode) -> ExitCode {
    // The standard library keeps what has no line's end yet, and tells nobody when it cannot be written at the end.
    match written.and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            say(&format!("mailgrant: cannot write to standard output: {}", in_words(&error)));
            or_failed(code)
        }
        _ => code,
    }
}

fn or_failed(code: ExitCode) -> ExitCode {
    if code == ExitCode::AllPassed { ExitCode::CheckFailed } else { code }
}

/// The system's words without its number: "No space left on device".
fn in_words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// Says a line on standard error.
pub fn say(line: &str) {
    // A closed stderr is no reason to stop.
    let _ = writeln!(anstream::stderr(), "{line}");
}
