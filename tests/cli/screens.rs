//! What people see when a fault is met, as the real binary prints it on a terminal of 80 columns: the folder `screens` holds a
//! picture of each, which a person has read. `MAILGRANT_UPDATE_SCREENS=1 cargo test --test cli screens` takes them again.

use std::path::PathBuf;

use regex::Regex;
use rexpect::session::spawn_command;

use crate::faults::Practice;
use crate::sandbox::faults::Fault;
use crate::support::fixture::Fixture;

/// The terminal's columns and lines.
const COLUMNS: usize = 80;
const LINES: usize = 24;

/// The verdict is among the first lines.
const TOP: usize = 6;

const TEST: &[&str] = &["test", "shop"];

/// A fault, and the command that meets it.
const FAULTS: [(&str, &[&str]); 34] = [
    ("access-tokens-expired", TEST),
    ("blocked-by-policy", TEST),
    ("certificate-expired", TEST),
    ("certificate-other-host", TEST),
    ("consent-missing", TEST),
    ("device-not-compliant", TEST),
    ("exchange-not-in-tenant", TEST),
    ("graph-send-as-denied", &["test-smtp", "graph", "--to", "shop@contoso.example"]),
    ("grants-revoked", TEST),
    ("imap-off", TEST),
    ("imap-throttled", TEST),
    ("imap-xoauth2-not-offered", TEST),
    ("mailbox-gone", TEST),
    ("mfa-needed", TEST),
    ("no-full-access", &["test", "support"]),
    ("no-starttls", TEST),
    ("password-changed", TEST),
    ("pop3-off", &["test", "popper"]),
    ("portal-page", TEST),
    ("refresh-token-inactive", TEST),
    ("imap-unavailable", TEST),
    ("secret-removed", TEST),
    ("secrets-expired", TEST),
    ("sign-in-frequency", TEST),
    ("smtp-auth-off-mailbox", TEST),
    ("smtp-auth-off-tenant", TEST),
    ("smtp-security-defaults", TEST),
    ("smtp-send-as-denied", &["test-smtp", "shop", "--to", "shop@contoso.example"]),
    ("tls-interception", TEST),
    ("token-for-graph", TEST),
    ("token-lacks-smtp", TEST),
    ("token-not-yet-valid", TEST),
    ("token-throttled", TEST),
    ("wrong-account", TEST),
];

/// What the command prints on a terminal of so many columns.
fn printed(shop: &Fixture, arguments: &[&str], columns: usize) -> Vec<String> {
    let mut command = shop.program("sh");
    // What is said while it runs does not belong to the screen.
    command.args(["-c", "exec \"$0\" \"$@\" 2>/dev/null", env!("CARGO_BIN_EXE_mailgrant")]).args(arguments);
    for (name, value) in [("TERM", "xterm"), ("LANG", "C.UTF-8"), ("NO_COLOR", "1")] {
        command.env(name, value);
    }
    command.env("COLUMNS", columns.to_string());
    let text = spawn_command(command, Some(60_000)).unwrap().exp_eof().unwrap();
    // What was read is given byte by byte.
    let text = String::from_utf8(text.chars().map(|byte| byte as u8).collect()).unwrap();
    assert!(!text.contains('\u{1b}'), "{arguments:?}: {text:?}");
    text.lines().map(str::to_owned).collect()
}

/// Times, ports, days and numbers drawn by lot, which differ from run to run.
fn masked(lines: &[String]) -> String {
    let text = lines.join("\n") + "\n";
    let masks = [
        // What took no millisecond has no time.
        (r"(?m) +[0-9]+(\.[0-9] s| ms)$", ""),
        (r"\b[0-9]+ ms\b", "# ms"),
        (r"\b[0-9]+\.[0-9] s\b", "# s"),
        (r"\b(localhost|127\.0\.0\.1):[0-9]{4,5}\b", "$1:#####"),
        (r"\bport [0-9]{4,5}\b", "port #####"),
        (r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}:[0-9]{2}( UTC)?|T[0-9:.]+Z)?", "DAY"),
        // 119 minutes or 2 hours, as the second has it.
        (r"\b[0-9]+(\s+)(minute|hour)s?\b", "#${1}minutes"),
        (r"\b[0-9]+(\s+)(millisecond|second|day)s?\b", "#$1${2}s"),
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "GUID"),
        (r"/tmp/[^ ]+", "FILE"),
    ];
    masks.iter().fold(text, |text, (pattern, mask)| Regex::new(pattern).unwrap().replace_all(&text, *mask).into_owned())
}

/// The picture of this name, and whether `lines` look like it; where the lines break may differ with a time or a port.
fn compare(name: &str, lines: &[String], wrong: &mut Vec<String>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cli/screens").join(format!("{name}.txt"));
    let seen = masked(lines);
    if std::env::var_os("MAILGRANT_UPDATE_SCREENS").is_some() {
        std::fs::write(&path, &seen).unwrap();
        return;
    }
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let known = std::fs::read_to_string(&path).unwrap_or_default();
    if words(&known) != words(&seen) {
        wrong.push(format!("{name} does not look like {}:\n{seen}", path.display()));
    }
}

