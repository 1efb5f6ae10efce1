//! Other programs, run with exactly what `mailgrant snippet` prints: a mail must arrive, or the messages must be seen.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use rexpect::session::spawn_command;

use crate::parts;
use crate::person::How;
use crate::stack::{ALICE, Route, Stack};
use crate::support::process::Run;
use crate::support::wait_until;

/// Random bytes of a token that is longer than the 2,048 bytes which Postfix takes in a command (line_length_limit).
const LONG: u32 = 1_500;
/// The same for programs that send the token in the line with AUTH, which they may do where it is short enough (RFC 4954 §4).
pub(super) const SHORT: u32 = 900;

/// Debian's PHPMailer.
pub(super) const PHPMAILER: &str = "/usr/share/php/libphp-phpmailer/autoload.php";

/// Alice's mailbox as `shop`, over implicit TLS, and as `upgraded`, over STARTTLS; its profile's name needs quotes in every language.
pub(super) fn start(token: u32, programs: &[&str]) -> Option<Stack> {
    parts::mail_programs(&[programs, &["msmtp"]].concat())?;
    Some(with_both(Stack::start()?, token))
}

/// The two mailboxes at these servers.
pub(super) fn with_both(mut stack: Stack, token: u32) -> Stack {
    stack.provider.token_length(token);
    let profile = stack.fixture.path().join("it's $HOME \"here\" `id` \\.toml");
    stack.fixture.set("MAILGRANT_CONFIG", profile);
    let mut stack = stack.with_shop();
    let upgraded =
        Route { incoming: ("imap", stack.dovecot.imap, "starttls"), outgoing: (stack.postfix.submission, "starttls") };
    stack.add("upgraded", ALICE, upgraded, &[]);
    stack.sign_in(How::Plain, "alice", false);
    stack.run(&["authorize", "upgraded"]).code(0);
    stack
}

pub(super) const NAMES: [&str; 2] = ["shop", "upgraded"];

impl Stack {
    /// What `snippet` prints, in a file of the home.
    pub(super) fn snippet(&self, program: &str, name: &str) -> PathBuf {
        let text = self.run(&["snippet", program, name]).code(0).stdout;
        let file = self.fixture.path().join(format!("{program}-{name}"));
        std::fs::write(&file, text).unwrap();
        file
    }

    /// The same in a file that its owner alone can read, as some programs demand; its path.
    pub(super) fn private(&self, program: &str, name: &str) -> String {
        let file = self.snippet(program, name).display().to_string();
        self.run_program("chmod", &["600", &file], "");
        file
    }

    /// What is printed as a module of Node's.
    pub(super) fn module(&self, program: &str, name: &str) -> String {
        let file = self.snippet(program, name);
        let module = file.with_extension("mjs");
        std::fs::rename(file, &module).unwrap();
        module.display().to_string()
    }

    /// Puts npm's packages where a module of the home looks for them.
    pub(super) fn have_modules(&self) {
        let modules = parts::scripts().join("node_modules");
        std::os::unix::fs::symlink(modules, self.fixture.path().join("node_modules")).unwrap();
    }

    /// Puts what Composer would have made into the home, for Debian's PHPMailer.
    pub(super) fn have_vendor(&self) {
        let vendor = self.fixture.path().join("vendor");
        std::fs::create_dir(&vendor).unwrap();
        std::fs::write(vendor.join("autoload.php"), format!("<?php require '{PHPMAILER}';\n")).unwrap();
    }

    /// Runs another program with this on its standard input, which must succeed; without the variables of mailgrant, which it would
    /// not have in a timer either.
    pub(super) fn run_program(&self, program: &str, arguments: &[&str], input: &str) -> String {
        use std::io::Write as _;
        let mut command = self.other_program(program);
        let command = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(output.status.success(), "{program} {arguments:?}: {}: {said}", output.status);
        said
    }

    /// Another program in the home.
    pub(super) fn other_program(&self, program: &str) -> Command {
        let mut command = self.fixture.program(program);
        command.env_remove("MAILGRANT_CONFIG").env_remove("MAILGRANT_STORE");
        command
    }

