//! As much of HTTP/1.1 (RFC 9112) as these servers need: bounded requests, each answered; the sign-in server closes the
//! connection then.

use std::io;

use crate::wire::Wire;

const MOST_HEADERS: usize = 64;
const LARGEST_BODY: usize = 256 * 1024;

/// A request, with its query and form already decoded.
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: Params,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Decoded parameters, duplicates included: OAuth forbids them (RFC 6749 §3.1), so the caller must see them.
#[derive(Clone, Default)]
pub struct Params(Vec<(String, String)>);

/// An answer.
pub struct Response {
    status: u16,
    content_type: &'static str,
    headers: Vec<(&'static str, String)>,
    body: String,
    keeps_open: bool,
}

impl Params {
    fn decode(text: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(text).into_owned().collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first name that occurs twice.
    pub fn duplicate(&self) -> Option<&str> {
        let repeated =
            |(at, (name, _)): &(usize, &(String, String))| self.0[..*at].iter().any(|(other, _)| other == name);
        self.0.iter().enumerate().find(repeated).map(|(_, (name, _))| name.as_str())
    }
}

impl Request {
    /// The request, or `None` where the client said nothing.
    pub fn read(wire: &mut Wire) -> io::Result<Option<Self>> {
        let Some(first) = wire.text_line()? else { return Ok(None) };
        let mut words = first.split(' ');
        let (Some(method), Some(target), Some("HTTP/1.1")) = (words.next(), words.next(), words.next()) else {
            return Err(io::Error::other("no HTTP/1.1 request line"));
        };
        let mut headers = Vec::new();
        while let Some(line) = wire.text_line()?.filter(|line| !line.is_empty()) {
            if headers.len() == MOST_HEADERS {
                return Err(io::Error::other("too many headers"));
            }
            if let Some((name, value)) = line.split_once(':') {
                headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut request = Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: Params::decode(query.as_bytes()),
            headers,
            body: Vec::new(),
        };
        let length = request.header("content-length").map_or(Some(0), |text| text.parse::<usize>().ok());
        match length {
            Some(length) if length <= LARGEST_BODY => request.body = wire.exact(length)?,
            _ => return Err(io::Error::other("no usable Content-Length")),
        }
        Ok(Some(request))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// One segment of the path, with its percent-encoding undone.
    pub fn decoded(&self, segment: &str) -> String {
        let escaped = segment.replace('+', "%2B");
        url::form_urlencoded::parse(escaped.as_bytes()).next().map_or_else(String::new, |(name, _)| name.into_owned())
    }

    /// The body as it came.
    pub fn body(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The form in the body, or `None` where the body is something else.
    pub fn form(&self) -> Option<Params> {
        let kind = self.header("content-type")?.split(';').next()?.trim();
        kind.eq_ignore_ascii_case("application/x-www-form-urlencoded").then(|| Params::decode(&self.body))
    }
}

impl Response {
    pub fn json(status: u16, value: &serde_json::Value) -> Self {
        Self { content_type: "application/json; charset=utf-8", ..Self::html(status, value.to_string()) }
    }

    pub fn html(status: u16, body: String) -> Self {
        Self { status, content_type: "text/html; charset=utf-8", headers: Vec::new(), body, keeps_open: false }
    }

    /// A body of any kind.
    pub fn of_kind(status: u16, content_type: &'static str, body: &str) -> Self {
        Self { content_type, ..Self::html(status, body.to_owned()) }
    }

    /// A status with nothing to say beside it.
    pub fn empty(status: u16) -> Self {
        Self::of_kind(status, "text/plain", "")
    }

    /// Whether the connection stays open for a further request (RFC 9112 §9.3).
    pub fn keeping_open(self, keeps_open: bool) -> Self {
        Self { keeps_open, ..self }
    }

    pub fn redirect(to: String) -> Self {
        Self { headers: vec![("Location", to)], ..Self::html(302, String::new()) }
    }

    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub fn status(&self) -> u16 {
        self.status
    }

    /// With the server's time (RFC 9110 §6.6.1), in the one form that HTTP writes (§5.6.7).
    pub fn dated(mut self, time: jiff::Timestamp) -> Self {
        self.headers.push(("Date", time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()));
        self
    }

    pub fn write(&self, wire: &mut Wire) -> io::Result<()> {
        wire.send(&self.bytes())
    }

    /// The answer as it is sent.
    pub fn bytes(&self) -> Vec<u8> {
        let reason = match self.status {
            200 => "OK",
            202 => "Accepted",
            204 => "No Content",
            302 => "Found",
            400 => "Bad Request",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            412 => "Precondition Failed",
            429 => "Too Many Requests",
            502 => "Bad Gateway",
            503 => "Service Unavailable",
            504 => "Gateway Timeout",
            _ => "Whatever",
        };
        let connection = if self.keeps_open { "keep-alive" } else { "close" };
        let mut head = format!(
            "HTTP/1.1 {} {reason}\r\nCache-Control: no-store, no-cache\r\nPragma: no-cache\r\nConnection: {connection}\r\n",
            self.status,
        );
        // RFC 9110 §8.6: neither length nor type beside 204.
        if self.status != 204 {
            head.push_str(&format!("Content-Type: {}\r\nContent-Length: {}\r\n", self.content_type, self.body.len()));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        format!("{head}\r\n{}", self.body).into_bytes()
    }
}

/// `text` fit for HTML, attributes included.
pub fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
