//! The `mailgrant` command: argv to context to command to report to exit code.

#![forbid(unsafe_code)]

use std::cell::OnceCell;
use std::panic::{self, AssertUnwindSafe};
use std::process;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mailgrant::cli::{self, Cli, Command};
use mailgrant::clock::Clock;
use mailgrant::commands::{self, CommandError};
use mailgrant::config::Folders;
use mailgrant::context::{Context, Prompter, TerminalPrompter, interrupt};
use mailgrant::net::Proxies;
use mailgrant::net::Trust;
use mailgrant::outputs::{self, Ended, Outputs, say};
use mailgrant::report::ExitCode;
use mailgrant::transcript::{Redactor, Sink, Transcript};
use mailgrant::{browser, environment, hardening};
use secrecy::SecretString;

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
    let cli = match Cli::from_outside() {
        Ok(cli) => cli,
        Err(error) => return show_usage(&error),
    };
    let outputs = match Outputs::open(&cli) {
        Ok(outputs) => outputs,
        Err((outputs, error)) => return outputs.deliver(Ended::Error(error)),
    };
    let ended = panic::catch_unwind(AssertUnwindSafe(|| run(&cli)));
    let code = outputs.deliver(match ended {
        Ok(Ok(ended)) => ended,
        Ok(Err(error)) => Ended::Error(error),
        Err(_) => Ended::Panicked,
    });
    interrupt::forget_input();
    code
}

/// Help and version go to standard output; what does not parse is an error, in JSON too where that was asked for.
fn show_usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return outputs::after(error.print(), ExitCode::AllPassed);
    }
    let format = cli::format_of(std::env::args_os());
    if !format.leaves_error_to_stderr() {
        // What is wrong is the first paragraph; below it stand usage and advice for a terminal.
        let text = error.render().to_string();
        let lines: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
        let cause = lines.join(" ").trim_start_matches("error: ").to_owned();
        let error = CommandError::usage(cause, "Run: mailgrant --help");
        return Outputs::plain(String::new(), format).deliver(Ended::Error(error));
    }
    // Where standard error cannot be written there is no place to say so.
    let _ = error.print();
    ExitCode::Usage
}

fn context(cli: &Cli) -> Result<Context, CommandError> {
    if let Some(choice) = cli.color.choice() {
        choice.write_global();
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
    // Blanks are no key either, as compose files leave them.
    let vault_key = environment::text("MAILGRANT_VAULT_KEY").filter(|key| !key.trim().is_empty());
    let vault_key = vault_key.map(SecretString::from);
    let proxies = Proxies::of(&environment::text);
    for secret in vault_key.iter().chain(&proxies.passwords()) {
        redactor.learn(secret);
    }
    Ok(Context {
        profile_path: cli.config.clone().unwrap_or_else(|| folders.default_profile()),
        folders,
        store_choice: cli.store,
        vault_key,
        vault_file: environment::raw("MAILGRANT_VAULT_FILE").map(Into::into),
        trust: Trust::new(),
        proxies,
        transcript: Transcript::new(redactor, sink),
        clock: Clock::system(),
        opens_browser: prompter.is_interactive() || environment::raw("BROWSER").is_some(),
        prompter: Box::new(prompter),
        say,
        browser: browser::open,
        timeout: cli.timeout.map(Duration::from_secs),
        started: Instant::now(),
        store: OnceCell::new(),
    })
}

fn run(cli: &Cli) -> Result<Ended, CommandError> {
    let context = &context(cli)?;
    let document = match &cli.command {
        Command::Token(args) => commands::token::run(args, context)?,
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
    Ok(Ended::Document(Box::new(document)))
}
