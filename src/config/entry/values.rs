//! The values that the file can hold: how each is read, and how it is written.

use std::path::PathBuf;

use jiff::civil::Date;
use serde::de::IntoDeserializer as _;
use serde::de::value::StrDeserializer;
use serde::{Deserialize, Serialize};
use toml::Spanned;
use toml::de::DeValue;
use toml_edit::{Array, Value};

use super::{Entry, Exposure, Fault, Found, Wrong};
use crate::profile::{
    Access, ClientAuthentication, Cloud, Credential, FederatedSource, Invalid, Protocol, Provider, RecordCommand,
    SigningAlgorithm, StoreKind, TlsMode,
};

/// A value, with its place.
impl<T: Entry> Entry for Spanned<T> {
    const EXPOSURE: Exposure = T::EXPOSURE;

    fn read(value: &Found<'_>) -> Result<Self, Wrong> {
        Ok(Self::new(value.span(), T::read(value)?))
    }

    fn write(&self) -> Value {
        self.get_ref().write()
    }

    fn over(self, old: Self) -> Self {
        let span = self.span();
        Self::new(span, self.into_inner().over(old.into_inner()))
    }
}

impl Entry for String {
    const EXPOSURE: Exposure = Exposure::Whole;

    fn read(value: &Found<'_>) -> Result<Self, Wrong> {
        value.get_ref().as_str().map(str::to_owned).ok_or_else(|| Fault::type_of(value, "a string"))
    }

    fn write(&self) -> Value {
        self.as_str().into()
    }
}

impl Entry for PathBuf {
    const EXPOSURE: Exposure = Exposure::Whole;

    fn read(value: &Found<'_>) -> Result<Self, Wrong> {
        String::read(value).map(Self::from)
    }

    fn write(&self) -> Value {
        self.to_string_lossy().into_owned().into()
    }
}

impl Entry for bool {
    const EXPOSURE: Exposure = Exposure::Word;

    fn read(value: &Found<'_>) -> Result<Self, Wrong> {
        value.get_ref().as_bool().ok_or_else(|| Fault::type_of(value, "true or false"))
    }

    fn write(&self) -> Value {
        (*self).into()
    }
}

/// A port.
impl Entry for u16 {
    const EXPOSURE: Exposure = Exposure::Word;

    fn read(value: &Found<'_>) -> Result<Self, Wrong> {
        let number = value.get_ref().as_integer();
        let number = number.ok_or_else(|| Fault::type_of(value, "a number from 1 to 65535"))?;
        Self::from_str_radix(number.as_str(), number.radix())
            .map_err(|_| Fault::Value(Invalid::new("this is not a port", "write 1 to 65535")).at(value))
    }

    fn write(&self) -> Value {
        i64::from(*self).into()
    }
}

/// A day: TOML's own date, or the same in quotes.
impl Entry for Date {
    const EXPOSURE: Exposure = Exposure::Word;

    fn read(value: &Found<'_>) -> Result<Self, Wrong> {
        let day = match value.get_ref() {
            DeValue::Datetime(day) if day.time.is_none() && day.offset.is_none() => day.to_string().parse().ok(),
            DeValue::Datetime(_) => None,
            DeValue::String(text) => text.parse().ok(),
            _ => return Err(Fault::type_of(value, "a day, as in 2027-05-20")),
        };
        day.ok_or_else(|| {
            let invalid = Invalid::new("this is not a date", "write it as 2027-05-20");
            Fault::Value(invalid).at(value)
        })
    }

    fn write(&self) -> Value {
        let text = self.to_string();
        text.parse::<toml_edit::Datetime>().map_or_else(|_| text.into(), Value::from)
    }
}

impl Entry for Vec<String> {
    const EXPOSURE: Exposure = Exposure::Whole;

    fn read(value: &Found<'_>) -> Result<Self, Wrong> {
        let list = value.get_ref().as_array().ok_or_else(|| Fault::type_of(value, "a list of strings"))?;
        list.iter().map(String::read).collect()
    }

    fn write(&self) -> Value {
        Value::Array(self.iter().map(String::as_str).collect::<Array>())
    }
}

/// A command of a store.
impl Entry for RecordCommand {
    const EXPOSURE: Exposure = Exposure::Whole;

    fn read(value: &Found<'_>) -> Result<Self, Wrong> {
        Self::new(Vec::read(value)?).map_err(|invalid| Fault::Value(invalid).at(value))
    }

    fn write(&self) -> Value {
        self.words().to_vec().write()
    }
}

/// The words for a value, where serde's derive did not know the one that it was given.
#[derive(Debug)]
struct NoneOf(&'static [&'static str]);

impl serde::de::Error for NoneOf {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self(&[])
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self(expected)
    }
}

impl std::fmt::Display for NoneOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "none of {}", self.0.join(", "))
    }
}

impl std::error::Error for NoneOf {}

fn read_word<T: for<'de> Deserialize<'de>>(value: &Found<'_>) -> Result<T, Wrong> {
    let word = value.get_ref().as_str().ok_or_else(|| Fault::type_of(value, "a string"))?;
    let deserializer: StrDeserializer<'_, NoneOf> = word.into_deserializer();
    T::deserialize(deserializer)
        .map_err(|NoneOf(known)| Fault::UnknownWord { word: word.to_owned(), known: known.to_vec() }.at(value))
}

/// A value enum's word in the file.
fn write_word(value: &impl Serialize) -> Value {
    let word = serde_json::to_value(value).ok().and_then(|word| word.as_str().map(str::to_owned));
    Value::from(word.unwrap_or_default())
}

macro_rules! word {
    ($($exposure:ident: $($name:ty),+;)+) => {$($(
        impl Entry for $name {
            const EXPOSURE: Exposure = Exposure::$exposure;

            fn read(value: &Found<'_>) -> Result<Self, Wrong> {
                read_word(value)
            }

            fn write(&self) -> Value {
                write_word(self)
            }
        }
    )+)+};
}

word! {
    Word: Access, Cloud, FederatedSource, SigningAlgorithm, StoreKind, TlsMode;
    Hidden: ClientAuthentication;
}

impl Entry for Provider {
    const EXPOSURE: Exposure = Exposure::Word;

    fn read(value: &Found<'_>) -> Result<Self, Wrong> {
        read_word(value)
    }

    fn write(&self) -> Value {
        self.key.into()
    }
}

impl Entry for Protocol {
    const EXPOSURE: Exposure = Exposure::Word;

    fn read(value: &Found<'_>) -> Result<Self, Wrong> {
        let word = String::read(value)?;
        let found = Self::ALL.into_iter().find(|protocol| protocol.key() == word);
        found.ok_or_else(|| Fault::UnknownWord { word, known: Self::ALL.map(Self::key).to_vec() }.at(value))
    }

    fn write(&self) -> Value {
        self.key().into()
    }
}

/// The value may be the secret, pasted where its kind belongs: it is never repeated.
impl Entry for Credential {
    const EXPOSURE: Exposure = Exposure::Hidden;

    fn read(value: &Found<'_>) -> Result<Self, Wrong> {
        let refused = |known: Vec<&'static str>| Fault::NoCredential { known }.at(value);
        read_word(value).map_err(|wrong| match wrong.fault {
            Fault::UnknownWord { known, .. } => refused(known),
            _ => wrong,
        })
    }

    fn write(&self) -> Value {
        write_word(self)
    }
}
