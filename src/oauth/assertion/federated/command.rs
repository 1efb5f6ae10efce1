//! What a program prints.

use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::source::{Source, World};
use super::wrong::fault;
use crate::failure::Failure;
use crate::finding_code::FindingCode;
use crate::jwt::TOKEN_LIMIT;
use crate::process::{self, ProcessFault, Program};
use crate::profile::FederatedSource;
use crate::text::{Redactor, Shown};

/// How long it may take, where no deadline is nearer.
const PATIENCE: Duration = Duration::from_secs(30);
const KIND: FederatedSource = FederatedSource::Command;

pub(super) struct Command {
    pub(super) argv: Vec<String>,
}

impl Source for Command {
    fn token(&self, _: &str, world: &World) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let ends = Instant::now() + PATIENCE;
        let deadline = world.http.deadline().map_or(ends, |deadline| deadline.min(ends));
        // A line end may follow the token.
        let limit = TOKEN_LIMIT + 2;
        let output = process::run(Program { argv: &self.argv, stdin: None, deadline, limit, hidden: &[] });
        output.map_err(|ended| {
            let program = Redactor::by_shape(self.argv.first().map_or("", String::as_str));
            let case = match &ended {
                ProcessFault::TooLong { .. } => {
                    return fault(FindingCode::FEDERATED_TOO_LARGE, KIND).with("limit", TOKEN_LIMIT).into();
                }
                ProcessFault::NotStarted { is_absent: true, .. } => "absent",
                ProcessFault::TimedOut { .. } => "slow",
                ProcessFault::NotStarted { is_absent: false, .. }
                | ProcessFault::Failed { .. }
                | ProcessFault::Lost { .. } => "failed",
            };
            let told = fault(FindingCode::FEDERATED_COMMAND, KIND).case(case).with("program", program);
            told.with("reason", Shown::of(&ended)).into()
        })
    }
}
