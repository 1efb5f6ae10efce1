//! The root parser and the global flags.

mod conventions;
mod help;
mod hints;
mod output;
mod version;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use anstream::ColorChoice;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, ValueEnum};

use crate::commands::Command;
use crate::context::{Context, Options};
use crate::environment;
use crate::error::CommandError;
use crate::profile::StoreKind;
use crate::progress::Progress;
use crate::report::{Document, Format, format};

pub use hints::of as hint;
use output::Short;
pub use output::{FileReport, Wanted, format_of};

/// The most that a plugin keeps of its time to answer in.
const ANSWERING: Duration = Duration::from_secs(1);

/// Sets up and tests OAuth for mailboxes over IMAP, POP3, SMTP, Microsoft Graph and the Gmail API
#[derive(Debug, Parser)]
#[command(name = "mailgrant", version, after_long_help = exit_codes(), propagate_version = true)]
pub struct Cli {
    /// The profile [default: mailgrant/config.toml in the configuration folder]
    #[arg(
        long,
        visible_alias = "config",
        global = true,
        env = "MAILGRANT_CONFIG",
        value_name = "FILE",
        help_heading = "Global options"
    )]
    pub profile: Option<PathBuf>,
    /// Where secrets are stored [default: what the profile says, else keyring]
    #[arg(long, global = true, env = "MAILGRANT_STORE", value_name = "STORE", help_heading = "Global options")]
    pub store: Option<StoreKind>,
    /// Print one JSON document instead of text, as --format json does; --json=1 prints the layout of before
    #[arg(long, global = true, value_name = "SCHEMA", num_args = 0..=1, require_equals = true, default_missing_value = "2",
          hide_possible_values = true, help_heading = "Global options", value_parser = output::json(),
          conflicts_with = "json_lines")]
    pub json: Option<&'static dyn Format>,
    /// Print a line of JSON for each report as soon as it is there, and a summary at the end, as --format json-lines does
    #[arg(long, global = true, help_heading = "Global options")]
    pub json_lines: bool,
    /// Print the results in this form [default: text]
    #[arg(long, global = true, value_name = "FORMAT", help_heading = "Global options", value_parser = output::formats())]
    pub format: Option<&'static dyn Format>,
    /// Also write the report to FILE in this form, as in html=page.html; may be given several times
    #[arg(long = "report", global = true, value_name = "FORMAT=FILE", help_heading = "Global options",
          value_parser = output::file_report)]
    pub reports: Vec<FileReport>,
    /// Print nothing where all is well (the exit code says it), and failures in short
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub quiet: bool,
    /// Show the conversation on the wire, without secrets
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub verbose: bool,
    /// Show every check on a line of its own, and every finding in full
    #[arg(long, global = true, help_heading = "Global options")]
    pub details: bool,
    /// Also write the report to FILE as an HTML page (to send to an administrator); - is standard output, instead of text
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub html: Option<PathBuf>,
    /// Colour the output
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", help_heading = "Global options")]
    pub color: Color,
    /// How long to wait for servers (authorize: for the sign-in), in seconds
    #[arg(long, global = true, value_name = "SECONDS", help_heading = "Global options",
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub timeout: Option<u64>,
    /// What to do; without it, the next step
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The subcommand's name, as it is typed.
    #[arg(skip)]
    pub verb: String,
}

impl Cli {
    /// Reads the command line and the variables beside it.
    ///
    /// # Errors
    /// What does not parse, or the help that was asked for.
    pub fn from_outside() -> Result<Self, clap::Error> {
        let arguments: Vec<OsString> = std::env::args_os().collect();
        let mut command = conventions::applied(Self::command());
        if help::is_asked(&arguments) {
            command = help::complete(command);
        }
        if version::is_asked_in_full(&arguments) {
            command = command.version(version::in_full());
        }
        let mut matches = command.try_get_matches_from_mut(arguments).map_err(hints::told)?;
        if matches.subcommand_name() == Some(conventions::VERSION) {
            matches = command.try_get_matches_from_mut(["mailgrant", "--version"])?;
        }
        // Freeing each argument of each verb by itself would take longer than reading the line took.
        std::mem::forget(command);
        let verb = matches.subcommand_name().unwrap_or_default().to_owned();
        Ok(Self { verb, ..Self::from_arg_matches_mut(&mut matches)? })
    }

