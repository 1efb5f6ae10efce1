//! Reports: what a command found, and how it is shown.
//!
//! Every module may make checks and findings. The [formats](mod@format) are the only code that writes results.

mod baseline;
mod changes;
mod check;
mod document;
mod evidence;
mod explanation;
mod fact;
mod finding;
pub mod format;
mod range;
mod reminder;
mod share;
mod side;
mod since;
pub mod step;
mod table;
mod tally;
mod task;
mod trial;
mod values;
mod view;
mod warning;

pub use baseline::Baseline;
pub use changes::Changes;
pub use check::{Check, Outcome, Stage};
pub use document::{Document, Headline, Report, Subject, Token};
pub use evidence::{Detail, Evidence, TlsEvidence};
pub use explanation::Explanation;
pub use fact::Fact;
pub use finding::{Confidence, ExitCode, Finding, Retry};
pub use format::{Format, write_error, write_warnings};
pub use range::{Range, Thresholds};
pub use reminder::Reminder;
pub use share::Share;
pub use side::{SideResult, SideState};
pub use since::{Since, Slower};
pub use step::Step;
pub use table::Table;
pub use tally::Tally;
pub use task::Task;
pub use trial::{Trial, TrialResult};
pub use values::{AccessTokenValue, CertificateValue, ClientSecretValue, ServiceValue, State, Values, days_between};
pub use view::View;
pub use warning::{Warning, WarningCode};

pub use crate::finding_code::FindingCode;
