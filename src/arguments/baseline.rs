//! The flag for what has changed since an earlier run.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use crate::error::CommandError;
use crate::flow::past;
use crate::report::Baseline;
use crate::text::{Redactor, Shown};

/// What a run is compared with.
#[derive(Debug, ClapArgs)]
pub struct BaselineFlag {
    /// Show only what has changed since the run whose JSON report is in FILE: new failures, what is repaired, slower by half,
    /// added or gone. What failed in the same way then does not fail the command; nagios and prometheus tell it all the same
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
}

impl BaselineFlag {
    /// The earlier run of `command`, where one was given.
    ///
    /// # Errors
    /// If its report cannot be read, or is of another command.
    pub fn read(&self, command: &str) -> Result<Option<Baseline>, CommandError> {
        let Some(path) = &self.baseline else { return Ok(None) };
        let document = past::read_one(path)?.into_document();
        if document.command != *command {
            return Err(CommandError::usage(
                shown!("{} is a report of '{}', and no baseline for '{}'.", path, document.command, by_shape(command)),
                shown!("Make one with: {}", by_shape(&format!("mailgrant {command} ... --report json=FILE"))),
            ));
        }
        Ok(Some(Baseline::of(&document)))
    }
}

fn by_shape(text: &str) -> Shown {
    Redactor::by_shape(text)
}
