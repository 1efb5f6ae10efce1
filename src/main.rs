//! The `mailgrant` command: argv to context to command to report to exit code.

fn main() {}
