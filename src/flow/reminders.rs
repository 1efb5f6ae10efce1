//! Reminders of client secrets and certificates that expire, for a calendar.

use jiff::civil::Date;

use crate::profile::{App, Profile};
use crate::report::Reminder;
use crate::text::Shown;

/// How many mailboxes a reminder names.
const MOST_NAMES: usize = 10;

/// The reminders of `apps`, each with the day on which its secret expires: one for each registration where that is known.
/// Apps of one registration share it; where their days differ, the earliest counts.
pub fn of<'a>(profile: &Profile, apps: impl IntoIterator<Item = (&'a App, Option<Date>)>) -> Vec<Reminder> {
    let mut registrations: Vec<(Date, Vec<&App>)> = Vec::new();
    for (app, day) in apps {
        let Some(day) = app.credential.expiring().and(day) else { continue };
        match registrations.iter_mut().find(|(_, apps)| apps.iter().any(|other| other.is_same_client(app))) {
            Some((earliest, apps)) => {
                *earliest = day.min(*earliest);
                apps.push(app);
            }
            None => registrations.push((day, vec![app])),
        }
    }
    registrations.iter().filter_map(|(day, apps)| reminder(profile, *day, apps)).collect()
}

fn reminder(profile: &Profile, day: Date, apps: &[&App]) -> Option<Reminder> {
    let app = apps.first()?;
    let secret = app.credential.expiring()?;
    let names = Shown::join(apps.iter().map(|app| shown!("'{}'", app.name)), ", ");
    let mailboxes: Vec<_> =
        profile.mailboxes.values().filter(|mailbox| apps.iter().any(|app| app.name == mailbox.app)).collect();
    let listed = mailboxes.iter().take(MOST_NAMES).map(|mailbox| shown!("{} ({})", mailbox.name, mailbox.address));
    let mut listed = Shown::join(listed, ", ");
    if let more @ 1.. = mailboxes.len().saturating_sub(MOST_NAMES) {
        listed = shown!("{} and {} more", listed, more);
    }
    let (kind, issue, then) = if app.credential.has_secret() {
        (
            "client-secret",
            shown!("Issue a new {}", secret),
            shown!("Run: mailgrant rotate-secret {} --expires DATE", app.name),
        )
    } else {
        let make = shown!("Make a new {} (mailgrant new-certificate {}) and upload it", secret, app.name);
        ("certificate", make, shown!("Run: mailgrant rotate-secret {} --certificate FILE", app.name))
    };
    Some(Reminder {
        // Neither the name nor the day: both may change.
        id: shown!("mailgrant-{}-{}@{}", kind, app.client_id.in_lower_case(), app.registrar_url()),
        day,
        summary: shown!("The {} of {} {} expires", secret, if apps.len() == 1 { "app" } else { "apps" }, names),
        description: vec![
            shown!("Without a new {}, these mailboxes do not work from then on: {}", secret, listed),
            shown!("1. {} in {}; client ID {}", issue, app.deployment().portal, app.client_id),
            shown!("2. {}", then),
            shown!("3. Write a new calendar: mailgrant status --ics FILE"),
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn reminders(text: &str) -> Vec<Reminder> {
        let profile = config::parse("config.toml".as_ref(), text).unwrap();
        of(&profile, profile.apps.values().map(|app| (app, app.secret_expires)))
    }

    fn app(name: &str, client_id: &str, rest: &str) -> String {
        format!(
            "[apps.{name}]\nprovider = \"microsoft365\"\ntenant = \"contoso.com\"\n\
             client_id = \"11111111-2222-3333-4444-{client_id}\"\n{rest}\n"
        )
    }

    const ONE: &str = "aaaaaaaaaaaa";

    #[test]
    fn neither_the_name_nor_the_day_changes_what_a_reminder_is_about() {
        let first = reminders(&app("contoso", ONE, "secret_expires = 2027-05-20"));
        let second = reminders(&app("shops", &ONE.to_uppercase(), "secret_expires = 2028-05-20"));
        let other = reminders(&app("contoso", "bbbbbbbbbbbb", "secret_expires = 2027-05-20"));
        assert_eq!((first.len(), &first[0].id), (1, &second[0].id));
        assert_ne!(first[0].id, other[0].id);
        let government = reminders(&app("contoso", ONE, "secret_expires = 2027-05-20\ncloud = \"gcc-high\""));
        assert_ne!(first[0].id, government[0].id);
    }

    #[test]
    fn apps_of_one_registration_share_a_reminder_of_the_earliest_day() {
        let two = [
            app("one", ONE, "secret_expires = 2027-05-20"),
            app("two", ONE, "secret_expires = 2027-05-02"),
            app("three", "bbbbbbbbbbbb", "secret_expires = 2026-12-31"),
        ];
        let mut found: Vec<(String, String)> = reminders(&two.concat())
            .into_iter()
            .map(|reminder| (reminder.day.to_string(), reminder.summary.to_string()))
            .collect();
        found.sort();
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0], ("2026-12-31".into(), "The client secret of app 'three' expires".into()));
        assert_eq!(found[1], ("2027-05-02".into(), "The client secret of apps 'one', 'two' expires".into()));
    }

    #[test]
    fn what_does_not_expire_or_is_not_known_has_no_reminder() {
        assert_eq!(reminders(&app("contoso", ONE, "")), []);
        assert_eq!(reminders(&app("contoso", ONE, "credential = \"none\"")), []);
    }

    #[test]
    fn a_certificate_is_renewed_by_other_commands_than_a_secret() {
        let text = app("contoso", ONE, "credential = \"certificate\"\ncertificate = { file = \"app.pem\" }");
        let profile = config::parse("config.toml".as_ref(), &text).unwrap();
        let day = Some(jiff::civil::date(2027, 5, 20));
        let found = of(&profile, profile.apps.values().map(|app| (app, day)));
        assert_eq!(found[0].summary, "The certificate of app 'contoso' expires");
        let steps = Shown::join(&found[0].description, " ");
        assert!(
            steps.contains("new-certificate contoso") && steps.contains("rotate-secret contoso --certificate FILE"),
            "{steps}"
        );
    }

    #[test]
    fn of_many_mailboxes_a_few_are_named() {
        let mut text = app("contoso", ONE, "secret_expires = 2027-05-20");
        for number in 10..30 {
            text.push_str(&format!(
                "[mailboxes.m{number}]\napp = \"contoso\"\naddress = \"m{number}@müller.de\"\n\
                 incoming = {{ protocol = \"imap\" }}\n"
            ));
        }
        let lines = &reminders(&text)[0].description;
        assert!(lines[0].contains("m19 (m19@müller.de) and 10 more"), "{lines:?}");
        assert!(lines.iter().any(|line| line.contains("rotate-secret contoso")), "{lines:?}");
    }
}
