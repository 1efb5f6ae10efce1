//! The `mailgrant` command: from the command line to a document to the exit code.

#![forbid(unsafe_code)]

use std::panic::{self, AssertUnwindSafe};
use std::process;

use mailgrant::cli::Cli;
use mailgrant::context::interrupt;
use mailgrant::hardening;
use mailgrant::outputs::{self, Delivery, Ended, Outputs, say};
use mailgrant::progress::Progress;
use mailgrant::report::ExitCode;

fn main() -> process::ExitCode {
    hardening::apply(say);
    let code = panic::catch_unwind(run).unwrap_or(ExitCode::Bug);
    process::ExitCode::from(code as u8)
}

fn run() -> ExitCode {
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
    let delivery = Delivery::prepare(outputs, progress.clone());
    let ended = panic::catch_unwind(AssertUnwindSafe(|| cli.run(say, progress)));
    drop(live);
    let code = delivery.deliver(ended.map_or(Ended::Panicked, Ended::from));
    interrupt::forget_input();
    code
}