    /// Sends a mail with msmtp.
    fn sends(&self, name: &str, subject: &str) {
        let file = self.snippet("msmtp", name).display().to_string();
        self.run_program("chmod", &["600", &file], "");
        self.run_program("msmtp", &["--file", &file, "--account", name, ALICE], &mail(subject));
        self.arrives(subject);
    }

    /// How many mails of this subject are in a Maildir of the home.
    fn copies(&self, maildir: &str, subject: &str) -> usize {
        let folder = self.fixture.path().join(maildir).join("new");
        let files =
            std::fs::read_dir(folder).unwrap().map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        files.filter(|mail| mail.contains(&format!("Subject: {subject}"))).count()
    }

    /// Waits for a mail of this subject in Alice's inbox.
    pub(super) fn arrives(&self, subject: &str) {
        let line = format!("Subject: {subject}");
        let is_there = || self.delivered_to("alice").iter().any(|mail| mail.lines().any(|have| have == line));
        wait_until(&format!("a mail '{subject}'"), is_there);
    }
}

/// A mail from Alice to Alice.
pub(super) fn mail(subject: &str) -> String {
    format!("From: {ALICE}\nTo: {ALICE}\nSubject: {subject}\n\nSent with a snippet.\n")
}

#[test]
fn msmtp_sends() {
    let Some(stack) = start(LONG, &["msmtp"]) else { return };
    for name in NAMES {
        stack.sends(name, &format!("by msmtp, {name}"));
    }
}

#[test]
fn neomutt_sends_and_shows_the_inbox() {
    let Some(stack) = start(SHORT, &["neomutt"]) else { return };
    sends_and_shows(&stack, "neomutt");
}

#[test]
fn mutt_sends_and_shows_the_inbox() {
    let Some(stack) = start(LONG, &["mutt"]) else { return };
    sends_and_shows(&stack, "mutt");
}

fn sends_and_shows(stack: &Stack, program: &str) {
    for name in NAMES {
        let file = stack.snippet(program, name).display().to_string();
        let subject = format!("by {program}, {name}");
        let send = ["-F", &file, "-s", &subject, ALICE];
        stack.run_program(program, &send, "Sent with a snippet.\n");
        stack.arrives(&subject);
        let mut command = stack.other_program(program);
        command.args(["-F", &file]).env("TERM", "xterm").env("COLUMNS", "120");
        let mut terminal = spawn_command(command, Some(20_000)).unwrap();
        terminal.exp_string(&subject).unwrap_or_else(|error| panic!("{name}: {error}"));
        terminal.send("q").unwrap();
        terminal.flush().unwrap();
    }
}

#[test]
fn aerc_shows_the_inbox_and_sends() {
    let Some(stack) = start(SHORT, &["aerc"]) else { return };
    let folder = stack.fixture.path().join(".config/aerc");
    std::fs::create_dir_all(&folder).unwrap();
    for name in NAMES {
        // Short, for what a terminal of 80 columns leaves for it.
        let waiting = format!("for {name}");
        stack.sends("shop", &waiting);
        let accounts = folder.join("accounts.conf");
        std::fs::copy(stack.snippet("aerc", name), &accounts).unwrap();
        stack.run_program("chmod", &["600", &accounts.display().to_string()], "");
        let mut command = stack.other_program("aerc");
        command.env("TERM", "xterm").env("EDITOR", "true").env("SSL_CERT_FILE", &stack.certs.ca);
        let mut terminal = spawn_command(command, Some(20_000)).unwrap();
        terminal.exp_string(&waiting).unwrap_or_else(|error| panic!("{name}: {error}"));
        let subject = format!("by aerc, {name}");
        terminal.send(&format!(":compose -H \"To: {ALICE}\" -H \"Subject: {subject}\"\r")).unwrap();
        terminal.flush().unwrap();
        terminal.exp_string("Send this email?").unwrap_or_else(|error| panic!("{name}: {error}"));
        terminal.send("y").unwrap();
        terminal.flush().unwrap();
        stack.arrives(&subject);
    }
}

