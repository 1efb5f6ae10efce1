//! `new-certificate`: a key for an app, and the certificate that its provider is handed.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use jiff::tz::TimeZone;
use secrecy::{ExposeSecret as _, SecretString};

use crate::arguments::dry_run::DryRunFlag;
use crate::arguments::typed;
use crate::context::Context;
use crate::error::CommandError;
use crate::files;
use crate::flow::key_file::{self, is_absent};
use crate::flow::lookup;
use crate::oauth::assertion::certificate::{self, Certificate, KeyKind, Made, Wanted};
use crate::profile::provider::Page;
use crate::profile::{App, Credential, Name, pages};
use crate::report::{Document, Finding, FindingCode, Report, Step, Subject, WarningCode};
use crate::text::{Redactor, Shown};

/// Make a key and a certificate for an app, in place of a client secret
///
/// The provider is handed the certificate; the key stays on this machine.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant new-certificate shop\n  \
    mailgrant new-certificate --out /etc/mailgrant/shop.pem --days 365 --passphrase-env SHOP_PASSPHRASE")]
pub struct Args {
    /// The app's name: the files are made beside the profile and called after it
    #[arg(value_parser = typed::<Name>(), required_unless_present = "out")]
    name: Option<Name>,
    /// Where to write the key with its certificate; the certificate alone goes beside it, as .crt
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The kind of key
    #[arg(long, value_name = "KIND", value_enum, default_value_t)]
    key: KeyKind,
    /// For how many days the certificate is valid
    #[arg(long, value_name = "DAYS", default_value_t = 180, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,
    /// Encrypt the key, and ask for the passphrase
    #[arg(long, conflicts_with = "passphrase_env")]
    passphrase: bool,
    /// Encrypt the key with the passphrase in this environment variable
    #[arg(long, value_name = "VAR")]
    passphrase_env: Option<String>,
    #[command(flatten)]
    dry_run: DryRunFlag,
}

/// Runs the command.
///
/// # Errors
/// If a file exists already or cannot be written, or no key can be made.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = if context.profile_path.exists() { Some(context.profile()?) } else { None };
    let app = args.name.as_ref().and_then(|name| lookup::app(profile.as_ref()?, name).ok());
    let today = context.clock.now().to_zoned(TimeZone::UTC).date();
    let called = app.map(|app| &app.name).or(args.name.as_ref());
    let key_file = chosen(args, called, context)?;
    let certificate_file = key_file.with_extension("crt");
    if key_file == certificate_file {
        return Err(CommandError::usage(
            "--out names the file of the key, and .crt is where the certificate alone goes.",
            "Name a file that ends in .pem",
        ));
    }
    for file in [&key_file, &certificate_file] {
        if !is_absent(file) {
            return Err(Finding::of(FindingCode::CERTIFICATE_FILE_EXISTS).with("path", file).into());
        }
    }
    let passphrase = passphrase(args, context)?;
    if args.dry_run.is_given {
        return Ok(preview(&key_file, &certificate_file));
    }
    let common_name = called.map_or_else(|| "mailgrant".to_owned(), |name| format!("mailgrant {name}"));
    let wanted =
        Wanted { name: &common_name, kind: args.key, from: today, days: args.days, passphrase: passphrase.as_ref() };
    let Made { both, public, certificate } = certificate::make(wanted)?;
    if let Some(folder) = key_file.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        files::create_private_folder(folder)?;
    }
    // The certificate first: on its own it is of no use to anyone, and of no harm.
    files::create_private(&certificate_file, public.as_bytes())?;
    files::create_private(&key_file, both.as_bytes())?;
    let profile_folder = context.profile_path.parent().unwrap_or(Path::new(""));
    Ok(told(&key_file, &certificate_file, &certificate, app, args.key, profile_folder))
}

/// What would be made.
fn preview(key_file: &Path, certificate_file: &Path) -> Document {
    let mut report = Report::new(Subject::Certificate(Shown::of(key_file)));
    report.changed = Some(true);
    report.fact("key_file", key_file);
    report.fact("certificate_file", certificate_file);
    Document { is_dry_run: true, reports: vec![report], ..Document::new("new-certificate") }
}

