//! The `mailgrant` command: from the command line to a document to the exit code.

#![forbid(unsafe_code)]

use std::panic::{self, AssertUnwindSafe};
use std::process;

use mailgrant::cli::Cli;
use mailgrant::context::interrupt;
use mailgrant::hardening;
use mailgrant::outputs::{self, Delivery, Ended, Outputs, say};
use mailgrant::progress::Progress;

fn main() -> process::ExitCode {
    hardening::apply(say);
    process::ExitCode::from(panic::catch_unwind(run).unwrap_or_else(|_| outputs::status_of_bug()))
}

/// The status that the process ends with.
fn run() -> u8 {
    let cli = match Cli::from_outside() {
        Ok(cli) => cli,
        Err(usage) => return outputs::usage(&usage),
    };
    let outputs = match Outputs::open(&cli) {
        Ok(outputs) => outputs,
        Err((outputs, error)) => return outputs.deliver(Ended::Error(error)),
    };
    let progress = Progress::default();
    outputs.stream(&progress);
    let live = outputs.live(progress.clone(), cli.verbose);
    let delivery = Delivery::prepare(outputs, progress.clone(), cli.time_out());
    let ended = panic::catch_unwind(AssertUnwindSafe(|| cli.run(say, progress)));
    drop(live);
    let status = delivery.deliver(ended.map_or(Ended::Panicked, Ended::from));
    interrupt::forget_input();
    status
}
