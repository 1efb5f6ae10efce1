//! HTTP as the token and metadata endpoints get it: one request, no redirect, everything bounded (security.md T1).

use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use native_tls::TlsConnector;
use oauth2::http::{Request, Response, header};
use ureq::unversioned::transport::{ConnectProxyConnector, Connector};
use zeroize::Zeroizing;

use super::http_transport::{NameLookup, Socks, Tcp, Tls};
use crate::failure::{Failure, FailureKind};
use crate::profile::EndpointUrl;
use crate::transcript::{Speaker, Transcript};

/// How long a connection (name lookup, TCP, TLS) may take.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long a request may take from its first byte to the last of its answer.
pub const WHOLE_LIMIT: Duration = Duration::from_secs(30);
/// How many bytes of an answer's body are read.
pub const BODY_LIMIT: usize = 256 * 1024;
const HEAD_LIMIT: usize = 32 * 1024;
/// A longer Retry-After is cut to this: it is shown and waited for, and no sane one is longer.
const RETRY_LIMIT: Duration = Duration::from_secs(3600);

/// An HTTP client. Each request has its own connection, so that none meets one that the server has just closed: a
/// code that may have been spent must not be sent again (security.md T3).
pub struct HttpClient {
    agent: ureq::Agent,
    proxy: Option<ureq::Proxy>,
    transcript: Transcript,
    deadline: Option<Instant>,
}

/// What a server answered, of whatever status.
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// The media type as sent, with its parameters.
    pub content_type: Option<String>,
    /// How long to wait (RFC 9110 §10.2.3), at most an hour.
    pub retry_after: Option<Duration>,
    /// The body, at most [`BODY_LIMIT`] bytes.
    pub body: Zeroizing<Vec<u8>>,
}

impl HttpClient {
    /// A client that takes its TLS connector from `tls` when the first https request needs it, and goes through the
    /// proxy that `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` name, but never to this machine itself.
    pub fn new(
        tls: impl Fn() -> Result<Arc<TlsConnector>, Failure> + Send + Sync + 'static,
        transcript: Transcript,
    ) -> Self {
        Self::with_proxy(tls, transcript, ureq::Proxy::try_from_env())
    }