/// Where the key goes: as the command line says, else beside the profile, under a name that is free.
fn chosen(args: &Args, called: Option<&Name>, context: &Context) -> Result<PathBuf, CommandError> {
    if let Some(out) = &args.out {
        // The profile may be in another folder than the one where the command was typed.
        return std::path::absolute(out)
            .map_err(|error| CommandError::usage(shown!("{}: {}.", out, error), "Name a file that can be made"));
    }
    let folder = context.profile_path.parent().unwrap_or(Path::new(""));
    let name = called.map_or("app", Name::as_str);
    let today = context.clock.now().to_zoned(TimeZone::UTC).date();
    Ok(key_file::free(folder, name, today))
}

/// What the key is encrypted with, if it is.
fn passphrase(args: &Args, context: &Context) -> Result<Option<SecretString>, CommandError> {
    const SHORTEST: usize = 8;
    let redactor = context.transcript.redactor();
    if let Some(variable) = &args.passphrase_env {
        let Some(value) = crate::environment::text(variable) else {
            let variable = Redactor::by_shape(variable);
            return Err(CommandError::usage(
                shown!("The environment variable {} is not set.", variable),
                shown!("Set {} to the passphrase, or ask for it with --passphrase", variable),
            ));
        };
        let value = SecretString::from(value);
        redactor.learn(&value);
        return if value.expose_secret().len() < SHORTEST { Err(too_short()) } else { Ok(Some(value)) };
    }
    // Nothing would be encrypted with it.
    if !args.passphrase || args.dry_run.is_given {
        return Ok(None);
    }
    let ask = |question: &str| {
        context.prompter.secret(question).map_err(|error| CommandError::unasked(&error, "--passphrase-env VAR"))
    };
    loop {
        let value = ask("Passphrase for the key")?;
        redactor.learn(&value);
        if value.expose_secret().len() < SHORTEST {
            context.prompter.say("  A passphrase has eight characters at least.");
        } else if ask("The same again")?.expose_secret() == value.expose_secret() {
            return Ok(Some(value));
        } else {
            context.prompter.say("  They differ.");
        }
    }
}

fn too_short() -> CommandError {
    CommandError::usage("The passphrase is shorter than eight characters.", "Give a longer one, or none")
}

/// What was made, and what is to be done with it.
fn told(
    key_file: &Path,
    certificate_file: &Path,
    certificate: &Certificate,
    app: Option<&App>,
    kind: KeyKind,
    profile_folder: &Path,
) -> Document {
    let mut document = Document::new("new-certificate");
    let mut report = Report::new(Subject::Certificate(Shown::of(key_file)));
    report.changed = Some(true);
    report.fact("key_file", key_file);
    report.fact("certificate_file", certificate_file);
    report.fact("subject", &certificate.subject);
    report.fact("thumbprint", certificate.thumbprint());
    report.fact("thumbprint_sha256", certificate.thumbprint_sha256());
    report.fact("expires", certificate.last_day());
    document.reports.push(report);
    if kind == KeyKind::Ec && app.is_none_or(|app| app.tenant.is_some()) {
        document.warn(
            WarningCode::KeyKindRefused,
            "Microsoft is not known to accept keys of this kind; it refuses them with AADSTS5002730",
        );
    }
    let page = app.and_then(|app| pages::of(Page::Secrets, app, None));
    let upload = match page {
        Some(page) => shown!("Upload {} (never {}): {}", certificate_file, key_file, page.title),
        None => shown!("Upload {} (never {}) at the provider, as the app's certificate", certificate_file, key_file),
    };
    document.next.push(upload.into());
    match app {
        Some(app) if app.credential == Credential::Certificate => {
            document.next.push(Step::from("Then have it proven and put to use: ").command(shown!(
                "mailgrant rotate-secret {} --certificate {}",
                app.name,
                key_file
            )))
        }
        Some(_) | None => {
            let table = app.map_or_else(|| "[apps.NAME]".into(), |app| shown!("[apps.{}]", app.name));
            // A relative path counts from the profile's folder.
            let file = key_file.strip_prefix(profile_folder).unwrap_or(key_file);
            let file = toml_edit::Value::from(file.display().to_string()).to_string();
            let lines = shown!(
                "Then write into the profile, in {}:\ncredential = \"certificate\"\ncertificate = {{ file = {} }}",
                table,
                Redactor::by_shape(file.trim())
            );
            document.next.push(lines.into());
        }
    }
    document
}
