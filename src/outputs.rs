//! Where a command's results go: standard output, and the files that `--report`, `--html` and `--ics` name.
//!
//! All are opened before the command runs: a file that cannot be written is known before a mail is sent. Whatever fails,
//! standard output gets one document, and what cannot be written is said on standard error.

mod delivery;
mod summary;

pub use delivery::Delivery;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anstream::AutoStream;

use crate::cli::{self, Cli, FileReport, Wanted};
use crate::clock::Clock;
use crate::context::live::{self, Live, Look};
use crate::context::{interrupt, view};
use crate::environment;
use crate::error::CommandError;
use crate::files::{Draft, Privacy};
use crate::progress::Progress;
use crate::report::{self, Document, ExitCode, Finding, FindingCode, Format, Report, View, WarningCode, format};
use crate::text::{Redactor, Shown};

/// How much of a report goes out at once, in bytes.
const PIECE: usize = 64 * 1024;

/// What a command came to.
pub enum Ended {
    /// Its report.
    Document(Box<Document>),
    /// Why it could not do its job.
    Error(CommandError),
    /// It panicked; the panic hook has said so on standard error.
    Panicked,
}

impl From<Result<Document, CommandError>> for Ended {
    fn from(result: Result<Document, CommandError>) -> Self {
        match result {
            Ok(document) => Self::Document(Box::new(document)),
            Err(error) => Self::Error(error),
        }
    }
}

/// The outputs of one command.
pub struct Outputs {
    format: &'static dyn Format,
    files: Vec<OpenFile>,
    command: Shown,
    /// Whether every check and every finding is wanted in full.
    details: bool,
}

/// A file that is begun and not in its place yet.
struct OpenFile {
    format: &'static dyn Format,
    path: PathBuf,
    draft: Draft,
}

impl Outputs {
    /// Opens what the command line asks for.
    ///
    /// # Errors
    /// What cannot be written, and the way to show that: standard output alone.
    pub fn open(cli: &Cli) -> Result<Self, (Self, CommandError)> {
        let wanted = cli.wanted();
        let may_be = |format: &dyn Format| !cli.prints_token() || format.may_hold_token();
        let asked = wanted.stdout.iter().rev().find(|(format, _)| may_be(*format));
        let plain = Self::plain(Redactor::by_shape(&cli.verb), asked.map_or(format::TEXT, |(format, _)| *format));
        let outputs = Self { details: cli.details, ..plain };
        if let Some(error) = refused(&wanted, cli.prints_token().then_some(&cli.verb)) {
            return Err((outputs, error));
        }
        let begun = wanted.files.into_iter().map(|(report, flag)| OpenFile::begin(report, &flag));
        match begun.collect() {
            Ok(files) => Ok(Self { files, ..outputs }),
            Err(error) => Err((outputs, error)),
        }
    }

    /// Standard output alone, for `command`.
    fn plain(command: Shown, format: &'static dyn Format) -> Self {
        Self { format, files: Vec::new(), command, details: false }
    }

    /// Shows `progress` where standard output gets text for people; with `is_verbose` the conversation shows the checks.
    #[must_use]
    pub fn live(&self, progress: Progress, is_verbose: bool) -> Live {
        if self.format.name() != format::TEXT.name() {
            return Live::off();
        }
        let width = view::of_stderr(self.details).width.unwrap_or_default();
        let moves = environment::raw("TERM").is_none_or(|term| term != "dumb");
        Live::start(progress, Look { width, moves, checks: !is_verbose })
    }

    /// Writes the reports as they are made, where the form for standard output can; those that no file needs are not kept.
    pub fn stream(&self, progress: &Progress) {
        let format = self.format;
        if format.streams() {
            // Without colours, in one piece. Where standard output cannot be written, the end of the command says so.
            let hear = move |report: &Report| {
                let _ = format.write_report(report, &mut io::stdout());
            };
            progress.pass_on(hear, !self.files.is_empty());
        }
    }

