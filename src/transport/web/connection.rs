//! One HTTP/1.1 connection (RFC 9112). It is used again for each request, as long as the server keeps it open.

use std::time::{Duration, Instant};

use secrecy::{ExposeSecret as _, SecretString};
use ureq_proto::client::{Call, RecvBodyResult, RecvResponseResult, SendRequestResult, state};
use ureq_proto::http::{HeaderMap, HeaderValue, Request, header};
use zeroize::Zeroizing;

use crate::failure::{Failure, FailureKind};
use crate::net::retry_after;
use crate::profile::EndpointUrl;
use crate::transport::connect::{open, open_plain};
use crate::transport::dialect::Dialect;
use crate::transport::log::{Log, Stop};
use crate::transport::stream::{Wire, unreadable};
use crate::transport::target::ServerTarget;

/// How many bytes of a head are read.
const HEAD_LIMIT: usize = 32 * 1024;
/// How many bytes of a body: the headers of a page of messages are the largest.
const BODY_LIMIT: usize = 1024 * 1024;
const PIECE: usize = 16 * 1024;
/// The headers of an answer that help the provider's support, and those that say when to come again.
const TOLD: [&str; 6] = [
    "request-id",
    "retry-after",
    "www-authenticate",
    "x-ms-throttle-scope",
    "x-ms-throttle-information",
    "x-ms-throttle-limit-percentage",
];
/// A longer header is cut to this many characters.
const TOLD_LIMIT: usize = 300;

/// What a service answered, of whatever status.
pub(super) struct Answer {
    /// The status code.
    pub(super) status: u16,
    /// The media type as sent, with its parameters.
    pub(super) content_type: Option<String>,
    /// How long to wait.
    pub(super) retry_after: Option<Duration>,
    /// The headers that are worth telling, by their names.
    pub(super) told: Vec<(&'static str, String)>,
    /// The body.
    pub(super) body: Vec<u8>,
}

/// The connection.
pub(super) struct Connection<'a> {
    target: &'a ServerTarget<'a>,
    is_tls: bool,
    wire: Wire,
    /// What has arrived and belongs to the next answer.
    received: Vec<u8>,
    /// Whether something has been asked on it.
    is_used: bool,
    /// Whether the server has said that it closes the connection.
    is_over: bool,
    overall: Option<Instant>,
}

impl<'a> Connection<'a> {
    pub(super) fn open(target: &'a ServerTarget<'a>, is_tls: bool, log: &mut Log) -> Result<Self, Stop> {
        let wire = connect(target, is_tls, log)?;
        Ok(Self { target, is_tls, wire, received: Vec::new(), is_used: false, is_over: false, overall: target.overall })
    }

    /// Ends everything by then.
    pub(super) fn end_by(&mut self, overall: Option<Instant>) {
        self.overall = overall;
        self.wire.end_by(overall);
    }

