//! When an app's client secret or certificate expires, as far as anything says so, and what is said of it.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::diagnosis::FailureContext;
use crate::oauth::assertion::certificate::certificate;
use crate::profile::App;
use crate::report::{Finding, FindingCode, Warning, WarningCode, days_between};
use crate::secrets::AppRecord;
use crate::text::Shown;

/// The day on which the secret or the certificate in use expires. A certificate says it itself; of a secret it is the later of
/// the profile's date, which people edit, and the one that was given with the secret. A new secret outlives the one before
/// it, and a profile that is managed elsewhere may still have the date of that one.
pub fn of(app: &App, record: Option<&AppRecord>) -> Option<Date> {
    match &app.certificate {
        Some(spec) => certificate(spec).ok().map(|certificate| certificate.last_day()),
        None => app.secret_expires.max(stored(record)),
    }
}

/// What to say where profile and store name different days.
pub fn disagreement(app: &App, record: Option<&AppRecord>) -> Option<Warning> {
    if !app.credential.has_secret() {
        return None;
    }
    let (profile, store) = (app.secret_expires?, stored(record)?);
    (profile != store).then(|| {
        let told = shown!(
            "the profile says that the client secret of app '{0}' expires on {1}, the store says {2}; the later \
             day is used. Correct secret_expires in [apps.{0}]",
            app.name,
            profile,
            store
        );
        Warning::new(WarningCode::ExpiryDiffers, told)
    })
}

fn stored(record: Option<&AppRecord>) -> Option<Date> {
    record?.active.as_ref()?.expires
}

/// The day on which something ends, where directories and portals in UTC show it.
pub fn day_of(end: Timestamp) -> Date {
    end.to_zoned(TimeZone::UTC).date()
}

/// How many days are left; fewer than none where it is past.
pub fn days_left(day: Date, now: Timestamp) -> i32 {
    days_between(day_of(now), day)
}

/// The same in words.
pub fn days_in_words(left: i32) -> Shown {
    match left {
        i32::MIN..=-2 => shown!("{} days ago", -left),
        -1 => "yesterday".into(),
        0 => "today".into(),
        1 => "tomorrow".into(),
        2.. => shown!("{} days left", left),
    }
}

/// The secret expires too soon, or has expired: on the day itself that is not known from the day.
pub fn expiring(app: &App, day: Date, left: i32, is_past: bool) -> Finding {
    let code = match (&app.certificate, is_past) {
        (None, true) => FindingCode::SECRET_EXPIRED,
        (None, false) => FindingCode::SECRET_EXPIRES_SOON,
        (Some(_), true) => FindingCode::CERTIFICATE_IN_USE_EXPIRED,
        (Some(_), false) => FindingCode::CERTIFICATE_EXPIRES_SOON,
    };
    Finding::of(code).about(of_app(app)).with("day", day).with("days", days_in_words(left)).finding()
}

/// Nothing says when it expires, and that was asked.
pub fn unknown(app: &App) -> Finding {
    Finding::of(FindingCode::SECRET_EXPIRY_UNKNOWN).about(of_app(app)).finding()
}

/// The directory does not tell it either.
pub fn unknown_to_directory(app: &App) -> Finding {
    Finding::of(FindingCode::SECRET_EXPIRY_UNKNOWN).case("issuing").about(of_app(app)).finding()
}

fn of_app(app: &App) -> FailureContext<'_> {
    FailureContext::of_app(app)
}
