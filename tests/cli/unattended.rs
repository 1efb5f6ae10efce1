//! No terminal, no input, no person (SECURITY.md N1).

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use clap::CommandFactory as _;
use mailgrant::cli::Cli;

use crate::sandbox::world::SHOP;
use crate::support::fixture::Fixture;
use crate::support::process::Run;

/// What a desktop has for opening addresses.
const OPENERS: [&str; 10] = [
    "xdg-open",
    "gio",
    "kde-open",
    "exo-open",
    "x-www-browser",
    "wslview",
    "firefox",
    "chromium",
    "sensible-browser",
    "www-browser",
];
const WITHIN: Duration = Duration::from_secs(15);

/// Every verb, with the mailbox's name or a text where it takes one, and without where it need not have one.
fn commands() -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    // Arguments are made when they are asked for.
    let mut root = Cli::command();
    root.build();
    for verb in root.get_subcommands() {
        let alone = vec![verb.get_name().to_owned()];
        let takes = |argument: &&clap::Arg| {
            let names = argument.get_value_names().unwrap_or_default();
            names.iter().any(|name| *name == "NAME" || *name == "TEXT")
        };
        let Some(argument) = verb.get_positionals().find(takes) else {
            commands.push(alone);
            continue;
        };
        commands.push([alone.as_slice(), &["shop".to_owned()]].concat());
        if !argument.is_required_set() {
            commands.push(alone);
        }
    }
    let on_a_mailbox = commands.iter().filter(|command| command.len() > 1).count();
    assert!(commands.len() >= 15 && on_a_mailbox >= 12, "{commands:?}");
    commands
}

/// How a script's standard input can be.
#[derive(Debug, Clone, Copy)]
enum Input {
    Null,
    Closed,
    Empty,
}

/// The command in a session of its own, which has no controlling terminal, on a desktop with every opener there is.
fn unattended(shop: &Fixture, store: &str, input: Input, arguments: &[String]) -> Run {
    let bin = shop.path().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    for opener in OPENERS {
        let path = bin.join(opener);
        std::fs::write(&path, "#!/bin/sh\necho \"$0 $*\" >> \"$HOME/opened\"\n").unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let close = if matches!(input, Input::Closed) { "<&-" } else { "" };
    let script = format!("exec setsid -w \"$0\" \"$@\" {close}");
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let run = shop.run_script(&script, &arguments).without_env("BROWSER").env("MAILGRANT_STORE", store);
    let run = run.env("PATH", &path).env("DISPLAY", ":99").env("WAYLAND_DISPLAY", "wayland-99").env("TERM", "xterm");
    if matches!(input, Input::Empty) { run.stdin("") } else { run }
}

#[test]
fn without_a_terminal_nothing_is_asked_opened_or_waited_for() {
    let empty = Fixture::new();
    let full = Fixture::authorized();
    full.add("other", &[("--app", Some("shop"))]).finish().code(0);
    for (name, shop) in [("an empty home", &empty), ("an authorized mailbox", &full)] {
        for store in ["vault", "keyring"] {
            for (number, command) in commands().iter().enumerate() {
                let mut command = command.clone();
                if command[0] == "authorize" {
                    // The person may be elsewhere, with the address that stderr shows. That wait has an end.
                    command.extend(["--timeout".to_owned(), "1".to_owned()]);
                }
                // What would be asked for a `yes` at a terminal is refused, and so the mailbox stays.
                let input = [Input::Null, Input::Closed, Input::Empty][(number + store.len()) % 3];
                let begun = Instant::now();
                let ended = unattended(shop, store, input, &command).finish();
                let took = begun.elapsed();
                let what = format!("{command:?} with {name}, {store}, {input:?}");
                assert!(took < WITHIN, "{what} took {took:?}");
                // No question was asked, so none was cancelled.
                assert!(!matches!(ended.code, None | Some(70 | 130)), "{what}: {}", ended.all_text());
                assert!(!ended.all_text().contains("\u{1b}["), "{what} draws on a terminal: {:?}", ended.all_text());
            }
        }
    }
    // A paste that never comes.
    for input in [Input::Null, Input::Closed, Input::Empty] {
        let command = ["authorize", "shop", "--no-browser"].map(str::to_owned);
        unattended(&full, "vault", input, &command).finish().code(1);
    }
    for shop in [&empty, &full] {
        let opened = std::fs::read_to_string(shop.path().join("opened")).unwrap_or_default();
        assert_eq!(opened, "", "a browser of our own choosing was started");
    }
    full.json(&["test-mailbox", "shop"], 0);
    assert_eq!(crate::support::practice::fact(&full.json(&["status", "shop"], 0), "signed_in_as"), SHOP);
}

#[test]
fn a_browser_that_the_user_has_chosen_is_opened_without_a_terminal() {
    let shop = Fixture::added();
    let command = ["authorize", "shop", "--timeout", "1"].map(str::to_owned);
    let ended = unattended(&shop, "vault", Input::Null, &command).env("BROWSER", "chromium").finish().code(1);
    let opened = std::fs::read_to_string(shop.path().join("opened")).unwrap();
    assert!(opened.contains("/chromium https://localhost:"), "{opened} {}", ended.all_text());
    assert_eq!(opened.lines().count(), 1, "{opened}");
}
