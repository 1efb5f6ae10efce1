//! Text that is safe to show, as a type: what is not known to be safe does not become one.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::strtime;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::unprintable::escape;

/// As [`format!`], for text that is safe to show: every argument is a [`Show`](crate::text::Show). What is named within the
/// braces would pass it by and is refused.
#[macro_export]
macro_rules! shown {
    ($format:literal $(, $value:expr)* $(,)?) => {
        $crate::text::Shown::of_shown_arguments(::std::format_args!(
            // A format that is put together cannot name variables.
            ::std::concat!($format) $(, $crate::text::Showing(&$value))*
        ))
    };
}

/// Text that is safe to show: it holds no secret (SECURITY.md K2), and nothing that a terminal obeys (P2). A line break in
/// it is one of ours.
///
/// A text of another side becomes one in a [`Redactor`](super::Redactor) alone; our own words and values do in [`shown!`]
/// and wherever a [`Show`] is taken. A `String`, or a `&str` that was not written into the program, is refused:
///
/// ```compile_fail
/// let answer = String::from("535 5.7.3 \x1b]0;owned\x07");
/// let said: mailgrant::text::Shown = answer.into();
/// ```
///
/// ```compile_fail
/// let answer = String::from("535 5.7.3 \x1b]0;owned\x07");
/// let said = mailgrant::shown!("the server said {}", answer);
/// ```
///
/// ```compile_fail
/// let answer = String::from("535 5.7.3 \x1b]0;owned\x07");
/// let said = mailgrant::shown!("the server said {answer}");
/// ```
///
/// ```
/// let answer = mailgrant::text::Redactor::default().clean("535 5.7.3 \x1b]0;owned\x07");
/// assert_eq!(mailgrant::shown!("{} said {}", "smtp.example", answer), r"smtp.example said 535 5.7.3 \x1b]0;owned\x07");
/// ```
///
/// [`shown!`]: crate::shown
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shown(Cow<'static, str>);

impl Shown {
    /// `text` after its redaction, with everything escaped that a terminal obeys.
    pub(super) fn redacted(text: &str) -> Self {
        Self(escape(text).into())
    }

    /// What [`shown!`](crate::shown) has put together.
    #[doc(hidden)]
    #[must_use]
    pub fn of_shown_arguments(arguments: fmt::Arguments<'_>) -> Self {
        match arguments.as_str() {
            Some(text) => Self(Cow::Borrowed(text)),
            None => Self(arguments.to_string().into()),
        }
    }

    /// `value` alone.
    #[must_use]
    pub fn of(value: impl Show) -> Self {
        Self(Showing(&value).to_string().into())
    }

    /// `values`, one after the other, with `between` between them.
    #[must_use]
    pub fn join<T: Show>(values: impl IntoIterator<Item = T>, between: &'static str) -> Self {
        let mut joined = String::new();
        for (index, value) in values.into_iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = write!(joined, "{}{}", if index == 0 { "" } else { between }, Showing(&value));
        }
        Self(joined.into())
    }

    /// The same, with `more` behind it.
    #[must_use]
    pub fn then(self, more: impl Show) -> Self {
        shown!("{}{}", self, more)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What `choose` picks out of it. What it picks is a part of it, or a literal: nothing else lives long enough.
    #[must_use]
    pub fn part(&self, choose: impl FnOnce(&str) -> &str) -> Self {
        Self(choose(&self.0).to_owned().into())
    }

    /// What is between its `between`s.
    pub fn parts(&self, between: &'static str) -> impl Iterator<Item = Self> {
        self.split(between).map(|part| Self(part.to_owned().into()))
    }

    /// The same, with `ours` wherever it has `theirs`.
    #[must_use]
    pub fn replaced(&self, theirs: &str, ours: &'static str) -> Self {
        if theirs.is_empty() { self.clone() } else { Self(self.0.replace(theirs, ours).into()) }
    }

    /// Its first `most` characters.
    #[must_use]
    pub fn cut(self, most: usize) -> Self {
        match self.char_indices().nth(most) {
            Some((at, _)) => self.part(|text| &text[..at]),
            None => self,
        }
    }
}

impl From<&'static str> for Shown {
    fn from(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl Deref for Shown {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Shown {
    fn as_ref(&self) -> &str {
        self
    }
}

impl PartialEq<str> for Shown {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Shown {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl PartialEq<String> for Shown {
    fn eq(&self, other: &String) -> bool {
        **self == **other
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl JsonSchema for Shown {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

/// A value that may be shown: words of the program, numbers and times, a value of the profile that was checked when it was
/// read, the system's own words, or a [`Shown`]. Not implemented for `String` and for borrowed `str`, which may come from any peer.
pub trait Show {
    /// Writes it, with what a terminal obeys escaped.
    ///
    /// # Errors
    /// The error of `f`.
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl<T: Show + ?Sized> Show for &T {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).show(f)
    }
}

impl Show for Shown {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl Show for &'static str {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

/// A path is the user's own, and may hold anything but a secret.
impl Show for Path {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&escape(&self.to_string_lossy()))
    }
}

impl Show for PathBuf {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_path().show(f)
    }
}

/// Lets types be shown as they display themselves: numbers, and types whose values were checked when they were made.
#[macro_export]
#[doc(hidden)]
macro_rules! show_as_displayed {
    ($($kind:ty),+ $(,)?) => {
        $(impl $crate::text::Show for $kind {
            fn show(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self, f)
            }
        })+
    };
}

show_as_displayed!(
    u8,
    u16,
    u32,
    u64,
    u128,
    usize,
    i32,
    i64,
    f32,
    f64,
    IpAddr,
    SocketAddr,
    Timestamp,
    Date,
    strtime::Display<'_>
);

/// The system's words: "No space left on device". On Windows they are in the user's language, and the system's number, by which
/// they can be looked up, stays behind them.
impl Show for io::Error {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.to_string();
        let number = self.raw_os_error().map(|number| format!(" (os error {number})"));
        let plain = number.filter(|_| cfg!(unix)).and_then(|number| words.strip_suffix(&number));
        f.pad(&escape(plain.unwrap_or(&words)))
    }
}

/// An argument of [`shown!`](crate::shown).
#[doc(hidden)]
pub struct Showing<'a, T: ?Sized>(pub &'a T);

impl<T: Show + ?Sized> fmt::Display for Showing<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show(f)
    }
}

