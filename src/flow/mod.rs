//! What the commands are made of: a valid token, a test of a mailbox, a new client secret, many at once.

pub mod chain;
pub mod checks;
pub mod describe;
pub mod doubt;
pub mod enrol;
pub mod lookup;
pub mod parallel;
pub mod preflight;
pub mod rotation;
pub mod secret_expiry;
pub mod secret_source;
pub mod session;
pub mod sign_in;
pub mod workspace;
