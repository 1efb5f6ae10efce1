//! The shells complete command lines, and man shows the pages.

use std::path::Path;

use rexpect::session::{PtySession, spawn_command};

use crate::parts;
use crate::support::fixture::Fixture;
use crate::support::process::Run;

/// A home with two mailboxes of one app, whose PATH has mailgrant.
fn home() -> Fixture {
    let mut home = Fixture::added();
    home.add("office", &[("--app", Some("shop")), ("--address", Some("o'neil@contoso.com"))]).finish().code(0);
    let bin = home.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_mailgrant"), bin.join("mailgrant")).unwrap();
    let path = std::env::var("PATH").unwrap();
    home.set("PATH", format!("{}:{path}", bin.display()));
    home.set("TERM", "dumb");
    home
}

/// A shell on a terminal of its own, which completes by what `mailgrant completions` prints for it.
fn interactive(home: &Fixture, shell: &str, arguments: &[&str], first: &str) -> PtySession {
    let mut command = home.program(shell);
    command.args(arguments);
    let mut terminal = spawn_command(command, Some(20_000)).unwrap();
    terminal.send_line(&format!("{first}; echo begun-$((1 + 1))")).unwrap();
    terminal.exp_string("begun-2").unwrap();
    terminal
}

/// Types `begun` and a tab, and insists that the line becomes one with `whole`.
fn completes(terminal: &mut PtySession, begun: &str, whole: &str) {
    terminal.send(&format!("{begun}\t")).unwrap();
    terminal.flush().unwrap();
    if let Err(error) = terminal.exp_string(whole) {
        panic!("{begun:?} does not become {whole:?}: {error}");
    }
    // Ctrl-U clears the line: it never runs.
    terminal.send("\u{15}").unwrap();
    terminal.flush().unwrap();
}

/// What all shells do: a verb, a flag, a value, a name.
fn completes_the_usual(terminal: &mut PtySession) {
    completes(terminal, "mailgrant insp", "mailgrant inspect ");
    completes(terminal, "mailgrant test shop --mech", "mailgrant test shop --mechanism ");
    completes(terminal, "mailgrant test shop --mechanism oau", "oauthbearer");
    completes(terminal, "mailgrant test off", "mailgrant test office");
}

#[test]
fn bash_completes_the_name_of_a_mailbox() {
    let Some(()) = parts::shells(&["bash"]) else { return };
    let home = home();
    // On a terminal without echo readline shows nothing.
    let source = "stty echo; source <(mailgrant completions bash)";
    let mut terminal = interactive(&home, "bash", &["--norc", "--noprofile", "-i"], source);
    completes_the_usual(&mut terminal);
    completes(&mut terminal, "mailgrant test o\\'", "mailgrant test o\\'neil@contoso.com");
    completes(&mut terminal, "mailgrant test o\\'neil@con", "contoso.com ");
    completes(&mut terminal, "mailgrant test --mechanism=oau", "--mechanism=oauthbearer");
}

#[test]
fn zsh_completes_the_name_of_a_mailbox() {
    let Some(()) = parts::shells(&["zsh"]) else { return };
    let home = home();
    let source =
        "unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; source <(mailgrant completions zsh)";
    let mut terminal = interactive(&home, "zsh", &["-f", "-i"], source);
    completes_the_usual(&mut terminal);
    completes(&mut terminal, "mailgrant test o\\'", "mailgrant test o\\'neil@contoso.com");
}

#[test]
fn fish_completes_the_name_of_a_mailbox() {
    let Some(()) = parts::shells(&["fish"]) else { return };
    let home = home();
    let completes = |begun: &str, word: &str| {
        let script = format!("mailgrant completions fish | source; complete -C \"{begun}\"");
        let shown = Run::new(home.program("fish"), &["--no-config", "-c", &script]).finish().code(0).stdout;
        let found = shown.lines().any(|line| line.split('\t').next() == Some(word));
        assert!(found, "{begun}: no {word} in {shown}");
    };
    completes("mailgrant insp", "inspect");
    completes("mailgrant test shop --mech", "--mechanism");
    completes("mailgrant test shop --mechanism oau", "oauthbearer");
    completes("mailgrant test off", "office");
    completes("mailgrant test o\\'", "o'neil@contoso.com");
}

#[test]
fn man_shows_every_page_without_a_complaint() {
    let Some(()) = parts::shells(&["man"]) else { return };
    let mut home = home();
    home.set("MANWIDTH", "80");
    home.set("LC_ALL", "C.UTF-8");
    let written = home.run(&["man", "--write", "man/man1"]).finish().code(0).stdout;
    assert!(written.lines().count() > 20 && written.contains("mailgrant-store-migrate.1"), "{written}");
    for page in written.lines() {
        let shown = Run::new(home.program("man"), &["--warnings", "-l", page]).finish().code(0);
        assert_eq!(shown.stderr, "", "{page}");
        let name = Path::new(page).file_stem().unwrap().to_str().unwrap();
        let shown: String = shown.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in [&format!("{name} - "), "EXIT STATUS", "SEE ALSO"] {
            assert!(shown.contains(words), "{page}: no {words} in {shown}");
        }
    }
    home.set("MANPATH", home.path().join("man"));
    let found = Run::new(home.program("man"), &["mailgrant-test"]).finish().code(0);
    assert!(found.stdout.contains("mailgrant test shop"), "{}", found.stdout);
}
