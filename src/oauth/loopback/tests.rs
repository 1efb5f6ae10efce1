//! The listener against everything that can knock on a port of this machine (SECURITY.md L1 to L7).

use std::io::{Read, Write};
use std::sync::Mutex;

use secrecy::ExposeSecret;

use super::*;
use crate::oauth::testing;
use crate::profile::App;
use crate::transcript::Redactor;

const SUCCESS: fn() -> SuccessPage = || SuccessPage {
    mailbox: "shop".to_owned(),
    address: "shop@contoso.com".to_owned(),
    signed_in_as: "shop@contoso.com".to_owned(),
};

struct SignIn {
    listener: LoopbackListener,
    request: AuthorizationRequest,
    state: String,
    app: App,
    /// The wait is over, and nobody answers any more.
    over: AtomicBool,
}

fn sign_in(redirect: &str) -> SignIn {
    let app = testing::oidc("https://id.example");
    let listener = LoopbackListener::bind(&redirect.parse().unwrap(), Transcript::default()).ok().unwrap();
    begin(app, listener)
}

fn begin(app: App, listener: LoopbackListener) -> SignIn {
    let endpoints = testing::endpoints("https://id.example/token".parse().unwrap());
    let hint = "shop@contoso.com".parse().unwrap();
    let request = AuthorizationRequest::begin(&app, &endpoints, listener.redirect_uri(), &[], &hint, true);
    let state = request.url().query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    SignIn { listener, request, state, app, over: AtomicBool::new(false) }
}

type Outcome = Result<(Callback, PendingPage), Box<FailedWait>>;

impl SignIn {
    fn port(&self) -> u16 {
        self.listener.redirect_uri().as_url().port().unwrap()
    }

    fn connect(&self) -> TcpStream {
        assert!(!self.over.load(Ordering::SeqCst), "the wait ended too early");
        let stream = TcpStream::connect(self.listener.listeners[0].local_addr().unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
        stream
    }

    fn head(&self, method: &str, target: &str) -> String {
        format!("{method} {target} HTTP/1.1\r\nHost: {}\r\nUser-Agent: test\r\n\r\n", self.listener.host)
    }

    /// What the listener answers to these bytes, until it closes.
    fn say(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes.as_ref()).unwrap();
        answer_of(&mut stream)
    }

    fn get(&self, target: &str) -> String {
        self.say(self.head("GET", target))
    }

    fn right(&self) -> String {
        format!("{}?code=the-code&state={}", self.listener.redirect.as_url().path(), self.state)
    }

    fn wait_for(&self, limit: Duration) -> Outcome {
        self.listener.wait(&self.request, Instant::now() + limit, &AtomicBool::new(false))
    }

    /// Runs `knock` beside the wait, then sends the right answer, and returns what `knock` returned, how long the right
    /// answer took, and the page it got.
    fn run<T: Send>(&self, knock: impl FnOnce(&Self) -> T + Send) -> (T, Duration, String) {
        thread::scope(|scope| {
            let browser = scope.spawn(|| {
                let before = knock(self);
                let started = Instant::now();
                let page = self.get(&self.right());
                (before, started.elapsed(), page)
            });
            let outcome = self.wait_for(Duration::from_secs(60));
            self.over.store(true, Ordering::SeqCst);
            let (callback, page) = outcome.ok().expect("a code");
            assert_eq!(callback.code.expose_secret(), "the-code");
            page.succeed(&SUCCESS());
            browser.join().unwrap()
        })
    }
}

