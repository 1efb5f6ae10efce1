//! What the mirrors of the file are made of: how a value of TOML is read, how it is written, and what of it a message may
//! show. A key of the profile is one field of a mirror and one word in its list of keys.

mod values;

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml_edit::{InlineTable, Value};

use crate::profile::{Invalid, Name, Protocol};

/// A value of the file, with its place.
pub(super) type Found<'i> = Spanned<DeValue<'i>>;

/// How much of a key's value a message may show (SECURITY.md K2): people do paste secrets into the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exposure {
    /// All of it, however long.
    Whole,
    /// One word or number; what is longer is something else.
    Word,
    /// Nothing.
    Hidden,
}

/// A key that a table knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    pub name: &'static str,
    pub exposure: Exposure,
}

/// What is wrong with the file, and where.
#[derive(Debug)]
pub(super) struct Wrong {
    /// The key whose value it is.
    pub key: Option<&'static str>,
    pub span: Range<usize>,
    pub fault: Fault,
}

/// What is wrong with a key or a value.
#[derive(Debug)]
pub(super) enum Fault {
    /// A key that its table does not know, and those that it knows.
    UnknownKey { key: String, known: Vec<&'static str> },
    /// A key that its table needs.
    MissingKey(&'static str),
    /// A word that is none of those that belong here.
    UnknownWord { word: String, known: Vec<&'static str> },
    /// A value of another type.
    Type { found: &'static str, expected: &'static str },
    /// A value that does not parse as what belongs here.
    Value(Invalid),
    /// Something else than a kind of credential, which may be the secret itself.
    NoCredential { known: Vec<&'static str> },
}

impl Fault {
    fn at(self, value: &Found<'_>) -> Wrong {
        Wrong { key: None, span: value.span(), fault: self }
    }

    pub(super) fn type_of(value: &Found<'_>, expected: &'static str) -> Wrong {
        Self::Type { found: value.get_ref().type_str(), expected }.at(value)
    }
}

/// A value that the file can hold.
pub(super) trait Entry: Sized {
    /// How much of it a message may show.
    const EXPOSURE: Exposure;

    fn read(value: &Found<'_>) -> Result<Self, Wrong>;

    fn write(&self) -> Value;

    /// This value over what was there: a table takes over what it does not say.
    fn over(self, _old: Self) -> Self {
        self
    }
}

/// A field of a mirror: a value that a key has, or lacks.
pub(super) trait Field: Sized {
    /// How much of its value a message may show.
    const EXPOSURE: Exposure;

    fn read(table: &Table<'_>, key: &'static str) -> Result<Self, Wrong>;

    fn write(&self) -> Option<Value>;

    /// This field, or what was there where it says nothing.
    fn over(self, old: Self) -> Self;
}

/// A table of the file, whose keys are known.
pub(super) struct Table<'a> {
    table: &'a DeTable<'a>,
    span: Range<usize>,
}

impl<'a> Table<'a> {
    /// `value` as a table that has none but the keys in `known`.
    pub(super) fn of(value: &'a Found<'a>, known: impl IntoIterator<Item = &'static str>) -> Result<Self, Wrong> {
        match value.get_ref() {
            DeValue::Table(table) => Self::over(table, value.span(), known),
            _ => Err(Fault::type_of(value, "a table")),
        }
    }

    /// `table` as one that has none but the keys in `known`.
    pub(super) fn over(
        table: &'a DeTable<'a>,
        span: Range<usize>,
        known: impl IntoIterator<Item = &'static str>,
    ) -> Result<Self, Wrong> {
        let known: Vec<&str> = known.into_iter().collect();
        let unknown = table.keys().filter(|key| !known.contains(&key.get_ref().as_ref()));
        match unknown.min_by_key(|key| key.span().start) {
            Some(key) => {
                let fault = Fault::UnknownKey { key: key.get_ref().to_string(), known };
                Err(Wrong { key: None, span: key.span(), fault })
            }
            None => Ok(Self { table, span }),
        }
    }

    fn get(&self, key: &str) -> Option<&'a Found<'a>> {
        self.table.get(key)
    }
}

/// Makes a struct a table of the file: its fields, which are its keys.
macro_rules! table {
    ($mirror:ty: $($key:ident),* $(,)?) => {
        impl $mirror {
            /// The keys that the table knows.
            pub(super) const KEYS: &'static [$crate::config::entry::Key] = {
                /// What the type of a field says of its value.
                const fn exposure<T, F: Field>(_: fn(&T) -> &F) -> $crate::config::entry::Exposure {
                    F::EXPOSURE
                }
                &[$($crate::config::entry::Key {
                    name: stringify!($key),
                    exposure: exposure::<Self, _>(|mirror| &mirror.$key),
                }),*]
            };

            pub(super) fn read_from(table: &$crate::config::entry::Table<'_>) -> Result<Self, $crate::config::entry::Wrong> {
                Ok(Self { $($key: Field::read(table, stringify!($key))?),* })
            }

            /// The keys that have a value, and what is written of it.
            pub(super) fn to_table(&self) -> toml_edit::InlineTable {
                let fields = [$((stringify!($key), Field::write(&self.$key))),*];
                fields.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
            }
        }

        impl $crate::config::entry::Entry for $mirror {
            // Each key in it is looked at by itself.
            const EXPOSURE: $crate::config::entry::Exposure = $crate::config::entry::Exposure::Whole;

            fn read(value: &$crate::config::entry::Found<'_>) -> Result<Self, $crate::config::entry::Wrong> {
                Self::read_from(&$crate::config::entry::Table::of(value, Self::KEYS.iter().map(|key| key.name))?)
            }

            fn write(&self) -> toml_edit::Value {
                self.to_table().into()
            }

            fn over(self, old: Self) -> Self {
                Self { $($key: Field::over(self.$key, old.$key)),* }
            }
        }
    };
}
pub(super) use table;

impl<T: Entry> Field for Option<T> {
    const EXPOSURE: Exposure = T::EXPOSURE;

    fn read(table: &Table<'_>, key: &'static str) -> Result<Self, Wrong> {
        let read = table.get(key).map(T::read).transpose();
        read.map_err(|wrong| Wrong { key: wrong.key.or(Some(key)), ..wrong })
    }

    fn write(&self) -> Option<Value> {
        self.as_ref().map(T::write)
    }

    fn over(self, old: Self) -> Self {
        match (self, old) {
            (Some(new), Some(old)) => Some(new.over(old)),
            (new, old) => new.or(old),
        }
    }
}

/// Tables by names that the user chose.
impl<T: Entry> Field for BTreeMap<Name, Spanned<T>> {
    const EXPOSURE: Exposure = Exposure::Hidden;

    fn read(table: &Table<'_>, key: &'static str) -> Result<Self, Wrong> {
        let Some(value) = table.get(key) else { return Ok(Self::new()) };
        let DeValue::Table(named) = value.get_ref() else { return Err(Fault::type_of(value, "a table")) };
        let read = |(key, value): (&Spanned<_>, &Found<'_>), what| {
            let text: &str = AsRef::<str>::as_ref(AsRef::<std::borrow::Cow<'_, str>>::as_ref(key));
            let refused = |invalid| Wrong { key: Some(what), span: key.span(), fault: Fault::Value(invalid) };
            let name = text.parse().map_err(refused);
            Ok((name?, Spanned::new(key.span(), T::read(value)?)))
        };
        let what = if key == "apps" { "app name" } else { "mailbox name" };
        named.iter().map(|entry| read(entry, what)).collect()
    }

    fn write(&self) -> Option<Value> {
        let tables = self.iter().map(|(name, table)| (name.as_str(), table.get_ref().write()));
        (!self.is_empty()).then(|| tables.collect::<InlineTable>().into())
    }

    fn over(self, mut old: Self) -> Self {
        for (name, new) in self {
            let new = match old.remove(&name) {
                Some(old) => new.over(old),
                None => new,
            };
            old.insert(name, new);
        }
        old
    }
}

/// A key that its table cannot do without.
impl Field for Spanned<Protocol> {
    const EXPOSURE: Exposure = Exposure::Word;

    fn read(table: &Table<'_>, key: &'static str) -> Result<Self, Wrong> {
        let missing = || Wrong { key: None, span: table.span.clone(), fault: Fault::MissingKey(key) };
        let read = table.get(key).ok_or_else(missing).and_then(Entry::read);
        read.map_err(|wrong| Wrong { key: wrong.key.or(Some(key)), ..wrong })
    }

    fn write(&self) -> Option<Value> {
        Some(Entry::write(self))
    }

    fn over(self, _old: Self) -> Self {
        self
    }
}
