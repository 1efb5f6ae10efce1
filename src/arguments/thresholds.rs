//! The ranges of a monitoring plugin: when the end of a client secret or certificate is too near.

use clap::Args;

use super::typed;
use crate::report::{Range, Thresholds};

/// The ranges, in days.
#[derive(Debug, Default, Args)]
pub struct ThresholdFlags {
    /// Warn where the days until a client secret or certificate ends are outside RANGE, as in 30: (fewer than 30)
    #[arg(short, long, value_name = "RANGE", allow_hyphen_values = true, value_parser = typed::<Range>())]
    warning: Option<Range>,
    /// Fail where they are outside RANGE, as in 7:, or where nothing says when it ends
    #[arg(short, long, value_name = "RANGE", allow_hyphen_values = true, value_parser = typed::<Range>())]
    critical: Option<Range>,
}

impl ThresholdFlags {
    /// What they say.
    #[must_use]
    pub fn thresholds(&self) -> Thresholds {
        Thresholds { warning: self.warning, critical: self.critical }
    }
}
