//! Finding what a command is about, as people call it: by name, in any case, or by address.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use crate::error::CommandError;
use crate::profile::{Address, App, Mailbox, Name, Profile};
use crate::report::{Check, Finding, FindingCode, Report, Stage, Subject};
use crate::text::{Redactor, Shown};

/// More names are not told where one is unknown.
const MOST_NAMES: usize = 5;
/// From here on, of 1, one name is so like another that it may be meant.
const ALIKE: f64 = 0.6;

/// The mailbox called `called`.
///
/// # Errors
/// If there is none, or several fit.
pub fn mailbox<'a>(profile: &'a Profile, called: &(impl AsRef<str> + ?Sized)) -> Result<&'a Mailbox, CommandError> {
    let called = called.as_ref();
    match pick(called, &mailbox_names(profile))?.and_then(|name| profile.mailboxes.get(name)) {
        Some(mailbox) => Ok(mailbox),
        None => Err(unknown(called, &mailbox_names(profile), false)),
    }
}

/// The app called `called`, or the app of the mailbox called so.
///
/// # Errors
/// If there is neither, or several fit.
pub fn app<'a>(profile: &'a Profile, called: &(impl AsRef<str> + ?Sized)) -> Result<&'a App, CommandError> {
    let called = called.as_ref();
    if let Some(app) = profile.apps.values().find(|app| app.name.as_str() == called) {
        return Ok(app);
    }
    if let Some(mailbox) = pick(called, &mailbox_names(profile))?.and_then(|name| profile.mailboxes.get(name)) {
        return Ok(profile.app_of(mailbox));
    }
    let app = pick(called, &app_names(profile))?.and_then(|name| profile.apps.get(name));
    app.ok_or_else(|| unknown(called, &all_names(profile), true))
}

/// The name of the mailbox called `called`, or of the app called so.
///
/// # Errors
/// If there is neither, or several fit.
pub fn name<'a>(profile: &'a Profile, called: &(impl AsRef<str> + ?Sized)) -> Result<&'a Name, CommandError> {
    let called = called.as_ref();
    let names = [mailbox_names(profile), app_names(profile)];
    // What is meant exactly comes before what only fits.
    let exact = names.iter().flatten().find(|known| known.name.as_str() == called);
    if let Some(known) = exact {
        return Ok(known.name);
    }
    for known in &names {
        if let Some(name) = pick(called, known)? {
            return Ok(name);
        }
    }
    Err(unknown(called, &names[0], false))
}

/// The mailboxes called `called`, each once; all enabled ones where `all` is set.
///
/// # Errors
/// The first that there is not, or that several fit.
pub fn mailboxes<'a>(
    profile: &'a Profile,
    called: &[impl AsRef<str>],
    all: bool,
) -> Result<Vec<&'a Mailbox>, CommandError> {
    if all {
        return Ok(profile.mailboxes.values().filter(|mailbox| mailbox.enabled).collect());
    }
    let found: Result<Vec<&Mailbox>, CommandError> = called.iter().map(|called| mailbox(profile, called)).collect();
    found.map(each_once)
}

/// The mailboxes called `called` that there are, each once, and a report on each that there is not.
///
/// # Errors
/// Why there is not the first, where there is none of them.
pub fn those_there<'a>(
    profile: &'a Profile,
    called: &[impl AsRef<str>],
) -> Result<(Vec<&'a Mailbox>, Vec<Report>), CommandError> {
    let (mut found, mut missing, mut first) = (Vec::new(), Vec::new(), None);
    for called in called {
        match mailbox(profile, called) {
            Ok(mailbox) => found.push(mailbox),
            Err(error) => {
                let mut report = Report::new(Subject::Mailbox(Redactor::by_shape(called.as_ref())));
                report.checks.push(Check::failed(Stage::Profile, Duration::ZERO, error.finding().clone()));
                missing.push(report);
                first = first.or(Some(error));
            }
        }
    }
    match first.filter(|_| found.is_empty()) {
        Some(error) => Err(error),
        None => Ok((each_once(found), missing)),
    }
}