    /// Writes what the command came to. The answer is the status that the process ends with: the command's exit code as the
    /// form has it; where the command passed and an output could not be written, that of [`ExitCode::CheckFailed`].
    pub fn deliver(mut self, ended: Ended) -> u8 {
        let is_shown = matches!(ended, Ended::Panicked);
        let mut document = document_of(ended, std::mem::take(&mut self.command));
        if !document.is_past {
            document.time = Clock::system().now();
        }
        for file in std::mem::take(&mut self.files) {
            if !file.format.has_place_for(&document) {
                continue;
            }
            let (noun, path) = (file.format.noun(), file.path.clone());
            let announced = if file.format.is_report() { "report" } else { noun };
            match file.fill(&document, &View::of_file(self.details)) {
                Ok(()) if self.format.is_quiet() => {}
                Ok(()) => say(&format!("The {announced} is in {}", path.display())),
                Err(error) => {
                    let problem = not_written(noun, error.finding());
                    say(&format!("mailgrant: {problem}"));
                    // It is in the document's exit code from here on.
                    document.warn(WarningCode::ReportNotWritten, problem);
                }
            }
        }
        if !self.format.is_report() {
            // A standard error that is closed or full does not stop the command.
            let _ = format::TEXT.write(&document, &view::of_stderr(self.details), &mut anstream::stderr());
        }
        let written = match self.format.has_place_for(&document) {
            true => self.write(&document),
            false => Ok(()),
        };
        if let Some(error) = document.error.as_ref().filter(|_| self.format.leaves_error_to_stderr() && !is_shown) {
            // A standard error that is closed or full does not stop the command, and leaves no place to say so.
            let _ = report::write_error(error, &view::of_stderr(self.details), &mut anstream::stderr());
        }
        if self.format.leaves_warnings_to_stderr(&document) {
            let _ = report::write_warnings(&document, &view::of_stderr(self.details), &mut anstream::stderr());
        }
        self.format.exit_status(&document, after(written, document.exit_code()))
    }

    /// Writes `document` to standard output. Reports go out in large pieces: by itself standard output makes each line a call to the
    /// system, a million for ten thousand mailboxes. What is not a report may be a token, of which there is to be no copy more.
    fn write(&self, document: &Document) -> io::Result<()> {
        let view = view::of_stdout(self.details);
        if document.reports.is_empty() {
            return self.format.write(document, &view, &mut anstream::stdout());
        }
        let mut out = in_pieces();
        self.format.write(document, &view, &mut out)?;
        out.flush()
    }
}

/// Standard output, which takes what is written in large pieces.
fn in_pieces() -> Box<dyn Write> {
    let stdout = anstream::stdout();
    if stdout.is_terminal() {
        return Box::new(BufWriter::with_capacity(PIECE, stdout));
    }
    // Below what takes the colours out, which passes on what is between them, each by itself.
    let pieces: Box<dyn Write> = Box::new(BufWriter::with_capacity(PIECE, io::stdout()));
    Box::new(AutoStream::new(pieces, stdout.current_choice()))
}

impl OpenFile {
    /// Begins the file: private, as the addresses in it are; what the file held before goes, but from the summary of a job.
    fn begin(FileReport { format, path }: FileReport, flag: &str) -> Result<Self, CommandError> {
        let draft = Draft::begin(&path, Privacy::Secret).map_err(|failure| {
            let problem = not_written(format.noun(), CommandError::from(failure).finding());
            let again = if flag.ends_with('=') { format!("{flag}FILE") } else { format!("{flag} FILE") };
            CommandError::usage(
                shown!("{} Nothing was done.", problem),
                shown!("Give another file with {}", Redactor::by_shape(&again)),
            )
        })?;
        interrupt::discard(draft.temporary());
        Ok(Self { format, path, draft })
    }

    fn fill(mut self, document: &Document, view: &View) -> Result<(), CommandError> {
        let mut contents = summary::begun(&self.path);
        let view = View { room: summary::room(&self.path, &contents), ..*view };
        // Writing to memory does not fail.
        let _ = self.format.write(document, &view, &mut anstream::StripStream::new(&mut contents));
        self.draft.fill(&contents)?;
        if !self.format.is_private() {
            self.draft.open_to_readers()?;
        }
        Ok(self.draft.commit()?)
    }
}

