//! Every mail protocol and TLS mode of a profile against everything that may answer on the port: what answers there is
//! named, and the key to change; nothing of it is called an attack.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread;

use serde_json::Value;

use crate::sandbox::world::SHOP;
use crate::support::fixture::Fixture;

/// Each run waits for servers most of the time.
const WORKERS: usize = 4;

const PROTOCOLS: [&str; 3] = ["imap", "pop3", "smtp"];

/// What answers on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answers {
    /// A mail server, with TLS from the first byte or not.
    Mail(&'static str, bool),
    Http,
    Https,
    Ssh,
    Nothing,
}

/// A profile's side against what answers.
#[derive(Debug, Clone, Copy)]
struct Cell {
    protocol: &'static str,
    tls: &'static str,
    answers: Answers,
    port: u16,
}

impl Cell {
    /// The finding's code, what must be said, and the exit code; `None` where all is as the profile says.
    fn expected(self) -> Option<(&'static str, String, i32)> {
        let is_tls = self.tls == "implicit";
        let server = |name: &str| match name {
            "imap" => "n IMAP server",
            "pop3" => " POP3 server",
            _ => "n SMTP server",
        };
        Some(match self.answers {
            Answers::Mail(name, tls) if name == self.protocol && tls == is_tls => return None,
            Answers::Mail(name, tls) if name == self.protocol => {
                let mode = if tls { "implicit" } else { "starttls" };
                ("wrong-tls-mode", format!("Set tls = \\\"{mode}\\\" in "), 1)
            }
            Answers::Mail(name, _) => ("wrong-protocol", server(name).to_owned(), 1),
            Answers::Http | Answers::Https => ("other-service", "A web server (HTTP) answers".to_owned(), 1),
            Answers::Ssh => ("other-service", "An SSH server answers".to_owned(), 1),
            Answers::Nothing => ("timed-out", "did not answer within".to_owned(), 6),
        })
    }

    /// A mailbox that is authorized for the protocol.
    fn mailbox(self) -> &'static str {
        if self.protocol == "pop3" { "popper" } else { "shop" }
    }

    fn side(self) -> &'static str {
        if self.protocol == "smtp" { "outgoing" } else { "incoming" }
    }
}

/// Serves each connection by a thread of its own, until the test ends.
fn listen(serve: fn(TcpStream)) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || serve(stream));
        }
    });
    port
}

/// As web servers do: whatever is not a request is a bad one.
fn http(mut stream: TcpStream) {
    if stream.read(&mut [0; 1024]).is_ok_and(|count| count > 0) {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
}

fn ssh(mut stream: TcpStream) {
    let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.9\r\n");
    let _ = stream.read_to_end(&mut Vec::new());
}

fn nothing(mut stream: TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new());
}

fn cells(shop: &Fixture) -> Vec<Cell> {
    let ports = shop.sandbox().ports();
    let https = shop.sandbox().authority().rsplit(':').next().unwrap().trim_end_matches('/').parse().unwrap();
    let servers = [
        (Answers::Mail("imap", false), ports.imap_starttls),
        (Answers::Mail("pop3", false), ports.pop3_starttls),
        (Answers::Mail("smtp", false), ports.smtp_starttls),
        (Answers::Mail("imap", true), ports.imap_implicit),
        (Answers::Mail("pop3", true), ports.pop3_implicit),
        (Answers::Mail("smtp", true), ports.smtp_implicit),
        (Answers::Http, listen(http)),
        (Answers::Https, https),
        (Answers::Ssh, listen(ssh)),
        (Answers::Nothing, listen(nothing)),
    ];
    let sides = PROTOCOLS.into_iter().flat_map(|protocol| ["implicit", "starttls"].map(|tls| (protocol, tls)));
    let cells = sides.flat_map(|(protocol, tls)| servers.map(|(answers, port)| Cell { protocol, tls, answers, port }));
    cells.collect()
}

/// The profile with the cell's side instead of the mailbox's own two.
fn profile(shop: &Fixture, cell: Cell, number: usize) -> String {
    let text = std::fs::read_to_string(shop.config()).unwrap();
    let Cell { protocol, tls, port, .. } = cell;
    let line = format!(
        "{} = {{ protocol = \"{protocol}\", host = \"localhost\", port = {port}, tls = \"{tls}\" }}",
        cell.side()
    );
    // Only the cell's side is left, so that nothing else is found.
    let head = format!("[mailboxes.{}]", cell.mailbox());
    let is_side = |old: &str| old.starts_with("incoming =") || old.starts_with("outgoing =");
    let mut kept = Vec::new();
    let mut is_inside = false;
    for old in text.lines() {
        is_inside = if old.starts_with('[') { old == head } else { is_inside };
        if !(is_inside && is_side(old)) {
            kept.push(old);
        }
        if old == head {
            kept.push(&line);
        }
    }
    let path = shop.path().join(format!("cell-{number}.toml"));
    std::fs::write(&path, kept.join("\n")).unwrap();
    path.display().to_string()
}

