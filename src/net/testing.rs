//! A strict scripted HTTP server on this machine, and clients for it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{HttpClient, Proxies, Trust};
use crate::profile::EndpointUrl;
use crate::text::Redactor;
use crate::transcript::Transcript;

/// One answer of the script: it gets the whole request, and the connection.
pub(crate) type Step = Box<dyn FnOnce(&str, &mut TcpStream) + Send>;

/// Answers one request with each step, one connection each, and panics when it is asked too much or too little.
pub(crate) struct Server {
    address: String,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn script(steps: Vec<Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            for step in steps {
                let (mut stream, _) = listener.accept().unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                let request = read_request(&mut stream);
                step(&request, &mut stream);
            }
        });
        Self { address, thread: Some(thread) }
    }

    /// One whole answer with `status`, `headers` (each with its line end) and `body`.
    pub(crate) fn answering(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Self {
        Self::script(vec![reply(status, headers, body)])
    }

    pub(crate) fn url(&self, path: &str) -> EndpointUrl {
        format!("{}{path}", self.address).parse().unwrap()
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Waits until everything in the script has been asked.
    pub(crate) fn finish(mut self) {
        self.thread.take().unwrap().join().expect("the script did not run as written");
    }
}

pub(crate) fn reply(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Step {
    let body = body.as_ref();
    let mut answer = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    // In one piece: a second one would wait for the client's acknowledgement of the first (RFC 896), 40 ms.
    Box::new(move |_, stream| drop(stream.write_all(&answer)))
}

pub(crate) fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase();
            let length = length.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
            let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
            if body.len() >= length {
                return text;
            }
        }
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the client hung up in the middle of a request: {text}");
        bytes.extend_from_slice(&buffer[..read]);
    }
}

/// A client for plain http; for TLS its CA file is missing.
pub(crate) fn client() -> HttpClient {
    client_through(&Proxies::default())
}

/// As [`client`], through `proxies`.
pub(crate) fn client_through(proxies: &Proxies) -> HttpClient {
    HttpClient::new(&Trust::new(), Some(Path::new("no-such-file.pem")), Transcript::default(), proxies)
}

/// A client, and everything that its transcript shows.
pub(crate) fn recorded_client() -> (HttpClient, Arc<Mutex<String>>) {
    let shown = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&shown);
    let transcript = Transcript::new(
        Redactor::default(),
        Some(Arc::new(move |line: &str| {
            let mut shown = sink.lock().unwrap();
            shown.push_str(line);
            shown.push('\n');
        })),
    );
    (HttpClient::new(&Trust::new(), None, transcript, &Proxies::default()), shown)
}
