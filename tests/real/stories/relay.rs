//! Postfix as a client, which sends all mail of a machine through the mailbox.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::programs::{NAMES, SHORT, mail, with_both};
use crate::guard::{self, Guard};
use crate::parts;
use crate::postfix::{self, Instance};
use crate::stack::{ALICE, Stack};
use crate::support::wait_until;

/// Postfix beside these servers; `None`, after saying why, where this machine cannot have it.
fn start(servers: fn() -> Option<Stack>) -> Option<(Stack, Instance, Guard)> {
    // The keyring of these tests answers their own user alone, and Postfix is root's.
    if !parts::is_root() {
        parts::say("LEFT OUT of tests/real, the tests with Postfix as a client: they take root");
        return None;
    }
    parts::mail_programs(&["cc", "/usr/include/sasl/saslplug.h"])?;
    let stack = with_both(servers()?, SHORT);
    let plugins = stack.fixture.path().join("sasl");
    std::fs::create_dir(&plugins).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-Wall", "-Werror", "-shared", "-fPIC", "-o"]).arg(plugins.join("libxoauth2.so"));
    guard::run(compiler.arg(parts::scripts().join("sasl/xoauth2.c")));
    let (client, server) = postfix::start_client(&stack.fixture.path(), &plugins);
    Some((stack, client, server))
}

impl Stack {
    /// Runs the script that is printed for a mailbox.
    fn prepare(&self, client: &Instance, name: &str, arguments: &[&str]) {
        let script = self.snippet("postfix", name).display().to_string();
        let config = format!("MAIL_CONFIG={}", client.config.display());
        self.run_program("env", &[&[&config, "sh", &script][..], arguments].concat(), "");
    }

    /// Hands a mail to Postfix, as cron does.
    fn hand_in(&self, client: &Instance, subject: &str) {
        let config = client.config.display().to_string();
        self.run_program("/usr/sbin/sendmail", &["-C", &config, "-f", ALICE, ALICE], &mail(subject));
    }
}

#[test]
fn postfix_sends_the_mail_of_a_machine() {
    let Some((stack, client, _postfix)) = start(Stack::start) else { return };
    for name in NAMES {
        for (arguments, when) in [(&["--set-up"][..], "first"), (&[][..], "later")] {
            stack.prepare(&client, name, arguments);
            let subject = format!("by postfix, {name}, {when}");
            stack.hand_in(&client, &subject);
            stack.arrives(&subject);
        }
        let table = client.config.join(format!("mailgrant-{name}"));
        assert_eq!(table.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn postfix_shows_no_token_to_a_server_with_the_certificate_of_another_host() {
    let Some((stack, client, _postfix)) = start(Stack::start_with_impostors) else { return };
    for (name, kept) in NAMES.into_iter().zip(1..) {
        stack.prepare(&client, name, &["--set-up"]);
        stack.hand_in(&client, "for an impostor");
        let log = || std::fs::read_to_string(&client.log).unwrap();
        wait_until("a mail that is kept", || log().matches("Server certificate not verified").count() >= kept);
    }
    let log = stack.postfix_log();
    assert!(!log.contains("sasl_method=") && !log.contains("SASL"), "{log}");
}
