//! The loopback listener of the real binary under attack (SECURITY.md L1, L2, L5, L7).

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use url::Url;

use crate::sandbox::browser::{self, Person};
use crate::sandbox::world::SHOP;
use crate::support::fixture::Fixture;
use crate::support::memory;
use crate::support::process::Running;

/// What a siege may cost, in KiB.
const MEMORY_OVER_NORMAL: u64 = 16 * 1024;
const SILENT: usize = 1_500;

/// A sign-in up to the moment when the browser would come back: the process, its port, and the address to come back to.
fn sign_in(shop: &Fixture, mut running: Running) -> (Running, u16, String) {
    let url = running.authorization_url();
    let callback =
        browser::obtain_redirect(&url, shop.sandbox().ca_file(), &Person::SignsInAs(SHOP.to_owned())).unwrap();
    let port = Url::parse(&callback).unwrap().port().unwrap();
    (running, port, callback)
}

fn started(shop: &Fixture) -> (Running, u16, String) {
    sign_in(shop, shop.run(&["--json", "authorize", "shop"]).start())
}

fn has_ipv6() -> bool {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()
}

/// The addresses at which a process listens, as the kernel has them (proc(5), `/proc/net/tcp`).
fn listens_at(id: u32) -> Vec<SocketAddr> {
    let links = fs::read_dir(format!("/proc/{id}/fd")).unwrap().flatten();
    let inodes: Vec<String> = links
        .filter_map(|link| fs::read_link(link.path()).ok())
        .filter_map(|target| target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']').map(str::to_owned))
        .collect();
    let mut found = Vec::new();
    for file in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in fs::read_to_string(file).unwrap_or_default().lines().skip(1) {
            let words: Vec<&str> = line.split_whitespace().collect();
            // 0A is LISTEN.
            if words[3] == "0A" && inodes.iter().any(|inode| inode == words[9]) {
                found.push(address(words[1]));
            }
        }
    }
    found.sort();
    found
}

/// The kernel prints an address as words in the machine's byte order.
fn address(text: &str) -> SocketAddr {
    let (address, port) = text.split_once(':').unwrap();
    let word = |at: usize| u32::from_str_radix(&address[at * 8..at * 8 + 8], 16).unwrap().to_ne_bytes();
    let ip: IpAddr = if address.len() == 8 {
        Ipv4Addr::from(word(0)).into()
    } else {
        let bytes: Vec<u8> = (0..4).flat_map(word).collect();
        Ipv6Addr::from(<[u8; 16]>::try_from(bytes).unwrap()).into()
    };
    SocketAddr::new(ip, u16::from_str_radix(port, 16).unwrap())
}

#[test]
fn the_binary_listens_on_loopback_alone_and_on_both_addresses_of_localhost() {
    let (v4, v6) = (IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST));
    let of_localhost = if has_ipv6() { vec![v4, v6] } else { vec![v4] };
    for (redirect, expected) in [
        ("http://localhost", of_localhost.clone()),
        ("http://localhost/callback", of_localhost),
        ("http://127.0.0.1", vec![v4]),
    ] {
        let shop = Fixture::new();
        shop.add("shop", &[("--redirect-uri", Some(redirect))]).finish().code(0);
        let (running, port, callback) = started(&shop);
        let expected: Vec<_> = expected.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
        assert_eq!(listens_at(running.id()), expected, "{redirect}");
        assert_eq!(browser::get(&callback, shop.sandbox().ca_file()).unwrap().status, 200);
        running.finish().code(0);
    }
}

#[cfg(feature = "practice")]
#[test]
fn a_practice_listens_on_loopback_alone() {
    let home = Fixture::without_key();
    let mut served = home.run(&["practice", "--env-file", "practice.env", "--timeout", "20"]).start();
    crate::support::wait_until("the practice is ready", || {
        home.path().join("practice.env").exists() || served.has_ended()
    });
    let places = listens_at(served.id());
    assert_eq!(places.len(), 9, "a server for each part: {places:?}");
    assert!(places.iter().all(|place| place.ip().is_loopback()), "{places:?}");
}