fn answer_of(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn the_right_answer_gets_its_page_only_when_the_exchange_is_done() {
    let sign_in = sign_in("http://127.0.0.1/callback");
    let mut stream = sign_in.connect();
    stream.write_all(sign_in.head("GET", &sign_in.right()).as_bytes()).unwrap();
    let (callback, page) = sign_in.wait_for(Duration::from_secs(10)).ok().unwrap();
    assert_eq!(callback.code.expose_secret(), "the-code");
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let early = stream.read(&mut [0; 1]).unwrap_err();
    assert!(matches!(early.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut), "{early}");
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    page.succeed(&SUCCESS());
    let answer = answer_of(&mut stream);
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    for header in [
        "Content-Security-Policy: default-src 'none'; style-src 'sha256-",
        "Cache-Control: no-store\r\n",
        "X-Content-Type-Options: nosniff\r\n",
        "Referrer-Policy: no-referrer\r\n",
    ] {
        assert!(answer.contains(header), "{header} in {answer}");
    }
    assert!(answer.contains("shop@contoso.com is connected"));
    assert!(!answer.contains("the-code") && !answer.contains(&sign_in.state), "nothing of the address is repeated");
}

#[test]
fn a_provider_that_says_no_leaves_the_page_open_for_the_reason() {
    let sign_in = sign_in("http://127.0.0.1/callback");
    let mut stream = sign_in.connect();
    let target = format!("/callback?error=access_denied&error_description=<b>no</b>&state={}", sign_in.state);
    stream.write_all(sign_in.head("GET", &target).as_bytes()).unwrap();
    let failed = sign_in.wait_for(Duration::from_secs(10)).err().unwrap();
    assert!(matches!(&failed.failure.kind, FailureKind::OAuth(fault) if fault.error == "access_denied"));
    failed.page.fail(&FailurePage {
        title: "Not allowed".to_owned(),
        cause: "<b>no</b>".to_owned(),
        steps: vec!["Ask an administrator.".to_owned()],
    });
    let answer = answer_of(&mut stream);
    assert!(answer.starts_with("HTTP/1.0 400 "), "{answer}");
    assert!(answer.contains("Ask an administrator.") && answer.contains("&lt;b&gt;no"), "{answer}");
}

#[test]
fn a_forgotten_page_says_that_the_sign_in_was_interrupted() {
    let sign_in = sign_in("http://127.0.0.1/callback");
    let mut stream = sign_in.connect();
    stream.write_all(sign_in.head("GET", &sign_in.right()).as_bytes()).unwrap();
    drop(sign_in.wait_for(Duration::from_secs(10)));
    assert!(answer_of(&mut stream).contains("interrupted"));
}

#[test]
fn everything_but_the_right_answer_is_refused_and_the_wait_goes_on() {
    let sign_in = sign_in("http://localhost/callback");
    let host = sign_in.listener.host.clone();
    let right = sign_in.right();
    let raw = |lines: &str| format!("{lines}\r\n\r\n");
    let cases = [
        (sign_in.head("GET", "/"), "404"),
        (sign_in.head("GET", "/favicon.ico"), "404"),
        (sign_in.head("GET", "/callback"), "404"),
        (sign_in.head("GET", "/callback?"), "404"),
        (sign_in.head("GET", &right.replace("/callback", "/callback/")), "404"),
        (sign_in.head("GET", &right.replace("/callback", "//callback")), "404"),
        (sign_in.head("GET", &right.replace("/callback", "/Callback")), "404"),
        (sign_in.head("GET", &format!("http://{host}{right}")), "404"),
        (sign_in.head("GET", "/callback?code=x"), "400"),
        (sign_in.head("GET", "/callback?code=x&state=y"), "400"),
        (sign_in.head("GET", "/callback?error=access_denied&state=y"), "400"),
        (sign_in.head("GET", &format!("{right}&state={}", sign_in.state)), "400"),
        // Found by fuzzing: bytes that are no ASCII stood for the `?`.
        (sign_in.head("GET", &right.replace('?', "äa=b&")), "400"),
        (sign_in.head("HEAD", &right), "405"),
        (sign_in.head("OPTIONS", &right), "405"),
        (sign_in.head("POST", &right), "405"),
        (sign_in.head("BREW", &right), "405"),
        (sign_in.head("get", &right), "405"),
        (raw(&format!("GET {right} HTTP/1.1\r\nHost: evil.example")), "421"),
        (raw(&format!("GET {right} HTTP/1.1\r\nHost: 127.0.0.1:{}", sign_in.port())), "421"),
        (raw(&format!("GET {right} HTTP/1.1\r\nHost: {host}.evil.example")), "421"),
        (raw(&format!("GET {right} HTTP/1.1\r\nHost: localhost")), "421"),
        (raw(&format!("GET {right} HTTP/1.1")), "421"),
        (raw(&format!("GET {right} HTTP/1.1\r\nHost: {host}\r\nHost: {host}")), "400"),
        (raw(&format!("GET {right} HTTP/1.1\r\nHost: {host}\r\nHost : x")), "400"),
        (raw(&format!("GET {right} HTTP/1.1\r\nHost: {host}\r\n folded")), "400"),
        (raw(&format!("GET {right} HTTP/1.1\r\nno header\r\nHost: {host}")), "400"),
        (raw(&format!("GET {right} HTTP/2.0\r\nHost: {host}")), "505"),
        (raw("PRI * HTTP/2.0"), "505"),
        (raw(&format!("GET  {right} HTTP/1.1\r\nHost: {host}")), "400"),
        (raw(&format!("GET {right}\r\nHost: {host}")), "400"),
        (raw("GET"), "400"),
        (raw(""), "400"),
        (raw(&format!("POST {right} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked")), "411"),
        (raw(&format!("POST {right} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 16385")), "413"),
        (raw(&format!("POST {right} HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1")), "400"),
        (raw(&format!("GET {right} HTTP/1.1\r\nHost: {host}\r\nCookie: {}", "x".repeat(9000))), "431"),
    ];
    let count = cases.len();
    let (refused, _, page) =
        sign_in.run(|sign_in| cases.map(|(bytes, status)| (sign_in.say(&bytes), status, bytes)).to_vec());
    assert_eq!(refused.len(), count);
    for (answer, status, bytes) in refused {
        let bytes = &bytes[..bytes.len().min(200)];
        assert!(answer.starts_with(&format!("HTTP/1.0 {status} ")), "{bytes}: {answer}");
        assert!(!answer.contains(&sign_in.state) && !answer.contains("id.example"), "{bytes}: {answer}");
        assert_eq!(answer.contains("<html"), !bytes.starts_with("HEAD"), "{bytes}");
    }
    assert!(page.starts_with("HTTP/1.0 200 "));
    assert_eq!(sign_in.listener.strays().other_state, 2);
    assert_eq!(sign_in.app.client_id.as_str(), "my-app");
}

#[test]
fn cookies_of_other_programs_do_not_disturb() {
    let sign_in = sign_in("http://localhost");
    let head = format!(
        "GET {} HTTP/1.1\r\nhost: {}\r\nCookie: a=\u{fc};b=\"\u{1f36a}\"\r\nSec-Fetch-Mode: navigate\r\n\r\n",
        sign_in.right(),
        sign_in.listener.host.to_uppercase()
    );
    let page = thread::scope(|scope| {
        let browser = scope.spawn(|| sign_in.say(&head));
        sign_in.wait_for(Duration::from_secs(10)).ok().unwrap().1.succeed(&SUCCESS());
        browser.join().unwrap()
    });
    assert!(page.contains("is connected"), "{page}");
}

#[test]
fn a_thousand_wrong_callbacks_change_nothing() {
    let sign_in = sign_in("http://127.0.0.1/callback");
    let ((), elapsed, page) = sign_in.run(|sign_in| {
        for number in 0..1000 {
            let answer = sign_in.get(&format!("/callback?code=c&state={number}"));
            assert!(answer.starts_with("HTTP/1.0 400 "), "{answer}");
        }
    });
    assert!(page.contains("is connected"));
    assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
    assert_eq!(sign_in.listener.strays(), Strays { tls: 0, other_state: 1000, other: 0 });
}

#[test]
fn two_hundred_silent_sockets_do_not_keep_the_browser_waiting() {
    let sign_in = sign_in("http://127.0.0.1/callback");
    let (held, elapsed, page) = sign_in.run(|sign_in| (0..200).map(|_| sign_in.connect()).collect::<Vec<_>>());
    assert!(page.contains("is connected"));
    assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
    drop(held);
}

#[test]
fn dawdlers_and_preconnects_do_not_keep_the_browser_waiting() {
    let sign_in = sign_in("http://127.0.0.1/callback");
    let (held, elapsed, page) = sign_in.run(|sign_in| {
        // Four connections in advance, as browsers open them, and a crowd that has begun a request and stalls.
        let mut held: Vec<_> = (0..4).map(|_| sign_in.connect()).collect();
        for _ in 0..100 {
            let mut stream = sign_in.connect();
            stream.write_all(b"GET /callback?code=").unwrap();
            held.push(stream);
        }
        held
    });
    assert!(page.contains("is connected"));
    assert!(elapsed < Duration::from_secs(2), "{elapsed:?}");
    drop(held);
}

#[test]
fn a_preconnected_socket_can_bring_the_answer() {
    let sign_in = sign_in("http://127.0.0.1/callback");
    let mut stream = sign_in.connect();
    let page = thread::scope(|scope| {
        let browser = scope.spawn(|| {
            thread::sleep(Duration::from_millis(300));
            for piece in sign_in.head("GET", &sign_in.right()).as_bytes().chunks(7) {
                stream.write_all(piece).unwrap();
            }
            answer_of(&mut stream)
        });
        sign_in.wait_for(Duration::from_secs(10)).ok().unwrap().1.succeed(&SUCCESS());
        browser.join().unwrap()
    });
    assert!(page.contains("is connected"), "{page}");
}

#[test]
fn fifty_megabytes_of_header_are_cut_off_early() {
    let sign_in = sign_in("http://127.0.0.1/callback");
    let (sent, _, page) = sign_in.run(|sign_in| {
        let mut stream = sign_in.connect();
        stream.write_all(b"GET / HTTP/1.1\r\nX: ").unwrap();
        let block = [b'x'; 64 * 1024];
        (0..800).take_while(|_| stream.write_all(&block).is_ok()).count()
    });
    // What the kernel buffers of a connection nobody reads is a few MB; the listener itself has stopped at 24 KiB.
    assert!(sent < 800, "all of it was taken");
    assert!(page.contains("is connected"));
}

#[test]
fn a_tls_handshake_is_recognized_and_remembered() {
    let shown = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&shown);
    let transcript =
        Transcript::new(Redactor::default(), Some(Arc::new(move |line: &str| sink.lock().unwrap().push_str(line))));
    let redirect = "http://127.0.0.1/callback".parse().unwrap();
    let listener = LoopbackListener::bind(&redirect, transcript).ok().unwrap();
    let sign_in = begin(testing::oidc("https://id.example"), listener);
    let hello = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03];
    let (alert, _, _) = sign_in.run(|sign_in| {
        let mut stream = sign_in.connect();
        stream.write_all(&hello).unwrap();
        let mut alert = Vec::new();
        stream.read_to_end(&mut alert).unwrap();
        alert
    });
    assert_eq!(alert, [0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x28]);
    assert_eq!(sign_in.listener.strays().tls, 1);
    assert!(shown.lock().unwrap().contains("https instead of http"));
}

