//! The real binary as a child process: fed, watched, and never waited for without end.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, recv, socketpair};

use super::finished::Finished;

/// No command of a test may take longer, unless it is given more time.
const PATIENCE: Duration = Duration::from_secs(60);
/// A browser that a command has started may hold the command's output open when the command has ended: output that is
/// quiet for so long is then over.
const QUIET: Duration = Duration::from_millis(500);

/// A command about to run.
pub(crate) struct Run {
    command: Command,
    stdin: Option<Vec<u8>>,
    shown: String,
    patience: Duration,
}

/// A command that runs.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    events: Receiver<Event>,
    stdout: Vec<u8>,
    stderr: String,
    open_streams: u8,
    /// Whether the command had ended when its streams were last found silent.
    is_awaited: bool,
    deadline: Instant,
    shown: String,
}

enum Event {
    Stdout(Vec<u8>),
    StderrLine(String),
    End,
}

impl Run {
    pub(crate) fn new(mut command: Command, arguments: &[&str]) -> Self {
        command.args(arguments);
        Self { command, stdin: None, shown: arguments.join(" "), patience: PATIENCE }
    }

    /// Gives the command more time, or less.
    pub(crate) fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// What the command reads; without this its stdin is empty.
    pub(crate) fn stdin(mut self, text: &str) -> Self {
        self.stdin = Some(text.as_bytes().to_vec());
        self
    }

    pub(crate) fn start(self) -> Running {
        self.spawn(false)
    }

    /// Starts with a stdin that [`Running::type_line`] feeds later.
    pub(crate) fn start_with_open_stdin(self) -> Running {
        self.spawn(true)
    }

    fn spawn(mut self, open: bool) -> Running {
        let stdin = if open || self.stdin.is_some() { Stdio::piped() } else { Stdio::null() };
        self.command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the binary starts");
        let mut stdin = child.stdin.take();
        if !open && let (Some(mut pipe), Some(text)) = (stdin.take(), self.stdin) {
            // A command that does not read its stdin closes the pipe; that is its right.
            thread::spawn(move || pipe.write_all(&text));
        }
        let (sender, events) = mpsc::channel();
        let mut stdout = child.stdout.take().expect("a pipe");
        let stderr = child.stderr.take().expect("a pipe");
        let for_stdout = sender.clone();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = stdout.read(&mut piece) {
                let _ = for_stdout.send(Event::Stdout(piece[..length].to_vec()));
            }
            let _ = for_stdout.send(Event::End);
        });
        thread::spawn(move || send_lines(BufReader::new(stderr), &sender));
        let deadline = Instant::now() + self.patience;
        let (stdout, stderr) = (Vec::new(), String::new());
        let (open_streams, is_awaited) = (2, false);
        Running { child, events, stdout, stderr, open_streams, is_awaited, deadline, shown: self.shown, stdin }
    }

    pub(crate) fn finish(self) -> Finished {
        self.start().finish()
    }

    /// Runs it to its end. The answer is how long each piece is that it has written to standard output.
    pub(crate) fn pieces(mut self) -> Vec<usize> {
        let (family, kind) = (AddressFamily::UNIX, SocketType::SEQPACKET);
        // Such a socket keeps what one call has written apart from the next.
        let (ours, theirs) = socketpair(family, kind, SocketFlags::CLOEXEC, None).expect("two sockets");
        self.command.stdin(Stdio::null()).stdout(theirs).stderr(Stdio::null());
        let mut child = self.command.spawn().expect("the binary starts");
        // It holds the other end.
        drop(self.command);
        let mut room = vec![0; 1024 * 1024];
        let pieces = std::iter::from_fn(|| match recv(&ours, &mut room[..], RecvFlags::empty()) {
            Ok((_, 0)) => None,
            piece => Some(piece.expect("a piece, or the end").1),
        });
        let pieces = pieces.collect();
        assert!(child.wait().expect("it ends").code().is_some(), "{}", self.shown);
        pieces
    }
}

