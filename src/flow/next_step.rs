//! The one thing to do next, as the profile and the store tell it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use super::rotation::Rotation;
use super::secret_expiry;
use super::workspace::Workspace;
use crate::error::CommandError;
use crate::failure::{FailureKind, StoreFault};
use crate::profile::{App, Mailbox};
use crate::secrets::load_app;
use crate::text::Shown;

/// A client secret that ends so soon, in days, is replaced now.
const SOON: i32 = 30;

/// The next step.
#[derive(Debug, PartialEq, Eq)]
pub enum NextStep<'a> {
    /// There is no mailbox that is enabled: add one.
    Add,
    /// The rotation of this app's secret is unfinished.
    FinishRotation(&'a App),
    /// This app's secret has expired, or soon will.
    Rotate(&'a App, Date),
    /// This mailbox is not signed in; so many others are not either.
    Authorize(&'a Mailbox, usize),
    /// This mailbox has not been used since it was signed in; so many others have not either.
    Test(&'a Mailbox, usize),
    /// All is well, as far as this machine tells.
    Nothing,
}

/// How a mailbox is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedIn {
    /// Not at all.
    No,
    /// The sign-in has not been renewed since: whether it works is not known.
    Unused,
    /// The provider has renewed it.
    Used,
}

/// What is known of an app's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Secret {
    /// When it expires, where that is known.
    pub expires: Option<Date>,
    /// Whether its rotation is unfinished.
    pub is_rotating: bool,
}

/// Decides from what is known of the enabled mailboxes and of their apps, in the order of the profile.
#[must_use]
pub fn decide<'a>(mailboxes: &[(&'a Mailbox, SignedIn)], apps: &[(&'a App, Secret)], now: Timestamp) -> NextStep<'a> {
    if mailboxes.is_empty() {
        return NextStep::Add;
    }
    if let Some((app, _)) = apps.iter().find(|(_, secret)| secret.is_rotating) {
        return NextStep::FinishRotation(app);
    }
    let ending = apps.iter().filter_map(|(app, secret)| Some((secret.expires?, *app)));
    let first = ending.min_by_key(|(day, _)| *day).map(|(day, app)| (secret_expiry::days_left(day, now), day, app));
    // Without a secret that is good, neither a sign-in nor a test can succeed.
    if let Some((..=0, day, app)) = first {
        return NextStep::Rotate(app, day);
    }
    let are = |state| mailboxes.iter().filter(move |(_, is)| *is == state).map(|(mailbox, _)| *mailbox);
    if let Some(mailbox) = are(SignedIn::No).next() {
        return NextStep::Authorize(mailbox, are(SignedIn::No).count() - 1);
    }
    if let Some(mailbox) = are(SignedIn::Unused).next() {
        return NextStep::Test(mailbox, are(SignedIn::Unused).count() - 1);
    }
    match first {
        Some((..=SOON, day, app)) => NextStep::Rotate(app, day),
        _ => NextStep::Nothing,
    }
}

/// Reads what `decide` needs; no server is asked.
///
/// # Errors
/// If the store cannot be read.
pub fn of<'a>(workspace: &Workspace<'a>) -> Result<NextStep<'a>, CommandError> {
    let mut mailboxes = Vec::new();
    for mailbox in workspace.profile.mailboxes.values().filter(|mailbox| mailbox.enabled) {
        mailboxes.push((mailbox, signed_in(workspace, mailbox)?));
    }
    let used: BTreeSet<_> = mailboxes.iter().map(|(mailbox, _)| &mailbox.app).collect();
    let mut apps = Vec::new();
    for app in workspace.profile.apps.values().filter(|app| used.contains(&app.name)) {
        if app.credential.expiring().is_some() {
            let record = load_app(workspace.store, &app.name)?.filter(|record| record.is_of(app));
            let expires = secret_expiry::of(app, record.as_ref());
            let is_rotating = record.as_ref().is_some_and(Rotation::is_under_way);
            apps.push((app, Secret { expires, is_rotating }));
        }
    }
    Ok(decide(&mailboxes, &apps, workspace.clock.now()))
}

fn signed_in(workspace: &Workspace<'_>, mailbox: &Mailbox) -> Result<SignedIn, CommandError> {
    match workspace.session(mailbox).grant() {
        Ok(grant) if grant.refreshed.is_some() => Ok(SignedIn::Used),
        Ok(_) => Ok(SignedIn::Unused),
        Err(failure) => match failure.kind {
            FailureKind::Store(StoreFault::NoVault { .. }) if !mailbox.access.needs_person() => Ok(SignedIn::Unused),
            // A vault that is yet to be made holds no sign-in.
            FailureKind::Store(StoreFault::NoVault { .. }) => Ok(SignedIn::No),
            ref kind if kind.needs_authorization() => Ok(SignedIn::No),
            _ => Err(failure.into()),
        },
    }
}

