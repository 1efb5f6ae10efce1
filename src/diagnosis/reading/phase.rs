//! How far a conversation with a mail server has come.

use serde::Deserialize;

/// What the last command was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// None yet: the greeting.
    Connect,
    /// EHLO, HELO, CAPABILITY, CAPA, ID.
    Hello,
    /// STARTTLS, STLS.
    Tls,
    /// AUTH, AUTHENTICATE, LOGIN, USER, PASS.
    SignIn,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA, and the message.
    Data,
    /// EXAMINE, SELECT, STAT and the like.
    Folder,
}

impl Phase {
    /// The phase of a command, by its first word; none where it tells nothing.
    #[must_use]
    pub fn of(command: &str) -> Option<Self> {
        let word = command.split_whitespace().next().unwrap_or_default();
        Some(match word.to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" | "CAPABILITY" | "CAPA" | "ID" => Self::Hello,
            "STARTTLS" | "STLS" => Self::Tls,
            "AUTH" | "AUTHENTICATE" | "LOGIN" | "USER" | "PASS" => Self::SignIn,
            "MAIL" => Self::Mail,
            "RCPT" => Self::Rcpt,
            "DATA" | "BDAT" => Self::Data,
            "EXAMINE" | "SELECT" | "STAT" | "STATUS" | "LIST" | "UIDL" | "TOP" | "RETR" | "FETCH" => Self::Folder,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_of_a_command_is_what_counts() {
        assert_eq!(Phase::of("AUTH XOAUTH2"), Some(Phase::SignIn));
        assert_eq!(Phase::of("rcpt TO:<a@example.com>"), Some(Phase::Rcpt));
        assert_eq!(Phase::of("NOOP"), None);
        assert_eq!(Phase::of(""), None);
    }
}
