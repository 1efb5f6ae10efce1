//! Plays the browser: follows the sign-in page as a person would, and lands on the client's loopback listener.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use native_tls::{Certificate, TlsConnector};
use url::Url;

use crate::steady::Steady;
use crate::wire::lock;

const PATIENCE: Duration = Duration::from_secs(30);

/// What a person does at the sign-in page.
#[derive(Debug, Clone)]
pub enum Person {
    /// Chooses this account.
    SignsInAs(String),
    /// Says no.
    Declines,
}

impl Person {
    /// The form's fields `user` and `decision`.
    fn choice(&self) -> (&str, &'static str) {
        match self {
            Self::SignsInAs(user) => (user, "accept"),
            Self::Declines => ("", "decline"),
        }
    }
}

/// An answer as a browser sees it.
#[derive(Debug)]
pub struct Page {
    pub status: u16,
    pub location: Option<String>,
    /// Every header, by its name in small letters.
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Page {
    /// The header of this name, in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// The whole way: from the authorization URL to the page that the client's listener shows.
pub fn sign_in(authorization_url: &str, ca_file: &Path, person: &Person) -> io::Result<Page> {
    let callback = obtain_redirect(authorization_url, ca_file, person)?;
    get(&callback, ca_file)
}

/// From the authorization URL to the address that the sign-in page sends the browser to, without going there.
pub fn obtain_redirect(authorization_url: &str, ca_file: &Path, person: &Person) -> io::Result<String> {
    let page = get(authorization_url, ca_file)?;
    if let Some(location) = page.location {
        return Ok(location);
    }
    let field = |before: &str| {
        let (_, rest) = page.body.split_once(before)?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    };
    let (Some(action), Some(ticket)) = (field("action=\""), field("name=\"ticket\" value=\"")) else {
        return Err(io::Error::other(format!("no sign-in form, but status {}: {}", page.status, page.body)));
    };
    let (user, decision) = person.choice();
    let answer = post(&action, &[("ticket", &ticket), ("user", user), ("decision", decision)], ca_file)?;
    answer
        .location
        .ok_or_else(|| io::Error::other(format!("no redirect, but status {}: {}", answer.status, answer.body)))
}

/// Opens the page for device codes and enters this one.
pub fn enter_code(page: &str, user_code: &str, ca_file: &Path, person: &Person) -> io::Result<Page> {
    let form = get(page, ca_file)?;
    let action = form.body.split_once("action=\"").and_then(|(_, rest)| rest.split_once('"'));
    let Some((action, _)) = action else {
        return Err(io::Error::other(format!("no form, but status {}: {}", form.status, form.body)));
    };
    let (user, decision) = person.choice();
    post(action, &[("user_code", user_code), ("user", user), ("decision", decision)], ca_file)
}

/// Fetches a page.
pub fn get(url: &str, ca_file: &Path) -> io::Result<Page> {
    request("GET", url, &[], "", ca_file)
}

/// Posts a form.
pub fn post(url: &str, fields: &[(&str, &str)], ca_file: &Path) -> io::Result<Page> {
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    request("POST", url, &headers, &form, ca_file)
}

/// Sends any request.
pub fn request(method: &str, url: &str, headers: &[(&str, &str)], body: &str, ca_file: &Path) -> io::Result<Page> {
    let url = Url::parse(url).map_err(io::Error::other)?;
    let host = url.host_str().ok_or_else(|| io::Error::other("no host"))?;
    let addresses = url.socket_addrs(|| None)?;
    let stream = TcpStream::connect(addresses.as_slice())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let stream = Steady(stream);
    let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {host}{port}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || method == "POST" {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    let head = format!("{head}\r\n{body}");
    let answer = if url.scheme() == "https" {
        let connector = connector(ca_file)?;
        let tls = connector.connect(host, stream).map_err(|error| io::Error::other(error.to_string()))?;
        exchange(tls, &head)?
    } else {
        exchange(stream, &head)?
    };
    parse(&answer)
}

/// One connector for each CA file: to make one, the library reads all the system's roots first.
pub fn connector(ca_file: &Path) -> io::Result<TlsConnector> {
    static KNOWN: Mutex<Vec<(PathBuf, TlsConnector)>> = Mutex::new(Vec::new());
    let mut known = lock(&KNOWN);
    if let Some((_, connector)) = known.iter().find(|(path, _)| path == ca_file) {
        return Ok(connector.clone());
    }
    let root = Certificate::from_pem(&std::fs::read(ca_file)?).map_err(io::Error::other)?;
    let connector = TlsConnector::builder().disable_built_in_roots(true).add_root_certificate(root).build();
    let connector = connector.map_err(io::Error::other)?;
    known.push((ca_file.to_owned(), connector.clone()));
    Ok(connector)
}

fn exchange(mut stream: impl Read + Write, head: &str) -> io::Result<Vec<u8>> {
    stream.write_all(head.as_bytes())?;
    stream.flush()?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        // Some servers hang up without a goodbye; what has come is the answer.
        Err(_) if !answer.is_empty() => {}
        other => drop(other?),
    }
    Ok(answer)
}

fn parse(answer: &[u8]) -> io::Result<Page> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| io::Error::other("no HTTP answer"))?;
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    let headers: Vec<(String, String)> = head.lines().skip(1).filter_map(header).collect();
    let location = headers.iter().find(|(name, _)| name == "location").map(|(_, value)| value.clone());
    Ok(Page {
        status: status.ok_or_else(|| io::Error::other("no HTTP status"))?,
        location,
        headers,
        body: body.to_owned(),
    })
}
