//! The messages of all mailboxes, in memory: what SMTP takes in, IMAP and POP3 show.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::world::now;

/// A stored message.
#[derive(Clone)]
pub struct Message {
    pub uid: u32,
    pub received: Timestamp,
    /// Headers and body with CRLF line endings, without dot-stuffing.
    pub raw: Vec<u8>,
}

/// A message that came in over SMTP.
#[derive(Clone)]
pub struct SentMessage {
    /// Whose token sent it.
    pub user: String,
    /// MAIL FROM.
    pub sender: String,
    /// RCPT TO.
    pub recipients: Vec<String>,
    pub raw: Vec<u8>,
}

/// All inboxes.
#[derive(Default)]
pub struct MailStore {
    inboxes: BTreeMap<String, Vec<Message>>,
    pub sent: Vec<SentMessage>,
    last_uid: u32,
}

impl MailStore {
    pub fn deliver(&mut self, address: &str, raw: Vec<u8>) {
        self.last_uid += 1;
        let message = Message { uid: self.last_uid, received: now(), raw };
        self.inboxes.entry(address.to_lowercase()).or_default().push(message);
    }

    pub fn inbox(&self, address: &str) -> Vec<Message> {
        self.inboxes.get(&address.to_lowercase()).cloned().unwrap_or_default()
    }

    pub fn next_uid(&self) -> u32 {
        self.last_uid + 1
    }
}

impl Message {
    /// The headers with the empty line that ends them.
    pub fn head(&self) -> &[u8] {
        let end = self.raw.windows(4).position(|window| window == b"\r\n\r\n").map_or(self.raw.len(), |at| at + 4);
        &self.raw[..end]
    }

    /// Every header field, unfolded, in order.
    pub fn fields(&self) -> Vec<(String, String)> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in String::from_utf8_lossy(self.head()).split("\r\n").take_while(|line| !line.is_empty()) {
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push_str(line);
                }
            } else if let Some((name, value)) = line.split_once(':') {
                fields.push((name.to_owned(), value.trim_start().to_owned()));
            }
        }
        fields
    }

    /// The value of the first header field of that name.
    pub fn field(&self, name: &str) -> Option<String> {
        self.fields().into_iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}
