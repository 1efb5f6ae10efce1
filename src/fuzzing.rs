//! The door for fuzzing: what the targets in `fuzz/` reach of the rooms' private parsers. It exists in builds with
//! `--cfg fuzzing` alone, which are never shipped; for everybody else there is no such module.
//!
//! Each room says for itself what may be reached (`oauth/fuzzing.rs`, `probe/fuzzing.rs`, `secrets/vault/fuzzing.rs`), so
//! that nothing had to become public for it. What a target can do through the public modules, it does there.

pub use crate::oauth::fuzzing::{Arrival, Judge, read_callback, read_metadata, read_token_answer};
pub use crate::probe::fuzzing::{Heard, imap, pop3, smtp, tls_hello};
pub use crate::secrets::fuzzing::{VaultView, open_vault, read_vault_key, seal_vault};
