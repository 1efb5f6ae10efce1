//! A sign-in host with eight addresses that say nothing before the good one, as where IPv6 is routed and dropped.

use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::sandbox::world::SHOP;
use crate::support::fixture::Fixture;
use crate::support::practice::ALWAYS_STALE;

/// Listeners whose queue is full: the kernel drops every further SYN.
const SILENT: &str = r#"
use strict; use Socket; use Fcntl; $| = 1;
my ($port, @ips) = @ARGV; my @keep;
for my $ip (@ips) {
    my $there = sockaddr_in($port, inet_aton($ip));
    socket(my $server, PF_INET, SOCK_STREAM, 0) or die $!;
    bind($server, $there) && listen($server, 0) or die "$ip: $!";
    push @keep, $server;
    for (1 .. 3) {
        socket(my $client, PF_INET, SOCK_STREAM, 0) or die $!;
        fcntl($client, F_SETFL, O_NONBLOCK); connect($client, $there); push @keep, $client;
    }
}
select(undef, undef, undef, 0.3); print "ready\n"; <STDIN>;
"#;

/// It ends with its standard input.
struct Silence(Child);

impl Silence {
    fn at(port: u16, addresses: &[String]) -> Option<Self> {
        let mut perl = Command::new("perl");
        perl.args(["-e", SILENT, &port.to_string()]).args(addresses);
        let mut child = perl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let mut said = String::new();
        BufReader::new(child.stdout.take()?).read_line(&mut said).ok()?;
        (said == "ready\n").then_some(Self(child))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Leads a port at `from` to the same port at 127.0.0.1.
fn forward(from: &str, port: u16) -> Option<()> {
    let listener = TcpListener::bind((from, port)).ok()?;
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
            let (Ok(from), Ok(to)) = (client.try_clone(), server.try_clone()) else { continue };
            std::thread::spawn(move || std::io::copy(&mut &from, &mut &to));
            std::thread::spawn(move || std::io::copy(&mut &server, &mut &client));
        }
    });
    Some(())
}

#[test]
fn eight_silent_addresses_cost_the_sign_in_two_seconds_and_a_half_at_most() {
    let shop = Fixture::added();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    let port = shop.sandbox().ports().https;
    let dead: Vec<String> = (2..10).map(|last| format!("127.0.0.{last}")).collect();
    // The resolver puts what is nearest first (RFC 6724, rule 9): the good one is the farthest.
    let good = "127.128.0.1";
    let hosts: String = dead.iter().map(String::as_str).chain([good]).map(|ip| format!("{ip} localhost\n")).collect();
    let file = shop.path().join("hosts");
    std::fs::write(&file, hosts).unwrap();
    let script = format!(
        "exec unshare --map-root-user --mount sh -c 'mount --bind \"{}\" /etc/hosts && exec \"$0\" \"$@\"' \"$0\" \"$@\"",
        file.display()
    );
    let silence = Silence::at(port, &dead);
    let may_mount = shop.run_script(&script, &["--version"]).finish().code == Some(0);
    if silence.is_none() || forward(good, port).is_none() || !may_mount {
        assert!(std::env::var_os("MAILGRANT_TEST_REQUIRE").is_none(), "no silent addresses are possible here");
        return;
    }
    let timed = |run: &dyn Fn() -> Option<i32>| {
        let started = Instant::now();
        assert_eq!(run(), Some(0));
        started.elapsed()
    };
    let plain = timed(&|| shop.run(&["token", "shop"]).finish().code);
    let cost = || timed(&|| shop.run_script(&script, &["token", "shop"]).finish().code).saturating_sub(plain);
    // A loaded machine is slow now and then; one that waits for each address in turn is so every time.
    let costs: Vec<Duration> = (0..3).map(|_| cost()).collect();
    assert!(
        costs.iter().all(|cost| *cost > Duration::from_millis(1500)),
        "the silent addresses were not tried: {costs:?}"
    );
    assert!(costs.iter().any(|cost| *cost < Duration::from_millis(2500)), "{costs:?}");
}
