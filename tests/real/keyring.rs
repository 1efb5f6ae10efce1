//! gnome-keyring on a session bus of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::guard::{As, Guard, run};

/// No service folders: a bus that can start services would answer the first client with a second, locked keyring.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=SOCKET</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
    DENIED
  </policy>
</busconfig>
"#;

/// What the bus refuses when it denies the keyring to every process.
const DENIED: &str = r#"<deny send_destination="org.freedesktop.secrets"/>"#;

const SECRETS: &str = "/org/freedesktop/secrets";

/// A session bus with an unlocked keyring on it.
pub(crate) struct Keyring {
    socket: PathBuf,
    folder: PathBuf,
    home: PathBuf,
    // The daemon ends before its bus.
    daemon: Option<Guard>,
    bus: Guard,
}

/// The bus's configuration, with a further rule.
fn write_config(folder: &Path, rule: &str) {
    let socket = folder.join("bus").display().to_string();
    let text = BUS.replace("SOCKET", &socket).replace("DENIED", rule);
    fs::write(folder.join("bus.conf"), text).expect("the folder is ours");
}

impl Keyring {
    /// Starts both in `folder`, for a person whose home is `home`.
    pub(crate) fn start(folder: &Path, home: &Path) -> Self {
        let socket = folder.join("bus");
        let config = folder.join("bus.conf");
        write_config(folder, "");
        let log = folder.join("bus.log");
        let mut bus = Command::new("dbus-daemon");
        bus.arg("--nofork").arg("--nopidfile").arg("--nosyslog").arg("--config-file").arg(&config);
        let bus = Guard::start("dbus-daemon", As::Me, &mut bus, Path::new("/dev/null"), &log);
        let bus = bus.once(&log, || std::os::unix::net::UnixStream::connect(&socket).is_ok());
        let mut keyring = Self { socket, folder: folder.to_owned(), home: home.to_owned(), daemon: None, bus };
        keyring.begin();
        keyring
    }

    /// Starts the keyring, unlocked, where it has ended.
    pub(crate) fn begin(&mut self) {
        self.daemon = None;
        self.daemon = Some(self.start_daemon(&self.folder));
    }

    /// Makes the bus refuse every request to the keyring, or no longer.
    pub(crate) fn deny(&self, denied: bool) {
        write_config(&self.folder, if denied { DENIED } else { "" });
        run(Command::new("kill").arg("-HUP").arg(self.bus.server().to_string()));
        let answer = || {
            let mut ask = self.client("dbus-send");
            ask.args(["--session", "--print-reply", "--dest=org.freedesktop.secrets", SECRETS]);
            ask.arg("org.freedesktop.DBus.Peer.Ping").stderr(Stdio::null()).stdout(Stdio::null());
            ask.status().is_ok_and(|status| status.success())
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        while answer() == denied {
            assert!(Instant::now() < deadline, "the bus has not taken its new policy");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The bus's address.
    pub(crate) fn address(&self) -> String {
        format!("unix:path={}", self.socket.display())
    }

    /// Ends the keyring; the bus stays.
    pub(crate) fn end(&mut self) {
        self.daemon = None;
    }

    /// Stops the keyring at once: it no longer answers, and the bus does not know.
    pub(crate) fn stop(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub(crate) fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let daemon = self.daemon.as_ref().expect("the keyring runs").server();
        run(Command::new("kill").arg(format!("-{signal}")).arg(daemon.to_string()));
    }

    /// Locks the collection.
    pub(crate) fn lock(&self) {
        self.call("Lock", &[&format!("array:objpath:{SECRETS}/collection/login")]);
    }

    /// `secret-tool lookup` with these attributes; `None` where there is no such record.
    pub(crate) fn look_up(&self, attributes: &[&str]) -> Option<String> {
        let output = self.client("secret-tool").arg("lookup").args(attributes).output().expect("secret-tool starts");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Attributes and labels of every record of `service`, without their values.
    pub(crate) fn records(&self, service: &str) -> Vec<String> {
        let found = self.client("secret-tool").args(["search", "--all", "service", service]).output();
        let found = found.expect("secret-tool starts");
        // Attributes come on stderr, the rest on stdout.
        let text = [found.stdout, found.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut records: Vec<String> =
            text.lines().filter(|line| line.starts_with("attribute.username")).map(str::to_owned).collect();
        // They come in no order.
        records.sort();
        records
    }

    fn start_daemon(&self, folder: &Path) -> Guard {
        // Without a newline: it would become part of the password.
        let password = folder.join("keyring-password");
        fs::write(&password, "opens the test keyring").expect("the folder is ours");
        let log = folder.join("keyring.log");
        let mut daemon = self.client("gnome-keyring-daemon");
        daemon.args(["--foreground", "--unlock", "--components=secrets"]);
        let guard = Guard::start("gnome-keyring", As::Me, &mut daemon, &password, &log);
        // A daemon that could not unlock says nothing: only its answer shows that it is there and open.
        let address = self.address();
        guard.once(&log, move || {
            let mut ask = Command::new("dbus-send");
            ask.args([
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.secrets",
                &format!("{SECRETS}/collection/login"),
            ]);
            ask.args([
                "org.freedesktop.DBus.Properties.Get",
                "string:org.freedesktop.Secret.Collection",
                "string:Locked",
            ]);
            let answer = ask.env("DBUS_SESSION_BUS_ADDRESS", &address).stderr(Stdio::null()).output();
            answer.is_ok_and(|answer| String::from_utf8_lossy(&answer.stdout).contains("boolean false"))
        })
    }

    fn call(&self, method: &str, arguments: &[&str]) -> String {
        let mut send = self.client("dbus-send");
        send.args(["--session", "--print-reply", "--dest=org.freedesktop.secrets", SECRETS]);
        run(send.arg(format!("org.freedesktop.Secret.Service.{method}")).args(arguments))
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("DBUS_SESSION_BUS_ADDRESS", self.address()).env("HOME", &self.home);
        command.env_remove("XDG_DATA_HOME").env_remove("XDG_RUNTIME_DIR").stdin(Stdio::null());
        command
    }
}
