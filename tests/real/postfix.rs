//! Postfix: submission with implicit TLS and STARTTLS, SASL through Dovecot, delivery to Dovecot, and nothing beyond.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::certs::Certs;
use crate::dovecot::Dovecot;
use crate::guard::{As, Guard, command_as, run};

/// The ports that Postfix is to take. Dovecot's submission service must know one of them before Postfix starts.
#[derive(Clone, Copy)]
pub(crate) struct Ports {
    /// Submission with STARTTLS.
    pub(crate) submission: u16,
    /// Submission with implicit TLS.
    pub(crate) submissions: u16,
    /// Plain SMTP, for Dovecot.
    pub(crate) relay: u16,
}

/// The services that are not smtpd: name, type, private, unprivileged, chroot, wake-up, limit, program.
const SERVICES: &str = "postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
lmtp unix - - n - - lmtp
smtp unix - - n - - error
anvil unix - - n - 1 anvil
showq unix n - n - - showq
";

/// Starts it.
pub(crate) fn start(folder: &Path, certs: &Certs, dovecot: &Dovecot, ports: Ports) -> Guard {
    let dir = folder.display();
    let (cert, key, lmtp, sasl) =
        (certs.cert.display(), certs.key.display(), dovecot.lmtp, dovecot.sasl_socket.display());
    let main = format!(
        "compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/postfix-data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {dir}/postfix.log
maillog_file_prefixes = {dir}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = localhost
mydestination =
mynetworks = 127.0.0.1/32
alias_maps =
virtual_mailbox_domains = example.test
virtual_mailbox_maps = inline:{{ {{alice@example.test = x}}, {{bob@example.test = x}} }}
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
default_transport = error:nothing leaves this machine
relay_transport = error:nothing leaves this machine
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_auth_only = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {sasl}
smtpd_sender_login_maps =
  inline:{{ {{alice@example.test = alice@example.test}}, {{bob@example.test = bob@example.test}} }}
"
    );
    let restrictions = "-o smtpd_sasl_auth_enable=yes \
        -o smtpd_recipient_restrictions=reject_sender_login_mismatch,permit_sasl_authenticated,reject";
    let services = format!(
        "127.0.0.1:{} inet n - n - - smtpd -o smtpd_tls_security_level=encrypt {restrictions}
127.0.0.1:{} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes {restrictions}
127.0.0.1:{} inet n - n - - smtpd
{SERVICES}",
        ports.submission, ports.submissions, ports.relay
    );
    let config = folder.join("postfix");
    fs::create_dir(&config).expect("the folder is ours");
    fs::create_dir(folder.join("queue")).expect("the folder is ours");
    fs::create_dir(folder.join("postfix-data")).expect("the folder is ours");
    fs::write(config.join("main.cf"), main).expect("the folder is ours");
    fs::write(config.join("master.cf"), services).expect("the folder is ours");
    run(command_as(As::Root, "chown").arg("-R").arg("root:root").arg(&config).arg(folder.join("queue")));
    run(command_as(As::Root, "chown").arg("postfix").arg(folder.join("postfix-data")));
    // Makes the queue's folders with the owners that the daemons want.
    run(command_as(As::Root, "/usr/sbin/postfix").arg("-c").arg(&config).arg("check"));
    let log = folder.join("postfix.log");
    let mut master = Command::new("/usr/lib/postfix/sbin/master");
    master.arg("-s").arg("-c").arg(&config);
    let server = Guard::start("Postfix", As::Root, &mut master, Path::new("/dev/null"), &folder.join("postfix.out"));
    server.answers_at(ports.submission, &log)
}