#[test]
fn isync_copies_the_inbox() {
    let Some(stack) = start(LONG, &["mbsync"]) else { return };
    stack.sends("shop", "for mbsync");
    for name in NAMES {
        std::fs::create_dir_all(stack.fixture.path().join("Mail").join(name)).unwrap();
        let file = stack.snippet("isync", name).display().to_string();
        stack.run_program("mbsync", &["--config", &file, name], "");
        assert_eq!(stack.copies(&format!("Mail/{name}/INBOX"), "for mbsync"), 1, "{name}");
    }
}

#[test]
fn getmail_fetches_the_inbox() {
    let Some(stack) = start(LONG, &["getmail"]) else { return };
    stack.sends("shop", "for getmail");
    for folder in ["Mail/shop/cur", "Mail/shop/new", "Mail/shop/tmp", ".getmail"] {
        std::fs::create_dir_all(stack.fixture.path().join(folder)).unwrap();
    }
    let file = stack.snippet("getmail", "shop").display().to_string();
    let output = stack.other_program("getmail").args(["--rcfile", &file]).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("1 messages (") && said.contains(" retrieved"), "{said}{output:?}");
    // It delivers nothing as root.
    if !parts::is_root() {
        assert_eq!(stack.copies("Mail/shop", "for getmail"), 1);
    }
    stack.run(&["snippet", "getmail", "upgraded"]).code(2).says("implicit TLS");
}

#[test]
fn offlineimap_copies_the_inbox() {
    let Some(stack) = start(LONG, &["offlineimap"]) else { return };
    stack.run(&["snippet", "offlineimap", "upgraded"]).code(2).says("STARTTLS");
    stack.sends("shop", "for offlineimap");
    std::fs::create_dir(stack.fixture.path().join("Mail")).unwrap();
    let file = stack.snippet("offlineimap", "shop").display().to_string();
    stack.run_program("offlineimap", &["-o", "-c", &file], "");
    assert_eq!(stack.copies("Mail/shop/INBOX", "for offlineimap"), 1);
}

#[test]
fn mpop_fetches_over_pop3() {
    let Some(mut stack) = start(LONG, &["mpop"]) else { return };
    for (name, port, tls) in
        [("popped", stack.dovecot.pop3s, "implicit"), ("popped-up", stack.dovecot.pop3, "starttls")]
    {
        let route = Route { incoming: ("pop3", port, tls), ..stack.usual_route() };
        stack.add(name, ALICE, route, &[]);
        stack.sign_in(How::Plain, "alice", false);
        stack.run(&["authorize", name]).code(0);
        let subject = format!("for mpop, {name}");
        stack.sends("shop", &subject);
        for folder in ["cur", "new", "tmp"] {
            std::fs::create_dir_all(stack.fixture.path().join("Mail").join(name).join(folder)).unwrap();
        }
        let file = stack.snippet("mpop", name).display().to_string();
        stack.run_program("chmod", &["600", &file], "");
        stack.run_program("mpop", &["--file", &file, name], "");
        assert_eq!(stack.copies(&format!("Mail/{name}"), &subject), 1, "{name}");
    }
}

#[test]
fn curl_reads_over_imap_and_pop3_and_sends() {
    let Some(mut stack) = start(LONG, &["curl"]) else { return };
    let route = Route { incoming: ("pop3", stack.dovecot.pop3s, "implicit"), ..stack.usual_route() };
    stack.add("popped", ALICE, route, &[]);
    stack.sign_in(How::Plain, "alice", false);
    stack.run(&["authorize", "popped"]).code(0);
    for (name, expected) in [("shop", "* 0 EXISTS"), ("upgraded", "* 1 EXISTS"), ("popped", "\n2 ")] {
        let subject = format!("by curl, {name}");
        std::fs::write(stack.fixture.path().join("mail.eml"), mail(&subject)).unwrap();
        let file = stack.snippet("curl", name).display().to_string();
        let said = stack.run_program("sh", &["-e", &file], "").replace('\r', "");
        assert!(said.contains(expected), "{name}: {said}");
        stack.arrives(&subject);
    }
}

