//! What is read back of a report says in every form what the run itself has said.

use std::fs;

use mailgrant::report::format::ALL;

use super::finished::Finished;
use super::fixture::Fixture;

/// Runs `arguments` with a report in every form, and insists that `report merge` makes the same of the JSON, byte by byte, with the
/// same exit code. The answer is what the run said, as JSON.
pub(crate) fn run(shop: &Fixture, arguments: &[&str]) -> Finished {
    let folder = tempfile::tempdir().expect("there is room");
    let reports = |lead: &str| -> Vec<String> {
        let report = |name: &str| format!("--report={name}={}", folder.path().join(format!("{lead}{name}")).display());
        ALL.iter().map(|format| report(format.name())).collect()
    };
    let run = |arguments: &[&str], reports: &[String]| {
        let reports: Vec<&str> = reports.iter().map(String::as_str).collect();
        shop.run(&[&["--json"], arguments, &reports].concat()).finish()
    };
    let first = run(arguments, &reports(""));
    let details = arguments.iter().find(|argument| **argument == "--details");
    let json = folder.path().join("json");
    let merging = ["report", "merge", json.to_str().expect("it is UTF-8")];
    let again = run(&[&merging, &details.copied().into_iter().collect::<Vec<_>>()[..]].concat(), &reports("again-"));
    assert_eq!((again.code, &again.stdout), (first.code, &first.stdout), "{}: {}", first.shown, again.stderr);
    for name in ALL.iter().map(|format| format.name()) {
        let read = |lead: &str| fs::read_to_string(folder.path().join(format!("{lead}{name}"))).unwrap_or_default();
        let (own, merged) = (read(""), read("again-"));
        let other = own.lines().zip(merged.lines()).find(|(own, merged)| own != merged);
        assert!(own == merged, "{}: {name} differs in {other:#?}\n{own}\n--- read back\n{merged}", first.shown);
    }
    first
}
