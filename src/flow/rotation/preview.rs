//! What a rotation by hand would do (`--dry-run`). Nothing is proven: a proof redeems refresh tokens, and some providers
//! change them with each use.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use secrecy::SecretString;

use super::back::{expired, nothing};
use super::certificate::in_profile;
use super::forward::refuse_foreign;
use super::job::report;
use super::roll_back::Back;
use super::{CertificateChange, Force, Rotation, Standing, is_same};
use crate::config::{ProfileDocument, base_of};
use crate::context::Context;
use crate::error::CommandError;
use crate::failure::{Failure, FailureKind};
use crate::flow::describe;
use crate::flow::secret_source::SecretSource;
use crate::profile::{App, CertificateFiles};
use crate::report::{Check, Document, Finding, FindingCode, Report, Stage};
use crate::text::Shown;

/// What a rotation is asked for.
pub enum Wanted<'a> {
    /// A new secret, from here.
    New(&'a SecretSource, Option<Date>),
    /// The previous secret.
    RollBack,
    /// To forget the previous secret.
    Discard,
    /// Something about the certificate.
    Certificate(&'a CertificateChange),
}

/// What the rotation would do. Nothing is sent or stored, and no lock is taken.
///
/// # Errors
/// What would stop the rotation before its first request.
pub fn preview(
    rotation: &Rotation<'_>,
    wanted: Wanted<'_>,
    force: Force,
    context: &Context,
) -> Result<Document, CommandError> {
    let mut report = report(rotation);
    let mut profile = ProfileDocument::open(&context.profile_path)?;
    let is_changed = match wanted {
        Wanted::New(source, expires) => new(rotation, source, expires, force, &mut profile, &mut report, context)?,
        Wanted::RollBack => roll_back(rotation, force, &mut profile, &mut report)?,
        Wanted::Discard => discard(rotation, &mut report)?,
        Wanted::Certificate(change) => certificate(rotation, change, &mut profile, &mut report, context)?,
    };
    let diff = profile.diff()?;
    report.changed = Some(is_changed || !diff.is_empty());
    Ok(Document { is_dry_run: true, diff, reports: vec![report], ..Document::new("rotate-secret") })
}

fn new(
    rotation: &Rotation<'_>,
    source: &SecretSource,
    expires: Option<Date>,
    force: Force,
    profile: &mut ProfileDocument,
    report: &mut Report,
    context: &Context,
) -> Result<bool, CommandError> {
    refuse_foreign(rotation, force)?;
    report.fact("client_id", &rotation.app.client_id);
    let standing = rotation.standing()?;
    if !source.is_given() && matches!(standing, Standing::Pending | Standing::Activated { recently: true }) {
        report.fact("client_secret", "the rotation that was started before goes on");
        return Ok(true);
    }
    let value = source.read("New client secret", rotation.app, context, force == Force::Yes)?;
    let is_in_use = is_in_use(rotation, &value)?;
    if !is_in_use || expires.is_some() {
        rotation.apps.iter().for_each(|app| profile.set_secret_expires(&app.name, expires));
    }
    if is_in_use {
        report.fact("client_secret", "it is in use already");
    } else {
        let mailboxes = Shown::join(rotation.mailboxes.iter().map(|mailbox| &mailbox.name), ", ");
        report.fact("client_secret", "the new one is stored, proven, and then used");
        report.fact("proven_with", mailboxes);
    }
    Ok(!is_in_use)
}

fn is_in_use(rotation: &Rotation<'_>, value: &SecretString) -> Result<bool, CommandError> {
    let records = rotation.records()?;
    Ok(records.iter().all(|record| record.active.as_ref().is_some_and(|active| is_same(active, value))))
}

fn roll_back(
    rotation: &Rotation<'_>,
    force: Force,
    profile: &mut ProfileDocument,
    report: &mut Report,
) -> Result<bool, CommandError> {
    let failed = |finding| Check::failed(Stage::Rotation, Duration::ZERO, finding);
    let records = rotation.records()?;
    let Back { wanted, dropped, is_back } = Back::of(&records);
    let name = &rotation.app.name;
    if wanted.is_empty() {
        let told = match () {
            () if !dropped.is_empty() => "unchanged; the new one that is not in use yet is forgotten",
            () if is_back => "the previous one is in use again already",
            () => {
                report.checks.push(failed(nothing(name)));
                return Ok(false);
            }
        };
        report.fact("client_secret", told);
        return Ok(!dropped.is_empty());
    }
    let today = rotation.clock.now().to_zoned(TimeZone::UTC).date();
    for index in wanted {
        let (app, Some(previous)) = (rotation.apps[index], &records[index].previous) else { continue };
        if let Some(day) = previous.expires.filter(|day| *day < today && force == Force::No) {
            report.fact("client_secret", "unchanged");
            report.checks.push(failed(expired(name, &app.name, day)));
            return Ok(false);
        }
        profile.set_secret_expires(&app.name, previous.expires);
    }
    report.fact("client_secret", "the previous one is used again, once the provider has taken it");
    Ok(true)
}

fn discard(rotation: &Rotation<'_>, report: &mut Report) -> Result<bool, CommandError> {
    let has_previous = rotation.records()?.iter().any(|record| record.previous.is_some());
    let told = if has_previous { "the previous one is forgotten" } else { "there is no previous one" };
    report.fact("client_secret", told);
    Ok(has_previous)
}

fn certificate(
    rotation: &Rotation<'_>,
    change: &CertificateChange,
    profile: &mut ProfileDocument,
    report: &mut Report,
    context: &Context,
) -> Result<bool, CommandError> {
    let app = rotation.app;
    let Some(spec) = &app.certificate else { return Err(Failure::from(FailureKind::Bug).into()) };
    report.fact("client_id", &app.client_id);
    match change {
        CertificateChange::New(files) => {
            let folder = base_of(&context.profile_path);
            let written = |file| {
                in_profile(file, folder).map_err(|error| CommandError::usage(error, "Name a file that is there"))
            };
            let (file, key_file) = (written(&files.file)?, files.key_file.as_deref().map(written).transpose()?);
            let key_at = key_file.as_ref().map(|file| folder.join(file));
            let next = CertificateFiles { file: folder.join(&file), key_file: key_at, key_id: None };
            let is_new = !next.are(&spec.files());
            let next = App { certificate: Some(spec.followed_by(next)), ..app.clone() };
            describe::certificate(report, &next, context.clock.now())?;
            if is_new {
                for app in rotation.apps {
                    profile.edit_certificate(&app.name, |named| named.follow(&file, key_file.as_deref()));
                }
            }
        }
        CertificateChange::RollBack(_) if spec.next.is_some() => {
            rotation.apps.iter().for_each(|app| profile.edit_certificate(&app.name, |named| named.prepare(None, None)));
        }
        CertificateChange::RollBack(_) => {
            let Some(back) = spec.taken_back() else {
                let told = Finding::of(FindingCode::CERTIFICATE_NONE_TO_ROLL_BACK).with("name", &app.name);
                return Err(told.into());
            };
            describe::certificate(report, &App { certificate: Some(back), ..app.clone() }, context.clock.now())?;
            rotation.apps.iter().for_each(|app| profile.edit_certificate(&app.name, |named| named.swap()));
        }
        CertificateChange::Discard => {
            rotation.apps.iter().for_each(|app| profile.edit_certificate(&app.name, |named| named.forget()));
        }
    }
    // Whatever changes is in the profile.
    Ok(false)
}
