//! Postfix: submission with implicit TLS and STARTTLS, SASL through Dovecot, delivery to Dovecot, and nothing beyond.

use std::fs;
use std::path::{Path, PathBuf};
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
scache unix - - n - 1 scache
anvil unix - - n - 1 anvil
showq unix n - n - - showq
";

/// Starts it.
pub(crate) fn start(folder: &Path, certs: &Certs, dovecot: &Dovecot, ports: Ports) -> Guard {
    let (cert, key, lmtp, sasl) =
        (certs.cert.display(), certs.key.display(), dovecot.lmtp, dovecot.sasl_socket.display());
    let main = format!(
        "myhostname = localhost
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
smtp unix - - n - - error
",
        ports.submission, ports.submissions, ports.relay
    );
    let instance = Instance::make(folder, "postfix", &main, &services);
    instance.start("Postfix").answers_at(ports.submission, &instance.log)
}

/// Starts one that sends nothing yet: what is printed for it has its relay, and SASL finds its plugins in a folder of the test's.
pub(crate) fn start_client(folder: &Path, plugins: &Path) -> (Instance, Guard) {
    let main = format!(
        "myhostname = client.example.test
mydestination =
mynetworks =
alias_maps =
default_transport = smtp
# The test's server has no name that DNS knows.
smtp_host_lookup = native
import_environment = MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME SASL_PATH={}
",
        plugins.display()
    );
    let instance = Instance::make(folder, "postfix-client", &main, "smtp unix - - n - - smtp\n");
    let ready = folder.join("postfix-client-queue/public/pickup");
    let server = instance.start("Postfix as a client").once(&instance.log, || ready.exists());
    (instance, server)
}

/// One of the Postfixes of a test, with folders of its own.
pub(crate) struct Instance {
    /// Its configuration.
    pub(crate) config: PathBuf,
    /// What it logs.
    pub(crate) log: PathBuf,
}

impl Instance {
    /// Writes its configuration: what all have in common, and `main` and `services`.
    fn make(folder: &Path, name: &str, main: &str, services: &str) -> Self {
        let [queue, data] = ["queue", "data"].map(|what| folder.join(format!("{name}-{what}")));
        let (config, log) = (folder.join(name), folder.join(format!("{name}.log")));
        let common = format!(
            "compatibility_level = 3.6
queue_directory = {}
data_directory = {}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {}
maillog_file_prefixes = {}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
",
            queue.display(),
            data.display(),
            log.display(),
            folder.display()
        );
        for folder in [&config, &queue, &data] {
            fs::create_dir(folder).expect("the folder is ours");
        }
        fs::write(config.join("main.cf"), common + main).expect("the folder is ours");
        fs::write(config.join("master.cf"), services.to_owned() + SERVICES).expect("the folder is ours");
        run(command_as(As::Root, "chown").arg("-R").arg("root:root").arg(&config).arg(&queue));
        run(command_as(As::Root, "chown").arg("postfix").arg(&data));
        // Makes the queue's folders with the owners that the daemons want.
        run(command_as(As::Root, "/usr/sbin/postfix").arg("-c").arg(&config).arg("check"));
        Self { config, log }
    }

    fn start(&self, name: &'static str) -> Guard {
        let mut master = Command::new("/usr/lib/postfix/sbin/master");
        master.arg("-s").arg("-c").arg(&self.config);
        Guard::start(name, As::Root, &mut master, Path::new("/dev/null"), &self.log.with_extension("out"))
    }
}
