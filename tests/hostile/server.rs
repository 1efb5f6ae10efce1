//! A server that plays a script, complains of anything else, and records every byte that the client said.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use openssl::ssl::SslAcceptor;

use crate::script::Step;

/// No server waits longer; the client's own deadlines are far shorter.
const PATIENCE: Duration = Duration::from_secs(40);
/// What a client may say after the end of a script: good-bye, and where nothing comes, what a web server would answer.
const FAREWELLS: [&str; 7] =
    ["p9 LOGOUT", "QUIT", "RSET", "HEAD / HTTP/1.1", "Host: localhost", "Connection: close", ""];

/// What a server heard, all connections together.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Every byte before TLS.
    pub(crate) clear: Vec<u8>,
    /// Every byte inside TLS.
    pub(crate) secured: Vec<u8>,
    /// How many connections were made.
    pub(crate) connections: usize,
    /// How often a TLS handshake was finished.
    pub(crate) handshakes: usize,
    /// What the client did that is not in the script.
    pub(crate) complaints: Vec<String>,
}

/// A running server.
pub(crate) struct Server {
    pub(crate) port: u16,
    is_over: Arc<AtomicBool>,
    heard: Arc<Mutex<Heard>>,
    listener: JoinHandle<()>,
}

impl Server {
    /// Plays the script that `script` makes for the port, on every connection.
    pub(crate) fn start(acceptor: SslAcceptor, is_good: bool, script: impl FnOnce(u16) -> Vec<Step>) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let script = Arc::new(script(port));
        let (is_over, heard) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Heard::default())));
        let (over, all) = (Arc::clone(&is_over), Arc::clone(&heard));
        let listener = thread::spawn(move || {
            let mut connections = Vec::new();
            for stream in socket.incoming() {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                let (script, acceptor, all) = (Arc::clone(&script), acceptor.clone(), Arc::clone(&all));
                let stream = stream.unwrap();
                connections.push(thread::spawn(move || {
                    let mut player = Player::new(stream, acceptor, is_good);
                    player.play(&script);
                    let mut all = all.lock().unwrap();
                    all.connections += 1;
                    all.clear.extend(player.heard.clear);
                    all.secured.extend(player.heard.secured);
                    all.handshakes += player.heard.handshakes;
                    all.complaints.extend(player.heard.complaints);
                }));
            }
            connections.into_iter().for_each(|connection| connection.join().unwrap());
        });
        Self { port, is_over, heard, listener }
    }

    /// Ends it, once its client has gone, and says what was heard.
    pub(crate) fn finish(self) -> Heard {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        self.listener.join().unwrap();
        std::mem::take(&mut *self.heard.lock().unwrap())
    }
}

trait Link: Read + Write {}
impl<T: Read + Write> Link for T {}

struct Player {
    bare: TcpStream,
    link: Box<dyn Link>,
    acceptor: SslAcceptor,
    is_good: bool,
    is_tls: bool,
    heard: Heard,
}