fn wrong(shop: &Fixture, cell: Cell, number: usize) -> Vec<String> {
    let config = profile(shop, cell, number);
    let alone = if cell.protocol == "smtp" { "test-smtp" } else { "test-mailbox" };
    let timeout = if cell.answers == Answers::Nothing { "3" } else { "12" };
    let mut wrong = Vec::new();
    for command in [alone, "test"] {
        let arguments = ["--json", "--config", &config, "--timeout", timeout, command, cell.mailbox()];
        let mut finished = shop.run(&arguments).finish();
        // All cells test one mailbox, and each `test` refreshes its token: on a machine with much to do one may wait in vain.
        for _ in 0..4 {
            if finished.code != Some(7) {
                break;
            }
            finished = shop.run(&arguments).finish();
        }
        let report = finished.json()["reports"][0].clone();
        let first = report["checks"].as_array().cloned().unwrap_or_default();
        let first = first.into_iter().map(|check| check["finding"].clone()).find(Value::is_object);
        let found = if command == "test" { report["verdict"].clone() } else { first.unwrap_or_default() };
        let (code, says, exit) = cell.expected().unwrap_or(("nothing", String::new(), 0));
        let text = found.to_string();
        let is_right = finished.code == Some(exit)
            && found["code"].as_str().unwrap_or("nothing") == code
            && text.contains(&says)
            && !finished.stdout.contains("Do not use this network");
        if !is_right {
            wrong.push(format!("{command} {cell:?}: exit {:?}, {text}", finished.code));
        }
    }
    wrong
}

#[test]
fn what_answers_on_a_port_is_named_first_in_every_cell() {
    let shop = Fixture::authorized();
    let port = shop.sandbox().ports().pop3_implicit.to_string();
    let popper = [("--app", Some("shop")), ("--incoming", Some("pop3")), ("--incoming-port", Some(port.as_str()))];
    shop.add("popper", &popper).finish().code(0);
    shop.authorize_as("popper", SHOP).code(0);
    let cells = cells(&shop);
    assert_eq!(cells.len(), 60);
    let next = Mutex::new(cells.iter().copied().enumerate());
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let Some((number, cell)) = next.lock().unwrap().next() else { break };
                    let of_cell = wrong(&shop, cell, number);
                    failed.lock().unwrap().extend(of_cell);
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {}: {failed:#?}", failed.len(), 2 * cells.len());
}

#[test]
fn the_doctor_names_it_too() {
    let shop = Fixture::authorized();
    let https = cells(&shop).into_iter().filter(|cell| cell.protocol == "imap" && cell.answers == Answers::Https);
    for (number, cell) in https.enumerate() {
        let config = profile(&shop, cell, number);
        let found = shop.run(&["--json", "--config", &config, "--timeout", "12", "doctor"]).finish();
        assert!(found.stdout.contains("A web server (HTTP) answers on port"), "{cell:?}: {}", found.stdout);
    }
}

#[test]
fn nothing_secret_reaches_what_answers_instead() {
    // A server that says nothing hears a TLS hello and a web client's question, and no more than that.
    static HEARD: Mutex<Vec<u8>> = Mutex::new(Vec::new());
    fn listening(mut stream: TcpStream) {
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard);
        HEARD.lock().unwrap().extend(heard);
    }
    let shop = Fixture::authorized();
    let cell = Cell { protocol: "imap", tls: "starttls", answers: Answers::Nothing, port: listen(listening) };
    let config = profile(&shop, cell, 0);
    shop.run(&["--config", &config, "--timeout", "4", "test-mailbox", "shop"]).finish().code(6);
    let heard = HEARD.lock().unwrap().clone();
    let text = String::from_utf8_lossy(&heard);
    assert!(heard.starts_with(b"\x16\x03") || text.contains("\u{16}\u{3}"), "no second look: {text:?}");
    assert!(text.contains("HEAD / HTTP/1.1") && !text.contains("AUTHENTICATE"), "{text:?}");
    let mut secrets = shop.sandbox().issued_tokens();
    secrets.push(crate::support::canary::CLIENT_SECRET.to_owned());
    assert_eq!(crate::support::canary::find("what was heard", &heard, &secrets), Vec::<String>::new());
}
