//! What the targets in `fuzz/` reach of the modules' private parsers. It exists only in builds with `--cfg fuzzing`, which
//! are never shipped.
//!
//! Each module says for itself what may be reached (`oauth/fuzzing.rs`, `loopback/fuzzing.rs`, `probe/fuzzing.rs`,
//! `secrets/vault/fuzzing.rs`), so that nothing had to become public for it. What a target can do through the public modules,
//! it does there.

pub use crate::loopback::fuzzing::{Arrival, Judge};
pub use crate::oauth::fuzzing::{read_metadata, read_token_answer};
pub use crate::secrets::fuzzing::{VaultView, compose_record, open_as_record, open_vault, read_vault_key, seal_vault};
pub use crate::transport::fuzzing::{Heard, exercise, tls_hello};
