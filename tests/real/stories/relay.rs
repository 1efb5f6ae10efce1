//! Postfix as a client, which sends all mail of a machine through the mailbox.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::programs::{NAMES, SHORT, mail, start};
use crate::guard;
use crate::parts;
use crate::postfix;
use crate::stack::ALICE;

#[test]
fn postfix_sends_the_mail_of_a_machine() {
    // The keyring of these tests answers their own user alone, and Postfix is root's.
    if !parts::is_root() {
        return parts::say("LEFT OUT of tests/real, the test with Postfix as a client: it takes root");
    }
    let Some(stack) = start(SHORT, &["cc", "/usr/include/sasl/saslplug.h"]) else { return };
    let plugins = stack.fixture.path().join("sasl");
    std::fs::create_dir(&plugins).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-Wall", "-Werror", "-shared", "-fPIC", "-o"]).arg(plugins.join("libxoauth2.so"));
    guard::run(compiler.arg(parts::scripts().join("sasl/xoauth2.c")));
    let (client, _postfix) = postfix::start_client(&stack.fixture.path(), &plugins);
    let config = client.config.display().to_string();
    let in_client = format!("MAIL_CONFIG={config}");
    for name in NAMES {
        let script = stack.snippet("postfix", name).display().to_string();
        for (arguments, when) in [(&["--set-up"][..], "first"), (&[][..], "later")] {
            stack.run_program("env", &[&[&in_client, "sh", &script][..], arguments].concat(), "");
            let subject = format!("by postfix, {name}, {when}");
            stack.run_program("/usr/sbin/sendmail", &["-C", &config, "-f", ALICE, ALICE], &mail(&subject));
            stack.arrives(&subject);
        }
        let table = client.config.join(format!("mailgrant-{name}"));
        assert_eq!(table.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
}
