//! Standard output, standard error and the page that cannot be written, or only in part.

use std::fs::{self, File};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::sandbox::world::{ALICE, CONFIDENTIAL_CLIENT, SHOP};
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::wait_until;

const FULL: &str = "cannot write to standard output: No space left on device";

/// Every verb of the README's table as it may be run again and again, each ending by itself.
fn commands() -> Vec<Vec<String>> {
    let readme = include_str!("../../README.md");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `mailgrant ")?.split_once('`'));
    let words = |command: &str| -> Vec<String> {
        let command = command.replace("NAME", "shop").replace("[TEXT]", "AADSTS50011");
        let command = if command.starts_with("authorize") { format!("{command} --timeout 1") } else { command };
        command.split(' ').map(str::to_owned).collect()
    };
    let commands: Vec<Vec<String>> = rows.map(|(command, _)| words(command)).collect();
    assert!(commands.len() >= 15, "{commands:?}");
    commands
}

fn run(shop: &Fixture, script: &str, words: &[String]) -> Finished {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    shop.run_script(script, &words).finish()
}

/// `words` before a command's own.
fn with(words: &[&str], command: &[String]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).chain(command.iter().cloned()).collect()
}

#[test]
fn a_full_disk_below_standard_output_is_said_by_every_command() {
    let shop = Fixture::authorized();
    let mut commands: Vec<Vec<String>> = commands().iter().map(|command| with(&["--json"], command)).collect();
    let helps: Vec<Vec<String>> =
        commands.iter().map(|command| vec![command[1].clone(), "--help".to_owned()]).collect();
    commands.extend(helps);
    for words in ["--help", "-h", "--version", "token shop", "list", "status", "help add", "explain --list"] {
        commands.push(words.split(' ').map(str::to_owned).collect());
    }
    for command in commands {
        let ended = run(&shop, "exec \"$0\" \"$@\" > /dev/full", &command);
        assert!(!matches!(ended.code, None | Some(0 | 70)), "{command:?}: {:?}", ended.code);
        assert!(ended.stderr.contains(FULL), "{command:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains("bug in mailgrant"), "{command:?}: {}", ended.stderr);
    }
    // What failed by itself keeps its own code.
    assert_eq!(run(&shop, "exec \"$0\" \"$@\" > /dev/full", &with(&["--json", "show", "no-such"], &[])).code, Some(3));
}

#[test]
fn a_closed_output_or_a_closed_pipe_is_not_an_error() {
    let shop = Fixture::authorized();
    for command in commands() {
        for words in [command.clone(), with(&["--json"], &command)] {
            let usual = run(&shop, "exec \"$0\" \"$@\" > /dev/null", &words).code;
            assert!(!matches!(usual, None | Some(70)), "{words:?}: {usual:?}");
            for script in [
                "exec \"$0\" \"$@\" >&-",
                "exec \"$0\" \"$@\" 2>&-",
                "exec \"$0\" \"$@\" 2>/dev/full",
                "exec \"$0\" \"$@\" >&- 2>&-",
                // The reader is gone before anything is written.
                "exec 3>&1; code=$( { { sleep 0.2; \"$0\" \"$@\" 3>&-; echo $? >&4; } | true; } 4>&1 >&3 ); exit $code",
            ] {
                let ended = run(&shop, script, &words);
                assert_eq!(ended.code, usual, "{words:?} with {script}: {}", ended.stderr);
                assert!(!ended.stderr.contains("cannot write"), "{words:?} with {script}: {}", ended.stderr);
            }
        }
    }
}

#[test]
fn a_page_that_cannot_be_written_is_known_before_a_mail_is_sent() {
    let shop = Fixture::authorized();
    let home = shop.path();
    fs::create_dir(home.join("folder")).unwrap();
    let fifo = std::process::Command::new("mkfifo").arg(home.join("fifo")).status().unwrap();
    assert!(fifo.success());
    for page in ["missing/folder/page.html", "folder", "fifo", "/proc/page.html", "/dev/full"] {
        let refused = shop.json(&["test-smtp", "shop", "--to", SHOP, "--html", page], 2);
        let document = refused.json();
        assert_eq!((&document["command"], &document["error"]["code"]), (&"test-smtp".into(), &"usage".into()));
        assert!(refused.stdout.contains("could not be written") && refused.stdout.contains("Nothing was done"));
        let refused = shop.run(&["list", "--html", page]).finish().code(2);
        assert_eq!(refused.stdout, "", "one answer, on standard error");
        assert_eq!(refused.stderr.matches("could not be written").count(), 1, "{}", refused.stderr);
        // An error of the command's own does not come on top.
        assert_eq!(shop.json(&["show", "no-such", "--html", page], 2).json()["error"]["code"], "usage");
    }
    assert!(shop.sandbox().sent().is_empty(), "a mail was sent");
}

#[test]
fn a_page_that_fails_in_the_end_is_a_warning_beside_the_document() {
    let shop = Fixture::added();
    // A file may not grow: what a disk does that fills while the command runs.
    let limited = |words: &[&str]| shop.run_after("trap '' XFSZ; ulimit -f 1", words).finish();
    let text = limited(&["list", "--html", "page.html"]).code(1);
    assert!(text.stdout.contains(SHOP), "{}", text.stdout);
    assert!(text.stderr.contains("The page could not be written"), "{}", text.stderr);
    let json = limited(&["--json", "list", "--html", "page.html"]).code(1).json();
    assert!(json["warnings"][0]["text"].as_str().unwrap().contains("The page could not be written"), "{json}");
    assert_eq!((&json["ok"], &json["exit_code"]), (&false.into(), &1.into()), "{json}");
    assert!(json["error"].is_null(), "{json}");
    let failed = limited(&["--json", "show", "no-such", "--html", "page.html"]).code(3);
    assert_eq!(failed.json()["error"]["code"], "unknown-mailbox");
    let left: Vec<_> = shop.files().into_iter().filter(|(path, _)| path.parent() == Some(&shop.path())).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_page_is_announced_or_goes_to_standard_output() {
    let shop = Fixture::added();
    let told = shop.run(&["list", "--html", "page.html"]).finish().code(0);
    assert!(told.stderr.contains("The report is in page.html"), "{}", told.stderr);
    assert!(told.stdout.contains(SHOP) && !told.stdout.contains("<html"));
    let page = shop.run(&["list", "--html", "-"]).finish().code(0);
    assert!(page.stdout.starts_with("<!doctype html>") && page.stdout.trim_end().ends_with("</html>"));
    let page = shop.run(&["show", "no-such", "--html", "-"]).finish().code(3);
    assert!(page.stdout.starts_with("<!doctype html>") && page.stderr.contains("no mailbox 'no-such'"));
    let both = shop.json(&["list", "--html", "-"], 2);
    assert!(both.json()["error"]["cause"].as_str().unwrap().contains("standard output"), "{}", both.stdout);
    assert!(!shop.path().join("-").exists());
}

#[test]
fn a_bundle_that_cannot_be_written_is_known_before_the_looks_or_leaves_their_report() {
    let shop = Fixture::added();
    for bundle in ["missing/folder/bundle.txt", "/proc/bundle.txt"] {
        let refused = shop.json(&["doctor", "--bundle", bundle], 2);
        assert!(
            refused.json()["reports"].as_array().unwrap().is_empty() && refused.stdout.contains("Nothing was done")
        );
    }
    let limited = |words: &[&str]| shop.run_after("trap '' XFSZ; ulimit -f 2", words).finish();
    let text = limited(&["doctor", "--bundle", "bundle.txt"]).code(1);
    assert!(text.stdout.contains("tls library") || text.stdout.contains("this machine"), "{}", text.stdout);
    assert!(text.stderr.contains("bundle.txt"), "{}", text.stderr);
    let json = limited(&["--json", "doctor", "--bundle", "bundle.txt"]).code(1).json();
    assert!(!json["reports"].as_array().unwrap().is_empty() && json["error"]["cause"].is_string(), "{json}");
    assert!(!shop.path().join("bundle.txt").exists());
}

#[test]
fn ctrl_c_leaves_no_unfinished_page() {
    let shop = Fixture::added();
    let mut running = shop.run(&["authorize", "shop", "--html", "page.html"]).start();
    running.authorization_url();
    running.signal(Signal::INT);
    running.finish().code(130);
    // Where no command waits for a person, too.
    shop.sandbox().set_access_lifetime(crate::support::practice::ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    let before = shop.sandbox().counters().token_requests;
    shop.sandbox().set_token_delay(Duration::from_secs(20));
    let running = shop.run(&["inspect", "shop", "--html", "page.html"]).start();
    wait_until("the token endpoint is asked", || shop.sandbox().counters().token_requests > before);
    running.signal(Signal::INT);
    running.finish();
    let names: Vec<String> =
        fs::read_dir(shop.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.ends_with(".tmp")), "{names:?}");
}

/// A scheduler tries again after "network trouble"; that would not help the other mailbox.
#[test]
fn the_most_lasting_trouble_of_several_mailboxes_is_the_exit_code() {
    let shop = Fixture::new();
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port().to_string()
    };
    let aaa = [("--app", Some("app")), ("--address", Some(ALICE)), ("--incoming-port", Some(closed.as_str()))];
    shop.add("aaa", &aaa).finish().code(0);
    shop.authorize_as("aaa", ALICE).code(0);
    shop.json(&["test-mailbox", "aaa"], 6);
    shop.add("shop", &[("--app", Some("app"))]).finish().code(0);
    shop.json(&["test-mailbox", "shop"], 4);
    shop.json(&["test-mailbox", "--all"], 4);
    shop.json(&["test-mailbox", "aaa", "shop"], 4);
    shop.json(&["test", "--all"], 4);
}

/// Holds the lock whose file's name begins with `prefix`, until it is dropped.
pub(crate) fn locked(shop: &Fixture, prefix: &str) -> File {
    let locks = fs::read_dir(shop.path().join("state/mailgrant/locks")).unwrap();
    let is_it = |path: &std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(prefix);
    let path = locks.map(|entry| entry.unwrap().path()).find(is_it).unwrap();
    let file = File::options().read(true).write(true).open(path).unwrap();
    file.lock().unwrap();
    file
}

#[test]
fn timeout_is_heard_while_another_process_holds_a_lock() {
    let shop = Fixture::authorized();
    let add: Vec<String> = shop.add_arguments("other", &[("--app", Some("shop"))]);
    let fresh: Vec<String> = shop.add_arguments("fresh", &[]);
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    for (held, command) in [
        ("mailbox-", words("remove shop --yes")),
        ("app-", words("remove shop --yes")),
        ("profile-", words("remove shop --yes")),
        ("profile-", add),
        ("profile-", fresh),
        ("app-", words("rotate-secret shop --rollback")),
    ] {
        let _held = locked(&shop, held);
        let begun = Instant::now();
        let command: Vec<&str> = command.iter().map(String::as_str).chain(["--timeout", "2"]).collect();
        let run = shop.run(&command).stdin(crate::support::canary::CLIENT_SECRET);
        let busy = run.finish();
        let took = begun.elapsed();
        assert_eq!(busy.code, Some(7), "{held} {command:?}: {}", busy.all_text());
        assert!(took < Duration::from_secs(12), "{held} {command:?} took {took:?}");
    }
}

/// The README's way to hand a token to curl, with a curl that writes down what it was given.
#[test]
fn the_documents_hand_a_token_over_without_an_argument() {
    let shop = Fixture::authorized();
    let page = include_str!("../../docs/ci.md");
    let line =
        page.split("```").find(|block| block.contains("mailgrant token shop |")).unwrap().trim_start_matches("sh");
    let bin = shop.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let script = |name: &str, text: &str| {
        use std::os::unix::fs::PermissionsExt;
        fs::write(bin.join(name), format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    };
    script("curl", "echo \"arguments: $*\"; cat");
    script("mailgrant", &format!("exec '{}' \"$@\"", env!("CARGO_BIN_EXE_mailgrant")));
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let given = shop.run_script(line, &[]).env("PATH", &path).finish().code(0);
    let token = shop.run(&["token", "shop"]).finish().code(0).stdout;
    let (arguments, config) = given.stdout.split_once('\n').unwrap();
    assert!(arguments.contains("--config -") && !arguments.contains(token.trim()), "{arguments}");
    assert_eq!(config.trim(), format!("oauth2-bearer = \"{}\"", token.trim()));
}

#[test]
fn a_long_report_goes_out_in_large_pieces() {
    let shop = Fixture::new();
    let app = format!(
        "[apps.office]\nprovider = \"microsoft365\"\ntenant = \"contoso.com\"\nclient_id = \"{CONFIDENTIAL_CLIENT}\"\n"
    );
    let mailbox = |number| {
        let rest = format!("address = \"box{number}@contoso.com\"\nincoming = {{ protocol = \"imap\" }}\n");
        format!("[mailboxes.box{number}]\napp = \"office\"\n{rest}")
    };
    shop.write_config(&(app + &(0..150).map(mailbox).collect::<String>()));
    // Text goes out report by report.
    for (form, a_report) in [("json", 0), ("json-lines", 1), ("text", 1)] {
        let pieces = shop.run(&["status", "--details", "--format", form]).pieces();
        let bytes: usize = pieces.iter().sum();
        assert!(bytes > 15_000 && pieces.len() <= 20 + bytes / 30_000 + a_report * 150, "{form}: {pieces:?}");
    }
}
