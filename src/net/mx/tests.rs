use std::net::TcpListener;
use std::thread;

use super::*;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

/// The answer to `query`: one host, `mx` in the domain that was asked for.
fn answer(query: &[u8], flags: [u8; 2]) -> Vec<u8> {
    let mut message = query.to_vec();
    message[2..4].copy_from_slice(&flags);
    message[7] = 1;
    message.extend(b"\xc0\x0c\x00\x0f\x00\x01\x00\x00\x00\x00\x00\x07\x00\x05\x02mx\xc0\x0c");
    message
}

/// A name server that answers each datagram with what `reply` makes of it.
fn server(reply: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut query = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut query) {
            for datagram in reply(&query[..length]) {
                socket.send_to(&datagram, from).unwrap();
            }
        }
    });
    address
}

#[test]
fn a_server_is_asked_and_strays_before_its_answer_are_dropped() {
    let server = server(|query| {
        let mut stray = answer(query, [0x81, 0x80]);
        stray[0] ^= 0xff;
        vec![b"nonsense".to_vec(), stray, answer(query, [0x81, 0x80])]
    });
    assert_eq!(look_up("contoso.com", &[server], soon()), ["mx.contoso.com"]);
}

#[test]
fn the_next_server_is_asked_where_one_fails_or_is_silent() {
    let failing = server(|query| vec![answer(query, [0x81, 0x82])]);
    let silent = server(|_| Vec::new());
    let good = server(|query| vec![answer(query, [0x81, 0x80])]);
    let start = Instant::now();
    assert_eq!(look_up("contoso.com", &[failing, silent, good], start + Duration::from_secs(2)), ["mx.contoso.com"]);
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(look_up("contoso.com", &[silent], Instant::now() + Duration::from_millis(200)), [""; 0]);
    assert_eq!(look_up("contoso.com", &[], soon()), [""; 0]);
}

#[test]
fn an_answer_that_was_cut_is_asked_for_by_tcp_and_a_dripping_server_meets_the_deadline() {
    for is_slow in [false, true] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let socket = UdpSocket::bind(address).unwrap();
        thread::spawn(move || {
            let mut query = [0; 512];
            let (length, from) = socket.recv_from(&mut query).unwrap();
            socket.send_to(&answer(&query[..length], [0x83, 0x80]), from).unwrap();
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = vec![0; length + 2];
            stream.read_exact(&mut asked).unwrap();
            let message = answer(&asked[2..], [0x81, 0x80]);
            let length = u16::try_from(message.len()).unwrap().to_be_bytes();
            for byte in [&length[..], &message].concat() {
                if is_slow {
                    thread::sleep(Duration::from_millis(50));
                }
                if stream.write_all(&[byte]).is_err() {
                    return;
                }
            }
        });
        let start = Instant::now();
        let hosts = look_up("contoso.com", &[address], start + Duration::from_millis(600));
        assert_eq!(hosts.is_empty(), is_slow, "{hosts:?}");
        assert!(start.elapsed() < Duration::from_secs(3));
    }
}

#[test]
fn the_system_s_servers_are_read_and_reserved_domains_are_not_asked_for() {
    let settings = "# by hand\nnameserver 192.0.2.1\n nameserver\t2001:db8::1\nnameserver fe80::1%eth0\noptions edns0\n\
                    nameserver 192.0.2.2\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n";
    let servers: Vec<String> = named_in(settings).iter().map(SocketAddr::to_string).collect();
    assert_eq!(servers, ["192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.2:53"]);
    for domain in ["contoso.example", "shop.LOCAL", "localhost", "a.test"] {
        assert!(is_reserved(domain), "{domain}");
    }
    assert!(!is_reserved("example.com"));
}
