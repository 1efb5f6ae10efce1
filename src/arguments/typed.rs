//! Values of the command line that are of the profile's types: what is behind the parser needs no second look.

use std::ffi::OsStr;
use std::marker::PhantomData;
use std::str::FromStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command, Error};

use crate::profile::Invalid;
use crate::text;

/// Reads a value that parses as `T`. What does not is told in the words of its type: they never repeat what may be a
/// secret, as the parser of the command line would.
pub fn typed<T>() -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = Invalid> + Clone + Send + Sync + 'static,
{
    Typed(PhantomData)
}

#[derive(Clone)]
struct Typed<T>(PhantomData<T>);

impl<T: FromStr<Err = Invalid> + Clone + Send + Sync + 'static> TypedValueParser for Typed<T> {
    type Value = T;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<T, Error> {
        let not_text = || Invalid::new("it is not UTF-8 text", "write it in letters that every program reads");
        let parsed = value.to_str().ok_or_else(not_text).and_then(str::parse);
        parsed.map_err(|Invalid { problem, instead }| {
            let flag = argument.and_then(Arg::get_long).map(|flag| format!("--{flag}"));
            let name = flag.or_else(|| Some(argument?.get_value_names()?.first()?.to_string()));
            let told = format!("{}: {problem}. {}\n", name.unwrap_or_default(), text::sentence(&instead));
            Error::raw(ErrorKind::ValueValidation, told).with_cmd(command)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Address, ClientId, Name};

    #[test]
    fn what_does_not_parse_is_told_in_the_words_of_its_type_and_a_pasted_secret_is_not_repeated() {
        let command = Command::new("add")
            .arg(Arg::new("name").value_name("NAME").value_parser(typed::<Name>()))
            .arg(Arg::new("address").long("address").value_parser(typed::<Address>()))
            .arg(Arg::new("id").long("client-id").value_parser(typed::<ClientId>()));
        let refused = |line: &[&str]| {
            let error = command.clone().try_get_matches_from([&["add"], line].concat()).unwrap_err();
            assert_eq!((error.kind(), error.exit_code()), (ErrorKind::ValueValidation, 2));
            error.to_string()
        };
        let named = refused(&["my shop"]);
        assert!(named.starts_with("error: NAME: 'my shop' is not a valid name. Write 1 to 64 letters"), "{named}");
        let address = refused(&["shop", "--address", "shop"]);
        assert!(address.starts_with("error: --address: 'shop' has no @. Write one mail address"), "{address}");
        let pasted = refused(&["shop", "--client-id", "a~secret\tbehind a tab"]);
        assert!(pasted.starts_with("error: --client-id: ") && !pasted.contains("secret"), "{pasted}");
        command.clone().try_get_matches_from(["add", "shop", "--address", "shop@contoso.com"]).unwrap();
    }
}
