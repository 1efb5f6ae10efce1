//! Dovecot: IMAP, POP3, its own submission service, SASL for Postfix, and LMTP so that sent mail can be read back.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::certs::Certs;
use crate::guard::{As, Guard, command_as, port, run};
use crate::provider::INTROSPECTOR;

/// A running Dovecot.
pub(crate) struct Dovecot {
    pub(crate) imap: u16,
    pub(crate) imaps: u16,
    pub(crate) pop3: u16,
    pub(crate) pop3s: u16,
    pub(crate) submission: u16,
    pub(crate) submissions: u16,
    /// Where Postfix delivers.
    pub(crate) lmtp: u16,
    /// Where Postfix asks about SASL.
    pub(crate) sasl_socket: PathBuf,
    _server: Guard,
}

impl Dovecot {
    /// Starts it, introspecting tokens at `issuer`; `relay` is where its submission service hands mail on.
    pub(crate) fn start(folder: &Path, certs: &Certs, issuer: &str, relay: u16) -> Self {
        let [imap, imaps, pop3, pop3s, submission, submissions, lmtp] = std::array::from_fn(|_| port());
        let dir = folder.display();
        let version = run(Command::new(DOVECOT).arg("--version"));
        let dialect = if version.starts_with("2.3.") {
            dovecot_2_3(folder, certs, issuer)
        } else {
            dovecot_2_4(folder, certs, issuer)
        };
        // Without the two settings on failures, each wrong token would delay the next login by up to 15 seconds.
        let settings = format!(
            "{dialect}
base_dir = {dir}/run
log_path = {dir}/dovecot.log
instance_name = mailgrant-test
listen = 127.0.0.1
hostname = localhost
protocols = imap pop3 lmtp submission
ssl = required
ssl_min_protocol = TLSv1.2
auth_mechanisms = xoauth2 oauthbearer
auth_failure_delay = 0
auth_verbose = yes
first_valid_uid = 1
submission_relay_host = 127.0.0.1
submission_relay_port = {relay}
namespace inbox {{
  inbox = yes
}}
protocol lmtp {{
  postmaster_address = postmaster@example.test
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener auth-submission {{
    mode = 0666
  }}
}}
service lmtp {{
  unix_listener lmtp {{
    mode = 0
  }}
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
{}{}{}",
            logins("imap", imap, imaps),
            logins("pop3", pop3, pop3s),
            logins("submission", submission, submissions),
        );
        let config = folder.join("dovecot.conf");
        fs::write(&config, settings).expect("the folder is ours");
        fs::create_dir(folder.join("mail")).expect("the folder is ours");
        run(command_as(As::Root, "chown").arg("nobody:nogroup").arg(folder.join("mail")));
        let log = folder.join("dovecot.out");
        let mut program = Command::new(DOVECOT);
        program.arg("-F").arg("-c").arg(&config);
        let server = Guard::start("Dovecot", As::Root, &mut program, Path::new("/dev/null"), &log);
        let sasl_socket = folder.join("run/auth-submission");
        let server = server.answers_at(imap, &log).answers_at(lmtp, &log);
        Self { imap, imaps, pop3, pop3s, submission, submissions, lmtp, sasl_socket, _server: server }
    }
}

const DOVECOT: &str = "/usr/sbin/dovecot";

/// How tokens are looked at, in words that both dialects share. `scope` is one word: Dovecot reads no list.
fn introspection(issuer: &str) -> String {
    let host = issuer.strip_prefix("https://").expect("the provider speaks https");
    let (id, secret) = INTROSPECTOR;
    format!(
        "introspection_url = https://{id}:{secret}@{host}/token/introspection
introspection_mode = post
force_introspection = yes
username_attribute = email
active_attribute = active
active_value = true
scope = mail
"
    )
}

/// What Debian 12 ships.
fn dovecot_2_3(folder: &Path, certs: &Certs, issuer: &str) -> String {
    let dir = folder.display();
    let (cert, key, ca) = (certs.cert.display(), certs.key.display(), certs.ca.display());
    let oauth2 = format!("{}tls_ca_cert_file = {ca}\n", introspection(issuer));
    fs::write(folder.join("dovecot-oauth2.conf"), oauth2).expect("the folder is ours");
    format!(
        "ssl_cert = <{cert}
ssl_key = <{key}
mail_location = maildir:~/Maildir
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {dir}/dovecot-oauth2.conf
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={dir}/mail/%Ln allow_all_users=yes
}}"
    )
}

/// What Debian 13 ships.
fn dovecot_2_4(folder: &Path, certs: &Certs, issuer: &str) -> String {
    let dir = folder.display();
    let (cert, key, ca) = (certs.cert.display(), certs.key.display(), certs.ca.display());
    format!(
        "dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
ssl_server_cert_file = {cert}
ssl_server_key_file = {key}
mail_driver = maildir
mail_path = ~/Maildir
oauth2 {{
{}ssl_client_ca_file = {ca}
}}
passdb oauth2 {{
  mechanisms_filter = xoauth2 oauthbearer
}}
userdb static {{
  fields {{
    uid = nobody
    gid = nogroup
    home = {dir}/mail/%{{user | lower | username}}
  }}
  static_allow_all_users = yes
}}",
        introspection(issuer)
    )
}

/// The two listeners of a protocol.
fn logins(protocol: &str, plain: u16, implicit: u16) -> String {
    format!(
        "service {protocol}-login {{
  inet_listener {protocol} {{
    port = {plain}
  }}
  inet_listener {protocol}s {{
    port = {implicit}
    ssl = yes
  }}
}}
"
    )
}
