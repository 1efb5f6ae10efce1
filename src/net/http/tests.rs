use std::io::Write;
use std::net::TcpListener;

use super::*;
use crate::failure::ProxyFault;
use crate::net::testing::{self, Server};

fn kind_of(result: Result<HttpResponse, Failure>) -> FailureKind {
    result.err().expect("a failure").kind
}

#[test]
fn status_type_and_retry_after_are_recorded() {
    let headers = "Content-Type: text/html; charset=x\r\nRetry-After: 120\r\n";
    let server = Server::answering("503 Busy", headers, "<p>later");
    let answer = testing::client().get(&server.url("/a?b=c")).unwrap();
    assert_eq!((answer.status, answer.retry_after), (503, Some(Duration::from_secs(120))));
    assert_eq!(answer.content_type.as_deref(), Some("text/html; charset=x"));
    assert_eq!(&answer.body[..], b"<p>later");
    server.finish();
}

#[test]
fn a_date_in_retry_after_is_measured_by_the_servers_own_clock() {
    let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
    let wait = |value| retry_after(value, date).map(|wait| wait.as_secs());
    assert_eq!(wait("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
    assert_eq!(wait("Sun, 06 Nov 1994 08:48:37 GMT"), Some(0));
    assert_eq!(wait("99999999"), Some(3600));
    assert_eq!(wait("soon"), None);
    // Without one our own clock has to do.
    assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:37 GMT", None), Some(Duration::ZERO));
    assert_eq!(retry_after("Sat, 06 Nov 2094 08:50:37 GMT", None), Some(RETRY_LIMIT));
}

#[test]
fn the_servers_time_is_its_date_and_the_age_in_a_cache() {
    for (headers, seconds) in [
        ("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", Some(784_111_777)),
        ("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nAge: 600\r\n", Some(784_112_377)),
        ("Date: yesterday\r\n", None),
        ("", None),
    ] {
        let server = Server::answering("200 OK", headers, "{}");
        let answer = testing::client().get(&server.url("/")).unwrap();
        assert_eq!(answer.date.map(Timestamp::as_second), seconds, "{headers}");
        server.finish();
    }
}

#[test]
fn redirects_are_reported_and_not_followed() {
    for status in ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"] {
        let server = Server::answering(status, "Location: /elsewhere\r\n", "");
        assert_eq!(testing::client().get(&server.url("/")).unwrap().status / 100, 3, "{status}");
        server.finish();
    }
}

/// One that the server closes at that very moment would lose a code, or send it again.
#[test]
fn each_request_has_a_connection_of_its_own() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url: EndpointUrl = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let server = std::thread::spawn(move || {
        let mut kept = Vec::new();
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            testing::read_request(&mut stream);
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}").unwrap();
            kept.push(stream);
        }
    });
    // On the first connection no second answer would come.
    let client = testing::client().until(Instant::now() + Duration::from_secs(5));
    for request in 1..=2 {
        assert_eq!(client.get(&url).map(|answer| answer.status).ok(), Some(200), "request {request}");
    }
    server.join().unwrap();
}

#[test]
fn no_compression_is_asked_for_and_no_cookie_kept() {
    let check: fn(&str) = |request| {
        let lower = request.to_ascii_lowercase();
        assert!(!lower.contains("gzip") && !lower.contains("cookie:"), "{request}");
    };
    let step = move |cookie: &'static str| -> testing::Step {
        Box::new(move |request, stream| {
            check(request);
            testing::reply("200 OK", cookie, "{}")(request, stream);
        })
    };
    let server = Server::script(vec![step("Set-Cookie: a=b\r\n"), step("")]);
    let client = testing::client();
    client.get(&server.url("/")).unwrap();
    client.get(&server.url("/")).unwrap();
    server.finish();
}

#[test]
fn a_body_of_the_limit_is_read_and_one_byte_more_is_not() {
    const LIMIT: usize = 256 * 1024;
    let server = Server::answering("200 OK", "", vec![b'x'; LIMIT]);
    assert_eq!(testing::client().get(&server.url("/")).unwrap().body.len(), LIMIT);
    server.finish();
    let server = Server::answering("200 OK", "", vec![b'x'; LIMIT + 1]);
    let kind = kind_of(testing::client().get(&server.url("/")));
    assert!(matches!(kind, FailureKind::TooLarge { limit: LIMIT, .. }), "{kind:?}");
    server.finish();
}

#[test]
fn endless_heads_and_bodies_are_given_up() {
    let endless = |start: &'static [u8], again: &'static [u8]| {
        Server::script(vec![Box::new(move |_, stream| {
            let _ = stream.write_all(start);
            for _ in 0..1_000_000 {
                if stream.write_all(again).is_err() {
                    return;
                }
            }
            panic!("the client read it all");
        })])
    };
    let block = &[b'x'; 1024];
    let body = endless(b"HTTP/1.1 200 OK\r\n\r\n", block);
    let kind = kind_of(testing::client().get(&body.url("/")));
    assert!(matches!(kind, FailureKind::TooLarge { .. }), "{kind:?}");
    body.finish();
    let head = endless(b"HTTP/1.1 200 OK\r\nA: ", block);
    let kind = kind_of(testing::client().get(&head.url("/")));
    assert!(matches!(kind, FailureKind::TooLarge { .. } | FailureKind::Unreadable { .. }), "{kind:?}");
    head.finish();
}

