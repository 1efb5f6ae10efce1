//! Looking up who takes mail for a domain: one MX query to the system's name servers (RFC 1035, RFC 5321 §5.1).
//!
//! The standard library resolves addresses alone, and the resolvers that know other records bring an asynchronous runtime.
//! What comes back is a hint to a person, who decides: whatever goes wrong, nothing is found.

mod message;

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use message::{Answer, LARGEST_DATAGRAM, Query};

/// How long all of it may take.
const LIMIT: Duration = Duration::from_secs(2);
/// How many name servers are asked, as resolv.conf(5) has it.
const MOST_SERVERS: usize = 3;
/// The most that is read of the system's settings.
const LARGEST_SETTINGS: u64 = 64 * 1024;

/// The hosts that take mail for `domain`, the preferred ones first; none where it cannot be found out in two seconds.
#[must_use]
pub fn mail_exchangers(domain: &str) -> Vec<String> {
    if is_reserved(domain) {
        return Vec::new();
    }
    look_up(domain, &name_servers(), Instant::now() + LIMIT)
}

/// Domains that have no mail servers (RFC 2606 §2, RFC 6761 §6, RFC 6762 §3).
fn is_reserved(domain: &str) -> bool {
    let last = domain.rsplit('.').next().unwrap_or_default();
    ["test", "example", "invalid", "localhost", "local"].iter().any(|name| last.eq_ignore_ascii_case(name))
}

/// The system's name servers.
fn name_servers() -> Vec<SocketAddr> {
    let mut text = String::new();
    let read =
        std::fs::File::open("/etc/resolv.conf").and_then(|file| file.take(LARGEST_SETTINGS).read_to_string(&mut text));
    if read.is_err() { Vec::new() } else { named_in(&text) }
}

fn named_in(settings: &str) -> Vec<SocketAddr> {
    let address = |line: &str| {
        let mut words = line.split_whitespace();
        let address = words.next().filter(|word| *word == "nameserver").and(words.next())?;
        // A zone names an interface of this machine, which an address alone does not.
        address.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 53))
    };
    settings.lines().filter_map(address).take(MOST_SERVERS).collect()
}

fn look_up(domain: &str, servers: &[SocketAddr], deadline: Instant) -> Vec<String> {
    for (at, server) in servers.iter().enumerate() {
        let left = deadline.saturating_duration_since(Instant::now());
        // The servers share the time that is left.
        let share = left / u32::try_from(servers.len() - at).unwrap_or(1);
        let Ok(query) = Query::new(domain) else { break };
        if let Ok(hosts) = ask(*server, &query, Instant::now() + share) {
            return hosts;
        }
    }
    Vec::new()
}

/// Asks one server: by datagram, and by TCP where the answer does not fit into one (RFC 1035 §4.2, RFC 7766).
fn ask(server: SocketAddr, query: &Query, deadline: Instant) -> io::Result<Vec<String>> {
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0))?;
    // Connected: the system drops what comes from elsewhere.
    socket.connect(server)?;
    socket.send(query.bytes())?;
    let mut datagram = [0; LARGEST_DATAGRAM];
    loop {
        socket.set_read_timeout(Some(left(deadline)?))?;
        let length = match socket.recv(&mut datagram) {
            // The process was stopped, and goes on (signal(7)).
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            received => received?,
        };
        match query.read(&datagram[..length]) {
            Ok(Answer::Hosts(hosts)) => return Ok(hosts),
            Ok(Answer::Truncated) => return ask_by_tcp(server, query, deadline),
            Ok(Answer::Failed) => return Err(io::ErrorKind::Other.into()),
            // Another's datagram, or a late one: ours may still come.
            Err(_) => {}
        }
    }
}

fn ask_by_tcp(server: SocketAddr, query: &Query, deadline: Instant) -> io::Result<Vec<String>> {
    let mut stream = TcpStream::connect_timeout(&server, left(deadline)?)?;
    stream.set_write_timeout(Some(left(deadline)?))?;
    // RFC 1035 §4.2.2: the length comes first.
    let length = u16::try_from(query.bytes().len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes(), query.bytes()].concat())?;
    let mut length = [0; 2];
    read_by(&mut stream, &mut length, deadline)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    read_by(&mut stream, &mut message, deadline)?;
    match query.read(&message)? {
        Answer::Hosts(hosts) => Ok(hosts),
        Answer::Truncated | Answer::Failed => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Fills `buffer` before the deadline, however slowly the bytes come.
fn read_by(stream: &mut TcpStream, mut buffer: &mut [u8], deadline: Instant) -> io::Result<()> {
    while !buffer.is_empty() {
        stream.set_read_timeout(Some(left(deadline)?))?;
        match stream.read(buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => buffer = &mut buffer[read..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

#[cfg(test)]
mod tests;