#[test]
fn pythons_own_modules_read_and_send() {
    let Some(stack) = start(LONG, &["python3"]) else { return };
    for (name, already) in NAMES.into_iter().zip(0..) {
        let file = stack.snippet("python", name).display().to_string();
        let said = stack.run_program("python3", &[&file], "");
        assert!(said.contains(&format!("{already} messages")), "{name}: {said}");
        wait_until("both mails", || stack.delivered_to("alice").len() > already);
    }
    stack.arrives("Sent by Python");
}

#[test]
fn git_sends_a_patch_through_msmtp() {
    let Some(mut stack) = start(LONG, &["git"]) else { return };
    for (name, value) in [
        ("GIT_COMMITTER_NAME", "Alice"),
        ("GIT_COMMITTER_EMAIL", ALICE),
        ("GIT_AUTHOR_NAME", "Alice"),
        ("GIT_AUTHOR_EMAIL", ALICE),
    ] {
        stack.fixture.set(name, value);
    }
    std::fs::copy(stack.snippet("msmtp", "shop"), stack.fixture.path().join(".msmtprc")).unwrap();
    std::fs::copy(stack.snippet("git-send-email", "shop"), stack.fixture.path().join(".gitconfig")).unwrap();
    stack.run_program("chmod", &["600", ".msmtprc"], "");
    let patch = "From: Alice <alice@example.test>\nSubject: [PATCH] a change\n\n---\n a | 1 +\n";
    std::fs::write(stack.fixture.path().join("0001.patch"), patch).unwrap();
    stack.run_program("git", &["send-email", "--confirm=never", "--to", ALICE, "0001.patch"], "");
    stack.arrives("[PATCH] a change");
}

#[test]
fn nodemailer_and_imapflow_send_and_read() {
    let modules =
        ["nodemailer", "imapflow"].map(|name| parts::scripts().join("node_modules").join(name).join("package.json"));
    let [nodemailer, imapflow] = modules.map(|file| file.display().to_string());
    let Some(stack) = start(SHORT, &["node", &nodemailer, &imapflow]) else { return };
    stack.have_modules();
    let script = |program: &str, name: &str| stack.run_program("node", &[&stack.module(program, name)], "");
    for (name, messages) in NAMES.into_iter().zip(1..) {
        script("nodemailer", name);
        wait_until("the mail", || stack.delivered_to("alice").len() == messages);
        let said = script("imapflow", name);
        assert!(said.contains(&format!("{messages} messages")), "{name}: {said}");
    }
    stack.arrives("Sent by Nodemailer");
}

#[test]
fn phpmailer_sends() {
    let Some(stack) = start(SHORT, &["php", PHPMAILER]) else { return };
    stack.have_vendor();
    for (name, messages) in NAMES.into_iter().zip(1..) {
        let file = stack.snippet("phpmailer", name).display().to_string();
        stack.run_program("php", &[&file], "");
        wait_until("the mail", || stack.delivered_to("alice").len() == messages);
    }
    stack.arrives("Sent by PHPMailer");
}

#[test]
fn git_asks_the_credential_helper() {
    let Some(stack) = start(LONG, &["git"]) else { return };
    let helper = format!("credential.helper=!'{}' credential", env!("CARGO_BIN_EXE_mailgrant"));
    let ask = |request: String| {
        let arguments = ["-c", "credential.helper=", "-c", &helper, "credential", "fill"];
        let run = Run::new(stack.fixture.program("git"), &arguments);
        run.env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "true").stdin(&request).finish()
    };
    let token = stack.run(&["token", "shop"]).code(0).stdout;
    let port = stack.postfix.submissions;
    let answer = ask(format!("protocol=smtp\nhost=localhost:{port}\nusername={ALICE}\n\n")).code(0);
    assert!(answer.stdout.contains(&format!("password={token}")), "{}", answer.all_text());
    assert!(answer.stdout.contains("password_expiry_utc="), "{}", answer.stdout);
    // Nothing is said of another host.
    let other = ask("protocol=https\nhost=elsewhere.example\nusername=alice\n\n".to_owned());
    assert!(!other.all_text().contains(token.trim()), "{}", other.all_text());
}