    /// Where results are to go.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        let calendar = self.command.as_ref().and_then(Command::calendar);
        let json = self.json.or_else(|| self.json_lines.then_some(format::JSON_LINES));
        Wanted::of(self.html.as_deref(), calendar, Short { json, quiet: self.quiet }, self.format, &self.reports)
    }

    /// The bound on the whole command, where one was given.
    #[must_use]
    pub fn time_out(&self) -> Option<Duration> {
        self.timeout.map(Duration::from_secs)
    }

    /// What the command has of it: a plugin keeps a part of it to answer in.
    fn own_time(&self) -> Option<Duration> {
        let is_plugin = self.wanted().stdout.iter().any(|(format, _)| format.is_plugin());
        self.time_out().map(|whole| if is_plugin { whole - (whole / 10).min(ANSWERING) } else { whole })
    }

    /// Whether the whole result is an access token.
    #[must_use]
    pub fn prints_token(&self) -> bool {
        self.command.as_ref().is_some_and(Command::prints_token)
    }

    /// The verb that `arguments` name, where they name one of ours.
    #[must_use]
    pub fn verb_of(arguments: impl Iterator<Item = OsString>) -> Option<String> {
        let command = Self::command();
        let verb = |word: OsString| command.find_subcommand(word).map(|verb| verb.get_name().to_owned());
        arguments.skip(1).find_map(verb)
    }

    /// Runs the command; `say` writes a line on standard error, and `progress` is what others see of it.
    ///
    /// # Errors
    /// Why it could not do its job.
    pub fn run(&self, say: fn(&str), progress: Progress) -> Result<Document, CommandError> {
        if let Some(choice) = self.color.choice() {
            choice.write_global();
        }
        let context = Context::open(Options {
            profile: self.profile.clone(),
            store: self.store,
            timeout: self.own_time(),
            is_verbose: self.verbose,
            is_json: self.wanted().stdout.iter().any(|(format, _)| format.is_for_programs()),
            offers: self.wanted().stdout.iter().all(|(format, _)| format.name() == format::TEXT.name()),
            say,
            progress,
        })?;
        match &self.command {
            Some(command) => command.run(&context, || conventions::applied(Self::command())),
            None => Command::next(&context),
        }
    }
}

/// Colour the output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set; elsewhere where `FORCE_COLOR` or `CLICOLOR_FORCE` is.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// The choice for both output streams; `None` leaves it to each stream whether it is a terminal.
    #[must_use]
    pub fn choice(self) -> Option<ColorChoice> {
        match self {
            Self::Auto => conventions::colours(&environment::text),
            Self::Always => Some(ColorChoice::Always),
            Self::Never => Some(ColorChoice::Never),
        }
    }
}

