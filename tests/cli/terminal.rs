//! The terminal is the person's: what is typed or pasted is taken, never handed to the shell, and the terminal is left as
//! it was.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use rexpect::session::{PtySession, spawn_command};

use crate::sandbox::browser::{self, Person};
use crate::sandbox::world::{CONFIDENTIAL_CLIENT, SHOP};
use crate::support::fixture::Fixture;

const BINARY: &str = env!("CARGO_BIN_EXE_mailgrant");

/// A shell on a terminal of its own that runs `script`, in which `$0` is the binary, and then shows the terminal's modes
/// and the line that it reads next: a shell would run that line.
pub(crate) fn shell(shop: &Fixture, script: &str) -> PtySession {
    let script = format!(
        "before=$(stty -g); {script}; echo \"rc=$?\"; \
         [ \"$(stty -g)\" = \"$before\" ] && echo modes=same || echo modes=changed; \
         echo ready; IFS= read -r line; echo \"shell <$line>\""
    );
    let mut command = Command::new("bash");
    command.env_clear().args(["-c", &script, BINARY]).current_dir(shop.path());
    for (name, folder) in [("XDG_CONFIG_HOME", "config"), ("XDG_STATE_HOME", "state"), ("XDG_DATA_HOME", "data")] {
        command.env(name, shop.path().join(folder));
    }
    command
        .env("HOME", shop.path())
        .env("MAILGRANT_STORE", "vault")
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("BROWSER", "true")
        .env("TERM", "xterm");
    spawn_command(command, Some(30_000)).unwrap()
}

/// The command has ended with `code`, the terminal is as it was, and the shell reads what is typed from now on only.
pub(crate) fn ends_cleanly(terminal: &mut PtySession, code: i32) {
    terminal.exp_string(&format!("rc={code}\r\n")).unwrap();
    terminal.exp_string("modes=same").unwrap();
    terminal.exp_string("ready").unwrap();
    terminal.send_line("fresh").unwrap();
    terminal.exp_string("shell <fresh>").unwrap();
}

/// The authorization URL that the terminal shows, and the address that the browser is sent to at its end.
fn redirect(shop: &Fixture, terminal: &mut PtySession) -> String {
    let (_, url) = terminal.exp_regex("https://localhost:[0-9]+/\\S+").unwrap();
    browser::obtain_redirect(&url, shop.sandbox().ca_file(), &Person::SignsInAs(SHOP.to_owned())).unwrap()
}

#[test]
fn a_question_waits_for_enter_and_takes_words() {
    let shop = Fixture::added();
    for (typed, code) in [("no", 130), ("n", 130), ("", 130), ("maybe\nNO", 130), ("yes", 0)] {
        let mut terminal = shell(&shop, "\"$0\" remove shop");
        terminal.exp_string("[y/N]").unwrap();
        for line in typed.split('\n') {
            terminal.send_line(line).unwrap();
            if line == "maybe" {
                terminal.exp_string("Type y or n, and Enter").unwrap();
            }
        }
        ends_cleanly(&mut terminal, code);
        shop.json(&["show", "shop"], if code == 0 { 3 } else { 0 });
    }
    // A single key is not an answer yet.
    shop.add("shop", &[]).finish().code(0);
    let mut terminal = shell(&shop, "\"$0\" remove shop");
    terminal.exp_string("[y/N]").unwrap();
    terminal.send("y").unwrap();
    terminal.flush().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    shop.json(&["show", "shop"], 0);
    terminal.send_control('c').unwrap();
    ends_cleanly(&mut terminal, 130);
    shop.json(&["show", "shop"], 0);
}

#[test]
fn what_is_typed_ahead_never_reaches_the_shell() {
    let shop = Fixture::added();
    let mut terminal = shell(&shop, "\"$0\" remove shop");
    terminal.exp_string("[y/N]").unwrap();
    terminal.send_line("no\necho owned >pwned\necho more >pwned").unwrap();
    ends_cleanly(&mut terminal, 130);
    // More than the terminal holds at once.
    let mut terminal = shell(&shop, "\"$0\" remove shop");
    terminal.exp_string("[y/N]").unwrap();
    terminal.send_line(&format!("no{}", "\necho owned >pwned".repeat(600))).unwrap();
    ends_cleanly(&mut terminal, 130);
    // While a browser is waited for, and while a code is.
    for flags in ["", "--no-browser", "--device-code"] {
        let mut terminal = shell(&shop, &format!("\"$0\" authorize shop {flags} --timeout 2"));
        terminal.exp_string("Sign in as").unwrap();
        terminal.send_line("echo owned >pwned").unwrap();
        std::thread::sleep(Duration::from_millis(300));
        terminal.send("echo half a line").unwrap();
        terminal.flush().unwrap();
        ends_cleanly(&mut terminal, 1);
    }
    assert!(!shop.path().join("pwned").exists());
}

