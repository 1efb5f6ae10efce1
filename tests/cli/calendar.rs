//! `status --ics`: what a calendar holds, where it goes, and what it never takes the place of.

use std::fs;

use crate::sandbox::world::{ALICE, SHOP};
use crate::support::canary;
use crate::support::fixture::Fixture;

const DAY: &str = "2031-05-20";

/// With the mailbox `shop` in the profile, whose app's secret expires on [`DAY`].
fn dated() -> Fixture {
    let shop = Fixture::new();
    shop.add("shop", &[("--expires", Some(DAY))]).finish().code(0);
    shop.authorize_as("shop", SHOP).code(0);
    shop
}

/// A calendar's lines, put together again where they were folded.
fn unfolded(calendar: &str) -> Vec<String> {
    assert!(calendar.ends_with("\r\n") && !calendar.replace("\r\n", "").contains(['\r', '\n']), "{calendar:?}");
    assert!(calendar.split("\r\n").all(|line| line.len() <= 75), "{calendar:?}");
    calendar.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
}

/// The values of the lines that begin with `name`.
fn values(calendar: &str, name: &str) -> Vec<String> {
    unfolded(calendar).iter().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::to_owned).collect()
}

fn read(shop: &Fixture, file: &str) -> String {
    fs::read_to_string(shop.path().join(file)).unwrap()
}

#[test]
fn each_secret_has_an_event_of_a_day_and_three_alarms() {
    let shop = dated();
    let told = shop.run(&["status", "--ics", "secrets.ics"]).finish().code(0);
    assert!(told.stderr.contains("The calendar is in secrets.ics"), "{}", told.stderr);
    assert!(told.stdout.contains(DAY), "the report is shown as without it: {}", told.stdout);
    let calendar = read(&shop, "secrets.ics");
    assert_eq!(values(&calendar, "DTSTART;VALUE=DATE"), ["20310520"]);
    assert_eq!(values(&calendar, "TRIGGER"), ["-P30D", "-P14D", "-P7D"]);
    let summary = values(&calendar, "SUMMARY");
    assert_eq!(summary, ["The client secret of app 'shop' expires"]);
    assert_eq!(
        canary::find("calendar", calendar.as_bytes(), &[canary::CLIENT_SECRET.to_owned()]),
        Vec::<String>::new()
    );
}

#[test]
fn a_later_calendar_moves_the_event_and_makes_no_other() {
    let shop = dated();
    shop.json(&["status", "--ics", "first.ics"], 0);
    let profile = fs::read_to_string(shop.config()).unwrap();
    shop.write_config(
        &profile
            .replace(DAY, "2032-05-02")
            .replace("apps.shop", "apps.renamed")
            .replace("app = \"shop\"", "app = \"renamed\""),
    );
    shop.json(&["status", "--ics", "second.ics"], 0);
    let (first, second) = (read(&shop, "first.ics"), read(&shop, "second.ics"));
    assert_eq!(values(&first, "UID"), values(&second, "UID"));
    assert_eq!(values(&second, "DTSTART;VALUE=DATE"), ["20320502"]);
    let revision = |calendar: &str| values(calendar, "SEQUENCE")[0].parse::<u32>().unwrap();
    assert!(revision(&second) >= revision(&first));
}

#[test]
fn two_apps_of_one_registration_have_one_event() {
    let shop = dated();
    let second = [("--app", Some("second")), ("--address", Some(ALICE)), ("--expires", Some("2031-05-02"))];
    shop.add("alice", &second).finish().code(0);
    shop.json(&["status", "shop", "alice", "--ics", "both.ics"], 4);
    let both = read(&shop, "both.ics");
    assert_eq!(values(&both, "DTSTART;VALUE=DATE"), ["20310502"]);
    assert!(
        values(&both, "SUMMARY")[0].contains("'second'") && values(&both, "SUMMARY")[0].contains("'shop'"),
        "{both}"
    );
    shop.json(&["status", "shop", "--ics", "one.ics"], 0);
    assert_eq!(values(&read(&shop, "one.ics"), "DTSTART;VALUE=DATE"), ["20310520"]);
}