fn send_lines(mut reader: impl BufRead, sender: &Sender<Event>) {
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
        let _ = sender.send(Event::StderrLine(String::from_utf8_lossy(&line).into_owned()));
        line.clear();
    }
    let _ = sender.send(Event::End);
}

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether the command has ended; never waits.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("our own child can be asked").is_some()
    }

    /// What the command has said on stderr so far.
    pub(crate) fn said(&self) -> &str {
        &self.stderr
    }

    /// The authorization URL that the command shows on stderr.
    pub(crate) fn authorization_url(&mut self) -> String {
        let url = self.authorization_url_if_any();
        url.unwrap_or_else(|| panic!("{} ended without an authorization URL:\n{}", self.shown, self.stderr))
    }

    /// The same, or `None` if the command ends without one.
    pub(crate) fn authorization_url_if_any(&mut self) -> Option<String> {
        let is_url = |line: &str| line.strip_prefix("  https://").map(|rest| format!("https://{}", rest.trim_end()));
        loop {
            if let Some(url) = self.stderr.lines().find_map(is_url) {
                return Some(url);
            }
            if !self.next_event() {
                return None;
            }
        }
    }

    /// Waits until the command has said this on stderr.
    pub(crate) fn wait_for_stderr(&mut self, words: &str) {
        while !self.stderr.contains(words) {
            assert!(self.next_event(), "{} ended without saying {words:?}:\n{}", self.shown, self.stderr);
        }
    }

    /// Waits until the command has said more on stderr.
    pub(crate) fn wait_for_more(&mut self) {
        let length = self.stderr.len();
        while self.stderr.len() == length {
            assert!(self.next_event(), "{} ended:\n{}", self.shown, self.stderr);
        }
    }

    /// The address and the user code that `--device-code` shows on stderr.
    pub(crate) fn device_code(&mut self) -> (String, String) {
        self.wait_for_stderr("Ctrl-C ends it");
        let address = self.authorization_url();
        let code = self.stderr.lines().skip_while(|line| !line.starts_with("and enter this code")).nth(1);
        (address, code.expect("the code follows").trim().to_owned())
    }

    /// Types a line and then the end of input.
    pub(crate) fn type_line(&mut self, line: &str) {
        let mut pipe = self.stdin.take().expect("started with an open stdin");
        writeln!(pipe, "{line}").expect("the command reads its stdin");
    }

    /// Sends a signal.
    #[cfg(unix)]
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, signal).expect("our own child takes signals");
    }

    /// Stops the command, as Ctrl-Z does, and lets it go on, as `fg` does.
    #[cfg(target_os = "linux")]
    pub(crate) fn stop_and_go_on(&self) {
        use rustix::process::Signal;

        let stat = format!("/proc/{}/stat", self.id());
        // A process that has ended is not stopped any more.
        let is_stopped =
            || std::fs::read_to_string(&stat).unwrap().rsplit(") ").next().unwrap().starts_with(['T', 'Z']);
        self.signal(Signal::STOP);
        super::wait_until("it has stopped", is_stopped);
        self.signal(Signal::CONT);
        std::thread::sleep(Duration::from_millis(30));
    }

    /// SIGKILL: no destructor runs.
    pub(crate) fn kill(mut self) -> Finished {
        self.child.kill().expect("our own child can be killed");
        self.finish()
    }

    /// Waits for the end.
    pub(crate) fn finish(mut self) -> Finished {
        drop(self.stdin.take());
        while self.next_event() {}
        let status = self.child.wait().expect("our own child can be waited for");
        #[cfg(unix)]
        let dumped_core = std::os::unix::process::ExitStatusExt::core_dumped(&status);
        #[cfg(not(unix))]
        let dumped_core = false;
        Finished {
            code: status.code(),
            dumped_core,
            stdout: String::from_utf8_lossy(&self.stdout).into_owned(),
            stderr: std::mem::take(&mut self.stderr),
            shown: std::mem::take(&mut self.shown),
        }
    }

    /// Takes in one event; false when both streams have ended.
    fn next_event(&mut self) -> bool {
        if self.open_streams == 0 {
            return false;
        }
        match self.events.recv_timeout(QUIET) {
            Ok(Event::Stdout(bytes)) => self.stdout.extend(bytes),
            Ok(Event::StderrLine(line)) => self.stderr.push_str(&line),
            Ok(Event::End) => self.open_streams -= 1,
            Err(RecvTimeoutError::Disconnected) => self.open_streams = 0,
            // A machine that stood still for a while has ended the command before the threads that read it were awake again.
            Err(RecvTimeoutError::Timeout) if self.has_ended() && !self.is_awaited => self.is_awaited = true,
            Err(RecvTimeoutError::Timeout) if self.has_ended() => self.open_streams = 0,
            Err(RecvTimeoutError::Timeout) if Instant::now() < self.deadline => {}
            Err(RecvTimeoutError::Timeout) => {
                let _ = self.child.kill();
                panic!("{} took too long; stderr so far:\n{}", self.shown, self.stderr);
            }
        }
        true
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A test that fails half-way leaves no process behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