#[test]
fn a_pasted_address_is_taken_while_the_browser_is_waited_for() {
    let shop = Fixture::added();
    let mut terminal = shell(&shop, "\"$0\" authorize shop");
    let address = redirect(&shop, &mut terminal);
    terminal.exp_string("paste that address here").unwrap();
    for (wrong, why) in [
        ("hello", "\"state=\" is missing"),
        ("http://localhost:1/?code=a&state=b", "it does not begin with http://localhost:"),
        (&address.replace("state=", "state=x"), "it belongs to another sign-in"),
        (&address.replace('?', "#"), "its answer is behind a #"),
    ] {
        terminal.send_line(wrong).unwrap();
        terminal.exp_string("That is not the complete address from the browser's address bar").unwrap();
        terminal.exp_string(why).unwrap();
    }
    // Wrapped, as it comes out of a narrow window.
    let (first, second) = address.split_at(address.len() / 2);
    terminal.send_line(&format!("{first}\n{second}")).unwrap();
    let shown = terminal.exp_string("signed in").unwrap();
    let code = address.split_once("code=").unwrap().1.split('&').next().unwrap();
    assert!(!shown.contains(code), "the code is not shown: {shown}");
    // The last lines say that it went well, and what comes next.
    terminal.exp_string(&format!("{SHOP} is authorized")).unwrap();
    terminal.exp_string("mailgrant test shop").unwrap();
    ends_cleanly(&mut terminal, 0);
    shop.json(&["test-mailbox", "shop"], 0);
    shop.insist_on_manners();
}

/// A page as it is copied, over several lines; what it says is explained with the profile's values, and the wait goes on.
#[test]
fn a_pasted_error_page_is_explained_and_the_wait_goes_on() {
    let shop = Fixture::added();
    for flag in ["", "--no-browser"] {
        let mut terminal = shell(&shop, &format!("\"$0\" authorize shop {flag} --force"));
        let address = redirect(&shop, &mut terminal);
        terminal.exp_string("Waiting").unwrap();
        terminal.exp_string("(5 minutes)").unwrap();
        terminal.exp_string("address here").unwrap();
        let page = "Sign in\n\nSorry, but we\u{2019}re having trouble signing you in.\n\nAADSTS50011: The redirect URI \
                    'http://localhost' specified in the request does not match.\n\nTroubleshooting details\n";
        terminal.send_line(page).unwrap();
        let shown = terminal.exp_string("[ms-redirect-uri-mismatch]").unwrap();
        assert!(!shown.contains("not the complete address"), "{shown}");
        let steps = terminal.exp_string("Still waiting until").unwrap();
        assert!(steps.contains(CONFIDENTIAL_CLIENT) && steps.contains("http://localhost"), "{steps}");
        terminal.send_line(&address).unwrap();
        ends_cleanly(&mut terminal, 0);
    }
}