#[test]
fn no_process_takes_the_port_while_the_binary_waits() {
    let shop = Fixture::added();
    for _ in 0..10 {
        let mut running = shop.run(&["--json", "authorize", "shop"]).start();
        let url = running.authorization_url();
        let parsed = Url::parse(&url).unwrap();
        let (_, redirect) = parsed.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap();
        let port = Url::parse(&redirect).unwrap().port().unwrap();
        let over = AtomicBool::new(false);
        let (wins, tries) = thread::scope(|scope| {
            let grabber = scope.spawn(|| grab(port, &over));
            let person = Person::SignsInAs(SHOP.to_owned());
            let callback = browser::obtain_redirect(&url, shop.sandbox().ca_file(), &person).unwrap();
            // From here on the program may let go.
            over.store(true, Ordering::SeqCst);
            let grabbed = grabber.join().unwrap();
            assert_eq!(browser::get(&callback, shop.sandbox().ca_file()).unwrap().status, 200);
            grabbed
        });
        assert!(tries > 0, "the grabber never tried");
        assert_eq!(wins, 0, "of {tries} tries");
        running.finish().code(0);
    }
}

/// Tries to bind `port` until `over`: how often that went well, and how often it was tried.
fn grab(port: u16, over: &AtomicBool) -> (u32, u32) {
    let places: [IpAddr; 4] = [
        Ipv4Addr::LOCALHOST.into(),
        Ipv6Addr::LOCALHOST.into(),
        Ipv4Addr::UNSPECIFIED.into(),
        Ipv6Addr::UNSPECIFIED.into(),
    ];
    let (mut wins, mut tries) = (0, 0);
    while !over.load(Ordering::SeqCst) {
        for place in places {
            tries += 1;
            wins += u32::from(TcpListener::bind((place, port)).is_ok());
        }
    }
    (wins, tries)
}

/// This process holds both ends' worth of sockets.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let wanted = 4 * SILENT as u64;
    if limit.current.is_some_and(|current| current < wanted) {
        assert!(limit.maximum.is_none_or(|most| most >= wanted), "this test needs {wanted} descriptors: {limit:?}");
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum }).unwrap();
    }
}

fn connect(port: u16, number: usize) -> TcpStream {
    let ip: IpAddr =
        if number % 2 == 1 && has_ipv6() { Ipv6Addr::LOCALHOST.into() } else { Ipv4Addr::LOCALHOST.into() };
    TcpStream::connect((ip, port)).unwrap()
}

/// Sends a request whose head has one line of 300 MB, and answers how much of it was taken.
fn send_endless_line(port: u16) -> usize {
    const LINE: usize = 300 * 1024 * 1024;
    let mut stream = connect(port, 0);
    stream.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(b"GET /?code=").unwrap();
    let block = vec![b'x'; 64 * 1024];
    let mut sent = 0;
    while sent < LINE && stream.write_all(&block).is_ok() {
        sent += block.len();
    }
    sent
}

/// The most memory (KiB) of a whole sign-in with `siege` before the browser comes back, and how long its page took.
fn besieged<T>(shop: &Fixture, siege: impl FnOnce(u16) -> T) -> (u64, Duration, T) {
    let (running, port, callback) = started(shop);
    let peak = memory::watch(running.id());
    let held = siege(port);
    let begun = Instant::now();
    let page = browser::get(&callback, shop.sandbox().ca_file()).unwrap();
    let took = begun.elapsed();
    assert_eq!(page.status, 200, "{}", page.body);
    running.finish().code(0);
    (peak.recv().unwrap(), took, held)
}