/// What is wrong with the size and the order of a screen that has a verdict.
fn flaws(name: &str, lines: &[String], sentence: &str) -> Vec<String> {
    let mut flaws = Vec::new();
    let screen = lines.join("\n");
    let words = |lines: &[String]| masked(lines).split_whitespace().collect::<Vec<_>>().join(" ");
    let top = words(&lines[..lines.len().min(TOP)]);
    if !top.contains(&words(&[sentence.to_owned()])) {
        flaws.push(format!("{name}: the first {TOP} lines do not hold '{sentence}':\n{screen}"));
    }
    if lines.len() > LINES {
        flaws.push(format!("{name}: {} lines:\n{screen}", lines.len()));
    }
    flaws.extend(too_wide(name, lines, COLUMNS));
    flaws
}

/// The lines that are wider than the terminal without need: all but a command, an address or a code alone.
fn too_wide(name: &str, lines: &[String], columns: usize) -> Vec<String> {
    let is_wide = |line: &&String| line.chars().count() > columns;
    let is_one =
        |line: &str| ["Set-", "Get-", "Add-", "New-", "mailgrant ", "az "].iter().any(|verb| line.starts_with(verb));
    let needless = |line: &&String| line.trim().contains(' ') && !is_one(line.trim());
    lines.iter().filter(is_wide).filter(needless).map(|line| format!("{name}: wider than {columns}: {line}")).collect()
}

/// The first sentence of the cause that comes first.
fn sentence(shop: &Fixture, arguments: &[&str]) -> String {
    let document = shop.run(&[&["--json"], arguments].concat()).finish().json();
    let report = &document["reports"][0];
    let checks = report["checks"].as_array().cloned().unwrap_or_default();
    let first = checks.iter().map(|check| &check["finding"]).find(|finding| finding.is_object()).cloned();
    let finding = Some(report["verdict"].clone()).filter(serde_json::Value::is_object).or(first).unwrap_or_default();
    let cause = finding["cause"].as_str().unwrap_or("nothing was found").to_owned();
    cause.split_inclusive(". ").next().unwrap_or_default().trim_end().trim_end_matches('.').to_owned()
}

#[test]
fn each_fault_is_told_on_one_screen_with_the_verdict_at_its_top() {
    let practice = Practice::new();
    let mut wrong = Vec::new();
    for (name, arguments) in FAULTS {
        practice.shop.sandbox().switch_on(Fault::named(name));
        let sentence = sentence(&practice.shop, arguments);
        practice.restore();
        let lines = printed(&practice.shop, arguments, COLUMNS);
        practice.shop.sandbox().switch_off(Fault::named(name));
        practice.restore();
        wrong.extend(flaws(name, &lines, &sentence));
        compare(name, &lines, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Servers that the practice tenant cannot play: one without a name, and one that does not listen.
#[test]
fn a_server_that_is_not_there_is_told_on_one_screen() {
    let practice = Practice::new();
    let profile = std::fs::read_to_string(practice.shop.config()).unwrap();
    let smtp = format!("port = {}", practice.shop.sandbox().ports().smtp_starttls);
    let mut wrong = Vec::new();
    for (name, from, to) in [
        ("host-unknown", "host = \"127.0.0.1\"", "host = \"smtp.contoso.invalid\""),
        // Port 1 is tcpmux's (RFC 1078), which nothing serves.
        ("port-refused", smtp.as_str(), "port = 1"),
    ] {
        assert!(profile.contains(from), "{profile}");
        std::fs::write(practice.shop.config(), profile.replace(from, to)).unwrap();
        let sentence = sentence(&practice.shop, TEST);
        let lines = printed(&practice.shop, TEST, COLUMNS);
        wrong.extend(flaws(name, &lines, &sentence));
        compare(name, &lines, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_works_says_so_in_its_last_line() {
    let practice = Practice::new();
    let mut wrong = Vec::new();
    let commands: [(&str, &[&str]); 4] = [
        ("well", TEST),
        ("well-over-graph", &["test", "graph"]),
        ("well-in-detail", &["test", "shop", "--details"]),
        ("well-sent", &["test-smtp", "shop", "--to", "shop@contoso.example", "--wait-arrival=20"]),
    ];
    for (name, arguments) in commands {
        let lines = printed(&practice.shop, arguments, COLUMNS);
        let last = lines.last().cloned().unwrap_or_default();
        assert!(last.contains(" works: ") && last.ends_with(" ms)"), "{name}: {last}");
        wrong.extend(too_wide(name, &lines, COLUMNS));
        compare(name, &lines, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn nothing_is_wider_than_a_narrow_terminal_but_what_cannot_be_broken() {
    let practice = Practice::new();
    practice.shop.sandbox().switch_on(Fault::named("smtp-auth-off-tenant"));
    let mut wrong = Vec::new();
    let tables: [&[&str]; 3] = [&["list"], &["status"], &["test", "shop", "--all-protocols"]];
    let texts: [&[&str]; 4] = [TEST, &["test", "--all"], &["test", "shop", "--details"], &["show", "shop"]];
    for columns in [40, COLUMNS] {
        for arguments in tables.iter().chain(&texts) {
            let lines = printed(&practice.shop, arguments, columns);
            wrong.extend(too_wide(&arguments.join(" "), &lines, columns));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