/// The desktop's default browser, and a recorder by the name of each program.
fn desktop(shop: &Fixture, entry: &str, programs: &[&str]) -> String {
    let bin = shop.path().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let write = |name: &str, script: String| {
        std::fs::write(bin.join(name), script).unwrap();
        std::fs::set_permissions(bin.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    write("xdg-settings", format!("#!/bin/sh\necho {entry}\n"));
    for program in programs {
        let seen = shop.path().join("seen");
        write(program, format!("#!/bin/sh\nprintf '%s\\n' \"${{0##*/}}\" \"$@\" > '{}'\n", seen.display()));
    }
    format!("PATH='{}':$PATH; export PATH; unset BROWSER; export DISPLAY=:99", bin.display())
}

#[test]
fn a_private_window_is_opened_in_the_desktops_own_browser_or_none_at_all() {
    let shop = Fixture::added();
    let seen = shop.path().join("seen");
    for (entry, program, flag) in
        [("firefox-esr.desktop", "firefox-esr", "--private-window"), ("chromium.desktop", "chromium", "--incognito")]
    {
        let desktop = desktop(&shop, entry, &[program, "xdg-open"]);
        let mut terminal = shell(&shop, &format!("{desktop}; \"$0\" authorize shop --private --force"));
        let address = redirect(&shop, &mut terminal);
        terminal.send_line(&address).unwrap();
        ends_cleanly(&mut terminal, 0);
        let shown = std::fs::read_to_string(&seen).unwrap();
        let words: Vec<&str> = shown.lines().collect();
        assert_eq!(words[..2], [program, flag], "{shown}");
        assert!(words.len() == 3 && words[2].starts_with("https://localhost:"), "{shown}");
        std::fs::remove_file(&seen).unwrap();
    }
    // No window is better than one that knows the wrong account.
    let desktop = desktop(&shop, "org.gnome.Epiphany.desktop", &["epiphany", "xdg-open", "firefox"]);
    let mut terminal = shell(&shop, &format!("{desktop}; \"$0\" authorize shop --private --force"));
    let address = redirect(&shop, &mut terminal);
    terminal.exp_string("No private window could be opened").unwrap();
    terminal.exp_string("open the address above in a private window yourself").unwrap();
    terminal.send_line(&address).unwrap();
    ends_cleanly(&mut terminal, 0);
    assert!(!seen.exists());
}

/// A person is asked before what there is is replaced; --force says that it is meant.
#[test]
fn a_mailbox_that_is_authorized_is_not_signed_in_again_unasked() {
    let shop = Fixture::authorized();
    let mut terminal = shell(&shop, "\"$0\" authorize shop");
    terminal.exp_string("is authorized since 20").unwrap();
    terminal.exp_string("Sign in again? [y/N]").unwrap();
    terminal.send_line("").unwrap();
    ends_cleanly(&mut terminal, 130);
    for (flag, answer) in [("", Some("y")), ("--force", None)] {
        let mut terminal = shell(&shop, &format!("\"$0\" authorize shop {flag}"));
        if let Some(answer) = answer {
            terminal.exp_string("[y/N]").unwrap();
            terminal.send_line(answer).unwrap();
        }
        let address = redirect(&shop, &mut terminal);
        terminal.exp_string("address here").unwrap();
        terminal.send_line(&address).unwrap();
        ends_cleanly(&mut terminal, 0);
    }
}

#[test]
fn a_queue_is_gone_through_at_the_persons_pace() {
    let shop = Fixture::added();
    for name in ["anna", "bert"] {
        shop.add(name, &[("--app", Some("shop")), ("--address", Some(&format!("{name}@contoso.example")))])
            .finish()
            .code(0);
    }
    for (last, code) in [(None, 0), (Some('c'), 130)] {
        let mut terminal = shell(&shop, "\"$0\" authorize shop anna bert --force");
        terminal.exp_string("1 of 3: ").unwrap();
        let address = redirect(&shop, &mut terminal);
        terminal.exp_string("address here").unwrap();
        terminal.send_line(&address).unwrap();
        terminal.exp_string("2 of 3: anna@contoso.example").unwrap();
        terminal.exp_string("s skips").unwrap();
        terminal.send_line("s").unwrap();
        terminal.exp_string("3 of 3: bert@contoso.example").unwrap();
        terminal.exp_string("s skips").unwrap();
        match last {
            None => drop(terminal.send_line("s").unwrap()),
            Some(key) => terminal.send_control(key).unwrap(),
        }
        // What there is, is told.
        terminal.exp_string("signed in").unwrap();
        ends_cleanly(&mut terminal, code);
    }
    shop.json(&["test-mailbox", "shop"], 0);
}

/// A code is in a box, and the page's address is drawn for a phone, where the terminal can show it.
#[test]
fn a_device_code_is_drawn_where_the_terminal_can_show_it() {
    let shop = Fixture::added();
    let mut terminal = shell(&shop, "LANG=C.UTF-8 \"$0\" authorize shop --device-code --timeout 1");
    // What is read is taken for Latin-1: each byte is a character.
    let bytes = |text: &str| text.bytes().map(char::from).collect::<String>();
    terminal.exp_string(&bytes("\u{1b}[40m\u{2588}\u{2588}")).unwrap();
    terminal.exp_string("enter this code there").unwrap();
    terminal.exp_string(&bytes("\u{250c}\u{2500}")).unwrap();
    ends_cleanly(&mut terminal, 1);
    let mut terminal = shell(&shop, "LANG=C \"$0\" authorize shop --device-code --timeout 1");
    let before = terminal.exp_string("enter this code there").unwrap();
    assert!(before.is_ascii(), "{before}");
    terminal.exp_string("+--").unwrap();
    ends_cleanly(&mut terminal, 1);
}

#[test]
fn a_paste_may_have_16_kibibytes_in_both_ways() {
    let shop = Fixture::added();
    for flag in ["", "--no-browser"] {
        let mut terminal = shell(&shop, &format!("\"$0\" authorize shop {flag} --force"));
        let address = redirect(&shop, &mut terminal);
        terminal.exp_string("address here").unwrap();
        terminal.send_line(&format!("{address}&session_state={}", "x".repeat(16 * 1024))).unwrap();
        ends_cleanly(&mut terminal, 0);
    }
}

#[test]
fn without_a_browser_a_wrong_paste_is_asked_again_until_ctrl_c_or_ctrl_d() {
    let shop = Fixture::added();
    for (last, code) in [(None, 0), (Some('c'), 130), (Some('d'), 130)] {
        let mut terminal = shell(&shop, "\"$0\" authorize shop --no-browser --force");
        let address = redirect(&shop, &mut terminal);
        terminal.exp_string("Paste that address here:").unwrap();
        for _ in 0..3 {
            terminal.send_line("not this").unwrap();
            terminal.exp_string("Paste it again:").unwrap();
        }
        match last {
            None => drop(terminal.send_line(&address).unwrap()),
            Some(key) => terminal.send_control(key).unwrap(),
        }
        ends_cleanly(&mut terminal, code);
    }
}

#[test]
fn ctrl_c_and_the_end_of_the_wait_put_the_terminal_back() {
    let shop = Fixture::added();
    let mut terminal = shell(&shop, "\"$0\" authorize shop");
    terminal.exp_string("paste that address here").unwrap();
    terminal.send("half a line").unwrap();
    terminal.send_control('c').unwrap();
    ends_cleanly(&mut terminal, 130);
    let mut terminal = shell(&shop, "\"$0\" authorize shop --timeout 1");
    ends_cleanly(&mut terminal, 1);
    // The browser came back.
    let mut terminal = shell(&shop, "\"$0\" authorize shop");
    let address = redirect(&shop, &mut terminal);
    assert_eq!(browser::get(&address, shop.sandbox().ca_file()).unwrap().status, 200);
    ends_cleanly(&mut terminal, 0);
}

/// A process in the background that touches the terminal is stopped by the kernel, and would wait for ever.
#[test]
fn in_the_background_the_terminal_is_left_alone() {
    let shop = Fixture::added();
    let mut terminal = shell(&shop, "set -m; \"$0\" authorize shop --timeout 2 & wait $!");
    ends_cleanly(&mut terminal, 1);
    let mut terminal = shell(&shop, "set -m; \"$0\" authorize shop & sleep 1; kill $!; wait $!");
    ends_cleanly(&mut terminal, 130);
    let mut terminal = shell(&shop, "set -m; \"$0\" list --html page.html & wait $!");
    ends_cleanly(&mut terminal, 0);
}

/// A terminal that hands over whole lines cuts them at 4,095 bytes.
#[test]
fn a_long_line_is_explained_whole() {
    let shop = Fixture::new();
    let mut terminal = shell(&shop, "\"$0\" explain");
    terminal.exp_string("end with Ctrl-D").unwrap();
    terminal.send_line("wrong line\x7f\x7f\x7f\x7f").unwrap();
    terminal.send_line(&format!("{{\"trace\":\"{}\",\"error\":\"AADSTS50011\"}}", "x".repeat(8 * 1024))).unwrap();
    terminal.send_control('d').unwrap();
    terminal.exp_string("[ms-redirect-uri-mismatch]").unwrap();
    ends_cleanly(&mut terminal, 0);
}
