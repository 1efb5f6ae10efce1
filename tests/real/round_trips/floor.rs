//! The least that a mailbox takes to be opened: a client that says fixed lines and waits until each is answered. What it
//! takes beyond its round trips, no client can save: it is TLS's, the server's and the line's.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use native_tls::{Certificate, TlsConnector, TlsStream};

/// No server takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client that knows all that it is going to say.
pub(super) struct BareClient {
    connector: TlsConnector,
    port: u16,
    authenticate: String,
}

impl BareClient {
    /// A client for the IMAP server behind `port`.
    pub(super) fn new(ca_file: &str, port: u16, user: &str, token: &str) -> Self {
        let ca = Certificate::from_pem(&std::fs::read(ca_file).expect("the CA has a file")).expect("it is one in PEM");
        let connector = TlsConnector::builder().disable_built_in_roots(true).add_root_certificate(ca).build();
        let response = BASE64_STANDARD.encode(format!("user={user}\x01auth=Bearer {token}\x01\x01"));
        let authenticate = format!("a AUTHENTICATE XOAUTH2 {response}\r\n");
        Self { connector: connector.expect("the TLS library takes it"), port, authenticate }
    }

    /// Signs in and opens the inbox, read-only.
    pub(super) fn examine(&self) -> Duration {
        let begun = Instant::now();
        let tcp = TcpStream::connect(("127.0.0.1", self.port)).expect("the line listens");
        tcp.set_nodelay(true).expect("it is ours");
        tcp.set_read_timeout(Some(PATIENCE)).expect("it is ours");
        let mut server = self.connector.connect("localhost", tcp).expect("the server has TLS");
        wait_for(&mut server, "* OK");
        for (line, answer) in [(self.authenticate.as_str(), "a OK"), ("b EXAMINE INBOX\r\n", "b OK")] {
            server.write_all(line.as_bytes()).expect("the server listens");
            wait_for(&mut server, answer);
        }
        begun.elapsed()
    }
}

/// Reads until a line that begins with `answer` is there.
fn wait_for(server: &mut TlsStream<TcpStream>, answer: &str) {
    let mut said = Vec::new();
    let mut piece = [0; 4 * 1024];
    loop {
        let length = server.read(&mut piece).expect("the server answers");
        said.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&said);
        if text.ends_with("\r\n") && text.lines().any(|line| line.starts_with(answer)) {
            break;
        }
        assert!(length > 0, "the server hung up after: {text}");
    }
}
