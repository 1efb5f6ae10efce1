//! What help says of all verbs: in groups, with a line each, and of the global options in one place.

use std::ffi::OsString;

use clap::Command;

/// Verbs that belong together.
struct Group {
    title: &'static str,
    verbs: &'static [&'static str],
}

/// All verbs, in the order in which people meet them.
static GROUPS: [Group; 4] = [
    Group {
        title: "Set up",
        verbs: &[
            "practice",
            "add",
            "apply",
            "authorize",
            "guide",
            "open",
            "set",
            "remove",
            "new-certificate",
            "new-vault-key",
        ],
    },
    Group { title: "Check", verbs: &["test", "test-mailbox", "test-smtp", "status", "doctor", "inspect", "report"] },
    Group { title: "Use and keep", verbs: &["token", "snippet", "credential", "rotate-secret", "store"] },
    Group { title: "Look up", verbs: &["list", "show", "explain", "completions", "man", "schema", "version", "help"] },
];

/// The columns of a verb's name, with what is before and after it.
const NAMES: usize = 19;
/// A wider terminal does not make lines longer.
const WIDEST: usize = 100;
const USUAL: usize = 80;

/// Whether `arguments` ask for help.
pub(super) fn is_asked(arguments: &[OsString]) -> bool {
    arguments.iter().skip(1).any(|word| word == "-h" || word == "--help" || word == "help")
}

/// `command` with help as a whole: verbs in groups, and the global options with the root alone.
pub(super) fn complete(mut command: Command) -> Command {
    command.build();
    let globals: Vec<String> = command
        .get_arguments()
        .filter(|argument| argument.is_global_set())
        .map(|argument| argument.get_id().to_string())
        .collect();
    let header = command.get_styles().get_header();
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}{header}Global options:{header:#}\n{{options}}{{after-help}}",
        groups(&command, width())
    );
    point_below(&mut command, &globals);
    command.help_template(template)
}

/// Takes the options of these names out of the help of all verbs below `command`, and says where they are told.
fn point_below(command: &mut Command, globals: &[String]) {
    for verb in command.get_subcommands_mut() {
        let mut own = std::mem::take(verb);
        point_below(&mut own, globals);
        own = own.mut_args(|argument| match globals.iter().any(|global| argument.get_id() == global.as_str()) {
            true => argument.hide(true),
            false => argument,
        });
        *verb = with_pointer(own);
    }
}

/// Says where the global options are told.
fn with_pointer(verb: Command) -> Command {
    const POINTER: &str = "Global options, such as --json and --profile: mailgrant --help";
    let text = match verb.get_after_help() {
        Some(text) => format!("{}\n\n{POINTER}", text.ansi()),
        None => POINTER.to_owned(),
    };
    verb.after_help(text)
}

fn width() -> usize {
    let size = terminal_size::terminal_size_of(std::io::stdout());
    size.map_or(USUAL, |(columns, _)| usize::from(columns.0)).clamp(NAMES * 2, WIDEST)
}

/// The verbs, group by group.
fn groups(command: &Command, width: usize) -> String {
    let header = command.get_styles().get_header();
    let literal = command.get_styles().get_literal();
    let mut text = String::new();
    for Group { title, verbs } in &GROUPS {
        text.push_str(&format!("{header}{title}:{header:#}\n"));
        for verb in verbs.iter().filter_map(|name| command.find_subcommand(name)) {
            let padding = " ".repeat(NAMES.saturating_sub(2 + verb.get_name().len()));
            text.push_str(&format!("  {literal}{}{literal:#}{padding}{}\n", verb.get_name(), about(verb, width)));
        }
        text.push('\n');
    }
    text
}

/// What `verb` does and what else it is called, with the lines after the first below its beginning.
fn about(verb: &Command, width: usize) -> String {
    let aliases: Vec<&str> = verb.get_visible_aliases().collect();
    let aliases = if aliases.is_empty() { String::new() } else { format!(" [also: {}]", aliases.join(", ")) };
    let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
    let mut lines: Vec<String> = vec![String::new()];
    for word in format!("{about}{aliases}").split(' ') {
        let line = lines.last().map_or(0, |line| line.chars().count());
        match lines.last_mut() {
            Some(last) if line == 0 || NAMES + line + 1 + word.chars().count() <= width => {
                if line > 0 {
                    last.push(' ');
                }
                last.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join(&format!("\n{}", " ".repeat(NAMES)))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::*;
    use crate::cli::{Cli, conventions};

    fn all() -> Command {
        complete(conventions::applied(Cli::command()))
    }

    #[test]
    fn every_verb_is_in_one_group_and_fits_its_line() {
        let command = all();
        for verb in command.get_subcommands() {
            let name = verb.get_name();
            let places = GROUPS.iter().filter(|group| group.verbs.contains(&name)).count();
            assert_eq!(places, 1, "{name} is in {places} groups of help.rs");
        }
        let text = groups(&command, USUAL);
        for line in anstream::adapter::strip_str(&text).to_string().lines() {
            assert!(line.chars().count() <= USUAL, "{line}");
            // Names, and what they do, are columns of their own.
            let has_gap = line.is_empty() || line.ends_with(':') || line[..NAMES].ends_with("  ");
            assert!(has_gap, "{line}");
        }
    }

    #[test]
    fn a_verb_has_its_own_options_and_the_root_the_global_ones() {
        let mut command = all();
        let root = command.render_help().to_string();
        assert!(root.contains("--profile") && root.contains("Set up:\n"), "{root}");
        assert!(!root.contains("{"), "{root}");
        let mut seen = Vec::new();
        look_below(&mut command, &mut seen);
        assert!(seen.len() > 20 && seen.iter().any(|name| name == "merge"), "{seen:?}");
    }

    /// Looks at the help of all verbs below `command`, and adds their names.
    fn look_below(command: &mut Command, seen: &mut Vec<String>) {
        for verb in command.get_subcommands_mut() {
            for help in [verb.render_help().to_string(), verb.render_long_help().to_string()] {
                assert!(!help.contains("Global options:\n") && !help.contains("--color"), "{help}");
                assert!(help.contains("mailgrant --help"), "{help}");
            }
            seen.push(verb.get_name().to_owned());
            look_below(verb, seen);
        }
    }

    #[test]
    fn every_verb_has_examples_that_parse_and_every_argument_has_words() {
        let mut command = Cli::command();
        command.build();
        for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
            let name = verb.get_name();
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            let (_, examples) = help.split_once("Examples:\n").unwrap_or_else(|| panic!("{name} has no examples"));
            let examples: Vec<&str> = examples.lines().map_while(|line| line.strip_prefix("  ")).collect();
            assert!((1..=3).contains(&examples.len()), "{name}: {examples:?}");
            for example in examples {
                let line = example.split("  ").next().unwrap_or_default();
                let line = line.rsplit_once(" | ").map_or(line, |(_, last)| last);
                let line = line.split(['<', '>']).next().unwrap_or_default().trim_end_matches(" &").trim_end();
                let words = line.replace(['\'', '"'], "");
                assert!(words.starts_with(&format!("mailgrant {name}")), "{example}");
                let parsed = Cli::try_parse_from(words.split(' '));
                assert!(
                    parsed.is_ok(),
                    "{example}\n{}",
                    parsed.err().map(|error| error.to_string()).unwrap_or_default()
                );
            }
            for argument in verb.get_arguments().filter(|argument| !argument.is_hide_set()) {
                assert!(argument.get_help().is_some(), "{name} {} has no words", argument.get_id());
            }
        }
    }
}