impl<T: Show + fmt::LowerHex + ?Sized> fmt::LowerHex for Showing<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Show + fmt::Octal + ?Sized> fmt::Octal for Showing<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::is_unprintable;

    #[test]
    fn what_a_path_or_the_system_says_is_escaped() {
        let path = Path::new("/tmp/a\x1b]0;b\nc\u{202e}");
        let error = io::Error::other("no\x1b[2J\nway");
        let shown = shown!("{}: {} ({:.1} s, {:>3})", path, error, 1.25, 7);
        assert!(!shown.contains(is_unprintable), "{shown}");
        assert_eq!(shown, r"/tmp/a\x1b]0;b\nc\u{202e}: no\x1b[2J\nway (1.2 s,   7)");
    }

    #[cfg(unix)]
    #[test]
    fn the_words_of_the_system_come_without_its_number() {
        let missing = std::fs::metadata("/nowhere/at all").expect_err("it is not there");
        assert_eq!(Shown::of(missing), "No such file or directory");
        // What is not the system's stays as it is.
        assert_eq!(Shown::of(io::Error::other("refused (os error 2)")), "refused (os error 2)");
    }

    #[test]
    fn parts_are_cut_at_characters() {
        let shown = Shown::from("Grüße an alle");
        assert_eq!(shown.clone().cut(3), "Grü");
        assert_eq!(shown.part(|text| text.trim_end_matches("alle")), "Grüße an ");
        assert_eq!(shown.clone().cut(100), shown);
        assert_eq!(Shown::join([1, 2, 3], ", "), "1, 2, 3");
    }
}
