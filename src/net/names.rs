//! Looking up host names. The system's resolver has no deadline and tells its errors in words: both are dealt with here,
//! once for every protocol.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Failure, FailureKind};
use crate::text::{Redactor, Shown};

/// How long a name that the system has at hand may take.
const AT_HAND: Duration = Duration::from_millis(1);

/// More addresses than this are not tried.
pub(super) const MOST_ADDRESSES: usize = 16;

/// What turns a host and a port into addresses.
pub(super) type Resolve = Arc<dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync>;

/// The system's resolver.
pub(super) fn system() -> Resolve {
    Arc::new(|host, port| (host, port).to_socket_addrs().map(Iterator::collect))
}

/// The addresses of `host`, the families in turn beginning with the resolver's first choice (RFC 8305 §4).
///
/// `meanwhile` is called where the resolver is waited for: what it begins would take the processor from one that has the name at
/// hand. An address in place of a name is its own answer, for which nothing is asked or waited for.
pub(super) fn look_up(
    resolve: &Resolve,
    host: &str,
    port: u16,
    deadline: Instant,
    meanwhile: impl FnOnce(),
) -> Result<Vec<SocketAddr>, Failure> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let start = Instant::now();
    let (sender, receiver) = mpsc::channel();
    let (resolve, asked) = (Arc::clone(resolve), host.to_owned());
    // The system's resolver cannot be told a deadline: it gets a thread, which is left behind if it takes too long.
    thread::spawn(move || {
        // The receiver is gone once the deadline has passed.
        let _ = sender.send(resolve(&asked, port));
    });
    let left = || deadline.saturating_duration_since(Instant::now());
    let at_hand = receiver.recv_timeout(AT_HAND.min(left()));
    let found = at_hand.or_else(|_| {
        meanwhile();
        receiver.recv_timeout(left())
    });
    let found = found.map_err(|_| FailureKind::TimedOut {
        during: shown!("looking up the name {}", Redactor::by_shape(host)),
        after: start.elapsed(),
    })?;
    match found {
        Ok(addresses) if addresses.is_empty() => {
            Err(FailureKind::NameNotFound { host: Redactor::by_shape(host) }.into())
        }
        Ok(addresses) => Ok(interleave(addresses)),
        Err(error) => Err(lookup_failure(Redactor::by_shape(host), &error).into()),
    }
}

fn lookup_failure(host: Shown, error: &io::Error) -> FailureKind {
    if is_not_found(error) {
        FailureKind::NameNotFound { host }
    } else {
        FailureKind::NameLookupFailed { host, reason: Shown::of(error) }
    }
}

/// What resolvers say of a name that does not exist, or that has no address.
const ABSENT: [&str; 7] = [
    "Name or service not known",   // glibc, EAI_NONAME
    "No address associated",       // glibc, EAI_NODATA and EAI_ADDRFAMILY
    "Address family for hostname", // glibc and musl, EAI_ADDRFAMILY
    "Name does not resolve",       // musl, EAI_NONAME
    "Name has no usable address",  // musl, EAI_NODATA
    "nodename nor servname",       // macOS and the BSDs, EAI_NONAME
    "No such host is known",       // Windows, WSAHOST_NOT_FOUND in English
];

/// The same as Windows' numbers, whose words are in the user's language.
const ABSENT_ON_WINDOWS: [i32; 2] = [
    11001, // WSAHOST_NOT_FOUND
    11004, // WSANO_DATA
];

/// The standard library passes getaddrinfo's code on as words only, and on Windows as a number.
fn is_not_found(error: &io::Error) -> bool {
    match error.raw_os_error() {
        Some(number) => cfg!(windows) && ABSENT_ON_WINDOWS.contains(&number),
        None => {
            let words = error.to_string();
            ABSENT.iter().any(|known| words.contains(known))
        }
    }
}

fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let longest = first.len().max(second.len());
    let mut turns: Vec<SocketAddr> = Vec::with_capacity(MOST_ADDRESSES);
    for address in (0..longest).flat_map(|at| [first.get(at), second.get(at)]).flatten() {
        if turns.len() < MOST_ADDRESSES && !turns.contains(address) {
            turns.push(*address);
        }
    }
    turns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    #[test]
    fn families_take_turns_beginning_with_the_resolvers_first() {
        let found = ["[2001:db8::1]:1", "[2001:db8::2]:1", "192.0.2.1:1", "192.0.2.1:1"].map(address);
        let turns = interleave(found.to_vec());
        assert_eq!(turns, ["[2001:db8::1]:1", "192.0.2.1:1", "[2001:db8::2]:1"].map(address));
    }

    #[test]
    fn a_name_that_does_not_exist_is_known_from_the_words_of_every_resolver() {
        const PREFIX: &str = "failed to lookup address information: ";
        for (words, is_absent) in [
            ("Name or service not known", true),
            ("No address associated with hostname", true),
            ("Address family for hostname not supported", true),
            ("Name does not resolve", true),
            ("Name has no usable address", true),
            ("nodename nor servname provided, or not known", true),
            ("No such host is known. (os error 11001)", true),
            ("Temporary failure in name resolution", false),
            ("Try again", false),
            ("Non-recoverable failure in name resolution", false),
            ("Unrecoverable error", false),
            ("System error", false),
        ] {
            let resolve: Resolve = Arc::new(move |_, _| Err(io::Error::other(format!("{PREFIX}{words}"))));
            let kind = look_up(&resolve, "mail.example", 993, soon(), || {}).unwrap_err().kind;
            assert_eq!(matches!(kind, FailureKind::NameNotFound { .. }), is_absent, "{words}: {kind:?}");
            assert_eq!(matches!(kind, FailureKind::NameLookupFailed { .. }), !is_absent, "{words}: {kind:?}");
        }
    }

    #[test]
    fn an_address_is_its_own_answer_and_other_things_have_time_only_where_a_name_takes_long() {
        let began = |resolve: Resolve, host: &str| {
            let mut began = false;
            let found = look_up(&resolve, host, 993, soon(), || began = true).unwrap();
            (found, began)
        };
        let not_asked: Resolve = Arc::new(|host, _| Err(io::Error::other(format!("asked for {host}"))));
        for host in ["192.0.2.1", "2001:db8::1"] {
            let only = SocketAddr::new(host.parse().unwrap(), 993);
            assert_eq!(began(Arc::clone(&not_asked), host), (vec![only], false));
        }
        let slow: Resolve = Arc::new(|_, port| {
            thread::sleep(AT_HAND * 100);
            Ok(vec![SocketAddr::new(IpAddr::from([192, 0, 2, 1]), port)])
        });
        assert_eq!(began(slow, "mail.example"), (vec![address("192.0.2.1:993")], true));
    }

    #[test]
    fn a_name_without_addresses_is_not_found_and_a_slow_resolver_meets_the_deadline() {
        let empty: Resolve = Arc::new(|_, _| Ok(Vec::new()));
        let kind = look_up(&empty, "mail.example", 993, soon(), || {}).unwrap_err().kind;
        assert_eq!(kind, FailureKind::NameNotFound { host: "mail.example".into() });
        let slow: Resolve = Arc::new(|_, _| {
            thread::sleep(Duration::from_secs(20));
            Ok(Vec::new())
        });
        let start = Instant::now();
        let kind = look_up(&slow, "mail.example", 993, start + Duration::from_millis(100), || {}).unwrap_err().kind;
        assert!(matches!(kind, FailureKind::TimedOut { .. }), "{kind:?}");
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
