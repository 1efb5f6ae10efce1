//! The forms for monitors and jobs, of the real binary: what it says, and the status that it ends with.

use std::fs;
use std::time::{Duration, Instant};

use mailgrant::clock::Clock;

use crate::sandbox::faults::Fault;
use crate::sandbox::world::SHOP;
use crate::support::finished::Finished;
use crate::support::fixture::Fixture;
use crate::support::practice::ALWAYS_STALE;
use crate::support::wait_until;

fn nagios(shop: &Fixture, words: &[&str]) -> Finished {
    shop.run(&[words, &["--format", "nagios"]].concat()).finish()
}

#[test]
fn a_plugin_says_the_state_and_ends_with_its_status() {
    let shop = Fixture::added();
    let waits = nagios(&shop, &["test", "shop"]).code(2);
    assert!(waits.stdout.starts_with("CRITICAL: ") && waits.stdout.contains("[not-authorized]"), "{}", waits.stdout);
    assert_eq!(waits.stderr, "");
    shop.authorize_as("shop", SHOP).code(0);
    let works = nagios(&shop, &["test", "shop"]).code(0);
    let (first, rest) = works.stdout.split_once('\n').unwrap();
    let (words, figures) = first.split_once(" | ").unwrap();
    assert_eq!(words, format!("OK: {SHOP}: all is well"));
    for label in ["token_seconds=", "imap_auth_seconds=", "smtp_auth_seconds=", "total_seconds="] {
        assert_eq!(figures.split(' ').filter(|figure| figure.starts_with(label)).count(), 1, "{figures}");
    }
    assert!(rest.contains("\n  ok: IMAP TLS: ") && !rest.contains('|'), "{rest}");
    shop.sandbox().switch_on(Fault::named("smtp-auth-off-tenant"));
    let refused = nagios(&shop, &["test", "shop"]).code(2);
    assert!(refused.stdout.starts_with(&format!("CRITICAL: {SHOP} cannot send: ")), "{}", refused.stdout);
}

#[test]
fn the_days_of_a_secret_are_a_figure_with_the_ranges_that_raise_an_alert() {
    let shop = Fixture::new();
    let today = Clock::system().now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = (today + jiff::Span::new().days(20)).to_string();
    shop.add("shop", &[("--expires", Some(&day))]).finish().code(0);
    shop.authorize_as("shop", SHOP).code(0);
    for verb in ["status", "test"] {
        for (ranges, status, state) in [
            (["-w", "10:", "-c", "7:"], 0, "OK"),
            (["-w", "30:", "-c", "7:"], 1, "WARNING"),
            (["-w", "30:", "-c", "25:"], 2, "CRITICAL"),
        ] {
            let answer = nagios(&shop, &[&[verb, "shop"][..], &ranges].concat()).code(status);
            // Midnight may pass meanwhile.
            let figure = |days: u8| format!("secret_days={days};{};{}", ranges[1], ranges[3]);
            let first = answer.stdout.lines().next().unwrap();
            assert!(first.starts_with(&format!("{state}: ")), "{verb} {ranges:?}: {first}");
            assert!(first.contains(&figure(20)) || first.contains(&figure(19)), "{verb} {ranges:?}: {first}");
        }
    }
    shop.run(&["status", "--report", "prometheus=mail.prom"]).finish().code(0);
    let metrics = fs::read_to_string(shop.path().join("mail.prom")).unwrap();
    let midnight = (today + jiff::Span::new().days(21)).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    let line = format!("mailgrant_client_secret_expiry_timestamp_seconds{{app=\"shop\"}} {}\n", midnight.as_second());
    assert!(metrics.contains(&line) && metrics.contains("mailgrant_grant_age_seconds{mailbox=\"shop\"} "), "{metrics}");
}

#[test]
fn what_keeps_a_plugin_from_looking_is_unknown_on_standard_output() {
    let shop = Fixture::added();
    for words in [
        &["test", "no-such"][..],
        &["test", "--nonsense"],
        &["nonsense"],
        &["test", "shop", "--timeout", "never"],
        &["test", "shop", "--json"],
        &["test", "shop", "--report", "html=missing/page.html"],
    ] {
        let unknown = nagios(&shop, words).code(3);
        assert!(unknown.stdout.starts_with("UNKNOWN: "), "{words:?}: {}", unknown.stdout);
        assert_eq!(unknown.stderr, "", "{words:?}");
    }
    nagios(&shop, &["test", "--help"]).code(3);
    let lost = shop.run_script("exec \"$0\" \"$@\" > /dev/full", &["list", "--format", "nagios"]).finish().code(3);
    assert!(lost.stderr.contains("No space left on device"), "{}", lost.stderr);
}

