//! The `mailgrant` command: from the command line to a document to the exit code.

#![forbid(unsafe_code)]

use std::panic::{self, AssertUnwindSafe};
use std::process;

use mailgrant::cli::Cli;
use mailgrant::context::interrupt;
use mailgrant::hardening;
use mailgrant::outputs::{self, Ended, Outputs, say};
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
    let ended = panic::catch_unwind(AssertUnwindSafe(|| cli.run(say)));
    let code = outputs.deliver(ended.map_or(Ended::Panicked, Ended::from));
    interrupt::forget_input();
    code
}
