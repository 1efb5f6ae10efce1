//! `mailgrant practice`: a newcomer gets to a mailbox that works with three commands, and nothing of their own is touched.

use std::path::{Path, PathBuf};
use std::process::Command;

use rexpect::session::{PtySession, spawn_command};
use rustix::process::Signal;

use crate::support::fixture::Fixture;
use crate::support::process::Run;
use crate::support::wait_until;

const BINARY: &str = env!("CARGO_BIN_EXE_mailgrant");

/// A home without anything of mailgrant's, and without a keyring.
fn newcomer() -> Fixture {
    let mut home = Fixture::without_key();
    home.unset("MAILGRANT_STORE");
    home.set("TMPDIR", home.path().join("run"));
    home
}

/// What is left of a practice in the home: its folders, and what it may have put into the reader's own.
fn left(home: &Fixture) -> Vec<PathBuf> {
    let entries =
        |folder: &str| std::fs::read_dir(home.path().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    ["run", "config", "data"].into_iter().flat_map(entries).collect()
}

/// `mailgrant practice` on a terminal of its own.
fn practice(home: &Fixture, arguments: &[&str]) -> PtySession {
    let mut command = Command::new(BINARY);
    command.env_clear().arg("practice").args(arguments).current_dir(home.path());
    for (name, folder) in
        [("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state"), ("XDG_DATA_HOME", "data"), ("TMPDIR", "run")]
    {
        command.env(name, home.path().join(folder));
    }
    command
        .env("SHELL", "/bin/sh")
        .env("HOME", home.path())
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("TERM", "xterm");
    spawn_command(command, Some(60_000)).unwrap()
}

/// Waits for the prompt of the step of this title, and runs its command.
fn step(terminal: &mut PtySession, title: &str) {
    terminal.exp_string(title).unwrap();
    terminal.exp_string("practice:").unwrap();
    terminal.send_line("").unwrap();
}

/// Answers the menu before a sign-in.
fn signs_in(terminal: &mut PtySession, who: &str) {
    terminal.exp_string("Who signs in at the browser").unwrap();
    terminal.send_line(who).unwrap();
}

/// Types a command at the prompt that is there or comes.
fn typed(terminal: &mut PtySession, line: &str) {
    terminal.exp_string("practice:").unwrap();
    terminal.send_line(line).unwrap();
}

#[test]
fn enter_alone_leads_through_the_whole_job() {
    let home = newcomer();
    let mut terminal = practice(&home, &[]);
    step(&mut terminal, "1 of 7: add the mailbox");
    step(&mut terminal, "2 of 7: sign in");
    signs_in(&mut terminal, "");
    step(&mut terminal, "3 of 7: test it");
    step(&mut terminal, "4 of 7: see it fail");
    terminal.exp_string("[exo-smtp-auth-disabled-tenant]").unwrap();
    step(&mut terminal, "5 of 7: see it heal");
    step(&mut terminal, "6 of 7: rotate the client secret");
    terminal.exp_string("the new one is in use").unwrap();
    step(&mut terminal, "7 of 7: what expires when");
    terminal.exp_string("The walk ends here").unwrap();
    typed(&mut terminal, "exit");
    let rest = terminal.exp_eof().unwrap();
    assert!(rest.contains("The practice has ended") && !rest.contains("noted"), "{rest}");
    assert_eq!(left(&home), Vec::<PathBuf>::new());
}

#[test]
fn the_wrong_account_can_be_tried_first_and_the_step_is_repeated() {
    let home = newcomer();
    let mut terminal = practice(&home, &[]);
    step(&mut terminal, "1 of 7");
    step(&mut terminal, "2 of 7");
    signs_in(&mut terminal, "alice");
    terminal.exp_string("[other-account-signed-in]").unwrap();
    terminal.exp_string("Enter runs it again").unwrap();
    typed(&mut terminal, "");
    signs_in(&mut terminal, "cancel");
    terminal.exp_string("Enter runs it again").unwrap();
    typed(&mut terminal, "authorize practice");
    signs_in(&mut terminal, "");
    typed(&mut terminal, "test-mailbox practice | cat");
    terminal.exp_string("INBOX").unwrap();
    typed(&mut terminal, "exit");
    terminal.exp_eof().unwrap();
}

#[test]
fn what_is_broken_is_met_at_the_next_test_and_healed() {
    let home = newcomer();
    let mut terminal = practice(&home, &["--fault", "imap-off"]);
    terminal.exp_string("Broken: imap-off").unwrap();
    step(&mut terminal, "1 of 3");
    step(&mut terminal, "2 of 3");
    signs_in(&mut terminal, "");
    step(&mut terminal, "3 of 3");
    terminal.exp_string("The walk ends here").unwrap();
    typed(&mut terminal, "fault grants-revokd");
    terminal.exp_string("Did you mean grants-revoked?").unwrap();
    typed(&mut terminal, "heal");
    typed(&mut terminal, "test practice; echo rc=$?");
    terminal.exp_string("rc=0").unwrap();
    // The stored access token does not hide it.
    typed(&mut terminal, "fault grants-revoked");
    typed(&mut terminal, "test practice; echo rc=$?");
    terminal.exp_string("rc=4").unwrap();
    terminal.send_control('c').unwrap();
    terminal.exp_eof().unwrap();
    assert_eq!(left(&home), Vec::<PathBuf>::new());
}

#[test]
fn ctrl_c_ends_the_command_that_runs_and_not_the_practice() {
    let home = newcomer();
    let mut terminal = practice(&home, &[]);
    step(&mut terminal, "1 of 7");
    for _ in 0..2 {
        typed(&mut terminal, "explain");
        terminal.exp_string("end with Ctrl-D").unwrap();
        terminal.send_control('c').unwrap();
    }
    typed(&mut terminal, "list");
    terminal.exp_string("shop@contoso.example").unwrap();
    typed(&mut terminal, "exit");
    terminal.exp_eof().unwrap();
}

#[test]
fn a_shell_of_the_readers_own_practises_too() {
    let home = newcomer();
    let mut terminal = practice(&home, &[]);
    step(&mut terminal, "1 of 7");
    typed(&mut terminal, "shell");
    terminal
        .send_line("mailgrant authorize practice >/dev/null 2>&1; mailgrant status practice | grep status; exit 3")
        .unwrap();
    terminal.exp_regex("status +authorized").unwrap();
    typed(&mut terminal, "env");
    terminal.exp_string("export MAILGRANT_CONFIG=").unwrap();
    typed(&mut terminal, "skip");
    terminal.exp_string("3 of 7").unwrap();
    typed(&mut terminal, "exit");
    terminal.exp_eof().unwrap();
    assert_eq!(left(&home), Vec::<PathBuf>::new());
}

/// A command in a shell that has read the variables.
fn in_shell(home: &Fixture, line: &str) -> Run {
    let mut command = Command::new("sh");
    command.env_clear().env("HOME", home.path()).env("PATH", std::env::var_os("PATH").unwrap());
    command.current_dir(home.path()).arg("-c").arg(format!(". ./practice.env; {line}"));
    Run::new(command, &[])
}

#[test]
fn a_script_gets_to_a_mailbox_that_works_with_three_commands() {
    let mut home = newcomer();
    // The reader's own settings are not those of the practice.
    home.set("MAILGRANT_VAULT_KEY", "AGE-SECRET-KEY-1NOTAKEY");
    let mut served = home.run(&["practice", "--env-file", "practice.env"]).start();
    let file = home.path().join("practice.env");
    wait_until("the variables are written", || file.exists() || served.has_ended());
    in_shell(&home, "mailgrant authorize practice").finish().code(0);
    in_shell(&home, "mailgrant test practice").finish().code(0);
    let wrong = "PRACTICE_SIGNS_IN_AS=alice@contoso.example mailgrant authorize practice --force";
    let refused = in_shell(&home, wrong).finish().code(1);
    assert!(refused.all_text().contains("[other-account-signed-in]"), "{}", refused.all_text());
    let profile = profile(&file);
    assert!(profile.exists(), "{}", profile.display());
    served.signal(Signal::INT);
    let ended = served.finish().code(0);
    assert!(!ended.all_text().contains("noted"), "{}", ended.all_text());
    assert!(!profile.exists() && left(&home).is_empty(), "{:?}", left(&home));
}

#[cfg(target_os = "linux")]
#[test]
fn a_practice_that_is_stopped_goes_on_with_the_connections_that_it_has() {
    let home = newcomer();
    let mut served = home.run(&["practice", "--env-file", "practice.env"]).start();
    let file = home.path().join("practice.env");
    wait_until("the variables are written", || file.exists() || served.has_ended());
    in_shell(&home, "mailgrant authorize practice").finish().code(0);
    let mut tested = in_shell(&home, "mailgrant test practice").start();
    while !tested.has_ended() {
        served.stop_and_go_on();
    }
    tested.finish().code(0);
}

/// The profile that the exports name.
fn profile(exports: &Path) -> PathBuf {
    let text = std::fs::read_to_string(exports).unwrap();
    text.lines().find_map(|line| line.strip_prefix("export MAILGRANT_CONFIG=")).unwrap().into()
}

#[test]
fn a_device_code_is_entered_with_the_same_variables() {
    let home = newcomer();
    let served = home.run(&["practice", "--env-file", "practice.env", "--timeout", "20"]).start();
    let file = home.path().join("practice.env");
    wait_until("the variables are written", || file.exists());
    let mut waiting = in_shell(&home, "mailgrant authorize practice --device-code").start();
    let (page, code) = waiting.device_code();
    in_shell(&home, &format!("mailgrant practice --sign-in {page} --code {code}")).finish().code(0);
    waiting.finish().code(0);
    drop(served);
}
