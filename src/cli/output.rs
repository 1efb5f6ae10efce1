//! The flags that say where results go: `--format`, `--report`, and their short forms `--json`, `--quiet` and `--html`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::report::{Format, format};

/// A report that goes to a file.
#[derive(Debug, Clone)]
pub struct FileReport {
    /// Its form.
    pub format: &'static dyn Format,
    /// The file.
    pub path: PathBuf,
}

/// What the command line asks for.
#[derive(Debug)]
pub struct Wanted {
    /// The forms for standard output, each with the flag that asks for it; more than one is a mistake.
    pub stdout: Vec<(&'static dyn Format, String)>,
    /// The files, each with the flag that asks for it.
    pub files: Vec<(FileReport, String)>,
}

/// The flags that ask for a form on standard output without its name.
pub(super) struct Short {
    pub(super) json: Option<&'static dyn Format>,
    pub(super) quiet: bool,
}

impl Wanted {
    /// What `--html`, `--ics`, the short flags, `--format` and `--report` say together.
    pub(super) fn of(
        html: Option<&Path>,
        calendar: Option<&Path>,
        short: Short,
        format: Option<&'static dyn Format>,
        reports: &[FileReport],
    ) -> Self {
        let is_stdout = |path: &&Path| *path == Path::new("-");
        let mut stdout = Vec::new();
        stdout.extend(html.filter(is_stdout).map(|_| (format::HTML, "--html -".to_owned())));
        stdout.extend(calendar.filter(is_stdout).map(|_| (format::CALENDAR, "--ics -".to_owned())));
        stdout.extend(short.json.map(|format| (format, format!("--{}", format.name()))));
        stdout.extend(short.quiet.then(|| (format::QUIET, "--quiet".to_owned())));
        stdout.extend(format.map(|format| (format, format!("--format {}", format.name()))));
        let file = |format, path: Option<&Path>, flag: &str| {
            let path = path.filter(|path| !is_stdout(path))?.to_owned();
            Some((FileReport { format, path }, flag.to_owned()))
        };
        let named = [file(format::HTML, html, "--html"), file(format::CALENDAR, calendar, "--ics")];
        let reports = reports.iter().map(|report| (report.clone(), format!("--report {}=", report.format.name())));
        Self { stdout, files: named.into_iter().flatten().chain(reports).collect() }
    }
}

/// Reads the name of a form.
pub(super) fn formats() -> impl TypedValueParser<Value = &'static dyn Format> {
    let names = PossibleValuesParser::new(format::ALL.map(Format::name));
    names.try_map(|name| format::named(&name).ok_or("there is no such format"))
}

/// Reads the number of a JSON layout.
pub(super) fn json() -> impl TypedValueParser<Value = &'static dyn Format> {
    PossibleValuesParser::new(["2", "1"]).map(|schema| if schema == "1" { format::JSON_1 } else { format::JSON })
}

/// Reads `FORMAT=FILE`.
pub(super) fn file_report(text: &str) -> Result<FileReport, String> {
    let (name, file) = text.split_once('=').ok_or("it is FORMAT=FILE, as in html=page.html")?;
    let format = format::named(name)
        .ok_or_else(|| format!("there is no format '{name}', but {}", format::ALL.map(Format::name).join(", ")))?;
    match file {
        "" => Err("the file's name is missing".to_owned()),
        "-" => Err(format!("standard output is --format {name}")),
        file => Ok(FileReport { format, path: PathBuf::from(file) }),
    }
}

/// The form for standard output on a command line that does not parse.
#[must_use]
pub fn format_of(arguments: impl Iterator<Item = OsString>) -> &'static dyn Format {
    let words: Vec<OsString> = arguments.collect();
    let following = words.iter().skip(1).map(Some).chain([None]);
    let asked = words.iter().zip(following).find_map(|(word, next)| match word.to_str()? {
        "--json" | "--json=2" => Some(format::JSON),
        "--json=1" => Some(format::JSON_1),
        "--json-lines" => Some(format::JSON_LINES),
        "--quiet" | "-q" => Some(format::QUIET),
        "--format" => format::named(next?.to_str()?),
        other => format::named(other.strip_prefix("--format=")?),
    });
    asked.unwrap_or(format::TEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_known_although_nothing_else_is() {
        for (line, name) in [
            ("--nonsense", "text"),
            ("test --json --nonsense", "json"),
            ("test --json=1 --nonsense", "json=1"),
            ("test --format json", "json"),
            ("--format=json test", "json"),
            ("test -q --nonsense", "quiet"),
            ("test --format nagios --nonsense", "nagios"),
            ("test --format", "text"),
            ("test --format drawer --json", "json"),
        ] {
            assert_eq!(format_of(line.split(' ').map(OsString::from)).name(), name, "{line}");
        }
    }

    #[test]
    fn a_report_has_a_form_and_a_file() {
        let report = file_report("json=a=b.json").unwrap();
        assert_eq!((report.format.name(), report.path.to_str()), ("json", Some("a=b.json")));
        for bad in ["page.html", "html=", "html=-", "drawer=page.html"] {
            assert!(file_report(bad).is_err(), "{bad}");
        }
    }
}
