//! The `mailgrant` command: argv to context to command to report to exit code.

#![forbid(unsafe_code)]

use std::cell::OnceCell;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{panic, process};

use clap::Parser;
use mailgrant::cli::{Cli, Color, Command};
use mailgrant::clock::Clock;
use mailgrant::commands::{self, CommandError};
use mailgrant::config::Folders;
use mailgrant::context::{Context, Prompter, TerminalPrompter};
use mailgrant::files::{self, Privacy};
use mailgrant::report::{self, Document, ExitCode, Format};
use mailgrant::session::AccessToken;
use mailgrant::tls::Trust;
use mailgrant::transcript::{Redactor, Sink, Transcript};
use mailgrant::{browser, hardening};
use secrecy::{ExposeSecret, SecretString};

fn main() -> process::ExitCode {
    hardening::disable_core_dumps();
    // What a panic says may hold what it stumbled over, a secret among it; where it happened is all that is told.
    panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |place| format!(" ({}:{})", place.file(), place.line()));
        say(&format!("mailgrant: this is a bug in mailgrant{place}; please report it with the command that you typed"));
    }));
    let code = panic::catch_unwind(whole).unwrap_or(ExitCode::Bug);
    process::ExitCode::from(code as u8)
}

fn whole() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return show_usage(&error),
    };
    let format = if cli.json { Format::Json } else { Format::Human };
    let context = match context(&cli) {
        Ok(context) => context,
        Err(error) => return show_error(&error, cli.command.name(), format),
    };
    match run(&cli, &context, format) {
        Ok(code) => code,
        Err(error) => {
            // Whoever asked for a page gets one that says so.
            let page = cli.html.as_ref().map(|file| {
                let mut document = Document::new(cli.command.name());
                document.error = Some(error.finding().clone());
                write_page(file, &document, &context)
            });
            let code = show_error(&error, cli.command.name(), format);
            page.and_then(Result::err).map_or(code, |error| show_error(&error, cli.command.name(), format))
        }
    }
}

/// Help and version go to standard output; what does not parse is an error, in JSON too where that was asked for.
fn show_usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return written(error.print(), ExitCode::AllPassed);
    }
    if std::env::args_os().any(|argument| argument == "--json") {
        let fix = "Run: mailgrant --help".to_owned();
        let error = CommandError::usage(error.render().to_string().trim().to_owned(), fix);
        return show_error(&error, "", Format::Json);
    }
    written(error.print(), ExitCode::Usage)
}

fn context(cli: &Cli) -> Result<Context, CommandError> {
    match cli.color {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
    let folders = Folders::of_user().map_err(|error| {
        CommandError::new(
            "no-home",
            ExitCode::Profile,
            format!("This user has no home folder: {error}."),
            vec!["Set HOME".into()],
        )
    })?;
    let prompter = TerminalPrompter::new();
    let sink: Option<Sink> = if cli.verbose { Some(Arc::new(say)) } else { None };
    let redactor = Redactor::default();
    let vault_key = std::env::var("MAILGRANT_VAULT_KEY").ok().map(SecretString::from);
    if let Some(key) = &vault_key {
        redactor.learn(key);
    }
    Ok(Context {
        profile_path: cli.config.clone().unwrap_or_else(|| folders.default_profile()),
        folders,
        store_choice: cli.store,
        vault_key,
        vault_file: std::env::var_os("MAILGRANT_VAULT_FILE").filter(|file| !file.is_empty()).map(Into::into),
        trust: Trust::new(),
        transcript: Transcript::new(redactor, sink),
        clock: Clock::system(),
        opens_browser: prompter.is_interactive()
            || std::env::var_os("BROWSER").is_some_and(|browser| !browser.is_empty()),
        prompter: Box::new(prompter),
        say,
        browser: browser::open,
        timeout: cli.timeout.map(Duration::from_secs),
        started: Instant::now(),
        store: OnceCell::new(),
    })
}

fn run(cli: &Cli, context: &Context, format: Format) -> Result<ExitCode, CommandError> {
    if cli.html.is_some() && matches!(cli.command, Command::Token(_)) {
        return Err(CommandError::usage("'token' makes no page: it would hold the token.", "Leave --html out"));
    }
    let document = match &cli.command {
        Command::Token(args) => return Ok(show_token(&commands::token::run(args, context)?, format)),
        Command::Add(args) => commands::add::run(args, context)?,
        Command::Authorize(args) => commands::authorize::run(args, context)?,
        Command::Test(args) => commands::test::run(args, context)?,
        Command::TestMailbox(args) => commands::test_mailbox::run(args, context)?,
        Command::TestSmtp(args) => commands::test_smtp::run(args, context)?,
        Command::Doctor(args) => commands::doctor::run(args, context)?,
        Command::Inspect(args) => commands::inspect::run(args, context)?,
        Command::RotateSecret(args) => commands::rotate_secret::run(args, context)?,
        Command::Explain(args) => commands::explain::run(args, context)?,
        Command::Status(args) => commands::status::run(args, context)?,
        Command::List(args) => commands::list::run(args, context)?,
        Command::Show(args) => commands::show::run(args, context)?,
        Command::Remove(args) => commands::remove::run(args, context)?,
        Command::NewVaultKey(args) => commands::new_vault_key::run(args, context)?,
    };
    let shown = written(report::write(&document, format, &mut anstream::stdout()), document.exit_code());
    if let Some(file) = &cli.html {
        write_page(file, &document, context)?;
    }
    Ok(shown)
}

/// Writes the report as a page, private as the addresses in it are; what stood in the file before goes.
fn write_page(file: &Path, document: &Document, context: &Context) -> Result<(), CommandError> {
    let when = context.clock.now().strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
    files::write_atomic(file, report::page(document, &when).as_bytes(), Privacy::Secret).map_err(|failure| {
        let cause = CommandError::from(failure).finding().cause.clone();
        CommandError::usage(format!("The page could not be written: {cause}"), "Give another file with --html FILE")
    })
}

fn show_error(error: &CommandError, command: &'static str, format: Format) -> ExitCode {
    let shown = match format {
        Format::Human => report::write_error(error.finding(), &mut anstream::stderr()),
        Format::Json => {
            let mut document = Document::new(command);
            document.error = Some(error.finding().clone());
            report::write(&document, format, &mut anstream::stdout())
        }
    };
    written(shown, error.exit())
}

fn show_token(access: &AccessToken, format: Format) -> ExitCode {
    let mut out = io::stdout().lock();
    let token = access.token.expose_secret();
    let shown = match format {
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
    };
    written(shown, ExitCode::AllPassed)
}

/// A pipe that the reader has closed is no reason to fail: whoever closed it has seen enough.
fn written(result: io::Result<()>, code: ExitCode) -> ExitCode {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::Bug,
        _ => code,
    }
}

fn say(line: &str) {
    // A closed stderr is no reason to stop.
    let _ = writeln!(anstream::stderr(), "{line}");
}
