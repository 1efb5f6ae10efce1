//! The conversation on the wire as `-v` shows it, and the redaction that every line of it passes.

mod recording;

pub use recording::Recording;

use std::sync::Arc;

use crate::text::Redactor;

/// Who said a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// We did.
    Client,
    /// The server did.
    Server,
    /// Neither side: a remark of ours, such as "TLS 1.3 established".
    Remark,
}

/// Shows one line of a transcript, already redacted.
pub type Sink = Arc<dyn Fn(&str) + Send + Sync>;

/// Where the conversation goes: nowhere, or to a sink that shows it.
#[derive(Clone, Default)]
pub struct Transcript {
    redactor: Redactor,
    sink: Option<Sink>,
    /// The server that is spoken with.
    host: Option<Arc<str>>,
}

impl Transcript {
    /// A transcript that shows each line through `sink`.
    #[must_use]
    pub fn new(redactor: Redactor, sink: Option<Sink>) -> Self {
        Self { redactor, sink, host: None }
    }

    /// The same transcript, whose lines are kept as well.
    #[must_use]
    pub fn recorded(&self) -> (Self, Recording) {
        let recording = Recording::default();
        let sink = recording.sink(self.sink.clone());
        (Self { redactor: self.redactor.clone(), sink: Some(sink), host: self.host.clone() }, recording)
    }

    /// The same transcript for what is spoken with `host`, which each line names.
    #[must_use]
    pub fn at(&self, host: &str) -> Self {
        let host = self.is_on().then(|| Arc::from(host));
        Self { host, ..self.clone() }
    }

    /// The redactor that every line passes.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Whether it is shown or recorded. Skip costly formatting when not.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.sink.is_some()
    }

    /// Notes one line of `protocol` ("IMAP", "SMTP", "HTTP" …), without its line ending.
    pub fn line(&self, protocol: &str, speaker: Speaker, text: &str) {
        if let Some(sink) = &self.sink {
            let mark = match speaker {
                Speaker::Client => "->",
                Speaker::Server => "<-",
                Speaker::Remark => "==",
            };
            let host = self.host.as_ref().map_or_else(String::new, |host| format!("{} ", self.redactor.clean(host)));
            sink(&format!("{host}{protocol} {mark} {}", self.redactor.clean(text)));
        }
    }
}