#[test]
fn long_lines_are_folded_and_letters_stay_whole() {
    let shop = dated();
    let profile = fs::read_to_string(shop.config()).unwrap();
    let long = "a-very-long-name-of-a-mailbox-that-fills-most-of-a-line";
    let more = format!(
        "\n[mailboxes.{long}]\napp = \"shop\"\naddress = \"größe@ärztehaus-größenwahn-straßenbahn.de\"\n\
         incoming = {{ protocol = \"imap\" }}\nenabled = false\n"
    );
    shop.write_config(&format!("{profile}{more}"));
    shop.json(&["status", "--ics", "secrets.ics"], 0);
    let description = values(&read(&shop, "secrets.ics"), "DESCRIPTION").remove(0);
    assert!(description.contains(long), "{description}");
    assert!(description.contains("größe@ärztehaus-größenwahn-straßenbahn.de"), "{description}");
    assert!(description.contains("\\n2. Run: mailgrant rotate-secret shop --expires DATE"), "{description}");
}

#[test]
fn a_calendar_on_standard_output_leaves_the_report_to_standard_error() {
    let shop = dated();
    let piped = shop.run(&["status", "--fail-within=9999", "--ics", "-"]).finish().code(1);
    assert_eq!(values(&piped.stdout, "DTSTART;VALUE=DATE"), ["20310520"]);
    assert!(piped.stderr.contains("[secret-expires-soon]") && piped.stderr.contains(SHOP), "{}", piped.stderr);
    for other in [["--json"].as_slice(), &["--html", "-"], &["--format", "json"]] {
        let refused = shop.run(&[&["status", "--ics", "-"], other].concat()).finish().code(2);
        let said = refused.all_text();
        assert!(said.contains("both write to standard output") && said.contains("FILE"), "{said}");
        assert!(!refused.stdout.contains("VCALENDAR"), "{}", refused.stdout);
    }
    let both = shop.json(&["status", "--ics", "secrets.ics", "--html", "page.html"], 0);
    assert!(both.json()["reports"][0]["facts"]["client_secret"].as_str().unwrap().contains(DAY));
    assert!(read(&shop, "page.html").contains(DAY) && read(&shop, "secrets.ics").contains("VEVENT"));
    assert!(!shop.path().join("-").exists());
}

#[test]
fn a_calendar_never_goes_for_one_without_an_event() {
    let shop = dated();
    shop.json(&["status", "--ics", "secrets.ics"], 0);
    let before = read(&shop, "secrets.ics");
    assert_eq!(shop.json(&["status", "no-such", "--ics", "secrets.ics"], 3).json()["error"]["code"], "unknown-mailbox");
    assert_eq!(read(&shop, "secrets.ics"), before);

    let undated = Fixture::authorized();
    fs::write(undated.path().join("secrets.ics"), "of before").unwrap();
    let nothing = undated.json(&["status", "--ics", "secrets.ics"], 3).json();
    assert_eq!(nothing["error"]["code"], "nothing-to-remind-of");
    assert_eq!(nothing["reports"][0]["name"], "shop", "the report is shown all the same: {nothing}");
    assert_eq!(read(&undated, "secrets.ics"), "of before");
    let piped = undated.run(&["status", "--ics", "-"]).finish().code(3);
    assert_eq!(piped.stdout, "");
    assert!(piped.stderr.contains("[nothing-to-remind-of]") && piped.stderr.contains(SHOP), "{}", piped.stderr);
}

#[test]
fn where_it_cannot_be_written_is_known_at_once() {
    let shop = dated();
    let refused = shop.json(&["status", "--ics", "missing/secrets.ics"], 2);
    let cause = refused.json()["error"]["cause"].as_str().unwrap().to_owned();
    assert!(cause.contains("The calendar could not be written") && cause.contains("Nothing was done"), "{cause}");
    assert!(refused.stdout.contains("--ics FILE"), "{}", refused.stdout);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(shop.config(), shop.path().join("link.ics")).unwrap();
        let before = fs::read(shop.config()).unwrap();
        shop.json(&["status", "--ics", "link.ics"], 2);
        assert_eq!(fs::read(shop.config()).unwrap(), before, "a link's target was replaced");
        shop.json(&["status", "--ics", "secrets.ics"], 0);
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &fs::metadata(shop.path().join("secrets.ics")).unwrap().permissions(),
        );
        assert_eq!(mode & 0o777, 0o600, "addresses are for their owner");
    }
}
