//! HTTP as the token and metadata endpoints get it: one request, no redirect, everything bounded (SECURITY.md T1).

use std::io::Read;
use std::path::Path;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use oauth2::http::{Method, Request, Response, header};
use ureq::unversioned::transport::Connector as _;
use zeroize::Zeroizing;

use self::tcp::{LaterLookup, Tcp, traffic};
use self::tls::{Certificate, Tls};
use super::tls::TrustAnchors;
use super::{Proxies, Route, Trust};
use crate::clock::Clock;
use crate::failure::{Failure, FailureKind};
use crate::profile::EndpointUrl;
use crate::text::{Redactor, Shown};
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
/// The media type of a form (RFC 6749 appendix B).
const FORM: &str = "application/x-www-form-urlencoded";
/// A longer name of a request is cut.
const REQUEST_ID_LIMIT: usize = 100;
/// A longer challenge is cut.
const CHALLENGE_LIMIT: usize = 500;
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
    /// Where a redirect leads (RFC 9110 §10.2.2), which is not followed.
    pub location: Option<String>,
    /// How it wants to be asked instead (RFC 9110 §11.6.1).
    pub challenge: Option<String>,
    /// What the server calls the request (Microsoft's `request-id`), which its support asks for.
    pub request_id: Option<String>,
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

    /// Another client of the same trust, ways and deadline.
    #[must_use]
    pub fn again(&self) -> Self {
        let again = Self::with_limits(self.anchors.clone(), self.transcript.clone(), &self.proxies, self.limits);
        Self { deadline: self.deadline, ..again }
    }

    /// Another client for what is on this machine or on its own network link, where no proxy can reach it: none is asked, and
    /// each request is over `within` this time.
    #[must_use]
    pub fn directly(&self, within: Duration) -> Self {
        let limits = Limits { connect: within.min(self.limits.connect), whole: within.min(self.limits.whole) };
        let again = Self::with_limits(self.anchors.clone(), self.transcript.clone(), &Proxies::default(), limits);
        Self { deadline: self.deadline, ..again }
    }

    /// When everything must be over.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Where its requests are noted.
    #[must_use]
    pub fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// The proxy that a request to `url` goes through, without user and password, and its variable; `None` where it goes
    /// directly.
    #[must_use]
    pub fn proxy_to(&self, url: &EndpointUrl) -> Option<(Shown, &'static str)> {
        let url = url.as_url();
        let port = url.port_or_known_default().unwrap_or_default();
        match self.proxies.route(traffic(Some(url.scheme())), url.host_str().unwrap_or_default(), port) {
            Route::Direct => None,
            Route::Through(proxy) => Some((Shown::of(proxy), proxy.variable())),
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
        self.note(url, &format!("GET {url}"));
        let request = Request::get(url.as_url().as_str()).header(header::ACCEPT, "application/json").body(());
        let request = request.map_err(|error| unreadable(url, &error))?;
        self.finish(url, |agent, limit| {
            let configured = agent.configure_request(request).timeout_global(Some(limit)).build();
            agent.run(configured)
        })
    }

    /// Sends `request`, a form (RFC 6749 §4.1.3 and §6) or one that carries a token (RFC 6750 §2.1), to `url`. Of a body that
    /// is not a form, the transcript has type and length alone.
    ///
    /// # Errors
    /// If no whole answer arrived; an answer of any status is `Ok`. After a failure it is not known whether the server
    /// got the request.
    pub fn send(&self, url: &EndpointUrl, request: Request<Vec<u8>>) -> Result<HttpResponse, Failure> {
        let (parts, body) = request.into_parts();
        let body = Zeroizing::new(body);
        if self.transcript.is_on() {
            self.note(url, &format!("{} {url}", parts.method));
            if let Some(authorization) = parts.headers.get(header::AUTHORIZATION) {
                let scheme = authorization.to_str().ok().and_then(|value| value.split_once(' '));
                self.note(url, &format!("authorization: {} [redacted]", scheme.map_or("", |(scheme, _)| scheme)));
            }
            if !body.is_empty() {
                let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
                self.note(
                    url,
                    &match kind {
                        Some(FORM) => redacted_form(&body),
                        other => format!("[{} bytes, {}]", body.len(), other.unwrap_or("no content type")),
                    },
                );
            }
        }
        self.finish(url, |agent, limit| {
            // A GET has no body, not even an empty one (RFC 9110 §9.3.1).
            if parts.method == Method::GET {
                let configured = agent.configure_request(Request::from_parts(parts, ()));
                return agent.run(configured.timeout_global(Some(limit)).build());
            }
            let request = Request::from_parts(parts, body.as_slice());
            let configured = agent.configure_request(request).timeout_global(Some(limit)).build();
            agent.run(configured)
        })
    }

    /// The connectors hand their failures through ureq whole; what else ureq reports happened on a standing connection.
    fn failure(&self, error: ureq::Error, url: &EndpointUrl, limit: Duration) -> Failure {
        let host = host_of(url);
        let port = url.as_url().port_or_known_default().unwrap_or_default();
        match error {
            ureq::Error::Other(inner) => match inner.downcast::<Failure>() {
                Ok(failure) => *failure,
                Err(other) => {
                    FailureKind::Unreachable { host, port, reason: Redactor::by_shape(&other.to_string()) }.into()
                }
            },
            ureq::Error::Timeout(ureq::Timeout::Connect) => FailureKind::TimedOut {
                during: shown!("connecting to {}", host),
                after: limit.min(self.limits.connect),
            }
            .into(),
            ureq::Error::Timeout(_) => FailureKind::TimedOut { during: waiting_for(url), after: limit }.into(),
            ureq::Error::LargeResponseHeader(..) => {
                FailureKind::TooLarge { what: "the head of an HTTP answer".into(), limit: HEAD_LIMIT }.into()
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
        let transcript = self.transcript.at(url.host());
        if let Some((proxy, variable)) = self.proxy_to(url) {
            transcript.line("HTTP", Speaker::Remark, &format!("through the proxy {proxy} ({variable})"));
        }
        if limit.is_zero() {
            return Err(FailureKind::TimedOut { during: waiting_for(url), after: limit }.into());
        }
        let answer = send(&self.agent, limit).and_then(read).map_err(|error| self.failure(error, url, limit));
        match &answer {
            Ok(answer) => {
                let kind = answer.content_type.as_deref().unwrap_or("no content type");
                let text = format!("HTTP {} ({kind}, {} bytes)", answer.status, answer.body.len());
                transcript.line("HTTP", Speaker::Server, &text);
            }
            Err(failure) => transcript.line("HTTP", Speaker::Remark, &failure.to_string()),
        }
        answer
    }

    fn note(&self, url: &EndpointUrl, text: &str) {
        self.transcript.at(url.host()).line("HTTP", Speaker::Client, text);
    }
}

fn host_of(url: &EndpointUrl) -> Shown {
    Redactor::by_shape(url.as_url().host_str().unwrap_or_default())
}

fn waiting_for(url: &EndpointUrl) -> Shown {
    shown!("waiting for the answer of {}", host_of(url))
}

fn unreadable(url: &EndpointUrl, error: &dyn std::fmt::Display) -> Failure {
    // The error can quote the server.
    let error = Redactor::by_shape(&error.to_string()).cut(200);
    FailureKind::Unreadable { what: shown!("no HTTP with {}: {}", url, error) }.into()
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
    let location = text(header::LOCATION).map(|value| value.chars().take(200).collect());
    let challenge = text(header::WWW_AUTHENTICATE).map(|value| value.chars().take(CHALLENGE_LIMIT).collect());
    let request_id = parts.headers.get("request-id").and_then(|value| value.to_str().ok());
    let request_id = request_id.map(|value| value.chars().take(REQUEST_ID_LIMIT).collect());
    // The buffer never grows, so that no copy of a token is left behind in memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(BODY_LIMIT + 1));
    body.into_reader().take(BODY_LIMIT as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > BODY_LIMIT {
        let failure = FailureKind::TooLarge { what: "the body of an HTTP answer".into(), limit: BODY_LIMIT };
        return Err(ureq::Error::Other(Box::new(Failure::new(failure))));
    }
    let status = parts.status.as_u16();
    Ok(HttpResponse { status, content_type, retry_after, date, location, challenge, request_id, body: bytes })
}

/// Reads Retry-After (RFC 9110 §10.2.3), at most an hour. A date is measured against the answer's own Date, so that our
/// clock matters only where there is none.
#[must_use]
pub fn retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
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

/// A form's fields with everything hidden that is not known to be safe to show.
fn redacted_form(body: &[u8]) -> String {
    const HARMLESS: [&str; 5] = ["grant_type", "client_id", "scope", "redirect_uri", "tenant"];
    let shown = url::form_urlencoded::parse(body).map(|(name, value)| {
        let value = if HARMLESS.contains(&name.as_ref()) { value } else { "[redacted]".into() };
        format!("{name}={value}")
    });
    shown.collect::<Vec<_>>().join(" & ")
}

#[cfg(test)]
mod tests;
