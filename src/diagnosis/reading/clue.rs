//! What a text shows of what a client did, beside what it was answered.

use serde::Deserialize;

/// Something that a client did, or that is known of who signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clue {
    /// It signed in with a user name and a password: AUTH PLAIN, LOGIN, USER and PASS.
    Password,
    /// It signed in with an access token: XOAUTH2 or OAUTHBEARER.
    Token,
    /// It spoke without TLS.
    Unencrypted,
    /// It began with TLS at once.
    TlsAtOnce,
    /// It began TLS with STARTTLS or STLS.
    Starttls,
    /// Its EHLO or HELO gave no full host name.
    BareHello,
    /// It used a mechanism that the server had not listed.
    NotOffered,
    /// It signs in as a program, not as a person.
    AppOnly,
    /// A personal Microsoft account is involved.
    Personal,
    /// It refreshed a token.
    Refresh,
    /// It had signed in before in the same text.
    WorkedBefore,
}

/// A set of clues.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Vec<Clue>")]
pub struct Clues(u16);

impl Clues {
    /// This one alone.
    #[must_use]
    pub fn of(clue: Clue) -> Self {
        Self(1 << clue as u16)
    }

    /// Those of either.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `clue` is one of them.
    #[must_use]
    pub fn has(self, clue: Clue) -> bool {
        self.has_any(Self::of(clue))
    }

    /// Whether each of `others` is one of them.
    #[must_use]
    pub fn has_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether one of `others` is one of them.
    #[must_use]
    pub fn has_any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }
}

impl From<Vec<Clue>> for Clues {
    fn from(clues: Vec<Clue>) -> Self {
        clues.into_iter().map(Self::of).fold(Self::default(), Self::and)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_put_into_it() {
        let set = Clues::from(vec![Clue::Password, Clue::WorkedBefore]);
        assert!(set.has(Clue::Password) && set.has(Clue::WorkedBefore) && !set.has(Clue::Token));
        assert!(set.has_all(Clues::of(Clue::Password)) && set.has_all(Clues::default()));
        assert!(!set.has_all(Clues::from(vec![Clue::Password, Clue::Token])));
        assert!(set.has_any(Clues::from(vec![Clue::Password, Clue::Token])) && !set.has_any(Clues::default()));
    }
}
