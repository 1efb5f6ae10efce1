//! Which certificate authorities are trusted: the system's, and the private ones that the profile names.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::diagnosis::{self, FailureContext};
use crate::net::Trust;
use crate::report::{Check, Finding, FindingCode, Stage};
use crate::text::{Redactor, Shown};

type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The system's roots, and each private CA.
pub(super) fn checks(trust: &Trust, ca_files: &[PathBuf], env: Env<'_>) -> Vec<Check> {
    let mut checks = system(env);
    checks.extend(ca_files.iter().map(|path| {
        let started = Instant::now();
        match trust.connector(Some(path)) {
            Ok(_) => {
                let detail = shown!("{}: trusted beside the system's, as the profile says", path);
                Check::passed(Stage::Trust, started.elapsed(), detail)
            }
            Err(failure) => {
                let finding = diagnosis::finding(&failure, FailureContext::default());
                Check::failed(Stage::Trust, started.elapsed(), finding)
            }
        }
    }));
    checks
}

/// The system's own store cannot be counted cheaply; it is there with the system.
#[cfg(any(windows, target_vendor = "apple"))]
fn system(_: Env<'_>) -> Vec<Check> {
    let place = if cfg!(windows) { "Windows' certificate store" } else { "the Keychain" };
    vec![Check::passed(Stage::Trust, std::time::Duration::ZERO, place)]
}

/// Where OpenSSL looks: the files that native-tls finds with this very function.
#[cfg(not(any(windows, target_vendor = "apple")))]
fn system(env: Env<'_>) -> Vec<Check> {
    let started = Instant::now();
    let found = openssl_probe::probe();
    let mut checks: Vec<Check> = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .into_iter()
        .filter_map(|name| Some((name, env(name)?)))
        .filter(|(_, value)| !Path::new(value).exists())
        .map(|(name, value)| Check::failed(Stage::Trust, started.elapsed(), no_such_place(name, &value)))
        .collect();
    checks.push(roots(found.cert_file.as_deref(), &found.cert_dir, env, started));
    checks
}

#[cfg_attr(any(windows, target_vendor = "apple"), allow(dead_code, reason = "OpenSSL's places"))]
fn roots(file: Option<&Path>, folders: &[PathBuf], env: Env<'_>, started: Instant) -> Check {
    let in_file = file.map(|path| (path, count_in_file(path)));
    let in_folders: Vec<(&PathBuf, usize)> = folders.iter().map(|path| (path, count_in_folder(path))).collect();
    let count = in_file.map_or(0, |(_, count)| count) + in_folders.iter().map(|(_, count)| count).sum::<usize>();
    let mut places: Vec<Shown> = in_file.iter().map(|(path, count)| shown(path, *count)).collect();
    places.extend(in_folders.iter().filter(|(_, count)| *count > 0).map(|(path, count)| shown(path, *count)));
    if count == 0 {
        let places = if places.is_empty() { Shown::default() } else { shown!(" ({})", Shown::join(places, ", ")) };
        let finding = Finding::of(FindingCode::NO_CA_ROOTS).with("places", places).finding();
        return Check::failed(Stage::Trust, started.elapsed(), finding);
    }
    let chosen: Vec<&'static str> =
        ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().filter(|name| env(name).is_some()).collect();
    let chosen =
        if chosen.is_empty() { Shown::default() } else { shown!("; chosen by {}", Shown::join(chosen, " and ")) };
    Check::passed(Stage::Trust, started.elapsed(), shown!("{}{}", Shown::join(places, ", "), chosen))
}

fn shown(path: &Path, count: usize) -> Shown {
    shown!("{} ({} roots)", path, count)
}

/// The PEM headers, OpenSSL's own spelling among them.
fn count_in_file(path: &Path) -> usize {
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines()
        .filter(|line| matches!(line.trim_end(), "-----BEGIN CERTIFICATE-----" | "-----BEGIN TRUSTED CERTIFICATE-----"))
        .count()
}

/// OpenSSL finds a certificate in a folder by the hash of its name, as in `3513523f.0` (openssl-rehash(1)).
fn count_in_folder(path: &Path) -> usize {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let is_hashed = |name: &str| {
        name.split_once('.').is_some_and(|(hash, number)| {
            hash.len() == 8
                && hash.chars().all(|c| c.is_ascii_hexdigit())
                && !number.is_empty()
                && number.chars().all(|c| c.is_ascii_digit())
        })
    };
    entries.filter(|entry| entry.file_name().to_str().is_some_and(is_hashed)).count()
}

#[cfg_attr(any(windows, target_vendor = "apple"), allow(dead_code, reason = "OpenSSL's variables"))]
fn no_such_place(name: &'static str, value: &str) -> Finding {
    Finding::of(FindingCode::CA_ROOTS_MISPLACED)
        .with("variable", name)
        .with("value", Redactor::by_shape(value))
        .finding()
}

#[cfg(all(test, not(any(windows, target_vendor = "apple"))))]
mod tests;
