//! Our commands beside other programs that do the same. Run by `benches/compare`; it measures and asserts nothing.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::person::How;
use crate::stack::{ALICE, Stack};

/// How often each program is run. The two of a pair take turns, so that both see the same machine.
const ROUNDS: usize = 25;

#[test]
#[ignore = "it measures; benches/compare runs it"]
fn beside_other_programs() {
    let Some(stack) = Stack::start() else { return };
    let mut stack = stack.with_shop();
    let token = stack.run(&["token", "shop"]).code(0).stdout;
    let curl_rules = format!("user = \"{ALICE}:\"\noauth2-bearer = \"{}\"\n", token.trim());
    let ca = stack.certs.ca.display().to_string();
    let imap = format!("imaps://localhost:{}/INBOX", stack.dovecot.imaps);
    let smtp = format!("smtps://localhost:{}", stack.postfix.submissions);
    let mail = stack.fixture.path().join("mail.txt");
    std::fs::write(&mail, format!("From: {ALICE}\r\nTo: {ALICE}\r\nSubject: a test\r\n\r\nA test.\r\n")).expect("home");
    let mail = mail.display().to_string();
    let curl = |further: &[&str]| {
        let mut curl = stack.fixture.program("curl");
        // The token comes in on standard input: arguments can be seen by every user.
        curl.args(["--silent", "--show-error", "--fail", "--output", "/dev/null", "--cacert", &ca, "--config", "-"]);
        curl.args(further);
        time(&mut curl, &curl_rules)
    };
    let ours = |arguments: &[&str]| time(&mut stack.command(arguments), "");

    println!("\n{:<52} {:>10} {:>10} {:>10}", "", "fastest", "median", "slowest");
    pair(
        "The start alone",
        ("mailgrant --version", &|| ours(&["--version"])),
        ("curl --version", &|| time(stack.fixture.program("curl").arg("--version"), "")),
    );
    pair(
        "IMAP: sign in, open INBOX",
        ("mailgrant test-mailbox", &|| ours(&["test-mailbox", "shop"])),
        ("curl, EXAMINE", &|| curl(&["--request", "EXAMINE INBOX", &imap])),
    );
    pair(
        "SMTP: sign in, send a mail",
        ("mailgrant test-smtp --to", &|| ours(&["test-smtp", "shop", "--to", ALICE])),
        ("curl", &|| curl(&["--mail-from", ALICE, "--mail-rcpt", ALICE, "--upload-file", &mail, &smtp])),
    );
    let bus = stack.keyring.address();
    pair(
        "A token out of the keyring",
        ("mailgrant token", &|| ours(&["token", "shop"])),
        ("secret-tool lookup", &|| {
            let mut lookup = stack.fixture.program("secret-tool");
            lookup.args(["lookup", "service", "mailgrant", "username", "mailbox:shop"]);
            time(lookup.env("DBUS_SESSION_BUS_ADDRESS", &bus), "")
        }),
    );

    stack.fixture.set("MAILGRANT_STORE", "vault");
    stack.run(&["new-vault-key"]).code(0);
    stack.add("kept", ALICE, stack.usual_route(), &["--force"]);
    stack.sign_in(How::Plain, "alice", false);
    stack.run(&["authorize", "kept"]).code(0);
    let key = stack.fixture.vault_key();
    let vault = stack.fixture.path().join(".local/share/mailgrant/vault.age.d/mailbox-kept.age");
    pair(
        "A token out of the vault",
        ("mailgrant --store vault token", &|| time(&mut stack.command(&["token", "kept"]), "")),
        ("age --decrypt", &|| time(stack.fixture.program("age").arg("-d").arg("-i").arg(&key).arg(&vault), "")),
    );
}

type Program<'a> = (&'a str, &'a dyn Fn() -> Duration);

#[expect(clippy::print_stdout, reason = "the numbers are the result")]
fn pair(what: &str, ours: Program<'_>, theirs: Program<'_>) {
    println!("{what}");
    let mut times = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        times.0.push((ours.1)());
        times.1.push((theirs.1)());
    }
    for (name, mut times) in [(ours.0, times.0), (theirs.0, times.1)] {
        times.sort();
        let milliseconds = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1_000.0);
        let [fastest, median, slowest] = [0, ROUNDS / 2, ROUNDS - 1].map(|index| milliseconds(times[index]));
        println!("  {name:<50} {fastest:>10} {median:>10} {slowest:>10}");
    }
}

/// From start to end of a program that must succeed.
pub(crate) fn time(command: &mut Command, input: &str) -> Duration {
    let started = Instant::now();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    // A program that does not read its input may have closed it already.
    let _ = child.stdin.take().expect("it is piped").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("it is ours");
    let elapsed = started.elapsed();
    let said = [output.stdout, output.stderr].map(|stream| String::from_utf8_lossy(&stream).into_owned());
    assert!(output.status.success(), "{command:?}: {}", said.concat());
    elapsed
}