impl Player {
    fn new(stream: TcpStream, acceptor: SslAcceptor, is_good: bool) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let link = Box::new(stream.try_clone().unwrap());
        Self { bare: stream, link, acceptor, is_good, is_tls: false, heard: Heard::default() }
    }

    fn play(&mut self, script: &[Step]) {
        for step in script {
            match self.step(step) {
                Ok(true) => {}
                Ok(false) => break,
                Err(complaint) => {
                    self.heard.complaints.push(complaint);
                    break;
                }
            }
        }
        self.hear_the_rest();
    }

    /// One step; false if the script ends with it.
    fn step(&mut self, step: &Step) -> Result<bool, String> {
        match step {
            Step::Say(bytes) => {
                // A client that has left already will show by what it says next, or does not.
                let _ = self.link.write_all(bytes).and_then(|()| self.link.flush());
                Ok(true)
            }
            Step::Repeat(count, line) => {
                let block = line.repeat((16 * 1024 / line.len()).clamp(1, *count));
                let blocks = (line.len() * count).div_ceil(block.len());
                Ok((0..blocks).all(|_| self.link.write_all(&block).is_ok()))
            }
            Step::Flood(mib) => {
                let block = [b'x'; 64 * 1024];
                Ok((0..mib * 16).all(|_| self.link.write_all(&block).is_ok()))
            }
            Step::Expect { start, is_whole } => {
                let said = self.line()?;
                let is_right = if *is_whole { said == *start } else { said.starts_with(start.as_str()) };
                if is_right { Ok(true) } else { Err(format!("it said {said:?} instead of {start:?}")) }
            }
            Step::Request(start) => self.request(start).map(|()| true),
            Step::Hello => {
                let mut head = [0; 5];
                self.link.read_exact(&mut head).map_err(|error| format!("it does not begin TLS: {error}"))?;
                let mut rest = vec![0; usize::from(head[3]) * 256 + usize::from(head[4])];
                self.link.read_exact(&mut rest).map_err(|error| format!("it broke off its hello: {error}"))?;
                self.note(&head);
                self.note(&rest);
                if head.starts_with(b"\x16\x03") { Ok(true) } else { Err("its hello is not TLS".to_owned()) }
            }
            Step::Tls => self.start_tls(),
            Step::Drip(byte) => self.again_each_second(&[*byte]),
            Step::Trickle(line) => self.again_each_second(line),
            Step::Silence => Ok(false),
            Step::Close => {
                let _ = self.bare.shutdown(Shutdown::Write);
                Ok(false)
            }
        }
    }

    fn again_each_second(&mut self, bytes: &[u8]) -> Result<bool, String> {
        let start = Instant::now();
        self.bare.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        while start.elapsed() < PATIENCE && self.link.write_all(bytes).is_ok() {
            let _ = self.link.flush();
            if !self.is_quiet() {
                break;
            }
        }
        Ok(false)
    }

    fn start_tls(&mut self) -> Result<bool, String> {
        match self.acceptor.accept(self.bare.try_clone().unwrap()) {
            Ok(stream) => {
                self.heard.handshakes += 1;
                self.is_tls = true;
                self.link = Box::new(stream);
                if self.is_good { Ok(true) } else { Err("it took a certificate that must be refused".to_owned()) }
            }
            Err(error) if self.is_good => Err(format!("it did not finish the TLS handshake: {error}")),
            Err(_) => Ok(false),
        }
    }

    /// Waits as long as a read may take; false if the client has gone.
    fn is_quiet(&mut self) -> bool {
        let mut chunk = [0; 4096];
        match self.link.read(&mut chunk) {
            Ok(0) => false,
            Ok(count) => {
                self.note(&chunk[..count]);
                true
            }
            Err(error) => matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut),
        }
    }

    /// The client's next line without its end.
    fn line(&mut self) -> Result<String, String> {
        let mut line = Vec::new();
        loop {
            let mut byte = [0];
            match self.link.read(&mut byte) {
                Ok(1) => {}
                _ => return Err(format!("it left after {:?}", String::from_utf8_lossy(&line))),
            }
            self.note(&byte);
            line.push(byte[0]);
            if let Some(text) = line.strip_suffix(b"\r\n") {
                return Ok(String::from_utf8_lossy(text).into_owned());
            }
        }
    }

    fn request(&mut self, start: &str) -> Result<(), String> {
        let first = self.line()?;
        if !first.starts_with(start) {
            return Err(format!("it asked {first:?} instead of {start:?}"));
        }
        let mut length = 0;
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().map_err(|_| format!("it sent {line:?}"))?;
            }
        }
        let mut body = vec![0; length];
        self.link.read_exact(&mut body).map_err(|error| format!("it broke off its body: {error}"))?;
        self.note(&body);
        Ok(())
    }

    /// Reads until the client has gone. It may say good-bye, and where it waits for TLS, hello; anything else is more
    /// than it should have said.
    fn hear_the_rest(&mut self) {
        let mut rest = Vec::new();
        let mut chunk = [0; 4096];
        let since = Instant::now();
        self.bare.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        while since.elapsed() < PATIENCE {
            match self.link.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => {
                    self.note(&chunk[..count]);
                    rest.extend_from_slice(&chunk[..count]);
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
                Err(_) => break,
            }
        }
        let _ = self.bare.shutdown(Shutdown::Both);
        if !self.is_tls && rest.starts_with(b"\x16\x03") {
            return;
        }
        let rest = String::from_utf8_lossy(&rest).into_owned();
        let unasked: Vec<&str> = rest.split("\r\n").filter(|line| !FAREWELLS.contains(line)).collect();
        if !unasked.is_empty() {
            self.heard.complaints.push(format!("it went on with {unasked:?}"));
        }
    }

    fn note(&mut self, bytes: &[u8]) {
        if self.is_tls { &mut self.heard.secured } else { &mut self.heard.clear }.extend_from_slice(bytes);
    }
}