impl NextStep<'_> {
    /// How things are, in a sentence or two.
    #[must_use]
    pub fn words(&self, now: Timestamp) -> Shown {
        let more = |count: &usize| match count {
            0 => Shown::default(),
            count => shown!(" ({} more)", count),
        };
        match self {
            Self::Add => "The profile has no enabled mailbox.".into(),
            Self::FinishRotation(app) => shown!("The rotation of app '{}'s client secret is unfinished.", app.name),
            Self::Rotate(app, day) => {
                let left = secret_expiry::days_in_words(secret_expiry::days_left(*day, now));
                shown!("The client secret of app '{}' expires on {} ({}).", app.name, day, left)
            }
            Self::Authorize(mailbox, others) => {
                shown!("{} is set up, and not signed in{}.", mailbox.address, more(others))
            }
            Self::Test(mailbox, others) => {
                let how = if mailbox.access.needs_person() { "is signed in" } else { "needs no sign-in" };
                shown!("{} {}, and has not been tested yet{}.", mailbox.address, how, more(others))
            }
            Self::Nothing => {
                shown!("All mailboxes are signed in, and no client secret is known to expire within {} days.", SOON)
            }
        }
    }

    /// The command for it.
    #[must_use]
    pub fn command(&self) -> Shown {
        match self {
            Self::Add => "mailgrant add ADDRESS".into(),
            Self::FinishRotation(app) => shown!("mailgrant rotate-secret {}", app.name),
            Self::Rotate(app, _) => shown!("mailgrant rotate-secret {} --expires DATE", app.name),
            Self::Authorize(mailbox, _) => shown!("mailgrant authorize {}", mailbox.name),
            Self::Test(mailbox, _) => shown!("mailgrant test {}", mailbox.name),
            Self::Nothing => "mailgrant test --all".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::profile::Profile;

    fn profile() -> Profile {
        let mailbox = |name: &str| {
            format!(
                "[mailboxes.{name}]\napp = \"contoso\"\naddress = \"{name}@contoso.com\"\nincoming = {{ protocol = \"imap\" }}\n"
            )
        };
        let app = "[apps.contoso]\nprovider = \"google\"\nclient_id = \"1\"\n";
        config::parse("config.toml".as_ref(), &[app, &mailbox("info"), &mailbox("shop")].concat()).unwrap()
    }

    fn step(profile: &Profile, signed_in: &[SignedIn], expires: Option<&str>, is_rotating: bool) -> String {
        let mailboxes: Vec<_> = profile.mailboxes.values().zip(signed_in.iter().copied()).collect();
        let secret = Secret { expires: expires.map(|day| day.parse().unwrap()), is_rotating };
        let apps: Vec<_> = profile.apps.values().map(|app| (app, secret)).collect();
        let now = "2026-11-28T12:00:00Z".parse().unwrap();
        decide(&mailboxes, &apps, now).command().to_string()
    }

    #[test]
    fn the_step_that_the_others_wait_for_comes_first() {
        use SignedIn::{No, Unused, Used};
        let profile = profile();
        for (signed_in, expires, is_rotating, command) in [
            (&[][..], None, false, "mailgrant add ADDRESS"),
            (&[Unused, No], None, false, "mailgrant authorize shop"),
            (&[Used, Unused], Some("2026-12-05"), false, "mailgrant test shop"),
            (&[Used, Used], Some("2026-12-28"), false, "mailgrant rotate-secret contoso --expires DATE"),
            (&[Used, Used], Some("2026-12-29"), false, "mailgrant test --all"),
            (&[Used, Used], None, false, "mailgrant test --all"),
            (&[No, No], Some("2026-11-28"), false, "mailgrant rotate-secret contoso --expires DATE"),
            (&[No, No], Some("2026-11-29"), false, "mailgrant authorize info"),
            (&[No, No], Some("2026-11-01"), true, "mailgrant rotate-secret contoso"),
        ] {
            assert_eq!(step(&profile, signed_in, expires, is_rotating), command, "{signed_in:?} {expires:?}");
        }
    }

    #[test]
    fn the_words_name_the_mailbox_and_count_the_others() {
        let profile = profile();
        let now = Timestamp::UNIX_EPOCH;
        let mailbox = profile.mailboxes.values().next().unwrap();
        let words = NextStep::Authorize(mailbox, 1).words(now);
        assert_eq!(words, "info@contoso.com is set up, and not signed in (1 more).");
        assert_eq!(
            NextStep::Test(mailbox, 0).words(now),
            "info@contoso.com is signed in, and has not been tested yet."
        );
    }
}