#[test]
fn a_siege_delays_no_sign_in_and_takes_no_memory() {
    raise_descriptor_limit();
    let shop = Fixture::added();
    let (plain, _, ()) = besieged(&shop, |_| ());
    let (peak, took, (held, sent)) = besieged(&shop, |port| {
        // Four in advance, as browsers open them, then the crowd, then the line, on both addresses.
        let held: Vec<TcpStream> = (0..4 + SILENT).map(|number| connect(port, number)).collect();
        let sent = thread::scope(|scope| {
            let lines: Vec<_> = (0..4).map(|_| scope.spawn(|| send_endless_line(port))).collect();
            lines.into_iter().map(|line| line.join().unwrap()).max().unwrap()
        });
        (held, sent)
    });
    let over = peak.saturating_sub(plain);
    println!(
        "plain {plain} KiB, besieged {peak} KiB: {over} KiB more; page after {took:?}; {sent} bytes of a line taken"
    );
    assert_eq!(held.len(), 1_504);
    assert!(sent < 32 * 1024 * 1024, "{sent} bytes of one line were taken");
    assert!(over < MEMORY_OVER_NORMAL, "{plain} KiB without and {peak} KiB with the siege");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

/// User and system time of a process, in clock ticks (proc(5), `stat`): a hundredth of a second each.
fn ticks(id: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let words: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    words[11].parse::<u64>().unwrap() + words[12].parse::<u64>().unwrap()
}

#[test]
fn a_listener_without_descriptors_neither_dies_nor_spins() {
    raise_descriptor_limit();
    let shop = Fixture::added();
    // Fewer than there may be connections.
    for descriptors in [16, 24, 32] {
        let run = shop.run_with_descriptors(descriptors, &["--json", "authorize", "shop"]);
        let (running, port, callback) = sign_in(&shop, run.start());
        let held: Vec<TcpStream> = (0..200).map(|number| connect(port, number)).collect();
        let before = ticks(running.id());
        thread::sleep(Duration::from_secs(2));
        let spent = ticks(running.id()) - before;
        println!("{spent} hundredths of a second were spent in two seconds, with {descriptors} descriptors");
        assert!(spent < 60, "{spent} hundredths of a second were spent in 200, with {descriptors} descriptors");
        let begun = Instant::now();
        assert_eq!(browser::get(&callback, shop.sandbox().ca_file()).unwrap().status, 200);
        running.finish().code(0);
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?} with {descriptors} descriptors", begun.elapsed());
        drop(held);
    }
}

/// A thread that waits in `accept` is woken by a connection of our own, and that needs a descriptor: the peers have them all
/// for a moment longer.
#[test]
fn a_listener_whose_peers_hold_the_last_descriptor_still_ends() {
    let shop = Fixture::added();
    for descriptors in 10..15 {
        for guests in 1..8 {
            let run = shop.run_with_descriptors(descriptors, &["--json", "authorize", "shop", "--timeout", "20"]);
            let mut running = run.start();
            let url = Url::parse(&running.authorization_url()).unwrap();
            let value = |wanted| url.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned();
            let mut callback = Url::parse(&value("redirect_uri")).unwrap();
            let port = callback.port().unwrap();
            callback.query_pairs_mut().append_pair("error", "access_denied").append_pair("state", &value("state"));
            let held: Vec<TcpStream> = (0..guests).map(|_| connect(port, 0)).collect();
            // The connection may be turned away when there is no room for it; a browser tries again.
            let limit = Instant::now() + Duration::from_secs(15);
            while !running.has_ended() && browser::get(callback.as_str(), shop.sandbox().ca_file()).is_err() {
                assert!(Instant::now() < limit, "it neither answers nor ends: {descriptors}, {guests}");
                thread::sleep(Duration::from_millis(10));
            }
            let ended = running.finish();
            assert!(ended.stdout.contains("access_denied"), "{descriptors}, {guests}: {}", ended.all_text());
            drop(held);
        }
    }
}

#[test]
fn a_real_tls_handshake_is_answered_and_explained_while_the_wait_goes_on() {
    let shop = Fixture::added();
    let (mut running, port, callback) = started(&shop);
    let connector = native_tls::TlsConnector::builder().danger_accept_invalid_certs(true).build().unwrap();
    for number in 0..2 {
        let stream = connect(port, number);
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let error = connector.connect("localhost", stream).expect_err("there is no TLS here").to_string();
        assert!(error.to_lowercase().contains("handshake failure"), "an alert says that there is none: {error}");
    }
    // Said at once, not when the time is over.
    running.wait_for_stderr("https instead of http");
    assert_eq!(browser::get(&callback, shop.sandbox().ca_file()).unwrap().status, 200);
    let finished = running.finish().code(0);
    assert_eq!(finished.stderr.matches("https instead of http").count(), 1, "{}", finished.stderr);
}
