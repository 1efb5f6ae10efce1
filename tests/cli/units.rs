//! The units in `examples/` that rotate by themselves: their commands are ours, and systemd takes them.

use std::path::Path;
use std::process::Command;

use clap::Parser as _;
use mailgrant::cli::Cli;

const SERVICE: &str = include_str!("../../examples/systemd/mailgrant-rotate@.service");
const TIMER: &str = include_str!("../../examples/systemd/mailgrant-rotate@.timer");
const CRON_JOB: &str = include_str!("../../examples/kubernetes/rotate-secret.yaml");
const PROGRAM: &str = "/usr/bin/mailgrant";

fn insist_on_command<'a>(words: impl IntoIterator<Item = &'a str>) {
    let words: Vec<&str> = std::iter::once("mailgrant").chain(words).collect();
    Cli::try_parse_from(&words).unwrap_or_else(|error| panic!("{words:?}\n{error}"));
    assert!(words.contains(&"--issue") && words.contains(&"--if-expires-within"), "{words:?}");
}

#[test]
fn the_units_run_commands_that_there_are() {
    let line = SERVICE.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let line = line.replace("%i", "shop");
    insist_on_command(line.strip_prefix(PROGRAM).unwrap().split_whitespace());
    let arguments = CRON_JOB.lines().map(str::trim).skip_while(|line| *line != "args:").skip(1);
    let arguments = arguments.map_while(|line| line.strip_prefix("- "));
    insist_on_command(arguments.map(|argument| argument.trim_matches('"')));
}

#[test]
fn systemd_takes_the_service_and_the_timer() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        eprintln!("SKIPPED: there is no systemd-analyze here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let program = env!("CARGO_BIN_EXE_mailgrant");
    assert!(Path::new(program).is_file());
    let units = [
        write("mailgrant-rotate@shop.service", &SERVICE.replace(PROGRAM, program)),
        write("mailgrant-rotate@shop.timer", TIMER),
    ];
    let verified = Command::new("systemd-analyze").arg("verify").args(&units).output().unwrap();
    let said = String::from_utf8_lossy(&verified.stderr);
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("mailgrant-rotate")).collect();
    assert!(ours.is_empty(), "{ours:?}");
}