fn document_of(ended: Ended, command: Shown) -> Document {
    let finding = match ended {
        Ended::Document(document) => return *document,
        Ended::Error(error) => error.finding().clone(),
        Ended::Panicked => Finding::of(FindingCode::BUG).bare().finding(),
    };
    let mut document = Document::new(command);
    document.error = Some(finding);
    document
}

/// What cannot be written whatever the disk says: a report that would hold a token, or two forms on standard output.
fn refused(wanted: &Wanted, prints_token: Option<&String>) -> Option<CommandError> {
    if let Some(verb) = prints_token {
        let stdout = wanted.stdout.iter().filter(|(format, _)| !format.may_hold_token());
        let files = wanted.files.iter().map(|(report, flag)| (report.format, flag));
        let (format, flag) = stdout.map(|(format, flag)| (*format, flag)).chain(files).next()?;
        let cause = shown!("'{}' makes no {}: it would hold the token.", Redactor::by_shape(verb), format.noun());
        let flag = flag.split(' ').next().unwrap_or(flag);
        return Some(CommandError::usage(cause, shown!("Leave {} out", Redactor::by_shape(flag))));
    }
    match wanted.stdout.as_slice() {
        [(first, flag), (second, other), ..] if first.name() != second.name() => {
            let fix = match flag.strip_suffix(" -") {
                Some(flag) => {
                    shown!("Give a file with {} FILE, or leave one of the two out", Redactor::by_shape(flag))
                }
                None => "Leave one of the two out".into(),
            };
            Some(CommandError::usage(
                shown!("{} and {} both write to standard output.", Redactor::by_shape(flag), Redactor::by_shape(other)),
                fix,
            ))
        }
        _ => None,
    }
}

fn not_written(noun: &'static str, finding: &Finding) -> Shown {
    shown!("The {} could not be written: {}", noun, finding.cause)
}

/// Help and version go to standard output; a command line that does not parse is an error, in the form that was asked for.
pub fn usage(error: &clap::Error) -> u8 {
    let format = cli::format_of(std::env::args_os());
    if !error.use_stderr() {
        let code = after(error.print(), ExitCode::AllPassed);
        // Nothing was looked at: a plugin must not say that all is well.
        return if format.is_plugin() { ended_by(format, ExitCode::Usage) } else { code as u8 };
    }
    if format.leaves_error_to_stderr() {
        // Where standard error cannot be written there is no place to say so.
        let _ = error.print();
        return ExitCode::Usage as u8;
    }
    // The first paragraph is the cause; usage and advice for a terminal follow it.
    let text = error.render().to_string();
    let lines: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    let cause = Redactor::by_shape(lines.join(" ").trim_start_matches("error: "));
    let fix = cli::hint(error).unwrap_or("Run: `mailgrant --help`");
    let error = CommandError::usage(cause, fix);
    let verb = Cli::verb_of(std::env::args_os()).unwrap_or_default();
    Outputs::plain(Redactor::by_shape(&verb), format).deliver(Ended::Error(error))
}

/// The status of a process that a bug has ended before anything could be written.
#[must_use]
pub fn status_of_bug() -> u8 {
    ended_by(cli::format_of(std::env::args_os()), ExitCode::Bug)
}

/// The status of a process that ends with `code` and without a document.
fn ended_by(format: &dyn Format, code: ExitCode) -> u8 {
    format.exit_status(&Document::new(""), code)
}

/// The exit code once standard output has been written. A pipe that its reader has closed (`| head`) is not an error: the reader has
/// seen enough.
fn after(written: io::Result<()>, code: ExitCode) -> ExitCode {
    // The standard library holds what has no line's end yet, and reports no error when it cannot be written at the end.
    match written.and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            say(&format!("mailgrant: cannot write to standard output: {}", Shown::of(error)));
            or_failed(code)
        }
        _ => code,
    }
}

fn or_failed(code: ExitCode) -> ExitCode {
    if code == ExitCode::AllPassed { ExitCode::CheckFailed } else { code }
}

/// Says a line on standard error.
pub fn say(line: &str) {
    live::say(line);
}
