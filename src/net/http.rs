//! HTTP as the token and metadata endpoints get it: one request, no redirect, everything bounded (SECURITY.md T1).

use std::io::Read;
use std::path::Path;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use oauth2::http::{Request, Response, header};
use ureq::unversioned::transport::Connector as _;
use zeroize::Zeroizing;

use self::tcp::{LaterLookup, Tcp, traffic};
use self::tls::{Certificate, Tls};
use super::tls::TrustAnchors;
use super::{Proxies, Route, Trust};
use crate::clock::Clock;
use crate::failure::{Failure, FailureKind};
use crate::jwt::plain;
use crate::profile::EndpointUrl;
use crate::transcript::{Speaker, Transcript};

mod tcp;
mod tls;

/// How long a request may take, where no deadline is nearer.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Looking the name up, TCP, a proxy and TLS together.
    connect: Duration,
    /// From the first byte to the last of the answer, connecting included.
    whole: Duration,
}

const LIMITS: Limits = Limits { connect: Duration::from_secs(10), whole: Duration::from_secs(30) };
/// How many bytes of an answer's body are read.
const BODY_LIMIT: usize = 256 * 1024;
const HEAD_LIMIT: usize = 32 * 1024;
/// A longer Retry-After is cut to this: it is shown and waited for, and no sane one is longer.
const RETRY_LIMIT: Duration = Duration::from_secs(3600);

/// An HTTP client. Each request has its own connection, so that none meets one that the server has just closed: a
/// code that may have been spent must not be sent again (SECURITY.md T3).
pub struct HttpClient {
    agent: ureq::Agent,
    anchors: TrustAnchors,
    proxies: Proxies,
    transcript: Transcript,
    limits: Limits,
    deadline: Option<Instant>,
    certificate: Certificate,
}

/// What a server answered, of whatever status.
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The media type as sent, with its parameters.
    pub content_type: Option<String>,
    /// How long to wait (RFC 9110 §10.2.3), at most an hour.
    pub retry_after: Option<Duration>,
    /// The server's own time (RFC 9110 §6.6.1), if it told it; where a cache answered, its Age is added (RFC 9111 §5.1).
    pub date: Option<Timestamp>,
    /// The body, at most 256 KiB.
    pub body: Zeroizing<Vec<u8>>,
}

impl HttpClient {
    /// A client that trusts the system's authorities and those in `ca_file`, and goes the way that `proxies` say. Its TLS
    /// connector is built beside the first https request's way to the server: a request to this machine needs none.
    #[must_use]
    pub fn new(trust: &Trust, ca_file: Option<&Path>, transcript: Transcript, proxies: &Proxies) -> Self {
        Self::with_limits(TrustAnchors::new(trust, ca_file), transcript, proxies, LIMITS)
    }