    /// Sends a request and reads its answer. Nothing is sent twice: a request whose answer was lost may have been done.
    pub(super) fn ask(
        &mut self,
        base: &EndpointUrl,
        (method, path): (&'static str, &str),
        token: &SecretString,
        body: Option<(&'static str, &[u8])>,
    ) -> Result<Answer, Failure> {
        // What comes unasked is the answer to nothing: the next request goes over a connection of its own.
        if self.is_used && (self.is_over || !self.received.is_empty() || !self.wire.is_idle()) {
            self.reopen()?;
        }
        self.is_used = true;
        let url = format!("{}{path}", base.as_issuer().trim_end_matches('/'));
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
            .map_err(|_| unreadable("the access token: it cannot be a header's value (RFC 6750 §2.1)"))?;
        bearer.set_sensitive(true);
        let mut request = Request::builder()
            .method(method)
            .uri(url)
            .header(header::ACCEPT, "application/json")
            .header(header::USER_AGENT, concat!("mailgrant/", env!("CARGO_PKG_VERSION")))
            .header(header::AUTHORIZATION, bearer);
        if let Some((content_type, body)) = body {
            request = request.header(header::CONTENT_TYPE, content_type).header(header::CONTENT_LENGTH, body.len());
        }
        let request = request.body(()).map_err(|_| unreadable("the service's address"))?;
        self.wire.phase("waiting for the service's answer");
        self.wire.say(&format!("{method} {path}"));
        if let Some((content_type, body)) = body {
            self.wire.say(&format!("[{} bytes of {content_type}]", body.len()));
        }
        let answer = self.exchange(request, body.map_or(&[], |(_, body)| body));
        if let Ok(answer) = &answer {
            let kind = answer.content_type.as_deref().unwrap_or("no content type");
            self.wire.heard(&format!("HTTP {} ({kind}, {} bytes)", answer.status, answer.body.len()));
            if answer.status >= 400 {
                self.wire.heard(&String::from_utf8_lossy(&answer.body));
            }
        } else {
            self.is_over = true;
        }
        answer
    }

    /// Connects once more; the steps are not told again. A server that fuzzing plays has one connection.
    fn reopen(&mut self) -> Result<(), Failure> {
        if cfg!(fuzzing) {
            return Err(FailureKind::ConnectionLost { during: "connecting again".into() }.into());
        }
        let mut log = Log::default();
        self.wire = connect(self.target, self.is_tls, &mut log).map_err(|Stop| log.failure())?;
        self.wire.end_by(self.overall);
        self.received.clear();
        self.is_over = false;
        Ok(())
    }

    fn exchange(&mut self, request: Request<()>, body: &[u8]) -> Result<Answer, Failure> {
        let call = self.send(request, body)?;
        let (mut answer, next) = self.head(call)?;
        self.is_over = match next {
            RecvResponseResult::RecvBody(call) => self.body(call, &mut answer)?,
            RecvResponseResult::Redirect(call) => call.must_close_connection(),
            RecvResponseResult::Cleanup(call) => call.must_close_connection(),
        };
        Ok(answer)
    }

    /// Head and body in one write.
    fn send(&mut self, request: Request<()>, body: &[u8]) -> Result<Call<state::RecvResponse>, Failure> {
        let mut call = Call::new(request).map_err(|error| broken(&error))?.proceed();
        // Head and token fit, so that no copy of the token is left behind by growing.
        let room = HEAD_LIMIT + call.headers_map().map_or(0, |headers| len(&headers)) + body.len();
        let mut bytes = Zeroizing::new(vec![0; room]);
        let mut used = 0;
        while !call.can_proceed() {
            let written = call.write(&mut bytes[used..]).map_err(|error| broken(&error))?;
            if written == 0 {
                return Err(FailureKind::TooLarge { what: "the head of a request".into(), limit: room }.into());
            }
            used += written;
        }
        let call = match call.proceed().map_err(|error| broken(&error))? {
            Some(SendRequestResult::SendBody(mut call)) => {
                let mut left = body;
                while !call.can_proceed() {
                    let (taken, written) = call.write(left, &mut bytes[used..]).map_err(|error| broken(&error))?;
                    left = &left[taken..];
                    used += written;
                }
                call.proceed()
            }
            Some(SendRequestResult::RecvResponse(call)) => Some(call),
            // We never ask for a go-ahead.
            Some(SendRequestResult::Await100(_)) | None => None,
        };
        let call = call.ok_or(FailureKind::Bug)?;
        self.wire.send_unseen(&bytes[..used])?;
        Ok(call)
    }

    fn head(&mut self, mut call: Call<state::RecvResponse>) -> Result<(Answer, RecvResponseResult), Failure> {
        let response = loop {
            let (used, response) = call.try_response(&self.received, false).map_err(|error| broken(&error))?;
            self.received.drain(..used);
            if let Some(response) = response {
                break response;
            }
            if used == 0 {
                self.read_more(HEAD_LIMIT, "the head of an HTTP answer")?;
            }
        };
        let headers = response.headers();
        let text = |name: &str| headers.get(name).map(|value| cut(&String::from_utf8_lossy(value.as_bytes())));
        let answer = Answer {
            status: response.status().as_u16(),
            content_type: text("content-type"),
            retry_after: text("retry-after").and_then(|value| retry_after(&value, text("date").as_deref())),
            told: TOLD.into_iter().filter_map(|name| Some((name, text(name)?))).collect(),
            body: Vec::new(),
        };
        Ok((answer, call.proceed().ok_or(FailureKind::Bug)?))
    }

    /// Reads the body. Answers whether the connection is over with it.
    fn body(&mut self, mut call: Call<state::RecvBody>, answer: &mut Answer) -> Result<bool, Failure> {
        let ends_by_closing = call.can_proceed();
        let mut piece = vec![0; PIECE];
        loop {
            let (used, written) = call.read(&self.received, &mut piece).map_err(|error| broken(&error))?;
            self.received.drain(..used);
            answer.body.extend_from_slice(&piece[..written]);
            if answer.body.len() > BODY_LIMIT {
                return Err(
                    FailureKind::TooLarge { what: "the body of an HTTP answer".into(), limit: BODY_LIMIT }.into()
                );
            }
            if call.can_proceed() && !ends_by_closing {
                break;
            }
            if used > 0 || written > 0 {
                continue;
            }
            match self.read_more(BODY_LIMIT, "the body of an HTTP answer") {
                // That is how such a body ends (RFC 9112 §6.3).
                Err(failure) if ends_by_closing && matches!(failure.kind, FailureKind::ConnectionLost { .. }) => break,
                read => read?,
            }
        }
        Ok(match call.proceed() {
            Some(RecvBodyResult::Cleanup(call)) => call.must_close_connection(),
            Some(RecvBodyResult::Redirect(_)) | None => true,
        })
    }

    fn read_more(&mut self, limit: usize, what: &'static str) -> Result<(), Failure> {
        if self.received.len() > limit {
            return Err(FailureKind::TooLarge { what: what.into(), limit }.into());
        }
        let piece = self.wire.raw_bytes(PIECE)?;
        // Head and body are counted here.
        self.wire.forgive(1);
        self.received.extend_from_slice(&piece);
        Ok(())
    }
}

fn connect<'a>(target: &ServerTarget<'a>, is_tls: bool, log: &mut Log) -> Result<Wire, Stop> {
    let (wire, _) = if is_tls { open(target, Dialect::HTTPS, log)? } else { open_plain(target, Dialect::HTTP, log)? };
    Ok(wire)
}

fn len(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

fn cut(text: &str) -> String {
    text.chars().take(TOLD_LIMIT).collect()
}

fn broken(error: &ureq_proto::Error) -> Failure {
    unreadable(shown!("no HTTP: {}", crate::text::Redactor::by_shape(&error.to_string())))
}
