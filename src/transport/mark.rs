//! What a test mail is known by. Message-ID alone does not do: Outlook.com and Amazon SES give a mail one of their own.

use super::headers;

/// The header that nothing but a test mail has.
pub const HEADER: &str = "X-Mailgrant-Test";
/// Where Outlook.com puts the Message-ID that it has replaced.
const ORIGINAL_MESSAGE_ID: &str = "X-Microsoft-Original-Message-ID";
/// The headers by which the mail is known.
pub(super) const NAMES: [&str; 4] = ["Subject", "Message-ID", HEADER, ORIGINAL_MESSAGE_ID];
/// The same, as FETCH asks for them.
pub(super) const HEADERS: &str = "BODY.PEEK[HEADER.FIELDS (SUBJECT MESSAGE-ID X-MAILGRANT-TEST \
                                  X-MICROSOFT-ORIGINAL-MESSAGE-ID)]<0.2048>";

/// What tells one test mail from every other message: each of these is enough, as a provider may rewrite any of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    token: String,
    subject: String,
    message_id: String,
}

impl Mark {
    /// The mark of a mail whose subject and Message-ID hold `token`, which is random and of small letters and digits: an
    /// index that takes texts apart at other characters leaves it whole.
    ///
    /// None if they do not hold it, or if it could not be used in a search.
    #[must_use]
    pub fn new(token: &str, subject: &str, message_id: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_fit = token.len() >= 20 && token.bytes().all(is_plain);
        (is_fit && subject.contains(token) && message_id.contains(token)).then(|| Self {
            token: token.to_owned(),
            subject: subject.to_owned(),
            message_id: bare(message_id).to_owned(),
        })
    }

    /// The keys of SEARCH (RFC 9051 §6.4.4). The subject is none of them: an answer to the mail repeats it.
    pub(super) fn search(&self) -> String {
        let token = &self.token;
        format!(
            "OR HEADER {HEADER} \"{token}\" OR HEADER Message-ID \"{token}\" HEADER {ORIGINAL_MESSAGE_ID} \"{token}\""
        )
    }

    /// Whether the message with these headers is the one.
    pub(super) fn is_on(&self, head: &str) -> bool {
        let has = |name: &str, is: &dyn Fn(&str) -> bool| headers::header(head, name).is_some_and(|value| is(&value));
        let is_id = |value: &str| bare(value) == self.message_id;
        has(HEADER, &|value| value.trim() == self.token)
            || has("Message-ID", &is_id)
            || has(ORIGINAL_MESSAGE_ID, &is_id)
            || has("Subject", &|value| headers::decode_words(value).trim() == self.subject)
    }
}

/// An identifier without angle brackets.
fn bare(message_id: &str) -> &str {
    message_id.trim().trim_start_matches('<').trim_end_matches('>')
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "abcdefghij0123456789";

    fn mark(token: &str) -> Option<Mark> {
        Mark::new(token, &format!("test mail [{TOKEN}]"), &format!("<{TOKEN}@contoso.com>"))
    }

    #[test]
    fn a_mail_is_known_by_whatever_its_provider_has_left() {
        let mark = mark(TOKEN).unwrap();
        for (head, is_the_one) in [
            (format!("Subject: x\r\nX-Mailgrant-Test: {TOKEN}\r\n"), true),
            (format!("message-id: <{TOKEN}@contoso.com>\r\n"), true),
            (format!("Message-ID:\r\n <{TOKEN}@contoso.com>\r\n"), true),
            (format!("Message-ID: <other>\r\nX-Microsoft-Original-Message-ID: <{TOKEN}@contoso.com>\r\n"), true),
            (format!("Message-ID: <0100@email.amazonses.com>\r\nSubject: test mail [{TOKEN}]\r\n"), true),
            (format!("Subject: =?utf-8?q?test_mail?=\r\n [{TOKEN}]\r\n"), true),
            // An answer to it, a bounce, and another test mail.
            (format!("Subject: Automatic reply: test mail [{TOKEN}]\r\n"), false),
            (format!("Message-ID: <reply>\r\nIn-Reply-To: <{TOKEN}@contoso.com>\r\n"), false),
            (
                "Subject: test mail [zzzzzzzzzz0123456789]\r\nX-Mailgrant-Test: zzzzzzzzzz0123456789\r\n".to_owned(),
                false,
            ),
            (String::new(), false),
        ] {
            assert_eq!(mark.is_on(&head), is_the_one, "{head}");
        }
    }

    #[test]
    fn a_token_that_a_search_could_not_hold_makes_no_mark() {
        for token in [
            "",
            "short",
            "abcdefghij\"0123456789",
            "abcdefghij 0123456789",
            "ABCDEFGHIJ0123456789",
            "zzzzzzzzzz0123456789",
        ] {
            assert_eq!(mark(token), None, "{token:?}");
        }
    }
}
