//! Helpers for this room's tests: an app, and a strict scripted HTTP server on this machine.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{Client, ClientCredential, Endpoints, TokenEndpoint};
use crate::clock::Clock;
use crate::net::{HttpClient, Proxies, Trust};
use crate::profile::{App, Cloud, Credential, EndpointUrl, IdentityRule, Provider, ScopeSet, SignIn};
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
    let body = body.as_ref().to_vec();
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    Box::new(move |_, stream| {
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
    })
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

/// `app` as a public client.
pub(crate) fn public<'a>(http: &'a HttpClient, app: &'a App, endpoint: &'a TokenEndpoint) -> Client<'a> {
    Client { http, clock: Clock::system(), app, endpoint, credential: &ClientCredential::None }
}

pub(crate) fn endpoints(token: EndpointUrl) -> Endpoints {
    Endpoints {
        authorization: "https://login.example/authorize".parse().unwrap(),
        token: token.into(),
        device_authorization: None,
        issuer_in_response: false,
    }
}

/// A Microsoft app in `tenant`.
pub(crate) fn microsoft(tenant: &str) -> App {
    App {
        name: "contoso".parse().unwrap(),
        provider: Provider::MICROSOFT365,
        cloud: Cloud::Global,
        tenant: Some(tenant.parse().unwrap()),
        client_id: "11111111-2222-3333-4444-555555555555".parse().unwrap(),
        credential: Credential::Secret,
        client_authentication: None,
        secret_expires: None,
        redirect_uri: "http://localhost".parse().unwrap(),
        sign_in: SignIn::Known {
            authorization: "https://login.example/authorize".parse().unwrap(),
            token: "https://login.example/token".parse().unwrap(),
            device_authorization: Some("https://login.example/devicecode".parse().unwrap()),
        },
        identity: IdentityRule::Tenant {
            authority: "https://login.example".parse().unwrap(),
            tenant: tenant.parse().unwrap(),
        },
        scopes: ScopeSet::default(),
        authorize_params: Vec::new(),
        ca_file: None,
    }
}

/// An app at a generic provider.
pub(crate) fn oidc(issuer: &str) -> App {
    let issuer: EndpointUrl = issuer.parse().unwrap();
    App {
        provider: Provider::OIDC,
        tenant: None,
        client_id: "my-app".parse().unwrap(),
        sign_in: SignIn::Discovered { issuer: issuer.clone() },
        identity: IdentityRule::Issuer(issuer),
        ..microsoft("common")
    }
}
