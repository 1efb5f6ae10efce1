//! The README's commands, tables and the `--help` text say what the program does.

use clap::{CommandFactory, Parser};
use mailgrant::cli::Cli;
use mailgrant::report::ExitCode;

const README: &str = include_str!("../README.md");

/// The lines of the README's `sh` blocks, with continuation lines joined.
fn shell_lines() -> Vec<String> {
    let mut lines = Vec::new();
    let mut inside = false;
    let mut joined = String::new();
    for line in README.lines().map(str::trim) {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            _ if inside => match line.strip_suffix('\\') {
                Some(part) => joined.push_str(part),
                None => {
                    joined.push_str(line);
                    lines.push(std::mem::take(&mut joined));
                }
            },
            _ => {}
        }
    }
    lines
}

/// Commands in running text, between backquotes.
fn inline_commands() -> Vec<String> {
    README.split('`').filter(|part| part.starts_with("mailgrant ") && !part.contains('\n')).map(str::to_owned).collect()
}

#[test]
fn every_command_of_the_readme_is_one() {
    let commands: Vec<String> =
        shell_lines().into_iter().filter(|line| line.starts_with("mailgrant ")).chain(inline_commands()).collect();
    // What is behind a pipe is another program's.
    let commands: Vec<&str> = commands.iter().filter_map(|command| command.split(" | ").next()).collect();
    assert!(commands.len() > 15, "only {} commands found", commands.len());
    for command in commands {
        Cli::try_parse_from(command.split_whitespace()).unwrap_or_else(|error| panic!("{command}\n{error}"));
    }
}

#[test]
fn every_verb_is_in_the_readme() {
    for verb in Cli::command().get_subcommands() {
        assert!(README.contains(&format!("| `mailgrant {}", verb.get_name())), "{} is missing", verb.get_name());
    }
}

#[test]
fn the_exit_codes_are_the_same_in_code_readme_and_help() {
    let help = Cli::command().render_long_help().to_string();
    for (code, meaning) in ExitCode::TABLE {
        assert!(README.contains(&format!("| {} | {meaning} |", code as u8)), "README lacks {}", code as u8);
        assert!(help.contains(&format!("{:>3}  {meaning}", code as u8)), "--help lacks {}", code as u8);
    }
    let order = ExitCode::MOST_LASTING_FIRST.map(|code| (code as u8).to_string()).join(", ");
    assert!(README.replace('\n', " ").contains(&order), "README lacks the order {order}");
    assert!(help.split_whitespace().collect::<Vec<_>>().join(" ").contains(&order), "--help lacks the order {order}");
}

#[test]
fn the_parser_is_sound() {
    Cli::command().debug_assert();
}