#[test]
fn the_wait_ends_at_its_deadline_and_when_it_is_cancelled() {
    let sign_in = sign_in("http://127.0.0.1");
    let silent: Vec<_> = (0..40).map(|_| sign_in.connect()).collect();
    let started = Instant::now();
    let failed = sign_in.wait_for(Duration::from_millis(150)).err().unwrap();
    assert!(matches!(failed.failure.kind, FailureKind::SignInTimedOut { .. }), "{}", failed.failure);
    let cancelled = AtomicBool::new(true);
    let outcome = sign_in.listener.wait(&sign_in.request, Instant::now() + Duration::from_secs(60), &cancelled);
    assert!(matches!(outcome.err().unwrap().failure.kind, FailureKind::SignInTimedOut { .. }));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    drop(silent);
}

#[test]
fn another_issuer_ends_the_sign_in() {
    let sign_in = sign_in("http://127.0.0.1/callback");
    let mut stream = sign_in.connect();
    let target = format!("{}&iss=https://evil.example", sign_in.right());
    stream.write_all(sign_in.head("GET", &target).as_bytes()).unwrap();
    let failed = sign_in.wait_for(Duration::from_secs(10)).err().unwrap();
    assert!(matches!(failed.failure.kind, FailureKind::OtherIssuer { .. }), "{}", failed.failure);
}

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
    let both = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    assert_eq!(bind_all(&both, port).unwrap_err().kind(), io::ErrorKind::AddrInUse);
    let fixed = format!("http://localhost:{port}").parse().unwrap();
    let failure = LoopbackListener::bind(&fixed, Transcript::default()).err().expect("half a port is no port");
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