fn each_once(mailboxes: Vec<&Mailbox>) -> Vec<&Mailbox> {
    let mut seen = BTreeSet::new();
    mailboxes.into_iter().filter(|mailbox| seen.insert(&mailbox.name)).collect()
}

/// What something can be called by.
struct Known<'a> {
    name: &'a Name,
    address: Option<&'a Address>,
}

fn mailbox_names(profile: &Profile) -> Vec<Known<'_>> {
    profile.mailboxes.values().map(|mailbox| Known { name: &mailbox.name, address: Some(&mailbox.address) }).collect()
}

fn app_names(profile: &Profile) -> Vec<Known<'_>> {
    profile.apps.keys().map(|name| Known { name, address: None }).collect()
}

fn all_names(profile: &Profile) -> Vec<Known<'_>> {
    let mut names = mailbox_names(profile);
    let apps = app_names(profile).into_iter();
    let others: Vec<Known<'_>> = apps.filter(|app| names.iter().all(|known| known.name != app.name)).collect();
    names.extend(others);
    names
}

/// The name of what `called` means: what is called exactly so, or else the only one that it fits.
fn pick<'a>(called: &str, known: &[Known<'a>]) -> Result<Option<&'a Name>, CommandError> {
    if let Some(exact) = known.iter().find(|known| known.name.as_str() == called) {
        return Ok(Some(exact.name));
    }
    let fits = |known: &&Known<'_>| {
        known.name.as_str().eq_ignore_ascii_case(called) || known.address.is_some_and(|address| address.matches(called))
    };
    let fitting: Vec<&Name> = known.iter().filter(fits).map(|known| known.name).collect();
    match fitting.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => {
            let told = Finding::of(FindingCode::SEVERAL_FIT).with("name", Redactor::by_shape(called));
            Err(told.with("names", Shown::join(several.iter().copied(), ", ")).into())
        }
    }
}

