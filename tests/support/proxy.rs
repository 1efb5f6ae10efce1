//! Scripted proxies on loopback that write down who wanted to be led where.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How a proxy answers a request that it understood.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Manner {
    /// HTTP: these bytes; SOCKS: it does not reach the host.
    Says(&'static str),
    /// Not at all, until the client goes.
    IsSilent,
    /// It closes the connection at once.
    HangsUp,
    /// It leads everything to this port of this machine.
    LeadsTo(u16),
}

/// A proxy.
pub(crate) struct ScriptedProxy {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<String>>>,
}

impl ScriptedProxy {
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let notes = Arc::clone(&seen);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let notes = Arc::clone(&notes);
                // The client may hang up at any time.
                thread::spawn(move || serve(client, manner, &notes));
            }
        });
        Self { port, seen }
    }

    /// What was asked for so far, and forgets it.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

fn serve(mut client: TcpStream, manner: Manner, seen: &Mutex<Vec<String>>) -> Option<()> {
    client.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    if matches!(manner, Manner::HangsUp) {
        seen.lock().unwrap().push("came".to_owned());
        return Some(());
    }
    let first = bytes(&mut client, 1)?[0];
    let (wanted, yes, no): (_, &[u8], &[u8]) = match first {
        4 => {
            let head = bytes(&mut client, 7)?;
            until_zero(&mut client)?;
            let port = u16::from_be_bytes([head[1], head[2]]);
            let is_name = head[3..6] == [0, 0, 0] && head[6] != 0;
            let host = if is_name { until_zero(&mut client)? } else { address(&head[3..7]) };
            (format!("socks4 {host}:{port}"), &[0, 90, 0, 0, 0, 0, 0, 0], &[0, 91, 0, 0, 0, 0, 0, 0])
        }
        5 => {
            let count = bytes(&mut client, 1)?[0];
            bytes(&mut client, count.into())?;
            client.write_all(&[5, 0]).ok()?;
            let head = bytes(&mut client, 4)?;
            let host = match head[3] {
                1 => address(&bytes(&mut client, 4)?),
                3 => {
                    let length = bytes(&mut client, 1)?[0];
                    String::from_utf8(bytes(&mut client, length.into())?).ok()?
                }
                _ => format!("{:?}", bytes(&mut client, 16)?),
            };
            let port = bytes(&mut client, 2)?;
            let port = u16::from_be_bytes([port[0], port[1]]);
            (format!("socks5 {host}:{port}"), &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0], &[5, 4, 0, 1, 0, 0, 0, 0, 0, 0])
        }
        0x16 => ("tls".to_owned(), b"", b""),
        first => {
            let mut head = vec![first];
            while !head.ends_with(b"\r\n\r\n") {
                head.extend(bytes(&mut client, 1)?);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let target = head.lines().next()?.split(' ').take(2).collect::<Vec<_>>().join(" ");
            let user = head.lines().find_map(|line| line.strip_prefix("Proxy-Authorization: "));
            let target = user.map_or(target.clone(), |user| format!("{target} {user}"));
            (target, b"HTTP/1.1 200 Connection established\r\n\r\n", b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
        }
    };
    seen.lock().unwrap().push(wanted);
    match manner {
        Manner::Says(words) if first > 5 => client.write_all(words.as_bytes()).ok()?,
        Manner::Says(_) => client.write_all(no).ok()?,
        Manner::IsSilent => {
            let _ = client.read(&mut [0; 1]);
        }
        Manner::HangsUp => {}
        Manner::LeadsTo(port) => {
            client.write_all(yes).ok()?;
            lead(client, port)?;
        }
    }
    Some(())
}

fn lead(client: TcpStream, port: u16) -> Option<()> {
    let server = TcpStream::connect(("127.0.0.1", port)).ok()?;
    client.set_read_timeout(None).ok()?;
    let (from, to) = (client.try_clone().ok()?, server.try_clone().ok()?);
    let back = thread::spawn(move || std::io::copy(&mut &from, &mut &to));
    let _ = std::io::copy(&mut &server, &mut &client);
    let _ = client.shutdown(std::net::Shutdown::Both);
    back.join().ok()?.ok()?;
    Some(())
}

fn bytes(client: &mut TcpStream, count: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; count];
    client.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

fn until_zero(client: &mut TcpStream) -> Option<String> {
    let mut text = Vec::new();
    loop {
        match bytes(client, 1)?[0] {
            0 => return String::from_utf8(text).ok(),
            byte => text.push(byte),
        }
    }
}

fn address(bytes: &[u8]) -> String {
    bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(".")
}