#[test]
fn a_plugin_that_is_ended_or_whose_time_is_up_answers_all_the_same() {
    let shop = Fixture::authorized();
    shop.sandbox().set_access_lifetime(ALWAYS_STALE);
    shop.authorize_as("shop", SHOP).code(0);
    shop.sandbox().set_token_delay(Duration::from_secs(20));
    let asked = || shop.sandbox().counters().token_requests;
    for words in [&["test", "shop"][..], &["inspect", "shop"]] {
        let before = asked();
        let running = shop.run(&[words, &["--format", "nagios"]].concat()).start();
        wait_until("the token endpoint is asked", || asked() > before);
        running.signal(rustix::process::Signal::TERM);
        let ended = running.finish();
        assert!(matches!(ended.code, Some(2 | 3)), "{words:?}: {:?} {}", ended.code, ended.all_text());
        assert!(ended.stdout.starts_with("UNKNOWN: ") || ended.stdout.starts_with("CRITICAL: "), "{}", ended.stdout);
    }
    let started = Instant::now();
    let late = nagios(&shop, &["test", "shop", "--timeout", "2"]);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert!(matches!(late.code, Some(2 | 3)) && late.stdout.contains(": "), "{}", late.all_text());
}

#[test]
fn quiet_says_nothing_but_what_is_wrong() {
    let shop = Fixture::authorized();
    for words in [&["test", "shop", "-q"][..], &["status", "-q"], &["list", "--quiet", "--html", "page.html"]] {
        let well = shop.run(words).finish().code(0);
        assert_eq!((well.stdout.as_str(), well.stderr.as_str()), ("", ""), "{words:?}");
    }
    assert!(shop.path().join("page.html").exists());
    shop.sandbox().switch_on(Fault::named("smtp-auth-off-tenant"));
    let failed = shop.run(&["test", "shop", "-q"]).finish().code(1);
    assert!(failed.stdout.starts_with(&format!("{SHOP} cannot send: ")), "{}", failed.stdout);
    assert!(failed.stdout.lines().count() <= 3 && failed.stderr.is_empty(), "{}", failed.all_text());
    let unknown = shop.run(&["test", "no-such", "-q"]).finish().code(3);
    assert!(unknown.stdout.is_empty() && unknown.stderr.contains("no mailbox 'no-such'"), "{}", unknown.all_text());
}

#[test]
fn the_summary_of_a_job_is_added_to_and_never_longer_than_github_takes() {
    let shop = Fixture::added();
    let summary = shop.path().join("summary.md");
    let report = format!("markdown={}", summary.display());
    let list = || {
        let run = shop.run(&["list", "--report", &report]).env("GITHUB_STEP_SUMMARY", &summary.display().to_string());
        run.finish().code(0);
        fs::read_to_string(&summary).unwrap()
    };
    fs::write(&summary, "a step before").unwrap();
    let first = list();
    assert!(first.starts_with("a step before\n# mailgrant list\n"), "{first}");
    assert_eq!(list().matches("# mailgrant list\n").count(), 2);
    fs::write(&summary, "x".repeat(1024 * 1024 - 250)).unwrap();
    let full = list();
    assert!(full.len() <= 1024 * 1024 && full.contains("of 1 reports are left out"), "{}", &full[1024 * 1024 - 300..]);
    // Elsewhere a file is what the last command has written.
    shop.run(&["list", "--report", &report]).finish().code(0);
    assert!(fs::read_to_string(&summary).unwrap().starts_with("# mailgrant list\n"));
}

#[cfg(unix)]
#[test]
fn a_file_of_metrics_is_open_to_the_collector_and_a_report_is_not() {
    use std::os::unix::fs::PermissionsExt as _;
    let shop = Fixture::added();
    shop.run(&["list", "--report", "prometheus=mail.prom", "--report", "junit=mail.xml"]).finish().code(0);
    let mode = |name: &str| fs::metadata(shop.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("mail.prom"), mode("mail.xml")), (0o644, 0o600));
    let metrics = fs::read_to_string(shop.path().join("mail.prom")).unwrap();
    assert!(metrics.contains("mailgrant_probe_success{mailbox=\"shop\"} 1\n") && !metrics.contains(SHOP), "{metrics}");
}
