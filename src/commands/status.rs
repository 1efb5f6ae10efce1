//! `status`: what is authorized, as whom, and what expires when. It asks the store, and the network only with `--ask`.

use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use crate::arguments::admin::AdminFlags;
use crate::arguments::baseline::BaselineFlag;
use crate::arguments::fleet::Fleet;
use crate::arguments::thresholds::ThresholdFlags;
use crate::arguments::typed;
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::lookup;
use crate::flow::status::{self, Alarm, Asked};
use crate::flow::workspace::Workspace;
use crate::profile::{Profile, Reference};
use crate::report::{Document, Finding, FindingCode};
use crate::text::{Redactor, Shown};

/// What `--fail-within` means without a number, in days.
const USUAL_ALARM: u16 = 7;

/// Show what is authorized, as whom, and what expires when
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant status\n  \
    mailgrant status --fail-within=14 --json   for a scheduler: fails two weeks before a secret expires")]
pub struct Args {
    /// The mailboxes' names or addresses [default: all that are enabled]
    #[arg(value_name = "NAME", value_parser = typed::<Reference>())]
    names: Vec<Reference>,
    /// Fail if a client secret expires within this many days [default: 7], or its expiry date is not recorded
    #[arg(long, value_name = "DAYS", num_args = 0..=1, require_equals = true, conflicts_with = "critical")]
    fail_within: Option<Option<u16>>,
    /// With --fail-within: do not fail where the expiry date of a client secret is not recorded
    #[arg(long, requires = "fail_within")]
    allow_unknown_expiry: bool,
    /// Ask the provider's directory when the client secret in use really ends, and write that into the profile (Microsoft)
    #[arg(long)]
    ask: bool,
    /// Also write a calendar to FILE: an event on the day on which each client secret expires, with alarms 30, 14 and 7 days
    /// before. Importing it again updates the events. - is standard output; the report then goes to standard error
    #[arg(long, value_name = "FILE")]
    ics: Option<PathBuf>,
    #[command(flatten)]
    thresholds: ThresholdFlags,
    #[command(flatten)]
    admin: AdminFlags,
    #[command(flatten)]
    fleet: Fleet,
    #[command(flatten)]
    baseline: BaselineFlag,
}

impl Args {
    /// The file for the calendar.
    pub(super) fn calendar(&self) -> Option<&Path> {
        self.ics.as_deref()
    }

    /// The mailboxes' names and the alarm. `--fail-within 14` means 14 days, though the command line's parser takes the 14
    /// for a name: a value that may be left out is one only behind an equals sign.
    fn resolved(&self, profile: &Profile) -> Result<(Vec<Reference>, Alarm), CommandError> {
        let alarm = |days| Alarm::Within { days, allow_unknown: self.allow_unknown_expiry };
        let (names, days) = match self.fail_within {
            None => {
                let alarm = self.thresholds.thresholds().critical.map_or(Alarm::Past, Alarm::Outside);
                return Ok((self.names.clone(), alarm));
            }
            Some(Some(days)) => return Ok((self.names.clone(), alarm(days))),
            Some(None) => {
                self.names.iter().cloned().partition::<Vec<_>, _>(|name| name.as_ref().parse::<u16>().is_err())
            }
        };
        match days.as_slice() {
            [] => Ok((names, alarm(USUAL_ALARM))),
            [one] if lookup::mailbox(profile, one).is_err() => {
                Ok((names, alarm(one.as_ref().parse().unwrap_or(USUAL_ALARM))))
            }
            several => {
                let several: Vec<Shown> = several.iter().map(|name| Redactor::by_shape(name.as_ref())).collect();
                Err(CommandError::usage(
                    shown!("Is {} a number of days or a mailbox?", Shown::join(&several, " or ")),
                    shown!("Write --fail-within={} for the days; a mailbox's name comes before the flag", several[0]),
                ))
            }
        }
    }
}

/// Runs the command.
///
/// # Errors
/// If the profile or the store cannot be used.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let (names, alarm) = args.resolved(&profile)?;
    let mut mailboxes = lookup::mailboxes(&profile, &names, names.is_empty())?;
    if mailboxes.is_empty() && (args.fail_within.is_some() || args.thresholds.thresholds().are_given()) {
        return Err(Finding::of(FindingCode::NOTHING_TO_CHECK).into());
    }
    if args.admin.is_given() && !args.ask {
        return Err(CommandError::usage(
            "--admin and --admin-token-stdin are about the directory that is asked.",
            "Add --ask, or leave them out",
        ));
    }
    let baseline = args.baseline.read("status")?;
    let selection = args.fleet.share(names.is_empty(), &mut mailboxes, &mut Vec::new())?;
    let workspace = Workspace::open(context, &profile)?;
    let asked = if args.ask {
        Asked::about(&mailboxes, &args.admin.authority(context)?, &workspace, args.fleet.limits(), context.say)?
    } else {
        Asked::default()
    };
    let mut document = status::of(&workspace, &mailboxes, alarm, args.thresholds.thresholds(), &asked)?;
    selection.tell(&mut document, baseline);
    if args.ics.is_some() && document.reminders.is_empty() {
        document.error = Some(Finding::of(FindingCode::NOTHING_TO_REMIND_OF).finding());
    }
    Ok(document)
}