    fn with_limits(anchors: TrustAnchors, transcript: Transcript, proxies: &Proxies, limits: Limits) -> Self {
        let proxies = proxies.clone();
        let config = ureq::config::Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(limits.connect))
            .max_response_header_size(HEAD_LIMIT)
            .max_idle_connections(0)
            .max_idle_connections_per_host(0)
            .user_agent(concat!("mailgrant/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .proxy(None)
            .build();
        let certificate = Certificate::default();
        let tcp = Tcp::new(proxies.clone(), anchors.clone(), limits.connect);
        let tls = Tls::new(anchors.clone(), transcript.clone(), Certificate::clone(&certificate), limits.connect);
        let connectors = ().chain(tcp).chain(tls);
        let agent = ureq::Agent::with_parts(config, connectors, LaterLookup);
        Self { agent, anchors, proxies, transcript, limits, deadline: None, certificate }
    }

    /// The same client with a deadline over everything it does, where that is nearer than 30 seconds.
    #[must_use]
    pub fn until(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Where its requests are noted.
    #[must_use]
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// The proxy that a request to `url` goes through, without user and password, and its variable; `None` where it goes
    /// directly.
    #[must_use]
    pub fn proxy_to(&self, url: &EndpointUrl) -> Option<(String, &'static str)> {
        let url = url.as_url();
        let port = url.port_or_known_default().unwrap_or_default();
        match self.proxies.route(traffic(Some(url.scheme())), url.host_str().unwrap_or_default(), port) {
            Route::Direct => None,
            Route::Through(proxy) => Some((proxy.to_string(), proxy.variable())),
            Route::Unreadable(setting) => Some((setting.shown.clone(), setting.variable)),
        }
    }

    /// The certificate (DER) of the last server that a TLS handshake succeeded with.
    #[must_use]
    pub fn last_certificate(&self) -> Option<Vec<u8>> {
        self.certificate.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Fetches `url`.
    ///
    /// # Errors
    /// If no whole answer arrived; an answer of any status is `Ok`.
    pub fn get(&self, url: &EndpointUrl) -> Result<HttpResponse, Failure> {
        self.note(&format!("GET {url}"));
        let request = Request::get(url.as_url().as_str()).header(header::ACCEPT, "application/json").body(());
        let request = request.map_err(|error| unreadable(url, &error))?;
        self.finish(url, |agent, limit| {
            let configured = agent.configure_request(request).timeout_global(Some(limit)).build();
            agent.run(configured)
        })
    }

    /// Sends a form (RFC 6749 §4.1.3 and §6) to `url`.
    ///
    /// # Errors
    /// If no whole answer arrived; an answer of any status is `Ok`. After a failure, nobody knows whether the server
    /// got the request.
    pub fn post_form(&self, url: &EndpointUrl, request: Request<Vec<u8>>) -> Result<HttpResponse, Failure> {
        let (parts, body) = request.into_parts();
        let body = Zeroizing::new(body);
        if self.transcript.is_on() {
            self.note(&format!("POST {url}"));
            if parts.headers.contains_key(header::AUTHORIZATION) {
                self.note("authorization: Basic [redacted]");
            }
            self.note(&redacted_form(&body));
        }
        self.finish(url, |agent, limit| {
            let request = Request::from_parts(parts, body.as_slice());
            let configured = agent.configure_request(request).timeout_global(Some(limit)).build();
            agent.run(configured)
        })
    }

    /// The connectors hand their failures through ureq whole; what else ureq reports happened on a standing connection.
    fn failure(&self, error: ureq::Error, url: &EndpointUrl, limit: Duration) -> Failure {
        let host = url.as_url().host_str().unwrap_or_default().to_owned();
        let port = url.as_url().port_or_known_default().unwrap_or_default();
        match error {
            ureq::Error::Other(inner) => match inner.downcast::<Failure>() {
                Ok(failure) => *failure,
                Err(other) => FailureKind::Unreachable { host, port, reason: other.to_string() }.into(),
            },
            ureq::Error::Timeout(ureq::Timeout::Connect) => {
                FailureKind::TimedOut { during: format!("connecting to {host}"), after: limit.min(self.limits.connect) }
                    .into()
            }
            ureq::Error::Timeout(_) => FailureKind::TimedOut { during: waiting_for(url), after: limit }.into(),
            ureq::Error::LargeResponseHeader(..) => {
                FailureKind::TooLarge { what: "the head of an HTTP answer".to_owned(), limit: HEAD_LIMIT }.into()
            }
            ureq::Error::Io(_) | ureq::Error::BodyStalled => {
                FailureKind::ConnectionLost { during: waiting_for(url) }.into()
            }
            other => unreadable(url, &other),
        }
    }

    fn finish(
        &self,
        url: &EndpointUrl,
        send: impl FnOnce(&ureq::Agent, Duration) -> Result<Response<ureq::Body>, ureq::Error>,
    ) -> Result<HttpResponse, Failure> {
        let limit = match self.deadline {
            Some(deadline) => self.limits.whole.min(deadline.saturating_duration_since(Instant::now())),
            None => self.limits.whole,
        };
        if let Some((proxy, variable)) = self.proxy_to(url) {
            self.transcript.line("HTTP", Speaker::Remark, &format!("through the proxy {proxy} ({variable})"));
        }
        if limit.is_zero() {
            return Err(FailureKind::TimedOut { during: waiting_for(url), after: limit }.into());
        }
        if url.as_url().scheme() == "https" {
            self.anchors.begin();
        }
        let answer = send(&self.agent, limit).and_then(read).map_err(|error| self.failure(error, url, limit));
        match &answer {
            Ok(answer) => {
                let kind = answer.content_type.as_deref().unwrap_or("no content type");
                let text = format!("HTTP {} ({kind}, {} bytes)", answer.status, answer.body.len());
                self.transcript.line("HTTP", Speaker::Server, &text);
            }
            Err(failure) => self.transcript.line("HTTP", Speaker::Remark, &failure.to_string()),
        }
        answer
    }

    fn note(&self, text: &str) {
        self.transcript.line("HTTP", Speaker::Client, text);
    }
}

fn waiting_for(url: &EndpointUrl) -> String {
    format!("waiting for the answer of {}", url.as_url().host_str().unwrap_or_default())
}

fn unreadable(url: &EndpointUrl, error: &dyn std::fmt::Display) -> Failure {
    // The error can quote the server.
    let error = plain(&error.to_string(), 200);
    FailureKind::Unreadable { what: format!("no HTTP with {url}: {error}") }.into()
}

fn read(response: Response<ureq::Body>) -> Result<HttpResponse, ureq::Error> {
    let (parts, body) = response.into_parts();
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let retry_after = text(header::RETRY_AFTER).and_then(|value| retry_after(value, text(header::DATE)));
    let age = text(header::AGE).and_then(|age| age.trim().parse::<u32>().ok()).unwrap_or(0);
    let date = text(header::DATE)
        .and_then(moment)
        .and_then(|date| date.checked_add(jiff::SignedDuration::from_secs(age.into())).ok());
    let content_type = text(header::CONTENT_TYPE).map(|value| value.chars().take(200).collect());
    // The buffer never grows, so that no copy of a token is left behind in memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(BODY_LIMIT + 1));
    body.into_reader().take(BODY_LIMIT as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > BODY_LIMIT {
        let failure = FailureKind::TooLarge { what: "the body of an HTTP answer".to_owned(), limit: BODY_LIMIT };
        return Err(ureq::Error::Other(Box::new(Failure::new(failure))));
    }
    Ok(HttpResponse { status: parts.status.as_u16(), content_type, retry_after, date, body: bytes })
}

/// Reads Retry-After. A date is measured against the answer's own Date, so that our clock matters only where there is
/// none.
fn retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
    let value = value.trim();
    let wait = if let Ok(seconds) = value.parse::<u64>() {
        Duration::from_secs(seconds)
    } else {
        let now = date.and_then(moment).unwrap_or_else(|| Clock::system().now());
        let seconds = moment(value)?.as_second() - now.as_second();
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    };
    Some(wait.min(RETRY_LIMIT))
}

/// A date as HTTP writes it today (RFC 9110 §5.6.7).
fn moment(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text.trim()).ok().map(|zoned| zoned.timestamp())
}

/// A form's fields with everything hidden that is not known to be harmless.
fn redacted_form(body: &[u8]) -> String {
    const HARMLESS: [&str; 5] = ["grant_type", "client_id", "scope", "redirect_uri", "tenant"];
    let shown = url::form_urlencoded::parse(body).map(|(name, value)| {
        let value = if HARMLESS.contains(&name.as_ref()) { value } else { "[redacted]".into() };
        format!("{name}={value}")
    });
    shown.collect::<Vec<_>>().join(" & ")
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;
    use crate::failure::ProxyFault;
    use crate::oauth::testing::{self, Server};

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
        // On the first connection nobody would answer again.
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
        assert_eq!(kind, FailureKind::ConnectionRefused { host: "127.0.0.1".to_owned(), port });
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
        assert!(
            matches!(&trouble.fault, ProxyFault::HostNotReached { answer } if answer.contains("refused")),
            "{kind:?}"
        );
        assert_eq!(&proxy.join().unwrap(), b"\x05\x01\0\x03\x0dlogin.example\x01\xbb");
    }

    #[test]
    fn only_harmless_fields_of_a_form_are_shown() {
        let shown = redacted_form(b"grant_type=refresh_token&refresh_token=canary&client_secret=canary&x=canary");
        assert_eq!(
            shown,
            "grant_type=refresh_token & refresh_token=[redacted] & client_secret=[redacted] & x=[redacted]"
        );
    }
}
