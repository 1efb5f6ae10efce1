//! The listener against everything that can knock on a port of this machine (SECURITY.md L1 to L7).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;

use secrecy::ExposeSecret;

use super::*;
use crate::loopback::testing::xss;
use crate::loopback::{FailurePage, SuccessPage};
use crate::oauth::{AuthorizationRequest, AuthorizationResponse, testing};
use crate::profile::App;
use crate::text::Redactor;

const SUCCESS: fn() -> SuccessPage = || SuccessPage {
    mailbox: "shop".to_owned(),
    address: "shop@contoso.com".to_owned(),
    signed_in_as: "shop@contoso.com".to_owned(),
    next: "mailgrant test shop".to_owned(),
};

struct SignIn {
    listener: LoopbackListener,
    request: AuthorizationRequest,
    state: String,
    app: App,
    /// The wait is over, and the port no longer answers.
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

type Outcome = Result<(AuthorizationResponse, PendingPage), Box<FailedWait>>;

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
        self.wait(limit, &AtomicBool::new(false))
    }

    fn wait(&self, limit: Duration, cancelled: &AtomicBool) -> Outcome {
        let redactor = Redactor::default();
        let read = |query: &str| self.request.read_query(query, &redactor);
        self.listener.wait(&read, Instant::now() + limit, cancelled, &mut || None)
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
            let (response, page) = outcome.ok().expect("a code");
            assert_eq!(response.code.expose_secret(), "the-code");
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

mod ports;
mod siege;
mod strangers;

#[test]
fn the_right_answer_gets_its_page_only_when_the_exchange_is_done() {
    let sign_in = sign_in("http://127.0.0.1/callback");
    let mut stream = sign_in.connect();
    stream.write_all(sign_in.head("GET", &sign_in.right()).as_bytes()).unwrap();
    let (response, page) = sign_in.wait_for(Duration::from_secs(10)).ok().unwrap();
    assert_eq!(response.code.expose_secret(), "the-code");
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
    assert!(answer.contains("shop@contoso.com is authorized"));
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
        steps: vec!["Ask an administrator.".into()],
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
    assert_eq!(sign_in.listener.refused(), [CallbackRefusal::Tls]);
    assert!(shown.lock().unwrap().contains("https instead of http"));
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
