//! What `--version` tells: a line, and with `-v` how the program was built.

use std::ffi::OsString;
use std::sync::LazyLock;

use clap::ValueEnum as _;

use crate::doctor;
use crate::profile::StoreKind;

/// Parts of the program that a build may leave out.
const FEATURES: [(&str, bool); 2] =
    [("practice", cfg!(feature = "practice")), ("vendored-openssl", cfg!(feature = "vendored-openssl"))];

/// Whether `arguments` ask for the details, where they ask for the version.
pub(super) fn is_asked_in_full(arguments: &[OsString]) -> bool {
    let mut words = arguments.iter().skip(1).filter_map(|word| word.to_str()).take_while(|word| *word != "--");
    words.any(|word| match word.strip_prefix('-') {
        Some(long) if long.starts_with('-') => word == "--verbose",
        Some(short) => short.contains('v'),
        None => false,
    })
}

/// The version, and a line for each thing that bug reports leave out.
pub(super) fn in_full() -> &'static str {
    // clap holds on to texts that live as long as the program.
    static TOLD: LazyLock<String> = LazyLock::new(told);
    &TOLD
}

fn told() -> String {
    let commit = match env!("MAILGRANT_COMMIT") {
        "" => "not known",
        commit => commit,
    };
    let features: Vec<&str> = FEATURES.iter().filter(|(_, is_on)| *is_on).map(|(name, _)| *name).collect();
    let features = if features.is_empty() { "none".to_owned() } else { features.join(", ") };
    let stores = StoreKind::value_variants().iter().filter_map(StoreKind::to_possible_value);
    let stores: Vec<String> = stores.map(|store| store.get_name().to_owned()).collect();
    format!(
        "{}\ncommit: {commit}\ntarget: {}\nfeatures: {features}\nTLS: {}\nstores: {}",
        env!("CARGO_PKG_VERSION"),
        env!("MAILGRANT_TARGET"),
        doctor::TLS_LIBRARY,
        stores.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_details_are_for_those_who_ask() {
        let asked = |line: &str| is_asked_in_full(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        for line in ["mailgrant --version -v", "mailgrant -vV", "mailgrant -V --verbose", "mailgrant version -v"] {
            assert!(asked(line), "{line}");
        }
        for line in ["mailgrant --version", "mailgrant -V", "mailgrant version", "mailgrant explain --version -- -v"] {
            assert!(!asked(line), "{line}");
        }
    }

    #[test]
    fn the_details_name_no_folder_and_no_day() {
        let told = in_full();
        assert!(told.starts_with(concat!(env!("CARGO_PKG_VERSION"), "\n")), "{told}");
        assert!(told.ends_with("\nstores: keyring, vault, env, command"), "{told}");
        assert!(!told.contains('/') && told.lines().count() == 6, "{told}");
    }
}
