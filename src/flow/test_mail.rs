//! The mail that a test sends, and what it is known by.

use jiff::Timestamp;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};

use crate::profile::{Address, Mailbox};
use crate::random;
use crate::report::{Finding, FindingCode};
use crate::text::Redactor;
use crate::transport::mark::{self, Mark};

/// A test mail.
pub struct TestMail {
    /// What it is known by.
    pub mark: Mark,
    /// Its Message-ID (RFC 5322 §3.6.4).
    pub message_id: String,
    /// The message.
    pub message: Vec<u8>,
}

impl TestMail {
    /// A test mail from `mailbox` to `to`, dated `now`.
    ///
    /// # Errors
    /// If the system gives no random bytes, or an address cannot be written into a header.
    pub fn new(mailbox: &Mailbox, to: &Address, now: Timestamp) -> Result<Self, Finding> {
        let cannot = |error: &dyn std::fmt::Display| {
            Finding::of(FindingCode::MESSAGE).with("reason", Redactor::by_shape(&error.to_string())).bare()
        };
        let token = random::hex::<16>().map_err(|error| cannot(&error))?;
        let message_id = format!("<{token}@{}>", mailbox.address.domain());
        let subject = format!("mailgrant test mail {} [{token}]", now.strftime("%Y-%m-%d %H:%M:%S UTC"));
        let mark = Mark::new(&token, &subject, &message_id).ok_or_else(|| cannot(&"it would not be known again"))?;
        let text = format!(
            "This is a test mail from mailgrant, sent at {now} for the mailbox '{}' ({}).\r\n\
             It needs no answer and can be deleted.\r\n",
            mailbox.name, mailbox.address
        );
        let message = lettre::Message::builder()
            .from(mailbox.address.as_str().parse().map_err(|error: lettre::address::AddressError| cannot(&error))?)
            .to(to.as_str().parse().map_err(|error: lettre::address::AddressError| cannot(&error))?)
            .subject(subject)
            .date(now.into())
            .message_id(Some(message_id.clone()))
            .header(AutoSubmitted)
            .header(TestToken(token))
            .header(ContentType::TEXT_PLAIN)
            .body(text)
            .map_err(|error| cannot(&error))?;
        Ok(Self { mark, message_id, message: message.formatted() })
    }
}

/// The header by which a test mail is known where Message-ID is replaced.
#[derive(Debug, Clone)]
struct TestToken(String);

impl Header for TestToken {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str(mark::HEADER)
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}

/// RFC 3834 §5: keeps vacation responders quiet.
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