fn exit_codes() -> String {
    let mut text = "Exit codes:\n".to_owned();
    for (code, meaning) in crate::report::ExitCode::TABLE {
        text.push_str(&format!("  {:>3}  {meaning}\n", code as u8));
    }
    let order: Vec<String> =
        crate::report::ExitCode::MOST_LASTING_FIRST.iter().map(|code| (*code as u8).to_string()).collect();
    text.push_str(&format!("Where several findings end a command, the first of these: {}\n", order.join(", ")));
    text
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;
    use crate::diagnosis::catalogue::{self, own};
    use crate::report::FindingCode;
    use crate::report::step::{Mark, Shell, marks};

    #[test]
    fn of_all_verbs_the_one_that_was_typed_has_its_arguments_made() {
        let mut line = Cli::command();
        line.try_get_matches_from_mut(["mailgrant", "status", "shop"]).unwrap();
        let made = line.get_subcommands().filter(|verb| verb.get_arguments().any(|arg| !arg.is_global_set()));
        // `help` is clap's own.
        assert_eq!(made.map(clap::Command::get_name).collect::<Vec<_>>(), ["status", "help"]);
    }

    const MAILBOX: &[&str] = &["address", "sign-in-as", "incoming", "outgoing", "ehlo-name"];
    const PROVIDER: &[&str] = &["provider", "cloud", "tenant", "authority", "api-url", "ca-file"];
    const APP: &[&str] = &["app", "issuer", "scope", "client-id", "object-id", "credential", "access", "redirect-uri"];

    /// The headings, with the beginnings of the flags that belong below them.
    const HEADINGS: [(&str, &[&[&str]]); 7] = [
        ("The app registration", &[PROVIDER, APP, &["expires", "secret-"]]),
        ("Certificate (--credential certificate)", &[&["certificate", "key-file", "algorithm"]]),
        ("Federated tokens (--credential federated)", &[&["federated-"]]),
        ("Service account without a key (--credential service-account)", &[&["external-account", "service-account"]]),
        ("The mailbox", &[MAILBOX]),
        ("Many mailboxes", &[&["jobs", "shard", "baseline"]]),
        ("A mailbox without a profile", &[MAILBOX, PROVIDER, &["token-"]]),
    ];

    /// In clap a heading goes on until the next one: a flag behind a group of flags would be told as one of the group.
    #[test]
    fn below_a_heading_are_the_flags_that_it_is_about() {
        let mut line = Cli::command();
        line.build();
        let (mut headed, mut wrong) = (0, Vec::new());
        for verb in line.get_subcommands().filter(|verb| verb.get_name() != "help") {
            for arg in verb.get_arguments().filter(|arg| !arg.is_global_set()) {
                let (Some(flag), Some(heading)) = (arg.get_long(), arg.get_help_heading()) else { continue };
                headed += 1;
                let known = HEADINGS.iter().find(|(known, _)| *known == heading);
                if !known.is_some_and(|(_, groups)| groups.concat().iter().any(|begin| flag.starts_with(begin))) {
                    wrong.push(format!("{}: --{flag} is below {heading:?}", verb.get_name()));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(headed > 100, "only {headed}");
    }

    #[test]
    fn every_command_of_ours_in_a_step_is_marked_and_parses() {
        let verbs: Vec<String> = Cli::command().get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
        let unmarked = Regex::new(&format!(r"\bmailgrant (--[a-z]|({})\b)", verbs.join("|"))).unwrap();
        let name = Regex::new(r"\{[a-z_]+\}").unwrap();
        let of_entries = catalogue::entries().iter().flat_map(|entry| {
            let live = entry.live.iter().flat_map(|live| &live.fix);
            let with_token = entry.with_token.iter().flat_map(|instead| &instead.fix);
            entry.fix.iter().chain(live).chain(with_token)
        });
        let own = FindingCode::ALL.iter().filter_map(|code| own::words(*code)).flat_map(|words| &words.fix);
        let (mut parsed, mut wrong) = (0, Vec::new());
        for mark in of_entries.chain(own).flat_map(|step| marks(&step.text)) {
            match mark {
                Mark::Words(words) if unmarked.is_match(words) => wrong.push(format!("not marked: {words}")),
                Mark::Words(_) => {}
                Mark::Command(line) if Shell::of(line) == Shell::Mailgrant => {
                    let line = line.replace("{day}", "2027-01-01").replace("DATE", "2027-01-01");
                    let line = line.replace("{address}", "a@b.example").replace("ADDRESS", "a@b.example");
                    let line = line.replace("COMMAND", "list").replace(" < FILE", "").replace("--{side}", "--incoming");
                    let line = line.replace("{key}", "imap").replace("{other_key}", "imap");
                    let line = line.replace("{from} {to}", "keyring vault");
                    let line = name.replace_all(&line, "name");
                    match Cli::try_parse_from(line.split(' ')) {
                        Err(error) if error.use_stderr() => wrong.push(format!("{line}: {error}")),
                        Err(_) | Ok(_) => parsed += 1,
                    }
                }
                Mark::Command(_) | Mark::Address(_) | Mark::Page(_) => {}
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert!(parsed > 100, "only {parsed}");
    }
}
