//! The `mailgrant` command: argv to context to command to report to exit code.

use std::cell::OnceCell;
use std::io::{self, Write};
use std::process;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use clap::Parser;
use mailgrant::cli::{Cli, Color, Command};
use mailgrant::clock::Clock;
use mailgrant::commands::{self, CommandError};
use mailgrant::config::Folders;
use mailgrant::context::{Context, Prompter, TerminalPrompter};
use mailgrant::report::{self, Document, ExitCode, Format};
use mailgrant::session::AccessToken;
use mailgrant::tls::Trust;
use mailgrant::transcript::{Redactor, Sink, Transcript};
use mailgrant::{browser, hardening};
use secrecy::{ExposeSecret, SecretString};

fn main() -> process::ExitCode {
    hardening::disable_core_dumps();
    let cli = Cli::parse();
    let format = if cli.json { Format::Json } else { Format::Human };
    let code = match context(&cli).and_then(|context| run(&cli.command, &context, format)) {
        Ok(code) => code,
        Err(error) => show_error(&error, cli.command.name(), format),
    };
    process::ExitCode::from(code as u8)
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
        cancelled: Arc::new(AtomicBool::new(false)),
        store: OnceCell::new(),
    })
}

fn run(command: &Command, context: &Context, format: Format) -> Result<ExitCode, CommandError> {
    let document = match command {
        Command::Token(args) => return Ok(show_token(&commands::token::run(args, context)?, format)),
        Command::Add(args) => commands::add::run(args, context)?,
        Command::Authorize(args) => commands::authorize::run(args, context)?,
        Command::TestMailbox(args) => commands::test_mailbox::run(args, context)?,
        Command::TestSmtp(args) => commands::test_smtp::run(args, context)?,
        Command::RotateSecret(args) => commands::rotate_secret::run(args, context)?,
        Command::Status(args) => commands::status::run(args, context)?,
        Command::List(args) => commands::list::run(args, context)?,
        Command::Show(args) => commands::show::run(args, context)?,
        Command::Remove(args) => commands::remove::run(args, context)?,
        Command::NewVaultKey(args) => commands::new_vault_key::run(args, context)?,
    };
    Ok(written(report::write(&document, format, &mut anstream::stdout()), document.exit_code()))
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
            // The token's alphabet (RFC 6750 §2.1) needs no escapes in JSON.
            writeln!(
                out,
                "{{\"schema\":{},\"command\":\"token\",\"access_token\":\"{token}\",\"expires\":\"{}\"}}",
                report::SCHEMA,
                access.expires
            )
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