/// That nothing is called so: what is nearest, and a few names that there are.
fn unknown(called: &str, known: &[Known<'_>], or_app: bool) -> CommandError {
    let mut names: Vec<(f64, &Name)> = known.iter().map(|known| (likeness(called, known), known.name)).collect();
    names.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
    let near = names.first().filter(|(likeness, _)| *likeness >= ALIKE).map(|(_, name)| *name);
    let rest = match names.len().saturating_sub(MOST_NAMES) {
        0 => Shown::default(),
        more => shown!(" and {} more (`mailgrant list`)", more),
    };
    let told = Finding::of(FindingCode::UNKNOWN_MAILBOX).with("name", Redactor::by_shape(called));
    let told = told.case_if(or_app, "app").case_if(!names.is_empty(), "others").case_if(near.is_some(), "near");
    let told = match near {
        Some(near) => told.with("near", near),
        None => told,
    };
    let names = names.iter().take(MOST_NAMES).map(|(_, name)| *name);
    told.with("names", shown!("{}{}", Shown::join(names, ", "), rest)).into()
}

/// How like each other two names are, from 0 to 1.
fn likeness(called: &str, known: &Known<'_>) -> f64 {
    let called = called.to_lowercase();
    let like = |text: &str| {
        let text = text.to_lowercase();
        let begins = called.len() >= 3 && text.starts_with(&called);
        if begins { 0.9 } else { strsim::normalized_damerau_levenshtein(&called, &text) }
    };
    let by_address = known.address.map_or(0.0, |address| like(address.as_str()));
    like(known.name.as_str()).max(by_address)
}

/// The profile is not what the user was asked about any more.
pub fn changed_meanwhile(profile: &Path) -> CommandError {
    Finding::of(FindingCode::PROFILE_CHANGED).with("path", profile).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    /// A profile with these mailboxes, each as name and address.
    fn profile(mailboxes: &[(&str, &str)]) -> Profile {
        let mut text = "[apps.contoso]\nprovider = \"google\"\nclient_id = \"a\"\n".to_owned();
        for (name, address) in mailboxes {
            let lines = format!("app = \"contoso\"\naddress = \"{address}\"\nincoming = {{ protocol = \"imap\" }}\n");
            text.push_str(&format!("[mailboxes.{name}]\n{lines}"));
        }
        config::parse("config.toml".as_ref(), &text).unwrap()
    }

    fn told(profile: &Profile, called: &str) -> (String, String) {
        let error = mailbox(profile, called).unwrap_err();
        let finding = error.finding();
        (finding.code.as_str().to_owned(), format!("{} {:?}", finding.cause, finding.fix))
    }

    #[test]
    fn a_mailbox_is_found_by_name_in_any_case_and_by_address() {
        let profile = profile(&[("shop", "shop@contoso.example"), ("Sales", "verkauf@m\u{fc}ller.example")]);
        for (called, name) in [
            ("shop", "shop"),
            ("SHOP", "shop"),
            ("sales", "Sales"),
            ("Shop@Contoso.Example", "shop"),
            ("verkauf@xn--mller-kva.example", "Sales"),
        ] {
            assert_eq!(mailbox(&profile, called).unwrap().name.as_str(), name, "{called}");
        }
        assert_eq!(app(&profile, "CONTOSO").unwrap().name.as_str(), "contoso");
        assert_eq!(app(&profile, "shop@contoso.example").unwrap().name.as_str(), "contoso");
        assert_eq!(name(&profile, "Contoso").unwrap().as_str(), "contoso");
    }

    #[test]
    fn what_is_written_exactly_comes_first_and_what_fits_several_is_told() {
        let profile = profile(&[("shop", "a@x.example"), ("SHOP", "a@x.example"), ("Shop2", "b@x.example")]);
        assert_eq!(mailbox(&profile, "SHOP").unwrap().name.as_str(), "SHOP");
        for called in ["Shop", "A@x.example"] {
            let (code, words) = told(&profile, called);
            assert_eq!(code, "several-fit");
            assert!(words.contains("SHOP, shop"), "{words}");
        }
    }

    #[test]
    fn the_nearest_name_is_offered_and_few_are_told() {
        let many: Vec<(String, String)> =
            (10..60).map(|number| (format!("user{number}"), format!("u{number}@x.example"))).collect();
        let mut names: Vec<(&str, &str)> =
            many.iter().map(|(name, address)| (name.as_str(), address.as_str())).collect();
        names.push(("shop", "shop@contoso.example"));
        let profile = profile(&names);
        for called in ["shp", "sho", "shop@contoso.exmaple"] {
            let (code, words) = told(&profile, called);
            assert_eq!(code, "unknown-mailbox");
            assert!(words.contains("Did you mean shop?"), "{words}");
            assert!(words.contains(" and 46 more (`mailgrant list`)"), "{words}");
        }
        let (_, words) = told(&profile, "nothing-like-it");
        assert!(!words.contains("Did you mean"), "{words}");
        assert!(words.matches("user").count() <= MOST_NAMES, "{words}");
    }

    #[test]
    fn those_that_there_are_come_each_once_and_each_missing_one_has_a_report() {
        let profile = profile(&[("shop", "shop@contoso.example")]);
        let (found, missing) = those_there(&profile, &["shop", "nosuch", "SHOP"]).unwrap();
        assert_eq!((found.len(), missing.len()), (1, 1));
        assert_eq!(missing[0].subject, Subject::Mailbox("nosuch".into()));
        assert_eq!(missing[0].first_finding().unwrap().code, FindingCode::UNKNOWN_MAILBOX);
        assert!(those_there(&profile, &["nosuch"]).is_err());
    }
}
