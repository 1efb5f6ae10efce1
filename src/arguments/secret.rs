//! The flags that say where a client secret comes from. Never from argv: other users can read that.

use std::path::PathBuf;

use clap::Args;

use crate::flow::secret_source::SecretSource;

/// The flags that say where the client secret comes from; without one it is asked for.
#[derive(Debug, Default, Args)]
#[group(multiple = false)]
pub struct SecretFlags {
    /// Read the client secret from standard input
    #[arg(long)]
    secret_stdin: bool,
    /// Read the client secret from this environment variable
    #[arg(long, value_name = "VAR")]
    secret_env: Option<String>,
    /// Read the client secret from this file
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

impl SecretFlags {
    /// The source that the flags name.
    #[must_use]
    pub fn source(&self) -> SecretSource {
        if self.secret_stdin {
            SecretSource::Stdin
        } else if let Some(variable) = &self.secret_env {
            SecretSource::Variable(variable.clone())
        } else if let Some(path) = &self.secret_file {
            SecretSource::File(path.clone())
        } else {
            SecretSource::Prompt
        }
    }
}
