//! A server that ends with its test: on drop, on a panic, and when the test process is killed.

use std::fs;
use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use crate::parts;

/// Holds the server and waits at the other end of a pipe. When the pipe closes, for whatever reason, it ends the
/// process that it started, and no other.
const KEEPER: &str = r#"
trap '' INT
log=$1 input=$2; shift 2
"$@" <"$input" >>"$log" 2>&1 &
pid=$!
cat >/dev/null
kill "$pid" 2>/dev/null
for wait in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  kill -0 "$pid" 2>/dev/null || exit 0
  sleep 0.1
done
kill -9 "$pid" 2>/dev/null
"#;

/// A running server.
pub(crate) struct Guard {
    keeper: Child,
    name: &'static str,
}

/// Whether a server needs root.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum As {
    Me,
    Root,
}

impl Guard {
    /// Starts `program` with `input` as its standard input; what it says goes to `log`.
    pub(crate) fn start(name: &'static str, who: As, program: &mut Command, input: &Path, log: &Path) -> Self {
        let mut keeper = command_as(who, "sh");
        keeper.arg("-c").arg(KEEPER).arg("keeper").arg(log).arg(input);
        keeper.arg(program.get_program()).args(program.get_args());
        for (key, value) in program.get_envs() {
            match value {
                Some(value) => keeper.env(key, value),
                None => keeper.env_remove(key),
            };
        }
        let keeper = keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Self { keeper: keeper.expect("the keeper starts"), name }
    }

    /// The server's process ID.
    pub(crate) fn server(&self) -> u32 {
        let keeper = self.keeper.id();
        let children = fs::read_to_string(format!("/proc/{keeper}/task/{keeper}/children")).expect("the keeper runs");
        // The keeper's first child; the second waits at the pipe.
        children.split_whitespace().find_map(|id| id.parse().ok()).expect("the keeper has started the server")
    }

    /// Waits until something accepts connections at `port`.
    pub(crate) fn answers_at(self, port: u16, log: &Path) -> Self {
        self.once(log, || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok())
    }

    /// Waits until `ready` says so.
    pub(crate) fn once(self, log: &Path, ready: impl Fn() -> bool) -> Self {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !ready() {
            let said = fs::read_to_string(log).unwrap_or_default();
            assert!(Instant::now() < deadline, "{} does not start: {said}", self.name);
            std::thread::sleep(Duration::from_millis(20));
        }
        self
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // The keeper has a deadline of its own.
        let _ = self.keeper.wait();
    }
}

/// A command, through sudo where it must be root and we are not.
pub(crate) fn command_as(who: As, program: &str) -> Command {
    if who == As::Me || parts::is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("sudo");
    command.args(["-n", program]);
    command
}

/// Runs a short command that must succeed, and returns what it says.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// A port for a server that cannot be handed a socket. They come from below the range from which the kernel takes the
/// ports of outgoing connections, each is given out once, and each is free at this moment.
pub(crate) fn port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let start = 10_000 + u16::try_from(std::process::id() % 40).unwrap_or(0) * 500;
        let port = start + NEXT.fetch_add(1, Ordering::Relaxed) % 500;
        if std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// Sends one HTTP request to a loopback port, without TLS, and returns the body.
pub(crate) fn post(port: u16, path: &str, body: &str) -> String {
    use std::io::Write as _;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(5)).expect("the control port answers");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket takes a time-out");
    let length = body.len();
    write!(stream, "POST {path} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{body}").expect("the control port listens");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the control port answers in time");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer has a body");
    assert!(head.contains(" 200 "), "{path}: {answer}");
    body.to_owned()
}
