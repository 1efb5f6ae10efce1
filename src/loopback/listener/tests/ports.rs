//! Which addresses and which port are held, and who else gets them (SECURITY.md L1, L2).

use super::*;

#[test]
fn localhost_holds_both_addresses_on_one_port() {
    let sign_in = sign_in("http://localhost");
    let addresses: Vec<_> = sign_in.listener.listeners.iter().map(|one| one.local_addr().unwrap()).collect();
    assert!(addresses.iter().all(|address| address.ip().is_loopback() && address.port() == sign_in.port()));
    assert_eq!(addresses[0].ip(), Ipv4Addr::LOCALHOST);
    let has_ipv6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    assert_eq!(addresses.len(), if has_ipv6 { 2 } else { 1 });
    assert_eq!(sign_in.listener.redirect_uri().to_string(), format!("http://localhost:{}", sign_in.port()));
}

#[test]
fn a_squatter_on_the_other_address_moves_us_or_stops_us() {
    let Ok(squatter) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) else { return };
    let port = squatter.local_addr().unwrap().port();
    assert_eq!(bind_all(&BOTH, port).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    let fixed = format!("http://localhost:{port}").parse().unwrap();
    let failure = LoopbackListener::bind(&fixed, Transcript::default()).err().expect("half a port is not enough");
    assert!(matches!(failure.kind, FailureKind::Local { .. }), "{failure}");
}

#[test]
fn a_port_in_the_redirect_is_kept_and_so_is_its_path() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (text, expected) in [
        (format!("http://127.0.0.1:{free}/a/b/?x=1"), format!("http://127.0.0.1:{free}/a/b/?x=1")),
        (format!("http://127.0.0.1:{free}"), format!("http://127.0.0.1:{free}")),
    ] {
        let listener = LoopbackListener::bind(&text.parse().unwrap(), Transcript::default()).ok().unwrap();
        assert_eq!(listener.redirect_uri().to_string(), expected);
        let again = LoopbackListener::bind(&text.parse().unwrap(), Transcript::default());
        assert!(again.is_err(), "the port is held");
    }
    for foreign in ["https://localhost/x", "https://login.example/callback"] {
        assert!(LoopbackListener::bind(&foreign.parse().unwrap(), Transcript::default()).is_err(), "{foreign}");
    }
}

const BOTH: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

#[test]
fn a_squatter_on_ipv6_moves_us_to_another_port() {
    let Ok(squatter) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) else { return };
    let port = squatter.local_addr().unwrap().port();
    let listeners = bind_first(&BOTH, &[port, 0]).unwrap();
    let held: Vec<_> = listeners.iter().map(|one| one.local_addr().unwrap()).collect();
    assert_eq!(held.len(), 2);
    assert!(held[0].port() == held[1].port() && held[0].port() != port, "{held:?} beside {port}");
    assert!(bind_first(&BOTH, &[port; 16]).is_err(), "half a port is not enough, however often it is tried");
    assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok(), "the other half was let go");
}

/// Two thousand squatters are in the way of one port in ten, of those that the system gives to such as we are.
#[test]
fn a_crowd_of_squatters_on_ipv6_gets_none_of_our_ports() {
    let squatters: Vec<TcpListener> =
        (0..2_000).map_while(|_| TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).ok()).collect();
    let taken: std::collections::BTreeSet<u16> = squatters.iter().map(|one| one.local_addr().unwrap().port()).collect();
    for _ in 0..300 {
        let listener =
            LoopbackListener::bind(&"http://localhost".parse().unwrap(), Transcript::default()).ok().unwrap();
        let port = listener.redirect_uri().as_url().port().unwrap();
        assert!(!taken.contains(&port), "{port} is a squatter's");
        assert!(squatters.is_empty() || listener.listeners.len() == 2, "{port} is held by half");
    }
}

/// Tries to bind `port`, on each address there is, until `over`.
fn grab(port: u16, over: &AtomicBool) -> (u32, u32) {
    let everywhere = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
    let (mut wins, mut tries) = (0, 0);
    while tries == 0 || !over.load(Ordering::SeqCst) {
        for place in BOTH.into_iter().chain(everywhere) {
            tries += 1;
            // A machine without IPv6 has nothing to win there.
            wins += u32::from(TcpListener::bind((place, port)).is_ok());
        }
    }
    (wins, tries)
}

#[test]
fn a_port_grabber_beside_a_thousand_logins_wins_none() {
    let (mut wins, mut tries) = (0, 0);
    for _ in 0..1_000 {
        let sign_in = sign_in("http://localhost/callback");
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let grabber = scope.spawn(|| grab(sign_in.port(), &over));
            let (.., page) = sign_in.run(|_| ());
            assert!(page.contains("is authorized"), "{page}");
            over.store(true, Ordering::SeqCst);
            // The listener is dropped only when no process tries any more.
            let (won, tried) = grabber.join().unwrap();
            (wins, tries) = (wins + won, tries + tried);
        });
    }
    println!("{tries} tries beside 1,000 logins");
    assert!(tries >= 4_000);
    assert_eq!(wins, 0, "of {tries} tries");
}