#[test]
fn a_dripping_server_meets_the_deadline() {
    let server = Server::script(vec![Box::new(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
        for _ in 0..100 {
            if stream.write_all(b"x").is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the client waited for it all");
    })]);
    let started = Instant::now();
    let client = testing::client().until(started + Duration::from_millis(300));
    let kind = kind_of(client.get(&server.url("/")));
    assert!(matches!(kind, FailureKind::TimedOut { .. }), "{kind:?}");
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    let kind = kind_of(client.get(&server.url("/")));
    assert!(matches!(kind, FailureKind::TimedOut { .. }), "a passed deadline lets nothing out: {kind:?}");
    server.finish();
}

#[test]
fn refused_lost_and_unknown_are_told_apart() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}/").parse().unwrap();
    let kind = kind_of(testing::client().get(&url));
    assert_eq!(kind, FailureKind::ConnectionRefused { host: "127.0.0.1".into(), port });
    let server = Server::script(vec![Box::new(|_, _| {})]);
    let kind = kind_of(testing::client().get(&server.url("/")));
    assert!(matches!(kind, FailureKind::ConnectionLost { .. }), "{kind:?}");
    server.finish();
    let server = Server::script(vec![Box::new(|_, stream| stream.write_all(b"* OK IMAP here\r\n\r\n").unwrap())]);
    let kind = kind_of(testing::client().get(&server.url("/")));
    assert!(matches!(kind, FailureKind::Unreadable { .. }), "{kind:?}");
    server.finish();
    let kind = kind_of(testing::client().get(&"https://no-such-host.invalid/".parse().unwrap()));
    assert!(
        matches!(&kind, FailureKind::NameNotFound { host } | FailureKind::NameLookupFailed { host, .. } if host == "no-such-host.invalid"),
        "{kind:?}"
    );
}

#[test]
fn https_asks_for_the_connector_and_hands_its_failure_on() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let kind = kind_of(testing::client().get(&url));
    assert!(
        matches!(&kind, FailureKind::Local { what, .. } if what == "reading the CA file no-such-file.pem"),
        "{kind:?}"
    );
}

fn proxies(variable: &'static str, value: &str) -> Proxies {
    let value = value.to_owned();
    Proxies::of(&move |name| (name == variable).then(|| value.clone()))
}

#[test]
fn a_proxy_carries_requests_but_never_those_to_this_machine() {
    let proxy = Server::script(vec![Box::new(|request, stream| {
        assert!(request.starts_with("CONNECT login.example:443 "), "{request}");
        stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").unwrap();
    })]);
    let setting = proxies("all_proxy", proxy.address());
    let client = testing::client_through(&setting);
    let server = Server::answering("200 OK", "", "{}");
    assert_eq!(client.get(&server.url("/")).unwrap().status, 200);
    server.finish();
    let kind = kind_of(client.get(&"https://login.example/".parse().unwrap()));
    let FailureKind::Proxy(trouble) = &kind else { panic!("{kind:?}") };
    assert_eq!((trouble.variable, trouble.host.as_str()), ("all_proxy", "login.example"));
    assert_eq!(trouble.fault, ProxyFault::WantsSignIn { scheme: None });
    proxy.finish();
}

#[test]
fn a_socks_proxy_is_spoken_to() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let setting = proxies("all_proxy", &format!("socks5h://{}", listener.local_addr().unwrap()));
    let proxy = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = [0; 3];
        stream.read_exact(&mut hello).unwrap();
        stream.write_all(&[5, 0]).unwrap();
        let mut request = [0; 20];
        stream.read_exact(&mut request).unwrap();
        stream.write_all(&[5, 5, 0, 1]).unwrap();
        request
    });
    let client = testing::client_through(&setting);
    let kind = kind_of(client.get(&"https://login.example/".parse().unwrap()));
    let FailureKind::Proxy(trouble) = &kind else { panic!("{kind:?}") };
    assert!(matches!(&trouble.fault, ProxyFault::HostNotReached { answer } if answer.contains("refused")), "{kind:?}");
    assert_eq!(&proxy.join().unwrap(), b"\x05\x01\0\x03\x0dlogin.example\x01\xbb");
}

#[test]
fn only_known_fields_of_a_form_are_shown() {
    let shown = redacted_form(b"grant_type=refresh_token&refresh_token=canary&client_secret=canary&x=canary");
    assert_eq!(shown, "grant_type=refresh_token & refresh_token=[redacted] & client_secret=[redacted] & x=[redacted]");
}

#[test]
fn a_platform_on_the_own_network_link_is_asked_without_a_proxy() {
    let env = |name: &str| ["http_proxy", "https_proxy"].contains(&name).then(|| "proxy.example:3128".to_owned());
    let http = testing::client_through(&Proxies::of(&env));
    for url in ["http://169.254.169.254/metadata", "https://platform.example/token"] {
        let url = EndpointUrl::of_platform(url).unwrap();
        assert!(http.proxy_to(&url).is_some() && http.again().proxy_to(&url).is_some(), "{url}");
        assert_eq!(http.directly(Duration::from_secs(1)).proxy_to(&url), None, "{url}");
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    assert_eq!(http.until(deadline).directly(Duration::from_secs(1)).deadline(), Some(deadline));
}