    pub(super) fn with_proxy(
        tls: impl Fn() -> Result<Arc<TlsConnector>, Failure> + Send + Sync + 'static,
        transcript: Transcript,
        proxy: Option<ureq::Proxy>,
    ) -> Self {
        let config = ureq::config::Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT_LIMIT))
            .timeout_resolve(Some(CONNECT_LIMIT))
            .max_response_header_size(HEAD_LIMIT)
            .max_idle_connections(0)
            .max_idle_connections_per_host(0)
            .user_agent(concat!("mailgrant/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .proxy(None)
            .build();
        let connectors =
            ().chain(Socks)
                .chain(ConnectProxyConnector::default())
                .chain(Tcp::default())
                .chain(Tls::new(Box::new(tls), transcript.clone()));
        let agent = ureq::Agent::with_parts(config, connectors, NameLookup::default());
        Self { agent, proxy, transcript, deadline: None }
    }

    /// The same client with a deadline over everything it does, where that is nearer than [`WHOLE_LIMIT`].
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

    /// Fetches `url`.
    ///
    /// # Errors
    /// If no whole answer arrived; an answer of any status is `Ok`.
    pub fn get(&self, url: &EndpointUrl) -> Result<HttpAnswer, Failure> {
        self.note(&format!("GET {url}"));
        let request = Request::get(url.as_url().as_str()).header(header::ACCEPT, "application/json").body(());
        let request = request.map_err(|error| violation(url, &error))?;
        self.finish(url, |agent, limit, proxy| {
            let configured = agent.configure_request(request).timeout_global(Some(limit)).proxy(proxy).build();
            agent.run(configured)
        })
    }

    /// Sends a form (RFC 6749 §4.1.3 and §6) to `url`.
    ///
    /// # Errors
    /// If no whole answer arrived; an answer of any status is `Ok`. After a failure, nobody knows whether the server
    /// got the request.
    pub fn post_form(&self, url: &EndpointUrl, request: Request<Vec<u8>>) -> Result<HttpAnswer, Failure> {
        let (parts, body) = request.into_parts();
        let body = Zeroizing::new(body);
        if self.transcript.is_on() {
            self.note(&format!("POST {url}"));
            if parts.headers.contains_key(header::AUTHORIZATION) {
                self.note("authorization: Basic [redacted]");
            }
            self.note(&redacted_form(&body));
        }
        self.finish(url, |agent, limit, proxy| {
            let request = Request::from_parts(parts, body.as_slice());
            let configured = agent.configure_request(request).timeout_global(Some(limit)).proxy(proxy).build();
            agent.run(configured)
        })
    }

    fn finish(
        &self,
        url: &EndpointUrl,
        send: impl FnOnce(&ureq::Agent, Duration, Option<ureq::Proxy>) -> Result<Response<ureq::Body>, ureq::Error>,
    ) -> Result<HttpAnswer, Failure> {
        let limit = match self.deadline {
            Some(deadline) => WHOLE_LIMIT.min(deadline.saturating_duration_since(Instant::now())),
            None => WHOLE_LIMIT,
        };
        let proxy = self.proxy.clone().filter(|proxy| !is_this_machine(url) && !skips(proxy, url));
        if let Some(proxy) = &proxy {
            let text = format!("through the proxy {}:{} of the environment", proxy.host(), proxy.port());
            self.transcript.line("HTTP", Speaker::Remark, &text);
        }
        if limit.is_zero() {
            return Err(FailureKind::TimedOut { during: waiting_for(url), after: limit }.into());
        }
        let answer = send(&self.agent, limit, proxy).and_then(read).map_err(|error| failure(error, url, limit));
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

fn is_this_machine(url: &EndpointUrl) -> bool {
    match url.as_url().host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn skips(proxy: &ureq::Proxy, url: &EndpointUrl) -> bool {
    url.as_url().as_str().parse().is_ok_and(|uri| proxy.is_no_proxy(&uri))
}

fn waiting_for(url: &EndpointUrl) -> String {
    format!("waiting for the answer of {}", url.as_url().host_str().unwrap_or_default())
}

fn violation(url: &EndpointUrl, error: &dyn std::fmt::Display) -> Failure {
    FailureKind::ProtocolViolation { what: format!("no HTTP with {url}: {error}") }.into()
}

fn read(response: Response<ureq::Body>) -> Result<HttpAnswer, ureq::Error> {
    let (parts, body) = response.into_parts();
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let retry_after = text(header::RETRY_AFTER).and_then(|value| retry_after(value, text(header::DATE)));
    let content_type = text(header::CONTENT_TYPE).map(|value| value.chars().take(200).collect());
    // The buffer never grows, so that no copy of a token is left behind in memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(BODY_LIMIT + 1));
    body.into_reader().take(BODY_LIMIT as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > BODY_LIMIT {
        let failure = FailureKind::TooLarge { what: "the body of an HTTP answer".to_owned(), limit: BODY_LIMIT };
        return Err(ureq::Error::Other(Box::new(Failure::new(failure))));
    }
    Ok(HttpAnswer { status: parts.status.as_u16(), content_type, retry_after, body: bytes })
}

/// Reads Retry-After. A date is measured against the answer's own Date, so that our clock does not matter.
fn retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
    let value = value.trim();
    let wait = if let Ok(seconds) = value.parse::<u64>() {
        Duration::from_secs(seconds)
    } else {
        let moment = |text: &str| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
        let seconds = moment(value)?.as_second() - moment(date?)?.as_second();
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    };
    Some(wait.min(RETRY_LIMIT))
}

/// The connectors hand their failures through ureq whole; what else ureq reports happened on a standing connection.
fn failure(error: ureq::Error, url: &EndpointUrl, limit: Duration) -> Failure {
    let host = url.as_url().host_str().unwrap_or_default().to_owned();
    let port = url.as_url().port_or_known_default().unwrap_or_default();
    match error {
        ureq::Error::Other(inner) => match inner.downcast::<Failure>() {
            Ok(failure) => *failure,
            Err(other) => FailureKind::Unreachable { host, port, reason: other.to_string() }.into(),
        },
        ureq::Error::Timeout(ureq::Timeout::Resolve) => {
            FailureKind::TimedOut { during: format!("looking up {host}"), after: limit.min(CONNECT_LIMIT) }.into()
        }
        ureq::Error::Timeout(ureq::Timeout::Connect) => {
            FailureKind::TimedOut { during: format!("connecting to {host}"), after: limit.min(CONNECT_LIMIT) }.into()
        }
        ureq::Error::Timeout(_) => FailureKind::TimedOut { during: waiting_for(url), after: limit }.into(),
        ureq::Error::HostNotFound => FailureKind::NameNotFound { host }.into(),
        ureq::Error::ConnectProxyFailed(reason) => FailureKind::Unreachable { host, port, reason }.into(),
        ureq::Error::LargeResponseHeader(..) => {
            FailureKind::TooLarge { what: "the head of an HTTP answer".to_owned(), limit: HEAD_LIMIT }.into()
        }
        ureq::Error::Io(_) | ureq::Error::BodyStalled => {
            FailureKind::ConnectionLost { during: waiting_for(url) }.into()
        }
        other => violation(url, &other),
    }
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
